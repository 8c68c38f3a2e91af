/*
 * parse.c: `rst@4096; rate:64k` to items.
 *
 * A reader goes through the text once and remembers where it is, so that an
 * error can name its position.  Arguments follow a colon, an equals sign or a
 * space; a text may be "quoted", with \r \n \t \0 \xHH \\ \" in it.
 */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "cli/refuse.h"
#include "cli/unit.h"

#define ITEMS_AT_MOST 1000
#define TEXT_AT_MOST 65536

struct reader {
  const char *text, *p;
  struct program *items;
  struct parse_error *error;
};

__attribute__((format(printf, 3, 4))) static int refuse_at(
    struct reader *reader, const char *where, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reader->error->text, sizeof(reader->error->text), format,
            arguments);
  va_end(arguments);
  reader->error->position = (size_t)(where - reader->text) + 1;
  return -EINVAL;
}

static void skip_blanks(struct reader *reader) {
  while (isspace((unsigned char)*reader->p))
    reader->p++;
}

static int refuse_form(struct reader *reader, const char *where,
                       const struct form *form) {
  char usage[FORM_USAGE_BYTES];
  return refuse_at(reader, where, "'%s' is written %s: %s", form->name,
                   form_usage(form, usage), form->help);
}

/* -- Texts ----------------------------------------------------------------- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character behind a backslash; -1 if there is none such. */
static int take_escape(struct reader *reader) {
  static const char letters[] = "rnt0\\\"", meant[] = "\r\n\t\0\\\"";
  char c = *reader->p;
  const char *found = c != '\0' ? strchr(letters, c) : NULL;
  if (found != NULL) {
    reader->p++;
    return (unsigned char)meant[found - letters];
  }
  if (c != 'x' || hex_digit(reader->p[1]) < 0 || hex_digit(reader->p[2]) < 0)
    return -1;
  reader->p += 3;
  return hex_digit(reader->p[-2]) * 16 + hex_digit(reader->p[-1]);
}

/* "quoted": into `into`, of as much room as the text is long. */
static int take_quoted(struct reader *reader, char *into, size_t *ret_length) {
  const char *begin = reader->p++;
  size_t length = 0;
  while (*reader->p != '"') {
    int c = (unsigned char)*reader->p++;
    if (c == '\0') {
      reader->p--;
      return refuse_at(reader, begin,
                       "the quote that begins here does not end");
    }
    if (c == '\\' && (c = take_escape(reader)) < 0)
      return refuse_at(reader, reader->p - 1,
                       "after '\\' comes one of r n t 0 \\ \" or xHH");
    into[length++] = (char)c;
  }
  reader->p++;
  *ret_length = length;
  return 0;
}

/* Up to the next item, less the blanks before it. */
static size_t take_plain(struct reader *reader, const char *stop) {
  size_t length = strcspn(reader->p, stop);
  const char *begin = reader->p;
  reader->p += length;
  while (length > 0 && isspace((unsigned char)begin[length - 1]))
    length--;
  return length;
}

/* A text, quoted or up to the end of the item. */
static int take_text(struct reader *reader, struct step *step) {
  const char *begin = reader->p;
  if (*begin != '"') {
    size_t length = take_plain(reader, ";");
    step->length = (uint32_t)length;
    return program_text(reader->items, begin, length, &step->text);
  }
  char *into = malloc(strlen(begin) + 1);
  size_t length = 0;
  int error = into != NULL ? take_quoted(reader, into, &length) : -ENOMEM;
  if (error == 0)
    error = program_text(reader->items, into, length, &step->text);
  step->length = (uint32_t)length;
  free(into);
  return error;
}

/* -- Arguments ------------------------------------------------------------- */

/* A plain word into `word`, or an error if it is too long to be anything. */
static bool take_word(struct reader *reader, const char *stop, char word[64]) {
  const char *begin = reader->p;
  size_t length = take_plain(reader, stop);
  if (length == 0 || length > 63)
    return false;
  memcpy(word, begin, length);
  word[length] = '\0';
  return true;
}

static bool parse_number(const char *word, int64_t *ret_number) {
  size_t length = strlen(word);
  if (length == 0 || length > 15 || strspn(word, "0123456789") != length)
    return false;
  *ret_number = strtoll(word, NULL, 10);
  return true;
}

static bool parse_percent(const char *word, int64_t *ret_millionths) {
  char *end;
  if (!isdigit((unsigned char)*word))
    return false;
  double value = strtod(word, &end);
  if (strcmp(end, "%") != 0 || !(value >= 0 && value <= 100) ||
      strspn(word, "0123456789.%") != strlen(word))
    return false;
  *ret_millionths = (int64_t)(value * 10000 + 0.5);
  return true;
}

static bool parse_size(const char *word, int64_t *ret_size) {
  int64_t size = unit_parse_size(word);
  if (size >= 0)
    *ret_size = size;
  return size >= 0;
}

