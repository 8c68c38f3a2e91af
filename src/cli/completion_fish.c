/*
 * completion_fish.c: fish's script: a line for each option, with the condition
 * under which it may stand where the cursor is, and functions that find that
 * out.
 */
#include "completion_script.h"

static const char functions[] =
    "\n"
    "# Whether the second word is $argv.\n"
    "function __belay_is\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -ge 2; and test $words[2] = $argv\n"
    "end\n"
    "\n"
    "# The words from the first operand on, where the options $argv take one;\n"
    "# fails if there are none yet.\n"
    "function __belay_operands\n"
    "    set -l words (commandline -opc)\n"
    "    set -e words[1..2]\n"
    "    while set -q words[1]; and string match -qr -- '^-.' $words[1]\n"
    "        set -l word $words[1]\n"
    "        set -e words[1]\n"
    "        switch $word\n"
    "            case --\n"
    "                break\n"
    "            case '--*'\n"
    "                contains -- $word $argv; and set -e words[1]\n"
    "            case '*'\n"
    "                set -l letters (string split '' -- $word)[2..-1]\n"
    "                while set -q letters[1]\n"
    "                    contains -- -$letters[1] $argv; and break\n"
    "                    set -e letters[1]\n"
    "                end\n"
    "                test (count $letters) -eq 1; and set -e words[1]\n"
    "        end\n"
    "    end\n"
    "    set -q words[1]; and printf '%s\\n' $words\n"
    "end\n"
    "\n"
    "# What a command would complete itself, $argv being its words before the\n"
    "# cursor; commands, if there are none.\n"
    "function __belay_command\n"
    "    set -l line (commandline -ct)\n"
    "    if set -q argv[1]\n"
    "        set -p line (string escape -- $argv)\n"
    "    else if string match -q -- '-*' $line\n"
    "        return\n"
    "    end\n"
    "    complete -C \"$line\"\n"
    "end\n"
    "\n"
    "complete -c belay -f\n"
    "complete -c belay -n __fish_use_subcommand -l help -d 'the help'\n"
    "complete -c belay -n __fish_use_subcommand -l version -d 'the version'\n";

/* Both of its functions; the second tells whether no operand is there yet. */
static void put_functions(FILE *out, const struct cli_program *program) {
  const char *name = completion_name(program);
  fprintf(out,
          "\nfunction __belay_%s_operands\n"
          "    __belay_operands",
          name);
  for (EACH_OPTION(option, program)) {
    if (completion_value(option) == VALUE_NONE)
      continue;
    putc(' ', out);
    completion_put_option(out, option, " ");
  }
  fprintf(out,
          "\nend\n\n"
          "function __belay_%s_first\n"
          "    __belay_is %s; and not __belay_%s_operands >/dev/null\n"
          "end\n\n",
          name, name, name);
}

static void put_operands(FILE *out, const struct cli_program *program) {
  const char *name = completion_name(program);
  if (program->stops_at_operand)
    fprintf(out,
            "complete -c belay -n '__belay_is %s' "
            "-x -a '(__belay_command (__belay_%s_operands))'\n",
            name, name);
  if (!completion_has_commands(program))
    return;
  fprintf(out, "complete -c belay -n __belay_%s_first -a '", name);
  completion_put_commands(out, program);
  fputs("'\n", out);
}

static void put_value(FILE *out, const struct cli_option *option) {
  static const char *const words[] = {
      [VALUE_NONE] = "",
      [VALUE_ANY] = " -x",
      [VALUE_FILE] = " -r -F",
      [VALUE_DIRECTORY] = " -x -a '(__fish_complete_directories)'",
      [VALUE_CHOICE] = " -x -a '",
  };
  enum completion_value value = completion_value(option);
  fputs(words[value], out);
  if (value != VALUE_CHOICE)
    return;
  completion_put_choices(out, option);
  putc('\'', out);
}

static void put_option(FILE *out, const struct cli_program *program,
                       const struct cli_option *option) {
  const char *name = completion_name(program);
  if (program->stops_at_operand)
    fprintf(out, "complete -c belay -n __belay_%s_first", name);
  else
    fprintf(out, "complete -c belay -n '__belay_is %s'", name);
  if (option->letter != '\0')
    fprintf(out, " -s %c", option->letter);
  if (option->name != NULL)
    fprintf(out, " -l %s", option->name);
  put_value(out, option);
  fputs(" -d '", out);
  completion_put_escaped(out, option->help, "\\", "\\'");
  fputs("'\n", out);
}

void completion_fish(FILE *out, const struct cli_program *const *programs) {
  fputs("# belay(1) completion for fish.\n", out);
  completion_put_origin(out);
  fputs(functions, out);
  fputs("complete -c belay -n __fish_use_subcommand -a '", out);
  completion_put_names(out, programs);
  fputs(" help'\ncomplete -c belay -n '__belay_is help' -a '", out);
  completion_put_names(out, programs);
  fputs("'\n", out);
  for (EACH_PROGRAM(each, programs)) {
    put_functions(out, *each);
    put_operands(out, *each);
    for (EACH_OPTION(option, *each))
      put_option(out, *each, option);
  }
}
