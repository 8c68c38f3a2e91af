/*
 * response.c: the answer, as RFC 9110 has it, and then as the alterations do.
 *
 * First the representation (validators, bytes), then what of it was asked for
 * (conditions, ranges), then the head; each alteration has its effect at the
 * one of these stages to which it belongs (the head's are in response_head.c).
 */
#include "response.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"

#define BEYOND 16 /* bytes that a range is too long by */

static const char portal[] =
    "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\n<body>"
    "<h1>Please log in to use this network</h1></body></html>\n";

/* -- Alterations ----------------------------------------------------------- */

void alterations_add(struct alterations *alterations,
                     const struct program *items) {
  for (uint32_t i = 0; i < items->count; i++) {
    const struct step *item = &items->steps[i];
    if (step_class(item) != CLASS_RESPONSE || item->at != AT_NONE)
      continue;
    alterations->of[item->op] = item;
    if (item->op == OP_HEADER && alterations->header_count < 32)
      alterations->headers[alterations->header_count++] = item;
  }
}

bool altered(const struct response *response, enum step_op op) {
  return response->alterations->of[op] != NULL;
}

const char *altered_word(const struct response *response, enum step_op op,
                         char text[32]) {
  const struct step *item = response->alterations->of[op];
  text[0] = '\0';
  if (item != NULL && item->word != NO_WORD)
    step_word(&step_forms[item->form], item->word, text);
  return text;
}

bool altered_to(const struct response *response, enum step_op op,
                const char *word) {
  char text[32];
  return strcmp(altered_word(response, op, text), word) == 0;
}

/* -- Pieces ---------------------------------------------------------------- */

int response_repeat(struct response *response, const char *text, int64_t size,
                    bool is_body) {
  struct step step = step_make(OP_SEND);
  if (size == 0)
    return 0;
  step.source = SEND_TEXT;
  step.a = size;
  step.length = (uint32_t)strlen(text);
  step.is_body = is_body;
  int error = program_text(response->program, text, step.length, &step.text);
  return error < 0 ? error : program_add(response->program, &step);
}

int response_text(struct response *response, const char *text, bool is_body) {
  return response_repeat(response, text, (int64_t)strlen(text), is_body);
}

int response_part(struct response *response, int64_t offset, int64_t size) {
  struct step step = step_make(OP_SEND);
  if (size == 0)
    return 0;
  step.source = (uint8_t)response->source;
  step.a = size;
  step.b = offset;
  step.seed = response->seed;
  step.text = response->text;
  step.length = response->text_length;
  step.is_body = true;
  step.flip = altered(response, OP_CHANGE);
  return program_add(response->program, &step);
}

/* -- The representation ---------------------------------------------------- */

static void take_text(struct response *response, const char *text,
                      const char *type) {
  size_t length = strlen(text);
  response->source = SEND_TEXT;
  response->text_length = (uint32_t)length;
  response->total = (int64_t)length;
  response->type = type;
  response->etag[0] = '\0';
  response->modified = -1;
  response->text = "";
  program_text(response->program, text, length, &response->text);
}

static void take_resource(struct response *response,
                          const struct resource *resource, uint64_t number) {
  response->source = resource->source;
  response->seed = resource->seed;
  response->total = resource->size;
  response->type = resource->type;
  response->modified = resource->modified;
  response->program->fd = resource->fd;
  snprintf(response->etag, sizeof(response->etag), "%s", resource->etag);
  if (resource->source == SEND_TEXT) {
    response->text = resource->text;
    response->text_length = (uint32_t)resource->size;
  }
  if (altered_to(response, OP_ETAG, "weak"))
    snprintf(response->etag, sizeof(response->etag), "W/%s", resource->etag);
  else if (altered_to(response, OP_ETAG, "none"))
    response->etag[0] = '\0';
  else if (altered_to(response, OP_ETAG, "change"))
    snprintf(response->etag, sizeof(response->etag), "\"%" PRIu64 "-%s", number,
             resource->etag + 1);
}

static void alter_body(struct response *response) {
  if (altered_to(response, OP_BODY, "html"))
    take_text(response, portal, "text/html");
  else if (altered_to(response, OP_BODY, "html-as-json"))
    take_text(response, portal, "application/json");
  else if (altered_to(response, OP_BODY, "garbage")) {
    response->source = SEND_RANDOM;
    response->seed = chance_mix(response->seed, 0x9a, 1);
  }
  if (altered(response, OP_ENDLESS_BODY)) {
    response->total = ENDLESS;
    if (response->source == SEND_FILE)
      response->source = SEND_PATTERN;
  }
}

/* -- What was asked for ---------------------------------------------------- */

