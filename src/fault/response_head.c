/*
 * response_head.c: the head of a response, and what may be wrong with it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "response.h"

#define INTERIM 1000
#define LONG_HEADER (1024 * 1024)

const char *response_reason(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {{200, "OK"},
                 {204, "No Content"},
                 {413, "Content Too Large"},
                 {409, "Conflict"},
                 {201, "Created"},
                 {206, "Partial Content"},
                 {301, "Moved Permanently"},
                 {302, "Found"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {416, "Range Not Satisfiable"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {502, "Bad Gateway"},
                 {503, "Service Unavailable"},
                 {504, "Gateway Timeout"},
                 {505, "HTTP Version Not Supported"}};
  for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
    if (reasons[i].status == status)
      return reasons[i].reason;
  return "Whatever";
}

static const char *date_text(int64_t seconds, char text[64]) {
  time_t when = (time_t)seconds;
  struct tm parts;
  gmtime_r(&when, &parts);
  strftime(text, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

static void print_length(FILE *file, struct response *response, int64_t size) {
  const struct step *item = response->alterations->of[OP_LENGTH];
  const char *newline = response->newline;
  char word[32];
  altered_word(response, OP_LENGTH, word);
  if (item == NULL) {
    fprintf(file, "Content-Length: %" PRId64 "%s", size, newline);
    return;
  }
  response->closes = true;
  if (item->word == NO_WORD) {
    int64_t said = item->b ? size + item->a : item->a;
    fprintf(file, "Content-Length: %" PRId64 "%s", said, newline);
  } else if (strcmp(word, "text") == 0) {
    fprintf(file, "Content-Length: many%s", newline);
  } else if (strcmp(word, "huge") == 0) {
    fprintf(file, "Content-Length: 99999999999999999999%s", newline);
  } else if (strcmp(word, "twice") == 0) {
    fprintf(file, "Content-Length: %" PRId64 "%sContent-Length: %" PRId64 "%s",
            size, newline, size + 1, newline);
  }
}

static void print_framing(FILE *file, struct response *response, int64_t size) {
  bool is_chunked = altered(response, OP_CHUNKED);
  if (response->status == 304)
    return;
  if (is_chunked)
    fprintf(file, "Transfer-Encoding: chunked%s", response->newline);
  if (size == ENDLESS)
    response->closes = true;
  else if (!is_chunked || altered_to(response, OP_CHUNKED, "and-length"))
    print_length(file, response, size);
  if (is_chunked && !altered_to(response, OP_CHUNKED, "") &&
      !altered_to(response, OP_CHUNKED, "right"))
    response->closes = true;
}

static void print_range(FILE *file, const struct response *response) {
  const struct byte_range *part = &response->parts[0];
  const char *newline = response->newline;
  int64_t total = response->total;
  if (response->status == 416)
    fprintf(file, "Content-Range: bytes */%" PRId64 "%s", total, newline);
  if (response->status != 206 || response->part_count > 1 ||
      altered_to(response, OP_RANGE, "no-header"))
    return;
  if (altered_to(response, OP_RANGE, "total"))
    total += 1;
  fprintf(file, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRId64 "%s",
          part->first, part->last, total, newline);
}

static void print_validators(FILE *file, const struct response *response) {
  const char *newline = response->newline;
  char date[64];
  if (response->etag[0] != '\0')
    fprintf(file, "ETag: %s%s", response->etag, newline);
  if (response->modified >= 0)
    fprintf(file, "Last-Modified: %s%s", date_text(response->modified, date),
            newline);
  if (response->etag[0] != '\0' || response->modified >= 0)
    fprintf(file, "Accept-Ranges: bytes%s", newline);
}

static void print_retry_after(FILE *file, const struct response *response) {
  const struct step *item = response->alterations->of[OP_RETRY_AFTER];
  char date[64];
  if (item == NULL)
    return;
  fputs("Retry-After: ", file);
  if (item->word == NO_WORD)
    fprintf(file, "%" PRId64, (item->a + 999999999) / 1000000000);
  else if (altered_to(response, OP_RETRY_AFTER, "absurd"))
    fputs("99999999999999999999", file);
  else if (altered_to(response, OP_RETRY_AFTER, "text"))
    fputs("soon", file);
  else if (altered_to(response, OP_RETRY_AFTER, "past"))
    fputs("Sun, 06 Nov 1994 08:49:37 GMT", file);
  else
    fputs(date_text((int64_t)time(NULL) + 2, date), file);
  fputs(response->newline, file);
}

