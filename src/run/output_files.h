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

#define OUTPUT_FILE_NAME_BYTES 128

/* "12-make_all.2.out": letters, digits, and ".,_+=@-", with one _ in place of
 * all else, and cut.  `attempt` 1 is not said. */
void output_file_name(const char *name, long number, int attempt,
                      const char *ending, char into[OUTPUT_FILE_NAME_BYTES]);

#endif
