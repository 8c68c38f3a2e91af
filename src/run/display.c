/*
 * display.c: the line at the bottom, and answers.
 *
 * Invariant: the cursor is at the end of our line, or nothing of ours is on the
 * screen.  All that is written by us (message(), print_all()) takes the line
 * away first; it comes back when the loop has nothing else to do.
 */
#include "display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/term.h"
#include "cli/write.h"
#include "keys.h"
#include "print.h"
#include "progress.h"

#define LINE_BYTES 2048
/* Between two drawings, where something has changed. */
#define CHANGE_NS INT64_C(100000000)
/* Where others wrote meanwhile: the line is not to blink, nor to slow them. */
#define RETURN_NS INT64_C(20000000)
/* Where nothing has changed but the time; and to see that we are in front now:
 * a shell need not tell a program that has not been stopped. */
#define TICK_NS INT64_C(1000000000)

#define WAY_BYTES 48

struct display {
  struct belay_loop *loop;
  struct keys *keys; /* NULL: none are asked for */
  bool is_live;      /* there is a line at all */
  bool prints_there; /* our standard output is a terminal too */
  bool is_drawn;
  bool is_background; /* when it was last to be drawn */
  bool is_mid_line;   /* what was printed last had no newline */
  size_t width;       /* of the line, in columns */
  int64_t begun_ns, drawn_ns;
  int64_t listen_ns; /* when to try again to hear keys; INT64_MAX: we do */
  int64_t armed_ns;  /* when the timer is due; 0: it is not armed */
  struct belay_source *timer;
  struct tally shown;
};

/* Those who write know nothing of it. */
static struct display *current;

/* -- The line -------------------------------------------------------------- */

/* What takes the line away.  The window may be narrower than when it was drawn,
 * and the line so many rows. */
static size_t write_way_back(const struct display *display, size_t columns,
                             char *into, size_t size) {
  size_t above = display->width > 0 ? (display->width - 1) / columns : 0;
  int n = 0;
  if (display->is_drawn && above > 0)
    n = snprintf(into, size, "\r\x1b[%zuA\x1b[J", above);
  else if (display->is_drawn)
    n = snprintf(into, size, "\r\x1b[J");
  else if (display->is_mid_line)
    n = snprintf(into, size, "\n");
  return (size_t)n;
}

static size_t window_columns(void) {
  int columns, rows;
  term_size(STDERR_FILENO, &columns, &rows);
  return columns > 1 ? (size_t)columns : 2;
}

static void take_away(struct display *display) {
  char text[WAY_BYTES];
  size_t size = write_way_back(display, window_columns(), text, sizeof(text));
  display->is_drawn = false;
  if (term_is_foreground(STDERR_FILENO))
    write_all(STDERR_FILENO, text, size);
}

static void draw(struct display *display, const struct crew *crew,
                 const struct tally *tally) {
  char line[WAY_BYTES + LINE_BYTES];
  display->drawn_ns = belay_loop_now(display->loop);
  display->is_background = !term_is_foreground(STDERR_FILENO);
  if (display->is_background)
    return;
  size_t columns = window_columns();
  size_t way = write_way_back(display, columns, line, WAY_BYTES);
  display->width =
      progress_line(tally, display->drawn_ns - display->begun_ns, crew->tasks,
                    columns - 1, line + way, LINE_BYTES);
  write_all(STDERR_FILENO, line, strlen(line));
  display->is_mid_line = false;
  display->is_drawn = true;
  display->shown = *tally;
}

static bool has_changed(const struct tally *a, const struct tally *b) {
  return a->total != b->total || a->started != b->started ||
         a->running != b->running || a->succeeded != b->succeeded ||
         a->failed != b->failed;
}

static int64_t due_at(const struct display *display,
                      const struct tally *tally) {
  int64_t wait = display->is_background                ? TICK_NS
                 : !display->is_drawn                  ? RETURN_NS
                 : has_changed(&display->shown, tally) ? CHANGE_NS
                                                       : TICK_NS;
  return display->drawn_ns + wait;
}

static void arm(struct display *display, int64_t due_ns, int64_t now) {
  if (display->armed_ns != 0 && display->armed_ns <= due_ns)
    return;
  if (belay_source_set_timer(display->timer, due_ns - now, 0) == 0)
    display->armed_ns = due_ns;
}

static void listen(struct display *display, int64_t now) {
  if (now >= display->listen_ns)
    display->listen_ns = keys_listen(display->keys) ? INT64_MAX : now + TICK_NS;
  if (display->listen_ns != INT64_MAX)
    arm(display, display->listen_ns, now);
}

