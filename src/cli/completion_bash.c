/*
 * completion_bash.c: bash's script: for each program a function that tells what
 * an option takes, and for all of them others that read the words up to the
 * cursor with it, as the program itself would.
 */
#include "completion_script.h"

/* -- The same for all ----------------------------------------------------- */

static const char replying[] =
    "\n"
    "# bash takes arguments apart at = and : too.  `words` has them whole, up "
    "to\n"
    "# the cursor, and `places` where each begins.\n"
    "_belay_join() {\n"
    "  local line=$COMP_LINE part i\n"
    "  for (( i = 0; i <= COMP_CWORD; i++ )); do\n"
    "    part=${COMP_WORDS[i]}\n"
    "    if (( i == 0 )) || [[ $line == [[:space:]]* ]]; then\n"
    "      words+=(\"$part\")\n"
    "      places+=(\"$i\")\n"
    "      line=${line#\"${line%%[![:space:]]*}\"}\n"
    "    else\n"
    "      words[${#words[@]}-1]+=$part\n"
    "    fi\n"
    "    line=${line#\"$part\"}\n"
    "  done\n"
    "}\n"
    "\n"
    "# Offers what compgen says of `word`.  `prefix` stands before it in the "
    "same\n"
    "# argument (--dir=, -d); what is `given` of both, bash does not replace.\n"
    "_belay_reply() {\n"
    "  [[ $1 == -[cdf] ]] && compopt -o filenames 2>/dev/null\n"
    "  mapfile -t COMPREPLY < <(compgen -P \"$prefix\" \"$@\" -- \"$word\")\n"
    "  COMPREPLY=(\"${COMPREPLY[@]#\"$given\"}\")\n"
    "}\n"
    "\n"
    "# A command, or what it would complete itself, as bash-completion knows.\n"
    "_belay_command() {\n"
    "  local offset\n"
    "  for offset in _comp_command_offset _command_offset; do\n"
    "    if declare -F \"$offset\" >/dev/null; then\n"
    "      \"$offset\" \"${places[operand]}\"\n"
    "      return\n"
    "    fi\n"
    "  done\n"
    "  if (( operand == cursor )); then\n"
    "    _belay_reply -c\n"
    "  else\n"
    "    _belay_reply -f\n"
    "  fi\n"
    "}\n";

static const char reading[] =
    "\n"
    "# Whether $2 is an option that takes something, as $1 tells.  That stands "
    "in\n"
    "# the same word behind `prefix`; is this empty, it is the next word.\n"
    "_belay_option() {\n"
    "  local i\n"
    "  prefix=\n"
    "  case $2 in\n"
    "    --*=*)\n"
    "      \"$1\" \"${2%%=*}\" && prefix=${2%%=*}= ;;\n"
    "    --*)\n"
    "      \"$1\" \"$2\" ;;\n"
    "    *)\n"
    "      [[ $2 == -* ]] || return\n"
    "      for (( i = 1; i < ${#2}; i++ )); do\n"
    "        \"$1\" \"-${2:i:1}\" || continue\n"
    "        (( i + 1 < ${#2} )) && prefix=${2:0:i+1}\n"
    "        return 0\n"
    "      done\n"
    "      return 1 ;;\n"
    "  esac\n"
    "}\n"
    "\n"
    "# Whether the word at the cursor is what an option takes.  If not, "
    "`operand`\n"
    "# is where the first is or, as far as one can see, will be.  `options` "
    "are\n"
    "# none behind -- and, with $2, behind an operand.\n"
    "_belay_read() {\n"
    "  local i\n"
    "  for (( i = 2; i < cursor; i++ )); do\n"
    "    if _belay_option \"$1\" \"${words[i]}\"; then\n"
    "      [[ -z $prefix ]] && (( ++i == cursor )) && return 0\n"
    "    elif [[ ${words[i]} == -- ]]; then\n"
    "      (( operand == cursor )) && operand=$(( i + 1 ))\n"
    "      options=\n"
    "      return 1\n"
    "    elif [[ ${words[i]} != -?* ]]; then\n"
    "      (( operand == cursor )) && operand=$i\n"
    "      [[ -n $2 ]] && options= && return 1\n"
    "    fi\n"
    "  done\n"
    "  _belay_option \"$1\" \"$word\" && [[ -n $prefix ]] &&\n"
    "    word=${word#\"$prefix\"}\n"
    "}\n"
    "\n"
    "_belay_offer() {\n"
    "  if _belay_read \"$@\"; then\n"
    "    (( ${#takes[@]} == 0 )) || _belay_reply \"${takes[@]}\"\n"
    "  elif [[ $word == -* && -n $options ]]; then\n"
    "    _belay_reply -W \"$options\"\n"
    "  elif [[ -n $2 ]]; then\n"
    "    _belay_command\n"
    "  elif (( operand == cursor )); then\n"
    "    _belay_reply -W \"$commands\"\n"
    "  fi\n"
    "}\n";

