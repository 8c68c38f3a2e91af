/* fuzz_request.c: a request's head, what it asks for, and the answer to it. */
#include "fault/response.h"

#include "fuzz.h"

static void check_response(const struct request *request) {
  static const struct alterations none;
  struct resource resource;
  resource_find(-1, request->path, request->query, &resource);
  PROMISE(resource.fd == -1);
  struct program *response = response_make(request, &resource, &none, 1);
  PROMISE(response != NULL && response->count > 1);
  uint32_t body_steps = 0;
  for (uint32_t i = 0; i < response->count; i++)
    body_steps += response->steps[i].is_body;
  for (uint32_t i = 0; i < response->count; i++) {
    const struct step *step = &response->steps[i];
    /* Nothing is sent only where it stands for a body that is empty. */
    PROMISE(step->op != OP_SEND || step->a > 0 ||
            (step->is_body && body_steps == 1));
    PROMISE(step->op != OP_SEND || step->b >= 0);
    PROMISE(step->op != OP_SEND || step->source != SEND_TEXT ||
            step->length > 0);
  }
  program_release(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct request request;
  char *head = malloc(size + 1), *into = malloc(size + 1);
  PROMISE(head != NULL && into != NULL);
  memcpy(head, bytes, size);
  request_parse(head, size, &request);
  PROMISE(request.problem == 0 ||
          (request.problem >= 400 && request.problem < 600));
  if (request.problem == 0) {
    const char *query = request.query;
    PROMISE(request.path != NULL && strlen(request.path) < size);
    for (int i = 0; i < 100; i++)
      if (!request_parameter(&query, "fault", into))
        break;
    check_response(&request);
  }
  free(request.path);
  free(into);
  free(head);
  return 0;
}
