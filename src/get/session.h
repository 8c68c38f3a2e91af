/*
 * session.h: one run of downloads, from the first claim to the last word.
 */
#ifndef GET_SESSION_H
#define GET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enqueue.h"
#include "http.h"
#include "store.h"

struct session_options {
  int jobs; /* transfers at once */
  int retries;
  int64_t retry_wait_ns;
  int64_t stall_ns;
  bool live;  /* draw the block of lines */
  bool lines; /* a line for each file that has ended */
  bool colour;
  bool quiet, verbose;
  bool json; /* events on stdout */
  struct http_options http;
};

struct session_result {
  size_t completed, failed, interrupted;
  int64_t bytes; /* received */
  int64_t elapsed_ns;
  int signo; /* the signal that interrupted it, or 0 */
  bool store_broken;
};

/*
 * Downloads what was queued in the store, and what is fed to it, until all is
 * done or a signal comes.  It starts the store, which is still open afterwards
 * and, if it is broken, may still be feeding until it is closed.  0, or -errno
 * with *ret_error set when it could not begin.
 */
int session_run(struct store *store, struct enqueue *queue,
                const struct session_options *options,
                struct session_result *ret_result, char **ret_error);

#endif
