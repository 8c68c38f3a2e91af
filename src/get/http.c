/*
 * http.c: transfers by libcurl's multi interface.
 *
 * Nothing here waits, and no timeout of libcurl's is set.
 */
#include "http.h"

#include <belay/loop.h>

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "head.h"
#include "http_error.h"
#include "http_setup.h"
#include "http_tls.h"
#include "http_watch.h"

struct http {
  struct http_options options;
  CURLM *multi;
  struct http_watch *watch;
  struct curl_slist *headers;      /* of every request */
  struct http_transfer *free_list; /* handles for the next transfers */
  struct http_transfer *all;
  struct http_transfer *ended; /* whose end nobody has taken yet */
};

struct http_transfer {
  struct http *http;
  struct http_transfer *next_free, *next_ended;
  struct http_transfer *next; /* in http->all */
  CURL *easy;
  struct curl_slist *headers; /* of this request; NULL: http->headers */
  const struct http_owner *ops;
  void *owner;
  struct head_parser parser;
  bool in_use, has_head, paused, has_excess, is_over;
  bool head_is_whole; /* its last, empty line was there */
  enum tls_end tls;   /* of a body that has no length */
  int64_t body_bytes;
  int stopped; /* what the owner returned, if negative */
  CURLcode code;
  char error[CURL_ERROR_SIZE];
};

/* -- While a response comes -------------------------------------------------- */

/* Its words cost a twentieth of a small transfer, and what we listen for
 * (on_debug) comes with the body. */
static void set_talking(struct http_transfer *transfer, bool is_talking) {
  SET(transfer->easy, CURLOPT_VERBOSE, (long)is_talking);
}

/* Whether the end of the connection is all that ends the body. */
static bool ends_with_connection(const struct http_transfer *transfer) {
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
  return version <= CURL_HTTP_VERSION_1_1 && !transfer->parser.is_chunked &&
         !transfer->parser.values[HEAD_CONTENT_LENGTH].is_there;
}

/* Called after each read, the last one too. */
static int on_progress(void *userp, curl_off_t total, curl_off_t now,
                       curl_off_t to_send, curl_off_t sent) {
  struct http_transfer *transfer = userp;
  (void)total, (void)now, (void)to_send, (void)sent;
  enum tls_end tls = http_tls_end(transfer->easy);
  if (tls != TLS_UNKNOWN)
    transfer->tls = tls;
  return 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *userp) {
  struct http_transfer *transfer = userp;
  bool is_last = size * count > 0 && (line[0] == '\r' || line[0] == '\n');
  head_line(&transfer->parser, line, size * count);
  if (is_last)
    set_talking(transfer, true);
  if (is_last && ends_with_connection(transfer))
    SET(transfer->easy, CURLOPT_NOPROGRESS, 0L);
  if (is_last || (size * count >= 5 && strncasecmp(line, "HTTP/", 5) == 0))
    transfer->head_is_whole = is_last;
  return size * count;
}

/* The owner's word on the head, asked for once: 0, 1 to pause, negative. */
static int show_head(struct http_transfer *transfer) {
  if (transfer->has_head)
    return 0;
  transfer->has_head = true;
  const struct http_head *head = head_end(&transfer->parser);
  int answer = transfer->ops->head(transfer->owner, head);
  if (answer < 0)
    transfer->stopped = answer;
  transfer->paused = answer > 0;
  return answer;
}

/* libcurl reads no more than was announced.  If more comes with the first
 * bytes it says so in passing, see on_debug(); here we look for more behind
 * the last bytes of a longer body, where no encryption or framing hides it. */
