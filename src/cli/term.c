/* term.c: questions to the terminal; nothing here changes it. */
#include "term.h"

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

void term_size(int fd, int *ret_columns, int *ret_rows) {
  struct winsize size = {0};
  ioctl(fd, TIOCGWINSZ, &size);
  *ret_columns = size.ws_col > 0 ? size.ws_col : 80;
  *ret_rows = size.ws_row > 0 ? size.ws_row : 24;
}

bool term_is_foreground(int fd) {
  pid_t group = tcgetpgrp(fd);
  return group < 0 || group == getpgrp();
}
