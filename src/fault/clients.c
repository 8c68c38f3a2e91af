/*
 * clients.c: a table by address, with open addressing, which is never more than
 * half full; its first place is for all who found none.
 */
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"

#define PLACES 2048
#define CLIENTS_AT_MOST (PLACES / 2)

struct entry {
  uint8_t address[16];
  uint8_t family;
  struct server_counts counts;
};

struct clients {
  size_t count, room;
  struct entry *entries;   /* 0: the others */
  uint16_t places[PLACES]; /* of entries; 0: nobody */
};

struct clients *clients_new(void) {
  struct clients *clients = calloc(1, sizeof(*clients));
  if (clients == NULL)
    return NULL;
  clients->room = 8;
  clients->count = 1;
  clients->entries = calloc(clients->room, sizeof(*clients->entries));
  if (clients->entries != NULL)
    return clients;
  free(clients);
  return NULL;
}

void clients_free(struct clients *clients) {
  if (clients == NULL)
    return;
  free(clients->entries);
  free(clients);
}

static bool is_of(const struct entry *entry,
                  const struct connection *connection) {
  return entry->family == connection->family &&
         memcmp(entry->address, connection->address, sizeof(entry->address)) ==
             0;
}

/* A new one; 0: there is no room. */
static uint16_t add(struct clients *clients,
                    const struct connection *connection) {
  if (clients->count == CLIENTS_AT_MOST)
    return 0;
  if (clients->count == clients->room) {
    size_t size = 2 * clients->room * sizeof(*clients->entries);
    struct entry *entries = realloc(clients->entries, size);
    if (entries == NULL)
      return 0;
    clients->entries = entries;
    clients->room *= 2;
  }
  struct entry *entry = &clients->entries[clients->count];
  *entry = (struct entry){.family = connection->family};
  memcpy(entry->address, connection->address, sizeof(entry->address));
  return (uint16_t)clients->count++;
}

static struct entry *find(struct clients *clients,
                          const struct connection *connection) {
  uint64_t halves[2];
  memcpy(halves, connection->address, sizeof(halves));
  size_t place = chance_mix(connection->family, halves[0], halves[1]) % PLACES;
  while (clients->places[place] != 0) {
    struct entry *entry = &clients->entries[clients->places[place]];
    if (is_of(entry, connection))
      return entry;
    place = (place + 1) % PLACES;
  }
  clients->places[place] = add(clients, connection);
  return &clients->entries[clients->places[place]];
}

void clients_count(struct clients *clients,
                   const struct connection *connection) {
  struct server_counts *counts = &find(clients, connection)->counts;
  counts->connections++;
  counts->requests += connection->requests;
  counts->sent += connection->sent;
  counts->received += connection->received;
  counts->endings[connection->ending]++;
}

/* -- The list -------------------------------------------------------------- */

static int by_connections(const void *one, const void *other) {
  const struct client_counts *a = one, *b = other;
  if (a->counts.connections != b->counts.connections)
    return a->counts.connections > b->counts.connections ? -1 : 1;
  return strcmp(a->name, b->name);
}

static void add_counts(struct server_counts *counts,
                       const struct server_counts *more) {
  counts->connections += more->connections;
  counts->requests += more->requests;
  counts->sent += more->sent;
  counts->received += more->received;
  for (int i = 0; i < END_COUNT; i++)
    counts->endings[i] += more->endings[i];
}

size_t clients_list(const struct clients *clients, size_t most,
                    struct client_counts **ret_list) {
  size_t count = clients->count - 1;
  struct client_counts *list = calloc(count + 1, sizeof(*list));
  if (list == NULL)
    return 0;
  for (size_t i = 0; i < count; i++) {
    const struct entry *entry = &clients->entries[i + 1];
    struct connection connection = {.family = entry->family};
    memcpy(connection.address, entry->address, sizeof(entry->address));
    connection_host(&connection, list[i].name);
    list[i].counts = entry->counts;
  }
  qsort(list, count, sizeof(*list), by_connections);
  struct client_counts others = {"others", clients->entries[0].counts};
  while (count > most)
    add_counts(&others.counts, &list[--count].counts);
  if (others.counts.connections > 0)
    list[count++] = others;
  *ret_list = list;
  return count;
}
