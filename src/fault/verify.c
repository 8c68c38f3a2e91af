#include "verify.h"
#include <stdlib.h>
struct verify *verify_new(void) { return NULL; }
void verify_free(struct verify *v) { free(v); }
void verify_connection(struct verify *v, const struct connection *c) { (void)v; (void)c; }
bool verify_report(struct verify *v, struct log *l) { (void)v; (void)l; return true; }
