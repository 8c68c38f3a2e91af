/* xdg.h: where programs keep what they know. */
#ifndef CLI_XDG_H
#define CLI_XDG_H

/*
 * The path of a file below the user's state directory ($XDG_STATE_HOME, else
 * ~/.local/state), such as "belay/get.db", to be freed.  -ENOMEM; -ENOENT when
 * nobody says where home is.
 */
int xdg_state_path(const char *name, char **ret_path);

/* Makes the directories that lead to a path, with mode 0700; -errno. */
int xdg_make_parents(const char *path);

#endif
