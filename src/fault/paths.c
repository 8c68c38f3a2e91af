/* paths.c: a table of fixed size, by hash. */
#include "paths.h"

#include <stdlib.h>

#include "chance.h"

#define PLACES 4096
#define TRIES 8

struct paths {
  struct {
    uint64_t hash, count;
  } places[PLACES];
};

struct paths *paths_new(void) {
  return calloc(1, sizeof(struct paths));
}

void paths_free(struct paths *paths) {
  free(paths);
}

uint64_t paths_count(struct paths *paths, const char *path) {
  uint64_t hash = chance_name(path) | 1;
  for (uint64_t i = 0; i < TRIES; i++) {
    uint64_t at = (hash / 2 + i) % PLACES;
    if (paths->places[at].hash == 0)
      paths->places[at].hash = hash;
    if (paths->places[at].hash == hash)
      return ++paths->places[at].count;
  }
  paths->places[hash / 2 % PLACES].hash = hash;
  return paths->places[hash / 2 % PLACES].count = 1;
}
