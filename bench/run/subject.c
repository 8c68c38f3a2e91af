/*
 * subject.c ROLE LOG [WORD]: the command whose fate bench/run/matrix looks at.
 * What happens to it, it writes to the file LOG, a line each, and never to the
 * terminal.  Words after these mean nothing and tell one from another.
 *
 *     wait      sleeps, with the default for every signal
 *     count     says every signal that comes, by number, and dies of none
 *     ignore    sleeps and ignores SIGTERM
 *     stopself  stops itself, and says when it goes on
 *     stdin     reads a line from standard input, tty from the terminal
 *     family    has a child that sleeps beside it
 *     escape    has a child in a session of its own
 *     sleepers  has 200 children
 *     inherit   says which signals are ignored and blocked
 *     die       kills itself by the signal whose number WORD is
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_fd;

static void say(const char *format, const char *text, long number) {
  char line[512];
  int n = snprintf(line, sizeof(line), format, text, number);
  if (n < 0 || write(log_fd, line, (size_t)n) != n)
    _exit(3);
}

static void sleep_for_ever(void) {
  say("ready %s%ld\n", "", (long)getpid());
  for (;;)
    pause();
}

static void on_signal(int signo) {
  char line[] = "signal ??\n";
  int error = errno;
  line[7] = (char)('0' + signo / 10);
  line[8] = (char)('0' + signo % 10);
  if (write(log_fd, line, sizeof(line) - 1) < 0)
    _exit(3);
  errno = error;
}

static void count(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  for (int signo = 1; signo < 32; signo++)
    if (signo != SIGCHLD && signo != SIGTSTP && signo != SIGTTIN &&
        signo != SIGTTOU && signo != SIGCONT)
      sigaction(signo, &action, NULL);
  sleep_for_ever();
}

static void stop_self(void) {
  say("ready %s%ld\n", "", (long)getpid());
  raise(SIGSTOP);
  say("goes on%s %ld\n", "", 0);
  for (;;)
    pause();
}

static void read_line(const char *path) {
  char line[256];
  int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : STDIN_FILENO;
  say("ready %s%ld\n", "", (long)getpid());
  ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
  line[n > 0 ? n : 0] = '\0';
  line[strcspn(line, "\n")] = '\0';
  say("line %s %ld\n", line, n);
  exit(n > 0 ? 0 : 1);
}

static void have_children(int children, bool escape) {
  for (int i = 0; i < children; i++) {
    if (fork() == 0) {
      if (escape)
        setsid();
      say("child %s%ld\n", "", (long)getpid());
      for (;;)
        pause();
    }
  }
  sleep_for_ever();
}

static void tell_inherited(void) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "re");
  while (status != NULL && fgets(line, sizeof(line), status) != NULL)
    if (strncmp(line, "SigIgn:", 7) == 0 || strncmp(line, "SigBlk:", 7) == 0) {
      line[strcspn(line, "\n")] = '\0';
      say("%s%.0ld\n", line, 0);
    }
}

static void play(const char *role, const char *word) {
  if (strcmp(role, "wait") == 0) {
    sleep_for_ever();
  } else if (strcmp(role, "count") == 0) {
    count();
  } else if (strcmp(role, "ignore") == 0) {
    signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
  } else if (strcmp(role, "stopself") == 0) {
    stop_self();
  } else if (strcmp(role, "stdin") == 0 || strcmp(role, "tty") == 0) {
    read_line(role[0] == 't' ? "/dev/tty" : NULL);
  } else if (strcmp(role, "family") == 0 || strcmp(role, "escape") == 0) {
    have_children(1, role[0] == 'e');
  } else if (strcmp(role, "sleepers") == 0) {
    have_children(200, false);
  } else if (strcmp(role, "inherit") == 0) {
    tell_inherited();
  } else if (strcmp(role, "die") == 0 && word != NULL) {
    raise(atoi(word));
  }
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  log_fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log_fd < 0)
    return 2;
  play(argv[1], argv[3]);
  return 0;
}
