#include "tls.h"
#include <errno.h>
int tls_context_new(enum tls_fault f, struct tls_context **r) { (void)f; (void)r; return -ENOSYS; }
void tls_context_free(struct tls_context *c) { (void)c; }
int tls_write_authority(const char *p) { (void)p; return -ENOSYS; }
int tls_new(struct tls_context *c, int fd, struct tls **r) { (void)c; (void)fd; (void)r; return -ENOSYS; }
void tls_free(struct tls *t) { (void)t; }
ssize_t tls_read(struct tls *t, void *i, size_t s) { (void)t; (void)i; (void)s; return -EIO; }
ssize_t tls_write(struct tls *t, const void *d, size_t s) { (void)t; (void)d; (void)s; return -EIO; }
void tls_close(struct tls *t) { (void)t; }
