/*
 * name.c: file names from hostile input.
 *
 * Invariant: what comes out is one path component that is neither hidden nor
 * an option, in valid UTF-8 without control characters.
 */
#include "name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/utf8.h"
#include "item.h"

#define NO_NAME "index.html"
/* What follows the last dot is an extension if it is shorter, with the dot. */
#define EXTENSION_BYTES 24

/* -- From a URL ------------------------------------------------------------ */

static int hex_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The last component of the URL's path, decoded; to be freed. */
static char *last_component(const char *url, size_t *ret_size) {
  const char *start = strstr(url, "://");
  start = start != NULL ? start + 3 : url;
  size_t size = strcspn(start, "?#");
  size_t first = size;
  while (first > 0 && start[first - 1] != '/')
    first--;
  if (first == 0)
    first = size; /* a host alone */
  char *name = malloc(size - first + 1);
  if (name == NULL)
    return NULL;
  size_t out = 0;
  for (size_t i = first; i < size; i++) {
    int high = i + 2 < size && start[i] == '%' ? hex_of(start[i + 1]) : -1;
    int low = high >= 0 ? hex_of(start[i + 2]) : -1;
    if (low >= 0) {
      name[out++] = (char)(high << 4 | low);
      i += 2;
    } else {
      name[out++] = start[i];
    }
  }
  name[out] = '\0';
  *ret_size = out;
  return name;
}

/* Replaces what may not be in a name, in place; it does not grow. */
static size_t clean(char *name, size_t size) {
  size_t out = 0;
  for (size_t i = 0; i < size;) {
    uint32_t code;
    size_t length = utf8_decode(name + i, size - i, &code);
    if (length == 0 || utf8_is_control(code) || code == '/' || code == '\\') {
      name[out++] = '_';
      i += length > 0 ? length : 1;
    } else {
      memmove(name + out, name + i, length);
      out += length;
      i += length;
    }
  }
  name[out] = '\0';
  return out;
}

/* The last start of a character at or before `at`. */
static size_t character_start(const char *name, size_t at) {
  while (at > 0 && ((unsigned char)name[at] & 0xc0) == 0x80)
    at--;
  return at;
}

/* Cuts to the longest name, at the end of a character, and keeps a short
 * extension. */
static void shorten(char *name, size_t size) {
  if (size <= NAME_LONGEST_BYTES)
    return;
  const char *dot = strrchr(name, '.');
  char extension[EXTENSION_BYTES] = "";
  if (dot != NULL && strlen(dot) < sizeof(extension))
    strcpy(extension, dot);
  size_t keep = NAME_LONGEST_BYTES - strlen(extension);
  strcpy(name + character_start(name, keep), extension);
}

static bool ends_with(const char *name, const char *end) {
  size_t size = strlen(name), end_size = strlen(end);
  return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

char *name_from_url(const char *url) {
  size_t size;
  char *name = last_component(url, &size);
  if (name == NULL)
    return NULL;
  size = clean(name, size);
  for (size_t i = 0; name[i] == '.' || name[i] == '-'; i++)
    name[i] = '_';
  shorten(name, size);
  while (ends_with(name, ITEM_PART_SUFFIX))
    name[strlen(name) - strlen(ITEM_PART_SUFFIX)] = '\0';
  if (name[strspn(name, "_ ")] != '\0')
    return name;
  free(name);
  return strdup(NO_NAME);
}

/* -- Names that were given ------------------------------------------------- */

static bool has_control(const char *text) {
  size_t size = strlen(text);
  while (size > 0) {
    uint32_t code;
    size_t length = utf8_decode(text, size, &code);
    if (length > 0 && utf8_is_control(code))
      return true;
    length += length == 0; /* a byte of another encoding is a name's own */
    text += length;
    size -= length;
  }
  return false;
}

const char *name_path_problem(const char *path) {
  size_t size = strlen(path);
  if (size == 0)
    return "is empty";
  if (path[0] == '/')
    return "is an absolute path";
  if (path[size - 1] == '/')
    return "names a directory";
  if (ends_with(path, ITEM_PART_SUFFIX))
    return "ends in " ITEM_PART_SUFFIX ", which is for parts";
  for (const char *part = path; *part != '\0';) {
    size_t length = strcspn(part, "/");
    if (length == 2 && part[0] == '.' && part[1] == '.')
      return "leaves the output directory";
    if (length == 0 || (length == 1 && part[0] == '.'))
      return "has an empty component";
    if (length > NAME_LONGEST_BYTES)
      return "is too long";
    part += length + (part[length] == '/');
  }
  return has_control(path) ? "has a control character" : NULL;
}

/* -- Numbers in names ------------------------------------------------------ */

/* Where the extension starts, two of them for an archive; or the end. */
static const char *extension_of(const char *name) {
  const char *dot = strrchr(name, '.');
  if (dot == NULL || dot == name || strlen(dot) >= EXTENSION_BYTES)
    return name + strlen(name);
  bool is_archive = dot - name > 4 && strncmp(dot - 4, ".tar", 4) == 0;
  return is_archive ? dot - 4 : dot;
}

char *name_numbered(const char *name, unsigned number) {
  const char *extension = extension_of(name);
  char digits[16];
  int added = snprintf(digits, sizeof(digits), ".%u", number);
  size_t room = NAME_LONGEST_BYTES - (size_t)added - strlen(extension);
  size_t keep = (size_t)(extension - name);
  char *numbered;
  if (keep > room)
    keep = character_start(name, room);
  if (asprintf(&numbered, "%.*s%s%s", (int)keep, name, digits, extension) < 0)
    return NULL;
  return numbered;
}
