/* trap_table.c: the kernel raises SIGPIPE where we believe that it does, as
 * sigpipe_table finds out; the library's choice of calls rests on this. */
#include <fcntl.h>

#include "unit/signal_help.h"

static const char *const expected[] = {
    "pipe fifo unix stream unix packets tcp tcp reset reset, read pty",
    "write SIGPIPE SIGPIPE SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE EIO",
    "writev SIGPIPE SIGPIPE SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE EIO",
    "send ENOTSOCK ENOTSOCK SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE ENOTSOCK",
    "send+NOSIGNAL ENOTSOCK ENOTSOCK EPIPE EPIPE EPIPE ECONNRESET EPIPE "
    "ENOTSOCK",
    "sendmsg ENOTSOCK ENOTSOCK SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE "
    "ENOTSOCK",
    "sendto ENOTSOCK ENOTSOCK SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE "
    "ENOTSOCK",
    "sendfile SIGPIPE SIGPIPE SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE EINVAL",
    "splice SIGPIPE SIGPIPE SIGPIPE EPIPE SIGPIPE ECONNRESET SIGPIPE EINVAL",
    "tee SIGPIPE SIGPIPE EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL",
    "vmsplice SIGPIPE SIGPIPE EBADF EBADF EBADF EBADF EBADF EBADF",
    "pwritev2+NOSIGNAL EPIPE EPIPE EPIPE EPIPE EPIPE ECONNRESET EPIPE EIO",
};

enum { ROWS = sizeof expected / sizeof *expected };

/* Which no kernel before 6.18 has. */
static bool kernel_lacks_the_flag(const char *row) {
  return strncmp(row, "pwritev2+NOSIGNAL EOPNOTSUPP", 28) == 0;
}

/* The output of the program, whose exit status is 0. */
static void run(const char *program, char *ret_text, size_t size) {
  int fds[2];
  size_t length = 0;
  ssize_t n;
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  pid_t child = test_fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    execl(program, program, (char *)NULL);
    _exit(127);
  }
  close(fds[1]);
  while ((n = read(fds[0], ret_text + length, size - 1 - length)) > 0)
    length += (size_t)n;
  ret_text[length] = '\0';
  close(fds[0]);
  CHECK_EQ(test_wait_exit(child), 0);
}

/* One blank between words, and none at the ends. */
static void squeeze(char *row) {
  char *to = row;
  for (const char *from = row; *from != '\0'; from++)
    if (*from != ' ' || (to > row && to[-1] != ' '))
      *to++ = *from;
  while (to > row && to[-1] == ' ')
    to--;
  *to = '\0';
}

TEST(sigpipe_is_raised_where_we_expect_it) {
  static char text[8192];
  int rows = 0;
  if (under_valgrind())
    SKIP("valgrind does not know every call");
  run(SIGPIPE_TABLE, text, sizeof text);
  fputs(text, stderr);
  for (char *row = strtok(text, "\n"); row; row = strtok(NULL, "\n"), rows++) {
    CHECK(rows < ROWS);
    squeeze(row);
    if (!kernel_lacks_the_flag(row))
      CHECK_STR(row, expected[rows]);
  }
  CHECK_EQ(rows, ROWS);
}
