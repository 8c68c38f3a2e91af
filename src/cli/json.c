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

/* How many bytes at the beginning stand for themselves. */
static size_t plain_length(const char *text, size_t size) {
  size_t length = 0;
  while (length < size && text[length] >= ' ' && text[length] < 0x7f &&
         text[length] != '"' && text[length] != '\\')
    length++;
  return length;
}

void json_text(FILE *file, const char *text) {
  size_t left = strlen(text);
  putc('"', file);
  while (left > 0) {
    uint32_t code;
    size_t length = plain_length(text, left);
    if (length > 0) {
      fwrite(text, 1, length, file);
    } else if ((length = utf8_decode(text, left, &code)) > 0) {
      put_character(file, code, text, length);
    } else {
      fputs("\\ufffd", file);
      length = 1;
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
    json_text(json->file, value);
}

void json_strings(struct json *json, const char *key,
                  const char *const *values) {
  put_key(json, key);
  putc('[', json->file);
  for (size_t i = 0; values[i] != NULL; i++) {
    if (i > 0)
      putc(',', json->file);
    json_text(json->file, values[i]);
  }
  putc(']', json->file);
}

void json_bool(struct json *json, const char *key, bool value) {
  put_key(json, key);
  fputs(value ? "true" : "false", json->file);
}

void json_number(struct json *json, const char *key, int64_t value) {
  put_key(json, key);
  fprintf(json->file, "%" PRId64, value);
}

void json_decimal(struct json *json, const char *key, int64_t value,
                  int decimals) {
  /* By whole numbers: no locale's comma gets into it. */
  int64_t one = 1;
  for (int i = 0; i < decimals; i++)
    one *= 10;
  put_key(json, key);
  fprintf(json->file, "%" PRId64 ".%0*" PRId64, value / one, decimals,
          value % one);
}

void json_seconds(struct json *json, const char *key, int64_t ns) {
  json_decimal(json, key, (ns + 500000) / 1000000, 3);
}

void json_known(struct json *json, const char *key, int64_t value) {
  if (value < 0)
    json_string(json, key, NULL);
  else
    json_number(json, key, value);
}

void json_open(struct json *json, const char *key) {
  put_key(json, key);
  putc('{', json->file);
  json->has_member = false;
}

void json_close(struct json *json) {
  putc('}', json->file);
  json->has_member = true;
}

void json_end(struct json *json) {
  fputs("}\n", json->file);
  fflush(json->file);
}
