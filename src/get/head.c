/*
 * head.c: what a response's head says, from hostile input.
 *
 * head_line() only remembers, head_end() understands.  What cannot be read, or
 * is said twice and differently, is as if it had not been said.
 */
#include "head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_AFTER_MOST_S INT64_C(1000000000)
/* A date proves a version only if the file was not changed near that second:
 * clocks of servers behind one name differ. */
#define SETTLED_S 60

static const struct {
  const char *name;
  size_t size;
} fields[] = {
#define FIELD(name) \
  { name, sizeof(name) - 1 }
    [HEAD_CONTENT_LENGTH] = FIELD("content-length"),
    [HEAD_CONTENT_RANGE] = FIELD("content-range"),
    [HEAD_ETAG] = FIELD("etag"),
    [HEAD_LAST_MODIFIED] = FIELD("last-modified"),
    [HEAD_DATE] = FIELD("date"),
    [HEAD_RETRY_AFTER] = FIELD("retry-after"),
    [HEAD_CONTENT_ENCODING] = FIELD("content-encoding"),
    [HEAD_TRANSFER_ENCODING] = FIELD("transfer-encoding"),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

void head_begin(struct head_parser *parser) {
  *parser = (struct head_parser){.is_chunked = false};
  parser->head.content_length = -1;
  parser->head.range_start = parser->head.range_end = -1;
  parser->head.range_total = -1;
  parser->head.retry_after_ns = -1;
}

/* -- Numbers --------------------------------------------------------------- */

/* Decimal digits from *text, which is moved behind them; -1 for none or too
 * many. */
static int64_t take_number(const char **text) {
  int64_t value = 0;
  const char *p = *text;
  if (!isdigit((unsigned char)*p))
    return -1;
  for (; isdigit((unsigned char)*p); p++) {
    if (value > (INT64_MAX - 9) / 10)
      return -1;
    value = value * 10 + (*p - '0');
  }
  *text = p;
  return value;
}

static int64_t whole_number(const char *text) {
  int64_t value = take_number(&text);
  return *text == '\0' ? value : -1;
}

/* -- Dates ----------------------------------------------------------------- */

struct date {
  int day, year, hour, minute, second;
  char month[4];
  size_t month_letters;
};

/* The number that a letter of a form stands for a digit of, or NULL. */
static int *number_of(struct date *date, char letter) {
  switch (letter) {
    case 'd':
    case 'e':
      return &date->day;
    case 'y':
      return &date->year;
    case 'h':
      return &date->hour;
    case 'm':
      return &date->minute;
    case 's':
      return &date->second;
    default:
      return NULL;
  }
}

/* Whether the text has the form: d, e, y, h, m and s each stand for a digit (e
 * for a space too), b for a letter of the month, the rest for itself. */
static bool has_form(const char *text, const char *form, struct date *date) {
  *date = (struct date){.day = 0};
  for (; *form != '\0'; form++, text++) {
    int *number = number_of(date, *form);
    if (number != NULL) {
      if (*form == 'e' && *text == ' ')
        continue;
      if (!isdigit((unsigned char)*text))
        return false;
      *number = *number * 10 + (*text - '0');
    } else if (*form == 'b' && *text != '\0') {
      date->month[date->month_letters++] = *text;
    } else if (*text != *form) {
      return false;
    }
  }
  return *text == '\0';
}

static int month_of(const char *name) {
  static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (int i = 0; i < 12; i++)
    if (strcmp(name, names[i]) == 0)
      return i;
  return -1;
}

/* What follows the name of a day, in full or its first three letters; NULL if
 * there is none. */
static const char *after_weekday(const char *text, bool in_full) {
  static const char *const names[] = {"Monday",   "Tuesday", "Wednesday",
                                      "Thursday", "Friday",  "Saturday",
                                      "Sunday"};
  for (int i = 0; i < 7; i++) {
    size_t size = in_full ? strlen(names[i]) : 3;
    if (strncmp(text, names[i], size) == 0)
      return text + size;
  }
  return NULL;
}

static int64_t seconds_of(const struct date *date) {
  struct tm tm = {.tm_mday = date->day,
                  .tm_mon = month_of(date->month),
                  .tm_year = date->year - 1900,
                  .tm_hour = date->hour,
                  .tm_min = date->minute,
                  .tm_sec = date->second < 60 ? date->second : 59};
  if (tm.tm_mon < 0 || date->year < 1970 || date->hour > 23 ||
      date->minute > 59 || date->second > 60)
    return -1;
  int64_t seconds = timegm(&tm);
  return tm.tm_mday == date->day ? seconds : -1; /* no 30th of February */
}

int64_t head_parse_date(const char *text) {
  struct date date;
  const char *rest = after_weekday(text, false);
  if (rest != NULL && (has_form(rest, ", dd bbb yyyy hh:mm:ss GMT", &date) ||
                       has_form(rest, " bbb ed hh:mm:ss yyyy", &date)))
    return seconds_of(&date);
  rest = after_weekday(text, true);
  if (rest == NULL || !has_form(rest, ", dd-bbb-yy hh:mm:ss GMT", &date))
    return -1;
  date.year += date.year < 70 ? 2000 : 1900;
  return seconds_of(&date);
}

/* -- Single fields --------------------------------------------------------- */

/* The value, or NULL: nothing was said, or nothing that is clear. */
static const char *value_of(const struct head_parser *parser,
                            enum head_field field) {
  const struct head_value *value = &parser->values[field];
  return value->is_there && !value->is_unclear ? value->text : NULL;
}

static int64_t date_of(const struct head_parser *parser,
                       enum head_field field) {
  const char *text = value_of(parser, field);
  return text != NULL ? head_parse_date(text) : -1;
}

static void read_length(struct head_parser *parser) {
  const char *text = value_of(parser, HEAD_CONTENT_LENGTH);
  if (parser->is_chunked)
    return;
  if (text != NULL)
    parser->head.content_length = whole_number(text);
  parser->head.length_is_unclear =
      parser->values[HEAD_CONTENT_LENGTH].is_there &&
      parser->head.content_length < 0;
}

/* "bytes 5-9/10", either side of the slash may be "*", but not both. */
static void read_range(struct head_parser *parser) {
  const char *text = value_of(parser, HEAD_CONTENT_RANGE);
  int64_t start = -1, end = -1, total = -1;
  if (text == NULL || strncasecmp(text, "bytes ", 6) != 0)
    return;
  text += 6;
  if (*text == '*') {
    text++;
  } else {
    start = take_number(&text);
    if (start < 0 || *text++ != '-')
      return;
    end = take_number(&text);
    if (end < start)
      return;
  }
  if (*text++ != '/')
    return;
  if (strcmp(text, "*") != 0) {
    total = whole_number(text);
    if (total < 0 || end >= total)
      return;
  }
  if (start < 0 && total < 0)
    return;
  parser->head.has_range = true;
  parser->head.range_start = start;
  parser->head.range_end = end;
  parser->head.range_total = total;
}

/* Strong and well-formed: "..." with neither quotes, spaces nor control
 * characters.  An empty one is the same for all files of some servers. */
static bool is_strong_etag(const char *text) {
  size_t size = strlen(text);
  if (size < 3 || text[0] != '"' || text[size - 1] != '"')
    return false;
  for (size_t i = 1; i < size - 1; i++)
    if (text[i] == '"' || (unsigned char)text[i] <= ' ' || text[i] == 0x7f)
      return false;
  return true;
}

/* The date of a file that was changed so long before the answer that another
 * change cannot have the same one. */
static bool is_settled(const struct head_parser *parser) {
  int64_t modified = date_of(parser, HEAD_LAST_MODIFIED);
  int64_t date = date_of(parser, HEAD_DATE);
  return modified >= 0 && modified + SETTLED_S <= date;
}

static void choose_validator(struct head_parser *parser) {
  const char *etag = value_of(parser, HEAD_ETAG);
  const char *chosen = NULL;
  if (etag != NULL && is_strong_etag(etag))
    chosen = etag;
  else if (is_settled(parser))
    chosen = value_of(parser, HEAD_LAST_MODIFIED);
  parser->head.validator[0] = '\0';
  if (chosen != NULL)
    strcpy(parser->head.validator, chosen);
}

_Static_assert(sizeof(((struct head_value *)0)->text) <=
                   sizeof(((struct http_head *)0)->validator),
               "each value fits as a validator");

/* In seconds, or as a date: how long after the answer's, or our, time. */
static void read_retry_after(struct head_parser *parser) {
  const char *text = value_of(parser, HEAD_RETRY_AFTER);
  if (text == NULL)
    return;
  int64_t seconds = whole_number(text);
  if (seconds < 0) {
    int64_t when = head_parse_date(text);
    int64_t now = date_of(parser, HEAD_DATE);
    if (when < 0)
      return;
    if (now < 0)
      now = (int64_t)time(NULL);
    seconds = when > now ? when - now : 0;
  }
  if (seconds > RETRY_AFTER_MOST_S)
    seconds = RETRY_AFTER_MOST_S;
  parser->head.retry_after_ns = seconds * INT64_C(1000000000);
}

/* -- Lines ----------------------------------------------------------------- */

static void remember(struct head_value *value, const char *text) {
  size_t size = strlen(text);
  if (size >= sizeof(value->text) ||
      (value->is_there && strcmp(value->text, text) != 0))
    value->is_unclear = true;
  else
    memcpy(value->text, text, size + 1);
  value->is_there = true;
}

static void take_field(struct head_parser *parser, size_t field,
                       const char *value) {
  bool is_plain = *value == '\0' || strcasecmp(value, "identity") == 0;
  if (field < HEAD_FIELDS)
    remember(&parser->values[field], value);
  else if (field == HEAD_CONTENT_ENCODING)
    parser->head.content_encoded |= !is_plain;
  else
    parser->is_chunked |= !is_plain;
}

static void take_status(struct head_parser *parser, const char *line) {
  head_begin(parser);
  const char *space = strchr(line, ' ');
  if (space == NULL)
    return;
  space++;
  int64_t status = take_number(&space);
  parser->head.status = status >= 100 && status <= 999 ? (int)status : 0;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The field of that name, FIELDS for one that is not of interest. */
static size_t find_field(const char *name, size_t size) {
  size_t i = 0;
  while (i < FIELDS && !(fields[i].size == size &&
                         strncasecmp(fields[i].name, name, size) == 0))
    i++;
  return i;
}

/* A copy without blanks around it, which ends where `text` does; what is cut
 * off is still too long for any value. */
static void copy_trimmed(char *text, size_t text_size, const char *line,
                         size_t size) {
  for (; size > 0 && is_blank(*line); line++)
    size--;
  while (size > 0 && is_blank(line[size - 1]))
    size--;
  if (size >= text_size)
    size = text_size - 1;
  for (size_t i = 0; i < size; i++)
    text[i] = line[i] != '\0' ? line[i] : '?'; /* not the end of what is said */
  text[size] = '\0';
}

void head_line(struct head_parser *parser, const char *line, size_t size) {
  char text[1024];
  if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
    copy_trimmed(text, sizeof(text), line, size);
    take_status(parser, text);
    return;
  }
  const char *colon = memchr(line, ':', size);
  if (colon == NULL)
    return;
  size_t name_size = (size_t)(colon - line);
  size_t field = find_field(line, name_size);
  if (field == FIELDS)
    return;
  copy_trimmed(text, sizeof(text), colon + 1, size - name_size - 1);
  take_field(parser, field, text);
}

const struct http_head *head_end(struct head_parser *parser) {
  read_length(parser);
  read_range(parser);
  choose_validator(parser);
  read_retry_after(parser);
  return &parser->head;
}
