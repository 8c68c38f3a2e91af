/*
 * client.c: many connections at once, from one thread, and what became of them.
 *
 *     client rst PORT AT-ONCE SECONDS [say]   resets a second
 *     client hold PORT COUNT                  "held", then waits for the ends
 *     client drip PORT COUNT BYTES PERIOD-MS  how well bytes keep their times
 *     client pull PORT COUNT BYTES            MiB/s over all connections
 *     client source                           a port that sends without end
 *
 * `say`: a request is sent, for servers that reset nobody who is silent.  Times
 * are those of CLOCK_MONOTONIC when epoll says that something has come.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (256 * 1024)
#define WARM_UP 10 /* bytes of a drip that come while others still connect */

struct client {
  int fd;
  long bytes;
  int64_t first_ns, last_ns;
};

static int epoll_fd;
static struct sockaddr_in server = {.sin_family = AF_INET};
static char block[BLOCK];
static const char request[] = "GET / HTTP/1.0\r\n\r\n";

static _Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Connected, or about to be. */
static void open_client(struct client *client, int flags) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP,
                              .data.ptr = client};
  *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | flags, 0)};
  if (client->fd < 0)
    fail("socket");
  if (connect(client->fd, (struct sockaddr *)&server, sizeof(server)) < 0 &&
      errno != EINPROGRESS && errno != ECONNRESET)
    fail("connect");
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->fd, &event) < 0)
    fail("epoll_ctl");
}

static struct client *open_all(long count) {
  struct client *clients = calloc((size_t)count, sizeof(*clients));
  if (clients == NULL)
    fail("calloc");
  for (long i = 0; i < count; i++)
    open_client(&clients[i], 0);
  return clients;
}

/* -- Resets ---------------------------------------------------------------- */

static int rst(long at_once, double seconds, int says) {
  struct client *clients = calloc((size_t)at_once, sizeof(*clients));
  struct epoll_event events[64];
  long resets = 0, others = 0;
  int64_t begin = now_ns(), end = begin + (int64_t)(seconds * 1e9), now;
  for (long i = 0; i < at_once; i++) {
    open_client(&clients[i], says ? 0 : SOCK_NONBLOCK);
    if (says)
      (void)send(clients[i].fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
  }
  while ((now = now_ns()) < end) {
    int n = epoll_wait(epoll_fd, events, 64, 1000);
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      ssize_t got = read(client->fd, block, sizeof(block));
      if (got > 0 || (got < 0 && errno == EAGAIN))
        continue;
      resets += got < 0 && errno == ECONNRESET;
      others += !(got < 0 && errno == ECONNRESET);
      close(client->fd);
      open_client(client, says ? 0 : SOCK_NONBLOCK);
      if (says)
        (void)send(client->fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
    }
  }
  printf("%.0f %ld\n", (double)resets * 1e9 / (double)(now - begin), others);
  return 0;
}

/* -- Silence --------------------------------------------------------------- */

static int hold(long count) {
  struct epoll_event events[64];
  open_all(count);
  puts("held");
  fflush(stdout);
  for (long left = count; left > 0;) {
    int n = epoll_wait(epoll_fd, events, 64, -1);
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      if (read(client->fd, block, sizeof(block)) > 0)
        continue;
      close(client->fd);
      left--;
    }
  }
  puts("over");
  return 0;
}

/* -- Drips ----------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* How far the distance of each byte to the one before is from the period. */
static long take_drip(struct client *client, ssize_t n, double period_ns,
                      double *errors) {
  int64_t now = now_ns();
  long count = 0;
  for (; n > 0; n--) {
    if (++client->bytes <= WARM_UP)
      client->first_ns = now;
    else {
      double error = (double)(now - client->last_ns) - period_ns;
      errors[count++] = error < 0 ? -error : error;
    }
    client->last_ns = now;
  }
  return count;
}

static int drip(long count, long bytes, double period_ms) {
  double *errors = calloc((size_t)(count * bytes), sizeof(*errors));
  double sum = 0, worst = 0, period_ns = period_ms * 1e6;
  struct epoll_event events[64];
  struct client *clients = open_all(count);
  long found = 0;
  for (long left = count; left > 0;) {
    int n = epoll_wait(epoll_fd, events, 64, -1);
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      ssize_t got = read(client->fd, block, (size_t)(bytes - client->bytes));
      if (got <= 0)
        fail("read");
      found += take_drip(client, got, period_ns, errors + found);
      if (client->bytes == bytes) {
        close(client->fd);
        left--;
      }
    }
  }
  for (long i = 0; i < count; i++) {
    double mean = (double)(clients[i].last_ns - clients[i].first_ns) /
                  (double)(bytes - WARM_UP);
    double drift = (mean / period_ns - 1) * 100;
    sum += mean;
    if ((drift < 0 ? -drift : drift) > worst)
      worst = drift < 0 ? -drift : drift;
  }
  qsort(errors, (size_t)found, sizeof(*errors), by_value);
  /* mean period ms, drift %, worst connection's %, median and p99 error ms */
  printf("%.5f %.5f %.5f %.5f %.5f\n", sum / (double)count / 1e6,
         (sum / (double)count / period_ns - 1) * 100, worst,
         errors[found / 2] / 1e6, errors[found * 99 / 100] / 1e6);
  return 0;
}

/* -- Throughput ------------------------------------------------------------ */

static int pull(long count, long bytes) {
  struct epoll_event events[64];
  long left = bytes;
  open_all(count);
  int64_t begin = now_ns();
  while (left > 0) {
    int n = epoll_wait(epoll_fd, events, 64, -1);
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      ssize_t got = read(client->fd, block, sizeof(block));
      if (got <= 0)
        fail("read");
      left -= got;
    }
  }
  printf("%.1f\n",
         (double)bytes / 1048576 / ((double)(now_ns() - begin) / 1e9));
  return 0;
}

static void *send_for_ever(void *fd) {
  while (send((int)(intptr_t)fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
    ;
  close((int)(intptr_t)fd);
  return NULL;
}

static int source(void) {
  socklen_t size = sizeof(server);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&server, size) < 0 ||
      listen(listener, 1024) < 0 ||
      getsockname(listener, (struct sockaddr *)&server, &size) < 0)
    fail("source");
  printf("%d\n", ntohs(server.sin_port));
  fflush(stdout);
  for (;;) {
    pthread_t thread;
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0 &&
        pthread_create(&thread, NULL, send_for_ever, (void *)(intptr_t)fd) == 0)
      pthread_detach(thread);
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((uint16_t)(argc > 2 ? atoi(argv[2]) : 0));
  epoll_fd = epoll_create1(0);
  if (strcmp(mode, "rst") == 0 && argc >= 5)
    return rst(atol(argv[3]), atof(argv[4]), argc > 5);
  if (strcmp(mode, "hold") == 0 && argc == 4)
    return hold(atol(argv[3]));
  if (strcmp(mode, "drip") == 0 && argc == 6)
    return drip(atol(argv[3]), atol(argv[4]), atof(argv[5]));
  if (strcmp(mode, "pull") == 0 && argc == 5)
    return pull(atol(argv[3]), atol(argv[4]));
  if (strcmp(mode, "source") == 0)
    return source();
  fprintf(stderr, "client: see its first lines\n");
  return 2;
}
