/* xdg.c: the XDG base directories, of which programs need one. */
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

static int make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int error = mkdir(path, 0700) != 0 && errno != EEXIST ? -errno : 0;
    *slash = '/';
    if (error < 0)
      return error;
  }
  return 0;
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
  int error = make_parents(path);
  if (error < 0)
    free(path);
  else
    *ret_path = path;
  return error;
}
