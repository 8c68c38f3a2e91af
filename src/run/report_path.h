/* report_path.h: where a report's path leads. */
#ifndef RUN_REPORT_PATH_H
#define RUN_REPORT_PATH_H

#include <stdbool.h>

/* The file that it leads to, whether there is one yet or not; "-": standard
 * output.  To be freed; NULL: out of memory. */
char *report_path_follow(const char *path);

/* Whether two reports would be written into one file. */
bool report_paths_meet(const char *path, const char *other);

#endif