/* Whether a list of tags has ours; W/ makes no difference. */
static bool lists_tag(const char *list, const char *etag) {
  etag += strncmp(etag, "W/", 2) == 0 ? 2 : 0;
  size_t length = strlen(etag);
  if (strcmp(list, "*") == 0)
    return true;
  for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
    list += strspn(list, " \t");
    list += strncmp(list, "W/", 2) == 0 ? 2 : 0;
    if (length > 0 && strncmp(list, etag, length) == 0 &&
        strchr(" \t,", list[length]) != NULL)
      return true;
  }
  return false;
}

static bool is_not_modified(const struct response *response) {
  const struct request *request = response->request;
  if (request->if_none_match != NULL)
    return lists_tag(request->if_none_match, response->etag);
  if (request->if_modified_since == NULL || response->modified < 0)
    return false;
  return response->modified <= request_date(request->if_modified_since);
}

/* If-Range wants a strong validator that is the same. */
static bool is_same_version(const struct response *response) {
  const char *wanted = response->request->if_range;
  if (wanted == NULL)
    return true;
  if (*wanted == '"')
    return strcmp(wanted, response->etag) == 0;
  return strncmp(wanted, "W/", 2) != 0 && response->modified >= 0 &&
         request_date(wanted) == response->modified;
}

/* The ranges that there are of those that were asked for. */
static void take_ranges(struct response *response,
                        const struct byte_range *ranges, size_t count) {
  int64_t total = response->total;
  response->part_count = 0;
  for (size_t i = 0; i < count; i++) {
    struct byte_range range = ranges[i];
    if (range.first < 0) {
      range.first = range.last < total ? total - range.last : 0;
      range.last = range.last > 0 ? total - 1 : -1;
    } else if (range.last < 0 || range.last >= total) {
      range.last = total - 1;
    }
    if (range.first <= range.last && range.first < total)
      response->parts[response->part_count++] = range;
  }
  response->is_partial = true;
  response->status = response->part_count > 0 ? 206 : 416;
}

static void alter_ranges(struct response *response) {
  struct byte_range *part = &response->parts[0];
  if (response->status != 206)
    return;
  if (altered_to(response, OP_RANGE, "416"))
    response->status = 416;
  else if (altered_to(response, OP_RANGE, "start") && part->first < part->last)
    part->first++;
  else if (altered_to(response, OP_RANGE, "shorter"))
    part->last = part->first + (part->last - part->first) / 2;
  else if (altered_to(response, OP_RANGE, "longer")) {
    part->last += BEYOND;
    if (response->source == SEND_FILE) {
      part->first -= part->first < BEYOND ? part->first : BEYOND;
      part->last -= BEYOND;
    }
  }
}

static void take_whole(struct response *response) {
  response->parts[0] = (struct byte_range){0, response->total - 1};
  response->part_count = 1;
}

static void choose_parts(struct response *response) {
  struct byte_range ranges[RANGES_AT_MOST];
  const char *asked = response->request->range;
  take_whole(response);
  if (response->status != 200)
    return;
  if (is_not_modified(response)) {
    response->status = 304;
    return;
  }
  if (asked == NULL || response->total == ENDLESS ||
      altered_to(response, OP_RANGE, "ignore") || !is_same_version(response))
    return;
  size_t count = request_ranges(asked, ranges);
  if (count > 0)
    take_ranges(response, ranges, count);
  alter_ranges(response);
}

/* -- The status ------------------------------------------------------------ */

/* A status that is not about the representation has a line as its body. */
static void take_status(struct response *response) {
  const struct step *status = response->alterations->of[OP_STATUS];
  const struct step *redirect = response->alterations->of[OP_REDIRECT];
  char text[64];
  if (redirect != NULL) {
    response->status = 302;
    response->location = redirect->text != NULL && redirect->length > 0
                             ? redirect->text
                             : response->request->target;
  }
  if (status != NULL)
    response->status = (int)status->a;
  if (response->status == 200 || response->status == 206)
    return;
  snprintf(text, sizeof(text), "%d %s\n", response->status,
           response_reason(response->status));
  if (response->status != 304)
    take_text(response, text, "text/plain");
}

/* The total is still told, of what the range is not in. */
static void refuse_range(struct response *response) {
  static const char text[] = "416 Range Not Satisfiable\n";
  int64_t total = response->total;
  take_text(response, text, "text/plain");
  take_whole(response);
  response->total = total;
}

/* -- The body -------------------------------------------------------------- */

static int64_t body_size(const struct response *response) {
  int64_t size = 0;
  if (response->total == ENDLESS)
    return ENDLESS;
  for (size_t i = 0; i < response->part_count; i++)
    size += response->parts[i].last - response->parts[i].first + 1;
  return size;
}

