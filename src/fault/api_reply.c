/* api_reply.c: errors, as toxiproxy tells of them. */
#include "api_reply.h"

#include <stdlib.h>

#include "cli/json.h"
#include "cli/refuse.h"

void api_refuse(struct api_reply *reply, int status, const char *error, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, error);
  refuse_text(&text, error, arguments);
  va_end(arguments);
  reply->status = status;
  fputs("{\"error\":", reply->file);
  json_text(reply->file, text != NULL ? text : "out of memory");
  fprintf(reply->file, ",\"status\":%d}\n", status);
  free(text);
}
