/*
 * resume.c: what to make of a response's head.  A table in words: the status
 * first, then whether the range is the one that was asked for.
 *
 * Invariant: bytes are added to a part only where the server said that they
 * belong, and only to the version that a validator names.
 */
#include "resume.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http.h"

__attribute__((format(printf, 3, 4))) static void fail(
    struct resume_answer *answer, bool transient, const char *format, ...) {
  va_list arguments;
  answer->verdict = RESUME_FAIL;
  answer->transient = transient;
  va_start(arguments, format);
  vsnprintf(answer->text, sizeof(answer->text), format, arguments);
  va_end(arguments);
}

/* -- Status ---------------------------------------------------------------- */

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

static void fail_with_status(int status, struct resume_answer *answer) {
  for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
    if (statuses[i].status == status) {
      fail(answer, statuses[i].transient, "%d %s", status, statuses[i].reason);
      return;
    }
  /* From 520 on they are the words of proxies for a server that is away. */
  if (status >= 400)
    fail(answer, status >= 520 && status <= 599, "status %d", status);
  else if (status >= 100)
    fail(answer, false, "status %d, which brings no file", status);
  else
    fail(answer, false, "the server's answer has no status");
}

/* -- What the head says ---------------------------------------------------- */

/* What the list promised and the server announces have to agree. */
static void take_if_expected(const struct resume_asked *asked,
                             enum resume_verdict verdict, int64_t size_bytes,
                             struct resume_answer *answer) {
  answer->verdict = verdict;
  answer->size_bytes = size_bytes;
  if (asked->expected_bytes >= 0 && size_bytes >= 0 &&
      size_bytes != asked->expected_bytes)
    fail(answer, false,
         "the server has %" PRId64 " bytes, the list says %" PRId64, size_bytes,
         asked->expected_bytes);
}

static bool is_compressed_file(const char *url) {
  static const char *const endings[] = {".gz",  ".tgz",  ".svgz", ".Z",
                                        ".bz2", ".tbz2", ".xz",   ".txz",
                                        ".zst", ".br"};
  size_t size = strcspn(url, "?#");
  for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
    size_t length = strlen(endings[i]);
    if (size > length &&
        strncasecmp(url + size - length, endings[i], length) == 0)
      return true;
  }
  return false;
}

/* Whether the bytes are those of the file in another form, made for the way. */
static bool is_recoded(const struct resume_asked *asked,
                       const struct http_head *head) {
  return head->content_encoded &&
         (asked->url == NULL || !is_compressed_file(asked->url));
}

static bool length_agrees(const struct http_head *head) {
  return head->content_length < 0 ||
         head->content_length == head->range_end - head->range_start + 1;
}

static bool is_whole_file(const struct http_head *head) {
  return head->has_range && head->range_start == 0 &&
         head->range_end == head->range_total - 1 && length_agrees(head);
}

/* The server has compared what If-Range said, and may leave it out. */
static bool is_same_version(const struct resume_asked *asked,
                            const struct http_head *head) {
  return asked->validator != NULL &&
         (head->validator[0] == '\0' ||
          strcmp(head->validator, asked->validator) == 0);
}

/* The range may end early, the rest is asked for next; but where the file ends
 * has to be known. */
static bool is_rest_of_same_file(const struct resume_asked *asked,
                                 const struct http_head *head) {
  int64_t total =
      head->range_total >= 0 ? head->range_total : asked->size_bytes;
  return head->has_range && head->range_start == asked->offset &&
         head->range_end < total && length_agrees(head) &&
         (asked->size_bytes < 0 || total == asked->size_bytes) &&
         !is_recoded(asked, head) && is_same_version(asked, head);
}

/* -- The table ------------------------------------------------------------- */

static void decide_whole(const struct resume_asked *asked,
                         const struct http_head *head,
                         struct resume_answer *answer) {
  if (is_recoded(asked, head))
    fail(answer, false, "the server sent it encoded, which was not asked for");
  else
    take_if_expected(asked, asked->offset > 0 ? RESUME_REPLACE : RESUME_TAKE,
                     head->content_length, answer);
}

static void decide_part(const struct resume_asked *asked,
                        const struct http_head *head,
                        struct resume_answer *answer) {
  if (asked->offset == 0 && is_whole_file(head) && !is_recoded(asked, head))
    take_if_expected(asked, RESUME_TAKE, head->range_total, answer);
  else if (asked->offset == 0)
    fail(answer, true, "the server sent a part where the whole was asked for");
  else if (!is_rest_of_same_file(asked, head))
    answer->verdict = RESUME_START_OVER;
  else
    take_if_expected(
        asked, RESUME_TAKE,
        head->range_total >= 0 ? head->range_total : asked->size_bytes, answer);
}

void resume_decide(const struct resume_asked *asked,
                   const struct http_head *head, struct resume_answer *ret) {
  *ret = (struct resume_answer){.size_bytes = -1};
  bool may_start_over = asked->offset > 0;
  bool has_body = head->status >= 200 && head->status <= 206;
  if (has_body && head->length_is_unclear)
    fail(ret, true, "the server's Content-Length cannot be read");
  else if (head->status == 200 || head->status == 203)
    decide_whole(asked, head, ret);
  else if (head->status == 206)
    decide_part(asked, head, ret);
  else if (may_start_over && (head->status == 412 || head->status == 416))
    ret->verdict = RESUME_START_OVER;
  else
    fail_with_status(head->status, ret);
}
