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
void json_number(struct json *json, const char *key, int64_t value);
/* Nanoseconds (none before 0), as seconds with three decimals. */
void json_seconds(struct json *json, const char *key, int64_t ns);
/* Negative numbers stand for "not known": null. */
void json_known(struct json *json, const char *key, int64_t value);
/* Ends the line, and hands it to the system at once. */
void json_end(struct json *json);

#endif
