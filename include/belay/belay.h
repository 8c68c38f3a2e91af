/* belay/belay.h: the whole of libbelay. */
#ifndef BELAY_BELAY_H
#define BELAY_BELAY_H

#include <belay/cancel.h>
#include <belay/channel.h>
#include <belay/loop.h>
#include <belay/signal.h>
#include <belay/sigpipe.h>
#include <belay/version.h>

#endif
