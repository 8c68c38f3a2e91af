/*
 * api_json.h: what is in the bodies of requests.
 */
#ifndef FAULT_API_JSON_H
#define FAULT_API_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "toxic.h"

#define API_PROXIES_AT_MOST 1000

/* What is said of a proxy; what is not is NULL. */
struct api_proxy {
  char *name, *listen, *upstream;
  bool has_enabled, enabled;
};

/* All of these: 0; -EINVAL with *ret_problem, to be freed; -ENOMEM. */
int api_json_proxy(const char *body, size_t size, struct api_proxy *ret_proxy,
                   char **ret_problem);
/* An array of them, to be freed with its members. */
int api_json_proxies(const char *body, size_t size,
                     struct api_proxy **ret_proxies, size_t *ret_count,
                     char **ret_problem);
void api_proxy_clear(struct api_proxy *proxy);

/* A new toxic, all of it, or other attributes and toxicity of one that there
 * is.  It is compiled then. */
int api_json_toxic(const char *body, size_t size, struct toxic *ret_toxic,
                   char **ret_problem);
int api_json_change(const char *body, size_t size, struct toxic *toxic,
                    char **ret_problem);

#endif
