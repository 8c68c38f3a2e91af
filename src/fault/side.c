/*
 * side.c: one socket.
 *
 * Its readiness is remembered, since epoll tells of each change once: whoever
 * gets -EAGAIN clears it here, and waits for the next edge.  SIGPIPE is ignored
 * by the process (fault.c), so that splice() and sendfile() cost one call.
 */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

static void count_in(struct side *side, ssize_t n) {
  struct connection *connection = side->connection;
  if (n > 0 && side == &connection->client)
    connection->received += (uint64_t)n;
}

static void count_out(struct side *side, ssize_t n) {
  struct connection *connection = side->connection;
  if (n > 0 && side == &connection->client)
    connection->sent += (uint64_t)n;
}

static bool is_encrypted(const struct side *side) {
  return side == &side->connection->client && side->connection->tls != NULL;
}

static ssize_t read_done(struct side *side, ssize_t n) {
  if (n < 0)
    n = -errno;
  if (n == -EAGAIN || n == -EINTR)
    side->readable = n == -EINTR;
  else if (n == 0)
    side->eof = true;
  count_in(side, n);
  return n == -EINTR ? -EAGAIN : n;
}

static ssize_t write_done(struct side *side, ssize_t n) {
  if (n == -EAGAIN || n == -EINTR)
    side->writable = n == -EINTR;
  count_out(side, n);
  return n == -EINTR ? -EAGAIN : n;
}

ssize_t side_read(struct side *side, void *into, size_t size) {
  if (side->eof)
    return 0;
  if (is_encrypted(side)) {
    ssize_t n = tls_read(side->connection->tls, into, size);
    errno = n < 0 ? (int)-n : 0;
    return read_done(side, n < 0 ? -1 : n);
  }
  return read_done(side, recv(side->fd, into, size, MSG_DONTWAIT));
}

ssize_t side_write(struct side *side, const void *data, size_t size,
                   bool more) {
  if (is_encrypted(side))
    return write_done(side, tls_write(side->connection->tls, data, size));
  ssize_t n = send(side->fd, data, size,
                   MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  return write_done(side, n < 0 ? -errno : n);
}

ssize_t side_send_file(struct side *side, int fd, int64_t offset, size_t size) {
  off_t at = (off_t)offset;
  ssize_t n = sendfile(side->fd, fd, &at, size);
  return write_done(side, n < 0 ? -errno : n);
}

ssize_t side_splice_in(struct side *side, int pipe_fd, size_t size) {
  if (side->eof)
    return 0;
  return read_done(side, splice(side->fd, NULL, pipe_fd, NULL, size,
                                SPLICE_F_NONBLOCK | SPLICE_F_MOVE));
}

ssize_t side_splice_out(struct side *side, int pipe_fd, size_t size) {
  ssize_t n = splice(pipe_fd, NULL, side->fd, NULL, size,
                     SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
  return write_done(side, n < 0 ? -errno : n);
}

/* -- Ends ------------------------------------------------------------------ */

void side_shut(struct side *side) {
  if (side->shut || side->fd < 0)
    return;
  side->shut = true;
  if (is_encrypted(side))
    tls_close(side->connection->tls);
  shutdown(side->fd, SHUT_WR);
}

int side_unacknowledged(const struct side *side) {
  int bytes = 0;
  return ioctl(side->fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void side_make_reset(const struct side *side) {
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

int side_lose(const struct side *side, int64_t millionths) {
  uint32_t keep_from = (uint32_t)((double)millionths / 1e6 * 4294967295.0);
  struct sock_filter random[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, keep_from, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  bool everything = millionths >= 1000000;
  struct sock_fprog filter = {.len = everything ? 1 : 4,
                              .filter = everything ? all : random};
  int none = 0;
  int result = millionths == 0
                   ? setsockopt(side->fd, SOL_SOCKET, SO_DETACH_FILTER, &none,
                                sizeof(none))
                   : setsockopt(side->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
                                sizeof(filter));
  return result < 0 && !(millionths == 0 && errno == ENOENT) ? -errno : 0;
}
