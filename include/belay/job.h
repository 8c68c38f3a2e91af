/*
 * belay/job.h: a program and all that it starts, as one thing in a loop; the
 * terminal that it may have; stopping and going on together with it.
 *
 * A job is a process in a group of its own, which is signalled as a whole,
 * ended politely and then surely, and of which nothing is left when it is
 * freed.  Its changes are events of the loop: BELAY_EVENT_PROCESS.
 *
 * Ctrl-Z in the middle, between a shell and one's jobs:
 *
 *   case BELAY_EVENT_SIGNAL:
 *     if (event.signal.signo == SIGTSTP)
 *       belay_loop_stop(loop, SIGTSTP, 0);
 *     break;
 *
 * The jobs stop, the loop's time stops, we stop by the default action, so that
 * the shell sees it; `fg` takes all of it back in reverse.
 *
 * A job and its loop belong to one thread; nothing is AS-Safe unless it says
 * so.
 */
#ifndef BELAY_JOB_H
#define BELAY_JOB_H

#include <belay/loop.h>
#include <belay/process.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* -- Jobs ----------------------------------------------------------------- */

struct belay_job;

/*
 * Starts a program as belay_process_start() does, with the same options and
 * errors, and adds it to the loop; `flags` as for belay_loop_add_process(),
 * `data` is what its events carry.  -EINVAL also for
 * BELAY_PROCESS_SAME_GROUP.  The caller frees it, before the loop.
 */
int belay_job_start(struct belay_loop *loop, char *const argv[],
                    const struct belay_process_options *options, unsigned flags,
                    void *data, struct belay_job **ret_job);

/* Its first process, which belongs to the job. */
struct belay_process *belay_job_process(const struct belay_job *job);

/* Sends a signal to all of its group; as belay_process_signal_group(). */
int belay_job_signal(const struct belay_job *job, int signo);

/*
 * Asks it to end: sends `signo` (0: SIGTERM) to its group, and SIGCONT, so that
 * who is stopped hears it; then SIGKILL, if the group is not gone `grace_ns`
 * nanoseconds of the loop's time later, negative never.  Asked again, the time
 * starts anew.  0, also if it has ended; -EINVAL, -EPERM, -ENOMEM.
 */
int belay_job_end(struct belay_job *job, int signo, int64_t grace_ns);

/* Kills what is left of its group, waits for its first process unless we may
 * not kill it, takes the terminal back if the job has it, and frees it.  NULL
 * is allowed. */
void belay_job_free(struct belay_job *job);

/* Frees it, and leaves alone what is left of it, the terminal too.  NULL is
 * allowed. */
void belay_job_release(struct belay_job *job);

/* -- Ctrl-Z --------------------------------------------------------------- */

/* For belay_loop_stop(): our whole process group stops with us, as a terminal
 * would have done it; for one whose job got the terminal's signal alone. */
#define BELAY_STOP_GROUP 0x1u

/*
 * Stops this process by the default action of `signo` (SIGTSTP, SIGTTIN,
 * SIGTTOU, or SIGSTOP for the first), the jobs of the loop by the same signal
 * and the loop's time; returns when we go on, and all of them do.  A terminal
 * that a job has comes back to us meanwhile, and is given to it again unless
 * we go on in the background.  Other loops' time, and that of stopwatches
 * without a loop, goes on: pause them first.  Where a stop is not possible (an
 * orphaned process group) all go on at once.  -EINVAL.  Not AS-Safe.
 */
int belay_loop_stop(struct belay_loop *loop, int signo, unsigned flags);

/* -- The terminal --------------------------------------------------------- */

/*
 * Makes `group` the foreground group of the terminal `fd`; from the background
 * too, without the SIGTTOU that this raises.  To take it back, give it to
 * getpgrp().  -ENOTTY, -EPERM, -ESRCH, -EINVAL: as tcsetpgrp() has them; a
 * group whose last process has just ended is one of them.  MT-Safe, AS-Safe.
 */
int belay_terminal_give(int fd, pid_t group);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
