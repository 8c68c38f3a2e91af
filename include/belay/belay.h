/* belay/belay.h: the whole of libbelay. */
#ifndef BELAY_BELAY_H
#define BELAY_BELAY_H

#include <belay/broadcast.h>
#include <belay/cancel.h>
#include <belay/channel.h>
#include <belay/job.h>
#include <belay/loop.h>
#include <belay/orphans.h>
#include <belay/process.h>
#include <belay/signal.h>
#include <belay/sigpipe.h>
#include <belay/sigwait.h>
#include <belay/stopwatch.h>
#include <belay/version.h>

#endif
