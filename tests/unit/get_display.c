/*
 * get_display.c: what is to be SEEN after the display has drawn.
 *
 * The display writes to a pty; a small terminal obeys what comes out and the
 * tests look at its screen.  A sequence that it does not know fails the
 * test, so the display can use no other.
 */
#include "harness/harness.h"

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "get/display.h"
#include "get_display_screen.h"

#define MiB INT64_C(1048576)

/* -- A display on it ------------------------------------------------------ */

static struct display *display_on(int rows, int columns, bool is_live,
                                  bool colour) {
  struct winsize size = {.ws_row = (unsigned short)rows,
                         .ws_col = (unsigned short)columns};
  static struct display *display; /* in sight of leak checkers, after a fork */
  memset(&screen, 0, sizeof(screen));
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
    SKIP("there is no locale C.UTF-8");
  unsetenv("COLUMNS");
  unsetenv("LINES");
  screen.rows = rows;
  screen.columns = columns;
  CHECK_OK(openpty(&screen.master, &screen.slave, NULL, NULL, &size));
  struct display_options options = {screen.slave, is_live, colour};
  CHECK_OK(display_new(&options, &display));
  CHECK_EQ(pthread_create(&arrived.thread, NULL, receive, NULL), 0);
  return display;
}

static void finish(struct display *display) {
  display_free(display);
  close(screen.slave);
  pthread_join(arrived.thread, NULL);
  close(screen.master);
}

static const struct display_row three[] = {
    {"debian-12.iso", 400 * MiB, 1000 * MiB, 30 * MiB, NULL},
    {"notes.txt", 512, -1, 100, NULL},
    {"late.bin", 0, -1, -1, "retry in 3 s"},
};

static const struct display_total total = {
    .completed = 12,
    .failed = 1,
    .active = 3,
    .left = 20,
    .bytes = 1229 * MiB,
    .size_bytes = 4096 * MiB,
    .rate = 120 * MiB,
    .eta_ns = INT64_C(23900000000),
};

static void draw(struct display *display) {
  display_draw(display, three, 3, &total);
  look();
}

/* `count` rows that are all alike, all active. */
static void draw_many(struct display *display, size_t count) {
  static struct display_row rows[256];
  struct display_total all = total;
  for (size_t i = 0; i < 256; i++)
    rows[i] = (struct display_row){"file.bin", 5, 10, 1, NULL};
  all.active = count;
  display_draw(display, rows, count < 256 ? count : 256, &all);
  look();
}

/* The window shows the block of draw(), from this line on, and no more. */
static void check_block(int first) {
  CHECK(strncmp(line(first), "debian", 6) == 0);
  CHECK(strncmp(line(first + 1), "notes.txt", 9) == 0);
  CHECK(strncmp(line(first + 2), "late.bin", 8) == 0);
  CHECK(strncmp(line(first + 3), "12 done, 1 failed", 17) == 0);
  for (int row = first + 4; row < screen.rows; row++)
    CHECK_STR(line(row), "");
}

/* -- What a block looks like ---------------------------------------------- */

TEST(at_80_columns) {
  struct display *display = display_on(24, 80, true, false);
  draw(display);
  CHECK_STR(line(0),
            "debian-12.iso ######-----------  40% 400.0 MiB / "
            "  1.0 GiB   30.0 MiB/s    20 s");
  CHECK_STR(line(1),
            "notes.txt                                512 B"
            "                  100 B/s");
  CHECK_STR(line(2),
            "late.bin                                   0 B"
            "              retry in 3 s");
  CHECK_STR(line(3),
            "12 done, 1 failed, 3 active, 20 left   "
            "1.2 GiB / 4.0 GiB  120.0 MiB/s  ETA 24 s");
  check_block(0);
  finish(display);
}

TEST(at_40_columns_rate_and_time_are_left) {
  struct display *display = display_on(24, 40, true, false);
  draw(display);
  CHECK_STR(line(0), "debian-12.iso  40%   30.0 MiB/s    20 s");
  CHECK_STR(line(1), "notes.txt             512 B     100 B/s");
  CHECK_STR(line(2), "late.bin            retry in 3 s");
  CHECK_STR(line(3), "12 done, 1 failed, 23 left  120.0 MiB/s");
  finish(display);
}

TEST(at_200_columns_name_and_figures_are_not_far_apart) {
  struct display *display = display_on(24, 200, true, false);
  draw(display);
  CHECK_STR(line(0),
            "debian-12.iso ################------------------------"
            "  40% 400.0 MiB /   1.0 GiB   30.0 MiB/s    20 s");
  finish(display);
}

