/*
 * belay/process.h: starting other programs, and hearing what becomes of them.
 *
 *   char *argv[] = {"make", "check", NULL};
 *   struct belay_process *process;
 *   int error = belay_process_start(argv, NULL, &process);
 *
 * A program is started as it expects to be, whatever we have done to ourselves:
 *
 *   - in a process group of its own, so that it can be signalled with all its
 *     children, and is not by what the terminal sends to ours;
 *   - with an empty signal mask and default dispositions.  What was ignored
 *     when we were started out of somebody's wish (nohup, a shell's `&`: HUP,
 *     INT, QUIT, TSTP, TTIN, TTOU) stays so, and nothing else does: SIGPIPE
 *     above all;
 *   - with the three standard fds and those it is given, and no others.
 *
 * A signal that comes between fork and exec runs no handler of ours, and a
 * Ctrl-Z there stops the program once it runs, not us.
 *
 * While there is a handle, the kernel keeps ended children of this process to
 * be waited for, although SIGCHLD may have been ignored.  A forked child may
 * only free the handles of its parent.
 *
 * An ended child keeps its number until it is freed or reaped, so that no
 * signal goes to a stranger.  Wait for its end with belay_process_wait(), or in
 * a loop with belay_loop_add_process().  Its end is known without a handler
 * where there are pidfds (Linux); elsewhere a loop catches SIGCHLD, as a stream
 * does.
 *
 * Unless said otherwise a handle belongs to one thread at a time, and nothing
 * is AS-Safe.
 *
 * Sources: POSIX.1-2008 waitid(), Linux pidfd_open().
 */
#ifndef BELAY_PROCESS_H
#define BELAY_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* -- How to start one ----------------------------------------------------- */

/* Flags for starting. */
#define BELAY_PROCESS_SAME_GROUP 0x1u  /* stay in our process group */
#define BELAY_PROCESS_NEW_SESSION 0x2u /* a session of its own: no terminal */
#define BELAY_PROCESS_KEEP_FDS 0x4u    /* inherit what is not close-on-exec */
/* All that is ignored stays so, as exec() leaves it; but SIGPIPE, which this
 * library and many programs ignore, only if it was when we were started. */
#define BELAY_PROCESS_KEEP_IGNORED 0x8u

/* A promise: from the first start with this flag on, nobody but this library
 * changes dispositions.  Then they need not be looked at again for each start,
 * which is a twelfth of what starting a small program costs. */
#define BELAY_PROCESS_KNOWN_DISPOSITIONS 0x10u

/* In place of an fd for one of the standard three. */
#define BELAY_STDIO_INHERIT (-1)
#define BELAY_STDIO_NULL (-2)   /* /dev/null */
#define BELAY_STDIO_PIPE (-3)   /* a pipe to us: belay_process_pipe() */
#define BELAY_STDIO_STDOUT (-4) /* for standard error: where the output goes */

/* One more fd for the program: our fd `ours` is its fd `theirs`. */
struct belay_process_fd {
  int ours;
  int theirs;
};

/* A limit to what the program may use, as for setrlimit(). */
struct belay_process_limit {
  int resource; /* RLIMIT_... */
  uint64_t soft;
  uint64_t hard; /* UINT64_MAX: none */
};

/* Start from BELAY_PROCESS_OPTIONS_INIT, and change what is to be otherwise.
 * Everything is borrowed for the call. */
struct belay_process_options {
  size_t size;              /* of this struct, as the caller knows it */
  unsigned flags;           /* BELAY_PROCESS_... */
  const char *directory;    /* to start in; NULL: ours */
  char *const *environment; /* NULL: ours */
  int stdin_fd;             /* an fd of ours, or BELAY_STDIO_... */
  int stdout_fd;
  int stderr_fd;
  const struct belay_process_fd *fds; /* more of them */
  size_t fd_count;
  const int *ignore; /* signals to start with ignored, up to 0; NULL: none */
  const int *block;  /* and with blocked */
  int terminal;      /* whose foreground goes to it, if it is ours; -1: none */
  int parent_death_signal; /* sent to it when the thread that started it ends
                            * (Linux; -ENOSYS elsewhere); 0: none */
  const struct belay_process_limit *limits;
  size_t limit_count;
};

#define BELAY_PROCESS_OPTIONS_INIT                                            \
  {                                                                           \
    sizeof(struct belay_process_options), 0, NULL, NULL, BELAY_STDIO_INHERIT, \
        BELAY_STDIO_INHERIT, BELAY_STDIO_INHERIT, NULL, 0, NULL, NULL, -1, 0, \
        NULL, 0                                                               \
  }

/* -- What becomes of it --------------------------------------------------- */

