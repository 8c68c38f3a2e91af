/*
 * display.c: a block of lines at the bottom of a terminal, redrawn in place.
 *
 * A frame is put together in memory and written in one call: up to the first
 * line of the last frame, then each line and an erase of what is left of it.
 * No line is ever as wide as the window, so none wraps, and the block is lower
 * than the window, so none scrolls away; when the window gets narrower, the
 * rows that the last frame now takes are counted.  The cursor is always after
 * the last line and the terminal's modes are never changed, so that sudden
 * death leaves it clean.
 */
#include "display.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/term.h"
#include "cli/unit.h"
#include "cli/utf8.h"
#include "cli/write.h"

#define LINE_BYTES 1024
#define MESSAGE_BYTES 8192
#define ROWS_AT_MOST 200
#define NAME_COLUMNS_LEAST 12
#define BAR_CELLS_LEAST 8
#define BAR_CELLS_MOST 40

struct display {
  struct display_options options;
  int columns, rows;
  size_t name_columns;             /* of the widest name so far */
  size_t drawn;                    /* lines of the last frame */
  size_t widths[ROWS_AT_MOST + 2]; /* of each of them, in columns */
  char *frame;
  size_t size, capacity;
};

/* -- A frame -------------------------------------------------------------- */

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
  /* An error means that nobody looks any more. */
  write_all(display->options.fd, display->frame, display->size);
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
  if (display->drawn == 0)
    return;
  display_resized(display); /* the signal that tells may still be on its way */
  snprintf(text, sizeof(text), "\r\x1b[%zuA", rows_drawn(display));
  add_text(display, text);
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

/* -- Rows ----------------------------------------------------------------- */

/* What a row of a window this wide has room for, beside the name and the bar.
 * The tail holds the rate and the time left, or a note in their place. */
static const struct layout {
  int columns; /* at least */
  size_t percent, amounts, tail;
} layouts[] = {{70, 5, 22, 21},
               {40, 5, 0, 21},
               {26, 5, 0, 10},
               {16, 5, 0, 0},
               {0, 0, 0, 0}};

static const struct layout *layout_of(int columns) {
  const struct layout *layout = layouts;
  while (columns < layout->columns)
    layout++;
  return layout;
}

/* Text to which columns are added from the left. */
struct line {
  char text[LINE_BYTES];
  size_t used;
};

/* Adds text cut or filled up to so many columns: at its left, or right. */
static void add_column(struct line *line, const char *text, size_t columns,
                       bool is_right) {
  char fitted[LINE_BYTES / 4];
  if (columns == 0)
    return;
  size_t width = utf8_fit(text, fitted, sizeof(fitted), columns);
  int blanks = (int)(columns - width);
  size_t room = sizeof(line->text) - line->used;
  int n =
      snprintf(line->text + line->used, room, "%*s%s%*s", is_right ? blanks : 0,
               "", fitted, is_right ? 0 : blanks, "");
  line->used += (size_t)n < room ? (size_t)n : room - 1;
}

static double part_of(const struct display_row *row) {
  double part = (double)row->bytes / (double)row->size_bytes;
  return part < 0 ? 0 : part > 1 ? 1 : part;
}

/* Rounded down: 100 is said when it is all there, and not before. */
static void add_percent(struct line *line, const struct display_row *row,
                        size_t columns) {
  char text[16] = "";
  if (row->size_bytes > 0)
    snprintf(text, sizeof(text), "%d%%", (int)(part_of(row) * 100 + 1e-6));
  add_column(line, text, columns, true);
}

static void add_bar(struct line *line, const struct display_row *row,
                    size_t cells) {
  char bar[BAR_CELLS_MOST + 1] = "";
  if (row->size_bytes > 0) {
    size_t full = (size_t)(part_of(row) * (double)cells + 1e-6);
    memset(bar, '-', cells);
    memset(bar, '#', full);
    bar[cells] = '\0';
  }
  add_column(line, "", 1, false);
  add_column(line, bar, cells, false);
}

