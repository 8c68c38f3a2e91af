/* run_words.c: prefixes, names of files, progress: what is said, in how many
 * columns, and nothing that a terminal would obey. */
#include "cli/utf8.h"
#include "harness/harness.h"
#include "run/again.h"
#include "run/output_files.h"
#include "run/prefix.h"
#include "run/progress.h"

#define SECOND INT64_C(1000000000)
#define TEN "0123456789"

/* -- Prefixes -------------------------------------------------------------- */

static void check_prefix(const char *format, const char *name, size_t columns,
                         const char *wanted) {
  char *prefix = prefix_make(format, name, 3, 77, columns, false);
  CHECK_STR(prefix, wanted);
  free(prefix);
}

TEST(a_prefix_has_what_its_format_names) {
  check_prefix("{name} | ", "web", 0, "web | ");
  check_prefix("{#}/{pid}/{name}{name}", "a", 0, "3/77/aa");
  check_prefix("", "web", 0, "");
  check_prefix("{other} {nam {", "web", 0, "{other} {nam {");
}

TEST(a_name_is_filled_up_and_cut) {
  check_prefix("{name}|", "web", 6, "web   |");
  check_prefix("{name}|", TEN TEN TEN, 3, TEN TEN "012\xe2\x80\xa6|");
  CHECK_EQ(prefix_width("web"), 3);
  CHECK_EQ(prefix_width(TEN TEN TEN), PREFIX_NAME_COLUMNS);
}

TEST(a_name_is_safe_and_the_format_is_as_it_was_typed) {
  check_prefix("\x1b[1m{name}\t", "a\x1b[2J\n\xff", 0, "\x1b[1ma?[2J??\t");
}

TEST(colours_repeat_and_are_reset) {
  char *first = prefix_make(">", "", 1, 1, 0, true);
  char *eleventh = prefix_make(">", "", 11, 1, 0, true);
  char *second = prefix_make(">", "", 2, 1, 0, true);
  CHECK_STR(first, "\x1b[36m>\x1b[m");
  CHECK_STR(eleventh, first);
  CHECK(strcmp(first, second) != 0);
  free(first);
  free(eleventh);
  free(second);
}

/* -- Names of files -------------------------------------------------------- */

static void check_file(const char *name, int attempt, const char *wanted) {
  char file[OUTPUT_FILE_NAME_BYTES];
  output_file_name(name, 12, attempt, "out", file);
  CHECK_STR(file, wanted);
}

TEST(a_file_is_called_after_its_command) {
  check_file("make -C x all", 1, "12-make_-C_x_all.out");
  check_file("make", 2, "12-make.2.out");
  check_file("", 1, "12.out");
}

TEST(a_file_stays_in_its_directory) {
  check_file("../../etc/passwd", 1, "12-.._.._etc_passwd.out");
  check_file("a\x1b\n\xff b", 1, "12-a_b.out");
  check_file("\xc3\xbc", 1, "12-\xc3\xbc.out");
  check_file("\xc2\x9b", 1, "12-_.out"); /* a control of eight bits */
}

TEST(a_long_name_is_cut_between_characters) {
  char file[OUTPUT_FILE_NAME_BYTES];
  uint32_t code;
  output_file_name(TEN TEN TEN TEN TEN TEN "12\xe6\x97\xa5", 12, 1000, "err",
                   file);
  CHECK_STR(file, "12-" TEN TEN TEN TEN TEN TEN "12.1000.err");
  for (size_t at = 0; file[at] != '\0'; at++)
    CHECK(utf8_decode(file + at, strlen(file + at), &code) == 1);
}

/* -- Progress -------------------------------------------------------------- */

static void check_counts(struct tally tally, int64_t ns, const char *wanted) {
  char text[PROGRESS_BYTES];
  CHECK_STR(progress_counts(&tally, ns, text), wanted);
}

TEST(counts_say_what_there_is) {
  struct tally tally = {
      .total = 500, .started = 16, .running = 4, .succeeded = 10, .failed = 2};
  check_counts(tally, 65 * SECOND, "12/500 done, 2 failed, 4 running, 1m05s");
  tally.failed = 0;
  check_counts(tally, 59 * SECOND + 999999999,
               "10/500 done, 4 running, 2 waiting to start again, 59 s");
  check_counts((struct tally){.total = -1}, 0, "0 done, 0 s");
}

static struct task task_called(const char *name) {
  return (struct task){.command.name = (char *)(uintptr_t)name,
                       .pid = 77,
                       .attempt = 1,
                       .started_ns = 3 * SECOND,
                       .state = TASK_RUNNING};
}

static void check_line(const struct task *newest, size_t columns,
                       const char *wanted) {
  struct tally tally = {.total = 3, .started = 2, .running = 2};
  char line[256];
  size_t width =
      progress_line(&tally, 5 * SECOND, newest, columns, line, sizeof(line));
  CHECK_STR(line, wanted);
  CHECK(width <= columns);
}

