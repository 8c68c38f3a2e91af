/*
 * completion.c: what a table of options means to someone who types, whichever
 * the shell is.
 */
#include "completion.h"

#include <stdlib.h>
#include <string.h>

#include "completion_script.h"

/* -- Options -------------------------------------------------------------- */

enum completion_value completion_value(const struct cli_option *option) {
  const char *name = option->argument;
  if (option->kind == CLI_FLAG || option->kind == CLI_COUNT)
    return VALUE_NONE;
  if (option->kind == CLI_CHOICE)
    return VALUE_CHOICE;
  if (name == NULL)
    return VALUE_ANY;
  if (strcmp(name, "DIR") == 0)
    return VALUE_DIRECTORY;
  bool is_file = strcmp(name, "FILE") == 0 || strcmp(name, "PATH") == 0 ||
                 strcmp(name, "LIST") == 0;
  return is_file ? VALUE_FILE : VALUE_ANY;
}

const struct cli_option *completion_option(const struct cli_option *option) {
  while (option->help != NULL && option->kind == CLI_HEADING)
    option++;
  return option->help != NULL ? option : NULL;
}

void completion_put_option(FILE *out, const struct cli_option *option,
                           const char *between) {
  bool has_both = option->letter != '\0' && option->name != NULL;
  if (option->letter != '\0')
    fprintf(out, "-%c%s", option->letter, has_both ? between : "");
  if (option->name != NULL)
    fprintf(out, "--%s", option->name);
}

void completion_put_choices(FILE *out, const struct cli_option *option) {
  for (int i = 0; option->choices[i] != NULL; i++)
    fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

/* -- Programs and commands ------------------------------------------------ */

const char *completion_name(const struct cli_program *program) {
  const char *blank = strchr(program->name, ' ');
  return blank != NULL ? blank + 1 : program->name;
}

void completion_put_names(FILE *out,
                          const struct cli_program *const *programs) {
  for (EACH_PROGRAM(each, programs))
    fprintf(out, "%s%s", each > programs ? " " : "", completion_name(*each));
}

/* The next word in the usage, from `text` on, that stands behind the program's
 * name and is to be typed as it is; NULL: none. */
static const char *next_command(const struct cli_program *program,
                                const char *text, int *ret_length) {
  while ((text = strstr(text, program->name)) != NULL) {
    text += strlen(program->name);
    const char *word = text + (*text == ' ');
    *ret_length = (int)strspn(word, "abcdefghijklmnopqrstuvwxyz-");
    if (word > text && *ret_length > 0 && *word != '-')
      return word;
  }
  return NULL;
}

bool completion_has_commands(const struct cli_program *program) {
  int length;
  return next_command(program, program->usage, &length) != NULL;
}

void completion_put_commands(FILE *out, const struct cli_program *program) {
  const char *between = "", *word = program->usage;
  int length;
  while ((word = next_command(program, word, &length)) != NULL) {
    fprintf(out, "%s%.*s", between, length, word);
    between = " ";
  }
}

/* -- Scripts -------------------------------------------------------------- */

void completion_put_escaped(FILE *out, const char *text, const char *special,
                            const char *quote) {
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs(quote, out);
      continue;
    }
    if (strchr(special, *text) != NULL)
      putc('\\', out);
    putc(*text, out);
  }
}

void completion_put_origin(FILE *out) {
  fputs("# Made from the programs' tables of options; do not edit.\n", out);
}

char *cli_completion(const struct cli_program *const *programs,
                     const char *shell) {
  static const struct {
    const char *shell;
    void (*put)(FILE *out, const struct cli_program *const *programs);
  } scripts[] = {{"bash", completion_bash},
                 {"zsh", completion_zsh},
                 {"fish", completion_fish}};
  size_t i = 0, size;
  while (i < 3 && strcmp(scripts[i].shell, shell) != 0)
    i++;
  char *text = NULL;
  FILE *out = i < 3 ? open_memstream(&text, &size) : NULL;
  if (out == NULL)
    return NULL;
  scripts[i].put(out, programs);
  bool complete = ferror(out) == 0;
  if (fclose(out) == 0 && complete)
    return text;
  free(text);
  return NULL;
}
