/* sigpipe_table.c: a program that finds out which call raises SIGPIPE on which
 * kind of fd whose other end is gone, and prints it as a table.
 *
 * Each is tried in a child of its own with the signal at its default.  A cell
 * is "SIGPIPE" if the child died of it, else the error, else "ok". */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x100
#endif

/* A child that could not get as far as the call. */
enum { BROKEN = 255 };

static int must(int result) {
  if (result < 0) {
    perror("sigpipe_table");
    _exit(BROKEN);
  }
  return result;
}

/* -- Calls ----------------------------------------------------------------- */

static char byte[1] = "x";
static struct iovec part = {byte, sizeof byte};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

/* A pipe with something in it. */
static int full_pipe(void) {
  int fds[2];
  must(pipe(fds));
  must((int)write(fds[1], byte, sizeof byte));
  return fds[0];
}

static int small_file(void) {
  FILE *file = tmpfile();
  if (file == NULL)
    must(-1);
  must((int)pwrite(fileno(file), byte, sizeof byte, 0));
  return fileno(file);
}

static long call_write(int fd) {
  return write(fd, byte, sizeof byte);
}
static long call_writev(int fd) {
  return writev(fd, &part, 1);
}
static long call_send(int fd) {
  return send(fd, byte, sizeof byte, 0);
}
static long call_send_nosignal(int fd) {
  return send(fd, byte, sizeof byte, MSG_NOSIGNAL);
}
static long call_sendmsg(int fd) {
  return sendmsg(fd, &message, 0);
}
static long call_sendto(int fd) {
  return sendto(fd, byte, sizeof byte, 0, NULL, 0);
}
static long call_sendfile(int fd) {
  off_t offset = 0;
  return sendfile(fd, small_file(), &offset, sizeof byte);
}
static long call_splice(int fd) {
  return splice(full_pipe(), NULL, fd, NULL, sizeof byte, 0);
}
static long call_tee(int fd) {
  return tee(full_pipe(), fd, sizeof byte, 0);
}
static long call_vmsplice(int fd) {
  return vmsplice(fd, &part, 1, 0);
}
static long call_pwritev2(int fd) {
  return syscall(SYS_pwritev2, fd, &part, 1L, -1L, -1L, RWF_NOSIGNAL);
}

static const struct {
  const char *name;
  long (*call)(int fd);
} calls[] = {
    {"write", call_write},
    {"writev", call_writev},
    {"send", call_send},
    {"send+NOSIGNAL", call_send_nosignal},
    {"sendmsg", call_sendmsg},
    {"sendto", call_sendto},
    {"sendfile", call_sendfile},
    {"splice", call_splice},
    {"tee", call_tee},
    {"vmsplice", call_vmsplice},
    {"pwritev2+NOSIGNAL", call_pwritev2},
};

/* -- Kinds of fds ---------------------------------------------------------- */

static int make_pipe(void) {
  int fds[2];
  must(pipe(fds));
  close(fds[0]);
  return fds[1];
}

static int make_fifo(void) {
  char directory[] = "/tmp/sigpipe-table-XXXXXX", path[64];
  if (mkdtemp(directory) == NULL)
    must(-1);
  snprintf(path, sizeof path, "%s/fifo", directory);
  must(mkfifo(path, 0600));
  int reader = must(open(path, O_RDONLY | O_NONBLOCK));
  int writer = must(open(path, O_WRONLY));
  unlink(path);
  rmdir(directory);
  close(reader);
  return writer;
}

static int make_unix(int type) {
  int fds[2];
  must(socketpair(AF_UNIX, type, 0, fds));
  close(fds[0]);
  return fds[1];
}

static int make_unix_stream(void) {
  return make_unix(SOCK_STREAM);
}

static int make_unix_packets(void) {
  return make_unix(SOCK_SEQPACKET);
}

