/*
 * option.c: the table at work: finding an option, reading its value, telling
 * what is wrong in one line, and writing the help.
 */
#include "option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "unit.h"
#include "utf8.h"

/* The column at which explanations begin. */
#define HELP_COLUMN 30

/* -- Nearest words -------------------------------------------------------- */

#define LONGEST_WORD 64

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Insertions, deletions and replacements from one word to the other. */
static size_t distance(const char *a, const char *b) {
  size_t row[LONGEST_WORD + 1];
  size_t size = strlen(b);
  if (strlen(a) > LONGEST_WORD || size > LONGEST_WORD)
    return LONGEST_WORD;
  for (size_t j = 0; j <= size; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1] != '\0'; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= size; j++) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
    }
  }
  return row[size];
}

/* The first of `words` that begins with what was typed of it. */
static const char *completed(const char *word, const char *const *words) {
  size_t size = strlen(word);
  for (; size >= 2 && *words != NULL; words++)
    if (strncmp(word, *words, size) == 0)
      return *words;
  return NULL;
}

const char *cli_nearest(const char *word, const char *const *words) {
  const char *nearest = NULL;
  size_t least = strlen(word) / 3 + 1;
  for (size_t i = 0; words[i] != NULL; i++) {
    size_t d = distance(word, words[i]);
    if (d <= least && (nearest == NULL || d < least)) {
      least = d;
      nearest = words[i];
    }
  }
  return nearest != NULL ? nearest : completed(word, words);
}

/* -- Errors --------------------------------------------------------------- */

/* An option as it is called in messages: "--jobs", or "-j" if that is all. */
static const char *label(const struct cli_option *option,
                         char text[LONGEST_WORD]) {
  if (option->name != NULL)
    snprintf(text, LONGEST_WORD, "--%s", option->name);
  else
    snprintf(text, LONGEST_WORD, "-%c", option->letter);
  return text;
}

static bool is_option(const struct cli_option *option) {
  return option->kind != CLI_HEADING;
}

static int refuse_unknown(const struct cli_program *program, const char *name,
                          char **ret_error) {
  const char *names[128];
  size_t count = 0;
  const struct cli_option *option = program->options;
  for (; option->help != NULL && count < 127; option++)
    if (is_option(option) && option->name != NULL)
      names[count++] = option->name;
  names[count] = NULL;
  const char *nearest = cli_nearest(name, names);
  if (nearest == NULL)
    return refuse(ret_error, "unknown option '--%s'; --help lists them", name);
  return refuse(ret_error, "unknown option '--%s'; did you mean '--%s'?", name,
                nearest);
}

/* -- Values --------------------------------------------------------------- */

static int take_number(const struct cli_option *option, const char *text,
                       char **ret_error) {
  char name[LONGEST_WORD], *end;
  const char *digits = text + (text[0] == '-'); /* no blanks, no plus sign */
  errno = 0;
  long number = strtol(text, &end, 10);
  if (*digits < '0' || *digits > '9' || *end != '\0' || errno != 0 ||
      number < option->least || number > option->most)
    return refuse(ret_error, "%s: '%s' is not a number from %d to %d",
                  label(option, name), text, option->least, option->most);
  *(int *)option->value = (int)number;
  return 0;
}

static int take_quantity(const struct cli_option *option, const char *text,
                         char **ret_error) {
  bool is_size = option->kind == CLI_SIZE;
  int64_t value = is_size ? unit_parse_size(text) : unit_parse_duration(text);
  char name[LONGEST_WORD];
  if (value < 0)
    return refuse(ret_error, "%s: '%s' is not a %s", label(option, name), text,
                  is_size ? "size, such as 64k or 1.5M"
                          : "duration, such as 500ms, 10s or 1m30s");
  *(int64_t *)option->value = value;
  return 0;
}

static int take_choice(const struct cli_option *option, const char *text,
                       char **ret_error) {
  char list[128] = "", name[LONGEST_WORD];
  for (int i = 0; option->choices[i] != NULL; i++) {
    if (strcmp(option->choices[i], text) == 0) {
      *(int *)option->value = i;
      return 0;
    }
    size_t used = strlen(list);
    snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "",
             option->choices[i]);
  }
  return refuse(ret_error, "%s: '%s' is none of %s", label(option, name), text,
                list);
}

static int take_one_more(const struct cli_option *option, const char *text,
                         char **ret_error) {
  struct cli_strings *strings = option->value;
  const char **items =
      realloc(strings->items, (strings->count + 2) * sizeof(*items));
  if (items == NULL)
    return refuse(ret_error, "out of memory");
  strings->items = items;
  items[strings->count++] = text;
  items[strings->count] = NULL;
  return 0;
}

static int take_value(const struct cli_option *option, const char *text,
                      char **ret_error) {
  switch (option->kind) {
    case CLI_HEADING:
      break;
    case CLI_FLAG:
      *(bool *)option->value = true;
      break;
    case CLI_COUNT:
      ++*(int *)option->value;
      break;
    case CLI_STRING:
      *(const char **)option->value = text;
      break;
    case CLI_STRINGS:
      return take_one_more(option, text, ret_error);
    case CLI_NUMBER:
      return take_number(option, text, ret_error);
    case CLI_SIZE:
    case CLI_DURATION:
      return take_quantity(option, text, ret_error);
    case CLI_CHOICE:
      return take_choice(option, text, ret_error);
  }
  return 0;
}

