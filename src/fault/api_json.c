/*
 * api_json.c: JSON to structs.  Members that are not known are passed over, as
 * toxiproxy does; those of a wrong type are named.
 */
#include "api_json.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/refuse.h"

#define NAME_AT_MOST 200

__attribute__((format(printf, 2, 3))) static int refuse_body(char **ret_problem,
                                                             const char *format,
                                                             ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  refuse_text(&text, format, arguments);
  va_end(arguments);
  refuse(ret_problem, "bad request body: %s",
         text != NULL ? text : "out of memory");
  free(text);
  return -EINVAL;
}

static int load(const char *body, size_t size, json_t **ret_value,
                char **ret_problem) {
  json_error_t wrong;
  *ret_value = json_loadb(body, size, 0, &wrong);
  if (*ret_value != NULL)
    return 0;
  if (json_error_code(&wrong) == json_error_out_of_memory)
    return -ENOMEM;
  return refuse_body(ret_problem, "line %d, column %d: %s", wrong.line,
                     wrong.column, wrong.text);
}

/* -- Members --------------------------------------------------------------- */

static const json_t *member(const json_t *object, const char *name) {
  const json_t *value = json_object_get(object, name);
  return value != NULL && !json_is_null(value) ? value : NULL;
}

static int take_text(const json_t *object, const char *name, char **ret_text,
                     char **ret_problem) {
  const json_t *value = member(object, name);
  if (value == NULL)
    return 0;
  if (!json_is_string(value))
    return refuse_body(ret_problem, "'%s' is no text", name);
  char *copy = strdup(json_string_value(value));
  if (copy == NULL)
    return -ENOMEM;
  free(*ret_text);
  *ret_text = copy;
  return 0;
}

static int take_number(const json_t *object, const char *name,
                       int64_t *ret_number, char **ret_problem) {
  const json_t *value = member(object, name);
  if (value == NULL)
    return 0;
  double number = json_number_value(value);
  if (!json_is_number(value) || !(fabs(number) < 1e15))
    return refuse_body(ret_problem, "'%s' is no number that could be meant",
                       name);
  *ret_number = json_is_integer(value) ? json_integer_value(value)
                                       : (int64_t)llround(number);
  return 0;
}

static int check_name(const char *name, char **ret_problem) {
  size_t length = name != NULL ? strlen(name) : 0;
  if (length > NAME_AT_MOST)
    return refuse_body(ret_problem, "a name of more than %d bytes",
                       NAME_AT_MOST);
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '/')
      return refuse_body(ret_problem,
                         "a name with a '/' or a control character");
  return 0;
}

/* -- Proxies --------------------------------------------------------------- */

void api_proxy_clear(struct api_proxy *proxy) {
  free(proxy->name);
  free(proxy->listen);
  free(proxy->upstream);
  *proxy = (struct api_proxy){0};
}

static int take_proxy(const json_t *object, struct api_proxy *proxy,
                      char **ret_problem) {
  const json_t *enabled = member(object, "enabled");
  if (!json_is_object(object))
    return refuse_body(ret_problem, "a proxy is an object");
  if (enabled != NULL && !json_is_boolean(enabled))
    return refuse_body(ret_problem, "'enabled' is neither true nor false");
  proxy->has_enabled = enabled != NULL;
  proxy->enabled = enabled == NULL || json_is_true(enabled);
  int error = take_text(object, "name", &proxy->name, ret_problem);
  if (error == 0)
    error = take_text(object, "listen", &proxy->listen, ret_problem);
  if (error == 0)
    error = take_text(object, "upstream", &proxy->upstream, ret_problem);
  return error == 0 ? check_name(proxy->name, ret_problem) : error;
}

int api_json_proxy(const char *body, size_t size, struct api_proxy *ret_proxy,
                   char **ret_problem) {
  json_t *object;
  struct api_proxy proxy = {0};
  int error = load(body, size, &object, ret_problem);
  if (error < 0)
    return error;
  error = take_proxy(object, &proxy, ret_problem);
  json_decref(object);
  if (error < 0)
    api_proxy_clear(&proxy);
  else
    *ret_proxy = proxy;
  return error;
}

static int take_proxies(const json_t *array, struct api_proxy *proxies,
                        char **ret_problem) {
  int error = 0;
  for (size_t i = 0; i < json_array_size(array) && error == 0; i++)
    error = take_proxy(json_array_get(array, i), &proxies[i], ret_problem);
  return error;
}

