/* get_resume.c: the whole table of what to make of a response's head. */
#include "get/resume.h"

#include "get/http.h"
#include "harness/harness.h"

#define TAKE RESUME_TAKE
#define REPLACE RESUME_REPLACE
#define OVER RESUME_START_OVER
#define FAIL RESUME_FAIL

#define TAG "\"v1\""

static const struct resume_asked whole = {.size_bytes = -1,
                                          .expected_bytes = -1};

static struct http_head head_of(int status) {
  return (struct http_head){.status = status,
                            .content_length = -1,
                            .range_start = -1,
                            .range_end = -1,
                            .range_total = -1,
                            .retry_after_ns = -1};
}

static struct resume_answer decide(const struct resume_asked *asked,
                                   const struct http_head *head) {
  struct resume_answer answer;
  memset(&answer, 0x55, sizeof(answer));
  resume_decide(asked, head, &answer);
  /* Starting over has to end: never when the whole was asked for. */
  CHECK(answer.verdict != OVER || asked->offset > 0);
  CHECK(answer.verdict != REPLACE || asked->offset > 0);
  CHECK_EQ(answer.verdict == FAIL, answer.text[0] != '\0');
  CHECK(answer.verdict == FAIL || !answer.transient);
  return answer;
}

/* -- The whole was asked for ----------------------------------------------- */

TEST(a_whole_file_is_taken) {
  struct http_head head = head_of(200);
  struct resume_answer answer = decide(&whole, &head);
  CHECK_EQ(answer.verdict, TAKE);
  CHECK_EQ(answer.size_bytes, -1);
  head.content_length = 10;
  answer = decide(&whole, &head);
  CHECK_EQ(answer.verdict, TAKE);
  CHECK_EQ(answer.size_bytes, 10);
  head.status = 203;
  CHECK_EQ(decide(&whole, &head).verdict, TAKE);
  head.content_length = 0;
  CHECK_EQ(decide(&whole, &head).size_bytes, 0);
}

TEST(a_length_that_cannot_be_read_is_an_error) {
  static const int statuses[] = {200, 203, 206};
  for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
    struct http_head head = head_of(statuses[i]);
    head.length_is_unclear = true;
    struct resume_answer answer = decide(&whole, &head);
    CHECK_EQ(answer.verdict, FAIL);
    CHECK(answer.transient);
    CHECK(strstr(answer.text, "Content-Length") != NULL);
  }
}

TEST(what_the_list_promised_has_to_be_announced) {
  struct resume_asked asked = whole;
  struct http_head head = head_of(200);
  asked.expected_bytes = 12;
  CHECK_EQ(decide(&asked, &head).verdict, TAKE); /* not announced: we see */
  head.content_length = 12;
  CHECK_EQ(decide(&asked, &head).verdict, TAKE);
  head.content_length = 10;
  struct resume_answer answer = decide(&asked, &head);
  CHECK_EQ(answer.verdict, FAIL);
  CHECK(!answer.transient);
  CHECK_STR(answer.text, "the server has 10 bytes, the list says 12");
  asked.expected_bytes = 0;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
}

TEST(a_part_that_nobody_asked_for_is_no_file) {
  struct http_head head = head_of(206);
  CHECK_EQ(decide(&whole, &head).verdict, FAIL);
  head.has_range = true;
  head.range_start = 0;
  head.range_end = 4;
  head.range_total = 10;
  struct resume_answer answer = decide(&whole, &head);
  CHECK_EQ(answer.verdict, FAIL);
  CHECK(answer.transient);
  head.range_start = 5;
  head.range_end = 9;
  CHECK_EQ(decide(&whole, &head).verdict, FAIL);
  head.range_start = 0;
  head.range_total = -1;
  CHECK_EQ(decide(&whole, &head).verdict, FAIL);
}

TEST(a_part_that_is_all_of_it_is_the_file) {
  struct resume_asked asked = whole;
  struct http_head head = head_of(206);
  head.has_range = true;
  head.range_start = 0;
  head.range_end = 9;
  head.range_total = 10;
  struct resume_answer answer = decide(&asked, &head);
  CHECK_EQ(answer.verdict, TAKE);
  CHECK_EQ(answer.size_bytes, 10);
  head.content_length = 10;
  CHECK_EQ(decide(&asked, &head).verdict, TAKE);
  head.content_length = 9;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
  head.content_length = 10;
  head.content_encoded = true;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
  head.content_encoded = false;
  asked.expected_bytes = 11;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
}

