/* get_head.c: from header lines, also hostile ones, to what they say. */
#include "get/head.h"

#include <time.h>

#include "harness/harness.h"

#define SECOND INT64_C(1000000000)
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT"

/* What several lines, each ended by \n, say together. */
static struct http_head head_of(const char *lines) {
  struct head_parser parser;
  head_begin(&parser);
  while (*lines != '\0') {
    size_t size = strcspn(lines, "\n");
    size += lines[size] == '\n';
    head_line(&parser, lines, size);
    lines += size;
  }
  return *head_end(&parser);
}

/* -- Status ---------------------------------------------------------------- */

TEST(the_status_is_the_last_one_s) {
  CHECK_EQ(head_of("HTTP/1.1 200 OK\n").status, 200);
  CHECK_EQ(head_of("HTTP/2 404\r\n").status, 404);
  CHECK_EQ(head_of("http/1.0 503 Away").status, 503);
  CHECK_EQ(head_of("HTTP/1.1 302 Found\nHTTP/1.1 206 Part\n").status, 206);
}

TEST(what_is_no_status_is_0) {
  static const char *const lines[] = {
      "",
      "HTTP/1.1",
      "HTTP/1.1 ",
      "HTTP/1.1 x",
      "HTTP/1.1 -200",
      "HTTP/1.1 99",
      "HTTP/1.1 1000",
      "HTTP/1.1 99999999999999999999999 x",
      "Status: 200",
  };
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
    CHECK_EQ(head_of(lines[i]).status, 0);
}

TEST(a_redirect_s_head_is_forgotten) {
  struct http_head head = head_of(
      "HTTP/1.1 302 Found\r\nETag: \"a\"\r\nContent-Length: 5\r\n"
      "Retry-After: 7\r\nContent-Range: bytes 0-1/2\r\n"
      "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  CHECK_EQ(head.status, 200);
  CHECK_STR(head.validator, "");
  CHECK_EQ(head.content_length, 9);
  CHECK_EQ(head.retry_after_ns, -1);
  CHECK(!head.has_range);
  CHECK(!head.content_encoded);
}

TEST(nothing_said_is_nothing_known) {
  struct http_head head = head_of("");
  CHECK_EQ(head.content_length, -1);
  CHECK_EQ(head.range_start, -1);
  CHECK_EQ(head.range_end, -1);
  CHECK_EQ(head.range_total, -1);
  CHECK_EQ(head.retry_after_ns, -1);
  CHECK(!head.has_range && !head.content_encoded);
  CHECK_STR(head.validator, "");
}

/* -- Lines ----------------------------------------------------------------- */

TEST(names_are_of_any_case_and_blanks_do_not_matter) {
  CHECK_EQ(head_of("CONTENT-LENGTH: 5").content_length, 5);
  CHECK_EQ(head_of("content-length:5").content_length, 5);
  CHECK_EQ(head_of("Content-Length:\t 5 \t\r\n").content_length, 5);
  CHECK_EQ(head_of("Content-Length : 5").content_length, -1);
  CHECK_EQ(head_of("X-Content-Length: 5").content_length, -1);
  CHECK_EQ(head_of("Content-Length").content_length, -1);
  CHECK_EQ(head_of(": 5").content_length, -1);
}

TEST(a_nul_is_no_end) {
  static const char line[] = "Content-Length: 5\0006";
  struct head_parser parser;
  head_begin(&parser);
  head_line(&parser, line, sizeof(line) - 1);
  CHECK_EQ(head_end(&parser)->content_length, -1);
}

TEST(lines_of_any_length_are_survived) {
  size_t size = 1 << 20;
  char *line = malloc(size);
  memset(line, '5', size);
  for (size_t length = 900; length < 1200; length++) {
    struct head_parser parser;
    head_begin(&parser);
    memcpy(line, "Content-Length: ", 16);
    head_line(&parser, line, length);
    memcpy(line, "ETag: \"555555555", 16);
    line[length - 1] = '"';
    head_line(&parser, line, length);
    line[length - 1] = '5';
    CHECK_EQ(head_end(&parser)->content_length, -1);
    CHECK_STR(head_end(&parser)->validator, "");
  }
  struct head_parser parser;
  head_begin(&parser);
  head_line(&parser, line, size);
  head_line(&parser, line, 0);
  free(line);
}

/* -- Content-Length -------------------------------------------------------- */

TEST(lengths) {
  CHECK_EQ(head_of("Content-Length: 0").content_length, 0);
  CHECK_EQ(head_of("Content-Length: 9000000000000000000").content_length,
           INT64_C(9000000000000000000));
  static const char *const none[] = {
      "Content-Length: ",
      "Content-Length: -1",
      "Content-Length: +1",
      "Content-Length: 1x",
      "Content-Length: 0x10",
      "Content-Length: 1 2",
      "Content-Length: 1, 1",
      "Content-Length: 1.5",
      "Content-Length: 18446744073709551616",
      "Content-Length: 9223372036854775808",
      "Content-Length: 5\nContent-Length: 6",
      "Content-Length: 5\nContent-Length: x\nContent-Length: 5",
      "Content-Length: 5\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\nContent-Length: 5",
  };
  for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
    struct http_head head = head_of(none[i]);
    CHECK_EQ(head.content_length, -1);
    CHECK_EQ(head.length_is_unclear, strstr(none[i], "chunked") == NULL);
  }
  CHECK(!head_of("ETag: x").length_is_unclear);
  CHECK_EQ(head_of("Content-Length: 5\nContent-Length: 5").content_length, 5);
}

