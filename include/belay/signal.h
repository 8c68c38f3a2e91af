/*
 * belay/signal.h: signals as messages, and the little that may be done at once.
 *
 * Any number of independent subscribers, in any thread, in libraries that know
 * nothing of each other, may want the same signal.  There are two kinds:
 *
 *   a stream   delivers signals as records to read, through an fd to wait for;
 *   an action  does one small thing inside the handler itself.
 *
 * How to use a stream:
 *
 *   1. belay_stream_open() with a zero-terminated list of signals.
 *   2. Wait until belay_stream_fd() is readable, in poll(), epoll or any loop;
 *      or call belay_stream_wait(), or give the list to a belay_loop.
 *   3. belay_stream_read() until it returns 0; each record is one signal, or
 *      several equal ones that were merged (count).
 *   4. belay_stream_close() from any thread, then belay_stream_free().
 *
 * What others have set up is left as it was: a handler that was installed
 * before is still called, after the subscribers; when the last subscriber of a
 * signal leaves, the previous disposition comes back whole.  If somebody
 * installed a handler on top of ours, ours stays and forwards.  Handlers are
 * installed with SA_ONSTACK, and with SA_RESTART unless a subscriber wants it
 * otherwise.
 *
 * A signal that was ignored when the first subscriber came stays ignored if it
 * is one of HUP, INT, QUIT, TSTP, TTIN, TTOU (nohup, a shell's `&`), unless
 * BELAY_SIGNAL_FORCE says otherwise; subscribing succeeds all the same.
 *
 * SIGKILL and SIGSTOP cannot be caught, and SIGSEGV, SIGBUS, SIGFPE, SIGILL,
 * SIGTRAP and SIGSYS, raised by the instruction that faulted, cannot be
 * answered later: -EINVAL.  So are numbers that are no signal, and those that
 * the C library keeps for itself.
 *
 * In a program with Go in it, let Go's signal.Notify have each signal that a
 * stream takes: Go's own handler, which lies beneath ours, otherwise does the
 * default, or puts itself back on top.
 *
 * A SIGTTIN or SIGTTOU that is caught does not stop a process in the
 * background, whose read or tcsetattr() is then begun anew for ever: catch
 * them only to stop by yourself (belay_loop_stop()).
 *
 * After fork() the child's copies of streams and wake actions are inert: what
 * the child receives never reaches the parent.  Flags, exits, defaults and
 * calls go on working in the child; a signal that has none of these is treated
 * as if nobody had subscribed.  The child may open streams of its own.
 *
 * All functions return 0 or a count, or a negative errno, and leave their
 * `ret_` arguments untouched on failure.
 *
 * Sources: POSIX.1-2008 sigaction(), D. J. Bernstein's self-pipe.
 */
#ifndef BELAY_SIGNAL_H
#define BELAY_SIGNAL_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* Flags for a subscription. */
#define BELAY_SIGNAL_FORCE 0x1u /* catch it although it was ignored */
/* While any subscriber of the signal wants it so: system calls that it
 * interrupts fail with EINTR, and are not begun anew (no SA_RESTART). */
#define BELAY_SIGNAL_INTERRUPT 0x2u

/* Which details a record carries. */
#define BELAY_SIGINFO_SENDER 0x1u /* pid and uid */
#define BELAY_SIGINFO_VALUE 0x2u  /* value: sent by sigqueue(), a timer, ... */
#define BELAY_SIGINFO_STATUS 0x4u /* status: of the child, for SIGCHLD */

/* One signal as it was delivered, or several equal ones merged. */
struct belay_siginfo {
  int signo;
  int code;       /* si_code: SI_USER, SI_QUEUE, CLD_EXITED, ... */
  unsigned flags; /* BELAY_SIGINFO_...; 0: the details were merged away */
  pid_t pid;      /* the sender; for SIGCHLD the child */
  uid_t uid;
  int status; /* exit status or signal; a hint, wait for the child to know */
  union {
    int as_int;
    void *as_ptr;
  } value;
  uint64_t count; /* deliveries that this record stands for, 1 or more */
};

/* -- Streams ------------------------------------------------------------- */

struct belay_stream;

/*
 * Opens a stream of the signals in `signals`, a list that ends with 0.
 * `flags`: 0, or BELAY_SIGNAL_... or'ed.  Signals sent after it returns are
 * read from it, in order for each signal and, as far as the kernel tells,
 * among them.  At most the 64 latest records of one signal keep their details;
 * older ones are counted in the next record, and none is lost.
 *
 * Errors: -EINVAL (a signal that is refused, an empty list is not), -EMFILE,
 * -ENFILE, -ENOMEM.  MT-Safe, not AS-Safe.  The caller closes and frees it.
 */
int belay_stream_open(const int *signals, unsigned flags,
                      struct belay_stream **ret_stream);

/* Adds one signal, with the stream's flags.  Adding it twice is no error.
 * Errors as for open; -ESHUTDOWN when it is closed, -ECHILD in a forked child.
 * MT-Safe. */
int belay_stream_add(struct belay_stream *stream, int signo);

/* Takes one signal out.  What was delivered before stays readable.
 * -ENOENT when it is not in the stream.  MT-Safe. */
