/*
 * list.c: lists in aria2's form: a URL a line, indented key=value lines
 * beneath.  Other forms are in list_json.c and list_sums.c.
 *
 * Invariant: a list is taken whole or not at all.
 */
#include "list.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "list_entry.h"
#include "name.h"

/* -- Entries -------------------------------------------------------------------- */

int list_refuse(char **ret_error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(ret_error, format, arguments) < 0)
    *ret_error = NULL;
  va_end(arguments);
  return -EINVAL;
}

void list_free_headers(char **headers) {
  for (char **line = headers; line != NULL && *line != NULL; line++)
    free(*line);
  free(headers);
}

static void clear_entry(struct list_entry *entry) {
  list_free_headers(entry->headers);
  free(entry->url);
  free(entry->out);
  free(entry->dir);
  free(entry->origin);
}

void list_truncate(struct list *list, size_t count) {
  while (list->count > count)
    clear_entry(&list->entries[--list->count]);
}

void list_clear(struct list *list) {
  list_truncate(list, 0);
  free(list->entries);
  *list = (struct list){0};
}

static const char *url_problem(const char *url) {
  if (strncasecmp(url, "http://", 7) != 0 &&
      strncasecmp(url, "https://", 8) != 0)
    return "is not an http or https URL";
  const char *host = strstr(url, "://") + 3;
  if (strcspn(host, "/?#") == 0)
    return "names no host";
  for (const unsigned char *p = (const unsigned char *)url; *p != '\0'; p++)
    if (*p <= ' ' || *p == 0x7f)
      return "has a space or a control character";
  return NULL;
}

struct list_entry *list_append(struct list *list, const char *where,
                               const char *url, char **ret_error) {
  const char *problem = url_problem(url);
  if (problem != NULL) {
    list_refuse(ret_error, "%s%s'%s' %s", where, where[0] != '\0' ? ": " : "",
                url, problem);
    return NULL;
  }
  if (list->count == list->capacity) {
    size_t capacity = list->capacity > 0 ? list->capacity * 2 : 16;
    void *entries = realloc(list->entries, capacity * sizeof(*list->entries));
    if (entries == NULL)
      return NULL;
    list->entries = entries;
    list->capacity = capacity;
  }
  struct list_entry *entry = &list->entries[list->count];
  *entry = (struct list_entry){.expected_bytes = -1};
  entry->url = strdup(url);
  entry->origin = where[0] != '\0' ? strdup(where) : NULL;
  if (entry->url == NULL || (where[0] != '\0' && entry->origin == NULL)) {
    clear_entry(entry);
    return NULL;
  }
  list->count++;
  return entry;
}

/* -- Keys ----------------------------------------------------------------------- */

static int set_text(char **field, const char *value) {
  char *copy = strdup(value);
  if (copy == NULL)
    return -ENOMEM;
  free(*field);
  *field = copy;
  return 0;
}

static int set_out(struct list_entry *entry, const char *where,
                   const char *value, char **ret_error) {
  const char *problem = name_path_problem(value);
  if (problem != NULL)
    return list_refuse(ret_error, "%s: out '%s' %s", where, value, problem);
  return set_text(&entry->out, value);
}

int list_set_sha256(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error) {
  size_t size = strlen(value);
  if (strspn(value, "0123456789abcdefABCDEF") != size)
    return list_refuse(ret_error, "%s: sha256 '%s' is not hexadecimal", where,
                       value);
  if (size != 64)
    return list_refuse(ret_error, "%s: sha256 has %zu digits, not 64", where,
                       size);
  for (size_t i = 0; i <= size; i++)
    entry->sha256[i] = (char)tolower((unsigned char)value[i]);
  return 0;
}

/* aria2's form of the same: "sha-256=HEX"; other algorithms are not known. */
static int set_checksum(struct list_entry *entry, const char *where,
                        const char *value, char **ret_error) {
  if (strncasecmp(value, "sha-256=", 8) != 0)
    return list_refuse(ret_error, "%s: checksum '%s' is not sha-256=...", where,
                       value);
  return list_set_sha256(entry, where, value + 8, ret_error);
}

static int set_size(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error) {
  char *end;
  errno = 0;
  long long size = strtoll(value, &end, 10);
  if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0)
    return list_refuse(ret_error, "%s: size '%s' is not a number of bytes",
                       where, value);
  entry->expected_bytes = size;
  return 0;
}

static int add_header(struct list_entry *entry, const char *where,
                      const char *value, char **ret_error) {
  size_t count = 0;
  if (strchr(value, ':') == NULL)
    return list_refuse(ret_error, "%s: header '%s' is not Name: value", where,
                       value);
  while (entry->headers != NULL && entry->headers[count] != NULL)
    count++;
  char **headers = realloc(entry->headers, (count + 2) * sizeof(*headers));
  if (headers == NULL)
    return -ENOMEM;
  entry->headers = headers;
  headers[count] = strdup(value);
  headers[count + 1] = NULL;
  return headers[count] != NULL ? 0 : -ENOMEM;
}

