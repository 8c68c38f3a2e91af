/* xdg.h: where programs keep what they know. */
#ifndef CLI_XDG_H
#define CLI_XDG_H

/*
 * The path of a file below the user's state directory ($XDG_STATE_HOME, else
 * ~/.local/state), such as "belay/get.db", to be freed.  Its directories are
 * made, with mode 0700.  -errno; -ENOENT when nobody says where home is.
 */
int xdg_state_path(const char *name, char **ret_path);

#endif
