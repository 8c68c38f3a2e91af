/* refuse.h: the line that says what is wrong with what was given. */
#ifndef CLI_REFUSE_H
#define CLI_REFUSE_H

#include <stdarg.h>

/* -EINVAL, with *ret_error the line, to be freed; NULL out of memory. */
int refuse(char **ret_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for any `error` below 0, which is returned. */
int refuse_as(char **ret_error, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The line alone, for whoever has a place of its own for it. */
void refuse_text(char **ret_error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
