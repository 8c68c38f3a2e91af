/*
 * subject.c: what a command may do to whoever runs it: hear signals, stop, and
 * leave others behind, in sessions of their own, fleeing, multiplying.
 *
 *   subject hear [N...]   prints the number of each signal that comes, or of
 *                         each of these, while the others do what they do
 *   subject fds           prints the numbers of the open ones
 *   subject stop SIGNO    stops itself; says so when it goes on
 *   subject sessions N    leaves N daemons behind, each in its own session
 *   subject chains N S    N processes that fork, setsid and exit for ever
 *   subject bomb N S      forks until there are N, for ever; like the chains,
 *                         it ignores SIGTERM
 *   subject zombies N     ends with N children that nobody waited for
 *   subject pipe          leaves a daemon behind that holds standard output
 *
 * Invariant: whatever happens, all of it ends by itself: after S seconds, or
 * after two minutes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 120
#define NOBODYS_USER 54321

static void say(const char *word, long number) {
  char text[64];
  int size = snprintf(text, sizeof(text), "%s %ld\n", word, number);
  if (write(STDOUT_FILENO, text, (size_t)size) != size)
    _exit(99);
}

static time_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

static pid_t fork_or_end(void) {
  pid_t pid = fork();
  if (pid < 0)
    _exit(98);
  return pid;
}

static void wait_long(void) {
  alarm(LONGEST);
  for (;;)
    pause();
}

/* -- Signals --------------------------------------------------------------- */

/* Blocked, so that each is told, those that stop or end a process too.  What
 * is no number is none of a signal. */
static int hear(char **numbers) {
  const struct timespec longest = {LONGEST, 0};
  sigset_t wanted;
  if (*numbers == NULL)
    sigfillset(&wanted);
  else
    sigemptyset(&wanted);
  for (; *numbers != NULL; numbers++)
    sigaddset(&wanted, (int)strtol(*numbers, NULL, 10));
  sigprocmask(SIG_SETMASK, &wanted, NULL);
  say("ready", getpid());
  for (;;) {
    int signo = sigtimedwait(&wanted, NULL, &longest);
    if (signo < 0 && errno != EINTR)
      return 97;
    if (signo > 0)
      say("heard", signo);
  }
}

static int fds(void) {
  char text[256] = "fds";
  for (int fd = 0; fd < 64; fd++)
    if (fcntl(fd, F_GETFD) >= 0)
      snprintf(text + strlen(text), 4, " %d", fd);
  puts(text);
  return 0;
}

static int stop(int signo) {
  say("ready", getpid());
  raise(signo);
  say("went on", getpid());
  wait_long();
  return 0;
}

/* -- Leaving others behind ------------------------------------------------- */

static int sessions(long count) {
  for (long i = 0; i < count; i++)
    if (fork_or_end() == 0) {
      setsid();
      if (fork_or_end() == 0)
        wait_long();
      _exit(0);
    }
  while (wait(NULL) > 0)
    continue;
  say("sessions", count);
  return 0;
}

/* Each link lives for a moment, and is nobody's child when it is looked for. */
static void flee(time_t end) {
  while (now() < end) {
    if (fork_or_end() > 0)
      _exit(0);
    setsid();
  }
  _exit(0);
}

static int chains(long count, long seconds) {
  time_t end = now() + seconds;
  signal(SIGTERM, SIG_IGN);
  for (long i = 0; i < count; i++)
    if (fork_or_end() == 0)
      flee(end);
  say("chains", count);
  return 0;
}

/*
 * Held at `most`: the superuser becomes a user of whom the kernel counts the
 * processes, so that each that is killed is replaced at once; anybody else
 * stops for good when so many were ever made.
 */
static void multiply(long most, time_t end, long *made) {
  while (now() < end) {
    if (__atomic_load_n(made, __ATOMIC_RELAXED) >= most && getuid() != 0 &&
        getuid() != NOBODYS_USER) {
      usleep(1000);
      continue;
    }
    pid_t pid = fork();
    if (pid > 0)
      __atomic_add_fetch(made, 1, __ATOMIC_RELAXED);
    else if (pid < 0)
      usleep(1000);
    while (waitpid(-1, NULL, WNOHANG) > 0)
      continue;
  }
  _exit(0);
}

static int bomb(long most, long seconds) {
  const struct rlimit limit = {(rlim_t)most, (rlim_t)most};
  long *made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED)
    return 96;
  if (getuid() == 0 && (setrlimit(RLIMIT_NPROC, &limit) != 0 ||
                        setgid(NOBODYS_USER) != 0 || setuid(NOBODYS_USER) != 0))
    return 95;
  signal(SIGTERM, SIG_IGN);
  time_t end = now() + seconds;
  if (fork_or_end() == 0) {
    setsid();
    multiply(most, end, made);
  }
  while (__atomic_load_n(made, __ATOMIC_RELAXED) < most * 9 / 10 && now() < end)
    usleep(1000);
  say("bomb", __atomic_load_n(made, __ATOMIC_RELAXED));
  return 0;
}

static int zombies(long count) {
  for (long i = 0; i < count; i++)
    if (fork_or_end() == 0)
      _exit(0);
  say("zombies", count);
  return 0;
}

static int hold_pipe(void) {
  pid_t pid = fork_or_end();
  if (pid == 0) {
    setsid();
    wait_long();
  }
  say("holding", pid);
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  long first = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
  long second = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
  if (strcmp(what, "hear") == 0)
    return hear(argv + 2);
  if (strcmp(what, "fds") == 0)
    return fds();
  if (strcmp(what, "stop") == 0)
    return stop((int)first);
  if (strcmp(what, "sessions") == 0)
    return sessions(first);
  if (strcmp(what, "chains") == 0)
    return chains(first, second);
  if (strcmp(what, "bomb") == 0)
    return bomb(first, second);
  if (strcmp(what, "zombies") == 0)
    return zombies(first);
  if (strcmp(what, "pipe") == 0)
    return hold_pipe();
  fprintf(stderr, "subject: what?\n");
  return 2;
}
