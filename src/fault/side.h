/*
 * side.h: reading from and writing to one socket.  All of these return -EAGAIN
 * when there is nothing to be done now, having noted it in the side, and count
 * what goes to and comes from the client.
 */
#ifndef FAULT_SIDE_H
#define FAULT_SIDE_H

#include "connection.h"

/* 0 is the end of what comes. */
ssize_t side_read(struct side *side, void *into, size_t size);
/* `more` follows at once. */
ssize_t side_write(struct side *side, const void *data, size_t size, bool more);
/* From a file, at `offset`; needs no TLS. */
ssize_t side_send_file(struct side *side, int fd, int64_t offset, size_t size);
/* Through a pipe; need no TLS. */
ssize_t side_splice_in(struct side *side, int pipe_fd, size_t size);
ssize_t side_splice_out(struct side *side, int pipe_fd, size_t size);

/* Shuts down our half; with TLS, says so first. */
void side_shut(struct side *side);
/* Bytes that the other end has not acknowledged; 0 when nobody knows. */
int side_unacknowledged(const struct side *side);
/* A close() of it becomes a reset. */
void side_make_reset(const struct side *side);
/* Loses incoming packets so many millionths of the time; all: 1000000; 0 gets
 * them again.  -errno, -EPERM above all. */
int side_lose(const struct side *side, int64_t millionths);

#endif