/* -- The rest was asked for ------------------------------------------------ */

/* 5 bytes of 10 are there; what differs from the right answer, and what comes
 * of it. */
static const struct part_case {
  const char *name;
  int64_t offset, known, start, end, total, length;
  const char *asked_tag, *said_tag;
  bool has_no_range, is_encoded;
  enum resume_verdict verdict;
} parts[] = {
    {"right", 5, 10, 5, 9, 10, 5, TAG, TAG, .verdict = TAKE},
    {"no length", 5, 10, 5, 9, 10, -1, TAG, TAG, .verdict = TAKE},
    {"no tag again", 5, 10, 5, 9, 10, 5, TAG, "", .verdict = TAKE},
    {"size unknown", 5, -1, 5, 9, 10, 5, TAG, TAG, .verdict = TAKE},
    {"total unsaid", 5, 10, 5, 9, -1, 5, TAG, TAG, .verdict = TAKE},
    {"ends early", 5, 10, 5, 7, 10, 3, TAG, TAG, .verdict = TAKE},
    {"both unknown", 5, -1, 5, 9, -1, 5, TAG, TAG, .verdict = OVER},
    {"past the end", 5, 10, 5, 12, -1, 8, TAG, TAG, .verdict = OVER},
    {"other tag", 5, 10, 5, 9, 10, 5, TAG, "\"v2\"", .verdict = OVER},
    {"date for tag", 5, 10, 5, 9, 10, 5, TAG, "Sun, 06 Nov 1994 08:49:37 GMT",
     .verdict = OVER},
    {"no validator", 5, 10, 5, 9, 10, 5, NULL, "", .verdict = OVER},
    {"a tag that is new", 5, 10, 5, 9, 10, 5, NULL, TAG, .verdict = OVER},
    {"starts early", 5, 10, 4, 9, 10, 6, TAG, TAG, .verdict = OVER},
    {"starts at 0", 5, 10, 0, 9, 10, 10, TAG, TAG, .verdict = OVER},
    {"starts late", 5, 10, 6, 9, 10, 4, TAG, TAG, .verdict = OVER},
    {"larger total", 5, 10, 5, 10, 11, 6, TAG, TAG, .verdict = OVER},
    {"smaller total", 5, 10, 5, 8, 9, 4, TAG, TAG, .verdict = OVER},
    {"short length", 5, 10, 5, 9, 10, 4, TAG, TAG, .verdict = OVER},
    {"long length", 5, 10, 5, 9, 10, 10, TAG, TAG, .verdict = OVER},
    {"star range", 5, 10, -1, -1, 10, -1, TAG, TAG, .verdict = OVER},
    {"no range", 5, 10, 5, 9, 10, 5, TAG, TAG, true, .verdict = OVER},
    {"encoded", 5, 10, 5, 9, 10, 5, TAG, TAG, false, true, .verdict = OVER},
    {"huge", INT64_MAX - 9, INT64_MAX, INT64_MAX - 9, INT64_MAX - 1, INT64_MAX,
     9, TAG, TAG, .verdict = TAKE},
};

TEST(the_rest_is_taken_only_where_it_belongs) {
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    const struct part_case *part = &parts[i];
    struct resume_asked asked = {.offset = part->offset,
                                 .size_bytes = part->known,
                                 .validator = part->asked_tag,
                                 .expected_bytes = -1};
    struct http_head head = head_of(206);
    head.content_length = part->length;
    head.has_range = !part->has_no_range;
    head.range_start = part->start;
    head.range_end = part->end;
    head.range_total = part->total;
    head.content_encoded = part->is_encoded;
    strcpy(head.validator, part->said_tag);
    printf("%s\n", part->name); /* is shown when a check fails */
    struct resume_answer answer = decide(&asked, &head);
    CHECK_EQ(answer.verdict, part->verdict);
    if (part->verdict == TAKE)
      CHECK_EQ(answer.size_bytes, part->total >= 0 ? part->total : part->known);
  }
}

static const struct resume_asked rest = {
    .offset = 5, .size_bytes = 10, .validator = TAG, .expected_bytes = -1};

