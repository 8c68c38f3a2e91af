/* fuzz_api.c: what comes to the API: a whole request, or, behind a first byte
 * of 'p', 'P' or 't', the JSON of a proxy, of proxies, of a toxic. */
#include "fault/api_json.h"
#include "fault/api_message.h"

#include "fuzz.h"

static void try_proxy(const char *body, size_t size) {
  struct api_proxy proxy = {0};
  char *problem = NULL;
  int error = api_json_proxy(body, size, &proxy, &problem);
  PROMISE(error == 0 || problem != NULL);
  PROMISE(error < 0 || problem == NULL);
  api_proxy_clear(&proxy);
  free(problem);
}

static void try_proxies(const char *body, size_t size) {
  struct api_proxy *proxies = NULL;
  size_t count = 0;
  char *problem = NULL;
  int error = api_json_proxies(body, size, &proxies, &count, &problem);
  PROMISE(error == 0 ? proxies != NULL : problem != NULL && count == 0);
  PROMISE(count <= API_PROXIES_AT_MOST);
  for (size_t i = 0; i < count; i++)
    api_proxy_clear(&proxies[i]);
  free(proxies);
  free(problem);
}

/* Its text reads as its rule does. */
static void try_toxic(const char *body, size_t size) {
  struct toxic toxic = {0}, copy;
  char *problem = NULL;
  int error = api_json_toxic(body, size, &toxic, &problem);
  PROMISE(error == 0 || problem != NULL);
  if (error == 0) {
    PROMISE(toxic.name != NULL && toxic.kind != NULL && toxic.items != NULL);
    PROMISE(toxic.toxicity >= 0 && toxic.toxicity <= 1);
    PROMISE(toxic_copy(&toxic, &copy) == 0);
    PROMISE(toxic_compile(&copy, &problem) == 0);
    PROMISE(program_is_same(copy.items, toxic.items));
    toxic_clear(&copy);
  }
  toxic_clear(&toxic);
  free(problem);
}

/* What has come byte by byte is what has come at once. */
static void try_message(const char *input, size_t size) {
  struct api_message message = {0}, early = {0};
  int result = api_message_parse(input, size, &message);
  PROMISE(result == 0 || result == 1);
  if (result == 1 && message.request.problem == 0) {
    PROMISE(message.size <= size && message.body_size <= API_BODY_AT_MOST);
    PROMISE(message.body != NULL && message.body[message.body_size] == '\0');
    PROMISE(message.request.path != NULL && *message.request.method != '\0');
    if (message.size > 0)
      PROMISE(api_message_parse(input, message.size - 1, &early) == 0);
  }
  api_message_clear(&message);
  api_message_clear(&early);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *text = fuzz_string(bytes, size);
  char first = size > 0 ? text[0] : '\0';
  if (first == 'p')
    try_proxy(text + 1, size - 1);
  else if (first == 'P')
    try_proxies(text + 1, size - 1);
  else if (first == 't')
    try_toxic(text + 1, size - 1);
  else
    try_message(text, size);
  free(text);
  return 0;
}
