/* run_feed.c: commands from arguments, from files and from pipes as they are
 * written to. */
#include "harness/harness.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "run/feed.h"

#define WORDS(...) ((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})

static const char *path_of(const char *name) {
  static char path[300];
  snprintf(path, sizeof path, "%s/%s", test_dir(), name);
  return path;
}

static const char *file_with(const void *content, size_t size) {
  const char *path = path_of("list");
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK_EQ(write(fd, content, size), (ssize_t)size);
  close(fd);
  return path;
}

static struct feed *open_feed(const struct run_options *options) {
  struct feed *feed = NULL;
  char *error = NULL;
  CHECK_OK(feed_open(options, &feed, &error));
  return feed;
}

/* The next one's line; "-": there is none; "wait": not yet. */
static const char *next(struct feed *feed) {
  static char line[1024];
  struct command command;
  char *error = NULL;
  int n = feed_next(feed, &command, &error);
  if (n == 0 || n == -EAGAIN)
    return n == 0 ? "-" : "wait";
  if (n < 0) {
    snprintf(line, sizeof line, "%s", error);
    free(error);
    return line;
  }
  snprintf(line, sizeof line, "%s", command.line);
  command_clear(&command);
  return line;
}

static struct run_options lines_of(const char *path) {
  static char echo[] = "echo", *command[] = {echo, NULL};
  return (struct run_options){
      .source = SOURCE_LINES, .command = command, .path = path};
}

static struct run_options commands_of(const char *path) {
  return (struct run_options){.source = SOURCE_COMMANDS, .path = path};
}

