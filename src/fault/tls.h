/*
 * tls.h: TLS to the client, and what may be wrong with it.  The only file that
 * knows OpenSSL is tls.c.
 */
#ifndef FAULT_TLS_H
#define FAULT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;
struct tls_context;

/* In the order of the words of the form `tls`. */
enum tls_fault {
  TLS_RIGHT,
  TLS_EXPIRED,
  TLS_WRONG_HOST,
  TLS_SELF_SIGNED,
  TLS_STALL, /* silence after the client's hello */
  TLS_CUT,   /* no close_notify */
};

/*
 * A certificate for localhost, 127.0.0.1 and ::1, made now, with a fault, by an
 * authority that is made with the first of them.  0, -ENOMEM, -EIO.
 */
int tls_context_new(enum tls_fault fault, struct tls_context **ret_context);
void tls_context_free(struct tls_context *context);
/* Writes the authority's certificate, for clients to trust; -errno. */
int tls_write_authority(const char *path);

/* To the client of a socket, which stays the caller's; -ENOMEM. */
int tls_new(struct tls_context *context, int fd, struct tls **ret_tls);
void tls_free(struct tls *tls);
/* As read() and write(), with -EAGAIN; the handshake is made on the way. */
ssize_t tls_read(struct tls *tls, void *into, size_t size);
ssize_t tls_write(struct tls *tls, const void *data, size_t size);
/* Says close_notify, unless it is to be cut. */
void tls_close(struct tls *tls);

#endif
