/* A download manager's loop: signals, time and the worker's messages in one
 * place.  Ctrl-C interrupts it in good order and shows what each download has
 * come to, a second one ends it at once; Ctrl-Z stops the time too. */
#include <belay/belay.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define COUNT 3

/* A download as main knows it, and the message that tells of it. */
static struct download {
  int number, blocks, done;
  const char *name, *state;
} downloads[COUNT] = {{0, 20, 0, "notes.pdf", "queued"},
                      {1, 1000000, 0, "disk.iso", "queued"},
                      {2, 30, 0, "more.pdf", "queued"}};
static struct belay_channel *messages;
static struct belay_cancel *cancel;

static void *work(void *unused) {
  for (int i = 0; i < COUNT && !belay_cancel_level(cancel); i++) {
    struct download it = downloads[i];
    it.state = "downloading";
    while (it.done < it.blocks && !belay_cancel_level(cancel)) {
      usleep(1000); /* a block arrives, and is written */
      it.done++;
      belay_channel_send(messages, &it, -1);
    }
    it.state = it.done == it.blocks ? "completed" : "interrupted";
    belay_channel_send(messages, &it, -1); /* synced, to be gone on with */
  }
  belay_channel_close(messages);
  return unused;
}

static void show(const struct belay_stopwatch *watch) {
  printf("after %" PRId64 " ms\n", belay_stopwatch_elapsed(watch) / 1000000);
  for (const struct download *it = downloads; it < downloads + COUNT; it++)
    printf("  %-11s %s %d/%d\n", it->state, it->name, it->done, it->blocks);
}

int main(void) {
  const int signals[] = {SIGINT, SIGTERM, SIGTSTP, 0};
  struct belay_stopwatch watch;
  struct belay_loop *loop;
  struct belay_event event;
  struct download news;
  pthread_t worker;
  int n = 0, ended_by = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (belay_loop_new(&loop) < 0 || belay_cancel_new(NULL, &cancel) < 0 ||
      belay_channel_new(64, sizeof(struct download), &messages) < 0 ||
      belay_loop_add_channel(loop, messages, NULL, NULL) < 0 ||
      belay_loop_add_timer(loop, 0, 100000000, NULL, NULL) < 0 ||
      belay_loop_add_signals(loop, signals, 0, NULL, NULL) < 0 ||
      pthread_create(&worker, NULL, work, NULL) != 0)
    return 1;
  belay_stopwatch_start(&watch, loop);
  while (n == 0 && belay_loop_next(loop, -1, &event) > 0) {
    if (event.type == BELAY_EVENT_CHANNEL) {
      while ((n = belay_channel_receive(messages, &news)) > 0)
        downloads[news.number] = news; /* until 0, or -EPIPE: it was the last */
    } else if (event.type == BELAY_EVENT_TIMER) {
      show(&watch);
    } else if (event.signal.signo == SIGTSTP) {
      belay_loop_stop(loop, SIGTSTP, 0); /* returns with `fg` */
    } else if (ended_by != 0) {
      belay_signal_default(event.signal.signo);
    } else {
      ended_by = event.signal.signo;
      belay_cancel_request(cancel, BELAY_CANCEL_ASKED);
    }
  }
  pthread_join(worker, NULL);
  show(&watch);
  belay_loop_free(loop);
  return ended_by != 0 && belay_signal_default(ended_by) < 0;
}
