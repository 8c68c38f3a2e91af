/* trap_stack.c: a handler stays off the stack of the code that it interrupts,
 * where there is another: Go's threads have no room for it on theirs. */
#include <belay/signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifdef __GLIBC__
#include <ucontext.h>
#endif

#include "unit/signal_help.h"

/* Enough for the sanitizers too. */
enum { ALTERNATE_BYTES = 1 << 18, THREADS = 4 };

static void use_stack(char *memory, stack_t *ret_old) {
  stack_t stack = {.ss_sp = memory, .ss_size = ALTERNATE_BYTES};
  CHECK_OK(sigaltstack(&stack, ret_old));
}

/* -- One for each thread --------------------------------------------------- */

static _Thread_local char *own_stack;
static atomic_int on_own_stack, elsewhere;

static void note_stack(const struct belay_siginfo *info, void *context,
                       void *data) {
  char here;
  (void)info, (void)context, (void)data;
  bool is_own = &here >= own_stack && &here < own_stack + ALTERNATE_BYTES;
  atomic_fetch_add(is_own ? &on_own_stack : &elsewhere, 1);
}

static void *raise_many(void *argument) {
  stack_t old;
  int rounds = *(int *)argument;
  own_stack = malloc(ALTERNATE_BYTES);
  CHECK(own_stack != NULL);
  use_stack(own_stack, &old);
  for (int i = 0; i < rounds; i++)
    raise(SIGUSR1);
  CHECK_OK(sigaltstack(&old, NULL));
  free(own_stack);
  return NULL;
}

TEST(each_thread_is_interrupted_on_its_own_alternate_stack) {
  int rounds = test_scale(2000);
  pthread_t threads[THREADS];
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(belay_action_call(SIGUSR1, note_stack, NULL, 0, &action));
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(raise_many, &rounds);
  for (int i = 0; i < THREADS; i++)
    join_thread(threads[i]);
  CHECK_EQ(on_own_stack, THREADS * rounds);
  CHECK_EQ(elsewhere, 0);
  CHECK_EQ(drain(stream, SIGUSR1), THREADS * rounds);
  belay_action_remove(action);
  belay_stream_free(stream);
}

/* -- A stack on which no handler has room ---------------------------------- */

#ifdef __GLIBC__
static ucontext_t here, tiny;
static int count;

static void raise_on_it(void) {
  long pid = getpid(), tid = syscall(SYS_gettid);
  for (int i = 0; i < count; i++)
    syscall(SYS_tgkill, pid, tid, SIGUSR1);
}

/* Like a goroutine's: two kilobytes, and beneath them nothing. */
TEST(code_on_a_tiny_stack_survives_a_storm) {
  if (UNDER_ASAN || UNDER_TSAN || under_valgrind())
    SKIP("the sanitizers do not know of stacks that are switched");
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  CHECK_OK(mprotect(pages, page, PROT_NONE));
  char *alternate = malloc(ALTERNATE_BYTES);
  CHECK(alternate != NULL);
  stack_t old;
  use_stack(alternate, &old);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  count = 1;
  raise_on_it(); /* functions are found on the other stack */
  count = test_scale(100000);
  CHECK_OK(getcontext(&tiny));
  tiny.uc_stack.ss_sp = pages + page;
  tiny.uc_stack.ss_size = 2048;
  tiny.uc_link = &here;
  makecontext(&tiny, raise_on_it, 0);
  CHECK_OK(swapcontext(&here, &tiny));
  CHECK_EQ(drain(stream, SIGUSR1), count + 1);
  belay_stream_free(stream);
  CHECK_OK(sigaltstack(&old, NULL));
  free(alternate);
  munmap(pages, 2 * page);
}
#endif
