/*
 * plan.h: changing what handlers read.
 *
 * A step is appended and taken out in place; anything else publishes a new
 * plan.  Callers hold a lock; `previous` is what was installed before us.
 */
#ifndef SIGNAL_PLAN_H
#define SIGNAL_PLAN_H

#include "signal/slot.h"

/* Publishes a new plan with the steps that there are, and waits until the old
 * one is read by nobody: 0 or -ENOMEM. */
int belay__plan_renew(struct belay__slot *slot,
                      const struct sigaction *previous);

/* 0 or -ENOMEM.  The step's action is told its place. */
int belay__plan_add(struct belay__slot *slot, const struct belay__step *step,
                    const struct sigaction *previous);

/* When it returns, the action's step runs nowhere. */
void belay__plan_remove(struct belay__slot *slot,
                        const struct belay_action *action);

/* How many steps there are. */
size_t belay__plan_size(const struct belay__slot *slot);

#endif
