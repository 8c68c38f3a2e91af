/*
 * The list is guarded by a mutex that is held for a few instructions.  The
 * bell is rung once, after the lock was given back, and silenced before the
 * list is taken: a message that is posted meanwhile rings again, so at worst
 * the reader looks once in vain.
 */
#include "mailbox.h"

#include <belay/channel.h>
#include <stdbool.h>
#include <stddef.h>

/* So many letters may lie there unannounced. */
#define QUIET_AT_MOST 32

void mail_append(struct mail_list *list, struct mail *mail) {
  mail->next = NULL;
  if (list->last)
    list->last->next = mail;
  else
    list->first = mail;
  list->last = mail;
}

struct mail *mail_take(struct mail_list *list) {
  struct mail *mail = list->first;
  if (!mail)
    return NULL;
  list->first = mail->next;
  if (!list->first)
    list->last = NULL;
  mail->next = NULL;
  return mail;
}

int mailbox_open(struct mailbox *box) {
  *box = (struct mailbox){.lock = PTHREAD_MUTEX_INITIALIZER};
  return belay_channel_new(1, 1, &box->bell);
}

static void post(struct mailbox *box, struct mail *mail, bool can_wait) {
  pthread_mutex_lock(&box->lock);
  mail_append(&box->list, mail);
  bool waits = can_wait && box->is_patient && ++box->quiet < QUIET_AT_MOST;
  bool rings = !box->is_rung && !waits;
  box->is_rung |= rings;
  pthread_mutex_unlock(&box->lock);
  if (rings)
    belay_channel_send(box->bell, "", 0);
}

void mailbox_post(struct mailbox *box, struct mail *mail) {
  post(box, mail, false);
}

void mailbox_post_quietly(struct mailbox *box, struct mail *mail) {
  post(box, mail, true);
}

bool mailbox_set_patient(struct mailbox *box, bool is_patient) {
  pthread_mutex_lock(&box->lock);
  box->is_patient = is_patient;
  bool has_mail = box->list.first != NULL;
  pthread_mutex_unlock(&box->lock);
  return has_mail;
}

struct mail_list mailbox_take_all(struct mailbox *box) {
  char rung;
  while (belay_channel_receive(box->bell, &rung) > 0)
    continue;
  pthread_mutex_lock(&box->lock);
  struct mail_list list = box->list;
  box->is_rung = false;
  box->quiet = 0;
  box->list = (struct mail_list){NULL, NULL};
  pthread_mutex_unlock(&box->lock);
  return list;
}

void mailbox_close(struct mailbox *box) {
  if (!box->bell)
    return;
  belay_channel_free(box->bell);
  box->bell = NULL;
  pthread_mutex_destroy(&box->lock);
}
