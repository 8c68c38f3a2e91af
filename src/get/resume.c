/*
 * resume.c: what to make of a response's head.  A table in words: the status
 * first, then whether the range is the one that was asked for.
 */
#include "resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http.h"

static const struct {
  int status;
  const char *reason;
  bool transient;
} statuses[] = {
    {400, "Bad Request", false},
    {401, "Unauthorized", false},
    {403, "Forbidden", false},
    {404, "Not Found", false},
    {405, "Method Not Allowed", false},
    {407, "Proxy Authentication Required", false},
    {408, "Request Timeout", true},
    {410, "Gone", false},
    {416, "Range Not Satisfiable", false},
    {421, "Misdirected Request", true},
    {425, "Too Early", true},
    {429, "Too Many Requests", true},
    {451, "Unavailable For Legal Reasons", false},
    {500, "Internal Server Error", true},
    {501, "Not Implemented", false},
    {502, "Bad Gateway", true},
    {503, "Service Unavailable", true},
    {504, "Gateway Timeout", true},
};

static void fail_with_status(const struct http_head *head,
                             struct resume_answer *answer) {
  answer->verdict = RESUME_FAIL;
  for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
    if (statuses[i].status == head->status) {
      answer->transient = statuses[i].transient;
      snprintf(answer->text, sizeof(answer->text), "%d %s", head->status,
               statuses[i].reason);
      return;
    }
  answer->transient = head->status > 504 && head->status <= 599;
  snprintf(answer->text, sizeof(answer->text), "status %d, not a file",
           head->status);
}

/* What the list promised and the server announces have to agree. */
static void check_size(const struct resume_asked *asked,
                       struct resume_answer *answer) {
  if (asked->expected_bytes < 0 || answer->size_bytes < 0 ||
      answer->size_bytes == asked->expected_bytes)
    return;
  answer->verdict = RESUME_FAIL;
  answer->transient = false;
  snprintf(answer->text, sizeof(answer->text),
           "the server has %" PRId64 " bytes, the list says %" PRId64,
           answer->size_bytes, asked->expected_bytes);
}

static bool is_rest_of_same_file(const struct resume_asked *asked,
                                 const struct http_head *head) {
  if (!head->has_range || head->range_start != asked->offset ||
      head->content_encoded)
    return false;
  if (head->range_total >= 0 && asked->size_bytes >= 0 &&
      head->range_total != asked->size_bytes)
    return false;
  if (head->validator[0] != '\0' && asked->validator != NULL &&
      strcmp(head->validator, asked->validator) != 0)
    return false;
  return head->content_length < 0 ||
         head->content_length == head->range_end - head->range_start + 1;
}

static void decide_partial(const struct resume_asked *asked,
                           const struct http_head *head,
                           struct resume_answer *answer) {
  if (asked->offset == 0) {
    answer->verdict = RESUME_FAIL;
    answer->transient = true;
    snprintf(answer->text, sizeof(answer->text),
             "the server sent a part where the whole was asked for");
  } else if (!is_rest_of_same_file(asked, head)) {
    answer->verdict = RESUME_START_OVER;
  } else {
    answer->verdict = RESUME_TAKE;
    answer->size_bytes =
        head->range_total >= 0 ? head->range_total : asked->size_bytes;
    check_size(asked, answer);
  }
}

void resume_decide(const struct resume_asked *asked,
                   const struct http_head *head, struct resume_answer *ret) {
  *ret = (struct resume_answer){.size_bytes = -1};
  switch (head->status) {
    case 200:
    case 203:
      if (head->content_encoded) {
        ret->verdict = RESUME_FAIL;
        snprintf(ret->text, sizeof(ret->text),
                 "the server sent it encoded, which was not asked for");
        return;
      }
      ret->verdict = asked->offset > 0 ? RESUME_REPLACE : RESUME_TAKE;
      ret->size_bytes = head->content_length;
      check_size(asked, ret);
      return;
    case 206:
      decide_partial(asked, head, ret);
      return;
    case 412:
    case 416:
      if (asked->offset > 0) {
        ret->verdict = RESUME_START_OVER;
        return;
      }
      break;
  }
  fail_with_status(head, ret);
}
