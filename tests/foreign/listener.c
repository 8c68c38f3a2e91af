/*
 * listener.c: a C library that reads a stream of signals on a thread of its own
 * and prints each record: the signal and its count.
 */
#include <belay/signal.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static struct belay_stream *stream;
static pthread_t thread;

static void *print_records(void *unused) {
  struct belay_siginfo info;
  while (belay_stream_wait(stream, -1, &info) > 0)
    dprintf(STDOUT_FILENO, "belay %d %" PRIu64 "\n", info.signo, info.count);
  return unused;
}

/* Returns 0 or a negative errno. */
int start_listening(const int *signals);
int start_listening(const int *signals) {
  int error = belay_stream_open(signals, 0, &stream);
  return error < 0 ? error
                   : -pthread_create(&thread, NULL, print_records, NULL);
}

void stop_listening(void);
void stop_listening(void) {
  belay_stream_close(stream);
  pthread_join(thread, NULL);
  belay_stream_free(stream);
}