enum belay_process_state {
  BELAY_PROCESS_RUNNING = 0,
  BELAY_PROCESS_STOPPED = 1,
  BELAY_PROCESS_EXITED = 2,
  BELAY_PROCESS_KILLED = 3,
  BELAY_PROCESS_LOST = 4 /* ended; somebody else has waited for it */
};

struct belay_process_status {
  enum belay_process_state state;
  int code;        /* EXITED: the exit status; KILLED, STOPPED: the signal */
  int core_dumped; /* KILLED: 1 if it left a core */
};

/* -- Processes ------------------------------------------------------------ */

struct belay_process;

/*
 * Starts the program argv[0], looked for in PATH if it has no slash, with the
 * arguments `argv`, which end with NULL.  `options` may be NULL: the defaults.
 * When it returns 0, the program itself is running: a program that could not
 * be executed is an error here, and never a status 127.
 *
 * Errors: -EINVAL; those of execve(), chdir() and fork(), -ENOENT, -EACCES,
 * -EAGAIN, -EMFILE, -ENOMEM among them; -ENOTTY and -EPERM of `terminal`;
 * -EINVAL and -EPERM of `limits`.
 * MT-Safe, not AS-Safe.  The caller frees it.
 */
int belay_process_start(char *const argv[],
                        const struct belay_process_options *options,
                        struct belay_process **ret_process);

/* A handle for a child that was forked otherwise.  -ECHILD: no child of ours.
 * -ENOMEM, -EMFILE. */
int belay_process_adopt(pid_t pid, struct belay_process **ret_process);

/* Its process id, which is nobody else's until it is freed.  MT-Safe. */
pid_t belay_process_pid(const struct belay_process *process);

/* Our end of the pipe to its fd 0, 1 or 2; -1: there is none.  It belongs to
 * the process, and is non-blocking and close-on-exec: to connect two programs,
 * give both the ends of a pipe() of one's own. */
int belay_process_pipe(const struct belay_process *process, int fd);

/* Closes our end: for fd 0, the program reads its end.  Twice is no error. */
void belay_process_close_pipe(struct belay_process *process, int fd);

/* Sends a signal to it alone, never to another that has its number since: 0,
 * -ESRCH: it has ended; -EINVAL, -EPERM.  MT-Safe. */
int belay_process_signal(const struct belay_process *process, int signo);

/* Sends one to its whole group, also when it has ended and others of the group
 * have not: 0, also if all of them have, unless it was reaped.  -EINVAL: it has
 * no group of its own; -ESRCH: it is no child of ours any more, or reaped and
 * nobody is left of its group; -EPERM. */
int belay_process_signal_group(const struct belay_process *process, int signo);

/* What is known of it now; a stop is told until it goes on.  Never waits.
 * One thread at a time. */
void belay_process_look(struct belay_process *process,
                        struct belay_process_status *ret_status);

/*
 * Gives back the number of one that has ended: 0, also the second time; -EBUSY:
 * it still runs.  Its status stays known.  Its group keeps its number while
 * anybody is left in it, which belay_process_signal_group() with the signal 0
 * tells: 0, or -ESRCH; it is never signalled after that.
 */
int belay_process_reap(struct belay_process *process);

/* What it used, with those of its children that it waited for, once it has
 * ended: 0.  -EAGAIN: it still runs; -ECHILD: somebody else has waited for it;
 * -ENOSYS: the system does not tell. */
int belay_process_usage(struct belay_process *process,
                        struct rusage *ret_usage);

/* Words for a status: "exited with status 1", "killed by SIGSEGV, core dumped",
 * "stopped by SIGTSTP", "running", "ended unseen".  Cut to `size_bytes`, with
 * its 0.  MT-Safe. */
void belay_process_describe(const struct belay_process_status *status,
                            char *ret_text, size_t size_bytes);

/*
 * Waits for its end up to `timeout_ns` nanoseconds (0 not at all, negative for
 * ever): 1, or 0 when the time is over; in both cases with its status.
 * Handlers do not end it early.  Negative errno: the system refused to wait.
 * One thread at a time; a cancellation point of threads.
 */
int belay_process_wait(struct belay_process *process, int64_t timeout_ns,
                       struct belay_process_status *ret_status);

/*
 * Gives its memory back, and its number if it has ended.  One that still runs
 * goes on, and is no longer waited for.  It must be in no loop any more.  NULL
 * is allowed.
 */
void belay_process_free(struct belay_process *process);

/* -- In a loop ------------------------------------------------------------ */

/* For belay_loop_add_process(): tell that it was stopped, and that it goes on.
 * This catches SIGCHLD, as a stream does. */
#define BELAY_PROCESS_WATCH_STOPS 0x1u

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
