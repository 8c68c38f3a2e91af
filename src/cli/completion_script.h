/*
 * completion_script.h: what the scripts have in common: what a table means,
 * and how to write a part of it.  Each shell has a file that knows its words.
 */
#ifndef CLI_COMPLETION_SCRIPT_H
#define CLI_COMPLETION_SCRIPT_H

#include <stdio.h>

#include "option.h"

/* What stands behind an option. */
enum completion_value {
  VALUE_NONE,
  VALUE_ANY,
  VALUE_FILE,
  VALUE_DIRECTORY,
  VALUE_CHOICE
};

enum completion_value completion_value(const struct cli_option *option);

/* The first option at or after this one, past headings; NULL: none. */
const struct cli_option *completion_option(const struct cli_option *option);

#define EACH_OPTION(option, program)                                       \
  const struct cli_option *option = completion_option((program)->options); \
  option != NULL;                                                          \
  option = completion_option(option + 1)

#define EACH_PROGRAM(each, programs)                  \
  const struct cli_program *const *each = (programs); \
  *each != NULL;                                      \
  each++

/* "get", of "belay get" */
const char *completion_name(const struct cli_program *program);

bool completion_has_commands(const struct cli_program *program);

/* Words with blanks between them: "get run", "resume status forget",
 * "auto live none". */
void completion_put_names(FILE *out, const struct cli_program *const *programs);
void completion_put_commands(FILE *out, const struct cli_program *program);
void completion_put_choices(FILE *out, const struct cli_option *option);

/* "-d --dir", with what stands between the two. */
void completion_put_option(FILE *out, const struct cli_option *option,
                           const char *between);

/* The text with a backslash before each of `special`; a quote ' becomes what
 * the shell writes for it. */
void completion_put_escaped(FILE *out, const char *text, const char *special,
                            const char *quote);

/* The comment that tells where a script comes from. */
void completion_put_origin(FILE *out);

/* The whole script. */
void completion_bash(FILE *out, const struct cli_program *const *programs);
void completion_zsh(FILE *out, const struct cli_program *const *programs);
void completion_fish(FILE *out, const struct cli_program *const *programs);

#endif
