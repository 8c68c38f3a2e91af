/* verify.h: the SHA-256 of what is in a file. */
#ifndef GET_VERIFY_H
#define GET_VERIFY_H

#include <stdatomic.h>

#define VERIFY_HEX_BYTES 65

/*
 * Computes the SHA-256 of all of fd's content, from its start, as lower-case
 * hex.  The fd's position stays.  *stop, unless NULL, ends it when it becomes
 * true: -ECANCELED.  Errors of reading: -errno.  MT-Safe.
 */
int verify_sha256(int fd, const atomic_bool *stop,
                  char ret_hex[VERIFY_HEX_BYTES]);

#endif
