/* base_nap.c: a handler that finds its thread just about to wait. */
#include <sys/ucontext.h>

#include "base/nap.h"
#include "unit/signal_help.h"

#if defined(__x86_64__) && !defined(BELAY_TEST_PORTABLE) && !UNDER_TSAN

extern const char belay__nap_call[], belay__nap_over[];

static bool ends_at(uintptr_t place, int result, const void *napping,
                    const void *napper, ucontext_t *context) {
  context->uc_mcontext.gregs[REG_RIP] = (greg_t)place;
  context->uc_mcontext.gregs[REG_RBX] = (greg_t)(uintptr_t)napping;
  context->uc_mcontext.gregs[REG_RAX] = result;
  return belay__nap_ends(context, napper);
}

TEST(only_who_naps_for_the_napper_is_let_past) {
  ucontext_t context = {.uc_flags = 0};
  const greg_t *registers = context.uc_mcontext.gregs;
  int us = 0, others = 0;
  uintptr_t call = (uintptr_t)belay__nap_call;
  uintptr_t over = (uintptr_t)belay__nap_over;
  CHECK(!ends_at(call, 441, &us, &others, &context));
  CHECK(!ends_at(call - 1, 441, &us, &us, &context));
  CHECK(!ends_at(over + 1, -EINTR, &us, &us, &context));
  CHECK(!ends_at(over, 1, &us, &us, &context)); /* it has another event */
  CHECK(!ends_at(over, 0, &us, &us, &context)); /* the time is over */
  CHECK(ends_at(over, -EINTR, &us, &us, &context));
  CHECK(ends_at(call, 441, &us, &us, &context));
  CHECK_EQ(registers[REG_RAX], -EINTR);
  CHECK_EQ(registers[REG_RIP], (greg_t)over);
}

/* Single steps, the first of which says that there are any; up to the call,
 * where the signal comes. */
static atomic_int steps, came;

static void step(int signo, siginfo_t *info, void *data) {
  ucontext_t *context = data;
  greg_t *registers = context->uc_mcontext.gregs;
  (void)signo, (void)info;
  bool is_there = registers[REG_RIP] == (greg_t)(uintptr_t)belay__nap_call;
  if (is_there) {
    raise(SIGUSR1); /* blocked until we return */
    came = 1;
  }
  if (steps++ == 0 || is_there)
    registers[REG_EFL] &= ~(greg_t)0x100;
}

static void begin_stepping(void) {
  __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" ::: "cc", "memory");
}

TEST(a_signal_between_the_last_look_and_the_call_ends_the_wait) {
  struct belay_siginfo info;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct sigaction action = {.sa_flags = SA_SIGINFO, .sa_sigaction = step};
  sigfillset(&action.sa_mask);
  CHECK_OK(sigaction(SIGTRAP, &action, NULL));
  begin_stepping();
  if (steps == 0)
    SKIP("no single steps here");
  begin_stepping();
  CHECK_EQ(belay_stream_wait(stream, -1, &info), 1);
  CHECK_EQ(came, 1);
  CHECK_EQ(info.signo, SIGUSR1);
  set_handler(SIGTRAP, SIG_DFL);
  belay_stream_free(stream);
}

#else

TEST(there_is_no_nap_here) {
  CHECK(!belay__nap_is_possible());
  CHECK(!belay__nap_ends(NULL, NULL));
}

#endif
