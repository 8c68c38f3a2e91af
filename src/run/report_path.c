/*
 * report_path.c: one file has many names: by way of links, of . and .., of
 * another directory; and a report's file may not be there yet.
 */
#include "report_path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40

/* How much of a path is the directory, with its slash. */
static size_t directory_size(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Goes from a link to where it points. */
static bool step(char path[PATH_MAX]) {
  char target[PATH_MAX];
  ssize_t n = readlink(path, target, sizeof(target) - 1);
  if (n < 0)
    return false;
  target[n] = '\0';
  size_t kept = target[0] != '/' ? directory_size(path) : 0;
  if (kept + (size_t)n >= PATH_MAX)
    return false;
  memcpy(path + kept, target, (size_t)n + 1);
  return true;
}

/* What is not there has a directory that is.  NULL: neither has that. */
static char *follow_new(const char *path) {
  char place[PATH_MAX], directory[PATH_MAX], real[PATH_MAX], *followed;
  if (snprintf(place, sizeof(place), "%s", path) >= PATH_MAX)
    return NULL;
  for (int i = 0; i < MOST_LINKS && step(place); i++)
    continue;
  size_t size = directory_size(place);
  const char *name = place + size;
  snprintf(directory, sizeof(directory), "%.*s", (int)size, place);
  if (name[0] == '\0' || realpath(size > 0 ? directory : ".", real) == NULL)
    return NULL;
  const char *slash = real[1] != '\0' ? "/" : "";
  return asprintf(&followed, "%s%s%s", real, slash, name) < 0 ? NULL : followed;
}

/* What a link leads to is written, and the link stays.  Standard output is not
 * replaced, whatever its file is called. */
char *report_path_follow(const char *path) {
  if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
    return strdup("-");
  char *real = realpath(path, NULL);
  if (real == NULL && access(path, F_OK) < 0) /* a pipe in /dev/fd is there */
    real = follow_new(path);
  return real != NULL ? real : strdup(path);
}

static bool look(const char *path, struct stat *ret_status) {
  return strcmp(path, "-") == 0 ? fstat(STDOUT_FILENO, ret_status) == 0
                                : stat(path, ret_status) == 0;
}

/* By another name, too: a hard link, or where standard output goes.  A device
 * (/dev/null) may take what it gets from several sides. */
static bool is_one_file(const char *path, const char *other) {
  struct stat one, two;
  return look(path, &one) && look(other, &two) && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino && !S_ISCHR(one.st_mode);
}

bool report_paths_meet(const char *path, const char *other) {
  char *one = report_path_follow(path), *two = report_path_follow(other);
  bool meet = one != NULL && two != NULL &&
              (strcmp(one, two) == 0 || is_one_file(one, two));
  free(one);
  free(two);
  return meet;
}
