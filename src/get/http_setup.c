/*
 * http_setup.c: the options of a program as those of libcurl's handles.
 *
 * No timeout of libcurl's is set; where there is one, it is for ever.
 */
#include "http_setup.h"

#include <limits.h>

#define BUFFER_BYTES_FEW (512 * 1024L) /* big files: fewer, larger reads */
#define BUFFER_BYTES_MANY (48 * 1024L)
#define FEW_CONNECTIONS 32

/* A limited rate flows only if it is read in small pieces. */
static long buffer_bytes(const struct http_options *options) {
  long most = options->max_connections <= FEW_CONNECTIONS ? BUFFER_BYTES_FEW
                                                          : BUFFER_BYTES_MANY;
  if (options->max_rate > 0 && options->max_rate / 16 < most)
    return options->max_rate / 16 > 1024 ? (long)(options->max_rate / 16)
                                         : 1024;
  return most;
}

static void set_network(CURL *easy, const struct http_options *options) {
  static const long versions[] = {CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_1_1,
                                  CURL_HTTP_VERSION_2_0};
  SET(easy, CURLOPT_HTTP_VERSION, versions[options->http_version]);
  if (options->ip_version != 0)
    SET(easy, CURLOPT_IPRESOLVE,
        options->ip_version == 4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6);
  if (options->proxy != NULL)
    SET(easy, CURLOPT_PROXY, options->proxy);
  if (options->ca_file != NULL)
    SET(easy, CURLOPT_CAINFO, options->ca_file);
  if (options->insecure) {
    SET(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  SET(easy, CURLOPT_BUFFERSIZE, buffer_bytes(options));
  SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  SET(easy, CURLOPT_NOSIGNAL, 1L);
  SET(easy, CURLOPT_QUICK_EXIT, 1L);
  /* 0 would mean 300 s; whoever started the transfer watches it. */
  SET(easy, CURLOPT_CONNECTTIMEOUT, LONG_MAX / 1000);
}

static void set_request(CURL *easy, const struct http_options *options) {
  SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  SET(easy, CURLOPT_FOLLOWLOCATION, 1L);
  SET(easy, CURLOPT_MAXREDIRS, (long)options->max_redirects);
  SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  SET(easy, CURLOPT_USERAGENT, options->user_agent);
  SET(easy, CURLOPT_NETRC,
      options->netrc ? (long)CURL_NETRC_OPTIONAL : (long)CURL_NETRC_IGNORED);
  if (options->user_password != NULL)
    SET(easy, CURLOPT_USERPWD, options->user_password);
  if (options->referer != NULL)
    SET(easy, CURLOPT_REFERER, options->referer);
}

void http_setup(CURL *easy, const struct http_options *options) {
  set_network(easy, options);
  set_request(easy, options);
}
