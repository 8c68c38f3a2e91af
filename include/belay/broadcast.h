/*
 * belay/broadcast.h: messages from many threads to many, each of whom gets
 * all.
 *
 * The sender never waits: the latest messages are kept, and a subscriber who
 * falls behind is told how many it missed.  (A channel, belay/channel.h, goes
 * to one reader and loses nothing.)  A subscriber waits in its loop
 * (belay_loop_add_subscriber()) or on its fd.  After fork() the child may only
 * free what it has copies of.  Nothing is AS-Safe.
 */
#ifndef BELAY_BROADCAST_H
#define BELAY_BROADCAST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct belay_broadcast;
struct belay_subscriber;

/* One that remembers the `capacity` latest messages of `message_bytes` each,
 * both at least 1.  The caller frees it.  -EINVAL, -ENOMEM, -EMFILE,
 * -ENFILE. */
int belay_broadcast_new(size_t capacity, size_t message_bytes,
                        struct belay_broadcast **ret_broadcast);

/* Copies one message in, over the oldest if need be: 0, or -EPIPE: closed.
 * Never waits for a subscriber.  MT-Safe, not AS-Safe. */
int belay_broadcast_send(struct belay_broadcast *broadcast,
                         const void *message);

/* No more sending; subscribers read what is left.  Twice is no error.
 * MT-Safe, not AS-Safe. */
void belay_broadcast_close(struct belay_broadcast *broadcast);

/* Closes it and lets go of it; subscribers keep what they need.  NULL is
 * allowed. */
void belay_broadcast_free(struct belay_broadcast *broadcast);

/* A subscriber, who gets what is sent from now on.  The caller frees it.
 * -ENOMEM, -EMFILE, -ENFILE.  MT-Safe. */
int belay_broadcast_subscribe(struct belay_broadcast *broadcast,
                              struct belay_subscriber **ret_subscriber);

/*
 * Takes the subscriber's next message without blocking: 1, or 0 when there is
 * none; -EPIPE: closed, and all is read.  *ret_missed is the number of
 * messages before this one that it was too slow for, usually 0; it may be
 * NULL.  One thread at a time for one subscriber.  Not AS-Safe.
 */
int belay_subscriber_receive(struct belay_subscriber *subscriber,
                             void *ret_message, uint64_t *ret_missed);

/* Readable while there are messages, and when it is closed.  It belongs to
 * the subscriber; never read from it. */
int belay_subscriber_fd(const struct belay_subscriber *subscriber);

/* NULL is allowed. */
void belay_subscriber_free(struct belay_subscriber *subscriber);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