void display_show(struct display *display, const struct crew *crew,
                  const struct tally *tally) {
  if (display->timer == NULL)
    return;
  int64_t now = belay_loop_now(display->loop);
  if (display->keys != NULL)
    listen(display, now);
  if (!display->is_live)
    return;
  if (now >= due_at(display, tally))
    draw(display, crew, tally);
  arm(display, due_at(display, tally), now);
}

void display_hide(struct display *display) {
  if (display != NULL && display->is_drawn)
    take_away(display);
}

/* -- Before others write --------------------------------------------------- */

static void before_message(void) {
  display_hide(current);
  current->is_mid_line = false;
}

static void before_print(int fd, const char *data, size_t size) {
  bool is_on_screen =
      fd == STDERR_FILENO || (fd == STDOUT_FILENO && current->prints_there);
  if (!is_on_screen || size == 0)
    return;
  display_hide(current);
  current->is_mid_line = data[size - 1] != '\n';
}

/* -- Answers --------------------------------------------------------------- */

void display_tell(struct display *display, const struct crew *crew,
                  const struct tally *tally) {
  char text[PROGRESS_BYTES];
  int64_t now = belay_loop_now(display->loop);
  message("%s", progress_counts(tally, now - display->begun_ns, text));
  for (const struct task *task = progress_oldest(crew->tasks); task != NULL;
       task = task->previous)
    message("%s", progress_task(task, now, text));
}

static void on_key(struct display *display, char key, const struct crew *crew,
                   const struct tally *tally) {
  if (key == '?' || key == '\n' || key == '\r')
    display_tell(display, crew, tally);
  else if (key == 'h' || key == 'H')
    message(
        "? or Enter tells what runs; Ctrl-C asks it to end, Ctrl-Z stops "
        "it");
}

bool display_takes(struct display *display, const struct belay_event *event,
                   const struct crew *crew, const struct tally *tally) {
  char key;
  if (keys_take(display->keys, event, &key)) {
    on_key(display, key, crew, tally);
    if (key == 0)
      display->listen_ns = 0;
    return true;
  }
  if (display->timer == NULL || event->source != display->timer)
    return false;
  display->armed_ns = 0;
  return true;
}

/* -- Beginning and end ----------------------------------------------------- */

/* A Procfile's commands write all the time, and raw output we do not see. */
static bool is_wanted(const struct run_options *options) {
  if (options->progress != PROGRESS_AUTO)
    return options->progress == PROGRESS_LIVE && isatty(STDERR_FILENO);
  return term_is_live(STDERR_FILENO) && !options->quiet &&
         options->source != SOURCE_PROCFILE && options->output != OUTPUT_RAW;
}

/* Standard input may be the commands', or have them. */
static bool wants_keys(const struct run_options *options) {
  return options->progress != PROGRESS_NONE &&
         options->stdin_from != STDIN_INHERIT &&
         (options->path == NULL || strcmp(options->path, "-") != 0);
}

int display_open(const struct run_options *options, struct belay_loop *loop,
                 struct display **ret_display) {
  struct display *display = calloc(1, sizeof(*display));
  int error = display == NULL ? -ENOMEM : 0;
  if (error < 0)
    return error;
  display->loop = loop;
  display->begun_ns = belay_loop_now(loop);
  display->drawn_ns = display->begun_ns + CHANGE_NS; /* what is short is not */
  display->is_live = is_wanted(options);
  display->prints_there = isatty(STDOUT_FILENO);
  if (wants_keys(options))
    error = keys_open(loop, &display->keys);
  if (error == 0 && (display->is_live || display->keys != NULL))
    error = belay_loop_add_timer(loop, -1, 0, NULL, &display->timer);
  if (error < 0) {
    display_close(display);
    return error;
  }
  current = display;
  if (display->is_live) {
    message_set_before(before_message);
    print_set_before(before_print);
  }
  *ret_display = display;
  return 0;
}

void display_suspend(struct display *display) {
  display_hide(display);
  keys_release(display->keys);
}

/* What else there is to do is done when it is shown. */
void display_resume(struct display *display) {
  display->is_background = false;
  display->listen_ns = 0;
}

void display_close(struct display *display) {
  if (display == NULL)
    return;
  display_hide(display);
  message_set_before(NULL);
  print_set_before(NULL);
  current = NULL;
  keys_close(display->keys);
  belay_source_remove(display->timer);
  free(display);
}