/* -- Content-Range --------------------------------------------------------- */

static void check_range(const char *value, int64_t start, int64_t end,
                        int64_t total) {
  char line[256];
  snprintf(line, sizeof(line), "Content-Range: %s\r\n", value);
  struct http_head head = head_of(line);
  CHECK(head.has_range);
  CHECK_EQ(head.range_start, start);
  CHECK_EQ(head.range_end, end);
  CHECK_EQ(head.range_total, total);
}

TEST(ranges) {
  check_range("bytes 5-9/10", 5, 9, 10);
  check_range("bytes 0-0/1", 0, 0, 1);
  check_range("Bytes 5-9/10", 5, 9, 10);
  check_range("bytes 5-9/*", 5, 9, -1);
  check_range("bytes */10", -1, -1, 10);
  check_range("bytes 0-8999999999999999999/9000000000000000000", 0,
              INT64_C(8999999999999999999), INT64_C(9000000000000000000));
}

TEST(what_is_no_range) {
  static const char *const values[] = {
      "",
      "bytes",
      "bytes ",
      "bytes 5",
      "bytes 5-",
      "bytes 5-9",
      "bytes 5-9/",
      "bytes 5-9/x",
      "bytes 5-9/10x",
      "bytes 5-9/10, bytes 0-1/10",
      "bytes 9-5/10",
      "bytes 5-10/10",
      "bytes 5-9/9",
      "bytes 0-0/0",
      "bytes -5-9/10",
      "bytes -5/10",
      "bytes +5-9/10",
      "bytes 5--9/10",
      "bytes 5-9/-1",
      "bytes */*",
      "bytes *-9/10",
      "bytes 5-*/10",
      "bytes  5-9/10",
      "bytes 5 - 9 / 10",
      "bytes=5-9/10",
      "5-9/10",
      "items 5-9/10",
      "bytes 0x5-0x9/0x10",
      "bytes 99999999999999999999-99999999999999999999/999999999999999999999",
      "bytes 5-18446744073709551625/18446744073709551626",
      "bytes 5-9/9223372036854775808",
      "multipart/byteranges",
  };
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    char line[256];
    snprintf(line, sizeof(line), "Content-Range: %s\n", values[i]);
    struct http_head head = head_of(line);
    CHECK_STR(head.has_range ? values[i] : NULL, NULL);
    CHECK_EQ(head.range_total, -1);
  }
}

TEST(two_ranges_are_none_unless_they_are_one) {
  CHECK(!head_of("Content-Range: bytes 5-9/10\nContent-Range: bytes 0-9/10")
             .has_range);
  CHECK(!head_of("Content-Range: bytes 5-9/10\nContent-Range: garbage")
             .has_range);
  CHECK(head_of("Content-Range: bytes 5-9/10\nContent-Range: bytes 5-9/10")
            .has_range);
}

