/* fuzz_procfile.c: a Procfile as hostile as can be. */
#include "run/procfile.h"

#include <errno.h>

#include "fuzz.h"

static void check_entries(const struct procfile *procfile) {
  for (size_t i = 0; i < procfile->count; i++) {
    const struct procfile_entry *entry = &procfile->entries[i];
    PROMISE(entry->name[0] != '\0' && entry->line[0] != '\0');
    PROMISE(strspn(entry->name,
                   "abcdefghijklmnopqrstuvwxyz"
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
            strlen(entry->name));
    PROMISE(strpbrk(entry->line, "\n") == NULL);
    PROMISE(i == 0 || entry->number > procfile->entries[i - 1].number);
    for (size_t j = 0; j < i; j++)
      PROMISE(strcmp(entry->name, procfile->entries[j].name) != 0);
  }
}

static void check(const uint8_t *bytes, size_t size, char *const *names,
                  size_t name_count) {
  struct procfile procfile;
  char *error = NULL, *text = malloc(size + 1);
  PROMISE(text != NULL);
  memcpy(text, bytes, size);
  text[size] = '\0';
  int result =
      procfile_parse(text, size, "file", names, name_count, &procfile, &error);
  PROMISE(result == 0 || result == -EINVAL);
  PROMISE((error != NULL) == (result < 0));
  PROMISE(error == NULL || strncmp(error, "file:", 5) == 0);
  PROMISE((procfile.count > 0) == (result == 0));
  check_entries(&procfile);
  if (result == 0 && name_count > 0)
    PROMISE(procfile.count == 1 &&
            strcmp(procfile.entries[0].name, names[0]) == 0);
  free(error);
  procfile_clear(&procfile);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static char name[] = "web";
  char *names[] = {name, NULL};
  check(bytes, size, NULL, 0);
  check(bytes, size, names, 1);
  return 0;
}
