/*
 * report_junit_case.c: attempts become what Maven's Surefire writes of tests
 * that are run again: the result is the last attempt's.  If that failed, the
 * first failure is the <failure> or <error> and the others are <rerunFailure>s;
 * else all failures are <flakyFailure>s.
 *
 * Invariant: what is kept of a command is bounded, however much it writes and
 * however often it is tried.
 */
#include "report_junit_case.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xml.h"

/* Attempts of which something is told: the first, and the last of them. */
#define MOST_ATTEMPTS 16
/* How much output is kept of an attempt: more where one will want to see it. */
#define MOST_OF_FAILURE 65536
#define MOST_OF_SUCCESS 4096

struct excerpt {
  char *text;
  size_t size;
};

struct junit_attempt {
  enum junit_result result;
  int64_t ns;
  const char *type;
  char message[TASK_TEXT_BYTES];
  struct excerpt output[2];
};

/* -- Output ---------------------------------------------------------------- */

static size_t read_at(int fd, char *into, size_t size, int64_t at) {
  size_t used = 0;
  while (used < size) {
    ssize_t n = pread(fd, into + used, size - used, at + (int64_t)used);
    if (n <= 0)
      break;
    used += (size_t)n;
  }
  return used;
}

/* What is too long loses its middle: it begins with what was to be done, and
 * ends with how it went. */
static int take_output(int fd, int64_t from, int64_t to, size_t most,
                       struct excerpt *ret_excerpt) {
  char note[64];
  int64_t size = to - from, head = (int64_t)most / 4;
  bool is_cut = size > (int64_t)most;
  char *text = malloc((is_cut ? most : (size_t)size) + sizeof(note));
  if (text == NULL)
    return -ENOMEM;
  size_t used = read_at(fd, text, (size_t)(is_cut ? head : size), from);
  if (is_cut) {
    int64_t tail = (int64_t)most - head;
    int n = snprintf(note, sizeof(note), "\n[... %" PRId64 " bytes ...]\n",
                     size - (int64_t)most);
    memcpy(text + used, note, (size_t)n);
    used += (size_t)n;
    used += read_at(fd, text + used, (size_t)tail, to - tail);
  }
  *ret_excerpt = (struct excerpt){text, used};
  return 0;
}

/* Where order is kept, attempts write to one file, one behind the other. */
static int take_outputs(struct junit_case *test, const struct task *task,
                        const struct outputs *outputs,
                        struct junit_attempt *attempt) {
  size_t most =
      attempt->result == JUNIT_PASSED ? MOST_OF_SUCCESS : MOST_OF_FAILURE;
  for (int i = 0; i < 2; i++) {
    int64_t size = 0;
    int fd = output_captured(outputs, task, i + 1, &size);
    int64_t from = outputs->options->keep_order ? test->captured[i] : 0;
    test->captured[i] = size;
    if (fd >= 0 && size > from &&
        take_output(fd, from, size, most, &attempt->output[i]) < 0)
      return -ENOMEM;
  }
  return 0;
}

/* -- Attempts -------------------------------------------------------------- */

static void clear_attempt(struct junit_attempt *attempt) {
  free(attempt->output[0].text);
  free(attempt->output[1].text);
}

static const char *type_of(const struct task *task) {
  return task->start_error != 0                       ? "start"
         : task->timed_out                            ? "timeout"
         : task->status.state == BELAY_PROCESS_KILLED ? "signal"
                                                      : "exit";
}

static int make_room(struct junit_case *test) {
  if (test->count == MOST_ATTEMPTS) {
    clear_attempt(&test->attempts[1]);
    memmove(test->attempts + 1, test->attempts + 2,
            (MOST_ATTEMPTS - 2) * sizeof(*test->attempts));
    test->count--;
    test->dropped++;
    return 0;
  }
  struct junit_attempt *attempts =
      realloc(test->attempts, (test->count + 1) * sizeof(*attempts));
  if (attempts == NULL)
    return -ENOMEM;
  test->attempts = attempts;
  return 0;
}

