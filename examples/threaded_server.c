/* A server with a thread for each connection, which repeats what it hears.  The
 * first Ctrl-C ends the accepting and lets connections come to their end; the
 * second ends the program at once, in the handler itself. */
#include <belay/belay.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct belay_channel *ended; /* threads that have come to their end */

static void *serve(void *data) {
  int fd = (int)(intptr_t)data;
  pthread_t self = pthread_self();
  char text[512];
  ssize_t n;
  while ((n = read(fd, text, sizeof(text))) > 0 &&
         belay_send(fd, text, (size_t)n, 0) == n)
    continue; /* a client that is gone ends this thread, not the process */
  close(fd);
  belay_channel_send(ended, &self, -1);
  return NULL;
}

static int start(int fd) {
  pthread_t thread;
  if (fd >= 0 && !pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
    return 1;
  close(fd);
  return 0;
}

static int listen_somewhere(void) {
  struct sockaddr_in here = {.sin_family = AF_INET};
  socklen_t size = sizeof(here);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(fd, (struct sockaddr *)&here, size) < 0 || listen(fd, 16) < 0 ||
      getsockname(fd, (struct sockaddr *)&here, &size) < 0)
    return -1;
  printf("listening on port %d\n", ntohs(here.sin_port));
  return fd;
}

int main(void) {
  static volatile sig_atomic_t asked;
  struct belay_action *end, *ask;
  struct belay_source *accepting;
  struct belay_loop *loop;
  struct belay_event event;
  pthread_t thread;
  setvbuf(stdout, NULL, _IOLBF, 0);
  int fd = listen_somewhere(), running = 0, ending = 0;
  /* In this order: `asked` is looked at, set, and then the loop hears of it. */
  if (belay_action_default(SIGINT, &asked, 0, &end) < 0 ||
      belay_action_flag(SIGINT, &asked, 1, 0, &ask) < 0 ||
      belay_loop_new(&loop) < 0 ||
      belay_loop_add_signals(loop, (int[]){SIGINT, 0}, 0, NULL, NULL) < 0 ||
      belay_loop_add_fd(loop, fd, BELAY_FD_READ, NULL, &accepting) < 0 ||
      belay_channel_new(16, sizeof(pthread_t), &ended) < 0 ||
      belay_loop_add_channel(loop, ended, NULL, NULL) < 0)
    return 1;
  while ((!ending || running > 0) && belay_loop_next(loop, -1, &event) > 0) {
    if (event.type == BELAY_EVENT_FD) {
      running += start(accept(fd, NULL, NULL));
    } else if (event.type == BELAY_EVENT_CHANNEL) {
      while (belay_channel_receive(ended, &thread) > 0)
        running -= pthread_join(thread, NULL) == 0;
    } else { /* the signal: who comes now is refused */
      ending = 1;
      belay_source_remove(accepting);
      close(fd);
      printf("no more are accepted; connections that run on: %d\n", running);
    }
  }
  belay_loop_free(loop);
  belay_channel_free(ended);
  return belay_signal_default(SIGINT) < 0;
}
