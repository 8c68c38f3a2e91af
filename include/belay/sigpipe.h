/*
 * belay/sigpipe.h: writing to a broken connection without dying of it.
 *
 * A write to a pipe or socket whose other end is gone raises SIGPIPE, which
 * ends the process without a word and without a core dump.  Three scopes of
 * guarding, to be tried in this order:
 *
 *   call      belay_send(), belay_write() and their kin return -EPIPE and
 *             never raise the signal; nothing else in the process changes.
 *   thread    between belay_sigpipe_begin() and belay_sigpipe_end() this
 *             thread's calls into other code (a TLS library, stdio) are safe.
 *   process   belay_sigpipe_ignore(), for a program that owns main().
 *
 * Libraries, and C called from Go, Rust, Python or Java, use the first two.
 *
 * Linux 6.18 can write without the signal (RWF_NOSIGNAL); older kernels are
 * told apart at the first call, and the thread guard is used there.
 */
#ifndef BELAY_SIGPIPE_H
#define BELAY_SIGPIPE_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct iovec;
struct msghdr;

/* -- One call ------------------------------------------------------------ */

/*
 * As send(2), sendmsg(2), write(2) and writev(2), but they return a negative
 * errno on failure, -EPIPE for a broken connection among them, and raise no
 * SIGPIPE.  A SIGPIPE that somebody else sent is neither lost nor taken.
 * Interrupted calls return -EINTR as those do.  MT-Safe, AS-Safe.
 */
ssize_t belay_send(int fd, const void *data, size_t size_bytes, int flags);
ssize_t belay_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t belay_write(int fd, const void *data, size_t size_bytes);
ssize_t belay_writev(int fd, const struct iovec *parts, int count);

/* -- One thread ---------------------------------------------------------- */

/* What begin() has to remember for end(); its contents are the library's. */
struct belay_sigpipe_guard {
  unsigned belay_private;
};

/*
 * From begin to end SIGPIPE is blocked in this thread; end takes back the one
 * that this thread's writes caused, and no other, and restores the mask (one
 * that the process sends itself meanwhile looks the same, and is taken too).
 * They nest, each with a guard of its own, last begun first ended.  errno is
 * left alone.  Neither fails.  MT-Safe, AS-Safe.
 */
void belay_sigpipe_begin(struct belay_sigpipe_guard *guard);
void belay_sigpipe_end(struct belay_sigpipe_guard *guard);

/* -- The process --------------------------------------------------------- */

/*
 * Ignores SIGPIPE in the whole process, if nobody else handles it: 0.  When a
 * handler is installed or it is ignored already, nothing changes: 1.  Undo
 * with belay_sigpipe_restore().  Programs that the caller executes itself
 * inherit an ignored signal.  MT-Safe, not AS-Safe.
 */
int belay_sigpipe_ignore(void);

/* Undoes a successful ignore, unless somebody changed the disposition since.
 * 0 undone, 1 nothing to undo.  MT-Safe, not AS-Safe. */
int belay_sigpipe_restore(void);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
