/*
 * head.h: from header lines to what a response's head says.
 *
 * Pure: it knows no network, so that every case can be tested.  Feed it each
 * line as it comes; a status line begins anew (after a redirect, a 100).
 */
#ifndef GET_HEAD_H
#define GET_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

enum head_field {
  HEAD_CONTENT_LENGTH,
  HEAD_CONTENT_RANGE,
  HEAD_ETAG,
  HEAD_LAST_MODIFIED,
  HEAD_DATE,
  HEAD_RETRY_AFTER,
  HEAD_FIELDS, /* those whose values are remembered */
  HEAD_CONTENT_ENCODING = HEAD_FIELDS,
  HEAD_TRANSFER_ENCODING,
};

struct head_parser {
  struct http_head head;
  struct head_value {
    bool is_there;
    bool is_unclear; /* said twice and differently, or too long */
    char text[256];  /* as it was written */
  } values[HEAD_FIELDS];
  bool is_chunked; /* the length is not that of the file */
};

void head_begin(struct head_parser *parser);

/* One line, with or without its end. */
void head_line(struct head_parser *parser, const char *line, size_t size);

/* All lines were there: what they say. */
const struct http_head *head_end(struct head_parser *parser);

/* An HTTP date in any of its three forms as Unix time, or -1. */
int64_t head_parse_date(const char *text);

#endif
