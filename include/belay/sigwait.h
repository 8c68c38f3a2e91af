/*
 * belay/sigwait.h: signals taken without a handler, for programs that own
 * main().
 *
 * The signals are blocked in every thread and taken by whoever is ready, from
 * the kernel's own queue: nothing is interrupted, real-time signals are queued
 * as far as the kernel queues them, and a signal comes in about half the time
 * that it takes through a handler.  The price is that it concerns the whole
 * program, so no library may do it behind one's back:
 *
 *   - a thread that does not block the signal dies of it, as ever; so this
 *     comes before the first thread, and is refused if it comes too late;
 *   - the mask passes to programs that are executed: start them with
 *     belay_process_start(), which gives them an empty one;
 *   - subscribers of the same signal (belay/signal.h) hear nothing of it.
 *
 * A loop takes one with belay_loop_add_sigwait(); its events are signals like
 * any other.
 *
 * Sources: POSIX.1-2008 sigtimedwait(), Linux signalfd().
 */
#ifndef BELAY_SIGWAIT_H
#define BELAY_SIGWAIT_H

#include <belay/signal.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct belay_sigwait;

/*
 * Blocks the signals in `signals`, a list that ends with 0, in the calling
 * thread, and in all that it starts from now on; they wait until they are
 * taken.  Call it first thing in main().  `flags`: 0 or BELAY_SIGNAL_FORCE; a
 * signal that was ignored is left alone as streams leave it.
 *
 * Errors: -EINVAL: a signal that is refused, as for a stream; -EBUSY: there is
 * a thread already that does not block them all, which they would end (told on
 * Linux); -EMFILE, -ENFILE, -ENOMEM.  The caller frees it.  Not AS-Safe.
 */
int belay_sigwait_open(const int *signals, unsigned flags,
                       struct belay_sigwait **ret_sigwait);

/* The fd to wait for, level-triggered; never read from it or close it.
 * -ENOSYS where there is no signalfd.  MT-Safe, AS-Safe. */
int belay_sigwait_fd(const struct belay_sigwait *sigwait);

/* Takes one signal without blocking: 1, or 0 when none is pending.  -ECHILD:
 * this is a forked child's copy.  MT-Safe; a thread takes those that were sent
 * to it, and those that were sent to the process. */
int belay_sigwait_read(struct belay_sigwait *sigwait,
                       struct belay_siginfo *ret_info);

/*
 * As read, but waits up to `timeout_ns` nanoseconds (0 not at all, negative for
 * ever): 1, or 0 when the time is over.  Handlers of other signals do not end
 * it early.  One system call.  A cancellation point of threads.
 */
int belay_sigwait_wait(struct belay_sigwait *sigwait, int64_t timeout_ns,
                       struct belay_siginfo *ret_info);

/*
 * Unblocks, in the calling thread, what open blocked there: what is pending
 * comes now, with its disposition.  Other threads keep their masks.  In a
 * forked child it does the same for the child.  NULL is allowed.
 */
void belay_sigwait_free(struct belay_sigwait *sigwait);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
