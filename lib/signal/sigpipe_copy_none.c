/*
 * sigpipe_copy_none.c (portable): sendfile() as reading and writing, in pieces
 * that fit a handler's stack.  What was read but could not be written is not
 * counted, and the file's own position goes back before it.
 */
#include <belay/sigpipe.h>

#include <errno.h>
#include <unistd.h>

/* One piece: how much was written, 0 at the end of the file, or -errno. */
static ssize_t copy_piece(int out_fd, int in_fd, off_t *offset, size_t most) {
  char piece[4096];
  size_t size = most < sizeof(piece) ? most : sizeof(piece);
  ssize_t got = offset != NULL ? pread(in_fd, piece, size, *offset)
                               : read(in_fd, piece, size);
  if (got <= 0)
    return got < 0 ? -errno : 0;
  ssize_t sent = belay_write(out_fd, piece, (size_t)got);
  ssize_t unsent = got - (sent > 0 ? sent : 0);
  if (offset == NULL && unsent > 0)
    lseek(in_fd, -unsent, SEEK_CUR);
  if (offset != NULL && sent > 0)
    *offset += sent;
  return sent;
}

ssize_t belay_sendfile(int out_fd, int in_fd, off_t *offset,
                       size_t size_bytes) {
  size_t copied = 0;
  while (copied < size_bytes) {
    ssize_t n = copy_piece(out_fd, in_fd, offset, size_bytes - copied);
    if (n <= 0)
      return copied > 0 ? (ssize_t)copied : n;
    copied += (size_t)n;
  }
  return (ssize_t)copied;
}

ssize_t belay_splice(int in_fd, int64_t *in_offset, int out_fd,
                     int64_t *out_offset, size_t size_bytes, unsigned flags) {
  (void)in_fd, (void)in_offset, (void)out_fd, (void)out_offset;
  (void)size_bytes, (void)flags;
  return -ENOSYS;
}
