/*
 * tls.c: TLS to clients, and certificates with something wrong about them.
 *
 * One authority is made when the first is needed, and lives as long as the
 * program; clients that are to trust it get its certificate in a file.
 */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY 86400L

struct tls_context {
  SSL_CTX *ssl;
  enum tls_fault fault;
};

struct tls {
  SSL *ssl;
  enum tls_fault fault;
};

static EVP_PKEY *authority_key;
static X509 *authority;

/* -- Certificates ---------------------------------------------------------- */

static int add_extension(X509 *certificate, X509 *issuer, int kind,
                         const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  int good = extension != NULL && X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return good ? 0 : -EIO;
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, long from,
                              long until) {
  static long serial = 1;
  X509 *certificate = X509_new();
  if (certificate == NULL)
    return NULL;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate),
                   (long)getpid() * 100 + serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), until);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                             MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                             0);
  return certificate;
}

static int make_authority(void) {
  if (authority != NULL)
    return 0;
  authority_key = EVP_EC_gen("P-256");
  if (authority_key == NULL)
    return -EIO;
  X509 *certificate = make_certificate(authority_key, "belay fault authority",
                                       -DAY, 3650 * DAY);
  if (certificate == NULL)
    return -ENOMEM;
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  if (add_extension(certificate, certificate, NID_basic_constraints,
                    "critical,CA:TRUE") < 0 ||
      add_extension(certificate, certificate, NID_subject_key_identifier,
                    "hash") < 0 ||
      X509_sign(certificate, authority_key, EVP_sha256()) == 0) {
    X509_free(certificate);
    return -EIO;
  }
  authority = certificate;
  return 0;
}

static X509 *make_own(EVP_PKEY *key, enum tls_fault fault) {
  bool is_wrong = fault == TLS_WRONG_HOST, is_own = fault == TLS_SELF_SIGNED;
  X509 *certificate =
      make_certificate(key, is_wrong ? "elsewhere.invalid" : "localhost",
                       -30 * DAY, fault == TLS_EXPIRED ? -DAY : 365 * DAY);
  if (certificate == NULL)
    return NULL;
  X509 *issuer = is_own ? certificate : authority;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  int error = add_extension(
      certificate, issuer, NID_subject_alt_name,
      is_wrong ? "DNS:elsewhere.invalid" : "DNS:localhost,IP:127.0.0.1,IP:::1");
  if (error == 0 &&
      X509_sign(certificate, is_own ? key : authority_key, EVP_sha256()) > 0)
    return certificate;
  X509_free(certificate);
  return NULL;
}

int tls_context_new(enum tls_fault fault, struct tls_context **ret_context) {
  int error = make_authority();
  if (error < 0)
    return error;
  struct tls_context *context = calloc(1, sizeof(*context));
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key != NULL ? make_own(key, fault) : NULL;
  SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
  bool good = context != NULL && certificate != NULL && ssl != NULL &&
              SSL_CTX_use_certificate(ssl, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(ssl, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!good) {
    SSL_CTX_free(ssl);
    free(context);
    return -EIO;
  }
  SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  /* Many clients end without close_notify; that is an end, not a reset. */
  SSL_CTX_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  context->ssl = ssl;
  context->fault = fault;
  *ret_context = context;
  return 0;
}

void tls_context_free(struct tls_context *context) {
  if (context == NULL)
    return;
  SSL_CTX_free(context->ssl);
  free(context);
}

int tls_write_authority(const char *path) {
  int error = make_authority();
  FILE *file = error == 0 ? fopen(path, "we") : NULL;
  if (file == NULL)
    return error < 0 ? error : -errno;
  bool good = PEM_write_X509(file, authority) == 1;
  return fclose(file) == 0 && good ? 0 : -EIO;
}

/* -- Connections ----------------------------------------------------------- */

int tls_new(struct tls_context *context, int fd, struct tls **ret_tls) {
  struct tls *tls = calloc(1, sizeof(*tls));
  if (tls == NULL)
    return -ENOMEM;
  tls->fault = context->fault;
  tls->ssl = SSL_new(context->ssl);
  if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1) {
    tls_free(tls);
    return -ENOMEM;
  }
  SSL_set_accept_state(tls->ssl);
  *ret_tls = tls;
  return 0;
}

void tls_free(struct tls *tls) {
  if (tls == NULL)
    return;
  SSL_free(tls->ssl);
  free(tls);
}

static ssize_t result_of(struct tls *tls, int n) {
  if (n > 0)
    return n;
  switch (SSL_get_error(tls->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      return errno != 0 ? -errno : 0;
    default:
      return -EPROTO;
  }
}

ssize_t tls_read(struct tls *tls, void *into, size_t size) {
  ERR_clear_error();
  errno = 0;
  int most = size > 1 << 30 ? 1 << 30 : (int)size;
  return result_of(tls, SSL_read(tls->ssl, into, most));
}

ssize_t tls_write(struct tls *tls, const void *data, size_t size) {
  ERR_clear_error();
  errno = 0;
  int most = size > 1 << 30 ? 1 << 30 : (int)size;
  ssize_t n = result_of(tls, SSL_write(tls->ssl, data, most));
  return n == 0 ? -EPIPE : n;
}

void tls_close(struct tls *tls) {
  if (tls->fault != TLS_CUT && SSL_is_init_finished(tls->ssl))
    SSL_shutdown(tls->ssl);
}
