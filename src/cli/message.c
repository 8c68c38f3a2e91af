/*
 * message.c: messages are whole lines, so that those of several processes do
 * not mix, and hold nothing that a terminal would obey.  No memory is asked
 * for: "out of memory" is a message too.
 */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"
#include "write.h"

/* Room for two paths as long as they may be. */
#define MESSAGE_BYTES 8192

static const char *program = "belay";

void message_set_program(const char *name) {
  program = name;
}

static void (*before_each)(void);

void message_set_before(void (*before)(void)) {
  before_each = before;
}

void message(const char *format, ...) {
  int saved_errno = errno;
  char text[MESSAGE_BYTES], line[MESSAGE_BYTES];
  int used = snprintf(text, sizeof(text), "%s: ", program);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, sizeof(text) - (size_t)used, format, arguments);
  va_end(arguments);
  utf8_safe(text, line, sizeof(line) - 1); /* leaves room for the newline */
  strcat(line, "\n");
  if (before_each != NULL)
    before_each();
  write_all(STDERR_FILENO, line, strlen(line));
  errno = saved_errno;
}
