/*
 * api_print.h: what the API says of servers.
 */
#ifndef FAULT_API_PRINT_H
#define FAULT_API_PRINT_H

#include <stdio.h>

#include "control.h"

/* Where it listens, in the first place; or would. */
const char *api_listen(const struct control *control,
                       const struct plan_server *server,
                       char text[ADDRESS_TEXT_BYTES]);

/* Objects, as toxiproxy has them. */
void api_print_toxic(FILE *file, const struct toxic *toxic);
void api_print_toxics(FILE *file, const struct plan_server *server);
void api_print_proxy(FILE *file, const struct control *control,
                     const struct plan_server *server);

/* Everything that is counted: as JSON, and for Prometheus. */
void api_print_servers(FILE *file, const struct control *control);
void api_print_metrics(FILE *file, const struct control *control);

#endif
