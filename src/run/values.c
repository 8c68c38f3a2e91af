/* values.c: signals, rewrites and limits, read whole or refused. */
#include "values.h"

#include <belay/signal.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/refuse.h"
#include "cli/unit.h"

/* -- Signals -------------------------------------------------------------- */

int value_signal(const char *option, const char *text, int *ret_signo,
                 char **ret_error) {
  int signo = belay_signal_number(text);
  if (signo <= 0)
    return refuse(ret_error, "%s: '%s' is no signal; try TERM, INT or a number",
                  option, text);
  *ret_signo = signo;
  return 0;
}

/* Nobody but the kernel has a say in these. */
static int refuse_unstoppable(const char *option, const char *text, int signo,
                              char **ret_error) {
  if (signo != SIGKILL && signo != SIGSTOP)
    return 0;
  return refuse(ret_error, "%s: %s can be neither caught, blocked nor ignored",
                option, text);
}

int value_signals(const char *option, const struct cli_strings *strings,
                  const int **ret_signals, char **ret_error) {
  size_t count = 0, most = 0;
  for (size_t i = 0; i < strings->count; i++)
    most += strlen(strings->items[i]) / 2 + 1;
  int *signals = calloc(most + 1, sizeof(*signals));
  if (signals == NULL)
    return refuse(ret_error, "out of memory");
  for (size_t i = 0; i < strings->count; i++)
    for (const char *rest = strings->items[i]; rest != NULL;) {
      char name[32];
      size_t size = strcspn(rest, ",");
      snprintf(name, sizeof(name), "%.*s", (int)size, rest);
      int error = value_signal(option, name, &signals[count], ret_error);
      if (error == 0)
        error = refuse_unstoppable(option, name, signals[count++], ret_error);
      if (error < 0) {
        free(signals);
        return error;
      }
      rest = rest[size] == ',' ? rest + size + 1 : NULL;
    }
  *ret_signals = signals;
  return 0;
}

static int read_rewrite(const char *text, struct run_rewrite *rewrite,
                        char **ret_error) {
  const char *equals = strchr(text, '=');
  char from[32];
  if (equals == NULL)
    return refuse(ret_error,
                  "--rewrite: '%s' is not of the form SIG=SIG, such as "
                  "TERM=INT",
                  text);
  snprintf(from, sizeof(from), "%.*s", (int)(equals - text), text);
  int error = value_signal("--rewrite", from, &rewrite->from, ret_error);
  if (error == 0)
    error = refuse_unstoppable("--rewrite", from, rewrite->from, ret_error);
  if (error < 0 || strcmp(equals + 1, "0") == 0)
    return error;
  return value_signal("--rewrite", equals + 1, &rewrite->to, ret_error);
}

int value_rewrites(const struct cli_strings *strings,
                   const struct run_rewrite **ret_rewrites, size_t *ret_count,
                   char **ret_error) {
  struct run_rewrite *rewrites = calloc(strings->count + 1, sizeof(*rewrites));
  if (rewrites == NULL)
    return refuse(ret_error, "out of memory");
  for (size_t i = 0; i < strings->count; i++) {
    int error = read_rewrite(strings->items[i], &rewrites[i], ret_error);
    if (error < 0) {
      free(rewrites);
      return error;
    }
  }
  *ret_rewrites = rewrites;
  *ret_count = strings->count;
  return 0;
}

/* -- Limits --------------------------------------------------------------- */

enum measure { NUMBER, BYTES, SECONDS };

static const struct {
  const char *name;
  int resource;
  enum measure measure;
} resources[] = {
    {"as", RLIMIT_AS, BYTES},           {"core", RLIMIT_CORE, BYTES},
    {"cpu", RLIMIT_CPU, SECONDS},       {"data", RLIMIT_DATA, BYTES},
    {"fsize", RLIMIT_FSIZE, BYTES},     {"nofile", RLIMIT_NOFILE, NUMBER},
    {"stack", RLIMIT_STACK, BYTES},
#ifdef RLIMIT_NPROC
    {"nproc", RLIMIT_NPROC, NUMBER},
#endif
#ifdef RLIMIT_MEMLOCK
    {"memlock", RLIMIT_MEMLOCK, BYTES},
#endif
};

#define RESOURCE_COUNT (sizeof(resources) / sizeof(resources[0]))

static size_t find_resource(const char *text, size_t size) {
  size_t i = 0;
  while (i < RESOURCE_COUNT && (strlen(resources[i].name) != size ||
                                memcmp(resources[i].name, text, size) != 0))
    i++;
  return i;
}

/* One of the two numbers; negative: it is none. */
static int64_t read_amount(const char *text, size_t size,
                           enum measure measure) {
  char amount[32];
  snprintf(amount, sizeof(amount), "%.*s", (int)size, text);
  if (measure == BYTES)
    return unit_parse_size(amount);
  if (measure == SECONDS) {
    int64_t ns = unit_parse_duration(amount);
    return ns < 0 ? ns : (ns + 999999999) / 1000000000;
  }
  char *end;
  errno = 0;
  long long number = strtoll(amount, &end, 10);
  return *amount >= '0' && *amount <= '9' && *end == '\0' && errno == 0
             ? number
             : -EINVAL;
}

static int read_limit(const char *text, struct belay_process_limit *limit,
                      char **ret_error) {
  size_t name = strcspn(text, "="), i = find_resource(text, name);
  if (i == RESOURCE_COUNT)
    return refuse(ret_error,
                  "--limit: '%.*s' is none of as, core, cpu, data, fsize, "
                  "memlock, nofile, nproc, stack",
                  (int)name, text);
  limit->resource = resources[i].resource;
  const char *amounts = text[name] == '=' ? text + name + 1 : "";
  for (int n = 0; n < 2; n++) {
    size_t size = strcspn(amounts, ":");
    bool is_third = n == 1 && amounts[size] == ':';
    uint64_t *amount = n == 0 ? &limit->soft : &limit->hard;
    if (!is_third && size == strlen("unlimited") &&
        memcmp(amounts, "unlimited", size) == 0)
      *amount = UINT64_MAX;
    else {
      int64_t value = read_amount(amounts, size, resources[i].measure);
      if (value < 0 || is_third)
        return refuse(ret_error,
                      "--limit: '%s' is not of the form NAME=N or "
                      "NAME=SOFT:HARD, each a number or unlimited",
                      text);
      *amount = (uint64_t)value;
    }
    amounts += amounts[size] == ':' ? size + 1 : 0; /* once, it is both */
  }
  if (limit->soft > limit->hard)
    return refuse(ret_error, "--limit: '%s': the soft limit is above the hard",
                  text);
  return 0;
}

int value_limits(const struct cli_strings *strings,
                 const struct belay_process_limit **ret_limits,
                 size_t *ret_count, char **ret_error) {
  struct belay_process_limit *limits =
      calloc(strings->count + 1, sizeof(*limits));
  if (limits == NULL)
    return refuse(ret_error, "out of memory");
  for (size_t i = 0; i < strings->count; i++) {
    int error = read_limit(strings->items[i], &limits[i], ret_error);
    if (error < 0) {
      free(limits);
      return error;
    }
  }
  *ret_limits = limits;
  *ret_count = strings->count;
  return 0;
}
