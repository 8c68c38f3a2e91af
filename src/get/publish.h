/*
 * publish.h: giving a finished part its name.
 *
 * The order on disk is data, name, record.  The data were synced before; here
 * the file gets its name, and the directories that the name stands in are
 * synced; only then may the store record it.
 */
#ifndef GET_PUBLISH_H
#define GET_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Gives a file that has no name (O_TMPFILE) one.  -EEXIST: something has that
 * name; other errors of the system. */
int publish_link(int fd, const char *path);

/* Whether this process can do so. */
bool publish_can_link(void);

/* Renames `part` to `target`.  -EEXIST: something has that name, and we were
 * not told to `replace` it; other errors of the system. */
int publish_rename(const char *part, const char *target, bool replace);

/* Whether `path` is the very file that has this status. */
bool publish_is_file(const char *path, const struct stat *file);

/* 1: the plain file at `path` holds the same bytes as `fd`; 0: it does not, or
 * cannot be read. */
int publish_same_content(int fd, const char *path);

/* Directories in which names were made, each to be synced once for a batch. */
struct directories {
  struct directory *list;
  size_t count, capacity, last;
};

/* Takes down the directory of `path` for the next directories_sync().  Its
 * index, or -ENOMEM. */
int directories_add(struct directories *directories, const char *path);

/* Syncs those taken down since the last time.  A directory that is seen for
 * the first time may have been made just now, as may those above it: they are
 * synced too. */
void directories_sync(struct directories *directories);

/* What came of syncing the directory of that index: 0 or -errno. */
int directories_error(const struct directories *directories, int index);

/* More than this need not be remembered from batch to batch. */
#define DIRECTORIES_MANY 256

/* Forgets the list; all zero is an empty one. */
void directories_clear(struct directories *directories);

#endif
