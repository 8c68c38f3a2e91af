/* cli_term.c: what a terminal is, and what it may be given. */
#include "harness/harness.h"

#include <fcntl.h>
#include <locale.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "cli/term.h"
#include "cli/utf8.h"

/* -- Terminals ------------------------------------------------------------ */

struct window {
  int master, slave;
};

static struct window window_open(unsigned short rows, unsigned short columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  struct window window;
  CHECK_OK(openpty(&window.master, &window.slave, NULL, NULL, &size));
  unsetenv("COLUMNS");
  unsetenv("LINES");
  return window;
}

static void window_close(const struct window *window) {
  close(window->slave);
  close(window->master);
}

TEST(a_terminal_is_live_unless_it_is_dumb) {
  struct window window = window_open(24, 80);
  setenv("TERM", "xterm", 1);
  CHECK(term_is_live(window.slave));
  setenv("TERM", "dumb", 1);
  CHECK(!term_is_live(window.slave));
  setenv("TERM", "", 1);
  CHECK(!term_is_live(window.slave));
  unsetenv("TERM");
  CHECK(!term_is_live(window.slave));
  window_close(&window);
}

TEST(a_pipe_is_not_live) {
  int fds[2];
  CHECK_OK(pipe(fds));
  setenv("TERM", "xterm", 1);
  CHECK(!term_is_live(fds[1]));
  CHECK(!term_is_live(-1));
  close(fds[0]);
  close(fds[1]);
}

TEST(colours_are_for_terminals_that_have_them) {
  struct window window = window_open(24, 80);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  CHECK(term_has_colour(window.slave, TERM_AUTO));
  CHECK(!term_has_colour(window.slave, TERM_NEVER));
  CHECK(!term_has_colour(-1, TERM_AUTO));
  setenv("NO_COLOR", "1", 1);
  CHECK(!term_has_colour(window.slave, TERM_AUTO));
  CHECK(term_has_colour(window.slave, TERM_ALWAYS));
  CHECK(term_has_colour(-1, TERM_ALWAYS));
  setenv("NO_COLOR", "", 1); /* empty is as good as unset */
  CHECK(term_has_colour(window.slave, TERM_AUTO));
  setenv("TERM", "dumb", 1);
  CHECK(!term_has_colour(window.slave, TERM_AUTO));
  window_close(&window);
}

static void check_size(int fd, int columns, int rows) {
  int has_columns, has_rows;
  term_size(fd, &has_columns, &has_rows);
  CHECK_EQ(has_columns, columns);
  CHECK_EQ(has_rows, rows);
}

TEST(the_kernel_knows_the_size) {
  struct window window = window_open(13, 47);
  setenv("COLUMNS", "99", 1);
  setenv("LINES", "99", 1);
  check_size(window.slave, 47, 13);
  window_close(&window);
}

TEST(else_the_environment_does) {
  struct window window = window_open(0, 0);
  check_size(window.slave, 80, 24);
  setenv("COLUMNS", "132", 1);
  check_size(window.slave, 132, 24);
  setenv("LINES", "43", 1);
  check_size(window.slave, 132, 43);
  check_size(-1, 132, 43);
  static const char *const wrong[] = {"", "x", "0", "-5", "99999999"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    setenv("COLUMNS", wrong[i], 1);
    check_size(window.slave, 80, 43);
  }
  window_close(&window);
}

