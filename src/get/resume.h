/*
 * resume.h: what to make of a response's head, given what was asked.
 *
 * A pure function, so that its whole table can be tested: this is where a file
 * is kept from being spliced from two versions.
 */
#ifndef GET_RESUME_H
#define GET_RESUME_H

#include <stdbool.h>
#include <stdint.h>

struct http_head;

enum resume_verdict {
  RESUME_TAKE,       /* the body starts at the asked offset: take it */
  RESUME_REPLACE,    /* the body is the whole file, from its start, and not what
                        the part holds: reset, then take it */
  RESUME_START_OVER, /* this body is of no use: reset, and ask again from 0;
                        only when offset > 0, so that it ends */
  RESUME_FAIL,       /* an error of the server or of the request */
};

struct resume_asked {
  int64_t offset;         /* 0: no range was asked for */
  int64_t size_bytes;     /* what an earlier response announced, -1 unknown */
  const char *validator;  /* what If-Range said, NULL none */
  int64_t expected_bytes; /* what the list promised, -1 nothing */
  const char *url;        /* NULL unknown; of a compressed file (.gz, ...) the
                              encoding that servers announce is its own */
};

struct resume_answer {
  enum resume_verdict verdict;
  bool transient;     /* FAIL: another attempt may go better (408, 429, 5xx) */
  int64_t size_bytes; /* the whole file's, -1 unknown */
  char text[160];     /* FAIL: one line, e.g. "404 Not Found" */
};

void resume_decide(const struct resume_asked *asked,
                   const struct http_head *head, struct resume_answer *ret);

#endif
