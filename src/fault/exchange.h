/*
 * exchange.h: what a client has sent and nobody has consumed yet.  There while
 * bytes are, and no longer.
 */
#ifndef FAULT_EXCHANGE_H
#define FAULT_EXCHANGE_H

#include "connection.h"

#define HEAD_AT_MOST 65536

struct exchange {
  size_t room, used;
  size_t head; /* bytes of a head, or line, that was read and not answered */
  char input[];
};

bool exchange_has_input(const struct connection *connection);
/* Drops what was consumed. */
void exchange_consume(struct connection *connection, size_t size);
void exchange_free(struct connection *connection);

#endif
