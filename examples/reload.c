/* A service's two signals: SIGHUP reads the configuration again, SIGTERM ends
 * it.  The new one is read as a whole before it takes the old one's place, so
 * that a mistake in the file changes nothing. */
#include <belay/signal.h>
#include <stdio.h>
#include <string.h>

struct settings {
  char greeting[64];
  int workers;
};

static int read_line(const char *line, struct settings *settings) {
  return line[0] == '#' || line[0] == '\n' ||
         sscanf(line, "greeting = %63[^\n]", settings->greeting) == 1 ||
         sscanf(line, "workers = %d", &settings->workers) == 1;
}

/* Whether all of it was understood; else *settings stays as it was. */
static int load(const char *path, struct settings *settings) {
  struct settings fresh = {.greeting = "hello", .workers = 1};
  char line[128];
  int number = 0, good = 1;
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    printf("%s: cannot be read, nothing is changed\n", path);
    return 0;
  }
  while (good && fgets(line, sizeof(line), file) != NULL) {
    number++;
    good = read_line(line, &fresh);
  }
  fclose(file);
  if (good)
    *settings = fresh;
  else
    printf("line %d is not understood, nothing is changed\n", number);
  return good;
}

static void show(const struct settings *settings) {
  printf("greeting '%s', %d workers\n", settings->greeting, settings->workers);
}

int main(int argc, char **argv) {
  struct belay_stream *stream;
  struct belay_siginfo info;
  struct settings settings;
  setvbuf(stdout, NULL, _IOLBF, 0);
  /* Forced: for a service SIGHUP is no hang-up, whatever nohup says.  Before
   * the first reading, so that no change is missed after it. */
  if (argc != 2 || belay_stream_open((int[]){SIGHUP, SIGTERM, 0},
                                     BELAY_SIGNAL_FORCE, &stream) < 0)
    return 2;
  if (!load(argv[1], &settings))
    return 1;
  show(&settings);
  while (belay_stream_wait(stream, -1, &info) > 0 && info.signo == SIGHUP) {
    load(argv[1], &settings);
    show(&settings);
  }
  belay_stream_free(stream);
  puts("ended as it was told to"); /* for a service that is success */
  return 0;
}
