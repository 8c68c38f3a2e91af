/* prefix.c: a format filled in.  What came from elsewhere (a name) holds
 * nothing that a terminal would obey. */
#include "prefix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/utf8.h"

#define NAME_BYTES (PREFIX_NAME_COLUMNS * 8)

size_t prefix_width(const char *name) {
  char fitted[NAME_BYTES];
  return utf8_fit(name, fitted, sizeof(fitted), PREFIX_NAME_COLUMNS);
}

static void write_name(FILE *file, const char *name, size_t columns) {
  char fitted[NAME_BYTES];
  size_t width = utf8_fit(name, fitted, sizeof(fitted), PREFIX_NAME_COLUMNS);
  int blanks = columns > width ? (int)(columns - width) : 0;
  fprintf(file, "%s%*s", fitted, blanks, "");
}

static bool begins_with(const char *text, const char *mark) {
  return strncmp(text, mark, strlen(mark)) == 0;
}

static void write_format(FILE *file, const char *format, const char *name,
                         long number, pid_t pid, size_t name_columns) {
  while (*format != '\0')
    if (begins_with(format, "{name}")) {
      write_name(file, name, name_columns);
      format += strlen("{name}");
    } else if (begins_with(format, "{#}")) {
      fprintf(file, "%ld", number);
      format += strlen("{#}");
    } else if (begins_with(format, "{pid}")) {
      fprintf(file, "%d", (int)pid);
      format += strlen("{pid}");
    } else {
      putc(*format++, file);
    }
}

/* Neither red, which says that something is wrong, nor black or white, which
 * may be the background's. */
static int colour_of(long number) {
  static const int colours[] = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};
  return colours[(number - 1) % 10];
}

char *prefix_make(const char *format, const char *name, long number, pid_t pid,
                  size_t name_columns, bool colour) {
  char *text = NULL;
  size_t size;
  FILE *file = open_memstream(&text, &size);
  if (file == NULL)
    return NULL;
  if (colour && *format != '\0')
    fprintf(file, "\x1b[%dm", colour_of(number));
  write_format(file, format, name, number, pid, name_columns);
  if (colour && *format != '\0')
    fputs("\x1b[m", file);
  if (fclose(file) == 0)
    return text;
  free(text);
  return NULL;
}
