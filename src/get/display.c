/*
 * display.c: a block of lines at the bottom of a terminal, redrawn in place.
 *
 * A frame is put together in memory and written in one call: up to the first
 * line of the last frame, then each line and an erase of what is left of it.
 * No line is ever as wide as the window, so none wraps; when the window gets
 * narrower, the rows that the last frame now takes are counted.  The cursor is
 * always after the last line and the terminal's modes are never changed, so
 * that sudden death leaves it clean.
 */
#include "display.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/term.h"
#include "cli/unit.h"
#include "cli/utf8.h"

#define LINE_BYTES 1024
#define FIGURES_BYTES 192
#define ROWS_AT_MOST 200
#define NAME_COLUMNS_LEAST 12
#define WIDE_COLUMNS 110

struct display {
  struct display_options options;
  int columns, rows;
  size_t drawn;                     /* lines of the last frame */
  size_t widths[ROWS_AT_MOST + 2];  /* of each of them, in columns */
  char figures[ROWS_AT_MOST][FIGURES_BYTES];
  char *frame;
  size_t size, capacity;
};

/* -- A frame ---------------------------------------------------------------------- */

static void add(struct display *display, const char *text, size_t size) {
  if (display->size + size > display->capacity) {
    size_t capacity = (display->size + size) * 2;
    char *frame = realloc(display->frame, capacity);
    if (frame == NULL)
      return; /* this frame will miss something */
    display->frame = frame;
    display->capacity = capacity;
  }
  memcpy(display->frame + display->size, text, size);
  display->size += size;
}

static void add_text(struct display *display, const char *text) {
  add(display, text, strlen(text));
}

static void flush(struct display *display) {
  const char *rest = display->frame;
  size_t left = display->size;
  while (left > 0) {
    ssize_t n = write(display->options.fd, rest, left);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      break; /* nobody looks any more */
    rest += n;
    left -= (size_t)n;
  }
  display->size = 0;
}

/* How many rows the last frame takes on the screen as it is now. */
static size_t rows_drawn(const struct display *display) {
  size_t rows = 0;
  size_t columns = (size_t)display->columns;
  for (size_t i = 0; i < display->drawn; i++) {
    size_t width = display->widths[i];
    rows += width > columns ? (width + columns - 1) / columns : 1;
  }
  return rows;
}

/* To the first row of the last frame, which is then gone. */
static void go_back(struct display *display) {
  char text[32];
  size_t rows = rows_drawn(display);
  if (rows > 0) {
    snprintf(text, sizeof(text), "\r\x1b[%zuA", rows);
    add_text(display, text);
  }
  display->drawn = 0;
}

/* One line of the block, cut to the window. */
static void add_line(struct display *display, const char *text) {
  char line[LINE_BYTES];
  size_t width =
      utf8_fit(text, line, sizeof(line), (size_t)display->columns - 1);
  add_text(display, line);
  add_text(display, "\x1b[K\n");
  display->widths[display->drawn++] = width;
}

/* -- Lines -------------------------------------------------------------------------- */

static int bar_cells(int columns) {
  return columns >= WIDE_COLUMNS ? 20 : columns >= 72 ? 10 : 0;
}

static void write_bar(char *out, int cells, double part) {
  int full = (int)(part * cells + 0.5);
  for (int i = 0; i < cells; i++)
    strcat(out, i < full ? "#" : "-");
}

/* " 45% #####----- 1.2 GiB/2.6 GiB 34 MiB/s ETA 12 s", as far as known. */
static void write_figures(char *out, size_t size, const struct display_row *row,
                          int columns) {
  char have[UNIT_TEXT_BYTES], all[UNIT_TEXT_BYTES], rate[UNIT_TEXT_BYTES],
      eta[UNIT_TEXT_BYTES];
  size_t used = 0;
  out[0] = '\0';
  if (row->size_bytes > 0) {
    double part = (double)row->bytes / (double)row->size_bytes;
    used = (size_t)snprintf(out, size, "%3.0f%% ", part * 100);
    if (bar_cells(columns) > 0) {
      write_bar(out, bar_cells(columns), part);
      strcat(out, " ");
      used = strlen(out);
    }
    used += (size_t)snprintf(out + used, size - used, "%s / %s",
                             unit_size(row->bytes, have),
                             unit_size(row->size_bytes, all));
  } else {
    used = (size_t)snprintf(out, size, "%s", unit_size(row->bytes, have));
  }
  if (row->note != NULL) {
    snprintf(out + used, size - used, "  %s", row->note);
  } else if (row->rate >= 0) {
    used += (size_t)snprintf(out + used, size - used, "  %s/s",
                             unit_size(row->rate, rate));
    if (row->rate > 0 && row->size_bytes > row->bytes)
      snprintf(out + used, size - used, "  %s",
               unit_duration((int64_t)((double)(row->size_bytes - row->bytes) *
                                       1e9 / (double)row->rate),
                             eta));
  }
}

