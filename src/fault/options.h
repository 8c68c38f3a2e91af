/*
 * options.h: what the command line of `belay fault` says.
 */
#ifndef FAULT_OPTIONS_H
#define FAULT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/option.h"

struct fault_options {
  char **faults; /* the operands: a rule each */
  int fault_count;
  char **command; /* behind `--`, ended by NULL; or NULL */

  struct cli_strings listens;
  const char *root, *upstream, *config;
  const char *api; /* where to be controlled */
  const char *seed_text;
  uint64_t seed;
  int max_connections;
  int64_t drip_ns;

  bool private_net, verify;
  int ready_fd;
  const char *ready_file, *tls_ca, *log;
  bool json, quiet, check;
  int color;
  bool help, help_faults, version;
};

/* 0; or -EINVAL with *ret_error a line, to be freed. */
int fault_options_parse(int argc, char **argv,
                        struct fault_options *ret_options, char **ret_error);

/* Whether Cynic's services are wanted: nothing else is said. */
bool fault_options_is_bare(const struct fault_options *options);

/* The help, to be freed. */
char *fault_options_help(void);

/* The table itself, for the completions. */
extern const struct cli_program fault_program;

#endif
