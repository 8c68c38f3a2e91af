/*
 * request.c: parsing what clients send, which may be anything.  A head is cut
 * into strings in its own memory; what is not understood is ignored, as HTTP
 * wants it, unless it leaves unclear what is asked for.
 */
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* -- Percent signs --------------------------------------------------------- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes `size` bytes into `into`, which may be the same place.  False: a NUL
 * byte, which nobody needs. */
static bool decode(const char *text, size_t size, char *into) {
  bool good = true;
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (c == '%' && i + 2 < size && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    }
    good = good && c != '\0';
    *into++ = c;
  }
  *into = '\0';
  return good;
}

bool request_parameter(const char **query, const char *name, char *into) {
  size_t length = strlen(name);
  const char *p = *query;
  while (*p != '\0') {
    size_t size = strcspn(p, "&");
    const char *next = p + size + (p[size] == '&');
    if (size > length && strncmp(p, name, length) == 0 && p[length] == '=') {
      decode(p + length + 1, size - length - 1, into);
      *query = next;
      return true;
    }
    p = next;
  }
  *query = p;
  return false;
}

/* -- Lines ----------------------------------------------------------------- */

/* The next line, ended where its CR or LF was; NULL at the end. */
static char *next_line(char **rest) {
  char *line = *rest;
  if (*line == '\0')
    return NULL;
  size_t size = strcspn(line, "\n");
  *rest = line + size + (line[size] == '\n');
  line[size] = '\0';
  if (size > 0 && line[size - 1] == '\r')
    line[size - 1] = '\0';
  return line;
}

/* "GET /path?query HTTP/1.1" */
static void parse_line(char *line, struct request *request) {
  char *target = strchr(line, ' ');
  char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
  request->problem = 400;
  if (version == NULL || target == line)
    return;
  *target++ = '\0';
  *version++ = '\0';
  if (strncmp(version, "HTTP/1.", 7) != 0) {
    request->problem = 505;
    return;
  }
  request->is_old = version[7] == '0';
  request->keep_alive = !request->is_old;
  request->method = line;
  request->target = target;
  request->is_head = strcmp(line, "HEAD") == 0;
  /* A proxy is asked for the whole URL; we serve any host. */
  if (strncasecmp(target, "http://", 7) == 0) {
    target += 7 + strcspn(target + 7, "/");
    request->target = target;
  }
  if (*target == '/')
    request->problem = 0;
}

static bool has_word(const char *text, const char *word) {
  size_t length = strlen(word);
  for (; *text != '\0'; text += strcspn(text, ","), text += *text == ',') {
    text += strspn(text, " \t");
    if (strncasecmp(text, word, length) == 0 &&
        strchr(" \t,", text[length]) != NULL)
      return true;
  }
  return false;
}

/* Two that differ leave unclear where the body ends. */
static void parse_size(const char *text, struct request *request) {
  size_t length = strlen(text);
  bool is_number =
      length > 0 && length < 19 && strspn(text, "0123456789") == length;
  int64_t size = is_number ? strtoll(text, NULL, 10) : -1;
  bool differs =
      request->has_body && !request->is_chunked && size != request->body_size;
  request->body_size = differs ? -1 : size;
  request->has_body = size != 0 || request->is_chunked;
}

static void parse_field(char *line, struct request *request) {
  const struct {
    const char *name;
    const char **value;
  } fields[] = {
      {"user-agent", &request->user_agent},
      {"range", &request->range},
      {"if-range", &request->if_range},
      {"if-none-match", &request->if_none_match},
      {"if-modified-since", &request->if_modified_since},
  };
  char *value = strchr(line, ':');
  if (value == NULL)
    return;
  *value++ = '\0';
  value += strspn(value, " \t");
  for (size_t n = strlen(value); n > 0 && strchr(" \t", value[n - 1]); n--)
    value[n - 1] = '\0';
  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
    if (strcasecmp(line, fields[i].name) == 0)
      *fields[i].value = value;
  if (strcasecmp(line, "connection") == 0)
    request->keep_alive = has_word(value, "close")        ? false
                          : has_word(value, "keep-alive") ? true
                                                          : request->keep_alive;
  if (strcasecmp(line, "transfer-encoding") == 0)
    request->has_body = request->is_chunked = true;
  if (strcasecmp(line, "content-length") == 0)
    parse_size(value, request);
  if (strcasecmp(line, "expect") == 0)
    request->expects_continue = strcasecmp(value, "100-continue") == 0;
}

size_t request_head_size(const char *input, size_t size, size_t looked_at) {
  for (size_t i = looked_at > 3 ? looked_at - 3 : 0; i + 1 < size; i++) {
    if (input[i] != '\n')
      continue;
    if (input[i + 1] == '\n')
      return i + 2;
    if (i + 2 < size && input[i + 1] == '\r' && input[i + 2] == '\n')
      return i + 3;
  }
  return 0;
}

void request_parse_any(char *head, size_t size, struct request *ret_request) {
  struct request request = {
      .problem = 400, .method = "", .target = "", .path = NULL, .query = ""};
  char *rest = head, *line;
  bool has_nul = memchr(head, '\0', size) != NULL;
  head[size] = '\0';
  while ((line = next_line(&rest)) != NULL && *line == '\0')
    continue; /* empty lines before it are nobody's fault */
  if (line != NULL && !has_nul)
    parse_line(line, &request);
  if (line != NULL && request.problem == 0) {
    while ((line = next_line(&rest)) != NULL)
      parse_field(line, &request);
    char *target = head + (request.target - head);
    size_t length = strcspn(target, "?#");
    if (target[length] == '?')
      request.query = target + length + 1;
    request.path = malloc(length + 1);
    if (request.path == NULL)
      request.problem = 503;
    else if (!decode(target, length, request.path))
      request.problem = 400;
  }
  *ret_request = request;
}

void request_parse(char *head, size_t size, struct request *ret_request) {
  request_parse_any(head, size, ret_request);
  const char *method = ret_request->method;
  if (*method != '\0' && ret_request->problem != 505 && !ret_request->is_head &&
      strcmp(method, "GET") != 0)
    ret_request->problem = 405;
  if (ret_request->problem != 0 || ret_request->has_body)
    ret_request->keep_alive = false;
}

/* -- Values ---------------------------------------------------------------- */

/* Digits to a number; -1: there are none.  Too many are as many as there can
 * be. */
static int64_t take_number(const char **text) {
  int64_t value = -1;
  for (; **text >= '0' && **text <= '9'; ++*text) {
    value = value < 0 ? 0 : value;
    value = value > INT64_MAX / 10 - 1 ? INT64_MAX / 10 - 1
                                       : value * 10 + (**text - '0');
  }
  return value;
}

size_t request_ranges(const char *text,
                      struct byte_range ret_ranges[RANGES_AT_MOST]) {
  size_t count = 0;
  if (strncasecmp(text, "bytes=", 6) != 0)
    return 0;
  for (text += 6;; text++) {
    struct byte_range range;
    text += strspn(text, " \t");
    range.first = take_number(&text);
    if (*text++ != '-')
      return 0;
    range.last = take_number(&text);
    text += strspn(text, " \t");
    bool is_empty = range.first < 0 && range.last < 0;
    bool is_reversed = range.last >= 0 && range.last < range.first;
    if (is_empty || is_reversed || count == RANGES_AT_MOST)
      return 0;
    ret_ranges[count++] = range;
    if (*text != ',')
      return *text == '\0' ? count : 0;
  }
}

int64_t request_date(const char *text) {
  struct tm time = {0};
  const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &time);
  return end != NULL && *end == '\0' ? (int64_t)timegm(&time) : -1;
}
