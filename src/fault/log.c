/*
 * log.c: one line for each connection: what was wanted, what went out and came
 * in, how it ended.  With `wanted` the fault can be had again.
 */
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/json.h"
#include "cli/message.h"
#include "cli/unit.h"
#include "cli/utf8.h"
#include "clients.h"
#include "engine.h"
#include "verify.h"
#include "vm.h"

#define CLIENTS_SHOWN 20

static int64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *wanted_of(const struct connection *connection) {
  if (connection->wanted != NULL)
    return connection->wanted;
  const struct program *program = vm_plan(&connection->lane);
  return program != NULL && program->wanted != NULL ? program->wanted : "";
}

void log_flush(struct log *log) {
  if (log->is_dirty)
    fflush(log->file);
  log->is_dirty = false;
}

/* -- Connections ----------------------------------------------------------- */

static void print_json(struct log *log, const struct connection *connection,
                       int64_t elapsed_ns) {
  char text[UNIT_TEXT_BYTES], client[CLIENT_TEXT_BYTES];
  struct json json = json_begin(log->file);
  json_string(&json, "event", "connection");
  json_string(&json, "time", unit_time(wall_ms(), text));
  json_string(&json, "server", connection->server->name);
  json_number(&json, "connection", (int64_t)connection->number);
  json_string(&json, "client", connection_client(connection, client));
  json_string(&json, "wanted", wanted_of(connection));
  json_number(&json, "requests", connection->requests);
  json_number(&json, "sent", (int64_t)connection->sent);
  json_number(&json, "received", (int64_t)connection->received);
  json_string(&json, "end", connection_ending(connection->ending));
  json_seconds(&json, "seconds", elapsed_ns);
  fputs("}\n", log->file);
}

static void print_line(struct log *log, const struct connection *connection,
                       int64_t elapsed_ns) {
  char client[CLIENT_TEXT_BYTES], elapsed[UNIT_TEXT_BYTES], wanted[200];
  const char *ending = connection_ending(connection->ending);
  utf8_fit(wanted_of(connection), wanted, sizeof(wanted), 100);
  fprintf(log->file,
          "%s #%" PRIu64 " %s: sent %" PRIu64 ", received %" PRIu64
          ", ended by %s%s%s after %s%s%s\n",
          connection->server->name, connection->number,
          connection_client(connection, client), connection->sent,
          connection->received, log->colour ? "\033[1m" : "", ending,
          log->colour ? "\033[0m" : "", unit_duration(elapsed_ns, elapsed),
          *wanted != '\0' ? "; wanted: " : "", wanted);
}

void log_connection(struct log *log, const struct connection *connection,
                    int64_t now_ns) {
  int64_t elapsed_ns = now_ns - connection->begun_ns;
  if (log->verify != NULL)
    verify_connection(log->verify, connection);
  if (log->clients != NULL)
    clients_count(log->clients, connection);
  if (log->quiet)
    return;
  log->is_dirty = true;
  if (log->json)
    print_json(log, connection, elapsed_ns);
  else
    print_line(log, connection, elapsed_ns);
}

void log_problem(struct log *log, const struct connection *connection,
                 const char *what, int error) {
  log_flush(log);
  message("%s #%" PRIu64 ": %s: %s", connection->server->name,
          connection->number, what, strerror(-error));
}

/* -- The table ------------------------------------------------------------- */

static void print_listener(struct log *log, const char *event, const char *name,
                           const char *address, const char *wanted) {
  if (log->json) {
    struct json json = json_begin(log->file);
    json_string(&json, "event", event);
    json_string(&json, "server", name);
    json_string(&json, "address", address);
    json_string(&json, "wanted", wanted);
    json_end(&json);
  } else {
    char text[200];
    utf8_fit(wanted, text, sizeof(text), 60);
    fprintf(log->file, "%-10s %-22s %s\n", name, address, text);
  }
}

void log_servers(struct log *log, const struct engine *engine) {
  for (const struct server *server = engine->servers; server != NULL;
       server = server->next) {
    char *wanted = server_wanted(server);
    for (size_t i = 0; i < server->listener_count; i++) {
      char address[ADDRESS_TEXT_BYTES];
      address_print(&server->listeners[i].address, address);
      print_listener(log, "listening", server->name, address,
                     wanted != NULL ? wanted : "");
    }
    free(wanted);
  }
  fflush(log->file);
}

void log_seed(struct log *log, uint64_t seed) {
  if (log->json) {
    struct json json = json_begin(log->file);
    json_string(&json, "event", "seed");
    json_number(&json, "seed", (int64_t)seed);
    json_end(&json);
  } else {
    fprintf(log->file, "%-10s %" PRIu64 "\n", "seed", seed);
  }
  fflush(log->file);
}

void log_api(struct log *log, const struct address *address) {
  char text[ADDRESS_TEXT_BYTES];
  print_listener(log, "api", "api", address_print(address, text), "");
  fflush(log->file);
}

/* -- The summary ----------------------------------------------------------- */

static void summarise(struct log *log, const char *what, const char *name,
                      const struct server_counts *counts) {
  char sent[UNIT_TEXT_BYTES], received[UNIT_TEXT_BYTES];
  fprintf(log->file, "%s%s: %" PRIu64 " connection%s, sent %s, received %s",
          what, name, counts->connections, counts->connections == 1 ? "" : "s",
          unit_size((int64_t)counts->sent, sent),
          unit_size((int64_t)counts->received, received));
  const char *between = "; ended by";
  for (int i = 1; i < END_COUNT; i++)
    if (counts->endings[i] > 0) {
      fprintf(log->file, "%s %s %" PRIu64, between,
              connection_ending((enum ending)i), counts->endings[i]);
      between = ",";
    }
  fputc('\n', log->file);
}

static void summarise_json(struct log *log, const char *event, const char *key,
                           const char *name,
                           const struct server_counts *counts) {
  struct json json = json_begin(log->file);
  json_string(&json, "event", event);
  json_string(&json, key, name);
  json_number(&json, "connections", (int64_t)counts->connections);
  json_number(&json, "requests", (int64_t)counts->requests);
  json_number(&json, "sent", (int64_t)counts->sent);
  json_number(&json, "received", (int64_t)counts->received);
  for (int i = 1; i < END_COUNT; i++)
    json_number(&json, connection_ending((enum ending)i),
                (int64_t)counts->endings[i]);
  json_end(&json);
}

static void summarise_clients(struct log *log) {
  struct client_counts *list = NULL;
  size_t count = log->clients != NULL
                     ? clients_list(log->clients, CLIENTS_SHOWN, &list)
                     : 0;
  for (size_t i = 0; i < count; i++)
    if (log->json)
      summarise_json(log, "client", "address", list[i].name, &list[i].counts);
    else
      summarise(log, "client ", list[i].name, &list[i].counts);
  free(list);
}

void log_summary(struct log *log, const struct engine *engine) {
  for (const struct server *server = engine->servers; server != NULL;
       server = server->next)
    if (log->json)
      summarise_json(log, "summary", "server", server->name, &server->counts);
    else if (server->counts.connections > 0)
      summarise(log, "", server->name, &server->counts);
  summarise_clients(log);
  fflush(log->file);
}
