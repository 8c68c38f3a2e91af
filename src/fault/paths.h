/*
 * paths.h: how often each path was asked for, so that a fault can be for the
 * first of them.  It remembers some thousands of paths; then, of those that
 * share a place, the last.
 */
#ifndef FAULT_PATHS_H
#define FAULT_PATHS_H

#include <stdint.h>

struct paths;

/* NULL out of memory. */
struct paths *paths_new(void);
void paths_free(struct paths *paths);
/* Counts one more: its number, from 1. */
uint64_t paths_count(struct paths *paths, const char *path);

#endif
