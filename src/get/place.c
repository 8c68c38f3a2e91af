/* place.c: an empty directory is one whose first entries are all it has. */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Room for "." and "..", which may come in any order, and the first of the
 * others: no more of a big directory has to be read. */
#define FIRST_ENTRIES_BYTES 320

#if defined(__linux__) && defined(SYS_getdents64)

struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[];
};

static bool is_empty(int fd) {
  _Alignas(struct entry) char entries[FIRST_ENTRIES_BYTES];
  for (;;) {
    long bytes = syscall(SYS_getdents64, fd, entries, sizeof(entries));
    if (bytes <= 0)
      return bytes == 0;
    for (long at = 0; at < bytes;) {
      const struct entry *entry = (const void *)(entries + at);
      if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
        return false;
      at += entry->size;
    }
  }
}

#else

static bool is_empty(int fd) {
  (void)fd;
  return false; /* as far as is known */
}

#endif

static void look(struct place *place) {
  int fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int error = fd >= 0 ? 0 : -errno;
  place->was_empty = fd >= 0 ? is_empty(fd) : error == -ENOENT;
  if (fd >= 0)
    close(fd);
  /* One that cannot be read may be one that can be written. */
  if (error == 0 || error == -EACCES)
    error = access(place->directory, W_OK | X_OK) == 0 ? 0 : -errno;
  place->error = error;
}

int place_look(struct place *place, const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash != NULL ? (size_t)(slash - path) : 0;
  if (place->directory != NULL && length > 0 && place->length == length &&
      memcmp(place->directory, path, length) == 0)
    return place->error;
  place_clear(place);
  place->length = length;
  place->directory =
      length > 0 ? strndup(path, length) : strdup(slash != NULL ? "/" : ".");
  if (place->directory == NULL)
    return -ENOMEM;
  look(place);
  return place->error;
}

bool place_has(struct place *place, const char *path) {
  struct stat status;
  int error = place_look(place, path);
  return (error == -ENOMEM || !place->was_empty) && lstat(path, &status) == 0;
}

void place_clear(struct place *place) {
  free(place->directory);
  *place = (struct place){.directory = NULL};
}
