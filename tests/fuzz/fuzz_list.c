/* fuzz_list.c: a list in any of its forms, as hostile as can be. */
#include "get/list.h"

#include <errno.h>

#include "fuzz.h"
#include "get/name.h"

static int has_control(const char *text) {
  for (; *text != '\0'; text++)
    if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
      return 1;
  return 0;
}

static void check_entry(const struct list_entry *entry) {
  PROMISE(strncasecmp(entry->url, "http", 4) == 0);
  PROMISE(strpbrk(entry->url, " \t\r\n") == NULL);
  PROMISE(entry->out == NULL || name_path_problem(entry->out) == NULL);
  PROMISE(entry->dir == NULL || !has_control(entry->dir));
  PROMISE(entry->sha256[0] == '\0' ||
          strspn(entry->sha256, "0123456789abcdef") == 64);
  PROMISE(entry->sha256[64] == '\0');
  PROMISE(entry->expected_bytes >= -1);
  for (char **line = entry->headers; line != NULL && *line != NULL; line++)
    PROMISE(!has_control(*line) && strchr(*line, ':') != NULL);
}

static void check(const uint8_t *bytes, size_t size, const char *base_url) {
  struct list list = {0};
  char *error = NULL;
  FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "r");
  PROMISE(file != NULL && list_add_url(&list, "http://before/", &error) == 0);
  int result = base_url != NULL
                   ? list_read_sums(file, "list", base_url, &list, &error)
                   : list_read(file, "list", &list, &error);
  PROMISE(result == 0 || result == -EINVAL);
  PROMISE((error != NULL) == (result < 0));
  PROMISE(result == 0 || list.count == 1);
  PROMISE(error == NULL || strncmp(error, "list:", 5) == 0);
  for (size_t i = 1; i < list.count; i++) {
    check_entry(&list.entries[i]);
    PROMISE(strncmp(list.entries[i].origin, "list:", 5) == 0);
  }
  free(error);
  fclose(file);
  list_clear(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0)
    return 0; /* which fmemopen() refuses */
  check(bytes, size, NULL);
  check(bytes, size, "http://h/pub");
  return 0;
}