static bool parse_time(const char *word, int64_t *ret_ns) {
  int64_t ns = unit_parse_duration(word);
  if (ns >= 0)
    *ret_ns = ns / 1000 * 1000; /* what is printed is what is meant */
  return ns >= 0;
}

/* Two of a kind with a character between; the second may be missing. */
static bool parse_pair(char *word, char between,
                       bool (*parse)(const char *, int64_t *), int64_t *ret_a,
                       int64_t *ret_b) {
  char *second = strchr(word, between);
  if (second != NULL)
    *second++ = '\0';
  if (!parse(word, ret_a))
    return false;
  return second == NULL || *second == '\0' || parse(second, ret_b);
}

static bool parse_sizes(char *word, struct step *step) {
  int64_t spread = 0;
  if (!parse_pair(word, '~', parse_size, &step->a, &spread) ||
      spread > step->a || spread > UINT32_MAX)
    return false;
  step->spread = (uint32_t)spread;
  return true;
}

static bool parse_span(char *word, struct step *step) {
  bool is_open = strchr(word, '-') != NULL;
  step->b = INT64_MAX;
  if (!parse_pair(word, '-', parse_number, &step->a, &step->b))
    return false;
  if (!is_open)
    step->b = step->a;
  return step->a >= 1 && step->a <= step->b;
}

static bool parse_choice(const struct form *form, const char *word,
                         struct step *step) {
  char text[32];
  for (unsigned i = 0; *step_word(form, i, text) != '\0'; i++)
    if (strcmp(text, word) == 0) {
      step->word = (uint8_t)i;
      return true;
    }
  return false;
}

/* +10, -10: what is to be added, with `b` 1; 10: what is to be said. */
static bool parse_length(const struct form *form, const char *word,
                         struct step *step) {
  if (parse_choice(form, word, step))
    return true;
  bool is_signed = *word == '+' || *word == '-';
  if (!parse_size(word + is_signed, &step->a))
    return false;
  step->b = is_signed;
  if (*word == '-')
    step->a = -step->a;
  return true;
}

static bool parse_word(const struct form *form, enum argument kind, char *word,
                       struct step *step) {
  switch (kind) {
    case ARG_SIZE:
    case ARG_DATA:
      return parse_size(word, &step->a);
    case ARG_TIME:
      return parse_time(word, &step->a);
    case ARG_PERIOD:
      return parse_time(word, &step->b);
    case ARG_SIZES:
      return parse_sizes(word, step);
    case ARG_SPREAD:
      return parse_pair(word, '~', parse_time, &step->a, &step->b);
    case ARG_TIMES:
      step->b = INT64_MAX;
      return parse_pair(word, '-', parse_time, &step->a, &step->b);
    case ARG_PERCENT:
      return parse_percent(word, &step->a);
    case ARG_NUMBER:
      return parse_number(word, &step->a);
    case ARG_SPAN:
      return parse_span(word, step);
    case ARG_WORD:
      return parse_choice(form, word, step);
    case ARG_LENGTH:
      return parse_length(form, word, step);
    case ARG_AFTER:
      return parse_choice(form, word, step) || parse_time(word, &step->a);
    case ARG_TEXT:
    case ARG_NONE:
      break;
  }
  return false;
}

static int take_argument(struct reader *reader, const struct form *form,
                         enum argument kind, struct step *step) {
  const char *begin = reader->p;
  char word[64];
  step->has_argument = true;
  if (kind == ARG_TEXT || (kind == ARG_DATA && *begin == '"'))
    return take_text(reader, step);
  const char *stop = form->second != ARG_NONE ? ";," : ";";
  if (!take_word(reader, stop, word) || !parse_word(form, kind, word, step))
    return refuse_form(reader, begin, form);
  return 0;
}

static int take_arguments(struct reader *reader, const struct form *form,
                          const char *name, struct step *step) {
  skip_blanks(reader);
  bool separated = *reader->p == ':' || *reader->p == '=';
  reader->p += separated;
  skip_blanks(reader);
  if (*reader->p == ';' || *reader->p == '\0')
    return form->is_optional && !separated ? 0
                                           : refuse_form(reader, name, form);
  if (form->argument == ARG_NONE)
    return refuse_form(reader, reader->p, form);
  int error = take_argument(reader, form, form->argument, step);
  if (error < 0 || form->second == ARG_NONE)
    return error;
  if (*reader->p != ',')
    return refuse_form(reader, reader->p, form);
  reader->p++;
  skip_blanks(reader);
  return take_argument(reader, form, form->second, step);
}

/* -- Positions ------------------------------------------------------------- */

static bool parse_position(const char *word, struct step *step) {
  size_t length = strlen(word);
  if (strncmp(word, "body+", 5) == 0) {
    step->at = AT_BODY;
    return parse_size(word + 5, &step->position);
  }
  if (length > 1 && word[length - 1] == '%') {
    step->at = AT_PERCENT;
    return parse_percent(word, &step->position);
  }
  if (length > 1 && word[length - 1] == 's') {
    step->at = AT_TIME;
    return parse_time(word, &step->position);
  }
  step->at = AT_BYTE;
  return parse_size(word, &step->position);
}

