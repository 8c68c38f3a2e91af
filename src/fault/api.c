/*
 * api.c: the API's sockets, which are not the engine's, since what is asked for
 * here changes servers.
 *
 * A client is either read from, or written to, or it is over and what it still
 * sends is read so that it gets our last answer.  It may keep us waiting for so
 * long, send so much, and be one of so many; then the one that has been silent
 * longest goes.
 */
#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_route.h"
#include "cli/refuse.h"
#include "response.h"

#define CLIENTS_AT_MOST 64
#define BACKLOG 128
#define READ_BYTES 16384
#define SECOND_NS INT64_C(1000000000)
#define IDLE_NS (60 * SECOND_NS)
#define SILENT_NS (15 * SECOND_NS) /* in the middle of something */
#define DRAIN_NS (2 * SECOND_NS)

struct client {
  struct belay_source *source; /* NULL: nobody */
  int fd;
  char *input;
  size_t used, room;
  char *output;
  size_t size, sent;
  int64_t due_ns; /* when our patience ends */
  bool is_last;   /* nothing follows what is written */
  bool is_over;   /* it was written */
  bool is_asked;  /* for the body that it announced */
};

struct api {
  struct belay_loop *loop;
  struct control *control;
  struct address address;
  int fd, spare_fd;
  struct belay_source *listener, *timer;
  struct client clients[CLIENTS_AT_MOST];
  size_t count;
};

/* -- Clients come and go --------------------------------------------------- */

static void end(struct api *api, struct client *client) {
  belay_source_remove(client->source);
  close(client->fd);
  if (api->spare_fd < 0)
    api->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  free(client->input);
  free(client->output);
  *client = (struct client){0};
  if (--api->count == 0)
    belay_source_set_timer(api->timer, -1, 0);
}

static void wait_for(struct api *api, struct client *client, unsigned interest,
                     int64_t patience_ns) {
  client->due_ns = belay_loop_now(api->loop) + patience_ns;
  belay_source_set_interest(client->source, interest);
}

/* Of those that there are. */
static struct client *oldest(struct api *api) {
  struct client *oldest = NULL;
  for (size_t i = 0; i < CLIENTS_AT_MOST; i++) {
    struct client *client = &api->clients[i];
    if (client->source != NULL &&
        (oldest == NULL || client->due_ns < oldest->due_ns))
      oldest = client;
  }
  return oldest;
}

/* A place for one more. */
static struct client *place(struct api *api) {
  if (api->count == CLIENTS_AT_MOST)
    end(api, oldest(api));
  for (size_t i = 0;; i++)
    if (api->clients[i].source == NULL)
      return &api->clients[i];
}

/* When the servers' clients have all fds, one of ours still gets the spare one:
 * whoever controls us is not kept out. */
