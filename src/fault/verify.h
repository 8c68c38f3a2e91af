/*
 * verify.h: whether what was promised is what happened.
 */
#ifndef FAULT_VERIFY_H
#define FAULT_VERIFY_H

#include <stdbool.h>

struct connection;
struct log;
struct verify;

/* NULL out of memory. */
struct verify *verify_new(void);
void verify_free(struct verify *verify);
/* A connection that is about to be closed. */
void verify_connection(struct verify *verify,
                       const struct connection *connection);
/* Says so; false if something was otherwise. */
bool verify_report(struct verify *verify, struct log *log);

#endif
