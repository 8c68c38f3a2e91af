/* fuzz_head.c: a response's head, line by line. */
#include "get/head.h"

#include "fuzz.h"

static void check_range(const struct http_head *head) {
  if (!head->has_range) {
    PROMISE(head->range_start == -1 && head->range_end == -1);
    PROMISE(head->range_total == -1);
    return;
  }
  PROMISE(head->range_start >= -1 && head->range_total >= -1);
  PROMISE(head->range_end >= head->range_start);
  PROMISE((head->range_start < 0) == (head->range_end < 0));
  PROMISE(head->range_start >= 0 || head->range_total >= 0);
  PROMISE(head->range_total < 0 || head->range_end < head->range_total);
}

/* It goes into a header of the next request. */
static void check_validator(const char *validator) {
  size_t size = strlen(validator);
  for (size_t i = 0; i < size; i++)
    PROMISE((unsigned char)validator[i] >= ' ' && validator[i] != 0x7f);
  if (size == 0 || head_parse_date(validator) >= 0)
    return;
  PROMISE(size > 2 && validator[0] == '"' && validator[size - 1] == '"');
  PROMISE(memchr(validator + 1, '"', size - 2) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct head_parser parser;
  head_begin(&parser);
  for (size_t at = 0; at < size;) {
    const uint8_t *end = memchr(bytes + at, '\n', size - at);
    size_t length = end != NULL ? (size_t)(end - (bytes + at)) + 1 : size - at;
    head_line(&parser, (const char *)bytes + at, length);
    at += length;
  }
  struct http_head head = *head_end(&parser);
  PROMISE(head.status == 0 || (head.status >= 100 && head.status <= 999));
  PROMISE(head.content_length >= -1);
  PROMISE(head.retry_after_ns >= -1);
  check_range(&head);
  check_validator(head.validator);
  char *text = fuzz_string(bytes, size);
  PROMISE(head_parse_date(text) >= -1);
  free(text);
  return 0;
}