/* What is before each part of several. */
static char *part_head(const struct response *response, size_t i) {
  char *text;
  int n = asprintf(&text,
                   "\r\n--" RESPONSE_BOUNDARY
                   "\r\nContent-Type: %s\r\nContent-Range: bytes %" PRId64
                   "-%" PRId64 "/%" PRId64 "\r\n\r\n",
                   response->type, response->parts[i].first,
                   response->parts[i].last, response->total);
  return n < 0 ? NULL : text;
}

#define LAST_BOUNDARY "\r\n--" RESPONSE_BOUNDARY "--\r\n"

static int64_t size_of_parts(const struct response *response) {
  int64_t size = body_size(response);
  if (response->part_count < 2 || response->status != 206)
    return size;
  for (size_t i = 0; i < response->part_count; i++) {
    char *head = part_head(response, i);
    size += head != NULL ? (int64_t)strlen(head) : 0;
    free(head);
  }
  return size + (int64_t)strlen(LAST_BOUNDARY);
}

static int add_parts(struct response *response) {
  int error = 0;
  for (size_t i = 0; i < response->part_count && error == 0; i++) {
    const struct byte_range *part = &response->parts[i];
    char *head = part_head(response, i);
    error = head != NULL ? response_text(response, head, true) : -ENOMEM;
    if (error == 0)
      error =
          response_part(response, part->first, part->last - part->first + 1);
    free(head);
  }
  return error < 0 ? error : response_text(response, LAST_BOUNDARY, true);
}

static int add_body(struct response *response) {
  const struct byte_range *part = &response->parts[0];
  int64_t size = body_size(response);
  if (size == ENDLESS)
    return response_part(response, 0, ENDLESS);
  if (response->part_count > 1 && response->status == 206)
    return add_parts(response);
  if (altered(response, OP_CHUNKED))
    return response_chunks(response, part->first, size);
  return response_part(response, part->first, size);
}

/* -- All of it ------------------------------------------------------------- */

static int add_end(struct response *response) {
  enum step_op op = altered(response, OP_NO_BODY) ? OP_HOLD
                    : response->closes            ? OP_FIN
                                                  : OP_NEXT;
  struct step step = step_make(op);
  return program_add(response->program, &step);
}

/* So that positions in the body are behind the head. */
static int mark_empty_body(struct response *response) {
  struct step nothing = step_make(OP_SEND);
  nothing.is_body = true;
  return program_add(response->program, &nothing);
}

static int add_all(struct response *response) {
  int status = response->status;
  response->has_body = !response->request->is_head && status != 304 &&
                       status != 204 && !altered(response, OP_NO_BODY);
  int error = response_head(response, size_of_parts(response));
  uint32_t head_count = response->program->count;
  if (error == 0 && response->has_body)
    error = add_body(response);
  if (error == 0 && response->program->count == head_count)
    error = mark_empty_body(response);
  uint32_t count = altered(response, OP_TWICE) ? response->program->count : 0;
  for (uint32_t i = 0; i < count && error == 0; i++) {
    struct step step = response->program->steps[i];
    error = program_add(response->program, &step);
  }
  return error < 0 ? error : add_end(response);
}

/* The program; NULL out of memory. */
static struct program *build(struct response *response) {
  if (add_all(response) == 0)
    return response->program;
  program_release(response->program);
  return NULL;
}

struct program *response_make(const struct request *request,
                              struct resource *resource,
                              const struct alterations *alterations,
                              uint64_t number) {
  struct response response = {
      .request = request,
      .alterations = alterations,
      .program = program_new(),
      .status = resource->status,
      .newline = alterations->of[OP_LF_ONLY] != NULL ? "\n" : "\r\n",
      .closes = !request->keep_alive,
  };
  if (response.program == NULL)
    return NULL;
  take_resource(&response, resource, number);
  resource->fd = -1; /* the program's now */
  char location[2048];
  if (resource->status == 301) {
    /* As it came, percent signs and all; two slashes would be another host. */
    const char *path = request->target + strspn(request->target, "/") - 1;
    snprintf(location, sizeof(location), "%.*s/", (int)strcspn(path, "?#"),
             path);
    response.location = location;
  }
  if (response.status == 200)
    alter_body(&response);
  take_status(&response);
  choose_parts(&response);
  if (response.status == 416)
    refuse_range(&response);
  return build(&response);
}

struct program *response_refuse(const struct request *request, int status,
                                const char *text) {
  static const struct alterations none;
  struct response response = {
      .request = request,
      .alterations = &none,
      .program = program_new(),
      .status = status,
      .newline = "\r\n",
      .closes = true,
  };
  if (response.program == NULL)
    return NULL;
  take_text(&response, text, "text/plain");
  take_whole(&response);
  return build(&response);
}
