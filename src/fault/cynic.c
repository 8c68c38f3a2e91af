/*
 * cynic.c: the services and ports of Cynic (Ruslan Spivak, 2012), as faults.
 *
 * Its service without a body announced a body of no bytes, and so was right;
 * here the body that is missing was announced.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"

#define HTML                                                           \
  "<!DOCTYPE html>\\n<html><head><title>belay fault</title></head>\\n" \
  "<body><h1>Hello, World!</h1></body></html>\\n"
#define JSON "{\\\"message\\\": \\\"Hello, World!\\\"}\\n"
#define HEAD "HTTP/1.0 200 OK\\r\\nContent-Length: "
#define TYPE "\\r\\nContent-Type: "
#define END "\\r\\n\\r\\n"

static const struct {
  const char *name, *port, *fault;
} services[] = {
    {"html", "2000",
     "read-head; send:\"" HEAD "105" TYPE "text/html" END HTML "\"; fin"},
    {"json", "2001",
     "read-head; send:\"" HEAD "29" TYPE "application/json" END JSON "\"; fin"},
    {"no-body", "2002",
     "read-head; send:\"" HEAD "105" TYPE "text/html" END "\"; fin"},
    {"slow", "2003",
     "read-head; send:\"" HEAD "29" TYPE "application/json" END
     "\"; drip:%DRIP%; send:\"" JSON "\"; fin"},
    {"rst", "2020", "rst"},
    {"random", "2021", "garbage:7; fin"},
    {"silence", "2022", "hold"},
};

/* With the drip's time in its place. */
static int add_fault(struct plan_server *server, const char *fault,
                     int64_t drip_ns, char **ret_error) {
  char text[1024];
  const char *mark = strstr(fault, "%DRIP%");
  if (mark == NULL)
    return plan_add_fault(server, fault, ret_error);
  snprintf(text, sizeof(text), "%.*s%" PRId64 "us%s", (int)(mark - fault),
           fault, drip_ns / 1000, mark + 6);
  return plan_add_fault(server, text, ret_error);
}

int plan_add_cynic(struct plan *plan, int64_t drip_ns, char **ret_error) {
  int error = 0;
  for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
    struct plan_server *server = plan_add(plan, services[i].name);
    if (server == NULL)
      return -ENOMEM;
    error = plan_add_listen(server, services[i].port, ret_error);
    if (error == 0)
      error = add_fault(server, services[i].fault, drip_ns, ret_error);
    if (error < 0)
      return error;
  }
  return 0;
}
