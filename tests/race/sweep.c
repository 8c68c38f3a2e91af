/*
 * sweep.c: a program that uses the library from end to end, to be interrupted
 * by SIGUSR1 at each of its system calls in turn (test_sweep.py).
 *
 * It is started with SIGUSR1 ignored, sends itself some, and may get one more.
 * Three subscribers, one within the other's time, have to agree on how many
 * there were.  Exits with 0, or says what is not as it should be.
 */
#include <belay/belay.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))

static void fail(int line, const char *what) {
  fprintf(stderr, "sweep.c:%d: not so: %s (errno %d)\n", line, what, errno);
  exit(1);
}

static volatile sig_atomic_t handled; /* by the action */
static uint64_t sent, streamed, looped;

static void count_one(const struct belay_siginfo *info, void *context,
                      void *data) {
  (void)info, (void)context, (void)data;
  handled++;
}

static void send_one(void) {
  CHECK(raise(SIGUSR1) == 0);
  sent++;
}

static int open_fds(void) {
  int count = 0;
  for (int fd = 0; fd < 64; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void drain(struct belay_stream *stream) {
  struct belay_siginfo info;
  int result;
  while ((result = belay_stream_read(stream, &info)) == 1)
    streamed += info.count;
  CHECK(result == 0);
}

/* Signals, a timer, a message and a child, each of which has to come. */
static void use_loop(struct belay_loop *loop, struct belay_channel *channel) {
  char *argv[] = {(char[]){"true"}, NULL};
  struct belay_process *process;
  struct belay_source *child;
  uint64_t before = looped;
  unsigned seen = 0;
  const unsigned all = 1u << BELAY_EVENT_SIGNAL | 1u << BELAY_EVENT_TIMER |
                       1u << BELAY_EVENT_CHANNEL | 1u << BELAY_EVENT_PROCESS;
  CHECK(belay_process_start(argv, NULL, &process) == 0);
  CHECK(belay_loop_add_process(loop, process, 0, NULL, &child) == 0);
  CHECK(belay_loop_add_timer(loop, MS, 0, NULL, NULL) == 0);
  CHECK(belay_channel_send(channel, "x", 0) == 0);
  send_one();
  while (seen != all || looped == before) {
    struct belay_event event;
    char byte;
    CHECK(belay_loop_next(loop, 5000 * MS, &event) == 1);
    seen |= 1u << event.type;
    if (event.type == BELAY_EVENT_SIGNAL)
      looped += event.signal.count;
    if (event.type == BELAY_EVENT_CHANNEL)
      CHECK(belay_channel_receive(channel, &byte) == 1);
    if (event.type == BELAY_EVENT_PROCESS)
      CHECK(event.process.state == BELAY_PROCESS_EXITED);
  }
  belay_source_remove(child);
  belay_process_free(process);
}

static void use_sigpipe(void) {
  struct belay_sigpipe_guard guard;
  int fds[2];
  CHECK(pipe(fds) == 0);
  close(fds[0]);
  CHECK(belay_write(fds[1], "x", 1) == -EPIPE);
  belay_sigpipe_begin(&guard);
  CHECK(write(fds[1], "x", 1) < 0 && errno == EPIPE);
  send_one();
  belay_sigpipe_end(&guard);
  close(fds[1]);
}

static void drain_loop(struct belay_loop *loop) {
  struct belay_event event;
  while (belay_loop_next(loop, 0, &event) == 1)
    if (event.type == BELAY_EVENT_SIGNAL)
      looped += event.signal.count;
}

int main(void) {
  const int signals[] = {SIGUSR1, 0};
  struct belay_action *action;
  struct belay_stream *stream;
  struct belay_loop *loop;
  struct belay_channel *channel;
  struct belay_siginfo info;
  int fds = open_fds();
  CHECK(belay_action_call(SIGUSR1, count_one, NULL, 0, &action) == 0);
  CHECK(belay_stream_open(signals, 0, &stream) == 0);
  CHECK(belay_loop_new(&loop) == 0);
  CHECK(belay_loop_add_signals(loop, signals, 0, NULL, NULL) == 0);
  CHECK(belay_channel_new(4, 1, &channel) == 0);
  CHECK(belay_loop_add_channel(loop, channel, NULL, NULL) == 0);
  send_one();
  CHECK(belay_stream_wait(stream, 5000 * MS, &info) == 1);
  streamed += info.count;
  use_loop(loop, channel);
  use_sigpipe();
  CHECK(belay_signal_default(SIGCHLD) == 0);

  drain_loop(loop);
  belay_loop_free(loop);
  belay_channel_free(channel);
  drain(stream);
  belay_stream_close(stream);
  while (belay_stream_read(stream, &info) == 1)
    streamed += info.count;
  belay_stream_free(stream);
  belay_action_remove(action);

  struct sigaction now;
  CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
  CHECK(open_fds() == fds);
  uint64_t total = (uint64_t)handled;
  CHECK(total == sent || total == sent + 1);
  CHECK(streamed >= sent && streamed <= total);
  CHECK(looped + 1 >= sent && looped <= streamed);
  return 0;
}
