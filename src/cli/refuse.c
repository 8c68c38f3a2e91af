/* refuse.c: a line of error, made. */
#include "refuse.h"

#include <errno.h>
#include <stdio.h>

void refuse_text(char **ret_error, const char *format, va_list arguments) {
  if (vasprintf(ret_error, format, arguments) < 0)
    *ret_error = NULL;
}

int refuse(char **ret_error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  refuse_text(ret_error, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

int refuse_as(char **ret_error, int error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  refuse_text(ret_error, format, arguments);
  va_end(arguments);
  return error;
}
