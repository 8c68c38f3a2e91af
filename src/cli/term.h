/* term.h: what kind of terminal an fd is, if any. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>

enum term_when { TERM_AUTO, TERM_ALWAYS, TERM_NEVER };

/* Whether fd is a terminal on which lines can be redrawn. */
bool term_is_live(int fd);

/* Whether to use colours: as asked; else on a terminal, unless NO_COLOR or a
 * dumb terminal forbid it. */
bool term_has_colour(int fd, enum term_when when);

/* The window's size; $COLUMNS and $LINES if the kernel does not know it, and
 * 80 x 24 if nobody does. */
void term_size(int fd, int *ret_columns, int *ret_rows);

/* Whether we may write to it without being in somebody's way. */
bool term_is_foreground(int fd);

#endif
