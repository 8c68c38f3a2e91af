/*
 * last.c: when all commands have ended, who fled from them: asked to end, or
 * waited for, until a signal comes; and killed.
 */
#include "last.h"

#include <belay/orphans.h>

#include <signal.h>

#include "signals.h"
#include "survivors.h"
#include "wish.h"

struct last {
  struct many *many;
  bool asked;                 /* to end */
  struct belay_source *grace; /* NULL: none */
};

/* Those who hear that they are to end have their time of grace. */
static void ask_orphans(struct last *last, int signo) {
  const struct many *many = last->many;
  survivors_outrun();
  if (!many->options->quiet)
    survivors_tell("commands", "asked to end");
  survivors_signal(NULL, signo);
  if (many->options->grace_ns > 0)
    belay_loop_add_timer(many->loop, many->options->grace_ns, 0, NULL,
                         &last->grace);
  last->asked = true;
}

/* A first signal is passed on; one to who was asked before ends our waiting,
 * and so them. */
static bool ends_waiting(struct last *last, int signo) {
  struct many *many = last->many;
  if (!signals_is_end(signo) || !wish_is_new(many))
    return false;
  if (many->signo == 0)
    many->signo = signo;
  if (last->asked)
    return true;
  ask_orphans(last, wish_signal(many, signo));
  return false;
}

static void show_output(struct many *many, const struct belay_event *event) {
  bool is_timer = event->type == BELAY_EVENT_TIMER && event->data == NULL;
  if ((!is_timer && event->type != BELAY_EVENT_FD) ||
      event->source == many->jobserver_source ||
      event->source == many->sweep_source)
    return;
  int error = output_ready(&many->outputs, event);
  if (error < 0 && many->output_error == 0)
    many->output_error = error;
}

/* While they are waited for, what they wrote is shown. */
static bool is_end_of_waiting(struct last *last,
                              const struct belay_event *event) {
  if (event->type == BELAY_EVENT_SIGNAL)
    return ends_waiting(last, event->signal.signo);
  if (event->type == BELAY_EVENT_TIMER && event->source == last->grace)
    return true;
  show_output(last->many, event);
  return false;
}

/* Who is waited for has to end all the same once a signal asked for it. */
void last_wait(struct many *many) {
  struct belay_event event;
  struct last last = {.many = many};
  if (many->options->orphans == ORPHANS_LEAVE)
    return;
  if (!survivors_exist(NULL))
    return;
  display_suspend(many->display);
  if (many->options->orphans == ORPHANS_KILL || many->signo != 0)
    ask_orphans(&last, many->options->end_signal);
  while (survivors_exist(NULL) && belay_loop_next(many->loop, -1, &event) > 0)
    if (is_end_of_waiting(&last, &event))
      break;
  belay_orphans_kill(-1);
}
