/* get_http.c: what servers do, and what is made of it. */
#include "get_http_server.h"

static const char wanted[] = "all that was asked for";
#define WANTED_BYTES ((int64_t)sizeof wanted - 1)

static void serve_wanted(struct peer *peer) {
  while (hear(peer)) {
    say_head(peer, "200 OK", WANTED_BYTES);
    say(peer, wanted);
  }
}

static void check_wanted(const struct asked *asked) {
  CHECK_STR(asked->end.text, "");
  CHECK_EQ(asked->end.kind, HTTP_OK);
  CHECK_EQ(asked->heads, 1);
  CHECK(!asked->head_after_data);
  CHECK_EQ(asked->head.status, 200);
  CHECK_STR(asked->body, wanted);
  CHECK_EQ(asked->bytes, WANTED_BYTES);
}

/* It ended like this, and says so in a line. */
static void check_end(const struct asked *asked, enum http_end_kind kind,
                      bool transient) {
  CHECK_EQ(asked->end.kind, kind);
  CHECK_EQ(asked->end.transient, transient);
  CHECK(asked->end.text[0] != '\0');
  CHECK(strpbrk(asked->end.text, "\r\n") == NULL);
}

/* -- Whole responses ------------------------------------------------------- */

TEST(a_response_is_its_head_and_then_its_body) {
  struct asked asked = {.is_over = false};
  fetch(serve_wanted, "/", &asked);
  check_wanted(&asked);
  CHECK_EQ(asked.head.content_length, WANTED_BYTES);
}

static void serve_chunks(struct peer *peer) {
  hear(peer);
  say(peer,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nall\r\n13;note=x\r\n that was asked for\r\n"
      "0\r\nTrailer: x\r\n\r\n");
  hear(peer);
}

TEST(chunks_are_joined) {
  struct asked asked = {.is_over = false};
  fetch(serve_chunks, "/", &asked);
  check_wanted(&asked);
  CHECK_EQ(asked.head.content_length, -1);
}

static void serve_until_close(struct peer *peer) {
  hear(peer);
  say(peer, "HTTP/1.0 200 OK\r\n\r\n");
  say(peer, wanted);
}

TEST(without_a_length_the_close_is_the_end) {
  struct asked asked = {.is_over = false};
  fetch(serve_until_close, "/", &asked);
  check_wanted(&asked);
  CHECK_EQ(asked.head.content_length, -1);
}

