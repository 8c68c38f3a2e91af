/* cli_message.c: what is said arrives whole, in one piece, and harmless. */
#include "harness/harness.h"

#include <fcntl.h>

#include "cli/message.h"
#include "cli/write.h"

/* Standard error becomes a pipe; with O_DIRECT, each write is a packet. */
struct ear {
  int fd, saved_stderr;
};

static struct ear listen_to_stderr(int flags) {
  int fds[2];
  CHECK_OK(pipe2(fds, flags | O_CLOEXEC));
  struct ear ear = {fds[0], fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
  CHECK_OK(ear.saved_stderr);
  CHECK_OK(dup2(fds[1], STDERR_FILENO));
  close(fds[1]);
  return ear;
}

/* Before anything is checked: what fails is told on standard error. */
static void stop_listening(const struct ear *ear) {
  dup2(ear->saved_stderr, STDERR_FILENO);
  close(ear->saved_stderr);
}

static const char *packet(const struct ear *ear) {
  static char text[16384];
  ssize_t n = read(ear->fd, text, sizeof(text) - 1);
  CHECK_OK(n);
  text[n] = '\0';
  return text;
}

TEST(a_message_is_one_line_in_one_write) {
  struct ear ear = listen_to_stderr(O_DIRECT);
  message_set_program("belay get");
  message("%s: %d", "x.bin", 404);
  message("second");
  stop_listening(&ear);
  CHECK_STR(packet(&ear), "belay get: x.bin: 404\n");
  CHECK_STR(packet(&ear), "belay get: second\n");
  CHECK_STR(packet(&ear), "");
  close(ear.fd);
}

TEST(control_characters_are_made_visible) {
  struct ear ear = listen_to_stderr(O_DIRECT);
  message_set_program("belay");
  message("a\nb\x1b[31m\xff");
  stop_listening(&ear);
  CHECK_STR(packet(&ear), "belay: a?b?[31m?\n");
  close(ear.fd);
}

TEST(errno_is_kept) {
  struct ear ear = listen_to_stderr(0);
  errno = ENOSPC;
  message("x");
  int after_success = errno;
  close(STDERR_FILENO);
  errno = EIO;
  message("nobody listens");
  int after_failure = errno;
  stop_listening(&ear);
  CHECK_EQ(after_success, ENOSPC);
  CHECK_EQ(after_failure, EIO);
  close(ear.fd);
}

TEST(a_long_message_is_cut_and_says_so) {
  static char long_text[20000];
  memset(long_text, 'x', sizeof(long_text) - 1);
  struct ear ear = listen_to_stderr(0);
  message("%s", long_text);
  stop_listening(&ear);
  const char *text = packet(&ear);
  size_t length = strlen(text);
  CHECK(length > 8000);
  CHECK_STR(text + length - 5, "x\xe2\x80\xa6\n");
  close(ear.fd);
}

TEST(two_long_paths_fit) {
  static char path[4001];
  memset(path, 'p', sizeof(path) - 1);
  struct ear ear = listen_to_stderr(0);
  message_set_program("belay");
  message("%s: %s", path, path);
  stop_listening(&ear);
  CHECK_EQ(strlen(packet(&ear)), 7 + 4000 + 2 + 4000 + 1);
  close(ear.fd);
}

/* A reader that takes its time, and an fd that will not wait by itself. */
TEST(what_does_not_fit_at_once_is_waited_for) {
  static char sent[300000];
  int fds[2];
  CHECK_OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
  for (size_t i = 0; i < sizeof(sent); i++)
    sent[i] = (char)(i * 7 + i / 251);
  pid_t child = test_fork();
  if (child == 0) {
    close(fds[0]);
    _exit(write_all(fds[1], sent, sizeof(sent)) == 0 ? 0 : 1);
  }
  close(fds[1]);
  fcntl(fds[0], F_SETFL, 0);
  size_t size = 0;
  static char got[sizeof(sent)];
  for (ssize_t n; (n = read(fds[0], got + size, sizeof(got) - size)) > 0;)
    size += (size_t)n;
  CHECK_EQ(size, sizeof(sent));
  CHECK(memcmp(got, sent, size) == 0);
  CHECK_EQ(test_wait_exit(child), 0);
  close(fds[0]);
}

TEST(an_error_is_told) {
  CHECK_ERR(write_all(-1, "x", 1), -EBADF);
  CHECK_OK(write_all(-1, "", 0));
}
