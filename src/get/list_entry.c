/*
 * list_entry.c: one entry of a list, whichever form it was written in: what
 * its URL and its keys may be.
 *
 * Invariant: an entry that exists can be asked for as it is: its URL is http
 * or https, its path stays below its directory, its headers are whole lines.
 */
#include "list_entry.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/refuse.h"
#include "header.h"
#include "name.h"

/* -- Entries --------------------------------------------------------------- */

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

static bool has_control(const char *text) {
  for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
    if ((*p < ' ' && *p != '\t') || *p == 0x7f)
      return true;
  return false;
}

const char *list_url_problem(const char *url) {
  if (strncasecmp(url, "http://", 7) != 0 &&
      strncasecmp(url, "https://", 8) != 0)
    return "is not an http or https URL";
  const char *host = strstr(url, "://") + 3;
  size_t size = strcspn(host, "/?#");
  const char *user_end = memrchr(host, '@', size);
  if (user_end != NULL) {
    size -= (size_t)(user_end + 1 - host);
    host = user_end + 1;
  }
  if (size == 0 || host[0] == ':')
    return "names no host";
  if (has_control(url) || strpbrk(url, " \t") != NULL)
    return "has a space or a control character";
  return NULL;
}

/* Room for one more. */
static int grow(struct list *list) {
  if (list->count < list->capacity)
    return 0;
  size_t capacity = list->capacity > 0 ? list->capacity * 2 : 16;
  void *entries = reallocarray(list->entries, capacity, sizeof(*list->entries));
  if (entries == NULL)
    return -ENOMEM;
  list->entries = entries;
  list->capacity = capacity;
  return 0;
}

int list_append(struct list *list, const char *where, const char *url,
                struct list_entry **ret_entry, char **ret_error) {
  const char *problem = list_url_problem(url);
  if (problem != NULL)
    return refuse(ret_error, "%s%s'%.*s' %s", where != NULL ? where : "",
                  where != NULL ? ": " : "", LIST_QUOTED(url), problem);
  if (grow(list) < 0)
    return -ENOMEM;
  struct list_entry *entry = &list->entries[list->count];
  *entry = (struct list_entry){.expected_bytes = -1};
  entry->url = strdup(url);
  entry->origin = where != NULL ? strdup(where) : NULL;
  if (entry->url == NULL || (where != NULL && entry->origin == NULL)) {
    clear_entry(entry);
    return -ENOMEM;
  }
  list->count++;
  *ret_entry = entry;
  return 0;
}

/* -- Keys ------------------------------------------------------------------ */

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
    return refuse(ret_error, "%s: out '%.*s' %s", where, LIST_QUOTED(value),
                  problem);
  return set_text(&entry->out, value);
}

static int set_dir(struct list_entry *entry, const char *where,
                   const char *value, char **ret_error) {
  if (value[0] == '\0')
    return refuse(ret_error, "%s: dir is empty", where);
  if (has_control(value))
    return refuse(ret_error, "%s: dir '%.*s' has a control character", where,
                  LIST_QUOTED(value));
  return set_text(&entry->dir, value);
}

int list_set_sha256(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error) {
  size_t size = strlen(value);
  if (strspn(value, "0123456789abcdefABCDEF") != size)
    return refuse(ret_error, "%s: sha256 '%.*s' is not hexadecimal", where,
                  LIST_QUOTED(value));
  if (size != 64)
    return refuse(ret_error, "%s: sha256 has %zu digits, not 64", where, size);
  for (size_t i = 0; i <= size; i++)
    entry->sha256[i] = (char)tolower((unsigned char)value[i]);
  return 0;
}

/* aria2's form of the same: "sha-256=HEX"; other algorithms are not known. */
static int set_checksum(struct list_entry *entry, const char *where,
                        const char *value, char **ret_error) {
  if (strncasecmp(value, "sha-256=", 8) != 0)
    return refuse(ret_error, "%s: checksum '%.*s' is not sha-256=...", where,
                  LIST_QUOTED(value));
  return list_set_sha256(entry, where, value + 8, ret_error);
}

