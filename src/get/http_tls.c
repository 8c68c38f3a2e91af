/*
 * http_tls.c: libcurl takes the end of a connection for the end of the body,
 * with or without TLS's own end (curl 7.88 whatever OpenSSL's options say), so
 * we look ourselves.
 */
#include "http_tls.h"

#include <openssl/ssl.h>

enum tls_end http_tls_end(CURL *easy) {
  struct curl_tlssessioninfo *info = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
      info == NULL || info->backend != CURLSSLBACKEND_OPENSSL ||
      info->internals == NULL)
    return TLS_UNKNOWN;
  int shut_down = SSL_get_shutdown(info->internals);
  return (shut_down & SSL_RECEIVED_SHUTDOWN) != 0 ? TLS_ENDED : TLS_OPEN;
}
