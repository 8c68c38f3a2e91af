/*
 * display.h: how far we are, on a terminal: one line at the bottom, redrawn;
 * and what runs, when somebody asks (SIGUSR1, SIGINFO, or ? typed).
 *
 * Only reads.  Whoever writes to the terminal hides the line before.
 */
#ifndef RUN_DISPLAY_H
#define RUN_DISPLAY_H

#include <belay/loop.h>

#include "crew.h"
#include "options.h"
#include "report.h"

struct display;

/* On standard error, if it is a terminal and wanted; 0 or -ENOMEM. */
int display_open(const struct run_options *options, struct belay_loop *loop,
                 struct display **ret_display);

/* Takes the line away, before anybody writes; it comes back with the next
 * display_show(). */
void display_hide(struct display *display);

/* Draws it anew, not more often than is worth looking at. */
void display_show(struct display *display, const struct crew *crew,
                  const struct tally *tally);

/* Lines about all that runs: for how long, in what state. */
void display_tell(struct display *display, const struct crew *crew,
                  const struct tally *tally);

/* Whether an event of the loop is the display's own (its timer, or a key that
 * was typed); then it has been dealt with. */
bool display_takes(struct display *display, const struct belay_event *event,
                   const struct crew *crew, const struct tally *tally);

/* Before we stop, and when we go on: the terminal's settings as they were. */
void display_suspend(struct display *display);
void display_resume(struct display *display);

void display_close(struct display *display);

#endif
