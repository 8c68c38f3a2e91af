/*
 * cancel.h: what a loop needs of a cancel: the bell that rings for it.
 */
#ifndef LOOP_CANCEL_H
#define LOOP_CANCEL_H

#include <belay/cancel.h>

#include "base/bell.h"

/* Joins the bell of the whole tree that `cancel` is in, and leaves it.
 * MT-Safe. */
int belay__cancel_join(struct belay_cancel *cancel,
                       struct belay__listener *listener);
void belay__cancel_leave(struct belay_cancel *cancel,
                         struct belay__listener *listener);

/* Keeps it, and all above it, from being freed until belay_cancel_free(). */
struct belay_cancel *belay__cancel_hold(struct belay_cancel *cancel);

#endif