static void look_for_excess(struct http_transfer *transfer) {
  char *scheme = NULL, byte;
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(transfer->easy, CURLINFO_SCHEME, &scheme);
  curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
  if (scheme == NULL || strcasecmp(scheme, "http") != 0 ||
      version > CURL_HTTP_VERSION_1_1)
    return;
  int socket = http_watch_socket(transfer->http->watch, transfer->easy);
  if (socket >= 0 && recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
    transfer->has_excess = true;
}

/* The first bytes are those of the final response: libcurl drops the bodies of
 * redirects and of refusals that it answers itself. */
static size_t on_body(char *bytes, size_t size, size_t count, void *userp) {
  struct http_transfer *transfer = userp;
  int answer = show_head(transfer);
  if (answer == 0 && !transfer->paused)
    answer = transfer->ops->data(transfer->owner, bytes, size * count);
  transfer->paused |= answer > 0;
  if (transfer->paused)
    return CURL_WRITEFUNC_PAUSE;
  if (answer < 0) {
    transfer->stopped = answer;
    return 0;
  }
  bool is_first = transfer->body_bytes == 0;
  transfer->body_bytes += (int64_t)(size * count);
  if (!is_first && transfer->body_bytes == transfer->parser.head.content_length)
    look_for_excess(transfer);
  return size * count;
}

static int on_debug(CURL *easy, curl_infotype type, char *text, size_t size,
                    void *userp) {
  struct http_transfer *transfer = userp;
  static const char excess[] = "Excess found";
  (void)easy;
  if (type != CURLINFO_TEXT)
    return 0;
  if (size >= sizeof(excess) && memcmp(text, excess, sizeof(excess) - 1) == 0)
    transfer->has_excess = true;
  if (transfer->http->options.trace)
    fprintf(stderr, "* %.*s", (int)size, text);
  return 0;
}

/* -- Handles ----------------------------------------------------------------- */

static void set_callbacks(struct http_transfer *transfer) {
  CURL *easy = transfer->easy;
  SET(easy, CURLOPT_PRIVATE, transfer);
  SET(easy, CURLOPT_ERRORBUFFER, transfer->error);
  SET(easy, CURLOPT_HEADERFUNCTION, on_header);
  SET(easy, CURLOPT_HEADERDATA, transfer);
  SET(easy, CURLOPT_WRITEFUNCTION, on_body);
  SET(easy, CURLOPT_WRITEDATA, transfer);
  SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  SET(easy, CURLOPT_XFERINFODATA, transfer);
  SET(easy, CURLOPT_DEBUGFUNCTION, on_debug);
  SET(easy, CURLOPT_DEBUGDATA, transfer);
  http_watch_handle(transfer->http->watch, easy);
}

static struct http_transfer *new_transfer(struct http *http) {
  struct http_transfer *transfer = http->free_list;
  if (transfer != NULL) {
    http->free_list = transfer->next_free;
    return transfer;
  }
  transfer = calloc(1, sizeof(*transfer));
  if (transfer == NULL)
    return NULL;
  transfer->http = http;
  transfer->easy = curl_easy_init();
  if (transfer->easy == NULL) {
    free(transfer);
    return NULL;
  }
  http_setup(transfer->easy, &http->options);
  set_callbacks(transfer);
  transfer->next = http->all;
  http->all = transfer;
  return transfer;
}

static void recycle(struct http_transfer *transfer) {
  curl_slist_free_all(transfer->headers);
  transfer->headers = NULL;
  transfer->in_use = false;
  transfer->next_free = transfer->http->free_list;
  transfer->http->free_list = transfer;
}

/* -- Transfers --------------------------------------------------------------- */

static int append(struct curl_slist **list, const char *line) {
  struct curl_slist *longer = curl_slist_append(*list, line);
  if (longer == NULL)
    return -ENOMEM;
  *list = longer;
  return 0;
}

static int append_all(struct curl_slist **list, const char *const *lines) {
  int error = 0;
  for (; lines != NULL && *lines != NULL && error == 0; lines++)
    error = append(list, *lines);
  return error;
}

/* A request with headers of its own has the common ones too. */
static int set_headers(struct http_transfer *transfer,
                       const struct http_request *request) {
  int error = 0;
  bool is_conditional = request->offset > 0 && request->validator != NULL;
  if (is_conditional || request->headers != NULL)
    error = append_all(&transfer->headers, transfer->http->options.headers);
  if (error == 0)
    error = append_all(&transfer->headers, request->headers);
  if (error == 0 && is_conditional) {
    char line[320];
    snprintf(line, sizeof(line), "If-Range: %s", request->validator);
    error = append(&transfer->headers, line);
  }
  SET(transfer->easy, CURLOPT_HTTPHEADER,
      transfer->headers != NULL ? transfer->headers : transfer->http->headers);
  return error;
}

int http_start(struct http *http, const struct http_request *request,
               const struct http_owner *ops, void *owner,
               struct http_transfer **ret_transfer) {
  struct http_transfer *transfer = new_transfer(http);
  if (transfer == NULL)
    return -ENOMEM;
  transfer->ops = ops;
  transfer->owner = owner;
  transfer->in_use = true;
  transfer->has_head = transfer->paused = transfer->has_excess = false;
  transfer->is_over = transfer->head_is_whole = false;
  transfer->body_bytes = 0;
  transfer->tls = TLS_UNKNOWN;
  transfer->stopped = 0;
  transfer->error[0] = '\0';
  head_begin(&transfer->parser);
  set_talking(transfer, http->options.trace);
  SET(transfer->easy, CURLOPT_NOPROGRESS, 1L);

  char range[32] = "";
  if (request->offset > 0)
    snprintf(range, sizeof(range), "%lld-", (long long)request->offset);
  SET(transfer->easy, CURLOPT_RANGE, range[0] != '\0' ? range : NULL);
  bool may_multiplex = strncasecmp(request->url, "https", 5) == 0;
  SET(transfer->easy, CURLOPT_PIPEWAIT, (long)may_multiplex);
  int error = set_headers(transfer, request);
  if (error == 0 &&
      curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url) != CURLE_OK)
    error = -ENOMEM;
  if (error == 0 &&
      curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
    error = -ENOMEM;
  if (error < 0)
    recycle(transfer);
  else
    *ret_transfer = transfer;
  return error;
}

static void push_ended(struct http_transfer *transfer) {
  transfer->next_ended = transfer->http->ended;
  transfer->http->ended = transfer;
}

void http_resume(struct http_transfer *transfer) {
  transfer->paused = false;
  if (transfer->is_over)
    push_ended(transfer);
  else
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

void http_cancel(struct http_transfer *transfer) {
  struct http_transfer **link = &transfer->http->ended;
  while (*link != NULL && *link != transfer)
    link = &(*link)->next_ended;
  if (*link != NULL)
    *link = transfer->next_ended;
  curl_multi_remove_handle(transfer->http->multi, transfer->easy);
  recycle(transfer);
}

/* -- Ends -------------------------------------------------------------------- */

static void tell_end(struct http_transfer *transfer, struct http_end *end) {
  *end = (struct http_end){.owner = transfer->owner, .kind = HTTP_OTHER};
  end->transient = true;
  if (transfer->stopped < 0) {
    end->kind = HTTP_STOPPED;
    end->error = transfer->stopped;
  } else if (transfer->code != CURLE_OK) {
    http_error_tell(transfer->easy, transfer->code, transfer->error, end);
  } else if (transfer->has_excess) {
    end->kind = HTTP_EXCESS;
    snprintf(end->text, sizeof(end->text),
             "the server sent more than it announced");
  } else {
    end->kind = HTTP_OK;
  }
}

/* A response without a body has shown its head to nobody yet. */
static void take_over(struct http_transfer *transfer, CURLcode code) {
  transfer->code = code;
  transfer->is_over = true;
  curl_multi_remove_handle(transfer->http->multi, transfer->easy);
  if (code == CURLE_OK && !transfer->head_is_whole)
    transfer->code = CURLE_GOT_NOTHING; /* libcurl takes it for a whole one */
  else if (code == CURLE_OK && transfer->tls == TLS_OPEN &&
           transfer->parser.head.status != 204 &&
           ends_with_connection(transfer)) {
    transfer->code = CURLE_PARTIAL_FILE;
    snprintf(transfer->error, sizeof(transfer->error),
             "the connection was closed, but TLS was not: it may be cut");
  } else if (code == CURLE_OK)
    show_head(transfer);
  if (!transfer->paused)
    push_ended(transfer);
}

int http_next_end(struct http *http, struct http_end *ret_end) {
  const CURLMsg *message;
  int left;
  while (http->ended == NULL &&
         (message = curl_multi_info_read(http->multi, &left)) != NULL) {
    struct http_transfer *transfer;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    take_over(transfer, message->data.result);
  }
  struct http_transfer *transfer = http->ended;
  if (transfer == NULL)
    return 0;
  http->ended = transfer->next_ended;
  tell_end(transfer, ret_end);
  recycle(transfer);
  return 1;
}

void http_handle(struct http *http, const struct belay_event *event) {
  http_watch_take(http->watch, event);
}

/* -- The engine --------------------------------------------------------------- */

static int open_multi(struct http *http, struct belay_loop *loop) {
  http->multi = curl_multi_init();
  if (http->multi == NULL)
    return -ENOMEM;
  const struct http_options *options = &http->options;
  curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
                    (long)options->max_connections);
  curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    (long)options->max_host_connections);
  return http_watch_open(loop, http->multi, http, &http->watch);
}

int http_open(struct belay_loop *loop, const struct http_options *options,
              struct http **ret_http, char **ret_error) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    *ret_error = strdup("libcurl cannot be set up");
    return -ENOMEM;
  }
  struct http *http = calloc(1, sizeof(*http));
  if (http == NULL)
    return -ENOMEM;
  http->options = *options;
  int error = append_all(&http->headers, options->headers);
  if (error == 0)
    error = open_multi(http, loop);
  if (error < 0)
    http_close(http);
  else
    *ret_http = http;
  return error;
}

void http_close(struct http *http) {
  if (http == NULL)
    return;
  while (http->all != NULL) {
    struct http_transfer *transfer = http->all;
    http->all = transfer->next;
    if (transfer->in_use)
      curl_multi_remove_handle(http->multi, transfer->easy);
    curl_slist_free_all(transfer->headers);
    curl_easy_cleanup(transfer->easy);
    free(transfer);
  }
  curl_multi_cleanup(http->multi);
  http_watch_close(http->watch);
  curl_slist_free_all(http->headers);
  free(http);
}
