/*
 * command.c: templates filled in.  A command is one piece of memory: its
 * vector, then its words, then its line and name.
 */
#include "command.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- Marks ---------------------------------------------------------------- */

struct piece {
  const char *text;
  size_t size;
};

struct filling {
  struct piece argument, without_extension, base, directory, base_stem, number;
  char number_text[24];
};

static struct piece piece(const char *text, size_t size) {
  return (struct piece){text, size};
}

/* "name.tar" of "name.tar.gz"; a dot that begins a name is none. */
static struct piece without_extension(struct piece path, size_t base) {
  for (size_t i = path.size; i > base + 1; i--)
    if (path.text[i - 1] == '.')
      return piece(path.text, i - 1);
  return path;
}

static struct filling fill(const char *argument, long number) {
  struct filling filling = {.argument = piece(argument, strlen(argument))};
  const char *slash = strrchr(argument, '/');
  size_t base = slash != NULL ? (size_t)(slash - argument) + 1 : 0;
  struct piece whole = filling.argument;
  filling.base = piece(argument + base, whole.size - base);
  filling.directory = base > 1    ? piece(argument, base - 1)
                      : base == 1 ? piece("/", 1)
                                  : piece(".", 1);
  filling.without_extension = without_extension(whole, base);
  filling.base_stem = without_extension(filling.base, 0);
  int n =
      snprintf(filling.number_text, sizeof(filling.number_text), "%ld", number);
  filling.number.size = (size_t)n;
  return filling;
}

/* The mark at the beginning of `text`: its length, or 0; and what is for it. */
static size_t find_mark(const char *text, const struct filling *filling,
                        struct piece *ret_piece) {
  const struct {
    const char *mark;
    struct piece piece;
  } marks[] = {
      {"{}", filling->argument},
      {"{.}", filling->without_extension},
      {"{/}", filling->base},
      {"{//}", filling->directory},
      {"{/.}", filling->base_stem},
      {"{#}", piece(filling->number_text, filling->number.size)},
  };
  for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
    size_t size = strlen(marks[i].mark);
    if (strncmp(text, marks[i].mark, size) == 0) {
      *ret_piece = marks[i].piece;
      return size;
    }
  }
  return 0;
}

/* -- Making --------------------------------------------------------------- */

/* Writes a word with its 0 to `to`, or only measures it (NULL): its size. */
static size_t write_word(char *to, const char *word,
                         const struct filling *filling, bool *has_mark) {
  size_t size = 0;
  while (*word != '\0') {
    struct piece here = piece(word, 1);
    size_t mark = *word == '{' ? find_mark(word, filling, &here) : 0;
    if (to != NULL)
      memcpy(to + size, here.text, here.size);
    size += here.size;
    word += mark > 0 ? mark : 1;
    *has_mark |= mark > 0;
  }
  if (to != NULL)
    to[size] = '\0';
  return size + 1;
}

/* Room for `count` words of `size` bytes in all, twice: the second time with
 * blanks between them, for people. */
static char *make_room(struct command *command, size_t count, size_t size) {
  size_t vector = (count + 1) * sizeof(char *);
  command->argv = malloc(vector + 2 * size);
  return command->argv != NULL ? (char *)command->argv + vector : NULL;
}

static void write_line(struct command *command, char *to) {
  command->line = command->name = to;
  for (char **word = command->argv; *word != NULL; word++) {
    size_t size = strlen(*word);
    memcpy(to, *word, size);
    to[size] = ' ';
    to += size + 1;
  }
  to[-1] = '\0';
}

int command_from_template(char *const *template, const char *argument,
                          long number, struct command *ret_command) {
  struct filling filling = fill(argument, number);
  size_t size = 0, count = 0;
  bool has_mark = false, ignored = false;
  for (; template[count] != NULL; count++)
    size += write_word(NULL, template[count], &filling, &has_mark);
  size_t words = count + !has_mark;
  size += has_mark ? 0 : filling.argument.size + 1;
  char *text = make_room(ret_command, words, size);
  if (text == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    ret_command->argv[i] = text;
    text += write_word(text, template[i], &filling, &ignored);
  }
  if (!has_mark) {
    ret_command->argv[count] = text;
    memcpy(text, argument, filling.argument.size + 1);
    text += filling.argument.size + 1;
  }
  ret_command->argv[words] = NULL;
  write_line(ret_command, text);
  return 0;
}

int command_from_line(const char *name, const char *line,
                      struct command *ret_command) {
  static char shell[] = "/bin/sh", option[] = "-c";
  size_t line_size = strlen(line) + 1;
  size_t name_size = name != NULL ? strlen(name) + 1 : 0;
  size_t vector = 4 * sizeof(char *);
  ret_command->argv = malloc(vector + line_size + name_size);
  if (ret_command->argv == NULL)
    return -ENOMEM;
  char *text = (char *)ret_command->argv + vector;
  memcpy(text, line, line_size);
  ret_command->argv[0] = shell;
  ret_command->argv[1] = option;
  ret_command->argv[2] = ret_command->line = ret_command->name = text;
  ret_command->argv[3] = NULL;
  if (name != NULL)
    ret_command->name = memcpy(text + line_size, name, name_size);
  return 0;
}

void command_clear(struct command *command) {
  free(command->argv);
  *command = (struct command){.argv = NULL};
}
