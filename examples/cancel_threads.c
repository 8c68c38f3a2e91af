/* Threads that a signal cancels: each has a cancel below a common one, so they
 * can be stopped one by one or, as here, all at once. */
#include <belay/belay.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define WORKERS 4

static void *work(void *cancel) {
  while (belay_cancel_level(cancel) == BELAY_CANCEL_NONE)
    usleep(500); /* one step of the work */
  puts("worker: stopped between two steps");
  return NULL;
}

int main(void) {
  struct belay_cancel *all, *each[WORKERS];
  struct belay_stream *stream;
  struct belay_siginfo info;
  pthread_t threads[WORKERS];
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (belay_stream_open((int[]){SIGINT, SIGTERM, 0}, 0, &stream) < 0 ||
      belay_cancel_new(NULL, &all) < 0)
    return 1;
  for (int i = 0; i < WORKERS; i++)
    if (belay_cancel_new(all, &each[i]) < 0 ||
        pthread_create(&threads[i], NULL, work, each[i]) != 0)
      return 1;
  puts("working; SIGINT or SIGTERM stops it");
  if (belay_stream_wait(stream, -1, &info) > 0)
    belay_cancel_request(all, BELAY_CANCEL_ASKED);
  for (int i = 0; i < WORKERS; i++) {
    pthread_join(threads[i], NULL);
    belay_cancel_free(each[i]);
  }
  belay_cancel_free(all);
  belay_stream_free(stream);
  puts("all workers have stopped");
}
