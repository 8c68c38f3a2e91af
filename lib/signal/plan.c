/*
 * plan.c: changing what handlers read, while they read it.
 * Invariant: what a handler may be reading is never changed or freed.
 */
#include "signal/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "signal/registry.h"

#define CAPACITY_AT_LEAST 4

size_t belay__plan_size(const struct belay__slot *slot) {
  const struct belay__plan *plan = atomic_load(&slot->plan);
  return plan != NULL ? plan->size : 0;
}

static bool is_step(const struct belay__step *step) {
  return atomic_load(&step->kind) != BELAY__STEP_NONE;
}

/* The kind is the last to be written: with it the step is there. */
static void append(struct belay__plan *plan, const struct belay__step *step) {
  size_t place = atomic_load(&plan->count);
  struct belay__step *to = &plan->steps[place];
  step->action->place = place;
  to->action = step->action;
  to->as = step->as;
  atomic_store_explicit(&to->kind, atomic_load(&step->kind),
                        memory_order_release);
  atomic_store(&plan->count, place + 1);
  plan->size++;
}

int belay__plan_renew(struct belay__slot *slot,
                      const struct sigaction *previous) {
  struct belay__plan *old = atomic_load(&slot->plan);
  size_t capacity = 2 * belay__plan_size(slot);
  if (capacity < CAPACITY_AT_LEAST)
    capacity = CAPACITY_AT_LEAST;
  struct belay__plan *plan =
      calloc(1, sizeof(*plan) + capacity * sizeof(plan->steps[0]));
  if (plan == NULL)
    return -ENOMEM;
  plan->capacity = capacity;
  plan->previous = *previous;
  for (size_t i = 0; old != NULL && i < atomic_load(&old->count); i++)
    if (is_step(&old->steps[i]))
      append(plan, &old->steps[i]);
  atomic_store(&slot->plan, plan);
  belay__grace_wait(&slot->grace);
  free(old);
  return 0;
}

int belay__plan_add(struct belay__slot *slot, const struct belay__step *step,
                    const struct sigaction *previous) {
  const struct belay__plan *plan = atomic_load(&slot->plan);
  if (plan == NULL || atomic_load(&plan->count) == plan->capacity) {
    int error = belay__plan_renew(slot, previous);
    if (error < 0)
      return error;
  }
  append(atomic_load(&slot->plan), step);
  return 0;
}

/* Needs no memory, and so cannot fail: if half of the plan is of no use and no
 * smaller one can be had, that does not matter. */
void belay__plan_remove(struct belay__slot *slot,
                        const struct belay_action *action) {
  struct belay__plan *plan = atomic_load(&slot->plan);
  atomic_store(&plan->steps[action->place].kind, BELAY__STEP_NONE);
  plan->size--;
  belay__grace_wait(&slot->grace);
  size_t count = atomic_load(&plan->count);
  while (count > 0 && !is_step(&plan->steps[count - 1]))
    count--;
  atomic_store(&plan->count, count);
  if (count > CAPACITY_AT_LEAST && plan->size < count / 2) {
    const struct sigaction previous = plan->previous;
    belay__plan_renew(slot, &previous);
  }
}
