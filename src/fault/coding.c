/*
 * coding.c: chunked coding, and each way of breaking it.  The wrong chunk is
 * one in the middle, so that a client is well under way when it comes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "response.h"

#define CHUNK_BYTES 65536
#define CHUNKS_AT_MOST 256
#define WRONG_BY 16
#define EXTENSION_BYTES 65536
#define TRAILERS 10000

struct coder {
  struct response *response;
  char word[32];
  const char *newline;
  bool is_over; /* nothing more is to be sent */
};

static int text(struct coder *coder, const char *line) {
  return response_text(coder->response, line, true);
}

static bool is(const struct coder *coder, const char *word) {
  return strcmp(coder->word, word) == 0;
}

static int long_extension(struct coder *coder, int64_t size) {
  char *line = malloc(EXTENSION_BYTES + 64);
  if (line == NULL)
    return -1;
  int used = snprintf(line, 64, "%" PRIx64 ";x=", size);
  memset(line + used, 'a', EXTENSION_BYTES);
  strcpy(line + used + EXTENSION_BYTES, "\r\n");
  int error = text(coder, line);
  free(line);
  return error;
}

/* The line before the chunk that is wrong. */
static int wrong_size(struct coder *coder, int64_t size) {
  char line[64];
  if (is(coder, "extension"))
    return long_extension(coder, size);
  if (is(coder, "text-size"))
    return text(coder, "xyz\r\n");
  if (is(coder, "overflow"))
    return text(coder, "10000000000000001\r\n");
  if (is(coder, "negative"))
    snprintf(line, sizeof(line), "-%" PRIx64 "\r\n", size);
  else if (is(coder, "short"))
    snprintf(line, sizeof(line), "%" PRIx64 "\r\n", size + WRONG_BY);
  else if (is(coder, "long"))
    snprintf(line, sizeof(line), "%" PRIx64 "\r\n",
             size > WRONG_BY ? size - WRONG_BY : 0);
  else if (is(coder, "in-size")) {
    snprintf(line, sizeof(line), "%" PRIx64, size);
    line[strlen(line) > 1 ? strlen(line) - 1 : 1] = '\0';
    coder->is_over = true;
  } else
    snprintf(line, sizeof(line), "%" PRIx64 "%s", size, coder->newline);
  return text(coder, line);
}

static int chunk(struct coder *coder, int64_t offset, int64_t size,
                 bool is_wrong) {
  char line[64];
  snprintf(line, sizeof(line), "%" PRIx64 "%s", size, coder->newline);
  int error = is_wrong ? wrong_size(coder, size) : text(coder, line);
  if (error != 0 || coder->is_over)
    return error;
  if (is_wrong && is(coder, "cut")) {
    coder->is_over = true;
    return response_part(coder->response, offset, size / 2);
  }
  error = response_part(coder->response, offset, size);
  if (error == 0 && !(is_wrong && is(coder, "no-crlf")))
    error = text(coder, coder->newline);
  return error;
}

/* The last chunk, of no size, and what may follow it. */
static int end(struct coder *coder) {
  int error = 0;
  char line[16];
  if (is(coder, "no-end"))
    return 0;
  snprintf(line, sizeof(line), "0%s", coder->newline);
  error = text(coder, line);
  if (error == 0 && is(coder, "trailers")) {
    static const char trailer[] = "X-Trailer: belay\r\n";
    error = response_repeat(coder->response, trailer,
                            TRAILERS * (int64_t)(sizeof(trailer) - 1), true);
  }
  return error == 0 ? text(coder, coder->newline) : error;
}

int response_chunks(struct response *response, int64_t offset, int64_t size) {
  struct coder coder = {.response = response, .newline = "\r\n"};
  int64_t step = size / CHUNKS_AT_MOST;
  int error = 0;
  altered_word(response, OP_CHUNKED, coder.word);
  if (is(&coder, "lf-only") || altered(response, OP_LF_ONLY))
    coder.newline = "\n";
  if (step < CHUNK_BYTES)
    step = size / 2 < CHUNK_BYTES && size > 1 ? (size + 1) / 2 : CHUNK_BYTES;
  int64_t count = (size + step - 1) / step;
  for (int64_t i = 0; i < count && error == 0 && !coder.is_over; i++) {
    int64_t left = size - i * step;
    error = chunk(&coder, offset + i * step, left < step ? left : step,
                  i == count / 2);
  }
  return error == 0 && !coder.is_over ? end(&coder) : error;
}
