/* http_setup.h: what all requests have in common. */
#ifndef GET_HTTP_SETUP_H
#define GET_HTTP_SETUP_H

#include <curl/curl.h>

#include "http.h"

#define SET(easy, option, value) \
  (void)curl_easy_setopt((easy), (option), (value))

/* What the options say, of a handle that is new. */
void http_setup(CURL *easy, const struct http_options *options);

#endif
