/* replay.c: runs a fuzz target on every file of a folder, and says in TAP that
 * each was survived: a seed, or what once broke it. */
#include <dirent.h>

#include "fuzz.h"

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* The file's bytes, in memory of just their size: reading beyond shows. */
static uint8_t *read_file(const char *path, size_t *ret_size) {
  FILE *file = fopen(path, "re");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(1);
  }
  size_t size = (size_t)ftell(file);
  uint8_t *bytes = malloc(size > 0 ? size : 1);
  rewind(file);
  if (bytes == NULL || fread(bytes, 1, size, file) != size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  *ret_size = size;
  return bytes;
}

static void replay(const char *folder, const char *name) {
  char path[4096];
  size_t size;
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  uint8_t *bytes = read_file(path, &size);
  LLVMFuzzerTestOneInput(bytes, size);
  free(bytes);
}

int main(int argc, char **argv) {
  struct dirent **entries;
  int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : 0;
  if (count <= 0) {
    fprintf(stderr, "usage: %s FOLDER, which has files\n", argv[0]);
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("1..%d\n", count);
  for (int i = 0; i < count; i++) {
    replay(argv[1], entries[i]->d_name);
    printf("ok %d - %s\n", i + 1, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return 0;
}
