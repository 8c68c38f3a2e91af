/*
 * output_files.h: --output-dir: what each command writes is left in files.
 *
 *   DIR/NUMBER-NAME.out and .err     the first attempt's
 *   DIR/NUMBER-NAME.2.out and .err   a retry's
 *
 * What is started again (--restart) goes on in the files that it has, with a
 * line in .err that says so.
 */
#ifndef RUN_OUTPUT_FILES_H
#define RUN_OUTPUT_FILES_H

#include "output.h"

#define OUTPUT_FILE_NAME_BYTES 128

/* "12-make_all.2.out": letters, digits, and ".,_+=@-", with one _ in place of
 * all else, and cut.  `attempt` 1 is not said. */
void output_file_name(const char *name, long number, int attempt,
                      const char *ending, char into[OUTPUT_FILE_NAME_BYTES]);

/* Makes the directory if need be: 0; or a negative errno with *ret_error a
 * line, to be freed. */
int output_files_open(struct outputs *outputs, char **ret_error);

/* See output_captured(). */
int output_files_captured(const struct task *task, int stream,
                          int64_t *ret_size);

#endif
