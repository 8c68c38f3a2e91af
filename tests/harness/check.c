/* check.c: the assertions.
 *
 * A failed check says where and what in one write, marks the whole test as
 * failed through the shared page, and ends only the process that made it: so a
 * check works in a fork of the test, in a thread and in a signal handler. */
#include <stdarg.h>

#include "harness/internal.h"

static _Noreturn void end_as_failed(void) {
  test_shared->check_failed = true;
  if (test_shared->debugged)
    abort();
  _exit(1);
}

static void say(const char *text, size_t len) {
  while (len > 0) {
    ssize_t written = write(STDERR_FILENO, text, len);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return;
    text += written;
    len -= (size_t)written;
  }
}

_Noreturn void test_failed_(struct test_here here, const char *format, ...) {
  char text[2048];
  va_list args;
  int len = snprintf(text, sizeof text, "%s:%d: ", here.file, here.line);
  va_start(args, format);
  len += vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  if ((size_t)len > sizeof text - 2)
    len = (int)sizeof text - 2;
  text[len++] = '\n';
  say(text, (size_t)len);
  end_as_failed();
}

_Noreturn void test_skip_(const char *why) {
  snprintf(test_shared->why_skipped, sizeof test_shared->why_skipped, "%s",
           why);
  test_shared->skipped = true;
  _exit(0);
}

void test_check_eq_(struct test_here here, const char *a_text, intmax_t a,
                    const char *b_text, intmax_t b) {
  if (a != b)
    test_failed_(here, "%s is %jd, and %s is %jd", a_text, a, b_text, b);
}

void test_check_str_(struct test_here here, const char *a_text, const char *a,
                     const char *b_text, const char *b) {
  if (a == b || (a && b && strcmp(a, b) == 0))
    return;
  test_failed_(here, "%s is %s%s%s, and %s is %s%s%s", a_text, a ? "\"" : "",
               a ? a : "NULL", a ? "\"" : "", b_text, b ? "\"" : "",
               b ? b : "NULL", b ? "\"" : "");
}

/* Only what can be an errno has a text. */
static const char *describe(intmax_t result) {
  return result < 0 && result > -4096 ? strerror((int)-result) : "no error";
}

void test_check_ok_(struct test_here here, const char *text, intmax_t result) {
  if (result < 0)
    test_failed_(here, "%s is %jd (%s)", text, result, describe(result));
}

void test_check_err_(struct test_here here, const char *text, intmax_t result,
                     intmax_t error) {
  if (result != error)
    test_failed_(here, "%s is %jd (%s), not %jd (%s)", text, result,
                 describe(result), error, describe(error));
}
