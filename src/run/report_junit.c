/*
 * report_junit.c: JUnit XML as CI systems read it: one suite, one test case for
 * each command (report_junit_case.c).
 *
 * A case is written when its command has had its last attempt; the suite's
 * counts, which stand before all cases, are known at the end alone, so the file
 * is whole or not there.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/unit.h"
#include "report_junit_case.h"
#include "report_kinds.h"
#include "xml.h"

#define SUITE "belay run"

struct junit {
  struct report_base base;
  time_t began;
  struct junit_case *open; /* those that may be tried again */
  long counts[JUNIT_ERROR + 1];
};

static void begin(void *state, const struct tally *tally) {
  struct junit *junit = state;
  (void)tally;
  junit->began = time(NULL);
}

/* -- Cases ----------------------------------------------------------------- */

/* Takes the case of a task out of those that are open; NULL: there is none. */
static struct junit_case *take_open(struct junit *junit,
                                    const struct task *task) {
  for (struct junit_case **place = &junit->open; *place != NULL;
       place = &(*place)->next)
    if ((*place)->number == task->number) {
      struct junit_case *test = *place;
      *place = test->next;
      return test;
    }
  return NULL;
}

static void finish(struct junit *junit, struct junit_case *test) {
  if (test->count > 0) {
    junit->counts[junit_case_result(test)]++;
    junit_case_write(test, SUITE, junit->base.file->out);
  }
  junit_case_free(test);
}

static void ended(void *state, const struct task *task,
                  const struct outputs *outputs, bool is_last) {
  struct junit *junit = state;
  struct junit_case *test = take_open(junit, task);
  if (test == NULL)
    test = junit_case_new(task);
  if (test == NULL || junit_case_add(test, task, outputs) < 0)
    junit->base.file->error = -ENOMEM;
  if (test == NULL)
    return;
  if (is_last) {
    finish(junit, test);
  } else {
    test->next = junit->open;
    junit->open = test;
  }
}

/* It is what it last was. */
static void dropped(void *state, const struct task *task) {
  struct junit *junit = state;
  struct junit_case *test = take_open(junit, task);
  if (test != NULL)
    finish(junit, test);
}

/* -- The suite ------------------------------------------------------------- */

static void put_counts(const struct junit *junit, int64_t ms, FILE *out) {
  const long *counts = junit->counts;
  fprintf(out,
          " tests=\"%ld\" failures=\"%ld\" errors=\"%ld\" skipped=\"0\" "
          "time=\"%" PRId64 ".%03" PRId64 "\"",
          counts[JUNIT_PASSED] + counts[JUNIT_FAILED] + counts[JUNIT_ERROR],
          counts[JUNIT_FAILED], counts[JUNIT_ERROR], ms / 1000, ms % 1000);
}

/* NULL: out of memory.  Readers' schemas know no time zone: the
 * timestamp is UTC. */
static char *make_head(const struct junit *junit) {
  char *text = NULL, timestamp[UNIT_TEXT_BYTES], host[256] = "localhost";
  size_t size;
  int64_t ns = belay_loop_now(junit->base.loop) - junit->base.began_ns;
  int64_t ms = (ns + 500000) / 1000000; /* once: it is told twice */
  FILE *out = open_memstream(&text, &size);
  if (out == NULL)
    return NULL;
  gethostname(host, sizeof(host) - 1);
  unit_time((int64_t)junit->began * 1000, timestamp);
  timestamp[strcspn(timestamp, "Z")] = '\0';
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" SUITE
        "\"",
        out);
  put_counts(junit, ms, out);
  fputs(">\n<testsuite name=\"" SUITE "\"", out);
  put_counts(junit, ms, out);
  xml_attribute(out, "timestamp", timestamp);
  xml_attribute(out, "hostname", host);
  fputs(">\n", out);
  return fclose(out) == 0 ? text : NULL;
}

static void end(void *state, const struct tally *tally, int signo) {
  struct junit *junit = state;
  (void)tally, (void)signo;
  fputs("</testsuite>\n</testsuites>\n", junit->base.file->out);
  junit->base.file->head = make_head(junit);
  if (junit->base.file->head == NULL)
    junit->base.file->error = -ENOMEM;
}

const struct report_kind report_junit = {
    .name = "junit",
    .state_size = sizeof(struct junit),
    .way = REPORT_WHOLE,
    .begin = begin,
    .ended = ended,
    .dropped = dropped,
    .end = end,
};
