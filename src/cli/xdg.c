/*
 * xdg.c: the XDG base directories, of which programs need one.  Nothing is
 * made until somebody asks for it, and then for the user's eyes alone.
 */
#include "xdg.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home(void) {
  const char *path = getenv("HOME");
  if (path != NULL && path[0] == '/')
    return path;
  const struct passwd *user = getpwuid(getuid());
  return user != NULL ? user->pw_dir : NULL;
}

int xdg_make_parents(const char *path) {
  char *copy = strdup(path);
  int error = copy == NULL ? -ENOMEM : 0;
  char *end = copy;
  while (error == 0 && *end != '\0') {
    end += 1 + strcspn(end + 1, "/"); /* a / at the very front is no end */
    if (*end == '\0')
      break;
    *end = '\0';
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
      error = -errno;
    *end = '/';
  }
  free(copy);
  return error;
}

int xdg_state_path(const char *name, char **ret_path) {
  /* The specification: a relative path is invalid, and ignored. */
  const char *state = getenv("XDG_STATE_HOME");
  bool is_set = state != NULL && state[0] == '/';
  const char *base = is_set ? state : home();
  char *path;
  if (base == NULL)
    return -ENOENT;
  if (asprintf(&path, "%s/%s%s", base, is_set ? "" : ".local/state/", name) < 0)
    return -ENOMEM;
  *ret_path = path;
  return 0;
}
