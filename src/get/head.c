/*
 * head.c: what a response's head says, from hostile input.
 *
 * Whatever cannot be read is as if it had not been said, except where that
 * would be trusting: two lengths that differ are an unknown length.
 */
#include "head.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_AFTER_MOST_S INT64_C(1000000000)
/* A date proves a version only if the file was not changed in that second. */
#define SETTLED_S 60

void head_begin(struct head_parser *parser) {
  *parser = (struct head_parser){.length_conflict = false};
  parser->head.content_length = -1;
  parser->head.range_start = parser->head.range_end = -1;
  parser->head.range_total = -1;
  parser->head.retry_after_ns = -1;
}

/* -- Numbers ----------------------------------------------------------------- */

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

/* -- Dates ------------------------------------------------------------------- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int month_of(const char *name) {
  for (int i = 0; i < 12; i++)
    if (strcmp(name, months[i]) == 0)
      return i;
  return -1;
}

int64_t head_parse_date(const char *text) {
  char month[4] = "";
  int day, year, hour, minute, second, end = 0;
  if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day,
             month, &year, &hour, &minute, &second, &end) == 6 &&
      end > 0) {
  } else if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
                    &day, month, &year, &hour, &minute, &second, &end) == 6 &&
             end > 0) {
    year += year < 70 ? 2000 : 1900;
  } else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n",
                    month, &day, &hour, &minute, &second, &year, &end) != 6 ||
             end == 0) {
    return -1;
  }
  struct tm tm = {.tm_mday = day,
                  .tm_mon = month_of(month),
                  .tm_year = year - 1900,
                  .tm_hour = hour,
                  .tm_min = minute,
                  .tm_sec = second};
  if (text[end] != '\0' || tm.tm_mon < 0 || day < 1 || day > 31 ||
      year < 1970 || hour > 23 || minute > 59 || second > 60)
    return -1;
  return timegm(&tm);
}

/* -- Single headers ----------------------------------------------------------- */

static void take_range(struct http_head *head, const char *text) {
  if (strncasecmp(text, "bytes ", 6) != 0)
    return;
  text += 6;
  int64_t start = -1, end = -1, total = -1;
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
  head->has_range = true;
  head->range_start = start;
  head->range_end = end;
  head->range_total = total;
}

/* Strong and well-formed: "..." with neither quotes nor control characters. */
static void take_etag(struct http_head *head, const char *text) {
  size_t size = strlen(text);
  head->validator[0] = '\0';
  if (size < 2 || size >= sizeof(head->validator) || text[0] != '"' ||
      text[size - 1] != '"')
    return;
  for (size_t i = 1; i < size - 1; i++)
    if (text[i] == '"' || (unsigned char)text[i] <= ' ' || text[i] == 0x7f)
      return;
  memcpy(head->validator, text, size + 1);
}

static void take_length(struct head_parser *parser, const char *text) {
  int64_t length = whole_number(text);
  int64_t *known = &parser->head.content_length;
  if (length < 0 || (*known >= 0 && *known != length))
    parser->length_conflict = true;
  *known = length;
}

/* In seconds, or as a date: in how many seconds; -1 if it makes no sense. */
static int64_t seconds_to_wait(const struct head_parser *parser) {
  int64_t seconds = whole_number(parser->retry_after);
  if (seconds < 0) {
    int64_t when = head_parse_date(parser->retry_after);
    int64_t now = head_parse_date(parser->date);
    if (now < 0)
      now = (int64_t)time(NULL);
    if (when < 0)
      return -1;
    seconds = when > now ? when - now : 0;
  }
  return seconds < RETRY_AFTER_MOST_S ? seconds : RETRY_AFTER_MOST_S;
}

/* The date of a file that was changed so long before the answer that another
 * change cannot have the same one. */
static bool is_settled(const struct head_parser *parser) {
  int64_t modified = head_parse_date(parser->modified);
  int64_t date = head_parse_date(parser->date);
  return modified >= 0 && date >= 0 && modified + SETTLED_S <= date;
}

/* Too long ones are no dates. */
static void keep(char *into, size_t size, const char *value) {
  size_t length = strlen(value);
  into[0] = '\0';
  if (length < size)
    memcpy(into, value, length + 1);
}

static void take(struct head_parser *parser, const char *name,
                 const char *value) {
  struct http_head *head = &parser->head;
  if (strcasecmp(name, "content-length") == 0) {
    take_length(parser, value);
  } else if (strcasecmp(name, "content-range") == 0) {
    take_range(head, value);
  } else if (strcasecmp(name, "etag") == 0) {
    take_etag(head, value);
  } else if (strcasecmp(name, "last-modified") == 0) {
    keep(parser->modified, sizeof(parser->modified), value);
  } else if (strcasecmp(name, "date") == 0) {
    keep(parser->date, sizeof(parser->date), value);
  } else if (strcasecmp(name, "retry-after") == 0) {
    keep(parser->retry_after, sizeof(parser->retry_after), value);
  } else if (strcasecmp(name, "content-encoding") == 0) {
    head->content_encoded = strcasecmp(value, "identity") != 0;
  }
}

/* -- Lines -------------------------------------------------------------------- */

static void take_status(struct head_parser *parser, const char *line) {
  head_begin(parser);
  const char *space = strchr(line, ' ');
  if (space == NULL)
    return;
  space++;
  int64_t status = take_number(&space);
  parser->head.status = status >= 100 && status <= 999 ? (int)status : 0;
}

void head_line(struct head_parser *parser, const char *line, size_t size) {
  char text[1024];
  while (size > 0 && isspace((unsigned char)line[size - 1]))
    size--;
  if (size == 0 || size >= sizeof(text) || memchr(line, '\0', size) != NULL)
    return;
  memcpy(text, line, size);
  text[size] = '\0';
  if (strncasecmp(text, "HTTP/", 5) == 0) {
    take_status(parser, text);
    return;
  }
  char *value = strchr(text, ':');
  if (value == NULL)
    return;
  *value++ = '\0';
  value += strspn(value, " \t");
  take(parser, text, value);
}

const struct http_head *head_end(struct head_parser *parser) {
  struct http_head *head = &parser->head;
  if (parser->length_conflict)
    head->content_length = -1;
  if (head->validator[0] == '\0' && is_settled(parser))
    memcpy(head->validator, parser->modified, sizeof(parser->modified));
  if (parser->retry_after[0] != '\0') {
    int64_t seconds = seconds_to_wait(parser);
    head->retry_after_ns = seconds < 0 ? -1 : seconds * INT64_C(1000000000);
  }
  return head;
}
