/*
 * completion.h: a shell's completion of belay, from the tables of its programs.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "option.h"

/*
 * The script for "bash", "zsh" or "fish", to be freed; NULL for another shell
 * or out of memory.  `programs` ends with NULL; each is a command of belay,
 * such as "belay get", and completed when the second word says so.
 *
 * An option's argument called FILE, PATH or LIST is completed to files, DIR to
 * directories, a choice to its words, and others to nothing.  The operands of a
 * program that stops at the first are a command, completed as the command
 * itself would be.  The first of another is one of its own commands: the words
 * behind its name in the lines of usage, as in "belay get resume [options]".
 */
char *cli_completion(const struct cli_program *const *programs,
                     const char *shell);

#endif