static const char beginning[] =
    "\n"
    "_belay() {\n"
    "  local words=() places=() takes=() prefix= options= commands=\n"
    "  COMPREPLY=()\n"
    "  _belay_join\n"
    "  local cursor=$(( ${#words[@]} - 1 ))\n"
    "  local operand=$cursor word=${words[cursor]} "
    "kept=${COMP_WORDS[COMP_CWORD]}\n"
    "  [[ $kept == *[!=:]* ]] || kept=\n"
    "  local given=${word%\"$kept\"}\n"
    "  if (( cursor == 1 )); then\n";

/* -- One program ---------------------------------------------------------- */

/* One branch of the case, for all options with this kind of value. */
static void put_branch(FILE *out, const struct cli_program *program,
                       enum completion_value value, const char *takes) {
  const char *before = "    ";
  for (EACH_OPTION(option, program)) {
    if (completion_value(option) != value)
      continue;
    fputs(before, out);
    completion_put_option(out, option, "|");
    before = "|";
  }
  if (*before == '|')
    fprintf(out, ")\n      takes=(%s) ;;\n", takes);
}

static void put_choice_branches(FILE *out, const struct cli_program *program) {
  for (EACH_OPTION(option, program)) {
    if (completion_value(option) != VALUE_CHOICE)
      continue;
    fputs("    ", out);
    completion_put_option(out, option, "|");
    fputs(")\n      takes=(-W '", out);
    completion_put_choices(out, option);
    fputs("') ;;\n", out);
  }
}

static void put_function(FILE *out, const struct cli_program *program) {
  fprintf(out,
          "\n# What an option of %s takes, in the words of compgen.\n"
          "_belay_takes_%s() {\n"
          "  case $1 in\n",
          program->name, completion_name(program));
  put_branch(out, program, VALUE_FILE, "-f");
  put_branch(out, program, VALUE_DIRECTORY, "-d");
  put_choice_branches(out, program);
  put_branch(out, program, VALUE_ANY, "");
  fputs(
      "    *)\n"
      "      return 1 ;;\n"
      "  esac\n"
      "}\n",
      out);
}

/* Its branch where the second word is looked at. */
static void put_dispatch(FILE *out, const struct cli_program *program) {
  const char *before = "";
  fprintf(out, "    %s)\n      options='", completion_name(program));
  for (EACH_OPTION(option, program)) {
    fputs(before, out);
    completion_put_option(out, option, " ");
    before = " ";
  }
  fputs("'\n      commands='", out);
  completion_put_commands(out, program);
  fprintf(out, "'\n      _belay_offer _belay_takes_%s%s ;;\n",
          completion_name(program),
          program->stops_at_operand ? " command" : "");
}

void completion_bash(FILE *out, const struct cli_program *const *programs) {
  fputs("# belay(1) completion for bash.\n", out);
  completion_put_origin(out);
  fputs(replying, out);
  fputs(reading, out);
  for (EACH_PROGRAM(each, programs))
    put_function(out, *each);
  fprintf(out, "%s    _belay_reply -W '", beginning);
  completion_put_names(out, programs);
  fputs(
      " help --help --version'\n"
      "    return\n"
      "  fi\n"
      "  case ${words[1]} in\n"
      "    help)\n"
      "      (( cursor == 2 )) && _belay_reply -W '",
      out);
  completion_put_names(out, programs);
  fputs("' ;;\n", out);
  for (EACH_PROGRAM(each, programs))
    put_dispatch(out, *each);
  fputs(
      "  esac\n"
      "}\n\n"
      "complete -F _belay belay\n",
      out);
}
