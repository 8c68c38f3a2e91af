/*
 * ready.c: a line `NAME ADDRESS` for each socket, the API's last.  A file
 * appears whole, under its name, or not at all.
 */
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/refuse.h"
#include "cli/write.h"

static char *print_addresses(const struct engine *engine,
                             const struct address *api) {
  char *text = NULL, address[ADDRESS_TEXT_BYTES];
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (file == NULL)
    return NULL;
  for (const struct server *server = engine->servers; server != NULL;
       server = server->next)
    for (size_t i = 0; i < server->listener_count; i++)
      fprintf(file, "%s %s\n", server->name,
              address_print(&server->listeners[i].address, address));
  if (api != NULL)
    fprintf(file, "api %s\n", address_print(api, address));
  if (fclose(file) == 0)
    return text;
  free(text);
  return NULL;
}

static int write_file(const char *path, const char *text) {
  char new_path[4096];
  int length = snprintf(new_path, sizeof(new_path), "%s.new", path);
  if (length < 0 || (size_t)length >= sizeof(new_path))
    return -ENAMETOOLONG;
  int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return -errno;
  int error = write_all(fd, text, strlen(text));
  if (close(fd) < 0 && error == 0)
    error = -errno;
  if (error == 0 && rename(new_path, path) < 0)
    error = -errno;
  if (error < 0)
    unlink(new_path);
  return error;
}

/* sd_notify(3), as its page describes the protocol. */
static void notify(void) {
  static const char ready[] = "READY=1";
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || (*path != '/' && *path != '@') ||
      strlen(path) >= sizeof(address.sun_path))
    return;
  strcpy(address.sun_path, path);
  if (*path == '@')
    address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t length =
      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (fd < 0)
    return;
  sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
         (struct sockaddr *)(void *)&address, length);
  close(fd);
  unsetenv("NOTIFY_SOCKET"); /* it was for us, not for the command */
}

int ready_tell(const struct engine *engine, const struct address *api,
               const struct fault_options *options, char **ret_error) {
  char *text = print_addresses(engine, api), place[32];
  int error = text != NULL ? 0 : -ENOMEM;
  const char *what = place;
  if (error == 0 && options->ready_fd >= 0) {
    snprintf(place, sizeof(place), "--ready-fd %d", options->ready_fd);
    error = write_all(options->ready_fd, text, strlen(text));
    if (options->ready_fd > 2)
      close(options->ready_fd);
  }
  if (error == 0 && options->ready_file != NULL) {
    what = options->ready_file;
    error = write_file(options->ready_file, text);
  }
  if (error == 0)
    notify();
  else
    refuse_as(ret_error, error, "%s: %s", what, strerror(-error));
  free(text);
  return error;
}
