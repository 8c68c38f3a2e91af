/*
 * keys.h: single keys typed on standard input, if that is a terminal whose
 * foreground is ours; signals are typed as ever.
 *
 * The terminal's settings are somebody else's, and given back whenever we do
 * not listen.  From the background they are never touched.
 */
#ifndef RUN_KEYS_H
#define RUN_KEYS_H

#include <belay/loop.h>

#include <stdbool.h>

struct keys;

/* Does not listen yet: 0, or -ENOMEM; *ret_keys is NULL if standard input is no
 * terminal of ours. */
int keys_open(struct belay_loop *loop, struct keys **ret_keys);

/* Listens, if it can; twice is once.  Whether it does. */
bool keys_listen(struct keys *keys);

/* Gives the terminal's settings back. */
void keys_release(struct keys *keys);

/* Whether the event is of a key, which is *ret_key; 0: of none. */
bool keys_take(struct keys *keys, const struct belay_event *event,
               char *ret_key);

/* NULL is allowed. */
void keys_close(struct keys *keys);

#endif
