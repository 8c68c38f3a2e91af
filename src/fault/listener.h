/*
 * listener.h: a socket that waits for clients.
 */
#ifndef FAULT_LISTENER_H
#define FAULT_LISTENER_H

#include <stdbool.h>

#include "address.h"

struct server;

struct listener {
  struct server *server;
  int fd;     /* -1: none */
  int filler; /* our own connection, of a full backlog; -1 */
  struct address address;
};

/* Binds and listens as the server's rules say; the address is then the one
 * that was chosen.  -errno. */
int listener_open(struct listener *listener);
void listener_close(struct listener *listener);
/* A socket that is bound there, and nothing more; the address is then the one
 * that was chosen.  -errno. */
int listener_bind(struct address *address);
/* Accepts who is waiting. */
void listener_accept(struct listener *listener);

#endif
