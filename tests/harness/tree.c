/* tree.c: removes a directory with all that is in it.
 *
 * It never follows a symbolic link, and opens up directories that a test left
 * without permissions. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "harness/internal.h"

static void remove_at(int parent_fd, const char *name);

static void remove_entries(int directory_fd) {
  struct dirent *entry;
  DIR *dir = fdopendir(directory_fd);
  if (!dir) {
    close(directory_fd);
    return;
  }
  while ((entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_at(directory_fd, entry->d_name);
  }
  closedir(dir);
}

static void remove_at(int parent_fd, const char *name) {
  if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
    return;
  fchmodat(parent_fd, name, 0700, 0);
  int fd =
      openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0)
    remove_entries(fd);
  unlinkat(parent_fd, name, AT_REMOVEDIR);
}

void test_remove_tree(const char *path) {
  remove_at(AT_FDCWD, path);
}
