/*
 * completion.c: the table of options, said once more in the words of a shell.
 * Each shell has its part here; what is common is what a table means.
 */
#include "completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_AT_MOST 16
#define NAME_BYTES 32

/* -- What a table means --------------------------------------------------- */

enum operand {
  OPERAND_NONE,
  OPERAND_ANY,
  OPERAND_FILE,
  OPERAND_DIRECTORY,
  OPERAND_CHOICE
};

static enum operand operand_of(const struct cli_option *option) {
  const char *name = option->argument;
  if (option->kind == CLI_FLAG || option->kind == CLI_COUNT)
    return OPERAND_NONE;
  if (option->kind == CLI_CHOICE)
    return OPERAND_CHOICE;
  if (name == NULL)
    return OPERAND_ANY;
  if (strcmp(name, "DIR") == 0)
    return OPERAND_DIRECTORY;
  bool is_file = strcmp(name, "FILE") == 0 || strcmp(name, "PATH") == 0 ||
                 strcmp(name, "LIST") == 0;
  return is_file ? OPERAND_FILE : OPERAND_ANY;
}

/* The next option at or after `option`, past headings; NULL: none. */
static const struct cli_option *next(const struct cli_option *option) {
  while (option->help != NULL && option->kind == CLI_HEADING)
    option++;
  return option->help != NULL ? option : NULL;
}

#define EACH_OPTION(option, program)                          \
  const struct cli_option *option = next((program)->options); \
  option != NULL;                                             \
  option = next(option + 1)

/* A program "belay get" in its parts. */
struct script {
  FILE *out;
  const struct cli_program *program;
  char dispatcher[NAME_BYTES];                 /* "belay" */
  const char *command;                         /* "get" */
  char commands[COMMANDS_AT_MOST][NAME_BYTES]; /* "resume", "status" */
  size_t command_count;
};

/* Takes the word behind the program's name from a line of usage, if it is one
 * to be typed as it is. */
static void take_command(struct script *script, const char *line) {
  size_t size = strlen(script->program->name);
  line += strspn(line, " ");
  if (strncmp(line, script->program->name, size) != 0 || line[size] != ' ')
    return;
  const char *word = line + size + 1;
  size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz-");
  if (length == 0 || length >= NAME_BYTES || word[0] == '-' ||
      script->command_count == COMMANDS_AT_MOST)
    return;
  memcpy(script->commands[script->command_count++], word, length);
}

static void take_apart(struct script *script) {
  const char *name = script->program->name;
  size_t size = strcspn(name, " ");
  snprintf(script->dispatcher, NAME_BYTES, "%.*s", (int)size, name);
  script->command = name + size + (name[size] == ' ');
  const char *line = script->program->usage;
  for (;;) {
    take_command(script, line);
    line = strchr(line, '\n');
    if (line == NULL)
      break;
    line++;
  }
}

/* The text with a backslash before each of `special`; a quote ' becomes what
 * the shell writes for it. */
