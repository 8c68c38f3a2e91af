/*
 * server.h: one thing that listens: its name, its sockets, its faults, what it
 * serves, and what it has counted.
 */
#ifndef FAULT_SERVER_H
#define FAULT_SERVER_H

#include <sys/socket.h>

#include "address.h"
#include "compile.h"
#include "connection.h"
#include "listener.h"
#include "tls.h"

struct engine;
struct paths;

#define LISTENERS_AT_MOST 8
#define PROGRAMS_AT_MOST 64

struct server_counts {
  uint64_t connections, live, sent, received, requests;
  uint64_t endings[END_COUNT];
};

/* What a server is to be; texts are borrowed by server_new(). */
struct server_config {
  const char *name;
  const char *const *listens; /* addresses */
  size_t listen_count;
  const char *root;     /* a directory, or NULL */
  const char *upstream; /* or NULL */
  struct rules rules;   /* held by the server */
};

struct server {
  struct server *next;
  struct engine *engine;
  char *name;
  char **listens; /* as they were given, up to NULL */
  char *identity; /* what cannot be changed without opening anew */
  uint64_t hash;  /* of the name */
  struct listener listeners[LISTENERS_AT_MOST];
  size_t listener_count;
  enum conversation kind;
  int root_fd; /* -1: only generated files */
  struct address upstream;
  struct rules rules;
  int64_t limit; /* of connections; 0: none */
  bool never_accepts;
  bool resets_at_once; /* the whole program is `rst` */
  bool had_resets;     /* it was, when it began to listen */
  struct tls_context *tls;
  enum tls_fault tls_fault;
  struct paths *paths; /* requests counted by path */
  struct server_counts counts;
  /* Compiled for each set of rules that was chosen so far. */
  struct {
    uint64_t chosen;
    bool is_up;
    struct program *program;
  } programs[PROGRAMS_AT_MOST];
  size_t program_count;
};

/*
 * Makes a server, which is not among the engine's and does not listen yet: 0,
 * or -errno with *ret_error one line, to be freed, or NULL.
 */
int server_new(struct engine *engine, const struct server_config *config,
               struct server **ret_server, char **ret_error);
/* Lets it listen; as server_new(), with an error such as "127.0.0.1:2000:
 * address already in use". */
int server_listen(struct server *server, char **ret_error);
/* At the end of the engine's list, so that they are told in their order. */
void server_append(struct server *server);
/* Nobody comes any more, and who is here stays; until it listens again, at the
 * same addresses.  -errno. */
void server_mute(struct server *server);
int server_unmute(struct server *server);
/* Whether it differs from a configuration in its faults alone. */
bool server_is_same(const struct server *server,
                    const struct server_config *config);
/* Stops listening, and ends its connections. */
void server_stop(struct server *server);
/* Stops, and frees it.  Not in the middle of a round. */
void server_close(struct server *server);
/* Whether these faults could be had; changes nothing.  As server_new(). */
int server_try_rules(struct server *server, const struct rules *rules,
                     char **ret_error);
/* Other faults from now on; for connections that are relayed now, too, where
 * that means something else.  As server_new(). */
int server_set_rules(struct server *server, const struct rules *rules,
                     char **ret_error);

/* The program for a connection, held; NULL out of memory. */
struct program *server_program(const struct connection *connection, bool is_up);
struct occasion server_occasion(const struct connection *connection,
                                bool is_up);
/* What its rules are, in words, to be freed. */
char *server_wanted(const struct server *server);

#endif
