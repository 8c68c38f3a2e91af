/*
 * log.h: what is said: where we listen, a line for each connection, a summary.
 *
 * Lines are gathered for a round of the engine and written in one call.
 */
#ifndef FAULT_LOG_H
#define FAULT_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct address;
struct clients;
struct connection;
struct engine;
struct server;
struct verify;

struct log {
  FILE *file;
  bool json;
  bool quiet;  /* no line for each connection */
  bool colour; /* how it ended */
  bool is_dirty;
  struct verify *verify; /* or NULL */
  struct clients *clients;
};

/* The table of all servers. */
void log_servers(struct log *log, const struct engine *engine);
/* What all that is left to chance depends on. */
void log_seed(struct log *log, uint64_t seed);
/* And where they are controlled. */
void log_api(struct log *log, const struct address *address);
void log_connection(struct log *log, const struct connection *connection,
                    int64_t now_ns);
/* Something could not be done; a message. */
void log_problem(struct log *log, const struct connection *connection,
                 const char *what, int error);
void log_summary(struct log *log, const struct engine *engine);
void log_flush(struct log *log);

#endif
