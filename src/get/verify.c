/*
 * verify.c: checksums, by OpenSSL, in steps that a request to stop can end.
 * It reads by position, so whoever else uses the fd notices nothing.
 */
#include "verify.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_BYTES (256 * 1024)

static int digest_all(int fd, const atomic_bool *stop, EVP_MD_CTX *digest,
                      unsigned char *buffer) {
  for (int64_t at = 0;;) {
    if (stop != NULL && atomic_load(stop))
      return -ECANCELED;
    ssize_t n = pread(fd, buffer, STEP_BYTES, at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? -errno : 0;
    if (!EVP_DigestUpdate(digest, buffer, (size_t)n))
      return -ENOMEM;
    at += n;
  }
}

int verify_sha256(int fd, const atomic_bool *stop,
                  char ret_hex[VERIFY_HEX_BYTES]) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  unsigned char *buffer = malloc(STEP_BYTES);
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  int error = -ENOMEM;
  if (buffer == NULL || digest == NULL ||
      !EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
    goto out;
  error = digest_all(fd, stop, digest, buffer);
  if (error < 0)
    goto out;
  if (!EVP_DigestFinal_ex(digest, sum, &size))
    error = -ENOMEM;
  for (unsigned i = 0; i < size && error == 0; i++)
    snprintf(ret_hex + 2 * i, 3, "%02x", sum[i]);
out:
  EVP_MD_CTX_free(digest);
  free(buffer);
  return error;
}
