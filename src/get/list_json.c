/*
 * list_json.c: lists as JSON: an array of objects, an object with
 * "downloads", or an object a line; read by jansson.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "list_entry.h"

/* A value as the text that the other form has for the key. */
static int take_member(struct list_entry *entry, const char *where,
                       const char *key, const json_t *value,
                       char **ret_error) {
  char number[32];
  if (json_is_integer(value)) {
    snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
             json_integer_value(value));
    return list_set(entry, where, key, number, ret_error);
  }
  if (!json_is_string(value))
    return list_refuse(ret_error, "%s: '%s' is neither a string nor a number",
                       where, key);
  if (strlen(json_string_value(value)) != json_string_length(value))
    return list_refuse(ret_error, "%s: '%s' has a NUL byte", where, key);
  return list_set(entry, where, key, json_string_value(value), ret_error);
}

static int take_object(json_t *object, const char *where, struct list *list,
                       char **ret_error) {
  if (!json_is_object(object))
    return list_refuse(ret_error, "%s: is not an object with \"url\"", where);
  const char *url = json_string_value(json_object_get(object, "url"));
  if (url == NULL)
    return list_refuse(ret_error, "%s: has no \"url\"", where);
  struct list_entry *entry = list_append(list, where, url, ret_error);
  if (entry == NULL)
    return -EINVAL;
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    if (strcmp(key, "url") == 0 || json_is_null(value))
      continue;
    int error = take_member(entry, where, key, value, ret_error);
    if (error < 0)
      return error;
  }
  return 0;
}

static int take_array(json_t *array, const char *name, struct list *list,
                      char **ret_error) {
  size_t index;
  json_t *object;
  json_array_foreach(array, index, object) {
    char where[256];
    snprintf(where, sizeof(where), "%.200s: entry %zu", name, index + 1);
    int error = take_object(object, where, list, ret_error);
    if (error < 0)
      return error;
  }
  return 0;
}

static int take_value(json_t *value, const char *name, size_t number,
                      struct list *list, char **ret_error) {
  if (json_is_array(value))
    return take_array(value, name, list, ret_error);
  json_t *downloads = json_object_get(value, "downloads");
  if (json_is_array(downloads))
    return take_array(downloads, name, list, ret_error);
  char where[256];
  snprintf(where, sizeof(where), "%.200s: entry %zu", name, number);
  return take_object(value, where, list, ret_error);
}

/* What is left of the file, as a string: JSON Lines are one value after
 * another, and jansson reads one at a time from memory. */
static char *read_all(FILE *file, size_t *ret_size) {
  char *text = NULL;
  size_t size = 0, capacity = 0;
  for (;;) {
    if (capacity - size < 65536) {
      capacity = capacity > 0 ? capacity * 2 : 131072;
      char *longer = realloc(text, capacity);
      if (longer == NULL) {
        free(text);
        return NULL;
      }
      text = longer;
    }
    size_t n = fread(text + size, 1, capacity - size, file);
    if (n == 0)
      break;
    size += n;
  }
  *ret_size = size;
  return text;
}

static size_t line_of(const char *text, size_t at) {
  size_t line = 1;
  for (size_t i = 0; i < at; i++)
    line += text[i] == '\n';
  return line;
}

int list_read_json(FILE *file, const char *name, struct list *list,
                   char **ret_error) {
  size_t size, at = 0, number = 0;
  char *text = read_all(file, &size);
  if (text == NULL)
    return -ENOMEM;
  int result = 0;
  while (result == 0) {
    while (at < size && strchr(" \t\r\n", text[at]) != NULL && text[at] != 0)
      at++;
    if (at == size)
      break;
    json_error_t problem;
    json_t *value = json_loadb(text + at, size - at, JSON_DISABLE_EOF_CHECK,
                               &problem);
    if (value == NULL) {
      size_t line = line_of(text, at) + (size_t)problem.line - 1;
      size_t last = line_of(text, size - 1);
      result = list_refuse(ret_error, "%s:%zu: %s", name,
                           line < last ? line : last, problem.text);
      break;
    }
    at += (size_t)problem.position;
    result = take_value(value, name, ++number, list, ret_error);
    json_decref(value);
  }
  free(text);
  return result;
}
