/*
 * clients.h: what was done to whom, by address.  A thousand addresses are told
 * apart; those that come later are counted together.
 */
#ifndef FAULT_CLIENTS_H
#define FAULT_CLIENTS_H

#include "server.h"

struct clients;

struct client_counts {
  char name[CLIENT_TEXT_BYTES]; /* the address; "others" */
  struct server_counts counts;
};

/* NULL out of memory. */
struct clients *clients_new(void);
/* NULL is allowed. */
void clients_free(struct clients *clients);
/* One whose connection has ended. */
void clients_count(struct clients *clients,
                   const struct connection *connection);

/* Those with the most connections, up to `most`, then the others: how many,
 * in an array to be freed. */
size_t clients_list(const struct clients *clients, size_t most,
                    struct client_counts **ret_list);

#endif
