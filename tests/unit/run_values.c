/* run_values.c: signals, rewrites and limits, read whole or refused. */
#include "harness/harness.h"

#include "run/values.h"

#define LIST(...)                    \
  ((struct cli_strings){             \
      (const char *[]){__VA_ARGS__}, \
      sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)})

static void check_refused(int result, char *error, const char *wanted) {
  CHECK_ERR(result, -EINVAL);
  CHECK_STR(error, wanted);
  free(error);
}

TEST(a_signal_has_names_and_a_number) {
  static const struct {
    const char *text;
    int signo;
  } good[] = {{"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"term", SIGTERM},
              {"15", 15},        {"KILL", SIGKILL},    {"RTMIN+1", 0},
              {"SIGRTMAX-1", 0}};
  char *error = NULL;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int signo = 0;
    CHECK_OK(value_signal("--signal", good[i].text, &signo, &error));
    if (good[i].signo != 0)
      CHECK_EQ(signo, good[i].signo);
    else
      CHECK(signo > SIGRTMIN && signo < SIGRTMAX);
  }
}

TEST(what_is_no_signal_is_refused) {
  static const char *const bad[] = {"",      "0",        "-1",  "FOO",
                                    "TERM ", "999",      "15x", "SIG",
                                    "+15",   "RTMIN+99", " 15", "TERM,"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char *error = NULL, wanted[128];
    int signo = 77;
    int result = value_signal("--signal", bad[i], &signo, &error);
    snprintf(wanted, sizeof wanted,
             "--signal: '%s' is no signal; try TERM, INT or a number", bad[i]);
    check_refused(result, error, wanted);
    CHECK_EQ(signo, 77);
  }
}

TEST(lists_of_signals_are_joined) {
  struct cli_strings strings = LIST("PIPE,HUP", "1", "USR1");
  const int *signals = NULL;
  char *error = NULL;
  CHECK_OK(value_signals("--ignore", &strings, &signals, &error));
  CHECK_EQ(signals[0], SIGPIPE);
  CHECK_EQ(signals[1], SIGHUP);
  CHECK_EQ(signals[2], SIGHUP);
  CHECK_EQ(signals[3], SIGUSR1);
  CHECK_EQ(signals[4], 0);
  free((void *)(uintptr_t)signals);
}

TEST(a_long_list_of_short_ones_has_room) {
  struct cli_strings strings = LIST("1,2,3,1,2,3,1,2,3,1,2,3,1,2,3,6");
  const int *signals = NULL;
  char *error = NULL;
  CHECK_OK(value_signals("--block", &strings, &signals, &error));
  CHECK_EQ(signals[15], 6);
  CHECK_EQ(signals[16], 0);
  free((void *)(uintptr_t)signals);
}

TEST(no_list_is_an_empty_one) {
  struct cli_strings strings = {NULL, 0};
  const int *signals = NULL;
  char *error = NULL;
  CHECK_OK(value_signals("--block", &strings, &signals, &error));
  CHECK_EQ(signals[0], 0);
  free((void *)(uintptr_t)signals);
}

TEST(one_bad_signal_spoils_a_list) {
  static const char *const bad[] = {"HUP,", ",HUP", "HUP,,INT", "HUP,NO"};
  static const char *const named[] = {"", "", "", "NO"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct cli_strings strings = LIST(bad[i]);
    const int *signals = NULL;
    char *error = NULL, wanted[128];
    int result = value_signals("--block", &strings, &signals, &error);
    snprintf(wanted, sizeof wanted,
             "--block: '%s' is no signal; try TERM, INT or a number", named[i]);
    check_refused(result, error, wanted);
    CHECK(signals == NULL);
  }
}

TEST(what_nobody_can_change_is_refused) {
  static const char *const texts[] = {"KILL", "HUP,19", "SIGSTOP"};
  static const char *const named[] = {"KILL", "19", "SIGSTOP"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct cli_strings strings = LIST(texts[i]);
    const int *signals = NULL;
    char *error = NULL, wanted[128];
    int result = value_signals("--ignore", &strings, &signals, &error);
    snprintf(wanted, sizeof wanted,
             "--ignore: %s can be neither caught, blocked nor ignored",
             named[i]);
    check_refused(result, error, wanted);
  }
}

TEST(rewrites_have_two_sides_and_0_is_none) {
  struct cli_strings strings = LIST("TERM=INT", "HUP=0", "1=SIGUSR2");
  const struct run_rewrite *rewrites = NULL;
  size_t count = 0;
  char *error = NULL;
  CHECK_OK(value_rewrites(&strings, &rewrites, &count, &error));
  CHECK_EQ(count, 3);
  CHECK_EQ(rewrites[0].from, SIGTERM);
  CHECK_EQ(rewrites[0].to, SIGINT);
  CHECK_EQ(rewrites[1].from, SIGHUP);
  CHECK_EQ(rewrites[1].to, 0);
  CHECK_EQ(rewrites[2].from, SIGHUP);
  CHECK_EQ(rewrites[2].to, SIGUSR2);
  free((void *)(uintptr_t)rewrites);
}

