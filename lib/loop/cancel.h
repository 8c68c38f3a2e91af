/*
 * cancel.h: what a loop needs of a cancel: the bell that rings for it.
 */
#ifndef LOOP_CANCEL_H
#define LOOP_CANCEL_H

#include <belay/cancel.h>

#include "base/bell.h"

/* The bell of the whole tree that `cancel` is in. */
struct belay__bell *belay__cancel_bell(struct belay_cancel *cancel);

/* Keeps it, and all above it, from being freed until belay_cancel_free(). */
struct belay_cancel *belay__cancel_hold(struct belay_cancel *cancel);

#endif
