/* Two libraries in one process that know nothing of each other, and each has a
 * child.  SIGCHLD comes to both; each waits for its own child alone, by number,
 * and so neither takes the other's status away. */
#include <belay/signal.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What both have; each could as well have its own. */
struct library {
  const char *name;
  struct belay_stream *stream; /* each its own */
  pid_t child;                 /* 0: it has ended */
};

/* First the stream, then the child: it may end at once. */
static void start(struct library *library, const char *command) {
  if (belay_stream_open((int[]){SIGCHLD, 0}, 0, &library->stream) < 0)
    exit(1);
  library->child = fork();
  if (library->child == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
}

/* A record says that some child has changed; equal ones are merged.  So it is
 * taken as a hint to look, and one's own child is asked after. */
static void hear(struct library *library) {
  struct belay_siginfo info;
  int status, heard = 0;
  while (belay_stream_read(library->stream, &info) > 0)
    heard = 1;
  if (!heard || library->child == 0 ||
      waitpid(library->child, &status, WNOHANG) != library->child)
    return;
  library->child = 0;
  if (WIFEXITED(status))
    printf("%s: my child exited with %d\n", library->name, WEXITSTATUS(status));
  else
    printf("%s: my child was ended by %s\n", library->name,
           belay_signal_name(WTERMSIG(status)));
}

int main(void) {
  struct library one = {.name = "one"}, two = {.name = "two"};
  setvbuf(stdout, NULL, _IOLBF, 0);
  start(&one, "exit 3");
  start(&two, "kill -TERM $$");
  struct pollfd fds[] = {{.fd = belay_stream_fd(one.stream), .events = POLLIN},
                         {.fd = belay_stream_fd(two.stream), .events = POLLIN}};
  while (one.child != 0 || two.child != 0) {
    if (poll(fds, 2, -1) > 0) { /* else interrupted */
      hear(&one);
      hear(&two);
    }
  }
  belay_stream_free(one.stream);
  belay_stream_free(two.stream);
  puts("each has heard of its own");
  return 0;
}
