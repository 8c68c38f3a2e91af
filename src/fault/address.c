/* address.c: addresses are numbers, names that are looked up once at the
 * start, or paths. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_port(const char *text) {
  size_t length = strlen(text);
  if (length == 0 || length > 5 || strspn(text, "0123456789") != length)
    return -1;
  int port = atoi(text);
  return port <= 65535 ? port : -1;
}

static int parse_unix(const char *path, struct address *ret_address,
                      const char **ret_problem) {
  struct address address = {.length = sizeof(address.un)};
  address.un.sun_family = AF_UNIX;
  if (*path == '\0' || strlen(path) >= sizeof(address.un.sun_path)) {
    *ret_problem = "a Unix socket's path has 1 to 107 bytes";
    return -EINVAL;
  }
  strcpy(address.un.sun_path, path);
  *ret_address = address;
  return 0;
}

static int look_up(const char *host, struct address *ret_address,
                   const char **ret_problem) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  int error = getaddrinfo(host, NULL, &hints, &found);
  if (error != 0) {
    *ret_problem = gai_strerror(error);
    return -EINVAL;
  }
  memset(ret_address, 0, sizeof(*ret_address));
  ret_address->length = found->ai_addrlen;
  memcpy(&ret_address->any, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return 0;
}

int address_parse(const char *text, struct address *ret_address,
                  const char **ret_problem) {
  char host[256];
  if (strncmp(text, "unix:", 5) == 0)
    return parse_unix(text + 5, ret_address, ret_problem);
  const char *colon = strrchr(text, ':');
  const char *port_text = colon != NULL ? colon + 1 : text;
  size_t length = colon != NULL ? (size_t)(colon - text) : 0;
  int port = parse_port(port_text);
  if (port < 0 || length >= sizeof(host)) {
    *ret_problem =
        "an address is PORT, HOST:PORT, [IPV6]:PORT or unix:PATH, with a port "
        "up to 65535";
    return -EINVAL;
  }
  if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
    text++;
    length -= 2;
  }
  snprintf(host, sizeof(host), "%.*s", (int)length, text);
  const char *name = colon == NULL || length == 0 ? "127.0.0.1"
                     : strcmp(host, "*") == 0     ? "0.0.0.0"
                                                  : host;
  int error = look_up(name, ret_address, ret_problem);
  if (error == 0)
    address_set_port(ret_address, port);
  return error;
}

int address_port(const struct address *address) {
  return address->any.sa_family == AF_INET    ? ntohs(address->v4.sin_port)
         : address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port)
                                              : 0;
}

void address_set_port(struct address *address, int port) {
  if (address->any.sa_family == AF_INET)
    address->v4.sin_port = htons((uint16_t)port);
  else if (address->any.sa_family == AF_INET6)
    address->v6.sin6_port = htons((uint16_t)port);
}

const char *address_print(const struct address *address,
                          char text[ADDRESS_TEXT_BYTES]) {
  char host[64] = "";
  switch (address->any.sa_family) {
    case AF_INET:
      inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
      snprintf(text, ADDRESS_TEXT_BYTES, "%s:%d", host, address_port(address));
      break;
    case AF_INET6:
      inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
      snprintf(text, ADDRESS_TEXT_BYTES, "[%s]:%d", host,
               address_port(address));
      break;
    default:
      snprintf(text, ADDRESS_TEXT_BYTES, "unix:%.107s", address->un.sun_path);
      break;
  }
  return text;
}