static void wait_for(int fd, short events) {
  struct pollfd pollfd = {.fd = fd, .events = events};
  while (poll(&pollfd, 1, -1) < 0 && errno == EINTR)
    continue;
}

/* A connection on the loopback: our end, and theirs. */
static int connect_tcp(int *ret_theirs) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = must(socket(AF_INET, SOCK_STREAM, 0));
  must(bind(listener, (struct sockaddr *)&address, sizeof address));
  must(listen(listener, 1));
  must(getsockname(listener, (struct sockaddr *)&address, &size));
  int ours = must(socket(AF_INET, SOCK_STREAM, 0));
  must(connect(ours, (struct sockaddr *)&address, sizeof address));
  *ret_theirs = must(accept(listener, NULL, NULL));
  close(listener);
  return ours;
}

/* They have closed it in good order, and answered our next byte with a reset,
 * as every write but the first one finds it. */
static int make_tcp(void) {
  int theirs, ours = connect_tcp(&theirs);
  close(theirs);
  wait_for(ours, POLLIN);
  must((int)write(ours, byte, sizeof byte));
  wait_for(ours, 0); /* for the hang-up */
  return ours;
}

/* They have reset it, and we have not been told yet. */
static int make_tcp_reset(void) {
  const struct linger at_once = {.l_onoff = 1};
  int theirs, ours = connect_tcp(&theirs);
  must(setsockopt(theirs, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  close(theirs);
  wait_for(ours, 0);
  return ours;
}

/* We have been told, by a read. */
static int make_tcp_reset_read(void) {
  int ours = make_tcp_reset();
  return read(ours, byte, sizeof byte) < 0 && errno == ECONNRESET ? ours
                                                                  : must(-1);
}

static int make_pty(void) {
  int master = must(posix_openpt(O_RDWR | O_NOCTTY));
  must(grantpt(master));
  must(unlockpt(master));
  int terminal = must(open(ptsname(master), O_RDWR | O_NOCTTY));
  close(master);
  return terminal;
}

static const struct {
  const char *name;
  int (*make)(void);
} kinds[] = {
    {"pipe", make_pipe},
    {"fifo", make_fifo},
    {"unix stream", make_unix_stream},
    {"unix packets", make_unix_packets},
    {"tcp", make_tcp},
    {"tcp reset", make_tcp_reset},
    {"reset, read", make_tcp_reset_read},
    {"pty", make_pty},
};

/* -- The table ------------------------------------------------------------- */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
  int number;
  const char *name;
} errors[] = {
    {0, "ok"},
    {EPIPE, "EPIPE"},
    {ECONNRESET, "ECONNRESET"},
    {ENOTSOCK, "ENOTSOCK"},
    {EINVAL, "EINVAL"},
    {EBADF, "EBADF"},
    {EIO, "EIO"},
    {ENOSYS, "ENOSYS"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
};

/* The wait status of a child that has tried it. */
static int try_it(size_t call, size_t kind) {
  int status;
  fflush(stdout);
  pid_t child = must(fork());
  if (child == 0) {
    signal(SIGPIPE, SIG_DFL);
    int fd = kinds[kind].make();
    long result = calls[call].call(fd);
    _exit(result < 0 ? errno : 0);
  }
  must(waitpid(child, &status, 0));
  return status;
}

static const char *describe(int status) {
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGPIPE ? "SIGPIPE" : "killed";
  if (WEXITSTATUS(status) == BROKEN)
    return "untried";
  for (size_t i = 0; i < COUNT(errors); i++)
    if (WEXITSTATUS(status) == errors[i].number)
      return errors[i].name;
  return "another";
}

int main(void) {
  printf("%-18s", "");
  for (size_t kind = 0; kind < COUNT(kinds); kind++)
    printf(" %-12s", kinds[kind].name);
  for (size_t call = 0; call < COUNT(calls); call++) {
    printf("\n%-18s", calls[call].name);
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
      printf(" %-12s", describe(try_it(call, kind)));
  }
  printf("\n");
  return 0;
}
