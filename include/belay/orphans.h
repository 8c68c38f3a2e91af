/*
 * belay/orphans.h: processes whose own parent has ended, and which are ours
 * now: as PID 1, or as the nearest ancestor that receives orphans.
 *
 *   belay_orphans_receive(1);
 *   ... on SIGCHLD:     belay_orphans_reap();
 *   ... at the end:     belay_orphans_kill(-1);
 *
 * An orphan is a child of this process for which there is no handle
 * (belay/process.h), or a descendant of such a child.  So this is for a
 * program as a whole: a child that somebody in it forked by other means, and
 * wants to wait for himself, counts as one.
 *
 * MT-Safe, not AS-Safe.  Source: Linux PR_SET_CHILD_SUBREAPER.
 */
#ifndef BELAY_ORPHANS_H
#define BELAY_ORPHANS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* Has (1) all our descendants whose parent ends become our children, as they
 * become those of PID 1; or not any more (0).  Forked children do not inherit
 * it.  -ENOSYS where the system cannot. */
int belay_orphans_receive(int on);

/* Waits for all orphans of ours that have ended, and never for one that has
 * not: how many they were.  Where the system does not list children, those that
 * ended after one with a handle are left until that one is reaped. */
int belay_orphans_reap(void);

/*
 * The orphans that are alive, each before its children, up to `capacity` of
 * them: how many there are in all.  `ret_pids` may be NULL for a capacity of 0.
 * A number may be another's as soon as its process was waited for, and ours
 * are so by belay_orphans_reap() alone.  -ENOSYS where the system does not
 * tell, -ENOMEM.
 */
ssize_t belay_orphans_list(pid_t *ret_pids, size_t capacity);

/*
 * Kills them, those too that start others faster than one can look, until none
 * is left or the time is over (nanoseconds; negative: never): how many are
 * left.  -ENOSYS, -ENOMEM.
 */
ssize_t belay_orphans_kill(int64_t timeout_ns);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
