/*
 * list_sums.c: lists of checksums, as sha256sum and BSD's tools write them:
 *
 *   HEX  name   HEX *name   HEX name   SHA256 (name) = HEX
 *
 * A name is a path below the base URL, and below the output directory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list_entry.h"

#include "cli/refuse.h"

/* One line, taken apart. */
struct sum {
  char *hex, *name;
};

/* What \\, \n or \r stands for; 0 for anything else. */
static char escaped(char c) {
  switch (c) {
    case '\\':
      return '\\';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    default:
      return '\0';
  }
}

/* Names are escaped where the line begins with a backslash.  False: they are
 * not well. */
static bool unescape(char *name) {
  char *out = name;
  for (; *name != '\0'; name++) {
    char c = *name == '\\' ? escaped(*++name) : *name;
    if (c == '\0')
      return false;
    *out++ = c;
  }
  *out = '\0';
  return true;
}

/* "SHA256 (name) = hex"; the name may have the same characters in it. */
static bool take_bsd(char *text, struct sum *ret) {
  if (strncmp(text, "SHA256 (", 8) != 0)
    return false;
  char *end = NULL;
  for (char *p = text; (p = strstr(p, ") = ")) != NULL; p++)
    end = p;
  if (end == NULL)
    return false;
  *end = '\0';
  ret->name = text + 8;
  ret->hex = end + 4;
  return true;
}

/* "hex  name", "hex *name", or with BSD's -r "hex name" */
static bool take_coreutils(char *text, struct sum *ret) {
  size_t size = strcspn(text, " ");
  if (size == 0 || text[size] != ' ')
    return false;
  text[size] = '\0';
  ret->hex = text;
  ret->name = text + size + 1;
  if (ret->name[0] == ' ' || ret->name[0] == '*')
    ret->name++;
  return true;
}

static bool take_apart(char *text, struct sum *ret) {
  bool is_escaped = *text == '\\';
  text += is_escaped;
  return (take_bsd(text, ret) || take_coreutils(text, ret)) &&
         (!is_escaped || unescape(ret->name));
}

/* The base URL and the name, with what may not stand in a URL encoded. */
static char *url_of(const char *base_url, const char *name) {
  static const char plain[] =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/";
  static const char hex[] = "0123456789ABCDEF";
  size_t base = strlen(base_url);
  char *url = malloc(base + 1 + 3 * strlen(name) + 1);
  if (url == NULL)
    return NULL;
  memcpy(url, base_url, base);
  char *out = url + base;
  if (base_url[base - 1] != '/')
    *out++ = '/';
  for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
    if (strchr(plain, *p) != NULL) {
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
  if (!take_apart(reader->text, &sum))
    return refuse(ret_error, "%s: is not a checksum and a name", reader->where);
  if (strncmp(sum.name, "./", 2) == 0)
    sum.name += 2;
  char *url = url_of(base_url, sum.name);
  if (url == NULL)
    return -ENOMEM;
  struct list_entry *entry;
  int error = list_append(list, reader->where, url, &entry, ret_error);
  free(url);
  if (error == 0)
    error = list_set_sha256(entry, reader->where, sum.hex, ret_error);
  if (error == 0)
    error = list_set(entry, reader->where, "out", sum.name, ret_error);
  return error;
}

/* Names are put behind it. */
static int check_base_url(const char *base_url, char **ret_error) {
  const char *problem = list_url_problem(base_url);
  if (problem == NULL && strpbrk(base_url, "?#") != NULL)
    problem = "has a query or a fragment";
  if (problem == NULL)
    return 0;
  return refuse(ret_error, "base URL '%.*s' %s", LIST_QUOTED(base_url),
                problem);
}

int list_read_sums(FILE *file, const char *name, const char *base_url,
                   struct list *list, char **ret_error) {
  struct list_reader reader = {.file = file, .name = name};
  size_t before = list->count;
  *ret_error = NULL;
  int result = check_base_url(base_url, ret_error);
  while (result == 0) {
    result = list_read_line(&reader, ret_error);
    if (result <= 0)
      break;
    bool is_empty = list_is_blank(reader.text) || reader.text[0] == '#';
    result = is_empty ? 0 : take_line(&reader, base_url, list, ret_error);
  }
  free(reader.line);
  if (result < 0)
    list_truncate(list, before);
  return result;
}