int belay_stream_remove(struct belay_stream *stream, int signo);

/*
 * The fd to wait for: readable while a record may be read, and once more when
 * the stream is closed.  It may be readable although nothing is left to read.
 * Never read from it or close it; it belongs to the stream.  Linux allows 500
 * streams of one signal in epoll instances of others (-EINVAL for the next);
 * sources of a belay_loop are not limited.  MT-Safe, AS-Safe.
 */
int belay_stream_fd(const struct belay_stream *stream);

/*
 * Takes the next record without blocking: 1, or 0 when there is none.  Read
 * until 0 before waiting on an edge-triggered fd.  -ESHUTDOWN: closed, and all
 * is read.  -ECHILD: this is a forked child's copy.  MT-Safe, not AS-Safe.
 */
int belay_stream_read(struct belay_stream *stream,
                      struct belay_siginfo *ret_info);

/*
 * As read, but waits up to `timeout_ns` nanoseconds (0 not at all, negative
 * for ever): 1, or 0 when the time is over.  Interruptions by other handlers
 * do not end it early.  Errors as for read.  MT-Safe, a cancellation point of
 * threads, not AS-Safe.
 */
int belay_stream_wait(struct belay_stream *stream, int64_t timeout_ns,
                      struct belay_siginfo *ret_info);

/* Unsubscribes and wakes whoever waits.  What was delivered stays readable.
 * Twice is no error; NULL is none either.  MT-Safe, from any thread. */
void belay_stream_close(struct belay_stream *stream);

/* Closes it and gives its memory back; no other thread may use it any more.
 * NULL is allowed. */
void belay_stream_free(struct belay_stream *stream);

/* -- Actions ------------------------------------------------------------- */

/*
 * An action is done inside the handler, in order of registration with the
 * other actions of its signal.  Each function registers one and stores its
 * handle in *ret_action, which may be NULL for one that is never removed.
 * `flags`: 0, or BELAY_SIGNAL_... or'ed.  Errors: -EINVAL, -ENOMEM.  MT-Safe,
 * not AS-Safe.
 */
struct belay_action;

/* Sets *flag to `value`.  The flag has to live until the action is removed.
 * Other threads read it with an atomic load. */
int belay_action_flag(int signo, volatile sig_atomic_t *flag, int value,
                      unsigned flags, struct belay_action **ret_action);

/*
 * Wakes whoever waits for `fd`, a pipe, a stream socket or an eventfd that the
 * caller owns: one byte is written (for an eventfd, 1 is added); when it is
 * full, nothing, as it is readable already.  `fd` is made non-blocking unless
 * it is an eventfd.  Fd and its reader have to stay open until the action is
 * removed.  -EBADF: not open for writing.
 */
int belay_action_wake(int signo, int fd, unsigned flags,
                      struct belay_action **ret_action);

/*
 * _exit(status) at once if *armed is not 0, or if `armed` is NULL.  A double
 * Ctrl-C: register this, then a flag action that sets the same variable.
 */
int belay_action_exit(int signo, const volatile sig_atomic_t *armed, int status,
                      unsigned flags, struct belay_action **ret_action);

/* The same, but does the signal's default action: dies by it, so that the
 * parent sees which signal it was. */
int belay_action_default(int signo, const volatile sig_atomic_t *armed,
                         unsigned flags, struct belay_action **ret_action);

/* Runs in the handler: only async-signal-safe functions, must return, and must
 * neither remove an action nor fork.  `context` is the ucontext_t of the handler. */
typedef void belay_action_fn(const struct belay_siginfo *info, void *context,
                             void *data);

/* Calls fn(info, context, data). */
int belay_action_call(int signo, belay_action_fn *fn, void *data,
                      unsigned flags, struct belay_action **ret_action);

/*
 * Removes an action, also while handlers run in other threads: when it
 * returns, the action runs nowhere and never will.  NULL is allowed.  Not from
 * a handler.  MT-Safe, not AS-Safe.
 */
void belay_action_remove(struct belay_action *action);

/*
 * Whether the kernel calls our handler for `signo` now: 1, or 0: nobody has
 * subscribed, it is left ignored, or somebody has installed another handler
 * since, which may call ours or not.  -EINVAL: a signal that is refused.
 * MT-Safe, not AS-Safe.
 */
int belay_signal_check(int signo);

/* -- The default action, names ------------------------------------------- */

/*
 * Does what the kernel would have done for `signo` without any handler: ends
 * the process by that signal (with a core dump where that is the default),
 * stops it and returns after SIGCONT with the handler in place again, or does
 * nothing for signals that are ignored by default.  As PID 1 of a PID
 * namespace, which the kernel spares, it exits with 128 + signo instead.
 * -EINVAL: no signal.  MT-Safe, AS-Safe.
 */
int belay_signal_default(int signo);

/* "SIGTERM", "SIGRTMIN+3"; NULL for a number that is no signal.  A static
 * string.  MT-Safe, AS-Safe. */
const char *belay_signal_name(int signo);

/* The number of "SIGTERM", "term", "15", "RTMIN+3" or "SIGRTMAX-1"; -EINVAL.
 * MT-Safe. */
int belay_signal_number(const char *name);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
