/* signal_name.c: signals by name, and names of signals. */
#include "unit/signal_help.h"

TEST(every_name_is_understood) {
  int named = 0;
  for (int signo = 1; signo < NSIG; signo++) {
    const char *name = belay_signal_name(signo);
    if (name == NULL)
      continue;
    named++;
    CHECK(strncmp(name, "SIG", 3) == 0);
    CHECK_EQ(belay_signal_number(name), signo);
    CHECK_EQ(belay_signal_number(name + 3), signo);
  }
  CHECK_EQ(named, 31 + SIGRTMAX - SIGRTMIN + 1);
}

TEST(numbers_that_are_no_signal_have_no_name) {
  const int none[] = {0, -1, 32, SIGRTMIN - 1, SIGRTMAX + 1, NSIG, 1000};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    CHECK(belay_signal_name(none[i]) == NULL);
}

TEST(names_in_every_form) {
  const struct {
    const char *text;
    int signo;
  } cases[] = {
      {"SIGTERM", SIGTERM},
      {"term", SIGTERM},
      {"sigterm", SIGTERM},
      {"Hup", SIGHUP},
      {"15", 15},
      {"1", SIGHUP},
      {"RTMIN", SIGRTMIN},
      {"SIGRTMIN", SIGRTMIN},
      {"RTMIN+3", SIGRTMIN + 3},
      {"SIGRTMAX-1", SIGRTMAX - 1},
      {"rtmax", SIGRTMAX},
      {"RTMIN+0", SIGRTMIN},
      {"IOT", SIGABRT},
      {"SIGCLD", SIGCHLD},
      {"POLL", SIGIO},
      {"64", 64},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK_EQ(belay_signal_number(cases[i].text), cases[i].signo);
}

TEST(what_is_no_name) {
  const char *const none[] = {
      "",         "SIG",      "SIGSIGTERM", "0",
      "-1",       "65",       "32",         "99999999999999999999",
      "15 ",      " 15",      "1x",         "+15",
      "0x0f",     "TERMX",    "TER",        "RTMIN-1",
      "RTMAX+1",  "RTMIN+",   "RTMIN+31",   "RTMIN+-1",
      "RTMIN++1", "RTMAX-31", "RTMIN3",     "RTM",
  };
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    CHECK_ERR(belay_signal_number(none[i]), -EINVAL);
}
