/*
 * xml.c: escaping.  Whitespace that readers would change is escaped too: in an
 * attribute a line's end would become a blank, and a carriage return a line's
 * end anywhere.
 */
#include "xml.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli/utf8.h"

/* What stands for a character; NULL: itself. */
static const char *entity_of(uint32_t code, bool is_value) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\t':
      return is_value ? "&#9;" : NULL;
    case '\n':
      return is_value ? "&#10;" : NULL;
    case '\r':
      return "&#13;";
    default:
      return code < 0x20 || code == 0xfffe || code == 0xffff ? "\xef\xbf\xbd"
                                                             : NULL;
  }
}

/* How many bytes at the beginning stand for themselves. */
static size_t plain_length(const char *text, size_t size, bool is_value) {
  size_t length = 0;
  while (length < size && (unsigned char)text[length] < 0x80 &&
         entity_of((unsigned char)text[length], is_value) == NULL)
    length++;
  return length;
}

static void put(FILE *file, const char *text, size_t size, bool is_value) {
  while (size > 0) {
    size_t length = plain_length(text, size, is_value);
    if (length > 0) {
      fwrite(text, 1, length, file);
    } else {
      uint32_t code = 0; /* as one that is forbidden */
      length = utf8_decode(text, size, &code);
      const char *entity = entity_of(code, is_value);
      if (entity != NULL)
        fputs(entity, file);
      else
        fwrite(text, 1, length, file);
      length = length > 0 ? length : 1;
    }
    text += length;
    size -= length;
  }
}

void xml_put(FILE *file, const char *text, size_t size) {
  put(file, text, size, false);
}

void xml_attribute(FILE *file, const char *name, const char *value) {
  fprintf(file, " %s=\"", name);
  put(file, value, strlen(value), true);
  putc('"', file);
}
