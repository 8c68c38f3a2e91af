/* `cat -n | tr a-z A-Z`, fed by us and read by us in one loop.  Who first
 * writes all and then reads waits for ever: the pipes fill, and nobody empties
 * them. */
#include <belay/belay.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct belay_process *start(char *const argv[], int in, int out) {
  struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;
  struct belay_process *process = NULL;
  options.stdin_fd = in;
  options.stdout_fd = out;
  int error = belay_process_start(argv, &options, &process);
  if (error < 0)
    printf("%s: %s\n", argv[0], strerror(-error));
  return process;
}

/* One to the other by a pipe of ours, of which we keep nothing. */
static int start_both(struct belay_process *both[2]) {
  char cat[] = "cat", n[] = "-n", tr[] = "tr", from[] = "a-z", to[] = "A-Z";
  int ends[2];
  if (pipe(ends) < 0)
    return 0;
  both[0] = start((char *[]){cat, n, NULL}, BELAY_STDIO_PIPE, ends[1]);
  both[1] = start((char *[]){tr, from, to, NULL}, ends[0], BELAY_STDIO_PIPE);
  close(ends[0]);
  close(ends[1]);
  return both[0] != NULL && both[1] != NULL;
}

static void show_end(const char *name, struct belay_process *process) {
  struct belay_process_status status;
  if (belay_process_wait(process, -1, &status) > 0)
    printf("%s: %s %d\n", name,
           status.state == BELAY_PROCESS_EXITED ? "status" : "signal",
           status.code);
  belay_process_free(process);
}

int main(void) {
  static char input[1000000], output[65536]; /* more than a pipe holds */
  struct belay_process *both[2];
  struct belay_source *feeding;
  struct belay_loop *loop;
  struct belay_event event;
  size_t sent = 0, got = 0;
  ssize_t n = 1;
  for (size_t i = 0; i < sizeof(input); i += 10)
    memcpy(&input[i], "two hands\n", 10);
  if (!start_both(both) || belay_loop_new(&loop) < 0)
    return 1;
  int in = belay_process_pipe(both[0], 0), out = belay_process_pipe(both[1], 1);
  if (belay_loop_add_fd(loop, in, BELAY_FD_WRITE, NULL, &feeding) < 0 ||
      belay_loop_add_fd(loop, out, BELAY_FD_READ, NULL, NULL) < 0)
    return 1;
  while (n != 0 && belay_loop_next(loop, -1, &event) > 0) {
    if (event.fd == out) {
      n = read(out, output, sizeof(output)); /* 0: its end */
      got += n > 0 ? (size_t)n : 0;
      continue;
    }
    ssize_t written = belay_write(in, input + sent, sizeof(input) - sent);
    sent += written > 0 ? (size_t)written : 0;
    if (sent == sizeof(input) || written == -EPIPE) {
      belay_source_remove(feeding); /* first the source, then its fd */
      belay_process_close_pipe(both[0], 0);
    }
  }
  belay_loop_free(loop);
  printf("sent %zu bytes, got %zu\n", sent, got);
  show_end("cat", both[0]);
  show_end("tr", both[1]);
  return 0;
}
