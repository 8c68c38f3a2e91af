/*
 * http_tls.h: whether TLS said that the connection ends.
 *
 * A body without a length is over when its connection is.  Anybody on the way
 * can end that; TLS's own end (close_notify) nobody can forge.
 */
#ifndef GET_HTTP_TLS_H
#define GET_HTTP_TLS_H

#include <curl/curl.h>

/* TLS_UNKNOWN: no TLS, or not OpenSSL's. */
enum tls_end { TLS_UNKNOWN, TLS_OPEN, TLS_ENDED };

/* To be asked while the transfer has its connection. */
enum tls_end http_tls_end(CURL *easy);

#endif
