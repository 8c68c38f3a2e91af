/*
 * display.h: what a person sees while downloads run.
 *
 * It only reads: the session hands it snapshots.  On a terminal a block of
 * lines at the bottom, one for each active transfer and a total, is redrawn in
 * place by a single write; messages go above it.  Elsewhere messages are plain
 * lines and the block is not drawn.
 */
#ifndef GET_DISPLAY_H
#define GET_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct display;

/* One active transfer. */
struct display_row {
  const char *name;
  int64_t bytes;      /* of the file, so far */
  int64_t size_bytes; /* -1 unknown */
  int64_t rate;       /* bytes per second, -1 not known yet */
  const char *note;   /* "connecting", ..., or NULL */
};

struct display_total {
  size_t completed, failed, active, left; /* files; left: not begun */
  int64_t bytes;                          /* of this run's files, so far */
  int64_t size_bytes; /* of this run's files; -1 while any is unknown */
  int64_t rate;
  int64_t eta_ns; /* -1 unknown */
};

struct display_options {
  int fd;    /* stderr */
  bool live; /* draw the block: a terminal, and not -q */
  bool colour;
};

int display_new(const struct display_options *options,
                struct display **ret_display);

/* Draws the block, `count` rows cut to what fits the window.  Nothing if not
 * live, or if we are in the background of our terminal. */
void display_draw(struct display *display, const struct display_row *rows,
                  size_t count, const struct display_total *total);

enum display_tone { DISPLAY_PLAIN, DISPLAY_GOOD, DISPLAY_BAD };

/* Writes one line above the block; control bytes are made visible, and the
 * first word has the tone's colour. */
void display_message(struct display *display, enum display_tone tone,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The window's size may have changed (SIGWINCH), or the screen (SIGCONT). */
void display_resized(struct display *display);

/* Takes the block away (before stopping, before ending). */
void display_clear(struct display *display);

void display_free(struct display *display);

#endif