static void put_escaped(FILE *out, const char *text, const char *special,
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

static void put_choices(FILE *out, const struct cli_option *option) {
  for (int i = 0; option->choices[i] != NULL; i++)
    fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

static void put_commands(const struct script *script) {
  for (size_t i = 0; i < script->command_count; i++)
    fprintf(script->out, "%s%s", i > 0 ? " " : "", script->commands[i]);
}

static void put_origin(const struct script *script) {
  fprintf(script->out, "# Made from the table of options of %s; do not edit.\n",
          script->program->name);
}

/* -- bash ----------------------------------------------------------------- */

/* "-d|--dir" */
static void put_pattern(FILE *out, const struct cli_option *option) {
  if (option->letter != '\0')
    fprintf(out, "-%c%s", option->letter, option->name != NULL ? "|" : "");
  if (option->name != NULL)
    fprintf(out, "--%s", option->name);
}

/* One branch of the case, for all options with this kind of operand. */
static void put_branch(const struct script *script, enum operand operand,
                       const char *action) {
  bool is_first = true;
  for (EACH_OPTION(option, script->program)) {
    if (operand_of(option) != operand)
      continue;
    fputs(is_first ? "    " : "|", script->out);
    put_pattern(script->out, option);
    is_first = false;
  }
  if (!is_first)
    fprintf(script->out, ")\n      %s; return ;;\n", action);
}

static void put_choice_branches(const struct script *script) {
  for (EACH_OPTION(option, script->program)) {
    if (operand_of(option) != OPERAND_CHOICE)
      continue;
    fputs("    ", script->out);
    put_pattern(script->out, option);
    fputs(")\n      _belay_reply -W '", script->out);
    put_choices(script->out, option);
    fputs("'; return ;;\n", script->out);
  }
}

static void put_names(const struct script *script) {
  const char *before = "";
  for (EACH_OPTION(option, script->program)) {
    if (option->letter != '\0')
      fprintf(script->out, "%s-%c%s", before, option->letter,
              option->name != NULL ? " " : "");
    else
      fputs(before, script->out);
    if (option->name != NULL)
      fprintf(script->out, "--%s", option->name);
    before = " ";
  }
}

static void put_bash(const struct script *script) {
  FILE *out = script->out;
  const char *name = script->dispatcher, *command = script->command;
  fprintf(out, "# %s(1) completion for bash.\n", name);
  put_origin(script);
  fprintf(out,
          "\n_belay_reply() {\n"
          "  mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\")\n"
          "}\n\n"
          "_belay_files() {\n"
          "  compopt -o filenames 2>/dev/null\n"
          "  _belay_reply \"$@\"\n"
          "}\n\n"
          "_%s() {\n"
          "  local word=${COMP_WORDS[COMP_CWORD]}\n"
          "  local option=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  COMPREPLY=()\n"
          "  # --name=value comes as three words.\n"
          "  if [[ $word == '=' ]]; then\n"
          "    word=\n"
          "  elif [[ $option == '=' ]]; then\n"
          "    option=${COMP_WORDS[COMP_CWORD-2]}\n"
          "  fi\n"
          "  if (( COMP_CWORD == 1 )); then\n"
          "    _belay_reply -W '%s help --help --version'\n"
          "    return\n"
          "  elif [[ ${COMP_WORDS[1]} == help ]]; then\n"
          "    _belay_reply -W '%s'\n"
          "    return\n"
          "  elif [[ ${COMP_WORDS[1]} != %s ]]; then\n"
          "    return\n"
          "  fi\n"
          "  case $option in\n",
          name, command, command, command);
  put_branch(script, OPERAND_FILE, "_belay_files -f");
  put_branch(script, OPERAND_DIRECTORY, "_belay_files -d");
  put_choice_branches(script);
  put_branch(script, OPERAND_ANY, ":");
  fputs(
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    _belay_reply -W '",
      out);
  put_names(script);
  fputs(
      "'\n"
      "  elif (( COMP_CWORD == 2 )); then\n"
      "    _belay_reply -W '",
      out);
  put_commands(script);
  fprintf(out,
          "'\n"
          "  fi\n"
          "}\n\n"
          "complete -F _%s %s\n",
          name, name);
}

/* -- zsh ------------------------------------------------------------------ */

static bool may_repeat(const struct cli_option *option) {
  return option->kind == CLI_COUNT || option->kind == CLI_STRINGS;
}

/* ":FILE:_files", what may stand behind an option. */
static void put_zsh_operand(FILE *out, const struct cli_option *option) {
  enum operand operand = operand_of(option);
  if (operand == OPERAND_NONE)
    return;
  putc(':', out);
  put_escaped(out, option->argument != NULL ? option->argument : "value", ":",
              "'\\''");
  putc(':', out);
  if (operand == OPERAND_FILE)
    fputs("_files", out);
  else if (operand == OPERAND_DIRECTORY)
    fputs("_directories", out);
  if (operand != OPERAND_CHOICE)
    return;
  putc('(', out);
  put_choices(out, option);
  putc(')', out);
}

/* One of the two names of an option, as _arguments wants it. */
static void put_zsh_name(const struct script *script,
                         const struct cli_option *option, bool is_letter) {
  FILE *out = script->out;
  bool has_operand = operand_of(option) != OPERAND_NONE;
  fputs("        '", out);
  if (may_repeat(option))
    putc('*', out);
  else if (option->letter != '\0' && option->name != NULL)
    fprintf(out, "(-%c --%s)", option->letter, option->name);
  if (is_letter)
    fprintf(out, "-%c%s", option->letter, has_operand ? "+" : "");
  else
    fprintf(out, "--%s%s", option->name, has_operand ? "=" : "");
  putc('[', out);
  put_escaped(out, option->help, "[]\\", "'\\''");
  putc(']', out);
  put_zsh_operand(out, option);
  fputs("' \\\n", out);
}

static void put_zsh(const struct script *script) {
  FILE *out = script->out;
  const char *name = script->dispatcher, *command = script->command;
  fprintf(out, "#compdef %s\n", name);
  put_origin(script);
  fprintf(out,
          "\n_%s() {\n"
          "  if (( CURRENT == 2 )); then\n"
          "    compadd -- %s help --help --version\n"
          "    return\n"
          "  fi\n"
          "  case $words[2] in\n"
          "    help)\n"
          "      compadd -- %s ;;\n"
          "    %s)\n"
          "      shift words\n"
          "      (( CURRENT-- ))\n"
          "      _arguments -s -S \\\n",
          name, command, command, command);
  for (EACH_OPTION(option, script->program)) {
    if (option->letter != '\0')
      put_zsh_name(script, option, true);
    if (option->name != NULL)
      put_zsh_name(script, option, false);
  }
  fputs("        '1:command or URL:(", out);
  put_commands(script);
  fprintf(out,
          ")' \\\n"
          "        '*:URL:' ;;\n"
          "  esac\n"
          "}\n\n"
          "_%s \"$@\"\n",
          name);
}

/* -- fish ----------------------------------------------------------------- */

static void put_fish_operand(FILE *out, const struct cli_option *option) {
  switch (operand_of(option)) {
    case OPERAND_NONE:
      break;
    case OPERAND_ANY:
      fputs(" -x", out);
      break;
    case OPERAND_FILE:
      fputs(" -r -F", out);
      break;
    case OPERAND_DIRECTORY:
      fputs(" -x -a '(__fish_complete_directories)'", out);
      break;
    case OPERAND_CHOICE:
      fputs(" -x -a '", out);
      put_choices(out, option);
      putc('\'', out);
      break;
  }
}

static void put_fish_option(const struct script *script,
                            const struct cli_option *option) {
  FILE *out = script->out;
  fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s'",
          script->dispatcher, script->command);
  if (option->letter != '\0')
    fprintf(out, " -s %c", option->letter);
  if (option->name != NULL)
    fprintf(out, " -l %s", option->name);
  put_fish_operand(out, option);
  fputs(" -d '", out);
  put_escaped(out, option->help, "\\", "\\'");
  fputs("'\n", out);
}

static void put_fish(const struct script *script) {
  FILE *out = script->out;
  const char *name = script->dispatcher, *command = script->command;
  fprintf(out, "# %s(1) completion for fish.\n", name);
  put_origin(script);
  fprintf(out,
          "\ncomplete -c %s -f\n"
          "complete -c %s -n __fish_use_subcommand -a '%s help'\n"
          "complete -c %s -n __fish_use_subcommand -l help -d 'the help'\n"
          "complete -c %s -n __fish_use_subcommand -l version "
          "-d 'the version'\n"
          "complete -c %s -n '__fish_seen_subcommand_from help' -a %s\n",
          name, name, command, name, name, name, command);
  for (size_t i = 0; i < script->command_count; i++)
    fprintf(out,
            "complete -c %s -n 'test (count (commandline -opc)) -eq 2; "
            "and __fish_seen_subcommand_from %s' -a %s\n",
            name, command, script->commands[i]);
  for (EACH_OPTION(option, script->program))
    put_fish_option(script, option);
}

/* -- All ------------------------------------------------------------------ */

char *cli_completion(const struct cli_program *program, const char *shell) {
  static const struct {
    const char *shell;
    void (*put)(const struct script *script);
  } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
  size_t i = 0;
  while (i < 3 && strcmp(shells[i].shell, shell) != 0)
    i++;
  char *text = NULL;
  size_t size;
  struct script script = {.program = program};
  script.out = i < 3 ? open_memstream(&text, &size) : NULL;
  if (script.out == NULL)
    return NULL;
  take_apart(&script);
  shells[i].put(&script);
  bool complete = ferror(script.out) == 0;
  if (fclose(script.out) == 0 && complete)
    return text;
  free(text);
  return NULL;
}