/* What aria2 knows and what does not change which bytes are downloaded. */
static bool is_harmless(const char *key) {
  static const char *const keys[] = {
      "gid", "split", "max-connection-per-server", "min-split-size",
      "allow-overwrite", "auto-file-renaming", "continue", "max-tries",
      "retry-wait", "timeout", "connect-timeout", "file-allocation", "pause",
      "piece-length", "check-integrity", "remote-time", "max-download-limit",
      "lowest-speed-limit", "conditional-get", "always-resume",
      "parameterized-uri", "uri-selector", "stream-piece-selector",
      "realtime-chunk-checksum", "use-head", "content-disposition-default-utf8"};
  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
    if (strcmp(keys[i], key) == 0)
      return true;
  return false;
}

int list_set(struct list_entry *entry, const char *where, const char *key,
             const char *value, char **ret_error) {
  if (strcmp(key, "out") == 0)
    return set_out(entry, where, value, ret_error);
  if (strcmp(key, "dir") == 0)
    return value[0] != '\0' ? set_text(&entry->dir, value)
                            : list_refuse(ret_error, "%s: dir is empty", where);
  if (strcmp(key, "sha256") == 0)
    return list_set_sha256(entry, where, value, ret_error);
  if (strcmp(key, "checksum") == 0)
    return set_checksum(entry, where, value, ret_error);
  if (strcmp(key, "size") == 0)
    return set_size(entry, where, value, ret_error);
  if (strcmp(key, "header") == 0)
    return add_header(entry, where, value, ret_error);
  if (is_harmless(key))
    return 0;
  return list_refuse(ret_error, "%s: unknown key '%s'", where, key);
}

/* -- aria2's form ---------------------------------------------------------------- */

int list_read_line(struct list_reader *reader, char **ret_error) {
  ssize_t n = getline(&reader->line, &reader->capacity, reader->file);
  if (n < 0)
    return ferror(reader->file)
               ? list_refuse(ret_error, "%s: cannot be read: %s", reader->name,
                             strerror(errno))
               : 0;
  reader->number++;
  snprintf(reader->where, sizeof(reader->where), "%.200s:%zu", reader->name,
           reader->number);
  if (strlen(reader->line) != (size_t)n)
    return list_refuse(ret_error, "%s: has a NUL byte", reader->where);
  while (n > 0 && isspace((unsigned char)reader->line[n - 1]))
    reader->line[--n] = '\0';
  reader->text = reader->line;
  if (reader->number == 1 && strncmp(reader->text, "\xef\xbb\xbf", 3) == 0)
    reader->text += 3;
  return 1;
}

static int take_key(struct list *list, size_t first, char *text,
                    const char *where, char **ret_error) {
  char *value = strchr(text, '=');
  if (list->count == first)
    return list_refuse(ret_error, "%s: '%s' stands before any URL", where,
                       text);
  if (value == NULL)
    return list_refuse(ret_error, "%s: '%s' is not key=value", where, text);
  *value++ = '\0';
  return list_set(&list->entries[list->count - 1], where, text, value,
                  ret_error);
}

static int read_aria2(FILE *file, const char *name, struct list *list,
                      char **ret_error) {
  struct list_reader reader = {.file = file, .name = name};
  size_t first = list->count;
  int result;
  while ((result = list_read_line(&reader, ret_error)) > 0) {
    char *text = reader.text;
    bool indented = *text == ' ' || *text == '\t';
    text += strspn(text, " \t");
    if (*text == '\0' || *text == '#')
      continue;
    if (indented) {
      result = take_key(list, first, text, reader.where, ret_error);
    } else {
      text[strcspn(text, "\t")] = '\0'; /* alternatives follow a tab */
      result = list_append(list, reader.where, text, ret_error) ? 0 : -EINVAL;
    }
    if (result < 0)
      break;
  }
  free(reader.line);
  return result;
}

/* The first character that is no space tells JSON from a list of URLs. */
static bool is_json(FILE *file) {
  int c;
  do {
    c = getc(file);
  } while (c != EOF && isspace(c));
  if (c != EOF)
    ungetc(c, file);
  return c == '[' || c == '{';
}

int list_read(FILE *file, const char *name, struct list *list,
              char **ret_error) {
  size_t before = list->count;
  *ret_error = NULL;
  int result = is_json(file) ? list_read_json(file, name, list, ret_error)
                             : read_aria2(file, name, list, ret_error);
  if (result < 0)
    list_truncate(list, before);
  return result;
}

int list_add_url(struct list *list, const char *url, char **ret_error) {
  *ret_error = NULL;
  return list_append(list, "", url, ret_error) != NULL ? 0 : -EINVAL;
}

int list_set_output(struct list *list, const char *name, char **ret_error) {
  return list_set(&list->entries[0], "-o", "out", name, ret_error);
}

int list_set_sum(struct list *list, const char *hex, char **ret_error) {
  return list_set(&list->entries[0], "--sha256", "sha256", hex, ret_error);
}
