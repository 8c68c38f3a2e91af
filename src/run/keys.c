/*
 * keys.c: the keyboard, borrowed.  SIGTTOU and SIGTTIN are blocked in us, so
 * the kernel would not keep us from what a process in the background must not
 * do: each use asks first whose foreground it is.
 */
#include "keys.h"

#include <errno.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

struct keys {
  struct belay_loop *loop;
  struct belay_source *source; /* NULL: we do not listen */
  struct termios saved;
};

int keys_open(struct belay_loop *loop, struct keys **ret_keys) {
  *ret_keys = NULL;
  if (tcgetpgrp(STDIN_FILENO) < 0)
    return 0;
  struct keys *keys = calloc(1, sizeof(*keys));
  if (keys == NULL)
    return -ENOMEM;
  keys->loop = loop;
  *ret_keys = keys;
  return 0;
}

bool keys_listen(struct keys *keys) {
  struct termios settings;
  if (keys->source != NULL)
    return true;
  if (!terminal_is_ours(STDIN_FILENO) ||
      tcgetattr(STDIN_FILENO, &settings) != 0 ||
      belay_loop_add_fd(keys->loop, STDIN_FILENO, BELAY_FD_READ, NULL,
                        &keys->source) < 0)
    return false;
  keys->saved = settings;
  settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  return true;
}

void keys_release(struct keys *keys) {
  if (keys == NULL || keys->source == NULL)
    return;
  belay_source_remove(keys->source);
  keys->source = NULL;
  if (terminal_is_ours(STDIN_FILENO))
    tcsetattr(STDIN_FILENO, TCSANOW, &keys->saved);
}

/* Who cannot read (the window is closed, or the foreground another's) would be
 * told so for ever. */
bool keys_take(struct keys *keys, const struct belay_event *event,
               char *ret_key) {
  *ret_key = 0;
  if (keys == NULL || keys->source == NULL || event->source != keys->source)
    return false;
  if (!terminal_is_ours(STDIN_FILENO) || read(STDIN_FILENO, ret_key, 1) != 1) {
    *ret_key = 0;
    keys_release(keys);
  }
  return true;
}

void keys_close(struct keys *keys) {
  keys_release(keys);
  free(keys);
}
