/* cli_json.c: whatever goes in, a line of JSON comes out. */
#include "harness/harness.h"

#include <locale.h>

#include "cli/json.h"

static char *text;
static size_t text_size;

static struct json begin(void) {
  FILE *file = open_memstream(&text, &text_size);
  CHECK(file != NULL);
  return json_begin(file);
}

/* Ends the object and is its line, until the next. */
static const char *end(struct json *json) {
  static char line[4096];
  json_end(json);
  snprintf(line, sizeof(line), "%s", text); /* flushed, not only closed */
  fclose(json->file);
  free(text);
  return line;
}

static const char *object_of(const char *value) {
  struct json json = begin();
  json_string(&json, "k", value);
  return end(&json);
}

TEST(an_object_is_one_line) {
  struct json json = begin();
  json_string(&json, "event", "completed");
  json_number(&json, "bytes", INT64_C(9007199254740993));
  json_seconds(&json, "seconds", 1234567890);
  json_known(&json, "size", -1);
  json_known(&json, "done", 0);
  json_string(&json, "error", NULL);
  CHECK_STR(end(&json),
            "{\"event\":\"completed\",\"bytes\":9007199254740993,"
            "\"seconds\":1.235,\"size\":null,\"done\":0,\"error\":null}\n");
}

TEST(an_empty_object) {
  struct json json = begin();
  CHECK_STR(end(&json), "{}\n");
}

TEST(what_json_forbids_is_escaped) {
  CHECK_STR(object_of("a\"b\\c/"), "{\"k\":\"a\\\"b\\\\c/\"}\n");
  CHECK_STR(object_of("\n\t\r\x01\x1b\x7f"),
            "{\"k\":\"\\n\\t\\u000d\\u0001\\u001b\\u007f\"}\n");
}

TEST(what_turns_text_around_or_ends_lines_is_escaped) {
  CHECK_STR(object_of("\xe2\x80\xae|\xe2\x80\xa8|\xc2\x85"),
            "{\"k\":\"\\u202e|\\u2028|\\u0085\"}\n");
}

TEST(utf8_stays_as_it_is) {
  CHECK_STR(object_of("\xe6\x97\xa5\xc3\xa9\xf0\x9f\x98\x80"),
            "{\"k\":\"\xe6\x97\xa5\xc3\xa9\xf0\x9f\x98\x80\"}\n");
}

TEST(what_is_no_utf8_is_replaced_byte_by_byte) {
  CHECK_STR(object_of("a\xff"), "{\"k\":\"a\\ufffd\"}\n");
  CHECK_STR(object_of("\xc3"), "{\"k\":\"\\ufffd\"}\n");
  CHECK_STR(object_of("\xc3z"), "{\"k\":\"\\ufffdz\"}\n");
  CHECK_STR(object_of("\xc0\xaf"), "{\"k\":\"\\ufffd\\ufffd\"}\n");
  CHECK_STR(object_of("\xed\xa0\x80"), "{\"k\":\"\\ufffd\\ufffd\\ufffd\"}\n");
}

TEST(every_byte_makes_one_line) {
  for (int byte = 1; byte < 256; byte++) {
    char value[2] = {(char)byte, '\0'};
    const char *line = object_of(value);
    size_t length = strlen(line);
    CHECK_EQ(line[length - 1], '\n');
    CHECK(strchr(line, '\n') == line + length - 1);
    for (size_t i = 0; i + 1 < length; i++)
      CHECK(line[i] >= ' ' && line[i] < 0x7f);
  }
}

TEST(seconds_have_three_decimals_in_every_locale) {
  static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                       "fr_FR.UTF-8"};
  for (size_t i = 0; i < sizeof(commas) / sizeof(commas[0]); i++)
    setlocale(LC_ALL, commas[i]); /* whichever there is */
  struct json json = begin();
  json_seconds(&json, "a", 0);
  json_seconds(&json, "b", 499999);
  json_seconds(&json, "c", 999500000);
  json_seconds(&json, "d", INT64_C(86400000000000));
  CHECK_STR(end(&json),
            "{\"a\":0.000,\"b\":0.000,\"c\":1.000,\"d\":86400.000}\n");
}

TEST(decimals_keep_their_zeros) {
  struct json json = begin();
  json_decimal(&json, "a", 0, 6);
  json_decimal(&json, "b", 1000001, 6);
  json_decimal(&json, "c", 1234, 3);
  CHECK_STR(end(&json), "{\"a\":0.000000,\"b\":1.000001,\"c\":1.234}\n");
}

TEST(arrays_and_truth) {
  static const char *const words[] = {"a\"b", "", "\xff", NULL};
  struct json json = begin();
  json_strings(&json, "words", words);
  json_strings(&json, "none", words + 3);
  json_bool(&json, "yes", true);
  json_bool(&json, "no", false);
  CHECK_STR(end(&json),
            "{\"words\":[\"a\\\"b\",\"\",\"\\ufffd\"],\"none\":[],"
            "\"yes\":true,\"no\":false}\n");
}

TEST(an_object_inside_an_object) {
  struct json json = begin();
  json_open(&json, "empty");
  json_close(&json);
  json_open(&json, "args");
  json_number(&json, "a", 1);
  json_number(&json, "b", 2);
  json_close(&json);
  json_number(&json, "c", 3);
  CHECK_STR(end(&json), "{\"empty\":{},\"args\":{\"a\":1,\"b\":2},\"c\":3}\n");
}

TEST(plain_text_around_what_is_escaped_stays) {
  CHECK_STR(object_of("abc\"def\xc3\xa9ghi\xffjkl"),
            "{\"k\":\"abc\\\"def\xc3\xa9ghi\\ufffdjkl\"}\n");
}
