/*
 * option.h: one table of options drives parsing, --help and completion.
 *
 * GNU conventions: --long=value and --long value, -jN and -j N, flags bundled
 * (-qv), options after operands unless the program stops at the first, -- ends
 * them.  Long names are never abbreviated: what a script says today means the
 * same tomorrow.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_kind {
  CLI_HEADING,  /* no option: `help` heads those that follow */
  CLI_FLAG,     /* bool */
  CLI_COUNT,    /* int, one more each time */
  CLI_STRING,   /* const char * */
  CLI_STRINGS,  /* struct cli_strings */
  CLI_NUMBER,   /* int, from `least` to `most` */
  CLI_SIZE,     /* int64_t, bytes: 64k, 1.5M */
  CLI_DURATION, /* int64_t, nanoseconds: 10s, 1m30s */
  CLI_CHOICE,   /* int, index into `choices` */
};

/* Strings in the order given; NULL-terminated once there is one. */
struct cli_strings {
  const char **items;
  size_t count;
};

struct cli_option {
  enum cli_kind kind;
  char letter;          /* 0: none */
  const char *name;     /* without the dashes; NULL: only a letter */
  const char *argument; /* what it is called in the help; NULL: none */
  const char *help;
  void *value; /* where it goes; see the kinds */
  int least, most;
  const char *const *choices; /* NULL-terminated */
};

struct cli_program {
  const char *name;  /* "belay get" */
  const char *usage; /* lines, without "usage: " before the first */
  const char *summary;
  const char *epilogue;             /* or NULL */
  const struct cli_option *options; /* ends with a NULL help */
  bool stops_at_operand; /* what follows the first belongs to it, as for env */
};

/*
 * Parses the arguments after argv[0] and moves the operands to its front:
 * their number, with *ret_operands set; or -EINVAL with *ret_error a line, to
 * be freed, such as "unknown option '--retrys'; did you mean '--retries'?".
 */
int cli_parse(const struct cli_program *program, int argc, char **argv,
              char ***ret_operands, char **ret_error);

/* The help, to be freed; NULL out of memory. */
char *cli_help(const struct cli_program *program);

/* The word of `words` (NULL-terminated) nearest to `word`, or NULL if none is
 * near enough to be meant. */
const char *cli_nearest(const char *word, const char *const *words);

#endif