TEST(long_and_wide_names_are_cut_and_keep_the_columns) {
  static const struct display_row rows[] = {
      {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
       "\x9e\xe6\x97\xa5\xe6\x9c\xac",
       1, 4, 1, NULL},
      {"an-ascii-name.txt", 1, 4, 1, NULL}};
  struct display *display = display_on(24, 40, true, false);
  display_draw(display, rows, 2, &total);
  look();
  CHECK_STR(line(0),
            "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c"
            "\xac\xe8\xaa\x9e\xe2\x80\xa6  25%        1 B/s   3.0 s");
  CHECK_STR(line(1), "an-ascii-nam\xe2\x80\xa6  25%        1 B/s   3.0 s");
  finish(display);
}

TEST(names_cannot_give_orders_to_the_terminal) {
  static const struct display_row row = {"\x1b[2Jx\r\n\xff\xc2\x9b", 1, 2, 1,
                                         "note\x1b[1m"};
  struct display *display = display_on(24, 80, true, false);
  display_draw(display, &row, 1, &total);
  look();
  CHECK(strncmp(line(0), "?[2Jx????", 9) == 0);
  CHECK(strstr(line(0), "note?[1m") != NULL);
  finish(display);
}

TEST(all_of_it_is_said_only_when_it_is_all_there) {
  static const struct display_row rows[] = {
      {"a", 999999, 1000000, 1, NULL},
      {"b", 1000000, 1000000, 1, "verifying"},
      {"c", 5000000, 1000000, 1, NULL}, /* the server sent too much */
  };
  struct display *display = display_on(24, 80, true, false);
  display_draw(display, rows, 3, &total);
  look();
  CHECK(strstr(line(0), "#-  99% ") != NULL);
  CHECK(strstr(line(1), "# 100% ") != NULL);
  CHECK(strstr(line(2), "# 100% ") != NULL);
  finish(display);
}

TEST(what_is_not_known_is_not_said) {
  static const struct display_row row = {"a", 0, 0, -1, NULL};
  struct display_total nothing = {.size_bytes = -1, .rate = -1, .eta_ns = -1};
  struct display *display = display_on(24, 80, true, false);
  display_draw(display, &row, 1, &nothing);
  look();
  CHECK_STR(line(0), "a                                          0 B");
  CHECK_STR(line(1), "0 done, 0 active, 0 left   0 B");
  CHECK_STR(line(2), "");
  finish(display);
}

/* -- Drawing again -------------------------------------------------------- */

TEST(a_new_frame_takes_the_place_of_the_last) {
  struct display *display = display_on(24, 80, true, false);
  for (int i = 0; i < 50; i++)
    draw(display);
  check_block(0);
  CHECK_EQ(screen.top, 0);
  finish(display);
}

TEST(at_the_bottom_of_the_window_too) {
  struct display *display = display_on(6, 80, true, false);
  for (int i = 0; i < 20; i++)
    feed_line();
  draw(display);
  int top = screen.top;
  for (int i = 0; i < 20; i++)
    draw(display);
  CHECK_EQ(screen.top, top);
  check_block(1);
  finish(display);
}

TEST(a_smaller_block_leaves_nothing_of_the_larger) {
  struct display *display = display_on(24, 80, true, false);
  draw_many(display, 12);
  draw(display);
  check_block(0);
  finish(display);
}

TEST(a_frame_is_one_write) {
  int fds[2];
  struct display *display = NULL;
  static char text[65536];
  CHECK_OK(pipe2(fds, O_DIRECT | O_CLOEXEC | O_NONBLOCK));
  struct display_options options = {fds[1], true, true};
  CHECK_OK(display_new(&options, &display));
  display_draw(display, three, 3, &total);
  CHECK(read(fds[0], text, sizeof(text)) > 100);
  CHECK_EQ(read(fds[0], text, sizeof(text)), -1);
  display_message(display, DISPLAY_BAD, "failed x");
  CHECK(read(fds[0], text, sizeof(text)) > 8);
  CHECK_EQ(read(fds[0], text, sizeof(text)), -1);
  display_free(display);
  close(fds[0]);
  close(fds[1]);
}

/* -- Messages ------------------------------------------------------------- */

TEST(messages_stand_above_the_block) {
  struct display *display = display_on(24, 80, true, false);
  draw(display);
  display_message(display, DISPLAY_GOOD, "completed  %s", "x");
  draw(display);
  display_message(display, DISPLAY_PLAIN, "second");
  display_message(display, DISPLAY_PLAIN, "third");
  draw(display);
  draw(display);
  CHECK_STR(line(0), "completed  x");
  CHECK_STR(line(1), "second");
  CHECK_STR(line(2), "third");
  check_block(3);
  finish(display);
}