static int take_position(struct reader *reader, const struct form *form,
                         struct step *step) {
  const char *begin = reader->p++;
  if (!form->takes_at)
    return refuse_at(reader, begin, "'%s' has no position: %s", form->name,
                     form->help);
  if (*reader->p == '"') {
    step->at = AT_TEXT;
    if (step->has_argument || form->argument == ARG_DATA)
      return refuse_at(reader, begin, "'%s' cannot wait for a text",
                       form->name);
    int error = take_text(reader, step);
    return error == 0 && step->length == 0
               ? refuse_at(reader, begin, "an empty text is always there")
               : error;
  }
  char word[64];
  if (!take_word(reader, ";:= ", word) || !parse_position(word, step))
    return refuse_at(reader, begin + 1,
                     "a position is 4096, 64k, body+100, 50%%, 5s or \"text\"");
  return 0;
}

/* -- Items ----------------------------------------------------------------- */

/* All names; the nearest one first. */
static int refuse_name(struct reader *reader, const char *name, size_t length) {
  const char *words[128];
  char word[64], list[900];
  size_t count = 0, used = 0;
  for (; count < step_form_count && count < 127; count++) {
    words[count] = step_forms[count].name;
    if (used + 40 < sizeof(list))
      used += (size_t)snprintf(list + used, sizeof(list) - used, " %s",
                               words[count]);
  }
  words[count] = NULL;
  snprintf(word, sizeof(word), "%.*s", (int)(length < 63 ? length : 63), name);
  const char *nearest = cli_nearest(word, words);
  if (nearest != NULL)
    return refuse_at(reader, name,
                     "no fault '%s'; did you mean '%s'? There are:%s", word,
                     nearest, list);
  return refuse_at(reader, name, "no fault '%s'; there are:%s", word, list);
}

static int check_values(struct reader *reader, const struct form *form,
                        const char *name, const struct step *step) {
  bool is_zero = step->has_argument && step->a == 0 && step->word == NO_WORD;
  bool wrong = (form->op == OP_DRIP && is_zero) ||
               (form->op == OP_AGAIN && is_zero) ||
               (form->op == OP_SLICE && (is_zero || step->b == 0)) ||
               (form->op == OP_SLOW_HEAD && is_zero) ||
               (form->op == OP_READ_UNTIL && step->length == 0) ||
               (form->op == OP_LIMIT && is_zero) ||
               (form->op == OP_INTERIM && step->a > 1000000) ||
               (form->op == OP_LONG_HEADER && step->a > (1 << 30)) ||
               (form->op == OP_STATUS && (step->a < 100 || step->a > 999));
  return wrong ? refuse_form(reader, name, form) : 0;
}

static int take_item(struct reader *reader) {
  const char *name = reader->p;
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz-0123456789");
  const struct form *form = step_find(name, length);
  if (form == NULL || length == 0) {
    length = length == 0 ? strcspn(name, ";:@= ") : length;
    return refuse_name(reader, name, length);
  }
  struct step step = {.op = (uint8_t)form->op,
                      .form = (uint8_t)(form - step_forms),
                      .word = NO_WORD};
  reader->p += length;
  int error = 0;
  if (*reader->p == '@')
    error = take_position(reader, form, &step);
  if (error == 0)
    error = take_arguments(reader, form, name, &step);
  if (error == 0)
    error = check_values(reader, form, name, &step);
  if (error < 0)
    return error;
  skip_blanks(reader);
  if (*reader->p != ';' && *reader->p != '\0')
    return refuse_form(reader, reader->p, form);
  return program_add(reader->items, &step);
}

int parse_fault(const char *text, struct program **ret_items,
                struct parse_error *ret_error) {
  struct reader reader = {text, text, program_new(), ret_error};
  int error = reader.items != NULL ? 0 : -ENOMEM;
  ret_error->position = 0;
  ret_error->text[0] = '\0';
  if (error == 0 && strlen(text) > TEXT_AT_MOST)
    error = refuse_at(&reader, text + TEXT_AT_MOST, "longer than %d bytes",
                      TEXT_AT_MOST);
  while (error == 0) {
    skip_blanks(&reader);
    if (*reader.p == '\0')
      break;
    if (*reader.p == ';') {
      reader.p++;
      continue;
    }
    error =
        reader.items->count < ITEMS_AT_MOST
            ? take_item(&reader)
            : refuse_at(&reader, reader.p, "more than %d items", ITEMS_AT_MOST);
  }
  if (error == 0)
    *ret_items = reader.items;
  else
    program_release(reader.items);
  return error;
}

int parse_refuse(const char *text, const struct parse_error *wrong,
                 char **ret_error) {
  return refuse(ret_error, "fault '%.200s', character %zu: %s", text,
                wrong->position, wrong->text);
}
