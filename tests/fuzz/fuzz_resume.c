/* fuzz_resume.c: what is made of any head, given anything that was asked.
 *
 * The first line is what was asked: offset, known size, promised size, and the
 * validator if there is one, with a space before each.  The response's head
 * follows. */
#include "get/resume.h"

#include "fuzz.h"
#include "get/head.h"

static const struct http_head *parse_head(struct head_parser *parser,
                                          const char *text) {
  head_begin(parser);
  while (*text != '\0') {
    size_t size = strcspn(text, "\n");
    head_line(parser, text, size);
    text += size + (text[size] == '\n');
  }
  return head_end(parser);
}

/* Bytes are added to a part only where, and to what, they belong. */
static void check_rest(const struct resume_asked *asked,
                       const struct http_head *head,
                       const struct resume_answer *answer) {
  PROMISE(head->status == 206 && head->has_range && !head->content_encoded);
  PROMISE(head->range_start == asked->offset);
  PROMISE(asked->validator != NULL);
  PROMISE(head->validator[0] == '\0' ||
          strcmp(head->validator, asked->validator) == 0);
  PROMISE(answer->size_bytes > head->range_end);
  PROMISE(asked->size_bytes < 0 || answer->size_bytes == asked->size_bytes);
}

static void check(const struct resume_asked *asked,
                  const struct http_head *head) {
  struct resume_answer answer;
  resume_decide(asked, head, &answer);
  bool promise_kept = asked->expected_bytes < 0 || answer.size_bytes < 0 ||
                      asked->expected_bytes == answer.size_bytes;
  switch (answer.verdict) {
    case RESUME_TAKE:
      PROMISE(promise_kept);
      if (asked->offset > 0)
        check_rest(asked, head, &answer);
      break;
    case RESUME_REPLACE:
      PROMISE(promise_kept && asked->offset > 0);
      PROMISE(head->status == 200 || head->status == 203);
      break;
    case RESUME_START_OVER:
      PROMISE(asked->offset > 0);
      break;
    case RESUME_FAIL:
      PROMISE(answer.text[0] != '\0' && strchr(answer.text, '\n') == NULL);
      return;
  }
  PROMISE(answer.text[0] == '\0' && !answer.transient);
}

static int64_t at_least(int64_t number, int64_t least) {
  return number < least ? least : number;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *text = fuzz_string(bytes, size);
  char *line_end = text + strcspn(text, "\n");
  const char *head = *line_end == '\n' ? line_end + 1 : line_end;
  *line_end = '\0';
  char *rest;
  struct resume_asked asked = {
      .offset = at_least(strtoll(text, &rest, 10), 0),
      .size_bytes = at_least(strtoll(rest, &rest, 10), -1),
      .expected_bytes = at_least(strtoll(rest, &rest, 10), -1),
  };
  if (*rest == ' ' && rest[1] != '\0')
    asked.validator = rest + 1;
  struct head_parser parser;
  check(&asked, parse_head(&parser, head));
  free(text);
  return 0;
}
