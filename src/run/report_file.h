/* report_file.h: where a report goes. */
#ifndef RUN_REPORT_FILE_H
#define RUN_REPORT_FILE_H

#include <stdio.h>

enum report_way {
  REPORT_STREAM, /* it is read while it grows */
  REPORT_WHOLE,  /* it appears when it is complete */
};

struct report_file {
  FILE *out; /* to write to; errors need not be looked at */
  char *path;
  int fd;     /* what that writes to */
  int target; /* WHOLE: the fd that it is copied to; -1: the path is replaced */
  char *head; /* WHOLE: what is to stand before all the rest, or NULL */
  int error;  /* the first, -errno; after it nothing more is written */
  enum report_way way;
  char buffer[32768];
};

/* Opens a file ("-": standard output) for the report of an option ("json"): 0;
 * or a negative errno with *ret_error a line, to be freed. */
int report_file_open(const char *option, const char *path, enum report_way way,
                     struct report_file **ret_file, char **ret_error);

/* Lets readers have what there is. */
void report_file_flush(struct report_file *file);

/* Completes it and frees it: 0, or the first error of writing. */
int report_file_end(struct report_file *file);

/* Frees it; a WHOLE one leaves no trace. */
void report_file_drop(struct report_file *file);

#endif
