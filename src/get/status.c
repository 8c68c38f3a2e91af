/*
 * status.c: what the database knows, as a table or as JSON Lines; and making
 * it forget.
 */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit.h"
#include "cli/json.h"
#include "cli/message.h"
#include "cli/unit.h"
#include "cli/utf8.h"
#include "store.h"

struct listing {
  bool json;
  int state; /* -1: all */
  size_t count;
};

static void put_time(struct json *json, const char *key, int64_t ms) {
  char text[UNIT_TEXT_BYTES];
  json_string(json, key, ms > 0 ? unit_time(ms, text) : NULL);
}

static void put_json(const struct item *item) {
  struct json json = json_begin(stdout);
  json_number(&json, "id", item->id);
  json_string(&json, "url", item->url);
  json_string(&json, "target", item->target);
  json_string(&json, "state", item_state_name(item->state));
  json_known(&json, "size", item->size_bytes);
  json_number(&json, "bytes", item->part_bytes);
  json_number(&json, "durable_bytes", item->durable_bytes);
  json_known(&json, "expected_size", item->expected_bytes);
  json_string(&json, "sha256", item->sha256[0] != '\0' ? item->sha256 : NULL);
  json_string(&json, "validator", item->validator);
  json_number(&json, "attempts", item->attempts);
  json_string(&json, "error", item->error);
  put_time(&json, "added", item->added_ms);
  put_time(&json, "started", item->started_ms);
  put_time(&json, "finished", item->finished_ms);
  json_end(&json);
}

static void put_row(const struct item *item, bool is_first) {
  char size[UNIT_TEXT_BYTES] = "?", done[UNIT_TEXT_BYTES], text[4096];
  if (is_first)
    printf("%-11s  %9s  %9s  %s\n", "STATE", "SIZE", "DONE", "TARGET");
  if (item->size_bytes >= 0)
    unit_size(item->size_bytes, size);
  utf8_safe(item->target, text, sizeof(text));
  printf("%-11s  %9s  %9s  %s\n", item_state_name(item->state), size,
         unit_size(item->part_bytes, done), text);
  if (item->error != NULL && item->state == ITEM_FAILED) {
    utf8_safe(item->error, text, sizeof(text));
    printf("%-11s  %s\n", "", text);
  }
}

static int show(const struct item *item, void *data) {
  struct listing *listing = data;
  if (listing->state >= 0 && (int)item->state != listing->state)
    return 0;
  if (listing->json)
    put_json(item);
  else
    put_row(item, listing->count == 0);
  listing->count++;
  return 0;
}

static int complain(char *error) {
  message("%s", error != NULL ? error : "out of memory");
  free(error);
  return EXIT_STATE;
}

int status_run(const struct get_options *options, const char *db_path) {
  struct listing listing = {.json = options->json, .state = -1};
  if (options->state != NULL) {
    listing.state = item_state_parse(options->state);
    if (listing.state < 0) {
      message(
          "--state: '%s' is none of queued, downloading, completed, "
          "failed, interrupted",
          options->state);
      return EXIT_USAGE;
    }
  }
  char *error = NULL;
  if (store_list(db_path, show, &listing, &error) < 0)
    return complain(error);
  if (listing.count == 0 && !options->json)
    message("no downloads%s", options->state != NULL ? " in that state" : "");
  if (fflush(stdout) != 0 || ferror(stdout)) {
    message("cannot write to standard output");
    return EXIT_FAILED;
  }
  return EXIT_OK;
}

/* -- Forgetting ---------------------------------------------------------------------- */

static int forget(const char *db_path, const char *what, enum item_state state,
                  size_t *count) {
  char *error = NULL;
  size_t forgotten = 0;
  int result = store_forget(db_path, what, state, &forgotten, &error);
  *count += forgotten;
  return result < 0 ? complain(error) : EXIT_OK;
}

int forget_run(const struct get_options *options, const char *db_path) {
  size_t count = 0;
  int status = EXIT_OK;
  for (int i = 0; i < options->operand_count && status == EXIT_OK; i++) {
    size_t before = count;
    status = forget(db_path, options->operands[i], ITEM_QUEUED, &count);
    if (status == EXIT_OK && count == before) {
      message("'%s' is neither a URL nor a file that is known",
              options->operands[i]);
      status = EXIT_FAILED;
    }
  }
  for (int state = ITEM_QUEUED; state <= ITEM_INTERRUPTED; state++) {
    bool asked = options->all ||
                 (state == ITEM_COMPLETED && options->completed) ||
                 (state == ITEM_FAILED && options->failed);
    if (asked && status == EXIT_OK)
      status = forget(db_path, NULL, (enum item_state)state, &count);
  }
  if (!options->quiet)
    message("%zu download%s forgotten", count, count == 1 ? "" : "s");
  return status;
}
