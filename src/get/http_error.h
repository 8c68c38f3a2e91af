/* http_error.h: what an error of libcurl's is to us. */
#ifndef GET_HTTP_ERROR_H
#define GET_HTTP_ERROR_H

#include <curl/curl.h>

#include "http.h"

/* Sets kind, transient and text; `words` are libcurl's own, or "". */
void http_error_tell(CURL *easy, CURLcode code, const char *words,
                     struct http_end *end);

#endif
