/* hearer.h: SIGCHLD, heard once for all children of a loop. */
#ifndef PROCESS_HEARER_H
#define PROCESS_HEARER_H

#include "loop/source.h"

/* From here on the source is made ready when its child may have stopped, gone
 * on, or, if it has no pidfd, ended: 0 or -errno. */
int belay__hearer_add(struct belay_source *source);
/* Twice is once. */
void belay__hearer_remove(struct belay_source *source);

/* One that was made ready looks now: then it is the next one's turn. */
void belay__hearer_go_on(struct belay_loop *loop);

#endif
