/* signal_sigpipe.c: writes that break, beside what write() itself would do. */
#include <belay/sigpipe.h>
#include <fcntl.h>
#include <stddef.h>
#ifndef BELAY_TEST_PORTABLE
#include <sys/sendfile.h>
#endif
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "unit/signal_help.h"

#if defined(__linux__) && __has_include(<linux/seccomp.h>)
#define HAS_SECCOMP 1
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#endif

/* -- Things to write to ---------------------------------------------------- */

static int other_end = -1;

static int pair(int domain_or_pipe, int type) {
  int fds[2];
  if (domain_or_pipe == 0)
    CHECK_OK(pipe(fds));
  else
    CHECK_OK(socketpair(domain_or_pipe, type, 0, fds));
  other_end = fds[0];
  return fds[1];
}

static int broken(int fd) {
  close(other_end);
  other_end = -1;
  return fd;
}

static int whole_pipe(void) {
  return pair(0, 0);
}
static int broken_pipe(void) {
  return broken(pair(0, 0));
}
static int whole_stream(void) {
  return pair(AF_UNIX, SOCK_STREAM);
}
static int broken_stream(void) {
  return broken(pair(AF_UNIX, SOCK_STREAM));
}
static int broken_datagram(void) {
  return broken(pair(AF_UNIX, SOCK_DGRAM));
}
static int broken_packets(void) {
  return broken(pair(AF_UNIX, SOCK_SEQPACKET));
}
static int half_closed(void) {
  int fd = pair(AF_UNIX, SOCK_STREAM);
  CHECK_OK(shutdown(fd, SHUT_WR));
  return fd;
}
static int plain_file(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/file", test_dir());
  return open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
}
static int null_device(void) {
  return open("/dev/null", O_WRONLY);
}
static int full_device(void) {
  return open("/dev/full", O_WRONLY);
}
static int read_only(void) {
  return open("/dev/null", O_RDONLY);
}
static int bad_fd(void) {
  return 999;
}
static int proc_file(void) {
  return open("/proc/self/comm", O_WRONLY);
}
static int terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
    return -1;
  other_end = master;
  return open(ptsname(master), O_RDWR | O_NOCTTY);
}
static int hung_up_terminal(void) {
  int fd = terminal();
  return fd < 0 ? -1 : broken(fd);
}

static int (*const things[])(void) = {
    whole_pipe,     broken_pipe, whole_stream, broken_stream, broken_datagram,
    broken_packets, half_closed, plain_file,   null_device,   full_device,
    read_only,      bad_fd,      proc_file,    terminal,      hung_up_terminal,
};

/* -- Calls, and the same without us ---------------------------------------- */

static ssize_t errno_of(ssize_t n) {
  return n < 0 ? -errno : n;
}

static ssize_t our_write(int fd, const char *data, size_t size) {
  return belay_write(fd, data, size);
}
static ssize_t their_write(int fd, const char *data, size_t size) {
  return errno_of(write(fd, data, size));
}
static ssize_t our_writev(int fd, const char *data, size_t size) {
  struct iovec parts[2] = {{(void *)(uintptr_t)data, size}, {NULL, 0}};
  return belay_writev(fd, parts, 2);
}
static ssize_t their_writev(int fd, const char *data, size_t size) {
  struct iovec parts[2] = {{(void *)(uintptr_t)data, size}, {NULL, 0}};
  return errno_of(writev(fd, parts, 2));
}
static ssize_t our_send(int fd, const char *data, size_t size) {
  return belay_send(fd, data, size, 0);
}
static ssize_t their_send(int fd, const char *data, size_t size) {
  return errno_of(send(fd, data, size, 0));
}
static ssize_t our_sendmsg(int fd, const char *data, size_t size) {
  struct iovec part = {(void *)(uintptr_t)data, size};
  return belay_sendmsg(fd, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1},
                       0);
}
static ssize_t their_sendmsg(int fd, const char *data, size_t size) {
  struct iovec part = {(void *)(uintptr_t)data, size};
  return errno_of(
      sendmsg(fd, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1}, 0));
}

/* A file that holds the data, at its start. */
static int source_file(const char *data, size_t size) {
  FILE *file = tmpfile();
  CHECK(file != NULL);
  int fd = dup(fileno(file));
  fclose(file);
  CHECK_EQ(pwrite(fd, data, size, 0), (ssize_t)size);
  return fd;
}

#ifndef BELAY_TEST_PORTABLE
static ssize_t our_sendfile(int fd, const char *data, size_t size) {
  int in = source_file(data, size);
  ssize_t n = belay_sendfile(fd, in, NULL, size);
  close(in);
  return n;
}
static ssize_t their_sendfile(int fd, const char *data, size_t size) {
  int in = source_file(data, size);
  ssize_t n = errno_of(sendfile(fd, in, NULL, size));
  close(in);
  return n;
}
static ssize_t our_splice(int fd, const char *data, size_t size) {
  int in = source_file(data, size);
  int64_t offset = 0;
  ssize_t n = belay_splice(in, &offset, fd, NULL, size, 0);
  CHECK_EQ(offset, n > 0 ? n : 0);
  close(in);
  return n;
}
static ssize_t their_splice(int fd, const char *data, size_t size) {
  int in = source_file(data, size);
  loff_t offset = 0;
  ssize_t n = errno_of(splice(in, &offset, fd, NULL, size, 0));
  close(in);
  return n;
}
#endif