static bool takes_argument(const struct cli_option *option) {
  return option->kind != CLI_FLAG && option->kind != CLI_COUNT;
}

/* -- Arguments ------------------------------------------------------------ */

struct parser {
  const struct cli_program *program;
  char **argv;
  int argc, next;
  char **ret_error;
};

static const struct cli_option *find(const struct parser *parser,
                                     const char *name, size_t size,
                                     char letter) {
  const struct cli_option *option = parser->program->options;
  for (; option->help != NULL; option++) {
    if (!is_option(option))
      continue;
    if (letter != '\0' ? option->letter == letter
                       : option->name != NULL && strlen(option->name) == size &&
                             memcmp(option->name, name, size) == 0)
      return option;
  }
  return NULL;
}

/* "--name", "--name=value", "--name value" */
static int take_long(struct parser *parser, const char *argument) {
  const char *name = argument + 2;
  size_t size = strcspn(name, "=");
  const char *value = name[size] == '=' ? name + size + 1 : NULL;
  const struct cli_option *option = find(parser, name, size, '\0');
  if (option == NULL) {
    char unknown[LONGEST_WORD];
    snprintf(unknown, sizeof(unknown), "%.*s", (int)size, name);
    return refuse_unknown(parser->program, unknown, parser->ret_error);
  }
  if (!takes_argument(option) && value != NULL)
    return refuse(parser->ret_error, "--%s takes no value", option->name);
  if (takes_argument(option) && value == NULL) {
    if (parser->next == parser->argc)
      return refuse(parser->ret_error, "--%s needs a value (%s)", option->name,
                    option->argument);
    value = parser->argv[parser->next++];
  }
  return take_value(option, value, parser->ret_error);
}

/* What was typed may be a letter of several bytes: it is shown whole. */
static int refuse_letter(const char *letters, char **ret_error) {
  uint32_t code;
  size_t size = utf8_decode(letters, strlen(letters), &code);
  return refuse(ret_error, "unknown option '-%.*s'; --help lists them",
                size > 0 ? (int)size : 1, letters);
}

/* "-q", "-qv", "-j8", "-j 8" */
static int take_letters(struct parser *parser, const char *letters) {
  for (; *letters != '\0'; letters++) {
    const struct cli_option *option = find(parser, NULL, 0, *letters);
    if (option == NULL)
      return refuse_letter(letters, parser->ret_error);
    if (!takes_argument(option)) {
      take_value(option, NULL, parser->ret_error);
      continue;
    }
    const char *value = letters + 1;
    if (*value == '\0') {
      if (parser->next == parser->argc)
        return refuse(parser->ret_error, "-%c needs a value (%s)", *letters,
                      option->argument);
      value = parser->argv[parser->next++];
    }
    return take_value(option, value, parser->ret_error);
  }
  return 0;
}

int cli_parse(const struct cli_program *program, int argc, char **argv,
              char ***ret_operands, char **ret_error) {
  struct parser parser = {program, argv, argc, 1, ret_error};
  int operands = 0;
  bool only_operands = false;
  *ret_error = NULL;
  while (parser.next < argc) {
    char *argument = argv[parser.next++];
    int error = 0;
    if (only_operands || argument[0] != '-' || argument[1] == '\0') {
      argv[1 + operands++] = argument;
      only_operands = only_operands || program->stops_at_operand;
    } else if (strcmp(argument, "--") == 0)
      only_operands = true;
    else if (argument[1] == '-')
      error = take_long(&parser, argument);
    else
      error = take_letters(&parser, argument + 1);
    if (error < 0)
      return error;
  }
  *ret_operands = argv + 1;
  return operands;
}

/* -- Help ----------------------------------------------------------------- */

/* "  -j, --jobs N" */
static int write_names(FILE *out, const struct cli_option *option) {
  int n = fprintf(out, "  ");
  if (option->letter != '\0')
    n +=
        fprintf(out, "-%c%s", option->letter, option->name != NULL ? ", " : "");
  else
    n += fprintf(out, "    ");
  if (option->name != NULL)
    n += fprintf(out, "--%s", option->name);
  if (option->argument != NULL)
    n += fprintf(out, " %s", option->argument);
  return n;
}

static void write_option(FILE *out, const struct cli_option *option) {
  if (option->kind == CLI_HEADING) {
    fprintf(out, "\n%s:\n", option->help);
    return;
  }
  int column = write_names(out, option);
  if (column >= HELP_COLUMN - 1)
    column = fprintf(out, "\n") - 1;
  fprintf(out, "%*s%s\n", HELP_COLUMN - column, "", option->help);
}

char *cli_help(const struct cli_program *program) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL)
    return NULL;
  fprintf(out, "usage: %s\n\n%s\n", program->usage, program->summary);
  const struct cli_option *option = program->options;
  for (; option->help != NULL; option++)
    write_option(out, option);
  if (program->epilogue != NULL)
    fprintf(out, "\n%s\n", program->epilogue);
  bool complete = ferror(out) == 0;
  if (fclose(out) == 0 && complete)
    return text;
  free(text);
  return NULL;
}