static void add_amounts(struct line *line, const struct display_row *row,
                        size_t columns) {
  char text[2 * UNIT_TEXT_BYTES + 8], have[UNIT_TEXT_BYTES],
      all[UNIT_TEXT_BYTES];
  unit_size(row->bytes, have);
  if (row->size_bytes > 0)
    snprintf(text, sizeof(text), "%9s / %9s", have,
             unit_size(row->size_bytes, all));
  else
    snprintf(text, sizeof(text), "%9s%12s", have, "");
  add_column(line, text, columns, true);
}

/* "12 s", or "" if nobody can tell. */
static const char *time_left(const struct display_row *row,
                             char text[UNIT_TEXT_BYTES]) {
  text[0] = '\0';
  if (row->rate <= 0 || row->size_bytes <= row->bytes)
    return text;
  double s = (double)(row->size_bytes - row->bytes) / (double)row->rate;
  if (s < 100 * 3600.0)
    unit_duration((int64_t)(s * 1e9), text);
  return text;
}

/* The note; or rate and time left.  Where no other column says how much of a
 * file of unknown size has come, it is said here. */
static void add_tail(struct line *line, const struct display_row *row,
                     const struct layout *layout) {
  char text[2 * UNIT_TEXT_BYTES + 8],
      rate[UNIT_TEXT_BYTES + 2] = "", other[UNIT_TEXT_BYTES];
  bool is_only = row->size_bytes <= 0 && layout->amounts == 0;
  if (row->note != NULL && layout->tail > 0) {
    add_column(line, "", 2, false);
    add_column(line, row->note, layout->tail - 2, false);
    return;
  }
  if (row->rate >= 0) {
    unit_size(row->rate, rate);
    strcat(rate, "/s");
  }
  if (is_only)
    unit_size(row->bytes, other);
  else
    time_left(row, other);
  if (layout->tail < 21)
    snprintf(text, sizeof(text), "%s", other);
  else if (is_only)
    snprintf(text, sizeof(text), "%s %11s", other, rate);
  else
    snprintf(text, sizeof(text), "%s  %6s", rate, other);
  add_column(line, text, layout->tail, true);
}

/* The widths of names may only grow, so that columns do not jump. */
static void measure_names(struct display *display,
                          const struct display_row *rows, size_t count) {
  char name[LINE_BYTES / 4];
  for (size_t i = 0; i < count; i++) {
    size_t width = utf8_fit(rows[i].name, name, sizeof(name), 0);
    if (width > display->name_columns)
      display->name_columns = width;
  }
}

/* The figures get what they need, then the names, then the bar. */
static void add_row(struct display *display, const struct display_row *row) {
  const struct layout *layout = layout_of(display->columns);
  size_t room = (size_t)display->columns - 1 - layout->percent -
                layout->amounts - layout->tail;
  size_t name = display->name_columns < room ? display->name_columns : room;
  size_t bar = room - name > 1 && layout->tail > 0 ? room - name - 1 : 0;
  struct line line = {.used = 0};
  add_column(&line, row->name, name, false);
  if (bar >= BAR_CELLS_LEAST)
    add_bar(&line, row, bar < BAR_CELLS_MOST ? bar : BAR_CELLS_MOST);
  add_percent(&line, row, layout->percent);
  add_amounts(&line, row, layout->amounts);
  add_tail(&line, row, layout);
  while (line.used > 0 && line.text[line.used - 1] == ' ')
    line.text[--line.used] = '\0';
  add_line(display, line.text);
}

/* -- The total ------------------------------------------------------------ */

struct total_texts {
  char failed[32], amount[2 * UNIT_TEXT_BYTES], rate[UNIT_TEXT_BYTES + 8],
      eta[UNIT_TEXT_BYTES + 8];
};