int junit_case_add(struct junit_case *test, const struct task *task,
                   const struct outputs *outputs) {
  if (make_room(test) < 0)
    return -ENOMEM;
  struct junit_attempt *attempt = &test->attempts[test->count++];
  *attempt = (struct junit_attempt){
      .result = task_succeeded(task)     ? JUNIT_PASSED
                : task->start_error != 0 ? JUNIT_ERROR
                                         : JUNIT_FAILED,
      .ns = task->ended_ns - task->started_ns,
      .type = type_of(task),
  };
  task_describe(task, attempt->message);
  return take_outputs(test, task, outputs, attempt);
}

struct junit_case *junit_case_new(const struct task *task) {
  struct junit_case *test = calloc(1, sizeof(*test));
  if (test == NULL)
    return NULL;
  test->number = task->number;
  test->name = strdup(task->command.name);
  test->line = strdup(task->command.line);
  if (test->name != NULL && test->line != NULL)
    return test;
  junit_case_free(test);
  return NULL;
}

void junit_case_free(struct junit_case *test) {
  for (size_t i = 0; i < test->count; i++)
    clear_attempt(&test->attempts[i]);
  free(test->attempts);
  free(test->name);
  free(test->line);
  free(test);
}

/* -- Writing --------------------------------------------------------------- */

/* The attempt that stands for all: the last, or the first failure. */
static const struct junit_attempt *main_attempt(const struct junit_case *test) {
  const struct junit_attempt *attempt = &test->attempts[test->count - 1];
  if (attempt->result != JUNIT_PASSED)
    for (attempt = test->attempts; attempt->result == JUNIT_PASSED;)
      attempt++;
  return attempt;
}

enum junit_result junit_case_result(const struct junit_case *test) {
  return main_attempt(test)->result;
}

static void put_element(FILE *out, const char *name, const char *text,
                        size_t size) {
  fprintf(out, "<%s>", name);
  xml_put(out, text, size);
  fprintf(out, "</%s>\n", name);
}

static void put_output(FILE *out, const struct junit_attempt *attempt) {
  static const char *const names[] = {"system-out", "system-err"};
  for (int i = 0; i < 2; i++)
    if (attempt->output[i].size > 0)
      put_element(out, names[i], attempt->output[i].text,
                  attempt->output[i].size);
}

static void open_result(FILE *out, const char *element,
                        const struct junit_attempt *attempt) {
  fprintf(out, "<%s", element);
  xml_attribute(out, "message", attempt->message);
  xml_attribute(out, "type", attempt->type);
  fputs(">", out);
}

static void put_main(FILE *out, const struct junit_case *test,
                     const struct junit_attempt *attempt) {
  const char *element = attempt->result == JUNIT_ERROR ? "error" : "failure";
  open_result(out, element, attempt);
  xml_put(out, attempt->message, strlen(attempt->message));
  fputs(": ", out);
  xml_put(out, test->line, strlen(test->line));
  if (test->dropped > 0)
    fprintf(out, "\n%zu more attempts are not shown", test->dropped);
  fprintf(out, "</%s>\n", element);
}

static void put_other(FILE *out, const char *prefix,
                      const struct junit_attempt *attempt) {
  char element[32];
  snprintf(element, sizeof(element), "%s%s", prefix,
           attempt->result == JUNIT_ERROR ? "Error" : "Failure");
  open_result(out, element, attempt);
  put_element(out, "stackTrace", attempt->message, strlen(attempt->message));
  put_output(out, attempt);
  fprintf(out, "</%s>\n", element);
}

void junit_case_write(const struct junit_case *test, const char *class_name,
                      FILE *out) {
  const struct junit_attempt *main = main_attempt(test);
  bool failed = main->result != JUNIT_PASSED;
  int64_t ms = (main->ns + 500000) / 1000000;
  fputs("<testcase", out);
  xml_attribute(out, "name", test->name);
  xml_attribute(out, "classname", class_name);
  fprintf(out, " time=\"%" PRId64 ".%03" PRId64 "\">\n", ms / 1000, ms % 1000);
  if (failed)
    put_main(out, test, main);
  for (size_t i = 0; i < test->count; i++)
    if (&test->attempts[i] != main && test->attempts[i].result != JUNIT_PASSED)
      put_other(out, failed ? "rerun" : "flaky", &test->attempts[i]);
  put_output(out, main);
  fputs("</testcase>\n", out);
}
