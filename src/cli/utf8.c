/*
 * utf8.c: decoding without trust.  Invariant: what utf8_fit() writes is valid
 * UTF-8 without control characters.
 */
#include "utf8.h"

#include <string.h>
#include <wchar.h>

size_t utf8_decode(const char *text, size_t size, uint32_t *ret_code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *p = (const unsigned char *)text;
  size_t length = p[0] < 0x80    ? 1
                  : p[0] < 0xc2  ? 0
                  : p[0] < 0xe0  ? 2
                  : p[0] < 0xf0  ? 3
                  : p[0] <= 0xf4 ? 4
                                 : 0;
  if (length == 0 || length > size)
    return 0;
  uint32_t code = length == 1 ? p[0] : p[0] & (0x7fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (p[i] & 0x3f);
  }
  if (length > 1 && (code < least[length] || code > 0x10ffff ||
                     (code >= 0xd800 && code <= 0xdfff)))
    return 0;
  *ret_code = code;
  return length;
}

bool utf8_is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
         code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

/* Whether a character takes two columns, for locales whose wcwidth() knows
 * nothing beyond ASCII.  Coarse: one column too many only shortens a line,
 * one too few would wrap it. */
static bool is_wide(uint32_t code) {
  static const uint32_t ranges[][2] = {
      {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
      {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
      {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
      {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f000, 0x1faff},
      {0x20000, 0x3fffd}};
  for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
    if (code >= ranges[i][0] && code <= ranges[i][1])
      return true;
  return false;
}

static size_t columns_of(uint32_t code) {
  int width = code < 0x80 ? 1 : wcwidth((wchar_t)code);
  if (width < 0)
    return is_wide(code) ? 2 : 1;
  return (size_t)width;
}

/* A character as it may be shown. */
struct shown {
  const char *bytes;
  size_t length;
  uint32_t code;
};

/* The next one, and how much of the text it stands for. */
static size_t next(const char *text, size_t size, struct shown *ret_shown) {
  size_t length = utf8_decode(text, size, &ret_shown->code);
  if (length == 0 || utf8_is_control(ret_shown->code)) {
    *ret_shown = (struct shown){"?", 1, '?'};
    return length > 0 ? length : 1;
  }
  ret_shown->bytes = text;
  ret_shown->length = length;
  return length;
}

static size_t width_of(const char *text, size_t size) {
  size_t columns = 0;
  while (size > 0) {
    struct shown shown;
    size_t used = next(text, size, &shown);
    columns += columns_of(shown.code);
    text += used;
    size -= used;
  }
  return columns;
}

static const char ellipsis[] = "\xe2\x80\xa6";

/* Whether there is room for it, and for an ellipsis and a 0 behind it. */
static bool append(char *into, size_t size, size_t *out,
                   const struct shown *shown) {
  if (*out + shown->length + sizeof(ellipsis) > size)
    return false;
  memcpy(into + *out, shown->bytes, shown->length);
  *out += shown->length;
  return true;
}

static size_t append_ellipsis(char *into, size_t size, size_t *out) {
  if (*out + sizeof(ellipsis) > size)
    return 0;
  memcpy(into + *out, ellipsis, sizeof(ellipsis) - 1);
  *out += sizeof(ellipsis) - 1;
  return 1;
}

size_t utf8_fit(const char *text, char *into, size_t size, size_t columns) {
  size_t left = strlen(text), out = 0, taken = 0;
  bool cut = columns > 0 && width_of(text, left) > columns;
  size_t room = cut ? columns - 1 : SIZE_MAX;
  while (left > 0) {
    struct shown shown;
    size_t used = next(text, left, &shown), width = columns_of(shown.code);
    if (taken + width > room || !append(into, size, &out, &shown))
      break;
    taken += width;
    text += used;
    left -= used;
  }
  if (left > 0 && (columns == 0 || taken < columns))
    taken += append_ellipsis(into, size, &out);
  if (size > 0)
    into[out] = '\0';
  return taken;
}

void utf8_safe(const char *text, char *into, size_t size) {
  size_t left = strlen(text), out = 0;
  while (left > 0) {
    struct shown shown;
    size_t used = next(text, left, &shown);
    if (!append(into, size, &out, &shown))
      break;
    text += used;
    left -= used;
  }
  if (left > 0)
    append_ellipsis(into, size, &out);
  if (size > 0)
    into[out] = '\0';
}
