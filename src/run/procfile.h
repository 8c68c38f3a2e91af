/*
 * procfile.h: a Procfile: "name: command", one on a line; blank lines and those
 * that begin with # are nothing.
 */
#ifndef RUN_PROCFILE_H
#define RUN_PROCFILE_H

#include <stddef.h>

struct procfile_entry {
  char *name, *line;
  size_t number; /* of its line in the file */
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

/* The same of a text with a 0 behind its `size` bytes, which it takes: it is
 * freed with the procfile, or with an error. */
int procfile_parse(char *text, size_t size, const char *file,
                   char *const *names, size_t name_count,
                   struct procfile *ret_procfile, char **ret_error);

void procfile_clear(struct procfile *procfile);

#endif
