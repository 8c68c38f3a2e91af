/*
 * name.c: signals by name and names by signal, real-time ones included.
 * No table but this one; every result is a constant string.
 */
#include <belay/signal.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "signal/slot.h"

#define NAME(signo) [signo] = #signo
static const char *const names[BELAY__NSIG] = {
    NAME(SIGHUP),    NAME(SIGINT),  NAME(SIGQUIT),  NAME(SIGILL),
    NAME(SIGTRAP),   NAME(SIGABRT), NAME(SIGBUS),   NAME(SIGFPE),
    NAME(SIGKILL),   NAME(SIGUSR1), NAME(SIGSEGV),  NAME(SIGUSR2),
    NAME(SIGPIPE),   NAME(SIGALRM), NAME(SIGTERM),  NAME(SIGCHLD),
    NAME(SIGCONT),   NAME(SIGSTOP), NAME(SIGTSTP),  NAME(SIGTTIN),
    NAME(SIGTTOU),   NAME(SIGURG),  NAME(SIGXCPU),  NAME(SIGXFSZ),
    NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH), NAME(SIGSYS),
#ifdef SIGIO
    NAME(SIGIO),
#endif
#ifdef SIGPWR
    NAME(SIGPWR),
#endif
#ifdef SIGSTKFLT
    NAME(SIGSTKFLT),
#endif
#ifdef SIGINFO
    NAME(SIGINFO),
#endif
#ifdef SIGEMT
    NAME(SIGEMT),
#endif
};

static const struct {
  const char *name;
  int signo;
} aliases[] = {
    {"IOT", SIGABRT},
    {"CLD", SIGCHLD},
#ifdef SIGPOLL
    {"POLL", SIGPOLL},
#endif
};

#ifdef SIGRTMIN
#define RT(n) "SIGRTMIN+" #n
static const char *const real_time_names[] = {
    "SIGRTMIN", RT(1),  RT(2),  RT(3),  RT(4),  RT(5),  RT(6),  RT(7),
    RT(8),      RT(9),  RT(10), RT(11), RT(12), RT(13), RT(14), RT(15),
    RT(16),     RT(17), RT(18), RT(19), RT(20), RT(21), RT(22), RT(23),
    RT(24),     RT(25), RT(26), RT(27), RT(28), RT(29), RT(30), RT(31),
};
#define REAL_TIME_NAMES (sizeof(real_time_names) / sizeof(real_time_names[0]))

static const char *real_time_name(int signo) {
  if (signo < SIGRTMIN || signo > SIGRTMAX)
    return NULL;
  size_t offset = (size_t)(signo - SIGRTMIN);
  return offset < REAL_TIME_NAMES ? real_time_names[offset] : NULL;
}
#else
static const char *real_time_name(int signo) {
  (void)signo;
  return NULL;
}
#endif

const char *belay_signal_name(int signo) {
  if (signo < 1 || signo >= BELAY__NSIG)
    return NULL;
  return names[signo] != NULL ? names[signo] : real_time_name(signo);
}

/* A decimal number without sign or anything after it; -EINVAL. */
static int parse_number(const char *text) {
  if (text[0] < '0' || text[0] > '9')
    return -EINVAL;
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (*end != '\0' || errno != 0 || number >= BELAY__NSIG)
    return -EINVAL;
  return (int)number;
}

#ifdef SIGRTMIN
/* "RTMIN", "RTMIN+3", "RTMAX-1". */
static int parse_real_time(const char *name) {
  bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
  if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
    return -EINVAL;
  const char *rest = name + 5;
  int offset = 0;
  if (*rest != '\0') {
    if (*rest != (from_min ? '+' : '-'))
      return -EINVAL;
    offset = parse_number(rest + 1);
  }
  if (offset < 0 || offset > SIGRTMAX - SIGRTMIN)
    return -EINVAL;
  return from_min ? SIGRTMIN + offset : SIGRTMAX - offset;
}
#else
static int parse_real_time(const char *name) {
  (void)name;
  return -EINVAL;
}
#endif

int belay_signal_number(const char *name) {
  int number = parse_number(name);
  if (number >= 0)
    return belay_signal_name(number) != NULL ? number : -EINVAL;
  if (strncasecmp(name, "SIG", 3) == 0)
    name += 3;
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    if (names[signo] != NULL && strcasecmp(name, names[signo] + 3) == 0)
      return signo;
  for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
    if (strcasecmp(name, aliases[i].name) == 0)
      return aliases[i].signo;
  return parse_real_time(name);
}
