/*
 * belay/channel.h: a bounded queue of messages from many threads to one.
 *
 * Messages are copied in and out; they have one size for each channel.  The
 * reader waits in its loop (belay_loop_add_channel()) or on the channel's fd.
 * A full channel never loses a message: the sender is told, or waits.
 */
#ifndef BELAY_CHANNEL_H
#define BELAY_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct belay_channel;

/* A channel of at most `capacity` messages of `message_bytes` each.  Both at
 * least 1.  The caller frees it.  -EINVAL, -ENOMEM, -EMFILE, -ENFILE. */
int belay_channel_new(size_t capacity, size_t message_bytes,
                      struct belay_channel **ret_channel);

/*
 * Copies one message in.  When it is full, waits up to `timeout_ns` (0 not at
 * all, negative for ever).  0, or -EAGAIN: still full; -EPIPE: closed.
 * MT-Safe, not AS-Safe.
 */
int belay_channel_send(struct belay_channel *channel, const void *message,
                       int64_t timeout_ns);

/*
 * The same for `count` messages that lie one after the other, with one lock
 * and one wake-up of the reader for all that there is room for.  How many were
 * sent, or one of the errors above when none was.
 */
int belay_channel_send_many(struct belay_channel *channel, const void *messages,
                            size_t count, int64_t timeout_ns);

/* Takes the oldest message without blocking: 1, or 0 when there is none;
 * -EPIPE: closed, and all is read.  One thread at a time.  Not AS-Safe. */
int belay_channel_receive(struct belay_channel *channel, void *ret_message);

/* Readable while there are messages, and when it is closed.  It belongs to
 * the channel; never read from it. */
int belay_channel_fd(const struct belay_channel *channel);

/* No more sending; who waits is woken; what was sent stays readable.  Twice
 * is no error.  MT-Safe, not AS-Safe. */
void belay_channel_close(struct belay_channel *channel);

/* No other thread may use it any more.  NULL is allowed. */
void belay_channel_free(struct belay_channel *channel);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