/* One row: the name in `room` columns, then the figures. */
static void add_row(struct display *display, const char *name, int room,
                    const char *figures) {
  char text[512], line[LINE_BYTES];
  size_t width = utf8_fit(name, text, sizeof(text), (size_t)room);
  snprintf(line, sizeof(line), "%s%*s %s", text, room - (int)width, "",
           figures);
  add_line(display, line);
}

/* The figures stand in line; names have what the longest of them leaves. */
static void add_rows(struct display *display, const struct display_row *rows,
                     size_t count) {
  int widest = 0;
  for (size_t i = 0; i < count; i++) {
    write_figures(display->figures[i], sizeof(display->figures[i]), &rows[i],
                  display->columns);
    int width = (int)strlen(display->figures[i]);
    widest = width > widest ? width : widest;
  }
  int room = display->columns - widest - 2;
  if (room < NAME_COLUMNS_LEAST)
    room = NAME_COLUMNS_LEAST;
  for (size_t i = 0; i < count; i++)
    add_row(display, rows[i].name, room, display->figures[i]);
}

static void add_total(struct display *display,
                      const struct display_total *total) {
  char line[256], have[UNIT_TEXT_BYTES], text[UNIT_TEXT_BYTES];
  int used = snprintf(line, sizeof(line), "%zu done", total->completed);
  if (total->failed > 0)
    used += snprintf(line + used, sizeof(line) - (size_t)used, ", %zu failed",
                     total->failed);
  used += snprintf(line + used, sizeof(line) - (size_t)used,
                   ", %zu active, %zu left   %s", total->active, total->left,
                   unit_size(total->bytes, have));
  if (total->size_bytes >= 0)
    used += snprintf(line + used, sizeof(line) - (size_t)used, " / %s",
                     unit_size(total->size_bytes, text));
  used += snprintf(line + used, sizeof(line) - (size_t)used, "  %s/s",
                   unit_size(total->rate, text));
  if (total->eta_ns >= 0)
    snprintf(line + used, sizeof(line) - (size_t)used, "  ETA %s",
             unit_duration(total->eta_ns, text));
  add_line(display, line);
}

/* -- The display --------------------------------------------------------------------- */

int display_new(const struct display_options *options,
                struct display **ret_display) {
  struct display *display = calloc(1, sizeof(*display));
  if (display == NULL)
    return -ENOMEM;
  display->options = *options;
  display_resized(display);
  *ret_display = display;
  return 0;
}

void display_resized(struct display *display) {
  term_size(display->options.fd, &display->columns, &display->rows);
  if (display->columns < 2)
    display->columns = 2;
}

void display_draw(struct display *display, const struct display_row *rows,
                  size_t count, const struct display_total *total) {
  if (!display->options.live || !term_is_foreground(display->options.fd))
    return;
  size_t room = display->rows > 3 ? (size_t)display->rows - 3 : 1;
  if (room > ROWS_AT_MOST)
    room = ROWS_AT_MOST;
  size_t shown = count <= room ? count : room - 1;
  go_back(display);
  add_rows(display, rows, shown);
  if (shown < total->active) {
    char line[64];
    snprintf(line, sizeof(line), "... and %zu more", total->active - shown);
    add_line(display, line);
  }
  add_total(display, total);
  add_text(display, "\x1b[J");
  flush(display);
}

void display_clear(struct display *display) {
  if (display->drawn == 0)
    return;
  go_back(display);
  add_text(display, "\x1b[J");
  flush(display);
}

void display_message(struct display *display, enum display_tone tone,
                     const char *format, ...) {
  static const char *const colours[] = {
      [DISPLAY_PLAIN] = "", [DISPLAY_GOOD] = "\x1b[32m",
      [DISPLAY_BAD] = "\x1b[31m"};
  char text[LINE_BYTES], line[LINE_BYTES];
  bool coloured = display->options.colour && tone != DISPLAY_PLAIN;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  utf8_fit(text, line, sizeof(line), 0);
  if (display->drawn > 0) {
    go_back(display);
    add_text(display, "\x1b[J");
  }
  size_t word = strcspn(line, " ");
  if (coloured)
    add_text(display, colours[tone]);
  add(display, line, word);
  if (coloured)
    add_text(display, "\x1b[m");
  add_text(display, line + word);
  add_text(display, "\n");
  flush(display);
}

void display_free(struct display *display) {
  if (display == NULL)
    return;
  free(display->frame);
  free(display);
}
