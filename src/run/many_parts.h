/*
 * many_parts.h: what a run of many commands is made of; opened before the first
 * command starts, closed after the last.
 */
#ifndef RUN_MANY_PARTS_H
#define RUN_MANY_PARTS_H

#include <belay/loop.h>

#include "crew.h"
#include "display.h"
#include "jobserver.h"
#include "options.h"
#include "output.h"
#include "queue.h"
#include "report.h"
#include "sweep.h"

/* How urgent it is that we end. */
enum level { LEVEL_NONE, LEVEL_ASKED, LEVEL_URGED, LEVEL_KILLED };

struct many {
  const struct run_options *options;
  struct belay_loop *loop;
  struct belay_sigwait *signals;
  struct queue queue;
  struct belay_source *jobserver_source, *sweep_source;
  struct jobserver *jobserver;
  struct outputs outputs;
  struct report *report;
  struct display *display;
  struct crew crew;
  struct sweep sweep;
  struct tally tally;

  bool no_more; /* is started */
  bool is_full; /* the system has no room: until one has ended */
  bool told_full;
  int reap_due; /* events since a SIGCHLD, and 1; 0: there was none */
  enum level level;
  int signo; /* the first that wished us to end; 0: none */
  int64_t wished_ns;
  int status;       /* of the command that decided; -1: none did */
  int output_error; /* -errno: our own output cannot be written */
};

/* Opens all that the options ask for: 0; or a negative errno, with *ret_error a
 * line, to be freed, or NULL. */
int many_open(struct many *many, char **ret_error);

/* Closes what is open, but for outputs, report and display, whose ends say
 * something (many.c). */
void many_close(struct many *many);

#endif