TEST(arguments_come_one_by_one) {
  struct run_options options = {.source = SOURCE_ARGUMENTS,
                                .command = WORDS("echo", "{#}", "{}"),
                                .command_count = 3,
                                .arguments = WORDS("a", "", "b c"),
                                .argument_count = 3};
  struct feed *feed = open_feed(&options);
  CHECK_EQ(feed_total(feed), 3);
  CHECK_EQ(feed_fd(feed), -1);
  CHECK_STR(next(feed), "echo 1 a");
  CHECK_STR(next(feed), "echo 2 ");
  CHECK_STR(next(feed), "echo 3 b c");
  CHECK_STR(next(feed), "-");
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

TEST(without_a_command_each_argument_is_one_for_the_shell) {
  struct run_options options = {.source = SOURCE_ARGUMENTS,
                                .arguments = WORDS("echo {}; false"),
                                .argument_count = 1};
  struct feed *feed = open_feed(&options);
  CHECK_STR(next(feed), "echo {}; false");
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

TEST(lines_of_a_file_are_arguments) {
  static const char text[] = "a\n\n # b \n\tc\nlast";
  struct run_options options = lines_of(file_with(text, sizeof text - 1));
  struct feed *feed = open_feed(&options);
  CHECK_EQ(feed_fd(feed), -1); /* a plain file is always ready */
  CHECK_EQ(feed_total(feed), -1);
  CHECK_STR(next(feed), "echo a");
  CHECK_STR(next(feed), "echo  # b ");
  CHECK_STR(next(feed), "echo \tc");
  CHECK_STR(next(feed), "echo last");
  CHECK_STR(next(feed), "-");
  CHECK_EQ(feed_total(feed), 4);
  feed_close(feed);
}

TEST(lines_that_say_nothing_to_a_shell_are_no_commands) {
  static const char text[] = "one\n\n   \n# no\n  # no\n\ttwo # yes\n";
  struct run_options options = commands_of(file_with(text, sizeof text - 1));
  struct feed *feed = open_feed(&options);
  CHECK_STR(next(feed), "one");
  CHECK_STR(next(feed), "\ttwo # yes");
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

TEST(a_0_byte_ends_each_if_so_wanted) {
  static const char text[] = "a\nb\0\0# c\0last";
  struct run_options options = lines_of(file_with(text, sizeof text - 1));
  options.null_separated = true;
  struct feed *feed = open_feed(&options);
  CHECK_STR(next(feed), "echo a\nb");
  CHECK_STR(next(feed), "echo ");
  CHECK_STR(next(feed), "echo # c");
  CHECK_STR(next(feed), "echo last");
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

TEST(a_0_byte_elsewhere_is_an_error) {
  static const char text[] = "a\n\nb\0c\nd\n";
  struct run_options options = lines_of(file_with(text, sizeof text - 1));
  struct feed *feed = open_feed(&options);
  char wanted[400];
  snprintf(wanted, sizeof wanted,
           "%s:3: has a 0 byte; -0 is for lists with these", options.path);
  CHECK_STR(next(feed), "echo a");
  CHECK_STR(next(feed), wanted);
  feed_close(feed);
}

TEST(an_empty_file_has_none) {
  struct run_options options = commands_of(file_with("", 0));
  struct feed *feed = open_feed(&options);
  CHECK_STR(next(feed), "-");
  CHECK_EQ(feed_total(feed), 0);
  feed_close(feed);
}

/* Longer than any buffer, on both sides of its borders. */
TEST(long_lines_stay_whole) {
  static const size_t sizes[] = {1, 65535, 65536, 65537, 500000, 1, 131072, 3};
  size_t count = sizeof sizes / sizeof sizes[0], total = 0;
  static char text[1000000];
  for (size_t i = 0; i < count; i++) {
    memset(text + total, 'a' + (int)i, sizes[i]);
    total += sizes[i];
    text[total++] = '\n';
  }
  struct run_options options = commands_of(file_with(text, total));
  struct feed *feed = open_feed(&options);
  for (size_t i = 0; i < count; i++) {
    struct command command;
    char *error = NULL;
    CHECK_EQ(feed_next(feed, &command, &error), 1);
    CHECK_EQ(strlen(command.line), sizes[i]);
    CHECK_EQ(command.line[0], 'a' + (int)i);
    CHECK_EQ(command.line[sizes[i] - 1], 'a' + (int)i);
    command_clear(&command);
  }
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

/* -- Pipes ----------------------------------------------------------------- */

/* A feed of our standard input, and the other end. */
static struct feed *open_pipe(struct run_options *options, int *ret_end) {
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_EQ(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  close(fds[0]);
  *ret_end = fds[1];
  struct feed *feed = open_feed(options);
  CHECK_EQ(feed_fd(feed), STDIN_FILENO);
  return feed;
}

/* Standard input as the harness gave it to us. */
static void restore(void) {
  close(STDIN_FILENO);
  CHECK_EQ(open("/dev/null", O_RDONLY), STDIN_FILENO);
}

static void put(struct feed *feed, int fd, const char *text) {
  CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  feed_is_ready(feed);
}

TEST(a_pipe_is_read_only_when_it_is_ready) {
  struct run_options options = lines_of("-");
  int end;
  struct feed *feed = open_pipe(&options, &end);
  CHECK_STR(next(feed), "wait"); /* to read it would be for ever */
  put(feed, end, "par");
  CHECK_STR(next(feed), "wait");
  CHECK_STR(next(feed), "wait");
  put(feed, end, "tial\nwhole\nne");
  CHECK_STR(next(feed), "echo partial");
  CHECK_STR(next(feed), "echo whole");
  CHECK_STR(next(feed), "wait");
  CHECK_EQ(feed_total(feed), -1);
  put(feed, end, "xt");
  CHECK_STR(next(feed), "wait");
  close(end);
  feed_is_ready(feed);
  CHECK_STR(next(feed), "echo next");
  CHECK_STR(next(feed), "-");
  CHECK_EQ(feed_total(feed), 3);
  feed_close(feed);
  restore();
}

TEST(byte_by_byte_it_is_the_same) {
  static const char text[] = "\n\na\n\nbc\n";
  struct run_options options = lines_of("-");
  char got[64] = "";
  int end;
  struct feed *feed = open_pipe(&options, &end);
  for (const char *p = text; *p != '\0'; p++) {
    put(feed, end, (char[]){*p, '\0'});
    for (const char *line; strcmp(line = next(feed), "wait") != 0;)
      strcat(strcat(got, line), ";");
  }
  CHECK_STR(got, "echo a;echo bc;");
  close(end);
  feed_is_ready(feed);
  CHECK_STR(next(feed), "-");
  feed_close(feed);
  restore();
}

TEST(a_pipes_flags_are_left_alone) {
  struct run_options options = lines_of("-");
  int end;
  struct feed *feed = open_pipe(&options, &end);
  put(feed, end, "x\n");
  CHECK_STR(next(feed), "echo x");
  CHECK_EQ(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
  feed_close(feed);
  CHECK(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* it is not ours to close */
  close(end);
  restore();
}

TEST(a_fifo_is_not_waited_for) {
  const char *path = path_of("fifo");
  CHECK_OK(mkfifo(path, 0600));
  struct run_options options = commands_of(path);
  struct feed *feed = open_feed(&options);
  CHECK_STR(next(feed), "wait");
  int end = open(path, O_WRONLY);
  put(feed, end, "true\n");
  CHECK_STR(next(feed), "true");
  CHECK_STR(next(feed), "wait");
  close(end);
  feed_is_ready(feed);
  CHECK_STR(next(feed), "-");
  feed_close(feed);
}

/* -- What cannot be opened ------------------------------------------------- */

static void check_refused(const char *path, int error, const char *words) {
  struct run_options options = lines_of(path);
  struct feed *feed = NULL;
  char *text = NULL, wanted[400];
  CHECK_ERR(feed_open(&options, &feed, &text), error);
  snprintf(wanted, sizeof wanted, "%s: %s", path, words);
  CHECK_STR(text, wanted);
  CHECK(feed == NULL);
  free(text);
}

TEST(a_list_that_cannot_be_read_is_told) {
  check_refused(path_of("none"), -ENOENT, "No such file or directory");
  check_refused(test_dir(), -EISDIR, "is a directory, and no list");
  if (geteuid() == 0)
    return;
  chmod(file_with("a\n", 2), 0);
  check_refused(path_of("list"), -EACCES, "Permission denied");
}

TEST(standard_input_that_is_closed_is_told) {
  struct run_options options = lines_of("-");
  struct feed *feed = NULL;
  char *text = NULL;
  close(STDIN_FILENO);
  CHECK_ERR(feed_open(&options, &feed, &text), -EBADF);
  CHECK_STR(text, "standard input: Bad file descriptor");
  free(text);
  restore();
}