/* -- Validators ------------------------------------------------------------ */

static void check_validator(const char *lines, const char *expected) {
  struct http_head head = head_of(lines);
  CHECK_STR(head.validator, expected);
}

TEST(strong_tags) {
  check_validator("ETag: \"a\"", "\"a\"");
  check_validator("etag:\"5f-62b:7;gz\"\r\n", "\"5f-62b:7;gz\"");
  check_validator("ETag: \"W/a\"", "\"W/a\"");
  check_validator("ETag: \"\xe9\"", "\"\xe9\"");
  check_validator("ETag: \"a\"\nETag: \"a\"", "\"a\"");
}

TEST(tags_that_prove_nothing) {
  static const char *const lines[] = {
      "ETag: W/\"a\"",
      "ETag: w/\"a\"",
      "ETag: a",
      "ETag: \"a",
      "ETag: a\"",
      "ETag: \"",
      "ETag: \"\"",
      "ETag: 'a'",
      "ETag: \"a\"b\"",
      "ETag: \"a\", \"b\"",
      "ETag: \"a b\"",
      "ETag: \"a\tb\"",
      "ETag: \"a\x7f\"",
      "ETag: \"a\x01\"",
      "ETag: ",
      "ETag: \"a\"\nETag: \"b\"",
      "ETag: \"a\"\nETag: W/\"a\"",
      "X-ETag: \"a\"",
  };
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
    check_validator(lines[i], "");
}

TEST(a_tag_has_to_fit) {
  char line[400] = "ETag: ", tag[400] = "";
  memset(tag, 'x', 255);
  tag[0] = tag[254] = '"';
  strcat(line, tag);
  check_validator(line, tag);
  tag[254] = 'x';
  strcpy(tag + 255, "\"");
  strcpy(line + 6, tag);
  check_validator(line, "");
}

TEST(a_date_long_before_the_answer_s_proves_the_version) {
  static const struct {
    const char *modified;
    bool is_proof;
  } cases[] = {
      {"Sun, 06 Nov 1994 08:48:37 GMT", true}, /* just 60 s */
      {"Sun, 06 Nov 1994 08:48:38 GMT", false},
      {"Sun, 06 Nov 1994 08:49:37 GMT", false},
      {"Sun, 06 Nov 1994 09:49:37 GMT", false}, /* in the future */
      {"Sat, 05 Nov 1994 08:49:37 GMT", true},
      {"Saturday, 05-Nov-94 08:49:37 GMT", true},
      {"Sat Nov  5 08:49:37 1994", true},
      {"Thu, 01 Jan 1970 00:00:00 GMT", true},
      {"yesterday", false},
      {"0", false},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char lines[256];
    snprintf(lines, sizeof(lines), DATE "\nLast-Modified: %s\n",
             cases[i].modified);
    check_validator(lines, cases[i].is_proof ? cases[i].modified : "");
    snprintf(lines, sizeof(lines), "Last-Modified: %s\n", cases[i].modified);
    check_validator(lines, ""); /* without a Date */
  }
}

TEST(a_strong_tag_goes_before_a_date) {
  check_validator(DATE
                  "\nLast-Modified: Sat, 05 Nov 1994 08:49:37 GMT\n"
                  "ETag: \"a\"\n",
                  "\"a\"");
  check_validator(DATE
                  "\nLast-Modified: Sat, 05 Nov 1994 08:49:37 GMT\n"
                  "ETag: W/\"a\"\n",
                  "Sat, 05 Nov 1994 08:49:37 GMT");
}

TEST(two_dates_prove_nothing) {
  check_validator(DATE
                  "\nLast-Modified: Sat, 05 Nov 1994 08:49:37 GMT\n"
                  "Last-Modified: Fri, 04 Nov 1994 08:49:37 GMT\n",
                  "");
  check_validator(DATE
                  "\nDate: Mon, 07 Nov 1994 08:49:37 GMT\n"
                  "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT\n",
                  "");
}

/* -- Dates ----------------------------------------------------------------- */

