/* json.h: writing one JSON object a line. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
  FILE *file;
  bool has_member;
};

/*
 * json_begin(stdout), json_string(&json, "url", url), ..., json_end(&json).
 * Bytes that are no UTF-8 become U+FFFD; a NULL string is null.
 */
struct json json_begin(FILE *file);
void json_string(struct json *json, const char *key, const char *value);
/* An array, of strings up to NULL. */
void json_strings(struct json *json, const char *key,
                  const char *const *values);
void json_bool(struct json *json, const char *key, bool value);
void json_number(struct json *json, const char *key, int64_t value);
/* A number (not below 0) of 10^-decimals: 1234 with 3 decimals is 1.234. */
void json_decimal(struct json *json, const char *key, int64_t value,
                  int decimals);
/* Nanoseconds (none before 0), as seconds with three decimals. */
void json_seconds(struct json *json, const char *key, int64_t ns);
/* Negative numbers stand for "not known": null. */
void json_known(struct json *json, const char *key, int64_t value);
/* Between them, what is written are members of an object inside. */
void json_open(struct json *json, const char *key);
void json_close(struct json *json);
/* Ends the line, and hands it to the system at once; json_close() ends the
 * object alone. */
void json_end(struct json *json);

/* A string by itself, in its quotes. */
void json_text(FILE *file, const char *text);

#endif
