/*
 * get_display_screen.h: a small terminal, for get_display.c alone.
 *
 * It obeys what the display writes to a pty and has a screen to look at.  It
 * wraps long lines, scrolls, and lets lines go on in the next when the window
 * gets narrower, as most terminals do.
 */
#ifndef TESTS_UNIT_GET_DISPLAY_SCREEN_H
#define TESTS_UNIT_GET_DISPLAY_SCREEN_H

#include <pthread.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "cli/utf8.h"
#include "harness/harness.h"

#define LINES 2000
#define WIDTH 256
#define SYNC '\a' /* the test's own: everything before it has arrived */

/* All lines since the beginning; those from `top` are the window. */
static struct terminal {
  int master, slave;
  int rows, columns, top, row, column;
  uint32_t cells[LINES][WIDTH]; /* 0: blank */
  bool wrapped[LINES];          /* goes on in the next line */
  char raw[1 << 20];            /* all that came */
  size_t raw_size;
} screen;

static void feed_line(void) {
  screen.row++;
  CHECK(screen.row < LINES);
  if (screen.row >= screen.top + screen.rows)
    screen.top = screen.row - screen.rows + 1;
}

static void feed_character(uint32_t code) {
  int width = wcwidth((wchar_t)code);
  if (screen.column + width > screen.columns) {
    screen.wrapped[screen.row] = true;
    feed_line();
    screen.column = 0;
  }
  screen.cells[screen.row][screen.column] = code;
  for (int i = 1; i < width; i++)
    screen.cells[screen.row][screen.column + i] = UINT32_MAX; /* its rest */
  screen.column += width;
}

static void erase_line(int row, int column) {
  for (; column < WIDTH; column++)
    screen.cells[row][column] = 0;
  screen.wrapped[row] = false;
}

/* Obeys "ESC [ number letter"; its size. */
static size_t feed_sequence(const char *text) {
  char *end;
  CHECK_EQ(text[1], '[');
  long number = strtol(text + 2, &end, 10);
  if (*end == 'A') {
    screen.row -= (int)(number > 0 ? number : 1);
    if (screen.row < screen.top)
      screen.row = screen.top;
  } else if (*end == 'K' || *end == 'J') {
    CHECK_EQ(number, 0);
    erase_line(screen.row, screen.column);
    for (int row = screen.row + 1; *end == 'J' && row < LINES; row++)
      erase_line(row, 0);
  } else {
    CHECK_EQ(*end, 'm');
  }
  return (size_t)(end + 1 - text);
}

static void feed(const char *text, size_t size) {
  while (size > 0) {
    uint32_t code;
    size_t length = utf8_decode(text, size, &code);
    CHECK(length > 0);
    if (code == '\r')
      screen.column = 0;
    else if (code == '\n')
      feed_line();
    else if (code == 0x1b)
      length = feed_sequence(text);
    else if (utf8_is_control(code))
      test_failed_(TEST_HERE_, "control character %#x", (unsigned)code);
    else
      feed_character(code);
    text += length;
    size -= length;
  }
}

/* A pty holds a few KiB: somebody has to read while the display writes. */
static struct {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t more;
  char bytes[1 << 18];
  size_t size;
} arrived = {.mutex = PTHREAD_MUTEX_INITIALIZER,
             .more = PTHREAD_COND_INITIALIZER};

/* Ends when the last fd of the other side is closed. */
static void *receive(void *unused) {
  char bytes[4096];
  (void)unused;
  for (ssize_t n; (n = read(screen.master, bytes, sizeof(bytes))) > 0;) {
    pthread_mutex_lock(&arrived.mutex);
    CHECK(arrived.size + (size_t)n <= sizeof(arrived.bytes));
    memcpy(arrived.bytes + arrived.size, bytes, (size_t)n);
    arrived.size += (size_t)n;
    pthread_cond_signal(&arrived.more);
    pthread_mutex_unlock(&arrived.mutex);
  }
  return NULL;
}

/* Obeys what was written so far. */
static void look(void) {
  char sync = SYNC, *raw = screen.raw + screen.raw_size;
  CHECK_EQ(write(screen.slave, &sync, 1), 1);
  pthread_mutex_lock(&arrived.mutex);
  while (arrived.size == 0 || arrived.bytes[arrived.size - 1] != SYNC)
    pthread_cond_wait(&arrived.more, &arrived.mutex);
  size_t size = arrived.size - 1;
  CHECK(screen.raw_size + size < sizeof(screen.raw));
  memcpy(raw, arrived.bytes, size);
  raw[size] = '\0';
  screen.raw_size += size;
  arrived.size = 0;
  pthread_mutex_unlock(&arrived.mutex);
  feed(raw, size);
}

/* The line of the window, or above it if negative, without trailing blanks. */
static const char *line(int row) {
  static char texts[4][WIDTH * 4];
  static int turn;
  char *text = texts[turn++ % 4];
  size_t used = 0, end = 0;
  const uint32_t *cells = screen.cells[screen.top + row];
  for (int i = 0; i < screen.columns; i++) {
    mbstate_t state = {0};
    if (cells[i] == UINT32_MAX)
      continue;
    used +=
        wcrtomb(text + used, cells[i] != 0 ? (wchar_t)cells[i] : L' ', &state);
    if (cells[i] != 0 && cells[i] != ' ')
      end = used;
  }
  text[end] = '\0';
  return text;
}

/* As most terminals do: lines too long for the window go on in the next. */
static void resize(int rows, int columns) {
  static struct terminal old;
  struct winsize size = {.ws_row = (unsigned short)rows,
                         .ws_col = (unsigned short)columns};
  CHECK_OK(ioctl(screen.master, TIOCSWINSZ, &size));
  old = screen;
  for (int row = 0; row < LINES; row++)
    erase_line(row, 0);
  screen.rows = rows;
  screen.columns = columns;
  screen.row = screen.column = screen.top = 0;
  for (int row = 0; row < old.row; row++) {
    int end = old.columns;
    while (end > 0 && old.cells[row][end - 1] == 0)
      end--;
    for (int i = 0; i < end; i++)
      if (old.cells[row][i] != UINT32_MAX)
        feed_character(old.cells[row][i] != 0 ? old.cells[row][i] : ' ');
    if (!old.wrapped[row]) {
      feed_line();
      screen.column = 0;
    }
  }
}

#endif
