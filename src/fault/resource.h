/*
 * resource.h: what a path stands for: a file below a directory, generated
 * bytes, or a page that says what there is.
 */
#ifndef FAULT_RESOURCE_H
#define FAULT_RESOURCE_H

#include "step.h"

struct resource {
  int status; /* 200; 301: it wants a slash; 404, 403 */
  enum send_source source;
  int fd; /* SEND_FILE: the caller closes it; -1 */
  uint64_t seed;
  const char *text; /* SEND_TEXT: constant */
  int64_t size;
  const char *type;
  char etag[64];    /* with its quotes */
  int64_t modified; /* seconds; -1 */
};

/* `root_fd` may be -1; `path` is decoded and begins with a slash; `query` has
 * the seed. */
void resource_find(int root_fd, const char *path, const char *query,
                   struct resource *ret_resource);

#endif
