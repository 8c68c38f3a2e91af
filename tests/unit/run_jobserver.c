/* run_jobserver.c: make's tokens: found, taken without waiting, given back. */
#include "harness/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "run/jobserver.h"

/* The two ends of make's pipe, with these tokens in it, as make says them. */
static void serve(int fds[2], const char *tokens, const char *before,
                  const char *after) {
  char flags[128];
  CHECK_OK(pipe(fds));
  CHECK_EQ(write(fds[1], tokens, strlen(tokens)), (ssize_t)strlen(tokens));
  snprintf(flags, sizeof flags, "%s%d,%d%s", before, fds[0], fds[1], after);
  setenv("MAKEFLAGS", flags, 1);
  setenv("MAKELEVEL", "1", 1);
}

static void close_both(const int fds[2]) {
  close(fds[0]);
  close(fds[1]);
}

static struct jobserver *open_it(void) {
  struct jobserver *jobserver = NULL;
  char *error = NULL;
  CHECK_OK(jobserver_open(&jobserver, &error));
  CHECK_STR(error, NULL);
  return jobserver;
}

static void check_refused(const char *words) {
  struct jobserver *jobserver = NULL;
  char *error = NULL;
  CHECK(jobserver_open(&jobserver, &error) < 0);
  CHECK(jobserver == NULL);
  CHECK(error != NULL && strstr(error, words) != NULL);
  CHECK(strchr(error, '\n') == NULL);
  free(error);
}

/* Exactly these bytes are in the pipe, in some order. */
static void check_tokens(int fd, const char *tokens) {
  char got[64] = "";
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  ssize_t size = poll(&ready, 1, 0) > 0 ? read(fd, got, sizeof got - 1) : 0;
  CHECK_EQ(size, (ssize_t)strlen(tokens));
  for (const char *token = tokens; *token != '\0'; token++)
    CHECK(memchr(got, *token, (size_t)size) != NULL);
}

TEST(tokens_are_taken_until_there_are_none) {
  int fds[2];
  serve(fds, "ab", " -j3 --jobserver-auth=", "");
  struct jobserver *jobserver = open_it();
  CHECK_EQ(jobserver_take(jobserver), 1);
  CHECK_EQ(jobserver_take(jobserver), 1);
  /* The pipe is a blocking one: to read it would be for ever. */
  CHECK_EQ(jobserver_take(jobserver), 0);
  CHECK_EQ(jobserver_take(jobserver), 0);
  jobserver_give(jobserver);
  CHECK_EQ(jobserver_take(jobserver), 1);
  jobserver_close(jobserver);
  check_tokens(fds[0], "ab");
  close_both(fds);
}

TEST(each_token_goes_back_as_it_was) {
  int fds[2];
  serve(fds, "xyz", "--jobserver-fds=", " -j");
  struct jobserver *jobserver = open_it();
  for (int i = 0; i < 3; i++)
    CHECK_EQ(jobserver_take(jobserver), 1);
  jobserver_give(jobserver);
  jobserver_close(jobserver);
  check_tokens(fds[0], "xyz");
  close_both(fds);
}

TEST(more_is_not_given_back_than_was_taken) {
  int fds[2];
  serve(fds, "a", "--jobserver-auth=", "");
  struct jobserver *jobserver = open_it();
  jobserver_give(jobserver);
  CHECK_EQ(jobserver_take(jobserver), 1);
  jobserver_give(jobserver);
  jobserver_give(jobserver);
  jobserver_close(jobserver);
  jobserver_give(NULL);
  jobserver_close(NULL);
  check_tokens(fds[0], "a");
  close_both(fds);
}