TEST(bad_rewrites_are_refused) {
  static const struct {
    const char *text, *error;
  } bad[] = {
      {"TERM",
       "--rewrite: 'TERM' is not of the form SIG=SIG, such as TERM=INT"},
      {"", "--rewrite: '' is not of the form SIG=SIG, such as TERM=INT"},
      {"=INT", "--rewrite: '' is no signal; try TERM, INT or a number"},
      {"TERM=", "--rewrite: '' is no signal; try TERM, INT or a number"},
      {"FOO=INT", "--rewrite: 'FOO' is no signal; try TERM, INT or a number"},
      {"INT=FOO", "--rewrite: 'FOO' is no signal; try TERM, INT or a number"},
      {"0=INT", "--rewrite: '0' is no signal; try TERM, INT or a number"},
      {"KILL=TERM",
       "--rewrite: KILL can be neither caught, blocked nor ignored"},
      {"INT=TERM=HUP",
       "--rewrite: 'TERM=HUP' is no signal; try TERM, INT or a number"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct cli_strings strings = LIST(bad[i].text);
    const struct run_rewrite *rewrites = NULL;
    size_t count = 77;
    char *error = NULL;
    int result = value_rewrites(&strings, &rewrites, &count, &error);
    check_refused(result, error, bad[i].error);
    CHECK_EQ(count, 77);
  }
}

TEST(limits_have_their_units) {
  struct cli_strings strings =
      LIST("nofile=1024", "core=0:unlimited", "as=2G", "cpu=1m30s", "nproc=7:8",
           "stack=unlimited", "cpu=1500ms:1h", "fsize=1k:2k", "data=5:5",
           "memlock=64k");
  static const uint64_t wanted[][2] = {
      {1024, 1024},  {0, UINT64_MAX}, {UINT64_C(2) << 30, UINT64_C(2) << 30},
      {90, 90},      {7, 8},          {UINT64_MAX, UINT64_MAX},
      {2, 3600},     {1024, 2048},    {5, 5},
      {65536, 65536}};
  static const int resources[] = {
      RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_AS,    RLIMIT_CPU,  RLIMIT_NPROC,
      RLIMIT_STACK,  RLIMIT_CPU,  RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_MEMLOCK};
  const struct belay_process_limit *limits = NULL;
  size_t count = 0;
  char *error = NULL;
  CHECK_OK(value_limits(&strings, &limits, &count, &error));
  CHECK_EQ(count, sizeof wanted / sizeof wanted[0]);
  for (size_t i = 0; i < count; i++) {
    CHECK_EQ(limits[i].resource, resources[i]);
    CHECK(limits[i].soft == wanted[i][0]);
    CHECK(limits[i].hard == wanted[i][1]);
  }
  free((void *)(uintptr_t)limits);
}

#define FORM \
  " is not of the form NAME=N or NAME=SOFT:HARD, each a number or unlimited"
#define NAMES \
  " is none of as, core, cpu, data, fsize, memlock, nofile, nproc, stack"

TEST(bad_limits_are_refused) {
  static const struct {
    const char *text, *error;
  } bad[] = {
      {"foo=1", "--limit: 'foo'" NAMES},
      {"", "--limit: ''" NAMES},
      {"=1", "--limit: ''" NAMES},
      {"NOFILE=1", "--limit: 'NOFILE'" NAMES},
      {"nofile", "--limit: 'nofile'" FORM},
      {"nofile=", "--limit: 'nofile='" FORM},
      {"nofile=x", "--limit: 'nofile=x'" FORM},
      {"nofile=-1", "--limit: 'nofile=-1'" FORM},
      {"nofile=1k", "--limit: 'nofile=1k'" FORM},
      {"nofile=1:", "--limit: 'nofile=1:'" FORM},
      {"nofile=:1", "--limit: 'nofile=:1'" FORM},
      {"nofile=1:2:3", "--limit: 'nofile=1:2:3'" FORM},
      {"nofile=1:unlimited:3", "--limit: 'nofile=1:unlimited:3'" FORM},
      {"nofile=unlimite", "--limit: 'nofile=unlimite'" FORM},
      {"nofile=99999999999999999999",
       "--limit: 'nofile=99999999999999999999'" FORM},
      {"as=1x", "--limit: 'as=1x'" FORM},
      {"cpu=1x", "--limit: 'cpu=1x'" FORM},
      {"nofile=2:1", "--limit: 'nofile=2:1': the soft limit is above the hard"},
      {"core=unlimited:0",
       "--limit: 'core=unlimited:0': the soft limit is above the hard"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct cli_strings strings = LIST("as=1G", bad[i].text);
    const struct belay_process_limit *limits = NULL;
    size_t count = 77;
    char *error = NULL;
    int result = value_limits(&strings, &limits, &count, &error);
    check_refused(result, error, bad[i].error);
    CHECK_EQ(count, 77);
  }
}