TEST(dates_in_all_three_forms) {
  static const struct {
    const char *text;
    int64_t seconds;
  } cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
      {"Sun Nov  6 08:49:37 1994", 784111777},
      {"Sun Nov 16 08:49:37 1994", 784975777},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
      {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
      {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228799}, /* a leap second */
      {"Mon, 18 Jan 2038 03:14:08 GMT", INT64_C(2147397248)},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    CHECK_EQ(head_parse_date(cases[i].text), cases[i].seconds);
}

TEST(what_is_no_date) {
  static const char *const texts[] = {
      "",
      "Sun",
      "Sun,",
      "Sun, 06 Nov 1994",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 GMTx",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      " Sun, 06 Nov 1994 08:49:37 GMT",
      "Sun,  6 Nov 1994 08:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, -6 Nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Mon, 29 Feb 1999 08:49:37 GMT",
      "Sun, 06 Nob 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 06 November 1994 08:49:37 GMT",
      "Sol, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Sun, 06 Nov 1969 08:49:37 GMT",
      "Sun, 06 Nov 0000 08:49:37 GMT",
      "Sun, 06 Nov 19940 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 -1:49:37 GMT",
      "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sun, 06-Nov-94 08:49:37 GMT",
      "Sunday, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-1994 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov  0 08:49:37 1994",
      "Sun Nov  6 08:49:37 1994 GMT",
      "1994-11-06T08:49:37Z",
      "784111777",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
    CHECK_STR(head_parse_date(texts[i]) < 0 ? NULL : texts[i], NULL);
}

TEST(dates_are_the_same_in_every_time_zone) {
  setenv("TZ", "Pacific/Chatham", 1);
  tzset();
  CHECK_EQ(head_parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
}

/* -- Retry-After ----------------------------------------------------------- */

TEST(retry_after_in_seconds) {
  CHECK_EQ(head_of("Retry-After: 3").retry_after_ns, 3 * SECOND);
  CHECK_EQ(head_of("Retry-After: 0").retry_after_ns, 0);
  CHECK_EQ(head_of("Retry-After: 9000000000000000000").retry_after_ns,
           1000000000 * SECOND);
}

TEST(retry_after_as_a_date_is_relative_to_the_answer_s) {
  CHECK_EQ(head_of(DATE "\nRetry-After: Sun, 06 Nov 1994 08:49:47 GMT")
               .retry_after_ns,
           10 * SECOND);
  CHECK_EQ(head_of("Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\n" DATE)
               .retry_after_ns,
           10 * SECOND);
  CHECK_EQ(head_of(DATE "\nRetry-After: Sun, 06 Nov 1994 08:49:27 GMT")
               .retry_after_ns,
           0);
}

TEST(retry_after_as_a_date_without_one_is_relative_to_now) {
  char line[128];
  time_t later = time(NULL) + 1000;
  struct tm tm;
  strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT",
           gmtime_r(&later, &tm));
  int64_t wait = head_of(line).retry_after_ns;
  CHECK(wait > 900 * SECOND && wait <= 1000 * SECOND);
}

TEST(retry_after_that_makes_no_sense) {
  static const char *const lines[] = {"Retry-After: ",
                                      "Retry-After: soon",
                                      "Retry-After: -5",
                                      "Retry-After: 3.5",
                                      "Retry-After: 3 s",
                                      "Retry-After: 99999999999999999999999",
                                      "Retry-After: 1\nRetry-After: 2"};
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
    CHECK_EQ(head_of(lines[i]).retry_after_ns, -1);
}

/* -- Content-Encoding ------------------------------------------------------ */

TEST(encodings) {
  CHECK(head_of("Content-Encoding: gzip").content_encoded);
  CHECK(head_of("content-encoding: BR").content_encoded);
  CHECK(head_of("Content-Encoding: identity, gzip").content_encoded);
  CHECK(head_of("Content-Encoding: gzip\nContent-Encoding: identity")
            .content_encoded);
  CHECK(!head_of("Content-Encoding: identity").content_encoded);
  CHECK(!head_of("Content-Encoding: Identity\r\n").content_encoded);
  CHECK(!head_of("Content-Encoding: ").content_encoded);
  CHECK(!head_of("Transfer-Encoding: chunked").content_encoded);
}
