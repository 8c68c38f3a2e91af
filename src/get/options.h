/*
 * options.h: what the command line of `belay get` says.
 */
#ifndef GET_OPTIONS_H
#define GET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/option.h"

enum get_command { GET_DOWNLOAD, GET_RESUME, GET_STATUS, GET_FORGET };
enum get_progress {
  PROGRESS_AUTO,
  PROGRESS_LIVE,
  PROGRESS_PLAIN,
  PROGRESS_NONE
};
enum get_durability { DURABILITY_FULL, DURABILITY_NONE };

struct get_options {
  enum get_command command;
  char **operands; /* URLs, or what to forget */
  int operand_count;

  struct cli_strings lists;
  const char *sums, *base_url, *dir, *output, *sha256;
  bool force;

  int jobs, per_host, retries, max_redirects, durability;
  int64_t retry_wait_ns, stall_ns, limit_rate;

  struct cli_strings headers;
  const char *user_agent, *referer, *user, *proxy, *ca_file;
  bool netrc, insecure, http1, http2, ipv4, ipv6;

  const char *db;
  bool quiet, json, help, version;
  int verbose, progress, color;

  const char *state;
  bool completed, failed, all;
};

/* Its table: for the completions too, which know nothing else of it. */
extern const struct cli_program get_program;

/* 0; or -EINVAL with *ret_error a line, to be freed. */
int get_options_parse(int argc, char **argv, struct get_options *ret_options,
                      char **ret_error);

/* The help, to be freed. */
char *get_options_help(void);

#endif
