/*
 * address.h: where to listen, or to connect to.
 */
#ifndef FAULT_ADDRESS_H
#define FAULT_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESS_TEXT_BYTES 160

struct address {
  socklen_t length;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
  };
};

/*
 * "8080" (loopback), "127.0.0.1:8080", "[::1]:8080", "name:8080", "*:8080",
 * "unix:/path".  The first address that a name has.  0, or -EINVAL with
 * *ret_problem a constant text.
 */
int address_parse(const char *text, struct address *ret_address,
                  const char **ret_problem);
/* The port; 0 of a Unix socket. */
int address_port(const struct address *address);
void address_set_port(struct address *address, int port);
const char *address_print(const struct address *address,
                          char text[ADDRESS_TEXT_BYTES]);

#endif
