/* refuse.c: a line of error, made. */
#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int refuse(char **ret_error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(ret_error, format, arguments) < 0)
    *ret_error = NULL;
  va_end(arguments);
  return -EINVAL;
}
