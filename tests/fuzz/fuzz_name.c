/* fuzz_name.c: names of files, from URLs and as they were given. */
#include "get/name.h"

#include "cli/utf8.h"
#include "fuzz.h"
#include "get/item.h"

static void check_safe(const char *name) {
  size_t size = strlen(name), end = strlen(ITEM_PART_SUFFIX);
  PROMISE(size > 0 && size <= NAME_LONGEST_BYTES);
  PROMISE(name[0] != '.' && name[0] != '-');
  PROMISE(strpbrk(name, "/\\") == NULL);
  PROMISE(size < end || strcmp(name + size - end, ITEM_PART_SUFFIX) != 0);
  for (size_t at = 0; at < size;) {
    uint32_t code;
    size_t length = utf8_decode(name + at, size - at, &code);
    PROMISE(length > 0 && !utf8_is_control(code));
    at += length;
  }
}

static void check_from_url(const char *url) {
  char *name = name_from_url(url);
  PROMISE(name != NULL);
  check_safe(name);
  PROMISE(name_path_problem(name) == NULL);
  char *numbered = name_numbered(name, 4294967295u);
  PROMISE(numbered != NULL);
  check_safe(numbered);
  free(numbered);
  free(name);
}

/* A path that may be used has no component that leads elsewhere. */
static void check_path(const char *path) {
  if (name_path_problem(path) != NULL)
    return;
  PROMISE(path[0] != '/' && path[0] != '\0');
  for (const char *part = path; part != NULL;) {
    size_t size = strcspn(part, "/");
    PROMISE(size > 0 && size <= NAME_LONGEST_BYTES);
    PROMISE(strncmp(part, "..", size > 2 ? size : 2) != 0);
    PROMISE(size != 1 || part[0] != '.');
    part = part[size] == '/' ? part + size + 1 : NULL;
  }
  char *numbered = name_numbered(path, 7);
  PROMISE(numbered != NULL);
  free(numbered);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *text = fuzz_string(bytes, size);
  char *url = malloc(strlen(text) + sizeof("http://h/"));
  PROMISE(url != NULL);
  strcpy(url, "http://h/");
  strcat(url, text);
  check_from_url(url);
  check_from_url(text);
  check_path(text);
  free(url);
  free(text);
  return 0;
}