static int accept_client(struct api *api) {
  int fd = accept4(api->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
    return fd;
  if (api->spare_fd < 0 && api->count > 0)
    end(api, oldest(api));
  if (api->spare_fd >= 0)
    close(api->spare_fd);
  api->spare_fd = -1;
  return accept4(api->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void take_client(struct api *api) {
  int fd = accept_client(api);
  if (fd < 0)
    return;
  struct client *client = place(api);
  client->fd = fd;
  if (belay_loop_add_fd(api->loop, fd, BELAY_FD_READ, api, &client->source) <
      0) {
    close(fd);
    *client = (struct client){0};
    return;
  }
  client->due_ns = belay_loop_now(api->loop) + SILENT_NS;
  if (api->count++ == 0)
    belay_source_set_timer(api->timer, SECOND_NS, SECOND_NS);
}

static void end_late_ones(struct api *api) {
  int64_t now = belay_loop_now(api->loop);
  for (size_t i = 0; i < CLIENTS_AT_MOST; i++)
    if (api->clients[i].source != NULL && api->clients[i].due_ns <= now)
      end(api, &api->clients[i]);
}

/* -- Answering ------------------------------------------------------------- */

/* Head and body in one piece; false: out of memory. */
static bool compose(struct client *client, const struct api_reply *reply,
                    const char *body, size_t size, bool is_head) {
  FILE *file = open_memstream(&client->output, &client->size);
  if (file == NULL)
    return false;
  fprintf(file, "HTTP/1.1 %d %s\r\n", reply->status,
          response_reason(reply->status));
  if (reply->status != 204)
    fprintf(file, "Content-Type: %s\r\nContent-Length: %zu\r\n", reply->type,
            size);
  fprintf(file, "%s\r\n", client->is_last ? "Connection: close\r\n" : "");
  if (!is_head && reply->status != 204)
    fwrite(body, 1, size, file);
  return fclose(file) == 0;
}

static bool answer(struct api *api, struct client *client,
                   const struct api_message *message) {
  struct api_reply reply = {.type = "application/json"};
  char *body = NULL;
  size_t size = 0;
  reply.file = open_memstream(&body, &size);
  if (reply.file == NULL)
    return false;
  client->is_last =
      message->request.problem != 0 || !message->request.keep_alive;
  if (message->request.problem != 0)
    api_refuse(&reply, message->request.problem, "bad request");
  else
    api_route(api->control, message, &reply);
  bool good = fclose(reply.file) == 0 &&
              compose(client, &reply, body, size, message->request.is_head);
  free(body);
  /* What connections were made to do is said, and who ended is buried. */
  engine_handle(api->control->engine);
  return good;
}

/* Everything that can go now.  False: the client is no more. */
static bool write_out(struct api *api, struct client *client) {
  while (client->sent < client->size) {
    ssize_t n = send(client->fd, client->output + client->sent,
                     client->size - client->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      wait_for(api, client, BELAY_FD_WRITE, SILENT_NS);
      return true;
    }
    if (n < 0) {
      end(api, client);
      return false;
    }
    client->sent += (size_t)n;
  }
  free(client->output);
  client->output = NULL;
  client->size = client->sent = 0;
  if (client->is_last && !client->is_over) {
    client->is_over = true;
    shutdown(client->fd, SHUT_WR);
    wait_for(api, client, BELAY_FD_READ, DRAIN_NS);
  } else if (!client->is_over) {
    wait_for(api, client, BELAY_FD_READ,
             client->used > 0 ? SILENT_NS : IDLE_NS);
  }
  return true;
}

static void ask_for_body(struct client *client) {
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
  if (!client->is_asked)
    send(client->fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  client->is_asked = true;
}

/* One request after the other, as long as the answers go out. */
static void take_requests(struct api *api, struct client *client) {
  while (client->used > 0 && client->output == NULL && !client->is_over) {
    struct api_message message = {0};
    int result = api_message_parse(client->input, client->used, &message);
    if (result == 0 && message.wants_continue)
      ask_for_body(client);
    if (result == 0)
      return;
    bool good = result > 0 && answer(api, client, &message);
    size_t size = message.size < client->used ? message.size : client->used;
    api_message_clear(&message);
    if (!good) {
      end(api, client);
      return;
    }
    client->is_asked = false;
    client->used -= size;
    memmove(client->input, client->input + size, client->used);
    if (!write_out(api, client))
      return;
  }
}

/* -- Reading --------------------------------------------------------------- */

static bool make_room(struct client *client) {
  if (client->room - client->used >= READ_BYTES)
    return true;
  size_t room = client->room == 0 ? READ_BYTES : client->room * 2;
  char *input =
      room <= 2 * API_MESSAGE_AT_MOST ? realloc(client->input, room) : NULL;
  if (input == NULL)
    return false;
  client->input = input;
  client->room = room;
  return true;
}

static void read_in(struct api *api, struct client *client) {
  char ignored[READ_BYTES];
  if (client->output != NULL)
    return;
  if (!client->is_over && !make_room(client)) {
    end(api, client);
    return;
  }
  ssize_t n = client->is_over ? recv(client->fd, ignored, sizeof(ignored), 0)
                              : recv(client->fd, client->input + client->used,
                                     client->room - client->used, 0);
  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0) {
    end(api, client);
  } else if (!client->is_over) {
    if (client->used == 0)
      client->due_ns = belay_loop_now(api->loop) + SILENT_NS;
    client->used += (size_t)n;
    take_requests(api, client);
  }
}

static struct client *client_of(struct api *api,
                                const struct belay_source *source) {
  for (size_t i = 0; i < CLIENTS_AT_MOST; i++)
    if (api->clients[i].source == source)
      return &api->clients[i];
  return NULL;
}

void api_handle(struct api *api, const struct belay_event *event) {
  struct client *client;
  if (event->type == BELAY_EVENT_TIMER) {
    end_late_ones(api);
  } else if (event->source == api->listener) {
    take_client(api);
  } else if ((client = client_of(api, event->source)) != NULL) {
    if (client->output != NULL && write_out(api, client))
      take_requests(api, client);
    else if (client->source == event->source)
      read_in(api, client);
  }
}

/* -- Life ------------------------------------------------------------------ */

static int listen_there(struct api *api) {
  if (api->control->engine->listens_nowhere)
    return 0;
  api->fd = listener_bind(&api->address);
  if (api->fd < 0)
    return api->fd;
  api->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (api->spare_fd < 0 || listen(api->fd, BACKLOG) < 0)
    return -errno;
  int error =
      belay_loop_add_fd(api->loop, api->fd, BELAY_FD_READ, api, &api->listener);
  return error < 0 ? error
                   : belay_loop_add_timer(api->loop, -1, 0, api, &api->timer);
}

int api_open(struct belay_loop *loop, struct control *control,
             const char *address, struct api **ret_api, char **ret_error) {
  const char *problem = NULL;
  char text[ADDRESS_TEXT_BYTES];
  struct api *api = calloc(1, sizeof(*api));
  if (api == NULL)
    return -ENOMEM;
  *api =
      (struct api){.loop = loop, .control = control, .fd = -1, .spare_fd = -1};
  int error = address_parse(address, &api->address, &problem);
  if (error == 0 && (error = listen_there(api)) < 0) {
    address_print(&api->address, text);
    address = text;
    problem = strerror(-error);
  }
  if (error < 0) {
    api_close(api);
    return refuse_as(ret_error, error, "--api %s: %s", address, problem);
  }
  *ret_api = api;
  return 0;
}

void api_close(struct api *api) {
  if (api == NULL)
    return;
  for (size_t i = 0; i < CLIENTS_AT_MOST; i++)
    if (api->clients[i].source != NULL)
      end(api, &api->clients[i]);
  belay_source_remove(api->listener);
  belay_source_remove(api->timer);
  if (api->spare_fd >= 0)
    close(api->spare_fd);
  if (api->fd >= 0) {
    close(api->fd);
    if (api->address.any.sa_family == AF_UNIX)
      unlink(api->address.un.sun_path);
  }
  free(api);
}

const struct address *api_address(const struct api *api) {
  return &api->address;
}
