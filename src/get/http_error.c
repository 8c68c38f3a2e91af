/*
 * http_error.c: which errors of libcurl's may pass, what each is to a user, and
 * what is said of it.
 */
#include "http_error.h"

#include <stdio.h>
#include <string.h>

static const struct {
  CURLcode code;
  enum http_end_kind kind;
  bool transient;
} kinds[] = {
    {CURLE_PARTIAL_FILE, HTTP_TRUNCATED, true},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_CONNECT, false},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_CONNECT, false},
    {CURLE_COULDNT_CONNECT, HTTP_CONNECT, true},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_RESET, true},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_URL, false},
    {CURLE_URL_MALFORMAT, HTTP_URL, false},
    {CURLE_TOO_MANY_REDIRECTS, HTTP_URL, false},
    {CURLE_GOT_NOTHING, HTTP_RESET, true},
    {CURLE_SEND_ERROR, HTTP_RESET, true},
    {CURLE_RECV_ERROR, HTTP_RESET, true},
    {CURLE_HTTP2, HTTP_RESET, true},
    {CURLE_HTTP2_STREAM, HTTP_RESET, true},
    {CURLE_OPERATION_TIMEDOUT, HTTP_CONNECT, true},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS, true},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, false},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS, false},
};

/* libcurl says the same of a server's answer that is not HTTP as it knows it,
 * and of a URL that is not. */
static bool is_garbage(CURLcode code, const char *words) {
  return code == CURLE_UNSUPPORTED_PROTOCOL &&
         strncmp(words, "Protocol ", 9) != 0;
}

static void describe(CURL *easy, CURLcode code, const char *words,
                     struct http_end *end) {
  const char *text = words[0] != '\0' ? words : curl_easy_strerror(code);
  long os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  if (code == CURLE_COULDNT_CONNECT && os_error != 0)
    snprintf(end->text, sizeof(end->text), "cannot connect: %s",
             strerror((int)os_error));
  else
    snprintf(end->text, sizeof(end->text), "%s", text);
  end->text[strcspn(end->text, "\r\n")] = '\0';
}

void http_error_tell(CURL *easy, CURLcode code, const char *words,
                     struct http_end *end) {
  end->kind = HTTP_OTHER;
  end->transient = true;
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
    if (kinds[i].code == code) {
      end->kind = kinds[i].kind;
      end->transient = kinds[i].transient;
    }
  describe(easy, code, words, end);
  if (is_garbage(code, words)) {
    end->kind = HTTP_RESET;
    end->transient = true;
    snprintf(end->text, sizeof(end->text), "the server's answer is not HTTP");
  }
}