TEST(messages_longer_than_the_window_stay_whole) {
  struct display *display = display_on(24, 20, true, false);
  draw(display);
  display_message(display, DISPLAY_PLAIN, "%s",
                  "0123456789abcdefghij0123456789ABCDEFGHIJ0123");
  draw(display);
  draw(display);
  CHECK_STR(line(0), "0123456789abcdefghij");
  CHECK_STR(line(1), "0123456789ABCDEFGHIJ");
  CHECK_STR(line(2), "0123");
  check_block(3);
  finish(display);
}

TEST(many_messages_scroll_and_none_is_lost) {
  struct display *display = display_on(10, 80, true, false);
  for (int i = 0; i < 100; i++) {
    draw(display);
    display_message(display, DISPLAY_PLAIN, "message %d", i);
  }
  draw(display);
  for (int i = 0; i < 100; i++) {
    char text[32];
    snprintf(text, sizeof(text), "message %d", i);
    CHECK_STR(line(i - screen.top), text);
  }
  check_block(100 - screen.top);
  finish(display);
}

TEST(control_characters_of_messages_are_made_visible) {
  struct display *display = display_on(24, 80, true, false);
  display_message(display, DISPLAY_PLAIN, "a%sb", "\n\x1b[2J");
  look();
  CHECK_STR(line(0), "a??[2Jb");
  finish(display);
}

TEST(only_the_first_word_has_a_colour) {
  struct display *display = display_on(24, 80, true, true);
  display_message(display, DISPLAY_BAD, "failed     x");
  display_message(display, DISPLAY_GOOD, "completed  x");
  display_message(display, DISPLAY_PLAIN, "belay get: x");
  look();
  CHECK_STR(screen.raw,
            "\x1b[31mfailed\x1b[m     x\r\n"
            "\x1b[32mcompleted\x1b[m  x\r\n"
            "belay get: x\r\n");
  finish(display);
}

TEST(without_colour_there_is_none) {
  struct display *display = display_on(24, 80, true, false);
  draw(display);
  display_message(display, DISPLAY_BAD, "failed     x");
  draw(display);
  for (const char *p = screen.raw; (p = strchr(p, '\x1b')) != NULL; p++)
    CHECK(p[2 + strspn(p + 2, "0123456789;")] != 'm');
  finish(display);
}

TEST(where_nothing_is_live_there_are_only_lines) {
  struct display *display = display_on(24, 80, false, false);
  draw(display);
  CHECK_STR(screen.raw, "");
  display_message(display, DISPLAY_BAD, "failed     x");
  draw(display);
  display_clear(display);
  look();
  CHECK_STR(screen.raw, "failed     x\r\n");
  finish(display);
}

TEST(a_long_message_is_cut_and_says_so) {
  static char text[20000];
  memset(text, 'x', sizeof(text) - 1);
  struct display *display = display_on(24, 80, false, false);
  display_message(display, DISPLAY_PLAIN, "%s", text);
  look();
  CHECK(screen.raw_size > 8000);
  CHECK_STR(screen.raw + screen.raw_size - 6, "x\xe2\x80\xa6\r\n");
  finish(display);
}

TEST(clearing_leaves_the_messages) {
  struct display *display = display_on(24, 80, true, false);
  display_message(display, DISPLAY_PLAIN, "first");
  draw(display);
  display_clear(display);
  display_clear(display);
  look();
  CHECK_STR(line(0), "first");
  CHECK_STR(line(1), "");
  CHECK_EQ(screen.row, 1);
  CHECK_EQ(screen.column, 0);
  finish(display);
}

/* -- Windows of every size ------------------------------------------------ */

/* Whether the block, drawn twice, has this many lines and none wrapped. */
static void check_fits(int rows, int columns, size_t count, int lines) {
  struct display *display = display_on(rows, columns, true, false);
  draw_many(display, count);
  draw_many(display, count);
  CHECK_EQ(screen.top, 0);
  CHECK_EQ(screen.row, lines);
  CHECK_EQ(screen.column, 0);
  for (int row = 0; row < lines; row++)
    CHECK(line(row)[0] != '\0' && !screen.wrapped[row]);
  finish(display);
}

TEST(no_line_is_as_wide_as_the_window) {
  for (int columns = 2; columns < 250; columns += columns < 130 ? 1 : 10)
    check_fits(24, columns, 3, 4);
}

TEST(the_block_is_lower_than_the_window) {
  for (int rows = 2; rows < 40; rows++) {
    for (size_t count = 0; count < 45; count += 3) {
      int all = (int)count + 1;
      check_fits(rows, 80, count, all < rows ? all : rows - 1);
    }
  }
}

TEST(those_that_do_not_fit_are_counted) {
  struct display *display = display_on(6, 80, true, false);
  draw_many(display, 4);
  CHECK(strncmp(line(3), "file.bin", 8) == 0);
  draw_many(display, 5);
  CHECK(strncmp(line(2), "file.bin", 8) == 0);
  CHECK_STR(line(3), "... and 2 more");
  draw_many(display, 900); /* of which 256 are told to the display */
  CHECK_STR(line(3), "... and 897 more");
  finish(display);
}

