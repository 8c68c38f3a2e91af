/*
 * command.h: one of many commands: made of a template and an argument, or a
 * line for the shell.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

struct command {
  char **argv; /* NULL at the end */
  char *name;  /* what it is called, in prefixes and reports */
  char *line;  /* as a person would read it */
};

/*
 * The template with the argument in the places that are marked:
 *
 *   {}  the argument        {/}  its last component   {//}  its directory
 *   {.} without extension   {/.} both                 {#}   the number
 *
 * or, where none is, after it.  0 or -ENOMEM.
 */
int command_from_template(char *const *template, const char *argument,
                          long number, struct command *ret_command);

/* A line for /bin/sh; `name` NULL: the line.  0 or -ENOMEM. */
int command_from_line(const char *name, const char *line,
                      struct command *ret_command);

void command_clear(struct command *command);

#endif