TEST(makes_own_fds_are_left_as_they_are) {
  int fds[2];
  serve(fds, "a", "--jobserver-auth=", "");
  struct jobserver *jobserver = open_it();
  CHECK_EQ(jobserver_take(jobserver), 1);
  CHECK_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  CHECK_EQ(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
  jobserver_close(jobserver);
  CHECK(fcntl(fds[0], F_GETFD) >= 0);
  CHECK(fcntl(fds[1], F_GETFD) >= 0);
  close_both(fds);
}

TEST(its_fd_is_readable_while_there_is_a_token) {
  int fds[2];
  serve(fds, "", "--jobserver-auth=", "");
  struct jobserver *jobserver = open_it();
  struct pollfd ready = {.fd = jobserver_fd(jobserver), .events = POLLIN};
  CHECK_EQ(poll(&ready, 1, 0), 0);
  CHECK_EQ(write(fds[1], "t", 1), 1);
  CHECK_EQ(poll(&ready, 1, 0), 1);
  CHECK_EQ(jobserver_take(jobserver), 1);
  CHECK_EQ(poll(&ready, 1, 0), 0);
  jobserver_close(jobserver);
  close_both(fds);
}

/* Both wake up for one token; neither waits for what the other took. */
TEST(two_clients_share_the_tokens) {
  int fds[2], taken = 0;
  serve(fds, "", "--jobserver-auth=", "");
  struct jobserver *one = open_it(), *other = open_it();
  for (int i = 0; i < 100; i++) {
    CHECK_EQ(write(fds[1], "t", 1), 1);
    taken += jobserver_take(one);
    taken += jobserver_take(other);
  }
  CHECK_EQ(taken, 100);
  jobserver_close(one);
  jobserver_close(other);
  close_both(fds);
}

TEST(a_fifo_is_opened_by_its_name) {
  char path[256], flags[300];
  snprintf(path, sizeof path, "%s/fifo", test_dir());
  CHECK_OK(mkfifo(path, 0600));
  int fd = open(path, O_RDWR | O_NONBLOCK);
  CHECK_EQ(write(fd, "pq", 2), 2);
  snprintf(flags, sizeof flags, " -j3 --jobserver-auth=fifo:%s -- A=b", path);
  setenv("MAKEFLAGS", flags, 1);
  struct jobserver *jobserver = open_it();
  CHECK_EQ(jobserver_take(jobserver), 1);
  CHECK_EQ(jobserver_take(jobserver), 1);
  CHECK_EQ(jobserver_take(jobserver), 0);
  jobserver_close(jobserver);
  check_tokens(fd, "pq");
  close(fd);
}

TEST(a_fifo_that_is_none_is_refused) {
  char flags[300];
  snprintf(flags, sizeof flags, "--jobserver-auth=fifo:%s/none", test_dir());
  setenv("MAKEFLAGS", flags, 1);
  check_refused("No such file");
  setenv("MAKEFLAGS", "--jobserver-auth=fifo:/dev/null", 1);
  check_refused("is no fifo");
}

/* Its rule has no + before the command: the fds are closed, or negative. */
TEST(what_make_kept_to_itself_is_told) {
  static const char *const flags[] = {
      "--jobserver-auth=-2,-2", "--jobserver-auth=60,61",
      "--jobserver-auth=",      "--jobserver-auth=a,b",
      "--jobserver-auth=60",    "--jobserver-fds=-1,-1"};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    setenv("MAKEFLAGS", flags[i], 1);
    check_refused("make gave us no jobserver; put + before");
  }
}

/* By then the numbers may be somebody else's. */
TEST(fds_that_are_not_makes_are_refused) {
  int pipes[2], others[2];
  char flags[64];
  int null = open("/dev/null", O_RDWR);
  CHECK_OK(pipe(pipes));
  CHECK_OK(pipe(others));
  const int pairs[][2] = {
      {null, null}, {pipes[1], pipes[0]}, {pipes[0], others[1]}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    snprintf(flags, sizeof flags, "--jobserver-auth=%d,%d", pairs[i][0],
             pairs[i][1]);
    setenv("MAKEFLAGS", flags, 1);
    check_refused("make gave us no jobserver");
  }
  snprintf(flags, sizeof flags, "--jobserver-auth=%d,%d", pipes[0], pipes[1]);
  setenv("MAKEFLAGS", flags, 1);
  fcntl(pipes[0], F_SETFD, FD_CLOEXEC); /* ours: make's would not be here */
  check_refused("make gave us no jobserver");
  close(null);
  close_both(pipes);
  close_both(others);
}

TEST(without_a_make_there_is_none) {
  unsetenv("MAKEFLAGS");
  unsetenv("MAKELEVEL");
  check_refused("no make has started us; -j N");
}

TEST(a_make_without_j_has_no_other_token) {
  static const char *const flags[] = {"", " ", "k", " -k -- J=-j",
                                      "-- A=--jobserver-auth=60,61"};
  setenv("MAKELEVEL", "1", 1);
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    setenv("MAKEFLAGS", flags[i], 1);
    struct jobserver *jobserver = open_it();
    CHECK(jobserver != NULL);
    CHECK_EQ(jobserver_fd(jobserver), -1);
    CHECK_EQ(jobserver_take(jobserver), 0);
    jobserver_give(jobserver);
    jobserver_close(jobserver);
  }
}

TEST(a_make_without_limit_has_no_jobserver) {
  setenv("MAKELEVEL", "1", 1);
  setenv("MAKEFLAGS", " -j", 1);
  CHECK(open_it() == NULL);
  setenv("MAKEFLAGS", "k -j -- A=b", 1);
  CHECK(open_it() == NULL);
}

TEST(the_last_word_counts) {
  int fds[2];
  serve(fds, "a", "--jobserver-auth=60,61 --jobserver-auth=", " -- X=1");
  struct jobserver *jobserver = open_it();
  CHECK_EQ(jobserver_take(jobserver), 1);
  jobserver_close(jobserver);
  int got[2];
  CHECK(jobserver_has_fds(got));
  CHECK_EQ(got[0], fds[0]);
  CHECK_EQ(got[1], fds[1]);
  close_both(fds);
  CHECK(!jobserver_has_fds(got));
}
