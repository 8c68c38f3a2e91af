/*
 * json.c: JSON Lines.  A line is whole or not there: it is flushed at its end.
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "utf8.h"

static void put_character(FILE *file, uint32_t code, const char *bytes,
                          size_t length) {
  if (code == '"' || code == '\\')
    fprintf(file, "\\%c", (int)code);
  else if (code == '\n')
    fputs("\\n", file);
  else if (code == '\t')
    fputs("\\t", file);
  else if (code < 0x10000 && utf8_is_control(code))
    fprintf(file, "\\u%04" PRIx32, code);
  else
    fwrite(bytes, 1, length, file);
}

static void put_text(FILE *file, const char *text) {
  size_t left = strlen(text);
  putc('"', file);
  while (left > 0) {
    uint32_t code;
    size_t length = utf8_decode(text, left, &code);
    if (length == 0) {
      fputs("\\ufffd", file);
      length = 1;
    } else {
      put_character(file, code, text, length);
    }
    text += length;
    left -= length;
  }
  putc('"', file);
}

static void put_key(struct json *json, const char *key) {
  fprintf(json->file, "%s\"%s\":", json->has_member ? "," : "", key);
  json->has_member = true;
}

struct json json_begin(FILE *file) {
  putc('{', file);
  return (struct json){.file = file};
}

void json_string(struct json *json, const char *key, const char *value) {
  put_key(json, key);
  if (value == NULL)
    fputs("null", json->file);
  else
    put_text(json->file, value);
}

void json_number(struct json *json, const char *key, int64_t value) {
  put_key(json, key);
  fprintf(json->file, "%" PRId64, value);
}

void json_seconds(struct json *json, const char *key, int64_t ns) {
  /* By whole numbers: no locale's comma gets into it. */
  int64_t ms = (ns + 500000) / 1000000;
  put_key(json, key);
  fprintf(json->file, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

void json_known(struct json *json, const char *key, int64_t value) {
  if (value < 0)
    json_string(json, key, NULL);
  else
    json_number(json, key, value);
}

void json_end(struct json *json) {
  fputs("}\n", json->file);
  fflush(json->file);
}
