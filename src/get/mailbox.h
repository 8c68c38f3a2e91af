/*
 * mailbox.h: an unbounded queue of messages to a thread that waits in its loop.
 *
 * Posting never waits and never fails: the link is part of the message, and
 * the channel beneath carries only a bell, one byte that says "look".  Whoever
 * posts bounds the messages, by bounding what it has under way.
 */
#ifndef GET_MAILBOX_H
#define GET_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct belay_channel;

/* The first member of every message. */
struct mail {
  struct mail *next;
};

/* A queue in order of arrival; all zero is empty. */
struct mail_list {
  struct mail *first, *last;
};

struct mailbox {
  pthread_mutex_t lock;
  struct mail_list list;
  struct belay_channel *bell; /* wait for it with belay_loop_add_channel() */
  bool is_rung, is_patient;
  size_t quiet; /* posted unannounced since the list was last taken */
};

void mail_append(struct mail_list *list, struct mail *mail);
/* The first one, or NULL. */
struct mail *mail_take(struct mail_list *list);

/* -ENOMEM, -EMFILE, -ENFILE. */
int mailbox_open(struct mailbox *box);
void mailbox_post(struct mailbox *box, struct mail *mail);

/* Does not ring for a patient reader, unless many have gathered. */
void mailbox_post_quietly(struct mailbox *box, struct mail *mail);
/* Whether the reader will look soon anyway, and need not be woken for what can
 * wait.  Whether there is mail: a reader that stops being patient looks. */
bool mailbox_set_patient(struct mailbox *box, bool is_patient);

/* Everything that is there, in order; silences the bell. */
struct mail_list mailbox_take_all(struct mailbox *box);
/* Of messages that were never taken it knows nothing: take them first. */
void mailbox_close(struct mailbox *box);

#endif
