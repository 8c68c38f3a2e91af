/*
 * message.c: messages are whole lines, so that those of several processes do
 * not mix, and hold nothing that a terminal would obey.
 */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static const char *program = "belay";

void message_set_program(const char *name) {
  program = name;
}

void message(const char *format, ...) {
  int saved_errno = errno;
  char text[2048], line[2048 + 2];
  int size = snprintf(text, sizeof(text), "%s: ", program);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + size, sizeof(text) - (size_t)size, format, arguments);
  va_end(arguments);
  utf8_fit(text, line, sizeof(line) - 1, 0);
  strcat(line, "\n");
  ssize_t n = write(STDERR_FILENO, line, strlen(line));
  (void)n;
  errno = saved_errno;
}
