/*
 * completion_zsh.c: zsh's script: a function for each program, in which
 * _arguments is told the table.
 */
#include "completion_script.h"

static const char command[] =
    "\n"
    "# What a command completes itself; _arguments may leave -- before it.\n"
    "_belay_command() {\n"
    "  if [[ $words[1] == -- ]]; then\n"
    "    shift words\n"
    "    (( CURRENT-- ))\n"
    "  fi\n"
    "  _normal\n"
    "}\n";

static bool may_repeat(const struct cli_option *option) {
  return option->kind == CLI_COUNT || option->kind == CLI_STRINGS;
}

/* ":FILE:_files", what may stand behind an option. */
static void put_value(FILE *out, const struct cli_option *option) {
  enum completion_value value = completion_value(option);
  if (value == VALUE_NONE)
    return;
  putc(':', out);
  completion_put_escaped(
      out, option->argument != NULL ? option->argument : "value", ":", "'\\''");
  putc(':', out);
  if (value == VALUE_FILE)
    fputs("_files", out);
  else if (value == VALUE_DIRECTORY)
    fputs("_directories", out);
  if (value != VALUE_CHOICE)
    return;
  putc('(', out);
  completion_put_choices(out, option);
  putc(')', out);
}

/* One of the two names of an option, as _arguments wants it. */
static void put_name(FILE *out, const struct cli_option *option,
                     bool is_letter) {
  bool has_value = completion_value(option) != VALUE_NONE;
  fputs("    '", out);
  if (may_repeat(option))
    putc('*', out);
  else if (option->letter != '\0' && option->name != NULL)
    fprintf(out, "(-%c --%s)", option->letter, option->name);
  if (is_letter)
    fprintf(out, "-%c%s", option->letter, has_value ? "+" : "");
  else
    fprintf(out, "--%s%s", option->name, has_value ? "=" : "");
  putc('[', out);
  completion_put_escaped(out, option->help, "[]\\", "'\\''");
  putc(']', out);
  put_value(out, option);
  fputs("' \\\n", out);
}

static void put_operands(FILE *out, const struct cli_program *program) {
  if (program->stops_at_operand) {
    fputs(
        "    '(-)1:command:_command_names -e' \\\n"
        "    '*::argument:_belay_command'\n",
        out);
    return;
  }
  if (completion_has_commands(program)) {
    fputs("    '1:command:(", out);
    completion_put_commands(out, program);
    fputs(")' \\\n", out);
  }
  fputs("    '*:operand:'\n", out);
}

static void put_function(FILE *out, const struct cli_program *program) {
  fprintf(out, "\n_belay_%s() {\n  _arguments -s -S%s \\\n",
          completion_name(program),
          program->stops_at_operand ? " -A '-*'" : "");
  for (EACH_OPTION(option, program)) {
    if (option->letter != '\0')
      put_name(out, option, true);
    if (option->name != NULL)
      put_name(out, option, false);
  }
  put_operands(out, program);
  fputs("}\n", out);
}

static void put_dispatch(FILE *out, const struct cli_program *program) {
  fprintf(out,
          "    %s)\n"
          "      shift words\n"
          "      (( CURRENT-- ))\n"
          "      _belay_%s ;;\n",
          completion_name(program), completion_name(program));
}

void completion_zsh(FILE *out, const struct cli_program *const *programs) {
  fputs("#compdef belay\n", out);
  completion_put_origin(out);
  fputs(command, out);
  for (EACH_PROGRAM(each, programs))
    put_function(out, *each);
  fputs(
      "\n_belay() {\n"
      "  if (( CURRENT == 2 )); then\n"
      "    compadd -- ",
      out);
  completion_put_names(out, programs);
  fputs(
      " help --help --version\n"
      "    return\n"
      "  fi\n"
      "  case $words[2] in\n"
      "    help)\n"
      "      (( CURRENT == 3 )) && compadd -- ",
      out);
  completion_put_names(out, programs);
  fputs(" ;;\n", out);
  for (EACH_PROGRAM(each, programs))
    put_dispatch(out, *each);
  fputs(
      "  esac\n"
      "}\n\n"
      "_belay \"$@\"\n",
      out);
}