static const struct {
  ssize_t (*ours)(int fd, const char *data, size_t size);
  ssize_t (*theirs)(int fd, const char *data, size_t size);
} calls[] = {
    {our_write, their_write},       {our_writev, their_writev},
    {our_send, their_send},         {our_sendmsg, their_sendmsg},
#ifndef BELAY_TEST_PORTABLE
    {our_sendfile, their_sendfile}, {our_splice, their_splice},
#endif
};

static ssize_t do_call(ssize_t (*call)(int, const char *, size_t),
                       int (*make)(void), size_t size) {
  int fd = make();
  ssize_t n = fd < 0 ? -ENODEV : call(fd, "data", size);
  if (fd >= 0 && fd != 999)
    close(fd);
  if (other_end >= 0)
    close(other_end);
  other_end = -1;
  return n;
}

static atomic_int sigpipes;

static void count_sigpipe(int signo) {
  (void)signo;
  atomic_fetch_add(&sigpipes, 1);
}

/* What is written for nothing raises a signal too, or is an empty message. */
static void check_all_calls(size_t first_size) {
  for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
    for (size_t t = 0; t < sizeof things / sizeof *things; t++)
      for (size_t size = first_size; size <= 4; size += 4) {
        struct sigaction now = disposition(SIGPIPE);
        set_handler(SIGPIPE, SIG_IGN);
        ssize_t expected = do_call(calls[c].theirs, things[t], size);
        CHECK_OK(sigaction(SIGPIPE, &now, NULL));
        CHECK_EQ(do_call(calls[c].ours, things[t], size), expected);
      }
}

static void check_all_dispositions(void) {
  check_all_calls(0);
  set_handler(SIGPIPE, SIG_IGN);
  check_all_calls(0);
  set_handler(SIGPIPE, count_sigpipe);
  check_all_calls(0);
  set_handler(SIGPIPE, SIG_DFL);
  CHECK_EQ(sigpipes, 0);
}

TEST(every_call_to_everything_is_as_without_us_but_for_the_signal) {
  check_all_dispositions();
}

TEST(also_while_sigpipe_is_blocked) {
  sigset_t set, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigprocmask(SIG_BLOCK, &set, NULL);
  check_all_dispositions();
  sigpending(&pending);
  CHECK_EQ(sigismember(&pending, SIGPIPE), 0);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* -- From a file ----------------------------------------------------------- */

TEST(a_file_is_sent_from_an_offset_or_from_its_own_position) {
  int in = source_file("0123456789", 10), out = whole_pipe();
  off_t offset = 4;
  char got[16] = "";
  CHECK_EQ(belay_sendfile(out, in, &offset, 3), 3);
  CHECK_EQ(offset, 7);
  CHECK_EQ(belay_sendfile(out, in, NULL, 2), 2);
  CHECK_EQ(belay_sendfile(out, in, NULL, 100), 8);
  CHECK_EQ(belay_sendfile(out, in, NULL, 1), 0);
  CHECK_EQ(read(other_end, got, sizeof got), 13);
  CHECK_STR(got, "4560123456789");
  close(in);
  close(out);
  close(other_end);
}

TEST(what_could_not_be_sent_is_still_in_the_file) {
  int in = source_file("0123456789", 10), out = broken_pipe();
  off_t offset = 4;
  CHECK_ERR(belay_sendfile(out, in, &offset, 3), -EPIPE);
  CHECK_EQ(offset, 4);
  CHECK_ERR(belay_sendfile(out, in, NULL, 3), -EPIPE);
  CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
  close(in);
  close(out);
}

/* -- Kernels, and filters, that do not know the flag ----------------------- */

#if defined(HAS_SECCOMP) && defined(SYS_pwritev2)
static void forbid_pwritev2(int error) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    SKIP("no seccomp filter is permitted");
}

TEST(a_kernel_without_the_flag) {
  forbid_pwritev2(EOPNOTSUPP);
  check_all_dispositions();
}

TEST(a_kernel_without_the_call) {
  forbid_pwritev2(ENOSYS);
  check_all_dispositions();
}

TEST(a_filter_that_forbids_the_call) {
  forbid_pwritev2(EPERM);
  check_all_dispositions();
}

TEST(a_filter_that_comes_after_the_first_call) {
  CHECK_EQ(do_call(our_write, broken_pipe, 4), -EPIPE);
  forbid_pwritev2(ENOSYS);
  check_all_dispositions();
}
#endif
