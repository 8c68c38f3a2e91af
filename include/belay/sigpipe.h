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
 *             thread's calls into other code (a TLS library, stdio) are safe;
 *             or for its whole life, after belay_sigpipe_block().
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
#include <stdint.h>
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

/*
 * As sendfile(2) of Linux, in the same manner.  `in_fd` is a file; from
 * *offset, which is moved on, or from the file's own position if `offset` is
 * NULL.  Elsewhere it reads and writes.  MT-Safe, AS-Safe.
 */
ssize_t belay_sendfile(int out_fd, int in_fd, off_t *offset, size_t size_bytes);

/* As splice(2) of Linux, in the same manner; -ENOSYS elsewhere.  One of the
 * fds is a pipe.  MT-Safe, AS-Safe. */
ssize_t belay_splice(int in_fd, int64_t *in_offset, int out_fd,
                     int64_t *out_offset, size_t size_bytes, unsigned flags);

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

/*
 * For the whole life of this thread: call it first thing in a thread of one's
 * own.  What its writes raise stays pending and goes away with the thread.
 * Programs that it executes would start with SIGPIPE blocked, unless they are
 * started by belay_process_start().  MT-Safe, AS-Safe.
 */
void belay_sigpipe_block(void);

/* -- The process --------------------------------------------------------- */

/*
 * Ignores SIGPIPE in the whole process: 0; or 1 if it is ignored already.
 * -EBUSY: somebody handles it, and nothing was changed.  Undo with
 * belay_sigpipe_restore().  Programs that the caller executes itself inherit an
 * ignored signal; those of belay_process_start() do not.
 *
 * In a program with Go in it this has to come before Go's runtime starts, in a
 * constructor: Go's handler lies on top then, and lets the signal go that a
 * thread not of Go's has raised.  Afterwards it is -EBUSY, and the process
 * still dies.  MT-Safe, not AS-Safe.
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
