/*
 * request.h: the head of an HTTP request.
 */
#ifndef FAULT_REQUEST_H
#define FAULT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_AT_MOST 16

struct byte_range {
  int64_t first, last; /* as in the request: -1 is left out */
};

/* Texts point into the head that was parsed, which is changed for it. */
struct request {
  int problem; /* the status to refuse it with; 0: none */
  const char *method;
  const char *target;               /* as it came */
  char *path;                       /* decoded, without the query */
  const char *query;                /* "" if none */
  bool is_head, keep_alive, is_old; /* HTTP/1.0 */
  bool has_body;
  bool is_chunked, expects_continue;
  int64_t body_size; /* as it is announced; -1: it is not a number */
  const char *user_agent;
  const char *range, *if_range, *if_none_match, *if_modified_since;
};

/* Where the head ends: behind an empty line, whose CR may be missing.  0: not
 * yet.  The first `looked_at` bytes were looked at before. */
size_t request_head_size(const char *input, size_t size, size_t looked_at);

/* `head` has `size` bytes, and one more, which becomes a 0.  As the origin
 * wants it: GET and HEAD alone, and nothing is kept alive behind a body. */
void request_parse(char *head, size_t size, struct request *ret_request);
/* The same for any method, with any body. */
void request_parse_any(char *head, size_t size, struct request *ret_request);

/*
 * The next parameter of a query whose name is `name`, decoded into `into` (as
 * large as the query and one more): true; *query is moved behind it.
 */
bool request_parameter(const char **query, const char *name, char *into);

/* "bytes=0-9,-5": how many ranges; 0: it is to be ignored. */
size_t request_ranges(const char *text,
                      struct byte_range ret_ranges[RANGES_AT_MOST]);

/* The date of a header in seconds; -1: it is none. */
int64_t request_date(const char *text);

#endif