/* The test is the leader of its session, and takes this terminal. */
TEST(only_the_group_in_front_is_in_front) {
  struct window window = window_open(24, 80);
  CHECK(term_is_foreground(window.slave)); /* not ours: nobody is disturbed */
  CHECK_OK(ioctl(window.slave, TIOCSCTTY, 0));
  CHECK(term_is_foreground(window.slave));
  pid_t child = test_fork();
  if (child == 0) {
    setpgid(0, 0);
    _exit(term_is_foreground(window.slave) ? 1 : 0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  signal(SIGHUP, SIG_IGN); /* sent when the terminal goes */
  test_leaves(TEST_LEAVES_DISPOSITIONS);
  window_close(&window);
}

/* -- Text ----------------------------------------------------------------- */

static const char *fit(const char *text, size_t columns, size_t *ret_width) {
  static char into[256];
  size_t width = utf8_fit(text, into, sizeof(into), columns);
  if (ret_width != NULL)
    *ret_width = width;
  return into;
}

static void set_utf8(void) {
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
    SKIP("there is no locale C.UTF-8");
}

#define ELLIPSIS "\xe2\x80\xa6"
#define JAPAN "\xe6\x97\xa5\xe6\x9c\xac"

TEST(what_fits_stays) {
  size_t width;
  CHECK_STR(fit("debian.iso", 10, &width), "debian.iso");
  CHECK_EQ(width, 10);
  CHECK_STR(fit("", 10, &width), "");
  CHECK_EQ(width, 0);
}

TEST(what_does_not_fit_ends_in_an_ellipsis) {
  size_t width;
  CHECK_STR(fit("debian.iso", 9, &width), "debian.i" ELLIPSIS);
  CHECK_EQ(width, 9);
  CHECK_STR(fit("debian.iso", 1, &width), ELLIPSIS);
  CHECK_EQ(width, 1);
}

TEST(wide_characters_take_two_columns) {
  size_t width;
  set_utf8();
  CHECK_STR(fit(JAPAN, 4, &width), JAPAN);
  CHECK_EQ(width, 4);
  CHECK_STR(fit(JAPAN, 3, &width), "\xe6\x97\xa5" ELLIPSIS);
  CHECK_EQ(width, 3);
  CHECK_STR(fit(JAPAN, 2, &width), ELLIPSIS);
  CHECK_EQ(width, 1);
}

TEST(marks_that_combine_take_none) {
  size_t width;
  set_utf8();
  CHECK_STR(fit("e\xcc\x81t", 2, &width), "e\xcc\x81t");
  CHECK_EQ(width, 2);
}

/* Too narrow would be harmless, too wide would wrap. */
TEST(without_a_locale_wide_characters_are_wide_too) {
  size_t width;
  setlocale(LC_CTYPE, "C");
  fit(JAPAN "\xef\xbc\xa1\xea\xb0\x80\xf0\x9f\x98\x80", 0, &width);
  CHECK_EQ(width, 10);
  fit("\xc3\xa9\xd0\x96\xe2\x82\xac", 0, &width);
  CHECK_EQ(width, 3);
}

TEST(what_a_terminal_would_obey_becomes_a_question_mark) {
  CHECK_STR(fit("a\x1b[2Jb\rc\x7f\td\n", 0, NULL), "a?[2Jb?c??d?");
  CHECK_STR(fit("\xc2\x9b"
                "31m",
                0, NULL),
            "?31m");
  CHECK_STR(fit("x\xe2\x80\xae"
                "fdp.exe",
                0, NULL),
            "x?fdp.exe");
  CHECK_STR(fit("\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c\xe2\x80\xa8", 0, NULL),
            "????");
}

TEST(what_is_no_utf8_becomes_question_marks) {
  CHECK_STR(fit("\xff\xfe"
                "a",
                0, NULL),
            "??a");
  CHECK_STR(fit("\xc3", 0, NULL), "?");
  CHECK_STR(fit("\xe6\x97", 0, NULL), "??");
  CHECK_STR(fit("\xc1\xbf\xe0\x80\x80", 0, NULL), "?????");
  CHECK_STR(fit("\xf4\x90\x80\x80", 0, NULL), "????");
  CHECK_STR(fit("\xed\xbf\xbf", 0, NULL), "???");
}

static bool is_clean(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    uint32_t code;
    size_t length = utf8_decode(text, left, &code);
    if (length == 0 || utf8_is_control(code))
      return false;
    text += length;
    left -= length;
  }
  return true;
}

/* Whatever comes in: clean, within the buffer, within the columns. */
TEST(noise_comes_out_clean_and_within_bounds) {
  set_utf8();
  srand(1);
  for (int round = 0; round < test_scale(20000); round++) {
    char text[64], into[80], again[80];
    size_t length = (size_t)rand() % (sizeof(text) - 1);
    size_t size = 1 + (size_t)rand() % 70, columns = (size_t)rand() % 30;
    for (size_t i = 0; i < length; i++)
      text[i] = (char)(rand() % 3 != 0 ? 1 + rand() % 255 : 0x80 + rand() % 64);
    text[length] = '\0';
    memset(into, '#', sizeof(into));
    size_t width = utf8_fit(text, into, size, columns);
    CHECK(memchr(into, '\0', size) != NULL);
    for (size_t i = size; i < sizeof(into); i++)
      CHECK_EQ(into[i], '#');
    CHECK(is_clean(into));
    CHECK(columns == 0 || width <= columns);
    CHECK_EQ(utf8_fit(into, again, sizeof(again), 0), width);
    utf8_fit(text, into, size, 0);
    utf8_safe(text, again, size);
    CHECK_STR(again, into);
  }
}

TEST(a_buffer_too_small_for_the_marks_still_keeps_the_columns) {
  char into[16];
  set_utf8();
  size_t width = utf8_fit(
      "abc\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
      "\xcc\x81",
      into, sizeof(into), 3);
  CHECK(width <= 3);
  CHECK(is_clean(into));
}

TEST(every_character_decodes_to_itself) {
  for (uint32_t code = 1; code < 0x110000; code++) {
    char text[5];
    uint32_t back = 0;
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    text[0] = (char)(length == 1 ? code
                                 : (0xf00 >> length & 0xff) |
                                       code >> (6 * (length - 1)));
    for (size_t i = 1; i < length; i++)
      text[i] = (char)(0x80 | (code >> (6 * (length - 1 - i)) & 0x3f));
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    CHECK_EQ(utf8_decode(text, length, &back), is_surrogate ? 0 : length);
    CHECK(is_surrogate || back == code);
    CHECK(length == 1 || utf8_decode(text, length - 1, &back) == 0);
  }
}
