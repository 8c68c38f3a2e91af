/* Runs its arguments as shell commands, all at once, each as a job: with all
 * that it starts.  Ctrl-C is passed on to them, and what is still there half a
 * second later is killed; Ctrl-Z stops them too.  How each ended is shown. */
#include <belay/belay.h>
#include <stdio.h>
#include <string.h>

#define HALF_A_SECOND INT64_C(500000000)

static struct command {
  const char *text;
  struct belay_job *job;
} commands[16];

static int start(struct belay_loop *loop, struct command *command, char *text) {
  char sh[] = "sh", option[] = "-c", *argv[] = {sh, option, text, NULL};
  command->text = text;
  int error = belay_job_start(loop, argv, NULL, 0, command, &command->job);
  if (error < 0)
    printf("%s: %s\n", text, strerror(-error));
  return error == 0;
}

static void show(const char *text, const struct belay_process_status *status) {
  char words[64];
  belay_process_describe(status, words, sizeof(words));
  printf("%s: %s\n", text, words);
}

/* Politely, and surely later; a job that has ended already does not mind. */
static void end_all(int signo) {
  for (struct command *command = commands; command->job != NULL; command++)
    belay_job_end(command->job, signo, HALF_A_SECOND);
}

int main(int argc, char **argv) {
  const int signals[] = {SIGINT, SIGTERM, SIGTSTP, 0};
  struct belay_loop *loop;
  struct belay_event event;
  int running = 0, ended_by = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc > 16 || belay_loop_new(&loop) < 0 ||
      belay_loop_add_signals(loop, signals, 0, NULL, NULL) < 0)
    return 1;
  for (int i = 1; i < argc; i++)
    running += start(loop, &commands[running], argv[i]);
  while (running > 0 && belay_loop_next(loop, -1, &event) > 0) {
    if (event.type == BELAY_EVENT_PROCESS) {
      show(((struct command *)event.data)->text, &event.process);
      running--;
    } else if (event.signal.signo == SIGTSTP) {
      belay_loop_stop(loop, SIGTSTP, 0); /* with the jobs; until `fg` */
    } else {
      end_all(ended_by == 0 ? event.signal.signo : SIGKILL);
      ended_by = event.signal.signo;
    }
  }
  for (struct command *command = commands; command->job != NULL; command++)
    belay_job_free(command->job); /* with what it may have left behind */
  belay_loop_free(loop);
  return ended_by != 0 && belay_signal_default(ended_by) < 0;
}
