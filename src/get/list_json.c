/*
 * list_json.c: lists as JSON: an array of objects, an object that has it as
 * "downloads", or an object a line.
 *
 * jansson reads the values; the arrays around them are walked here, so that
 * each entry knows its line and one value at a time is in memory.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "list_entry.h"

#include "cli/refuse.h"

#define LOAD_FLAGS \
  (JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES)

struct json_reader {
  char *bytes;
  size_t size, at;
  size_t first_line, line;    /* of the text, and where we are */
  struct list_reader *reader; /* says where, for messages */
  struct list *list;
  char **ret_error;
};

/* -- Text ------------------------------------------------------------------ */

static void skip(struct json_reader *json, size_t count) {
  for (size_t i = 0; i < count; i++)
    json->line += json->bytes[json->at++] == '\n';
}

/* The next character that is no space; '\0' at the end. */
static char peek(struct json_reader *json) {
  while (json->at < json->size && memchr(" \t\r\n", json->bytes[json->at], 4))
    skip(json, 1);
  return json->at < json->size ? json->bytes[json->at] : '\0';
}

/* Line ends behind the text's last word are not where something is missing. */
static size_t last_line(const struct json_reader *json) {
  size_t line = json->first_line, end = json->size;
  while (end > 0 && json->bytes[end - 1] == '\n')
    end--;
  for (size_t i = 0; i < end; i++)
    line += json->bytes[i] == '\n';
  return line;
}

static int refuse_at(struct json_reader *json, size_t line, const char *what) {
  size_t last = last_line(json);
  list_set_place(json->reader, line < last ? line : last);
  return refuse(json->ret_error, "%s: %s", json->reader->where, what);
}

/* One value, which is then behind us. */
static int load(struct json_reader *json, json_t **ret_value) {
  json_error_t problem;
  json_t *value = json_loadb(json->bytes + json->at, json->size - json->at,
                             LOAD_FLAGS, &problem);
  if (value == NULL && json_error_code(&problem) == json_error_out_of_memory)
    return -ENOMEM;
  if (value == NULL) {
    size_t line = problem.line > 0 ? (size_t)problem.line - 1 : 0;
    return refuse_at(json, json->line + line, problem.text);
  }
  skip(json, (size_t)problem.position);
  *ret_value = value;
  return 0;
}

/* Behind a member of an array or an object: 1 if another one follows, 0 at the
 * end. */
static int another(struct json_reader *json, char end) {
  char c = peek(json);
  if (c != ',' && c != end)
    return refuse_at(
        json, json->line,
        end == ']' ? "',' or ']' is missing" : "',' or '}' is missing");
  skip(json, 1);
  return c == ',';
}

/* -- Entries --------------------------------------------------------------- */

static int take_text(struct json_reader *json, struct list_entry *entry,
                     const char *key, const json_t *value) {
  const char *where = json->reader->where;
  if (!json_is_string(value))
    return refuse(json->ret_error, "%s: '%.*s' is not %s", where,
                  LIST_QUOTED(key),
                  strcmp(key, "size") == 0 ? "a whole number" : "a string");
  if (strlen(json_string_value(value)) != json_string_length(value))
    return refuse(json->ret_error, "%s: '%.*s' has a NUL byte", where,
                  LIST_QUOTED(key));
  return list_set(entry, where, key, json_string_value(value), json->ret_error);
}

static int take_headers(struct json_reader *json, struct list_entry *entry,
                        const json_t *array) {
  size_t index;
  json_t *value;
  int error = 0;
  json_array_foreach(array, index, value) {
    error = take_text(json, entry, "header", value);
    if (error < 0)
      break;
  }
  return error;
}

static int take_size(struct json_reader *json, struct list_entry *entry,
                     json_int_t size) {
  char text[32];
  snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, size);
  return list_set(entry, json->reader->where, "size", text, json->ret_error);
}

static int take_member(struct json_reader *json, struct list_entry *entry,
                       const char *key, const json_t *value) {
  if (json_is_null(value) || list_ignores(key))
    return 0;
  if (json_is_array(value) && strcmp(key, "header") == 0)
    return take_headers(json, entry, value);
  if (strcmp(key, "size") == 0 && json_is_integer(value))
    return take_size(json, entry, json_integer_value(value));
  return take_text(json, entry, key, value);
}

