/*
 * private_net.h: a network of our own, in which an ordinary user may lose
 * packets.
 */
#ifndef FAULT_PRIVATE_NET_H
#define FAULT_PRIVATE_NET_H

/* A user and a network namespace, with the loopback up; before anything else
 * is opened.  -errno. */
int private_net_enter(void);

#endif
