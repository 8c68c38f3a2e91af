/* report_junit.c */
#include "report_kinds.h"

int report_junit_open(const char *path, const struct belay_loop *loop,
                      void **ret_state, char **ret_error) {
  (void)path, (void)loop, (void)ret_state, (void)ret_error;
  return 0;
}
static int end(void *s, const struct tally *t, int signo) {
  (void)s, (void)t, (void)signo;
  return 0;
}
const struct report_kind report_junit = {.name = "junit", .end = end};