static int set_size(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error) {
  char *end;
  errno = 0;
  long long size = strtoll(value, &end, 10);
  if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0)
    return refuse(ret_error, "%s: size '%.*s' is not a number of bytes", where,
                  LIST_QUOTED(value));
  entry->expected_bytes = size;
  return 0;
}

/* -- Headers --------------------------------------------------------------- */

/* Takes the line, which malloc() has made; NULL: there was no memory. */
static int keep_header(struct list_entry *entry, char *line) {
  size_t count = 0;
  while (entry->headers != NULL && entry->headers[count] != NULL)
    count++;
  char **headers = NULL;
  if (line != NULL)
    headers = reallocarray(entry->headers, count + 2, sizeof(*headers));
  if (headers == NULL) {
    free(line);
    return -ENOMEM;
  }
  entry->headers = headers;
  headers[count] = line;
  headers[count + 1] = NULL;
  return 0;
}

static int add_header(struct list_entry *entry, const char *where,
                      const char *line, char **ret_error) {
  const char *problem = header_problem(line);
  if (problem != NULL)
    return refuse(ret_error, "%s: header '%.*s' %s", where, LIST_QUOTED(line),
                  problem);
  if (header_is_dropped(line))
    return 0;
  return keep_header(entry, strdup(line));
}

/* A key that stands for a header. */
static int set_header(struct list_entry *entry, const char *where,
                      const char *name, const char *value, char **ret_error) {
  char *line;
  if (has_control(value))
    return refuse(ret_error, "%s: %s '%.*s' has a control character", where,
                  name, LIST_QUOTED(value));
  if (asprintf(&line, "%s: %s", name, value) < 0)
    line = NULL;
  return keep_header(entry, line);
}

/* -- All keys -------------------------------------------------------------- */

bool list_ignores(const char *key) {
  static const char *const keys[] = {
      "allow-overwrite",
      "allow-piece-length-change",
      "always-resume",
      "async-dns",
      "auto-file-renaming",
      "check-integrity",
      "conditional-get",
      "connect-timeout",
      "content-disposition-default-utf8",
      "continue",
      "enable-http-keep-alive",
      "enable-http-pipelining",
      "enable-mmap",
      "file-allocation",
      "follow-metalink",
      "follow-torrent",
      "force-save",
      "gid",
      "lowest-speed-limit",
      "max-connection-per-server",
      "max-download-limit",
      "max-file-not-found",
      "max-mmap-limit",
      "max-resume-failure-tries",
      "max-tries",
      "min-split-size",
      "no-file-allocation-limit",
      "no-want-digest-header",
      "pause",
      "piece-length",
      "realtime-chunk-checksum",
      "remote-time",
      "remove-control-file",
      "retry-wait",
      "reuse-uri",
      "rpc-save-upload-metadata",
      "save-not-found",
      "split",
      "stream-piece-selector",
      "timeout",
      "uri-selector",
      "use-head",
  };
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
    return set_dir(entry, where, value, ret_error);
  if (strcmp(key, "sha256") == 0)
    return list_set_sha256(entry, where, value, ret_error);
  if (strcmp(key, "checksum") == 0)
    return set_checksum(entry, where, value, ret_error);
  if (strcmp(key, "size") == 0)
    return set_size(entry, where, value, ret_error);
  if (strcmp(key, "header") == 0)
    return add_header(entry, where, value, ret_error);
  if (strcmp(key, "referer") == 0)
    return set_header(entry, where, "Referer", value, ret_error);
  if (strcmp(key, "user-agent") == 0)
    return set_header(entry, where, "User-Agent", value, ret_error);
  if (list_ignores(key))
    return 0;
  return refuse(ret_error, "%s: unknown key '%.*s'", where, LIST_QUOTED(key));
}