static void write_total_texts(const struct display_total *total,
                              struct total_texts *texts) {
  char have[UNIT_TEXT_BYTES], text[UNIT_TEXT_BYTES];
  *texts = (struct total_texts){.failed = ""};
  if (total->failed > 0)
    snprintf(texts->failed, sizeof(texts->failed), ", %zu failed",
             total->failed);
  unit_size(total->bytes, have);
  if (total->size_bytes >= 0)
    snprintf(texts->amount, sizeof(texts->amount), "%s / %s", have,
             unit_size(total->size_bytes, text));
  else
    snprintf(texts->amount, sizeof(texts->amount), "%s", have);
  if (total->rate >= 0)
    snprintf(texts->rate, sizeof(texts->rate), "  %s/s",
             unit_size(total->rate, text));
  if (total->eta_ns >= 0)
    snprintf(texts->eta, sizeof(texts->eta), "  ETA %s",
             unit_duration(total->eta_ns, text));
}

/* The longest of these that fits. */
static void add_total(struct display *display,
                      const struct display_total *total) {
  char line[LINE_BYTES];
  struct total_texts texts;
  write_total_texts(total, &texts);
  for (int form = 0; form < 4; form++) {
    int n = snprintf(line, sizeof(line), "%zu done%s", total->completed,
                     texts.failed);
    size_t room = sizeof(line) - (size_t)n;
    char *rest = line + n;
    if (form == 0)
      snprintf(rest, room, ", %zu active, %zu left   %s%s%s", total->active,
               total->left, texts.amount, texts.rate, texts.eta);
    else if (form == 1)
      snprintf(rest, room, ", %zu left  %s%s%s", total->active + total->left,
               texts.amount, texts.rate, texts.eta);
    else if (form == 2)
      snprintf(rest, room, ", %zu left%s", total->active + total->left,
               texts.rate);
    if (strlen(line) < (size_t)display->columns)
      break;
  }
  add_line(display, line);
}

/* -- The display ---------------------------------------------------------- */

int display_new(const struct display_options *options,
                struct display **ret_display) {
  struct display *display = calloc(1, sizeof(*display));
  if (display == NULL)
    return -ENOMEM;
  display->options = *options;
  display->name_columns = NAME_COLUMNS_LEAST;
  display_resized(display);
  *ret_display = display;
  return 0;
}

void display_resized(struct display *display) {
  term_size(display->options.fd, &display->columns, &display->rows);
  if (display->columns < 2)
    display->columns = 2;
}

/* How many rows there is room for when so many transfers are active: with the
 * total, and a line that tells of the others, less than the window's. */
static size_t rows_to_show(const struct display *display, size_t count,
                           size_t active) {
  size_t room = (size_t)display->rows - 2; /* the total, and the cursor's */
  if (room > ROWS_AT_MOST)
    room = ROWS_AT_MOST;
  if (active > room || active > count)
    room = room > 0 ? room - 1 : 0;
  return count < room ? count : room;
}

void display_draw(struct display *display, const struct display_row *rows,
                  size_t count, const struct display_total *total) {
  if (!display->options.live || !term_is_foreground(display->options.fd))
    return;
  go_back(display);
  display_resized(display);
  if (display->rows > 1) { /* else there is no place for anything */
    size_t active = total->active > count ? total->active : count;
    size_t shown = rows_to_show(display, count, active);
    measure_names(display, rows, shown);
    for (size_t i = 0; i < shown; i++)
      add_row(display, &rows[i]);
    if (shown < active && display->rows > 2) {
      char line[64];
      snprintf(line, sizeof(line), "... and %zu more", active - shown);
      add_line(display, line);
    }
    add_total(display, total);
  }
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
  static const char *const colours[] = {[DISPLAY_PLAIN] = "",
                                        [DISPLAY_GOOD] = "\x1b[32m",
                                        [DISPLAY_BAD] = "\x1b[31m"};
  char text[MESSAGE_BYTES], line[MESSAGE_BYTES];
  bool coloured = display->options.colour && tone != DISPLAY_PLAIN;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  utf8_safe(text, line, sizeof(line));
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
