/* The self-pipe: the handler sets a flag, then writes a byte; the program
 * empties the pipe, then takes the flag, then acts.  One sees that in this
 * order nothing is lost, though more signals come than fit into the pipe. */
#include <belay/signal.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t happened;

/* Waits until the pipe is readable and empties it: how many bytes it had. */
static size_t wait_and_empty(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  char bytes[4096];
  size_t total = 0;
  while (poll(&ready, 1, -1) < 0)
    continue; /* EINTR: poll() is never restarted */
  for (ssize_t n; (n = read(fd, bytes, sizeof(bytes))) > 0; total += (size_t)n)
    continue;
  return total;
}

/* Cleared before the action: what comes during it is for the next time. */
static void take_flag_and_act(void) {
  if (happened) {
    happened = 0;
    puts("  it happened, acting");
  } else {
    puts("  nothing new: a wake-up too many does no harm");
  }
}

static void between_emptying_and_acting(int fd) {
  puts("a signal, and one more after the pipe was emptied:");
  raise(SIGUSR1);
  wait_and_empty(fd);
  raise(SIGUSR1); /* acting first and emptying then would lose this one */
  take_flag_and_act();
  wait_and_empty(fd);
  take_flag_and_act();
}

/* A full pipe is readable already; so the handler never waits.  A stream keeps
 * these rules by itself, and counts what was merged. */
static void more_than_fit(int fd, int count) {
  struct belay_stream *stream;
  struct belay_siginfo info;
  uint64_t counted = 0;
  if (belay_stream_open((int[]){SIGUSR1, 0}, 0, &stream) < 0)
    return;
  printf("%d signals:\n", count);
  for (int i = 0; i < count; i++)
    raise(SIGUSR1);
  printf("  %zu bytes, one wake-up\n", wait_and_empty(fd));
  take_flag_and_act();
  while (belay_stream_read(stream, &info) > 0)
    counted += info.count;
  printf("  a stream beside it counted %" PRIu64 "\n", counted);
  belay_stream_free(stream);
}

int main(void) {
  struct belay_action *set, *wake;
  int ends[2];
  if (pipe(ends) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
      belay_action_flag(SIGUSR1, &happened, 1, 0, &set) < 0 || /* in this */
      belay_action_wake(SIGUSR1, ends[1], 0, &wake) < 0)       /* order */
    return 1;
  between_emptying_and_acting(ends[0]);
  more_than_fit(ends[0], 100000);
  belay_action_remove(wake); /* before its fd is closed */
  belay_action_remove(set);
  return close(ends[0]) < 0 || close(ends[1]) < 0;
}