static void serve_no_body(struct peer *peer) {
  hear(peer);
  say(peer, asks_for(peer, "/204") ? "HTTP/1.1 204 No Content\r\n\r\n"
            : asks_for(peer, "/304")
                ? "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  hear(peer);
}

TEST(the_head_is_told_without_a_body_too) {
  static const struct {
    const char *path;
    int status;
  } cases[] = {{"/204", 204}, {"/304", 304}, {"/200", 200}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct asked asked = {.is_over = false};
    fetch(serve_no_body, cases[i].path, &asked);
    CHECK_EQ(asked.end.kind, HTTP_OK);
    CHECK_EQ(asked.heads, 1);
    CHECK_EQ(asked.head.status, cases[i].status);
    CHECK_EQ(asked.bytes, 0);
  }
}

static void serve_after_news(struct peer *peer) {
  hear(peer);
  say(peer,
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nETag: \"hint\"\r\n\r\n");
  say(peer, "HTTP/1.1 200 OK\r\nETag: \"real\"\r\nContent-Length: 22\r\n\r\n");
  say(peer, wanted);
  hear(peer);
}

TEST(informational_responses_are_not_the_head) {
  struct asked asked = {.is_over = false};
  fetch(serve_after_news, "/", &asked);
  check_wanted(&asked);
  CHECK_STR(asked.head.validator, "\"real\"");
}

static void serve_bytewise(struct peer *peer) {
  char text[256];
  hear(peer);
  int size = snprintf(text, sizeof text,
                      "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nX-Long:\r\n folded\r\n"
                      "Content-Length: %lld\r\n\r\n%s",
                      (long long)WANTED_BYTES, wanted);
  for (int i = 0; i < size; i++)
    say_bytes(peer, text + i, 1);
  hear(peer);
}

TEST(a_head_may_come_byte_by_byte) {
  struct asked asked = {.is_over = false};
  fetch(serve_bytewise, "/", &asked);
  check_wanted(&asked);
  CHECK_STR(asked.head.validator, "\"x\"");
}

static void serve_status(struct peer *peer) {
  while (hear(peer)) {
    say_head(peer, asks_for(peer, "/401") ? "401 Unauthorized" : "404 None", 3);
    say(peer, "bad");
  }
}

TEST(what_an_error_status_means_is_the_owners_to_say) {
  struct asked asked = {.is_over = false};
  fetch(serve_status, "/404", &asked);
  CHECK_EQ(asked.end.kind, HTTP_OK);
  CHECK_EQ(asked.head.status, 404);
  CHECK_STR(asked.body, "bad");
  struct asked refused = {.head_answer = -EACCES};
  fetch(serve_status, "/401", &refused);
  CHECK_EQ(refused.end.kind, HTTP_STOPPED);
  CHECK_EQ(refused.end.error, -EACCES);
  CHECK_EQ(refused.head.status, 401);
  CHECK_EQ(refused.bytes, 0);
}

/* -- Requests -------------------------------------------------------------- */

static void serve_range(struct peer *peer) {
  hear(peer);
  bool is_right = asks_with(peer, "\r\nRange: bytes=10-\r\n") &&
                  asks_with(peer, "\r\nIf-Range: \"v1\"\r\n") &&
                  asks_with(peer, "\r\nX-Common: 1\r\n") &&
                  asks_with(peer, "\r\nX-Own: 2\r\n") &&
                  asks_with(peer, "\r\nUser-Agent: test\r\n") &&
                  !asks_with(peer, "Accept-Encoding");
  say(peer, is_right ? "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\n"
                       "Content-Range: bytes 10-15/16\r\n"
                       "Content-Length: 6\r\n\r\n123456"
                     : "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  hear(peer);
  bool is_plain = !asks_with(peer, "Range:") && !asks_with(peer, "X-Own") &&
                  asks_with(peer, "\r\nX-Common: 1\r\n");
  say_head(peer, is_plain ? "200 OK" : "400 Bad Request", 0);
  hear(peer);
}

/* The second request is made with the handle of the first. */
TEST(ranges_and_headers_are_asked_for_once_only) {
  const char *common[] = {"X-Common: 1", NULL}, *own[] = {"X-Own: 2", NULL};
  struct server *server = server_start(serve_range);
  struct http_options options = default_options();
  options.headers = common;
  struct client client;
  client_open_with(&client, &options);
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", server->port);
  struct asked part = {.is_over = false}, all = {.is_over = false};
  ask(&client, &part,
      &(struct http_request){
          .url = url, .offset = 10, .validator = "\"v1\"", .headers = own});
  finish(&client, &part);
  CHECK_EQ(part.head.status, 206);
  CHECK(part.head.has_range);
  CHECK_EQ(part.head.range_start, 10);
  CHECK_EQ(part.head.range_total, 16);
  CHECK_STR(part.body, "123456");
  ask_url(&client, &all, url);
  finish(&client, &all);
  CHECK_EQ(all.head.status, 200);
  client_close(&client);
  server_stop(server);
}

TEST(connections_are_kept_and_used_again) {
  struct server *server = server_start(serve_wanted);
  struct client client;
  client_open(&client);
  for (int i = 0; i < 20; i++) {
    struct asked asked = {.is_over = false};
    ask_path(&client, &asked, server, "/");
    finish(&client, &asked);
    check_wanted(&asked);
  }
  CHECK_EQ(server->connections, 1);
  CHECK_EQ(server->requests, 20);
  client_close(&client);
  server_stop(server);
}

static void serve_once(struct peer *peer) {
  hear(peer);
  say_head(peer, "200 OK", WANTED_BYTES);
  say(peer, wanted);
}

TEST(a_kept_connection_that_was_closed_is_not_used) {
  struct server *server = server_start(serve_once);
  struct client client;
  client_open(&client);
  for (int i = 0; i < 5; i++) {
    struct asked asked = {.is_over = false};
    ask_path(&client, &asked, server, "/");
    finish(&client, &asked);
    check_wanted(&asked);
    CHECK(go_on(&client, 9 * SECOND)); /* it hears of the close */
  }
  CHECK(!go_on(&client, 0));
  CHECK_EQ(server->connections, 5);
  client_close(&client);
  server_stop(server);
}

TEST_SLOW(a_thousand_transfers_share_a_few_connections, 60) {
  struct server *server = server_start(serve_wanted);
  struct http_options options = default_options();
  options.max_host_connections = 8;
  struct client client;
  client_open_with(&client, &options);
  int count = test_scale(1000);
  struct asked *all = calloc((size_t)count, sizeof *all);
  for (int i = 0; i < count; i++)
    ask_path(&client, &all[i], server, "/");
  for (int i = 0; i < count; i++) {
    finish(&client, &all[i]);
    check_wanted(&all[i]);
  }
  CHECK(server->connections <= 8);
  CHECK_EQ(server->requests, count);
  free(all);
  client_close(&client);
  server_stop(server);
}

/* -- Broken responses ------------------------------------------------------ */

static void serve_cut_short(struct peer *peer) {
  hear(peer);
  if (asks_for(peer, "/length"))
    say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nall");
  else if (asks_for(peer, "/range"))
    say(peer,
        "HTTP/1.1 206 OK\r\nContent-Range: bytes 0-29/30\r\n"
        "Content-Length: 30\r\n\r\nall");
  else if (asks_for(peer, "/none"))
    say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n");
  else if (asks_for(peer, "/chunk"))
    say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nall");
  else if (asks_for(peer, "/chunks"))
    say(peer,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nall\r\n");
  else if (asks_for(peer, "/last-chunk"))
    say(peer,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nall\r\n0");
}

TEST(a_body_cut_short_is_truncated) {
  static const char *const paths[] = {"/length", "/range",  "/none",
                                      "/chunk",  "/chunks", "/last-chunk"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct asked asked = {.is_over = false};
    fetch(serve_cut_short, paths[i], &asked);
    check_end(&asked, HTTP_TRUNCATED, true);
    /* The head is told with the first bytes, or the end. */
    bool has_bytes = strcmp(paths[i], "/none") != 0;
    CHECK_EQ(asked.heads, has_bytes);
    CHECK_STR(asked.body, has_bytes ? "all" : "");
  }
}

static const char *const heads_cut_short[] = {
    "H",
    "HTTP/1.1",
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nX: y\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /0\r\n",
};

static void serve_head_cut_short(struct peer *peer) {
  hear(peer);
  say(peer, heads_cut_short[atoi(peer->request + strlen("GET /"))]);
}

/* An empty file would come of it, if it were taken for the whole. */
TEST(a_head_cut_short_is_no_response) {
  for (size_t i = 0; i < sizeof heads_cut_short / sizeof *heads_cut_short;
       i++) {
    struct asked asked = {.is_over = false};
    char path[16];
    snprintf(path, sizeof path, "/%zu", i);
    fetch(serve_head_cut_short, path, &asked);
    CHECK_EQ(asked.heads, 0);
    check_end(&asked, HTTP_RESET, true);
  }
}

static void serve_broken(struct peer *peer) {
  hear(peer);
  if (asks_for(peer, "/reset"))
    reset(peer);
  if (asks_for(peer, "/reset-body")) {
    say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nall");
    reset(peer);
  }
}

TEST(a_connection_that_breaks_is_told) {
  struct asked closed = {.is_over = false}, broken = {.is_over = false};
  struct asked cut = {.is_over = false};
  fetch(serve_broken, "/close", &closed);
  check_end(&closed, HTTP_RESET, true);
  fetch(serve_broken, "/reset", &broken);
  check_end(&broken, HTTP_RESET, true);
  fetch(serve_broken, "/reset-body", &cut);
  check_end(&cut, HTTP_RESET, true);
  CHECK_STR(cut.body, "all");
}

static const char *const garbage[] = {
    "no HTTP at all, but a text\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\x16\x03\x01\x02\x03\x04\x05\x06\x07\x08",
    "<html>HTTP/0.9 was like this</html>",
    "HTTP/7.3 200 OK\r\n\r\nbody",
    "HTTP/1.1 2x0 OK\r\n\r\nbody",
    "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody",
    "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nbody",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nbody\r\n",
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "ffffffffffffffffff\r\nbody\r\n"),
};

static void serve_garbage(struct peer *peer) {
  hear(peer);
  say(peer, garbage[atoi(peer->request + strlen("GET /"))]);
}

TEST(garbage_is_no_file) {
  for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
    struct asked asked = {.is_over = false};
    char path[16];
    snprintf(path, sizeof path, "/%zu", i);
    fetch(serve_garbage, path, &asked);
    fprintf(stderr, "%zu: %d %s\n", i, asked.end.kind, asked.end.text);
    check_end(&asked, HTTP_RESET, true);
    CHECK_EQ(asked.bytes, 0);
  }
}

/* -- More than was announced ----------------------------------------------- */

#define LARGE_BYTES (300 * 1024)

static void serve_too_much(struct peer *peer) {
  static char large[LARGE_BYTES + 10];
  hear(peer);
  if (asks_for(peer, "/small")) {
    say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall and more");
  } else if (asks_for(peer, "/none")) {
    say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore");
  } else if (asks_for(peer, "/range")) {
    say(peer,
        "HTTP/1.1 206 OK\r\nContent-Range: bytes 0-2/3\r\n"
        "Content-Length: 3\r\n\r\nall and more");
  } else {
    bool closes = asks_for(peer, "/large-close");
    say(peer, closes ? "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                     : "HTTP/1.1 200 OK\r\n");
    say(peer, "Content-Length: 307200\r\n\r\n");
    say_bytes(peer, large, sizeof large);
  }
  wait_until_left(peer);
}

TEST(more_than_was_announced_is_told) {
  static const char *const paths[] = {"/small", "/none", "/range", "/large",
                                      "/large-close"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct asked asked = {.is_over = false};
    fetch(serve_too_much, paths[i], &asked);
    fprintf(stderr, "%s: %d %s\n", paths[i], asked.end.kind, asked.end.text);
    check_end(&asked, HTTP_EXCESS, true);
    CHECK_EQ(asked.bytes, asked.head.content_length);
  }
}

static void serve_large(struct peer *peer) {
  static char large[LARGE_BYTES];
  while (hear(peer)) {
    say_head(peer, "200 OK", LARGE_BYTES);
    say_bytes(peer, large, sizeof large);
  }
}

/* The next response, on the same connection, is not too much of this one. */
TEST(responses_one_after_another_are_not_too_much) {
  struct server *server = server_start(serve_large);
  struct http_options options = default_options();
  options.max_host_connections = 1;
  struct client client;
  client_open_with(&client, &options);
  struct asked all[20] = {{.is_over = false}};
  for (size_t i = 0; i < 20; i++)
    ask_path(&client, &all[i], server, "/");
  for (size_t i = 0; i < 20; i++) {
    finish(&client, &all[i]);
    CHECK_EQ(all[i].end.kind, HTTP_OK);
    CHECK_EQ(all[i].bytes, LARGE_BYTES);
  }
  CHECK_EQ(server->connections, 1);
  client_close(&client);
  server_stop(server);
}

/* -- Redirects ------------------------------------------------------------- */

/* /N leads to /N-1, and so on; / is there. */
static void serve_redirects(struct peer *peer) {
  while (hear(peer)) {
    char head[256], to[64];
    int left = atoi(peer->request + strlen("GET /"));
    snprintf(to, sizeof to, "/%d", left - 1);
    if (asks_for(peer, "/loop"))
      strcpy(to, "/loop");
    else if (asks_for(peer, "/file"))
      strcpy(to, "file:///etc/passwd");
    else if (asks_for(peer, "/ftp"))
      strcpy(to, "ftp://127.0.0.1/x");
    else if (left == 0) {
      say_head(peer, "200 OK", WANTED_BYTES);
      say(peer, wanted);
      continue;
    }
    snprintf(head, sizeof head,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nETag: \"not this\"\r\n"
             "Content-Length: 4\r\n\r\nmove",
             to);
    say(peer, head);
  }
}

TEST(redirects_are_followed_so_far) {
  struct asked asked = {.is_over = false};
  fetch(serve_redirects, "/5", &asked);
  check_wanted(&asked);
  CHECK_STR(asked.head.validator, "");
  static const char *const paths[] = {"/6", "/loop", "/file", "/ftp"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct asked refused = {.is_over = false};
    fetch(serve_redirects, paths[i], &refused);
    check_end(&refused, HTTP_URL, false);
    CHECK_EQ(refused.heads, 0);
    CHECK_EQ(refused.bytes, 0);
  }
}

static int other_port;

static void serve_away(struct peer *peer) {
  char head[256];
  hear(peer);
  snprintf(head, sizeof head,
           "HTTP/1.1 302 %s\r\nLocation: http://127.0.0.1:%d/\r\n"
           "Content-Length: 0\r\n\r\n",
           asks_with(peer, "Authorization: Basic dTpw\r\n") ? "Known" : "Who",
           other_port);
  if (!asks_with(peer, "Authorization: Basic dTpw\r\n"))
    say(peer, "HTTP/1.1 500 No Password\r\nContent-Length: 0\r\n\r\n");
  say(peer, head);
  hear(peer);
}

static void serve_stranger(struct peer *peer) {
  hear(peer);
  say_head(peer, asks_with(peer, "Authorization") ? "500 Leak" : "200 OK", 0);
  hear(peer);
}

TEST(passwords_are_not_taken_to_another_server) {
  struct server *stranger = server_start(serve_stranger);
  other_port = stranger->port;
  struct server *server = server_start(serve_away);
  struct http_options options = default_options();
  options.user_password = "u:p";
  struct client client;
  client_open_with(&client, &options);
  struct asked asked = {.is_over = false};
  ask_path(&client, &asked, server, "/");
  finish(&client, &asked);
  CHECK_EQ(asked.end.kind, HTTP_OK);
  CHECK_EQ(asked.heads, 1);
  CHECK_EQ(asked.head.status, 200);
  client_close(&client);
  server_stop(server);
  server_stop(stranger);
}

/* -- Without a server ------------------------------------------------------ */

static void fail_to_fetch(const char *url, struct asked *asked) {
  struct client client;
  client_open(&client);
  ask_url(&client, asked, url);
  finish(&client, asked);
  CHECK_EQ(asked->heads, 0);
  client_close(&client);
}

TEST(a_refused_connection_is_told) {
  int port;
  close(listen_somewhere(&port));
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  struct asked asked = {.is_over = false};
  fail_to_fetch(url, &asked);
  check_end(&asked, HTTP_CONNECT, true);
  CHECK(strstr(asked.end.text, "refused") != NULL);
}

TEST_SLOW(an_unknown_host_is_told, 40) {
  struct asked asked = {.is_over = false};
  test_leaves(TEST_LEAVES_THREADS); /* the resolver's, as it ends */
  fail_to_fetch("http://nobody.invalid/", &asked);
  check_end(&asked, HTTP_CONNECT, false);
  CHECK(strstr(asked.end.text, "nobody.invalid") != NULL);
}

TEST(a_url_that_cannot_be_asked_for_is_told) {
  static const char *const urls[] = {"ftp://127.0.0.1/",
                                     "file:///etc/passwd",
                                     "http://127.0.0.1:99999/",
                                     "http://[::1/",
                                     "http://",
                                     "gopher://x/"};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    struct asked asked = {.is_over = false};
    fail_to_fetch(urls[i], &asked);
    check_end(&asked, HTTP_URL, false);
  }
}
