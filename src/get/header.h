/*
 * header.h: the header lines that a user may add to requests.
 */
#ifndef GET_HEADER_H
#define GET_HEADER_H

#include <stdbool.h>

/* What is wrong with a line, as words to stand behind it; NULL: nothing. */
const char *header_problem(const char *line);

/* Whether a line is better left out: a file's bytes are wanted as they are. */
bool header_is_dropped(const char *line);

#endif
