/*
 * toxic.c: each toxic is a text in the vocabulary of faults.
 *
 * All of them have a position, or a `relay`, so that the upstream is connected
 * to whatever they do, and can be taken away again from a connection that
 * lives.  Toxiproxy's KB are 1000 bytes, its times milliseconds; those of the
 * slicer microseconds.
 */
#include "toxic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/refuse.h"
#include "parse.h"

enum kind {
  LATENCY,
  BANDWIDTH,
  SLOW_CLOSE,
  TIMEOUT,
  RESET_PEER,
  SLICER,
  LIMIT_DATA,
  FAULT,
  KIND_COUNT
};

static const struct toxic_kind kinds[KIND_COUNT] = {
    [LATENCY] = {"latency", {"latency", "jitter"}, false},
    [BANDWIDTH] = {"bandwidth", {"rate"}, false},
    [SLOW_CLOSE] = {"slow_close", {"delay"}, false},
    [TIMEOUT] = {"timeout", {"timeout"}, false},
    [RESET_PEER] = {"reset_peer", {"timeout"}, false},
    [SLICER] = {"slicer", {"average_size", "size_variation", "delay"}, false},
    [LIMIT_DATA] = {"limit_data", {"bytes"}, false},
    [FAULT] = {"fault", {NULL}, true},
};

const struct toxic_kind *toxic_find(const char *type) {
  for (size_t i = 0; i < KIND_COUNT; i++)
    if (strcmp(kinds[i].type, type) == 0)
      return &kinds[i];
  return NULL;
}

/* -- As text --------------------------------------------------------------- */

/* Once so much time has passed, without a word until then. */
static void print_after(FILE *file, int64_t ms, const char *then) {
  if (ms > 0)
    fprintf(file, "stall@0:%" PRId64 "ms; ", ms);
  fputs(then, file);
}

static void print_own(FILE *file, const struct toxic *toxic) {
  const int64_t *values = toxic->values;
  switch ((enum kind)(toxic->kind - kinds)) {
    case LATENCY:
      fprintf(file, "latency:%" PRId64 "ms~%" PRId64 "ms", values[0],
              values[1]);
      break;
    case BANDWIDTH:
      if (values[0] > 0)
        fprintf(file, "rate:%" PRId64 "000", values[0]);
      else
        fputs("stall@0", file);
      break;
    case SLOW_CLOSE:
      fprintf(file, "relay; wait:%" PRId64 "ms", values[0]);
      break;
    case TIMEOUT:
      print_after(file, values[0], values[0] > 0 ? "close@0" : "stall@0");
      break;
    case RESET_PEER:
      print_after(file, values[0], "rst@0:0s");
      break;
    case SLICER:
      fprintf(file, "slice:%" PRId64 "~%" PRId64 ",%" PRId64 "us", values[0],
              values[1], values[2] > 0 ? values[2] : 1);
      break;
    case LIMIT_DATA:
      fprintf(file, "close@%" PRId64, values[0]);
      break;
    case FAULT:
    default:
      fputs(toxic->fault != NULL ? toxic->fault : "", file);
      break;
  }
}

/* What it is as a text, to be freed; NULL out of memory. */
static char *toxic_print(const struct toxic *toxic) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (file == NULL)
    return NULL;
  if (toxic->is_up)
    fputs("up; ", file);
  if (toxic->toxicity < 1)
    fprintf(file, "p:%.4f%%; ", toxic->toxicity * 100);
  print_own(file, toxic);
  if (fclose(file) == 0)
    return text;
  free(text);
  return NULL;
}

/* -- As a rule ------------------------------------------------------------- */

static int parse(const char *text, struct program **ret_items,
                 char **ret_problem) {
  struct parse_error wrong;
  int error = parse_fault(text, ret_items, &wrong);
  return error == -EINVAL ? parse_refuse(text, &wrong, ret_problem) : error;
}

/* The user's own text by itself first, so that a position is one in it. */
static int check(const struct toxic *toxic, char **ret_problem) {
  struct program *items = NULL;
  for (size_t i = 0; i < TOXIC_VALUES; i++)
    if (toxic->values[i] < 0)
      return refuse(ret_problem, "a number is below 0");
  if (toxic->kind == &kinds[SLICER] && toxic->values[0] == 0)
    return refuse(ret_problem, "average_size has to be more than 0");
  if (!toxic->kind->has_fault)
    return 0;
  if (toxic->fault == NULL)
    return refuse(ret_problem, "attributes has no text 'fault'");
  int error = parse(toxic->fault, &items, ret_problem);
  if (error == 0)
    program_release(items);
  return error;
}

int toxic_compile(struct toxic *toxic, char **ret_problem) {
  struct program *items = NULL;
  int error = check(toxic, ret_problem);
  char *text = error == 0 ? toxic_print(toxic) : NULL;
  if (error == 0)
    error = text != NULL ? parse(text, &items, ret_problem) : -ENOMEM;
  free(text);
  if (error < 0)
    return error;
  program_release(toxic->items);
  toxic->items = items;
  return 0;
}

/* -- Life ------------------------------------------------------------------ */

int toxic_copy(const struct toxic *toxic, struct toxic *ret_toxic) {
  struct toxic copy = *toxic;
  copy.name = strdup(toxic->name);
  copy.fault = toxic->fault != NULL ? strdup(toxic->fault) : NULL;
  if (copy.name == NULL || (toxic->fault != NULL && copy.fault == NULL)) {
    free(copy.name);
    free(copy.fault);
    return -ENOMEM;
  }
  if (copy.items != NULL)
    program_hold(copy.items);
  *ret_toxic = copy;
  return 0;
}

void toxic_clear(struct toxic *toxic) {
  program_release(toxic->items);
  free(toxic->name);
  free(toxic->fault);
  *toxic = (struct toxic){0};
}
