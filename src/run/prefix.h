/* prefix.h: what stands before each line, so that one sees who wrote it. */
#ifndef RUN_PREFIX_H
#define RUN_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* No name takes more of a line. */
#define PREFIX_NAME_COLUMNS 24

/* How many columns a name takes, made safe and cut. */
size_t prefix_width(const char *name);

/*
 * The format with {name}, {#} and {pid} replaced, to be freed; NULL: out of
 * memory.  Names are made safe, cut, and filled up to `name_columns`; the rest
 * of the format is as the user wrote it.  With `colour`, it is in one of a few,
 * by the number.
 */
char *prefix_make(const char *format, const char *name, long number, pid_t pid,
                  size_t name_columns, bool colour);

#endif
