/*
 * procfile.c: a whole Procfile, or none of it: what cannot be understood is
 * refused, with its line, before anything is started.
 */
#include "procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/option.h"
#include "cli/refuse.h"

/* More than that is something else. */
#define MOST_BYTES ((size_t)1 << 20)

/* -- Lines ----------------------------------------------------------------- */

static bool is_name(const char *text) {
  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++)
    if (!(*text >= 'a' && *text <= 'z') && !(*text >= 'A' && *text <= 'Z') &&
        !(*text >= '0' && *text <= '9') && *text != '-' && *text != '_')
      return false;
  return true;
}

static char *trim(char *text) {
  text += strspn(text, " \t");
  size_t size = strlen(text);
  while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL)
    text[--size] = '\0';
  return text;
}

static const struct procfile_entry *find(const struct procfile *procfile,
                                         const char *name) {
  for (size_t i = 0; i < procfile->count; i++)
    if (strcmp(procfile->entries[i].name, name) == 0)
      return &procfile->entries[i];
  return NULL;
}

static int add(struct procfile *procfile, const struct procfile_entry *entry) {
  size_t count = procfile->count;
  if ((count & (count - 1)) == 0) { /* doubled at 0, 1, 2, 4, ... */
    size_t capacity = count > 0 ? count * 2 : 1;
    struct procfile_entry *larger =
        realloc(procfile->entries, capacity * sizeof(*larger));
    if (larger == NULL)
      return -ENOMEM;
    procfile->entries = larger;
  }
  procfile->entries[procfile->count++] = *entry;
  return 0;
}

static int read_line(struct procfile *procfile, const char *file, char *text,
                     size_t number, char **ret_error) {
  text = trim(text);
  if (*text == '\0' || *text == '#')
    return 0;
  char *colon = strchr(text, ':');
  if (colon == NULL)
    return refuse(ret_error,
                  "%s:%zu: no ':' after the name; a line is 'name: command'",
                  file, number);
  *colon = '\0';
  struct procfile_entry entry = {trim(text), trim(colon + 1), number};
  if (!is_name(entry.name))
    return refuse(ret_error,
                  "%s:%zu: '%.40s' is no name; it may have letters, digits, - "
                  "and _",
                  file, number, entry.name);
  if (*entry.line == '\0')
    return refuse(ret_error, "%s:%zu: '%.40s' has no command", file, number,
                  entry.name);
  const struct procfile_entry *other = find(procfile, entry.name);
  if (other != NULL)
    return refuse(ret_error, "%s:%zu: '%.40s' is in line %zu already", file,
                  number, entry.name, other->number);
  return add(procfile, &entry);
}

static int read_lines(struct procfile *procfile, const char *file, size_t size,
                      char **ret_error) {
  static const char mark[] = "\xef\xbb\xbf"; /* which some editors put first */
  char *line = procfile->text, *end = procfile->text + size;
  if (strncmp(line, mark, strlen(mark)) == 0)
    line += strlen(mark);
  for (size_t number = 1; line < end; number++) {
    char *newline = memchr(line, '\n', (size_t)(end - line));
    char *line_end = newline != NULL ? newline : end;
    *line_end = '\0';
    if (strlen(line) < (size_t)(line_end - line))
      return refuse(ret_error, "%s:%zu: a 0 byte; this is no Procfile", file,
                    number);
    int error = read_line(procfile, file, line, number, ret_error);
    if (error < 0)
      return error;
    line = line_end + 1;
  }
  if (procfile->count == 0)
    return refuse(ret_error, "%s: no commands; a line is 'name: command'",
                  file);
  return 0;
}

/* -- Names ----------------------------------------------------------------- */

static int refuse_name(const struct procfile *procfile, const char *file,
                       const char *name, char **ret_error) {
  const char **names = calloc(procfile->count + 1, sizeof(*names));
  if (names == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < procfile->count; i++)
    names[i] = procfile->entries[i].name;
  const char *nearest = cli_nearest(name, names);
  int error = nearest != NULL
                  ? refuse(ret_error, "%s: no command '%s'; did you mean '%s'?",
                           file, name, nearest)
                  : refuse(ret_error, "%s: no command '%s'", file, name);
  free(names);
  return error;
}

static bool is_one_of(const char *name, char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

/* In the file's order. */
static int choose(struct procfile *procfile, const char *file,
                  char *const *names, size_t name_count, char **ret_error) {
  size_t kept = 0;
  for (size_t i = 0; i < name_count; i++)
    if (find(procfile, names[i]) == NULL)
      return refuse_name(procfile, file, names[i], ret_error);
  for (size_t i = 0; i < procfile->count; i++)
    if (name_count == 0 ||
        is_one_of(procfile->entries[i].name, names, name_count))
      procfile->entries[kept++] = procfile->entries[i];
  procfile->count = kept;
  return 0;
}

/* -- Files ----------------------------------------------------------------- */

int procfile_parse(char *text, size_t size, const char *file,
                   char *const *names, size_t name_count,
                   struct procfile *ret_procfile, char **ret_error) {
  *ret_procfile = (struct procfile){.text = text};
  int error = read_lines(ret_procfile, file, size, ret_error);
  if (error == 0)
    error = choose(ret_procfile, file, names, name_count, ret_error);
  if (error < 0)
    procfile_clear(ret_procfile);
  return error;
}

/* All of it, with a 0 behind: its size, or -errno. */
static ssize_t read_all(int fd, char **ret_text) {
  char *text = malloc(MOST_BYTES + 1);
  size_t size = 0;
  ssize_t n = 1;
  if (text == NULL)
    return -ENOMEM;
  while (n > 0 && size < MOST_BYTES) {
    n = read(fd, text + size, MOST_BYTES - size);
    if (n > 0)
      size += (size_t)n;
  }
  int error = n < 0 ? -errno : n > 0 ? -EFBIG : 0;
  if (error < 0) {
    free(text);
    return error;
  }
  text[size] = '\0';
  *ret_text = text;
  return (ssize_t)size;
}

int procfile_read(const char *path, char *const *names, size_t name_count,
                  struct procfile *ret_procfile, char **ret_error) {
  bool is_stdin = strcmp(path, "-") == 0;
  const char *file = is_stdin ? "standard input" : path;
  char *text = NULL;
  int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd >= 0 ? read_all(fd, &text) : -errno;
  if (fd >= 0 && !is_stdin)
    close(fd);
  if (size < 0) {
    refuse(ret_error, "%s: %s", file, strerror((int)-size));
    return (int)size;
  }
  return procfile_parse(text, (size_t)size, file, names, name_count,
                        ret_procfile, ret_error);
}

void procfile_clear(struct procfile *procfile) {
  free(procfile->entries);
  free(procfile->text);
  *procfile = (struct procfile){.count = 0};
}
