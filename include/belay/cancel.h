/*
 * belay/cancel.h: a sticky request to stop, with parents and children.
 *
 * A cancel is asked for once and stays asked for; its level only rises.  What
 * is asked of a parent is asked of all below it, never the other way round.
 * Long work looks at belay_cancel_level() between its steps; a loop that it is
 * added to (belay_loop_add_cancel()) tells it as an event.
 */
#ifndef BELAY_CANCEL_H
#define BELAY_CANCEL_H

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

enum belay_cancel_level {
  BELAY_CANCEL_NONE = 0,
  BELAY_CANCEL_ASKED = 1, /* stop in good order */
  BELAY_CANCEL_FORCED = 2 /* stop at once */
};

struct belay_cancel;

/*
 * A new one below `parent`, or a root when that is NULL.  A child keeps its
 * parent alive.  The caller frees it.  -ENOMEM, -EMFILE, -ENFILE.  MT-Safe.
 */
int belay_cancel_new(struct belay_cancel *parent,
                     struct belay_cancel **ret_cancel);

/* Raises the level to `level` if it is lower: 1, else 0; -EINVAL for another
 * level than the two.  Never allocates, never blocks.  MT-Safe, AS-Safe. */
int belay_cancel_request(struct belay_cancel *cancel,
                         enum belay_cancel_level level);

/* The highest level that was asked of it or of any above it.  MT-Safe,
 * AS-Safe. */
enum belay_cancel_level belay_cancel_level(const struct belay_cancel *cancel);

/* Lets go of it; sources and children that it has keep what they need of it.
 * NULL is allowed.  MT-Safe. */
void belay_cancel_free(struct belay_cancel *cancel);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