static void print_disposition(FILE *file, const struct response *response) {
  const struct step *item = response->alterations->of[OP_DISPOSITION];
  if (item == NULL)
    return;
  if (item->has_argument)
    fprintf(file, "Content-Disposition: attachment; filename=\"%s\"%s",
            item->text, response->newline);
  else
    fprintf(file,
            "Content-Disposition: attachment; "
            "filename=\"../../../../tmp/belay-fault-was-here\"; "
            "filename*=UTF-8''..%%2F..%%2Fetc%%2Fpasswd%%00.txt%s",
            response->newline);
}

static void print_fields(FILE *file, struct response *response) {
  const struct alterations *alterations = response->alterations;
  const struct step *type = alterations->of[OP_TYPE];
  const char *newline = response->newline;
  char date[64];
  fprintf(file, "Date: %s%s", date_text((int64_t)time(NULL), date), newline);
  if (response->part_count > 1 && response->status == 206)
    fprintf(file,
            "Content-Type: multipart/byteranges; boundary=" RESPONSE_BOUNDARY
            "%s",
            newline);
  else if (response->status != 304)
    fprintf(file, "Content-Type: %s%s",
            type != NULL ? type->text : response->type, newline);
  print_validators(file, response);
  print_range(file, response);
  if (response->location != NULL)
    fprintf(file, "Location: %s%s", response->location, newline);
  if (response->status == 405)
    fprintf(file, "Allow: GET, HEAD%s", newline);
  if (altered(response, OP_GZIP))
    fprintf(file, "Content-Encoding: gzip%s", newline);
  print_retry_after(file, response);
  print_disposition(file, response);
  for (size_t i = 0; i < alterations->header_count; i++)
    fprintf(file, "%s%s", alterations->headers[i]->text, newline);
}

/* The head without the empty line that ends it, to be freed. */
static char *print_head(struct response *response, int64_t size) {
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  if (file == NULL)
    return NULL;
  fprintf(file, "HTTP/1.1 %d %s%s", response->status,
          response_reason(response->status), response->newline);
  print_fields(file, response);
  print_framing(file, response, size);
  if (response->closes)
    fprintf(file, "Connection: close%s", response->newline);
  else if (response->request->is_old)
    fprintf(file, "Connection: keep-alive%s", response->newline);
  if (fclose(file) == 0)
    return text;
  free(text);
  return NULL;
}

static int add_long_header(struct response *response) {
  const struct step *item = response->alterations->of[OP_LONG_HEADER];
  if (item == NULL)
    return 0;
  int64_t size = item->has_argument ? item->a : LONG_HEADER;
  int error = response_text(response, "X-Long: ", false);
  if (error == 0)
    error = response_repeat(response, "a", size, false);
  return error == 0 ? response_text(response, response->newline, false) : error;
}

int response_head(struct response *response, int64_t size) {
  const struct step *slow = response->alterations->of[OP_SLOW_HEAD];
  const struct step *interim = response->alterations->of[OP_INTERIM];
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  const char *newline = response->newline;
  struct step fast = step_make(OP_RATE), drip = step_make(OP_DRIP);
  char *head = print_head(response, size);
  int error = head != NULL ? 0 : -ENOMEM;
  if (error == 0 && interim != NULL)
    error = response_repeat(response, go_on,
                            (interim->has_argument ? interim->a : INTERIM) *
                                (int64_t)(sizeof(go_on) - 1),
                            false);
  if (slow != NULL) {
    drip.a = slow->a;
    error = error < 0 ? error : program_add(response->program, &drip);
  }
  if (error == 0)
    error = response_text(response, head, false);
  if (error == 0)
    error = add_long_header(response);
  if (error == 0 && altered(response, OP_ENDLESS_HEAD))
    error = response_repeat(response, "X-Endless: and one more\r\n", ENDLESS,
                            false);
  else if (error == 0)
    error = response_text(response, newline, false);
  if (error == 0 && slow != NULL)
    error = program_add(response->program, &fast);
  free(head);
  return error;
}
