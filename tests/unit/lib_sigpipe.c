/* lib_sigpipe.c: writing to broken connections without dying of it. */
#include <belay/sigpipe.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "harness/harness.h"

static volatile sig_atomic_t delivered;
static void count(int signo) {
  (void)signo;
  delivered++;
}

enum kind { PIPE, UNIX_SOCKET, TCP_RESET, KINDS };

/* A TCP connection that the other end has reset, its error read. */
static int reset_connection(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof(address);
  struct linger at_once = {1, 0};
  char byte;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQ(bind(listener, (struct sockaddr *)&address, size), 0);
  CHECK_EQ(listen(listener, 1), 0);
  getsockname(listener, (struct sockaddr *)&address, &size);
  CHECK_EQ(connect(client, (struct sockaddr *)&address, size), 0);
  int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(server);
  close(listener);
  CHECK_EQ(recv(client, &byte, 1, 0), -1);
  CHECK_EQ(errno, ECONNRESET);
  return client;
}

static int broken(enum kind kind) {
  int fds[2];
  if (kind == TCP_RESET)
    return reset_connection();
  if (kind == PIPE)
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  else
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  close(fds[0]);
  return fds[1];
}

static void writes_return_epipe(void) {
  for (int kind = 0; kind < KINDS; kind++) {
    int fd = broken((enum kind)kind);
    const struct iovec parts[2] = {{(char[]){"ab"}, 2}, {(char[]){"cd"}, 2}};
    const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                                   .msg_iovlen = 2};
    CHECK_ERR(belay_write(fd, "x", 1), -EPIPE);
    CHECK_ERR(belay_writev(fd, parts, 2), -EPIPE);
    if (kind != PIPE) {
      CHECK_ERR(belay_send(fd, "x", 1, 0), -EPIPE);
      CHECK_ERR(belay_sendmsg(fd, &message, 0), -EPIPE);
    }
    struct belay_sigpipe_guard outer, inner;
    belay_sigpipe_begin(&outer);
    belay_sigpipe_begin(&inner);
    CHECK_EQ(write(fd, "x", 1), -1);
    CHECK_EQ(errno, EPIPE);
    belay_sigpipe_end(&inner);
    CHECK_EQ(errno, EPIPE);
    CHECK_EQ(write(fd, "x", 1), -1);
    belay_sigpipe_end(&outer);
    close(fd);
  }
}

TEST(by_default_it_does_not_die) {
  writes_return_epipe();
}

TEST(a_handler_of_others_hears_nothing) {
  signal(SIGPIPE, count);
  writes_return_epipe();
  CHECK_EQ(delivered, 0);
  signal(SIGPIPE, SIG_DFL);
}

TEST(ignored_or_blocked_it_is_the_same) {
  signal(SIGPIPE, SIG_IGN);
  writes_return_epipe();
  signal(SIGPIPE, SIG_DFL);
  sigset_t one, pending;
  sigemptyset(&one);
  sigaddset(&one, SIGPIPE);
  sigprocmask(SIG_BLOCK, &one, NULL);
  writes_return_epipe();
  sigpending(&pending);
  CHECK(!sigismember(&pending, SIGPIPE));
  sigprocmask(SIG_UNBLOCK, &one, NULL);
}

TEST_DIES(without_us_it_would_have_died, SIGPIPE) {
  ssize_t n = write(broken(PIPE), "x", 1);
  CHECK_EQ(n, 1);
}

TEST(files_and_devices_are_written_to_as_ever) {
  char path[4096], text[8] = "";
  snprintf(path, sizeof(path), "%s/file", test_dir());
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK_EQ(belay_write(fd, "abc", 3), 3);
  CHECK_EQ(belay_write(fd, "def", 3), 3);
  CHECK_EQ(pread(fd, text, 7, 0), 6);
  CHECK_STR(text, "abcdef");
  close(fd);
  fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  CHECK_EQ(belay_write(fd, "x", 1), 1);
  close(fd);
  CHECK_ERR(belay_write(-1, "x", 1), -EBADF);
}

/* Whose SIGPIPE it was before the guard, it is afterwards. */
static void foreign_one_survives(bool to_the_process) {
  sigset_t one, pending;
  sigemptyset(&one);
  sigaddset(&one, SIGPIPE);
  signal(SIGPIPE, count);
  sigprocmask(SIG_BLOCK, &one, NULL);
  delivered = 0;
  if (to_the_process)
    kill(getpid(), SIGPIPE);
  else
    raise(SIGPIPE);
  writes_return_epipe();
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE));
  sigprocmask(SIG_UNBLOCK, &one, NULL);
  CHECK_EQ(delivered, 1);
  signal(SIGPIPE, SIG_DFL);
}

TEST(one_that_was_pending_stays_pending) {
  foreign_one_survives(false);
#ifndef BELAY_TEST_PORTABLE
  foreign_one_survives(true);
#endif
}

TEST(one_that_another_process_sends_meanwhile_is_delivered) {
  struct belay_sigpipe_guard guard;
  signal(SIGPIPE, count);
  belay_sigpipe_begin(&guard);
  pid_t child = test_fork();
  if (child == 0) {
    kill(getppid(), SIGPIPE);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  belay_sigpipe_end(&guard);
  CHECK_EQ(delivered, 1);
  signal(SIGPIPE, SIG_DFL);
}

static void *read_a_little(void *argument) {
  char bytes[4096];
  int fd = *(int *)argument;
  if (read(fd, bytes, sizeof(bytes)) > 0)
    close(fd);
  return NULL;
}

/* The write returns a count and raises the signal all the same. */
TEST(a_reader_that_leaves_in_mid_write_does_no_harm) {
  size_t size = 1 << 20;
  char *bytes = calloc(1, size);
  for (int i = 0; i < test_scale(50); i++) {
    int fds[2];
    pthread_t thread;
    struct belay_sigpipe_guard guard;
    CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
    pthread_create(&thread, NULL, read_a_little, &fds[0]);
    if (i % 2 == 0) {
      belay_write(fds[1], bytes, size);
    } else {
      belay_sigpipe_begin(&guard);
      CHECK(write(fds[1], bytes, size) != (ssize_t)size);
      belay_sigpipe_end(&guard);
    }
    pthread_join(thread, NULL);
    close(fds[1]);
  }
  free(bytes);
}

TEST(the_process_scope_is_taken_and_given_back) {
  struct sigaction now;
  CHECK_EQ(belay_sigpipe_restore(), 1);
  CHECK_EQ(belay_sigpipe_ignore(), 0);
  CHECK_EQ(belay_sigpipe_ignore(), 1);
  CHECK_EQ(write(broken(PIPE), "x", 1), -1);
  CHECK_EQ(belay_sigpipe_restore(), 0);
  sigaction(SIGPIPE, NULL, &now);
  CHECK(now.sa_handler == SIG_DFL);
  signal(SIGPIPE, count);
  CHECK_EQ(belay_sigpipe_ignore(), 1);
  sigaction(SIGPIPE, NULL, &now);
  CHECK(now.sa_handler == count);
  signal(SIGPIPE, SIG_DFL);
  test_leaves(TEST_LEAVES_FDS);
}