TEST(a_window_of_one_row_has_place_for_messages_alone) {
  struct display *display = display_on(1, 80, true, false);
  draw(display);
  display_message(display, DISPLAY_PLAIN, "x");
  draw(display);
  CHECK_EQ(screen.row, 1);
  CHECK_STR(line(-1), "x");
  finish(display);
}

TEST(a_window_higher_than_any_frame) {
  struct display *display = display_on(1000, 80, true, false);
  draw_many(display, 900);
  draw_many(display, 900);
  CHECK_STR(line(199), "... and 701 more");
  CHECK_EQ(screen.row, 201);
  finish(display);
  check_fits(230, 80, 256, 201);
}

TEST(a_window_of_one_row_or_column_does_no_harm) {
  static const int sizes[][2] = {{1, 80}, {1, 1}, {24, 1}, {2, 1}};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    struct display *display = display_on(sizes[i][0], sizes[i][1], true, false);
    draw(display);
    display_message(display, DISPLAY_PLAIN, "x");
    draw(display);
    display_clear(display);
    look();
    finish(display);
  }
}

/* -- Another size --------------------------------------------------------- */

static void check_resizes(int from, int to) {
  struct display *display = display_on(24, from, true, false);
  display_message(display, DISPLAY_PLAIN, "first");
  draw(display);
  resize(24, to);
  display_resized(display);
  draw(display);
  CHECK_STR(line(0), "first");
  check_block(1);
  display_message(display, DISPLAY_PLAIN, "second");
  draw(display);
  CHECK_STR(line(1), "second");
  check_block(2);
  finish(display);
}

TEST(a_narrower_window_keeps_one_block) {
  check_resizes(80, 60);
  check_resizes(80, 40);
  check_resizes(80, 20);
  check_resizes(200, 30);
}

TEST(a_wider_window_keeps_one_block) {
  check_resizes(40, 80);
  check_resizes(30, 200);
}

TEST(every_width_after_every_other) {
  for (int from = 20; from < 160; from += 13)
    for (int to = 20; to < 160; to += 17)
      check_resizes(from, to);
}

/* The window has changed, and the signal that says so is yet to come. */
TEST(a_message_before_the_resize_is_known_finds_its_place) {
  struct display *display = display_on(24, 80, true, false);
  display_message(display, DISPLAY_PLAIN, "first");
  draw(display);
  resize(24, 30);
  display_message(display, DISPLAY_PLAIN, "second");
  draw(display);
  CHECK_STR(line(0), "first");
  CHECK_STR(line(1), "second");
  check_block(2);
  resize(24, 50);
  display_clear(display);
  look();
  CHECK_STR(line(2), "");
  finish(display);
}

TEST(a_lower_window_gets_a_lower_block) {
  struct display *display = display_on(24, 80, true, false);
  draw_many(display, 15);
  resize(10, 80);
  display_resized(display);
  draw_many(display, 15);
  draw_many(display, 15);
  CHECK_STR(line(7), "... and 8 more");
  CHECK(strncmp(line(8), "12 done", 7) == 0);
  CHECK_STR(line(9), "");
  finish(display);
}

/* -- Others on the same terminal ------------------------------------------ */

/* Waits in the foreground of the terminal until told to end. */
static pid_t start_in_foreground(const struct test_gate *gate) {
  pid_t pid = test_fork();
  if (pid == 0) {
    test_gate_pass(gate);
    _exit(0);
  }
  CHECK_OK(setpgid(pid, pid));
  CHECK_OK(tcsetpgrp(screen.slave, pid));
  return pid;
}

TEST(in_the_background_nothing_is_drawn) {
  struct display *display = display_on(24, 80, true, false);
  struct test_gate gate = test_gate_make();
  test_leaves(TEST_LEAVES_DISPOSITIONS);
  signal(SIGTTOU, SIG_IGN); /* to take the terminal back */
  signal(SIGHUP, SIG_IGN);  /* sent when it goes away */
  CHECK_OK(ioctl(screen.slave, TIOCSCTTY, 0));
  pid_t other = start_in_foreground(&gate);
  draw(display);
  CHECK_STR(screen.raw, "");
  display_message(display, DISPLAY_PLAIN, "belay get: done");
  look();
  CHECK_STR(screen.raw, "belay get: done\r\n");
  CHECK_OK(tcsetpgrp(screen.slave, getpgrp()));
  draw(display);
  check_block(1);
  test_gate_open(&gate);
  CHECK_EQ(test_wait_exit(other), 0);
  test_gate_free(&gate);
  finish(display);
}
