/*
 * completion.h: a shell's completion of a program, from its table of options.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "option.h"

/*
 * The script for "bash", "zsh" or "fish", to be freed; NULL for another shell
 * or out of memory.  `program` is a command of a dispatcher, such as
 * "belay get".  Its own commands are the words that begin its lines of usage,
 * as in "belay get resume [options]".  An argument called FILE, PATH or LIST
 * is completed to files, DIR to directories, a choice to its words, and others
 * to nothing.
 */
char *cli_completion(const struct cli_program *program, const char *shell);

#endif
