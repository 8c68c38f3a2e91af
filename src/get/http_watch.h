/*
 * http_watch.h: what libcurl waits for, as sources of a belay loop.
 *
 * libcurl says which sockets to watch and when to be called again; both are
 * sources of the loop, and their events are handed back to it.
 *
 * Part of http.c, which alone includes it.
 */
#ifndef GET_HTTP_WATCH_H
#define GET_HTTP_WATCH_H

#include <curl/curl.h>

struct belay_event;
struct belay_loop;
struct http_watch;

/* Has the loop watch for `multi`; events carry `data`.  0 or -errno. */
int http_watch_open(struct belay_loop *loop, CURLM *multi, void *data,
                    struct http_watch **ret_watch);

/* To be called for each handle, before its first transfer. */
void http_watch_handle(struct http_watch *watch, CURL *easy);

/* The socket that is watched for the handle's transfer, or -1. */
int http_watch_socket(const struct http_watch *watch, const CURL *easy);

/* Hands one of our events to libcurl. */
void http_watch_take(struct http_watch *watch, const struct belay_event *event);

/* After curl_multi_cleanup(), which still closes sockets.  NULL is allowed. */
void http_watch_close(struct http_watch *watch);

#endif
