/* header.c: what RFC 9110 lets a field's name be, and what is ours to send. */
#include "header.h"

#include <string.h>
#include <strings.h>

static bool is_named(const char *line, const char *name) {
  size_t size = strlen(name);
  return strncasecmp(line, name, size) == 0 && line[size] == ':';
}

static bool has_control(const char *line) {
  for (; *line != '\0'; line++)
    if (((unsigned char)*line < ' ' && *line != '\t') || *line == 0x7f)
      return true;
  return false;
}

const char *header_problem(const char *line) {
  static const char token[] =
      "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t size = strspn(line, token);
  if (size == 0 || line[size] != ':')
    return "is not Name: value";
  if (has_control(line))
    return "has a control character";
  if (is_named(line, "Range") || is_named(line, "If-Range"))
    return "says which part to ask for, which belay get decides";
  return NULL;
}

bool header_is_dropped(const char *line) {
  return is_named(line, "Accept-Encoding");
}
