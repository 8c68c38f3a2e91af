/*
 * procfile.h: a Procfile: "name: command", one on a line; blank lines and those
 * that begin with # are nothing.
 */
#ifndef RUN_PROCFILE_H
#define RUN_PROCFILE_H

#include <stddef.h>

struct procfile_entry {
  char *name, *line;
};

struct procfile {
  struct procfile_entry *entries;
  size_t count;
  char *text; /* which they point into */
};

/*
 * Reads the file ("-": standard input), and keeps those called in `names`, all
 * if there are none of these.  0; or a negative errno with *ret_error a line,
 * to be freed: "Procfile:3: ...".  A name is letters, digits, - and _, and
 * unique.
 */
int procfile_read(const char *path, char *const *names, size_t name_count,
                  struct procfile *ret_procfile, char **ret_error);

void procfile_clear(struct procfile *procfile);

#endif
