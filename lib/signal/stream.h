/* stream.h: streams that share a listener, for loops. */
#ifndef SIGNAL_STREAM_H
#define SIGNAL_STREAM_H

#include <belay/signal.h>
#include <stdbool.h>

#include "base/bell.h"

/* As belay_stream_open(); but rings go to `shared`, if it is not NULL, which
 * others clear, and has to outlive the stream. */
int belay__stream_open(const int *signals, unsigned flags,
                       struct belay__listener *shared,
                       struct belay_stream **ret_stream);

/* Takes a record from a stream with a shared listener, as belay_stream_read(),
 * and says whether there are more. */
int belay__stream_take(struct belay_stream *stream,
                       struct belay_siginfo *ret_info, bool *ret_more);

/* After the shared listener was cleared, or a handler ran in this thread: has
 * later signals ring again, and says whether there are some already. */
bool belay__stream_heard(struct belay_stream *stream);

#endif
