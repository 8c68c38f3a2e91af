/*
 * http.h: transfers by libcurl's multi interface on a belay loop.
 *
 * Only http*.c know libcurl.  One thread, however many transfers.  All
 * fds and the one timer of libcurl are sources of the loop whose data is the
 * `struct http`; the program hands their events to http_handle() and then
 * takes the ends of transfers with http_next_end().
 *
 * No timeout is libcurl's: it would count the time for which we were stopped.
 * Whoever starts a transfer watches its progress and ends it.
 */
#ifndef GET_HTTP_H
#define GET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct belay_event;
struct belay_loop;
struct http;
struct http_transfer;

struct http_options {
  int max_connections;      /* in all */
  int max_host_connections; /* to one host; 0 no limit */
  int max_redirects;
  bool insecure; /* do not verify TLS peers */
  bool netrc;
  int http_version;    /* 0 best, 1 HTTP/1.1 only, 2 HTTP/2 wanted */
  int ip_version;      /* 0 any, 4, 6 */
  int64_t max_rate;    /* hint: bytes are taken no faster; 0 no limit */
  const char *proxy;   /* NULL: as the environment says */
  const char *ca_file; /* NULL: the system's */
  const char *user_agent;
  const char *user_password;  /* "user:password" or NULL */
  const char *referer;        /* or NULL */
  const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
  bool trace;                 /* -vv: libcurl's own words to stderr */
};

/* A response's head, after redirects. */
struct http_head {
  int status;
  int64_t content_length;         /* -1 unknown */
  bool length_is_unclear;         /* there is one, but which? */
  bool has_range;                 /* a Content-Range that could be read */
  int64_t range_start, range_end; /* inclusive; -1 for a "*" range */
  int64_t range_total;            /* -1 "*" */
  char validator[256];    /* strong: a strong ETag, else a Last-Modified that
                              is well before Date; "" none */
  bool content_encoded;   /* Content-Encoding other than identity */
  int64_t retry_after_ns; /* -1 none */
};

/* What http asks of a transfer's owner, from within http_handle(). */
struct http_owner {
  /* A final response's head is there.  0 goes on to the body; 1 pauses before
   * it until http_resume(); negative ends the transfer, see http_end. */
  int (*head)(void *owner, const struct http_head *head);
  /* Body bytes.  0; 1: not now, pauses until http_resume() and gives the same
   * bytes again; or negative to end the transfer. */
  int (*data)(void *owner, const void *bytes, size_t size_bytes);
};

struct http_request {
  const char *url;
  int64_t offset;             /* > 0: Range from here */
  const char *validator;      /* If-Range, when offset > 0 */
  const char *const *headers; /* for this one alone; or NULL */
};

/* Why a transfer ended. */
enum http_end_kind {
  HTTP_OK,        /* the whole response was received */
  HTTP_STOPPED,   /* head() or data() said so: `error` is what they returned */
  HTTP_TRUNCATED, /* fewer bytes than announced */
  HTTP_EXCESS,    /* more bytes than announced */
  HTTP_CONNECT,   /* refused, unreachable, unknown host, proxy */
  HTTP_RESET,     /* connection broken, garbage, empty reply, protocol */
  HTTP_TLS,       /* certificate or handshake */
  HTTP_URL,       /* malformed or not supported URL, too many redirects */
  HTTP_OTHER,
};

struct http_end {
  void *owner;
  enum http_end_kind kind;
  int error;      /* HTTP_STOPPED */
  bool transient; /* another attempt may go better */
  char text[256]; /* one line without its end: what went wrong */
};

int http_open(struct belay_loop *loop, const struct http_options *options,
              struct http **ret_http, char **ret_error);
int http_start(struct http *http, const struct http_request *request,
               const struct http_owner *ops, void *owner,
               struct http_transfer **ret_transfer);
void http_resume(struct http_transfer *transfer);

/* Ends a transfer without a further word; never blocks, not even while a name
 * is being resolved. */
void http_cancel(struct http_transfer *transfer);

void http_handle(struct http *http, const struct belay_event *event);
/* 1 and the next transfer that has ended (its http_transfer is gone), or 0. */
int http_next_end(struct http *http, struct http_end *ret_end);

/* Frees everything; may wait for a name server that does not answer: a program
 * that was interrupted leaves without it. */
void http_close(struct http *http);

#endif
