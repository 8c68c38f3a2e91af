/* term.c: questions to the terminal; nothing here changes it. */
#include "term.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_dumb(void) {
  const char *term = getenv("TERM");
  return term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
}

bool term_is_live(int fd) {
  return isatty(fd) && !is_dumb();
}

bool term_has_colour(int fd, enum term_when when) {
  const char *no_color = getenv("NO_COLOR");
  if (when != TERM_AUTO)
    return when == TERM_ALWAYS;
  return term_is_live(fd) && (no_color == NULL || no_color[0] == '\0');
}

/* What the kernel says, else what the environment says, else what was always
 * said. */
static int extent(int from_kernel, const char *variable, int otherwise) {
  const char *text = getenv(variable);
  int from_environment = text != NULL ? atoi(text) : 0;
  if (from_kernel > 0)
    return from_kernel;
  return from_environment > 0 && from_environment <= USHRT_MAX
             ? from_environment
             : otherwise;
}

void term_size(int fd, int *ret_columns, int *ret_rows) {
  struct winsize size = {0};
  ioctl(fd, TIOCGWINSZ, &size);
  *ret_columns = extent(size.ws_col, "COLUMNS", 80);
  *ret_rows = extent(size.ws_row, "LINES", 24);
}

bool term_is_foreground(int fd) {
  pid_t group = tcgetpgrp(fd);
  return group < 0 || group == getpgrp();
}
