/*
 * verify.c: whether what was promised is what happened.
 *
 * What a step did is asked of somebody else: the kernel knows how many bytes
 * the client has acknowledged (TCP_INFO), and counts the resets that it sent.
 * Connections that the client ended are no failures; they are counted apart.
 */
#include "verify.h"

#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/json.h"
#include "cli/message.h"
#include "engine.h"

struct verify {
  uint64_t checked, wrong, cut_short, unchecked;
  uint64_t resets;         /* that we promised */
  int64_t resets_at_start; /* that the kernel had sent; -1: it does not say */
};

/* The column OutRsts of the lines "Tcp: " of /proc/net/snmp. */
static int64_t kernel_resets(void) {
  char names[2048] = "", values[2048] = "", line[2048];
  FILE *file = fopen("/proc/net/snmp", "re");
  if (file == NULL)
    return -1;
  while (fgets(line, sizeof(line), file) != NULL)
    if (strncmp(line, "Tcp: ", 5) == 0)
      strcpy(names[0] == '\0' ? names : values, line);
  fclose(file);
  char *name_rest, *value_rest;
  char *name = strtok_r(names, " \n", &name_rest);
  char *value = strtok_r(values, " \n", &value_rest);
  while (name != NULL && value != NULL) {
    if (strcmp(name, "OutRsts") == 0)
      return strtoll(value, NULL, 10);
    name = strtok_r(NULL, " \n", &name_rest);
    value = strtok_r(NULL, " \n", &value_rest);
  }
  return -1;
}

struct verify *verify_new(void) {
  struct verify *verify = calloc(1, sizeof(*verify));
  if (verify != NULL)
    verify->resets_at_start = kernel_resets();
  return verify;
}

void verify_free(struct verify *verify) {
  free(verify);
}

/* Bytes that have arrived, as the kernel says; -1: it does not. */
static int64_t arrived(const struct connection *connection) {
  struct tcp_info info;
  socklen_t size = sizeof(info);
  memset(&info, 0, sizeof(info));
  if (connection->family == 0 || connection->tls != NULL ||
      getsockopt(connection->client.fd, IPPROTO_TCP, TCP_INFO, &info, &size) <
          0)
    return -1;
  /* Our SYN and FIN are not counted as bytes in all kernels alike. */
  int64_t acked = (int64_t)info.tcpi_bytes_acked;
  return acked > (int64_t)connection->sent ? (int64_t)connection->sent : acked;
}

static void complain(struct verify *verify, const struct connection *connection,
                     const char *what, int64_t bytes) {
  verify->wrong++;
  message("not as promised: %s #%" PRIu64 ": %s; sent %" PRIu64
          ", arrived %" PRId64,
          connection->server->name, connection->number, what, connection->sent,
          bytes);
}

void verify_connection(struct verify *verify,
                       const struct connection *connection) {
  int64_t bytes = arrived(connection);
  bool is_ours = connection->ending == END_RST ||
                 connection->ending == END_FIN ||
                 connection->ending == END_VANISH;
  if (connection->ending == END_RST || connection->ending == END_LIMIT)
    verify->resets++;
  if (connection->is_cut_short || connection->ending == END_CLIENT) {
    verify->cut_short++;
  } else if (!is_ours || bytes < 0) {
    verify->unchecked++;
  } else {
    verify->checked++;
    if (bytes != (int64_t)connection->sent)
      complain(verify, connection, "not all of it arrived", bytes);
  }
}

bool verify_report(struct verify *verify, struct log *log) {
  int64_t now = kernel_resets();
  bool counted = verify->resets_at_start >= 0 && now >= 0;
  int64_t sent = now - verify->resets_at_start;
  if (counted && sent < (int64_t)verify->resets) {
    verify->wrong++;
    message("not as promised: %" PRIu64 " resets, and the kernel sent %" PRId64,
            verify->resets, sent);
  }
  if (log->json) {
    struct json json = json_begin(log->file);
    json_string(&json, "event", "verify");
    json_number(&json, "checked", (int64_t)verify->checked);
    json_number(&json, "wrong", (int64_t)verify->wrong);
    json_number(&json, "cut_short", (int64_t)verify->cut_short);
    json_number(&json, "unchecked", (int64_t)verify->unchecked);
    json_end(&json);
  } else {
    fprintf(
        log->file,
        "verified: %" PRIu64 " as promised, %" PRIu64 " not, %" PRIu64
        " ended by the client first, %" PRIu64 " not checked\n",
        verify->checked - (verify->wrong < verify->checked ? verify->wrong : 0),
        verify->wrong, verify->cut_short, verify->unchecked);
  }
  return verify->wrong == 0;
}
