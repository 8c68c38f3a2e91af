/* fault_parse.c: the vocabulary, read, refused, and printed back. */
#include "fault/parse.h"

#include "harness/harness.h"

static struct parse_error wrong;

static const char *canonical(const char *text) {
  static char printed[4096];
  struct program *items;
  if (parse_fault(text, &items, &wrong) < 0)
    return wrong.text;
  char *again = parse_print(items);
  snprintf(printed, sizeof(printed), "%s", again);
  free(again);
  program_release(items);
  return printed;
}

TEST(steps_are_read_in_every_way_of_writing_them) {
  CHECK_STR(canonical("read-head; send 64k; rst"), "read-head; send:64k; rst");
  CHECK_STR(canonical(" rst@4096 ;; "), "rst@4k");
  CHECK_STR(canonical("stall@10%:30s"), "stall@10%:30s");
  CHECK_STR(canonical("rate:64k;latency=50ms~10ms"),
            "rate:64k; latency:50ms~10ms");
  CHECK_STR(canonical("rst@5s; rst@body+100; rst@\"a;b\""),
            "rst@5s; rst@body+100; rst@\"a;b\"");
  CHECK_STR(canonical("conn:3; conn:2-; conn:1-4; p:2.5%"),
            "conn:3; conn:2-; conn:1-4; p:2.5%");
  CHECK_STR(canonical("slice:1k,100ms"), "slice:1k,100ms");
  CHECK_STR(canonical("slice:1k~100,1s"), "slice:1k~100,1s");
  CHECK_STR(canonical("rst@4k:0s"), "rst@4k:0s");
  CHECK_STR(canonical("client:10.*; rst"), "client:\"10.*\"; rst");
  CHECK_STR(canonical("length:+10; length:-1; length:7; length:huge"),
            "length:+10; length:-1; length:7; length:huge");
  CHECK_STR(canonical("retry-after:120; retry-after:date"),
            "retry-after:120s; retry-after:date");
  CHECK_STR(canonical("chunked; chunked:overflow"),
            "chunked; chunked:overflow");
  CHECK_STR(canonical(""), "");
}

TEST(texts_keep_every_byte) {
  CHECK_STR(canonical("send:\"a\\r\\n\\x00\\\"\\\\;\\xff\""),
            "send:\"a\\r\\n\\x00\\\"\\\\;\\xff\"");
  CHECK_STR(canonical("header:X-Y: a, b ; fin"), "header:\"X-Y: a, b\"; fin");
  struct program *items;
  CHECK_OK(parse_fault("send:\"\\0a\"", &items, &wrong));
  CHECK_EQ(items->steps[0].length, 2);
  CHECK_EQ(memcmp(items->steps[0].text, "\0a", 2), 0);
  program_release(items);
}

TEST(what_is_wrong_is_named_with_its_position) {
  static const struct {
    const char *text;
    size_t position;
    const char *part;
  } cases[] = {
      {"foo", 1, "There are: p conn"},
      {"rst; stal:3s", 6, "did you mean 'stall'?"},
      {"rst@x", 5, "a position is 4096"},
      {"rst@", 5, "a position is"},
      {"read-head@3", 10, "has no position"},
      {"rate", 1, "'rate' is written rate[@POSITION]:SIZE"},
      {"rate:", 1, "is written"},
      {"rate:x", 6, "is written"},
      {"rst:x", 5, "is written rst"},
      {"send:\"abc", 6, "does not end"},
      {"send:\"a\\q\"", 8, "after '\\'"},
      {"p:101%", 3, "is written p:PERCENT"},
      {"p:nan%", 3, "is written"},
      {"conn:0", 6, "is written"},
      {"conn:5-3", 6, "is written"},
      {"slice:1k", 9, "is written"},
      {"slice:1k~2k,1s", 7, "is written"},
      {"status:99", 1, "is written"},
      {"drip:0", 1, "is written"},
      {"chunked:wrong", 9, "is written chunked"},
      {"rst@\"\"", 4, "always there"},
      {"send:1k x", 6, "is written"},
      {"=", 1, "no fault ''"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct program *items = NULL;
    CHECK_ERR(parse_fault(cases[i].text, &items, &wrong), -EINVAL);
    if (wrong.position != cases[i].position ||
        strstr(wrong.text, cases[i].part) == NULL)
      fprintf(stderr, "%s: %zu %s\n", cases[i].text, wrong.position,
              wrong.text);
    CHECK_EQ(wrong.position, cases[i].position);
    CHECK(strstr(wrong.text, cases[i].part) != NULL);
    CHECK(items == NULL);
  }
}

TEST(every_form_is_in_the_help) {
  char *help = step_help();
  CHECK(help != NULL);
  for (size_t i = 0; i < step_form_count; i++) {
    char line[64];
    snprintf(line, sizeof(line), "\n  %s", step_forms[i].name);
    CHECK(strstr(help, line) != NULL);
    CHECK(step_find(step_forms[i].name, strlen(step_forms[i].name)) ==
          &step_forms[i]);
  }
  free(help);
}