static int take_object(struct json_reader *json, json_t *object) {
  const char *where = json->reader->where;
  if (!json_is_object(object))
    return refuse(json->ret_error, "%s: is not an object with \"url\"", where);
  const json_t *url = json_object_get(object, "url");
  if (!json_is_string(url))
    return refuse(json->ret_error, "%s: has no \"url\"", where);
  if (strlen(json_string_value(url)) != json_string_length(url))
    return refuse(json->ret_error, "%s: \"url\" has a NUL byte", where);
  struct list_entry *entry;
  int error = list_append(json->list, where, json_string_value(url), &entry,
                          json->ret_error);
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    if (error == 0 && strcmp(key, "url") != 0)
      error = take_member(json, entry, key, value);
  }
  return error;
}

static int take_entry(struct json_reader *json) {
  peek(json);
  list_set_place(json->reader, json->line);
  json_t *object = NULL;
  int error = load(json, &object);
  if (error < 0)
    return error;
  error = take_object(json, object);
  json_decref(object);
  return error;
}

/* -- What is around them --------------------------------------------------- */

static int take_array(struct json_reader *json) {
  skip(json, 1);
  if (peek(json) == ']') {
    skip(json, 1);
    return 0;
  }
  int more = 1;
  while (more > 0) {
    int error = take_entry(json);
    if (error < 0)
      return error;
    more = another(json, ']');
  }
  return more;
}

/* The key of a member, and the colon: whether it is "downloads". */
static int take_key(struct json_reader *json) {
  json_t *key = NULL;
  peek(json);
  int error = load(json, &key);
  if (error < 0)
    return error;
  const char *text = json_string_value(key);
  int is_downloads = text != NULL && strcmp(text, "downloads") == 0;
  json_decref(key);
  if (peek(json) != ':')
    return refuse_at(json, json->line, "':' is missing");
  skip(json, 1);
  return is_downloads;
}

/* The object that has the array is walked, as jansson would not say where the
 * entries are. */
static int take_document(struct json_reader *json) {
  int more = 1;
  skip(json, 1);
  while (more > 0) {
    json_t *value = NULL;
    int is_downloads = take_key(json);
    int error = is_downloads;
    if (is_downloads > 0 && peek(json) == '[') {
      error = take_array(json);
    } else if (is_downloads >= 0) {
      error = load(json, &value);
      if (error == 0)
        json_decref(value);
    }
    if (error < 0)
      return error;
    more = another(json, '}');
  }
  return more;
}

/* The value is read once to see which of the two it is, and then taken. */
static int take_object_or_document(struct json_reader *json) {
  size_t at = json->at, line = json->line;
  json_t *value = NULL;
  list_set_place(json->reader, line);
  int error = load(json, &value);
  if (error < 0)
    return error;
  if (json_is_array(json_object_get(value, "downloads"))) {
    json->at = at;
    json->line = line;
    error = take_document(json);
  } else {
    error = take_object(json, value);
  }
  json_decref(value);
  return error;
}

/* -- The whole ------------------------------------------------------------- */

/* The line that was read last and all that follows it. */
static int read_all(struct list_reader *reader, struct json_reader *json) {
  size_t capacity = 65536;
  json->size = strlen(reader->text);
  while (capacity < json->size + 65536)
    capacity *= 2;
  json->bytes = malloc(capacity);
  if (json->bytes == NULL)
    return -ENOMEM;
  memcpy(json->bytes, reader->text, json->size);
  json->bytes[json->size++] = '\n';
  for (;;) {
    size_t n =
        fread(json->bytes + json->size, 1, capacity - json->size, reader->file);
    json->size += n;
    if (n == 0)
      break;
    if (json->size == capacity) {
      char *longer = realloc(json->bytes, capacity *= 2);
      if (longer == NULL)
        return -ENOMEM;
      json->bytes = longer;
    }
  }
  return ferror(reader->file) ? -EIO : 0;
}

int list_read_json(struct list_reader *reader, struct list *list,
                   char **ret_error) {
  struct json_reader json = {.first_line = reader->number,
                             .line = reader->number,
                             .reader = reader,
                             .list = list,
                             .ret_error = ret_error};
  int error = read_all(reader, &json);
  if (error == -EIO)
    refuse(ret_error, "%s: cannot be read", reader->name);
  while (error == 0 && peek(&json) != '\0')
    error =
        peek(&json) == '[' ? take_array(&json) : take_object_or_document(&json);
  free(json.bytes);
  return error;
}