TEST(the_line_has_names_if_there_is_room) {
  struct task old = task_called("old"), new = task_called("n\x1bw");
  new.next = &old;
  old.previous = &new;
  check_line(&new, 80, "0/3 done, 2 running, 5 s: old, n?w");
  check_line(&new, 35, "0/3 done, 2 running, 5 s");
  old.command.name = (char *)(uintptr_t)(TEN TEN);
  check_line(&new, 38, "0/3 done, 2 running, 5 s: " TEN "0\xe2\x80\xa6");
  check_line(&new, 5, "0/3 \xe2\x80\xa6");
  check_line(NULL, 80, "0/3 done, 2 running, 5 s");
}

TEST(the_line_is_cut_however_many_run) {
  static struct task tasks[10000];
  char line[512];
  struct tally tally = {.total = 10000};
  for (size_t i = 0; i < 10000; i++) {
    tasks[i] = task_called(TEN TEN TEN);
    tasks[i].next = i < 9999 ? &tasks[i + 1] : NULL;
    tasks[i].previous = i > 0 ? &tasks[i - 1] : NULL;
  }
  CHECK_EQ(progress_line(&tally, 0, tasks, 100, line, sizeof(line)), 100);
  CHECK(progress_line(&tally, 0, tasks, 5000, line, sizeof(line)) < 512);
}

static void check_task(const struct task *task, const char *wanted) {
  char text[PROGRESS_BYTES];
  CHECK_STR(progress_task(task, 15 * SECOND, text), wanted);
}

TEST(a_task_is_told_with_its_state) {
  struct task task = task_called("web");
  check_task(&task, "web: running for 12 s, pid 77");
  task.attempt = 2;
  check_task(&task, "web: running for 12 s, pid 77, attempt 2");
  task.is_stopped = true;
  check_task(&task, "web: stopped, started 12 s ago, pid 77, attempt 2");
  task.is_stopped = false;
  task.asked = true;
  check_task(&task, "web: running for 12 s, asked to end, pid 77, attempt 2");
  task.state = TASK_LEFTOVERS;
  task.ended_ns = 5 * SECOND;
  check_task(&task,
             "web: ended after 2 s, and others of its group did not, "
             "asked to end, pid 77, attempt 2");
}

/* -- Again ----------------------------------------------------------------- */

static struct task ended(int64_t ran_ns, int code) {
  struct task task = task_called("web");
  task.ended_ns = task.started_ns + ran_ns;
  task.status.state = BELAY_PROCESS_EXITED;
  task.status.code = code;
  return task;
}

TEST(retries_follow_failures_alone_and_are_counted) {
  struct run_options options = {.retries = 2};
  struct task good = ended(0, 0), bad = ended(0, 1);
  CHECK(!again_is_wanted(&options, &good));
  CHECK(again_is_wanted(&options, &bad));
  bad.attempt = 2;
  CHECK(again_is_wanted(&options, &bad));
  bad.attempt = 3;
  CHECK(!again_is_wanted(&options, &bad));
}

TEST(restarts_are_without_end) {
  struct run_options options = {.restart = RESTART_FAILURE};
  struct task good = ended(0, 0), bad = ended(0, 1);
  bad.attempt = 1000000;
  CHECK(!again_is_wanted(&options, &good));
  CHECK(again_is_wanted(&options, &bad));
  options.restart = RESTART_ALWAYS;
  CHECK(again_is_wanted(&options, &good));
}

TEST(waits_double_up_to_a_minute) {
  struct run_options options = {.restart = RESTART_ALWAYS,
                                .restart_wait_ns = SECOND};
  struct task task = ended(SECOND, 1);
  static const int64_t wanted[] = {1, 2, 4, 8, 16, 32, 60, 60};
  for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
    CHECK_EQ(again_wait(&options, &task), wanted[i] * SECOND);
  for (int i = 0; i < 1000; i++)
    CHECK_EQ(again_wait(&options, &task), 60 * SECOND);
}

TEST(after_a_long_run_the_first_wait_comes_again) {
  struct run_options options = {.restart = RESTART_ALWAYS,
                                .restart_wait_ns = SECOND};
  struct task task = ended(SECOND, 1);
  again_wait(&options, &task);
  again_wait(&options, &task);
  task.ended_ns = task.started_ns + 10 * SECOND;
  CHECK_EQ(again_wait(&options, &task), SECOND);
  task.ended_ns = task.started_ns;
  CHECK_EQ(again_wait(&options, &task), 2 * SECOND);
}

TEST(what_was_asked_for_is_kept) {
  struct run_options options = {.restart = RESTART_ALWAYS};
  struct task task = ended(0, 1);
  for (int i = 0; i < 3; i++)
    CHECK_EQ(again_wait(&options, &task), 0);
  options.restart_wait_ns = 300 * SECOND;
  for (int i = 0; i < 3; i++)
    CHECK_EQ(again_wait(&options, &task), 300 * SECOND);
  struct run_options retries = {.retries = 9, .retry_wait_ns = SECOND};
  struct task other = ended(20 * SECOND, 1);
  CHECK_EQ(again_wait(&retries, &other), SECOND);
  CHECK_EQ(again_wait(&retries, &other), 2 * SECOND);
}