int api_json_proxies(const char *body, size_t size,
                     struct api_proxy **ret_proxies, size_t *ret_count,
                     char **ret_problem) {
  json_t *array;
  int error = load(body, size, &array, ret_problem);
  if (error < 0)
    return error;
  size_t count = json_array_size(array);
  struct api_proxy *proxies = calloc(count + 1, sizeof(*proxies));
  if (!json_is_array(array))
    error = refuse_body(ret_problem, "what is wanted is an array of proxies");
  else if (count > API_PROXIES_AT_MOST)
    error =
        refuse_body(ret_problem, "more than %d proxies", API_PROXIES_AT_MOST);
  else
    error =
        proxies != NULL ? take_proxies(array, proxies, ret_problem) : -ENOMEM;
  json_decref(array);
  if (error == 0) {
    *ret_proxies = proxies;
    *ret_count = count;
    return 0;
  }
  for (size_t i = 0; proxies != NULL && i < count; i++)
    api_proxy_clear(&proxies[i]);
  free(proxies);
  return error;
}

/* -- Toxics ---------------------------------------------------------------- */

static int take_kind(const json_t *object, struct toxic *toxic,
                     char **ret_problem) {
  const json_t *type = member(object, "type");
  const json_t *stream = member(object, "stream");
  const char *way = stream == NULL ? "downstream" : json_string_value(stream);
  if (way == NULL ||
      (strcmp(way, "downstream") != 0 && strcmp(way, "upstream") != 0))
    /* In toxiproxy's words, which tests of its clients know. */
    return refuse(ret_problem,
                  "stream was invalid, can be either upstream or downstream");
  toxic->is_up = strcmp(way, "upstream") == 0;
  toxic->kind =
      json_is_string(type) ? toxic_find(json_string_value(type)) : NULL;
  if (toxic->kind == NULL)
    return refuse(ret_problem, "invalid toxic type");
  int error = take_text(object, "name", &toxic->name, ret_problem);
  if (error < 0)
    return error;
  if (toxic->name != NULL && *toxic->name == '\0') {
    free(toxic->name);
    toxic->name = NULL;
  }
  if (toxic->name == NULL &&
      asprintf(&toxic->name, "%s_%s", toxic->kind->type, way) < 0) {
    toxic->name = NULL;
    return -ENOMEM;
  }
  return check_name(toxic->name, ret_problem);
}

static int take_toxicity(const json_t *object, struct toxic *toxic,
                         char **ret_problem) {
  const json_t *toxicity = member(object, "toxicity");
  if (toxicity == NULL)
    return 0;
  double value = json_number_value(toxicity);
  if (!json_is_number(toxicity) || !(value >= 0 && value <= 1))
    return refuse_body(ret_problem, "'toxicity' is no number from 0 to 1");
  toxic->toxicity = value;
  return 0;
}

static int take_attributes(const json_t *object, struct toxic *toxic,
                           char **ret_problem) {
  const json_t *attributes = member(object, "attributes");
  int error = 0;
  if (attributes != NULL && !json_is_object(attributes))
    return refuse_body(ret_problem, "'attributes' is no object");
  for (size_t i = 0; i < TOXIC_VALUES && toxic->kind->values[i] != NULL &&
                     attributes != NULL && error == 0;
       i++)
    error = take_number(attributes, toxic->kind->values[i], &toxic->values[i],
                        ret_problem);
  if (error == 0 && attributes != NULL && toxic->kind->has_fault)
    error = take_text(attributes, "fault", &toxic->fault, ret_problem);
  return error;
}

int api_json_change(const char *body, size_t size, struct toxic *toxic,
                    char **ret_problem) {
  json_t *object;
  int error = load(body, size, &object, ret_problem);
  if (error < 0)
    return error;
  error = json_is_object(object)
              ? 0
              : refuse_body(ret_problem, "a toxic is an object");
  if (error == 0)
    error = take_toxicity(object, toxic, ret_problem);
  if (error == 0)
    error = take_attributes(object, toxic, ret_problem);
  json_decref(object);
  return error == 0 ? toxic_compile(toxic, ret_problem) : error;
}

int api_json_toxic(const char *body, size_t size, struct toxic *ret_toxic,
                   char **ret_problem) {
  struct toxic toxic = {.toxicity = 1};
  json_t *object;
  int error = load(body, size, &object, ret_problem);
  if (error < 0)
    return error;
  error = take_kind(object, &toxic, ret_problem);
  json_decref(object);
  if (error == 0)
    error = api_json_change(body, size, &toxic, ret_problem);
  if (error < 0)
    toxic_clear(&toxic);
  else
    *ret_toxic = toxic;
  return error;
}
