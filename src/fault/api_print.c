/*
 * api_print.c: servers, toxics and counters as text.  What connections that
 * live have sent is counted when they end; here it is added.
 */
#include "api_print.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/json.h"

const char *api_listen(const struct control *control,
                       const struct plan_server *server,
                       char text[ADDRESS_TEXT_BYTES]) {
  const struct server *live = engine_server(control->engine, server->name);
  if (live != NULL && live->listener_count > 0)
    return address_print(&live->listeners[0].address, text);
  return server->listen_count > 0 ? server->listens[0] : "";
}

static void print_member(FILE *file, const char *key, const char *value) {
  fprintf(file, "\"%s\":", key);
  json_text(file, value != NULL ? value : "");
}

/* -- As toxiproxy ---------------------------------------------------------- */

void api_print_toxic(FILE *file, const struct toxic *toxic) {
  const char *between = "";
  fputc('{', file);
  print_member(file, "name", toxic->name);
  fputc(',', file);
  print_member(file, "type", toxic->kind->type);
  fprintf(file, ",\"stream\":\"%s\",\"toxicity\":%.9g,\"attributes\":{",
          toxic->is_up ? "upstream" : "downstream", toxic->toxicity);
  for (size_t i = 0; i < TOXIC_VALUES && toxic->kind->values[i] != NULL; i++) {
    fprintf(file, "%s\"%s\":%" PRId64, between, toxic->kind->values[i],
            toxic->values[i]);
    between = ",";
  }
  if (toxic->kind->has_fault)
    print_member(file, "fault", toxic->fault);
  fputs("}}", file);
}

void api_print_toxics(FILE *file, const struct plan_server *server) {
  fputc('[', file);
  for (size_t i = 0; i < server->toxic_count; i++) {
    if (i > 0)
      fputc(',', file);
    api_print_toxic(file, &server->toxics[i]);
  }
  fputc(']', file);
}

void api_print_proxy(FILE *file, const struct control *control,
                     const struct plan_server *server) {
  char text[ADDRESS_TEXT_BYTES];
  fputc('{', file);
  print_member(file, "name", server->name);
  fputc(',', file);
  print_member(file, "listen", api_listen(control, server, text));
  fputc(',', file);
  print_member(file, "upstream", server->upstream);
  fprintf(file, ",\"enabled\":%s,\"toxics\":",
          server->is_disabled ? "false" : "true");
  api_print_toxics(file, server);
  fputc('}', file);
}

/* -- Counters -------------------------------------------------------------- */

static void add_bytes(struct connection *connection, void *data) {
  struct server_counts *counts = data;
  counts->sent += connection->sent;
  counts->received += connection->received;
}

static struct server_counts count(const struct control *control,
                                  const struct server *server) {
  struct server_counts counts = server->counts;
  engine_each(control->engine, server, add_bytes, &counts);
  return counts;
}

static void print_faults(FILE *file, const struct rules *rules) {
  fputs(",\"faults\":[", file);
  for (size_t i = 0; i < rules->count; i++) {
    char *text = parse_print(rules->items[i]);
    if (i > 0)
      fputc(',', file);
    json_text(file, text != NULL ? text : "");
    free(text);
  }
  fputc(']', file);
}

static void print_listens(FILE *file, const struct server *server) {
  char text[ADDRESS_TEXT_BYTES];
  fputs(",\"listen\":[", file);
  for (size_t i = 0; i < server->listener_count; i++) {
    if (i > 0)
      fputc(',', file);
    json_text(file, address_print(&server->listeners[i].address, text));
  }
  fputc(']', file);
}

static void print_server(FILE *file, const struct control *control,
                         const struct server *server) {
  struct server_counts counts = count(control, server);
  const char *between = "";
  fputc('{', file);
  print_member(file, "name", server->name);
  print_listens(file, server);
  print_faults(file, &server->rules);
  fprintf(file,
          ",\"seed\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"live\":%" PRIu64
          ",\"requests\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"received\":%" PRIu64
          ",\"ended\":{",
          control->engine->seed, counts.connections, counts.live,
          counts.requests, counts.sent, counts.received);
  for (int i = 1; i < END_COUNT; i++) {
    fprintf(file, "%s\"%s\":%" PRIu64, between,
            connection_ending((enum ending)i), counts.endings[i]);
    between = ",";
  }
  fputs("}}", file);
}

void api_print_servers(FILE *file, const struct control *control) {
  fputc('[', file);
  for (const struct server *server = control->engine->servers; server != NULL;
       server = server->next) {
    if (server != control->engine->servers)
      fputc(',', file);
    print_server(file, control, server);
  }
  fputs("]\n", file);
}

/* -- For Prometheus -------------------------------------------------------- */

static void print_label(FILE *file, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '\\' || *text == '"')
      fputc('\\', file);
    if (*text == '\n')
      fputs("\\n", file);
    else
      fputc(*text, file);
  }
}

static void print_sample(FILE *file, const char *name,
                         const struct server *server, const char *end,
                         uint64_t value) {
  fprintf(file, "belay_fault_%s{server=\"", name);
  print_label(file, server->name);
  fputc('"', file);
  if (end != NULL)
    fprintf(file, ",end=\"%s\"", end);
  fprintf(file, "} %" PRIu64 "\n", value);
}

enum metric { CONNECTIONS, LIVE, REQUESTS, SENT, RECEIVED, METRIC_COUNT };

static const struct {
  const char *name, *type, *help;
} metrics[METRIC_COUNT] = {
    [CONNECTIONS] = {"connections_total", "counter", "connections accepted"},
    [LIVE] = {"connections_live", "gauge", "connections that live"},
    [REQUESTS] = {"requests_total", "counter", "requests answered"},
    [SENT] = {"sent_bytes_total", "counter", "bytes sent to clients"},
    [RECEIVED] = {"received_bytes_total", "counter",
                  "bytes received from clients"},
};

static uint64_t value_of(const struct server_counts *counts,
                         enum metric metric) {
  const uint64_t values[METRIC_COUNT] = {
      [CONNECTIONS] = counts->connections, [LIVE] = counts->live,
      [REQUESTS] = counts->requests,       [SENT] = counts->sent,
      [RECEIVED] = counts->received,
  };
  return values[metric];
}

static void print_head(FILE *file, const char *name, const char *type,
                       const char *help) {
  fprintf(file, "# HELP belay_fault_%s %s\n# TYPE belay_fault_%s %s\n", name,
          help, name, type);
}

void api_print_metrics(FILE *file, const struct control *control) {
  const struct server *server, *first = control->engine->servers;
  for (int i = 0; i < METRIC_COUNT; i++) {
    print_head(file, metrics[i].name, metrics[i].type, metrics[i].help);
    for (server = first; server != NULL; server = server->next) {
      struct server_counts counts = count(control, server);
      print_sample(file, metrics[i].name, server, NULL,
                   value_of(&counts, (enum metric)i));
    }
  }
  print_head(file, "ended_total", "counter", "connections ended, and how");
  for (server = first; server != NULL; server = server->next)
    for (int i = 1; i < END_COUNT; i++)
      print_sample(file, "ended_total", server,
                   connection_ending((enum ending)i),
                   server->counts.endings[i]);
}
