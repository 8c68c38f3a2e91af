/*
 * list_sums.c: lists of checksums, as sha256sum and BSD's tools write them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include "list_entry.h"
#include "name.h"

/* One line, taken apart. */
struct sum {
  char *hex, *name;
};

/* A leading backslash: in the name \\ and \n stand for backslash and line end. */
static void unescape(char *name) {
  char *out = name;
  for (; *name != '\0'; name++) {
    if (name[0] == '\\' && (name[1] == '\\' || name[1] == 'n'))
      *out++ = *++name == 'n' ? '\n' : '\\';
    else
      *out++ = *name;
  }
  *out = '\0';
}

/* "SHA256 (name) = hex" */
static bool take_bsd(char *text, struct sum *ret) {
  char *end = strstr(text, ") = ");
  if (strncmp(text, "SHA256 (", 8) != 0 || end == NULL)
    return false;
  for (char *later; (later = strstr(end + 1, ") = ")) != NULL;)
    end = later;
  *end = '\0';
  ret->name = text + 8;
  ret->hex = end + 4;
  return true;
}

/* "hex  name" or "hex *name" */
static bool take_coreutils(char *text, struct sum *ret) {
  bool escaped = *text == '\\';
  text += escaped;
  size_t size = strcspn(text, " ");
  if (text[size] != ' ' || (text[size + 1] != ' ' && text[size + 1] != '*'))
    return false;
  text[size] = '\0';
  ret->hex = text;
  ret->name = text + size + 2;
  if (escaped)
    unescape(ret->name);
  return true;
}

/* The base URL and the name, with what may not stand in a URL encoded. */
static char *url_of(const char *base_url, const char *name) {
  static const char hex[] = "0123456789ABCDEF";
  size_t base = strlen(base_url);
  char *url = malloc(base + 1 + 3 * strlen(name) + 1);
  if (url == NULL)
    return NULL;
  memcpy(url, base_url, base);
  char *out = url + base;
  if (base > 0 && base_url[base - 1] != '/')
    *out++ = '/';
  for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
    if (isalnum(*p) || strchr("-._~/", *p) != NULL) {
      *out++ = (char)*p;
    } else {
      *out++ = '%';
      *out++ = hex[*p >> 4];
      *out++ = hex[*p & 15];
    }
  }
  *out = '\0';
  return url;
}

static int take_line(struct list_reader *reader, const char *base_url,
                     struct list *list, char **ret_error) {
  struct sum sum;
  if (!take_bsd(reader->text, &sum) && !take_coreutils(reader->text, &sum))
    return list_refuse(ret_error, "%s: is not a checksum and a name",
                       reader->where);
  if (strncmp(sum.name, "./", 2) == 0)
    sum.name += 2;
  char *url = url_of(base_url, sum.name);
  if (url == NULL)
    return -ENOMEM;
  struct list_entry *entry = list_append(list, reader->where, url, ret_error);
  free(url);
  if (entry == NULL)
    return -EINVAL;
  int error = list_set(entry, reader->where, "out", sum.name, ret_error);
  return error < 0 ? error
                   : list_set_sha256(entry, reader->where, sum.hex, ret_error);
}

int list_read_sums(FILE *file, const char *name, const char *base_url,
                   struct list *list, char **ret_error) {
  struct list_reader reader = {.file = file, .name = name};
  size_t before = list->count;
  int result;
  *ret_error = NULL;
  while ((result = list_read_line(&reader, ret_error)) > 0) {
    if (reader.text[0] == '\0' || reader.text[0] == '#')
      continue;
    result = take_line(&reader, base_url, list, ret_error);
    if (result < 0)
      break;
  }
  free(reader.line);
  if (result < 0)
    list_truncate(list, before);
  return result;
}
