/* proc.c (Linux): the signal masks in /proc/.../status. */
#include "signal/proc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static uint64_t parse_hex(const char *text) {
  uint64_t value = 0;
  for (;; text++) {
    if (*text >= '0' && *text <= '9')
      value = value << 4 | (uint64_t)(*text - '0');
    else if (*text >= 'a' && *text <= 'f')
      value = value << 4 | (uint64_t)(*text - 'a' + 10);
    else
      return value;
  }
}

/* After "FIELD:\t" at the start of a line; NULL if there is none. */
static const char *find(const char *text, const char *field) {
  size_t length = strlen(field);
  while ((text = strchr(text, '\n')) != NULL) {
    text++;
    if (strncmp(text, field, length) == 0 && text[length] == ':')
      return text + length + strlen(":\t");
  }
  return NULL;
}

int belay__proc_mask(const char *path, const char *field, uint64_t *ret_mask) {
  char text[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  belay__fd_close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *value = find(text, field);
  if (value == NULL)
    return -1;
  *ret_mask = parse_hex(value);
  return 0;
}
