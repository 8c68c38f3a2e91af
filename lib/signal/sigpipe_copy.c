/*
 * sigpipe_copy.c (Linux): sendfile() and splice() that return -EPIPE and raise
 * nothing.  Neither has a flag for it, so both take the thread's guard.
 */
#include <belay/sigpipe.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>

ssize_t belay_sendfile(int out_fd, int in_fd, off_t *offset,
                       size_t size_bytes) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = sendfile(out_fd, in_fd, offset, size_bytes);
  int error = errno;
  belay_sigpipe_end(&guard);
  return n < 0 ? -error : n;
}

ssize_t belay_splice(int in_fd, int64_t *in_offset, int out_fd,
                     int64_t *out_offset, size_t size_bytes, unsigned flags) {
  loff_t in_at = in_offset != NULL ? *in_offset : 0;
  loff_t out_at = out_offset != NULL ? *out_offset : 0;
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = splice(in_fd, in_offset != NULL ? &in_at : NULL, out_fd,
                     out_offset != NULL ? &out_at : NULL, size_bytes, flags);
  int error = errno;
  belay_sigpipe_end(&guard);
  if (n < 0)
    return -error;
  if (in_offset != NULL)
    *in_offset = in_at;
  if (out_offset != NULL)
    *out_offset = out_at;
  return n;
}
