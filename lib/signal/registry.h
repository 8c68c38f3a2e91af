/*
 * registry.h: who wants which signal.
 *
 * The only place, with default.c, that changes a disposition of ours.
 * Functions are MT-Safe, not AS-Safe, and return 0 or -errno.
 */
#ifndef SIGNAL_REGISTRY_H
#define SIGNAL_REGISTRY_H

#include "signal/default.h"
#include "signal/slot.h"

/* One action, as the caller's handle; its step is in the plan. */
struct belay_action {
  int signo;
  unsigned flags;            /* BELAY_SIGNAL_... */
  size_t place;              /* of its step, in the plan */
  struct belay__armed armed; /* what some steps point to */
};

/* 0, or -EINVAL for a number that is no signal or that is refused. */
int belay__registry_check(int signo);

/* A wake step's generation is filled in. */
int belay__registry_add(struct belay_action *action, struct belay__step step,
                        unsigned flags);
/* When it returns, the action runs nowhere. */
void belay__registry_remove(struct belay_action *action);

/* A stream's subscription: the slot records, and rings for the listener. */
int belay__registry_listen(int signo, unsigned flags,
                           struct belay__listener *listener);
/* When it returns, all that was recorded while it listened is complete, if it
 * was the last. */
void belay__registry_unlisten(int signo, unsigned flags,
                              struct belay__listener *listener);

/* The generation that this process has now; claims one if need be. */
int belay__registry_generation(unsigned *ret_generation);

/* Whether whoever started us may have had it ignored for good reason: nohup, a
 * shell's `&`, a shell without job control. */
bool belay__registry_ignore_is_respected(int signo);

/* Whether signo is ignored now and would be left so, for want of `flags`. */
bool belay__registry_is_left_ignored(int signo, unsigned flags);

/* Adds the signals whose disposition is one that was set here. */
void belay__registry_add_ours(sigset_t *set);

/* From here on, until let_children_go() was called as often, the kernel keeps
 * ended children although SIGCHLD was ignored. */
int belay__registry_keep_children(void);
void belay__registry_let_children_go(void);

/* Ignores signo if its disposition is the default: 0; 1 if it is ignored;
 * -EBUSY if somebody handles it.
 * Undone by unignore: 0, or 1 if there is nothing of ours to undo. */
int belay__registry_ignore(int signo);
int belay__registry_unignore(int signo);

#endif