TEST(the_whole_instead_of_the_rest_replaces_the_part) {
  struct resume_asked asked = rest;
  struct http_head head = head_of(200);
  CHECK_EQ(decide(&asked, &head).verdict, REPLACE);
  CHECK_EQ(decide(&asked, &head).size_bytes, -1);
  head.content_length = 12;
  CHECK_EQ(decide(&asked, &head).verdict, REPLACE);
  CHECK_EQ(decide(&asked, &head).size_bytes, 12);
  head.status = 203;
  CHECK_EQ(decide(&asked, &head).verdict, REPLACE);
  asked.expected_bytes = 11;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
}

TEST(the_rest_of_a_file_that_is_not_the_promised_one) {
  struct resume_asked asked = rest;
  struct http_head head = head_of(206);
  head.has_range = true;
  head.range_start = 5;
  head.range_end = 9;
  head.range_total = 10;
  asked.expected_bytes = 10;
  CHECK_EQ(decide(&asked, &head).verdict, TAKE);
  asked.expected_bytes = 12;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
}

TEST(a_range_that_cannot_be_had_starts_over_once) {
  static const int statuses[] = {412, 416};
  for (size_t i = 0; i < 2; i++) {
    struct http_head head = head_of(statuses[i]);
    CHECK_EQ(decide(&rest, &head).verdict, OVER);
    struct resume_answer answer = decide(&whole, &head);
    CHECK_EQ(answer.verdict, FAIL);
    CHECK(!answer.transient);
  }
}

/* -- Encodings ------------------------------------------------------------- */

TEST(encoded_on_the_way_is_not_the_file) {
  struct http_head head = head_of(200);
  struct resume_asked asked = whole;
  head.content_encoded = true;
  CHECK_EQ(decide(&asked, &head).verdict, FAIL);
  CHECK_EQ(decide(&rest, &head).verdict, FAIL);
  static const char *const urls[] = {"http://h/x.iso",  "http://h/x.gz/y",
                                     "http://h/x?y.gz", "http://h/x#.gz",
                                     "http://h/gz",     ""};
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    asked.url = urls[i];
    CHECK_EQ(decide(&asked, &head).verdict, FAIL);
  }
}

/* Some servers say of a .tar.gz that it is a tar, encoded. */
TEST(a_compressed_file_is_its_own_encoding) {
  static const char *const urls[] = {"http://h/x.tar.gz", "http://h/x.TGZ",
                                     "http://h/x.gz?y#z", "http://h/x.bz2",
                                     "http://h/x.zst",    "http://h/x.xz",
                                     "http://h/x.Z"};
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    struct resume_asked asked = whole;
    struct http_head head = head_of(200);
    head.content_encoded = true;
    asked.url = urls[i];
    CHECK_EQ(decide(&asked, &head).verdict, TAKE);
    asked = rest;
    asked.url = urls[i];
    CHECK_EQ(decide(&asked, &head).verdict, REPLACE);
    head.status = 206;
    head.has_range = true;
    head.range_start = 5;
    head.range_end = 9;
    head.range_total = 10;
    CHECK_EQ(decide(&asked, &head).verdict, TAKE);
  }
}

/* -- Other statuses -------------------------------------------------------- */

TEST(which_errors_may_pass) {
  static const int passing[] = {408, 421, 425, 429, 500, 502, 503, 504};
  for (int status = -1; status < 1000; status++) {
    struct http_head head = head_of(status);
    if (status == 200 || status == 203 || status == 206)
      continue;
    bool may_pass = status >= 520 && status <= 599;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
      may_pass |= passing[i] == status;
    struct resume_answer answer = decide(&whole, &head);
    CHECK_EQ(answer.verdict, FAIL);
    CHECK_EQ(answer.transient, may_pass);
    if (status == 412 || status == 416)
      continue;
    answer = decide(&rest, &head);
    CHECK_EQ(answer.verdict, FAIL);
    CHECK_EQ(answer.transient, may_pass);
  }
}

TEST(errors_are_named) {
  static const struct {
    int status;
    const char *text;
  } cases[] = {
      {404, "404 Not Found"},
      {503, "503 Service Unavailable"},
      {418, "status 418"},
      {599, "status 599"},
      {204, "status 204, which brings no file"},
      {304, "status 304, which brings no file"},
      {0, "the server's answer has no status"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct http_head head = head_of(cases[i].status);
    CHECK_STR(decide(&whole, &head).text, cases[i].text);
  }
}
