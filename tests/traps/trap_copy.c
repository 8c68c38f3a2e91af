/* trap_copy.c: several copies of libbelay in one process, which come and go
 * with the libraries that carry them and know nothing of each other. */
#include <dlfcn.h>
#include <fcntl.h>

#include "unit/signal_help.h"

/* -- Copies ---------------------------------------------------------------- */

struct copy {
  int (*open)(const int *signals, unsigned flags, struct belay_stream **stream);
  int (*read)(struct belay_stream *stream, struct belay_siginfo *info);
  void (*free)(struct belay_stream *stream);
  int (*action_flag)(int signo, volatile sig_atomic_t *flag, int value,
                     unsigned flags, struct belay_action **action);
  void (*action_remove)(struct belay_action *action);
};

/* The one in this program. */
static const struct copy linked = {
    .open = belay_stream_open,
    .read = belay_stream_read,
    .free = belay_stream_free,
    .action_flag = belay_action_flag,
    .action_remove = belay_action_remove,
};

struct loaded {
  void *handle;
  struct copy copy;
};

/* `name` is a function, which no void pointer can hold according to C. */
static void find(void *handle, const char *name, void *ret_function) {
  void *found = dlsym(handle, name);
  CHECK(found != NULL);
  memcpy(ret_function, &found, sizeof found);
}

static struct loaded load(const char *path) {
  struct loaded loaded = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
  if (loaded.handle == NULL)
    fprintf(stderr, "%s\n", dlerror());
  CHECK(loaded.handle != NULL);
  find(loaded.handle, "belay_stream_open", &loaded.copy.open);
  find(loaded.handle, "belay_stream_read", &loaded.copy.read);
  find(loaded.handle, "belay_stream_free", &loaded.copy.free);
  find(loaded.handle, "belay_action_flag", &loaded.copy.action_flag);
  find(loaded.handle, "belay_action_remove", &loaded.copy.action_remove);
  CHECK(loaded.copy.open != belay_stream_open); /* another one indeed */
  return loaded;
}

static void unload(struct loaded *loaded) {
  CHECK_EQ(dlclose(loaded->handle), 0);
}

static struct belay_stream *open_in(const struct copy *copy, int signo) {
  struct belay_stream *stream = NULL;
  CHECK_OK(copy->open(SIGNALS(signo), 0, &stream));
  return stream;
}

static uint64_t drain_in(const struct copy *copy, struct belay_stream *stream) {
  struct belay_siginfo info;
  uint64_t sum = 0;
  while (copy->read(stream, &info) == 1)
    sum += info.count;
  return sum;
}

static atomic_int called;

static void count_calls(int signo) {
  (void)signo;
  atomic_fetch_add(&called, 1);
}

/* -- Side by side ---------------------------------------------------------- */

enum { COPIES = 3 };

/* The copies subscribe in one order and leave in another. */
static void check_order(const struct copy *copies[COPIES],
                        const int leaves[COPIES]) {
  struct belay_stream *streams[COPIES];
  bool is_open[COPIES] = {true, true, true};
  called = 0;
  for (int i = 0; i < COPIES; i++)
    streams[i] = open_in(copies[i], SIGUSR1);
  for (int left = 0; left <= COPIES; left++) {
    for (int i = 0; i < 10; i++)
      raise(SIGUSR1);
    CHECK_EQ(called, 10 * (left + 1)); /* the handler of before, once each */
    for (int i = 0; i < COPIES; i++)
      if (is_open[i])
        CHECK_EQ(drain_in(copies[i], streams[i]), 10);
    if (left == COPIES)
      break;
    copies[leaves[left]]->free(streams[leaves[left]]);
    is_open[leaves[left]] = false;
  }
}

/* One that leaves beneath another cannot take its handler with it: it stays,
 * and forwards. */
TEST(copies_that_come_and_go_in_any_order_each_see_every_signal) {
  static const int orders[][COPIES] = {{2, 1, 0}, {0, 1, 2}, {1, 0, 2},
                                       {1, 2, 0}, {0, 2, 1}, {2, 0, 1}};
  struct loaded shared = load(SHARED_LIBRARY), plugin = load(PLUGIN);
  const struct copy *copies[COPIES] = {&linked, &shared.copy, &plugin.copy};
  set_handler(SIGUSR1, count_calls);
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    check_order(copies, orders[i]);
  set_handler(SIGUSR1, SIG_DFL);
  unload(&plugin);
  unload(&shared);
}

TEST(after_all_copies_have_left_in_any_order_the_default_is_done) {
  struct loaded shared = load(SHARED_LIBRARY);
  for (int order = 0; order < 2; order++) {
    pid_t child = test_fork();
    if (child == 0) {
      struct belay_stream *first = open_in(&shared.copy, SIGTERM);
      struct belay_stream *second = open_in(&linked, SIGTERM);
      raise(SIGTERM);
      if (order == 0)
        linked.free(second);
      shared.copy.free(first);
      if (order == 1)
        linked.free(second);
      raise(SIGTERM);
      _exit(1);
    }
    CHECK_EQ(test_wait_killed(child), SIGTERM);
  }
  unload(&shared);
}

/* -- Unloading ------------------------------------------------------------- */

static void check_unloading(const char *path) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  called = 0;
  set_handler(SIGUSR1, count_calls);
  struct loaded library = load(path);
  struct belay_stream *stream = open_in(&library.copy, SIGUSR1);
  CHECK_OK(library.copy.action_flag(SIGUSR1, &flag, 1, 0, &action));
  raise(SIGUSR1);
  CHECK_EQ(flag, 1);
  CHECK_EQ(drain_in(&library.copy, stream), 1);
  library.copy.action_remove(action);
  library.copy.free(stream);
  unload(&library);
  raise(SIGUSR1);
  CHECK_EQ(called, 2);
  CHECK(disposition(SIGUSR1).sa_handler == count_calls);
  set_handler(SIGUSR1, SIG_DFL);

  pid_t child = test_fork(); /* calls what the library left with fork() */
  if (child == 0) {
    raise(SIGUSR1);
    _exit(1);
  }
  CHECK_EQ(test_wait_killed(child), SIGUSR1);
}

TEST(a_library_that_was_unloaded_has_left_nothing_to_be_called) {
  for (int i = 0; i < 3; i++) {
    check_unloading(SHARED_LIBRARY);
    if (!UNDER_ASAN) /* who finds some memory that handlers may be reading */
      check_unloading(PLUGIN);
  }
}

/* Its handler had to stay, beneath ours, and so has its code. */
TEST(a_library_may_be_unloaded_while_a_handler_lies_on_top_of_its_own) {
  set_handler(SIGUSR1, count_calls);
  struct loaded shared = load(SHARED_LIBRARY);
  struct belay_stream *below = open_in(&shared.copy, SIGUSR1);
  struct belay_stream *above = open_stream(SIGNALS(SIGUSR1));
  shared.copy.free(below);
  unload(&shared);
  raise(SIGUSR1);
  CHECK_EQ(called, 1);
  CHECK_EQ(drain(above, SIGUSR1), 1);
  belay_stream_free(above);
  raise(SIGUSR1);
  CHECK_EQ(called, 2);
  set_handler(SIGUSR1, SIG_DFL);
}

static struct test_gate entered, unloaded;

static void linger(int signo) {
  (void)signo;
  test_gate_open(&entered);
  test_gate_pass(&unloaded);
  atomic_fetch_add(&called, 1);
}

static void *raise_once(void *argument) {
  (void)argument;
  raise(SIGUSR1);
  return NULL;
}

/* Its handler has called the one that was there before, which returns to it. */
TEST(a_library_may_be_unloaded_while_a_handler_that_it_called_runs) {
  entered = test_gate_make();
  unloaded = test_gate_make();
  set_handler(SIGUSR1, linger);
  struct loaded shared = load(SHARED_LIBRARY);
  struct belay_stream *stream = open_in(&shared.copy, SIGUSR1);
  pthread_t thread = start_thread(raise_once, NULL);
  test_gate_pass(&entered);
  CHECK_EQ(drain_in(&shared.copy, stream), 1);
  shared.copy.free(stream);
  unload(&shared);
  test_gate_open(&unloaded);
  join_thread(thread);
  CHECK_EQ(called, 1);
  set_handler(SIGUSR1, SIG_DFL);
  test_gate_free(&entered);
  test_gate_free(&unloaded);
}

/* In kilobytes, from the kernel. */
static long memory_size(void) {
  char text[4096], *line;
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  CHECK_OK(fd);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  CHECK(n > 0);
  text[n] = '\0';
  line = strstr(text, "VmSize:");
  CHECK(line != NULL);
  return strtol(line + strlen("VmSize:"), NULL, 10);
}

static void load_and_unload(int count) {
  for (int i = 0; i < count; i++) {
    struct loaded shared = load(SHARED_LIBRARY);
    struct belay_stream *stream = open_in(&shared.copy, SIGUSR1);
    shared.copy.free(stream);
    unload(&shared);
  }
}

TEST(a_library_that_comes_and_goes_takes_no_memory_each_time) {
  if (UNDER_ASAN || UNDER_TSAN || under_valgrind())
    SKIP("the sanitizers keep memory of their own");
  load_and_unload(20);
  long before = memory_size();
  load_and_unload(200);
  CHECK(memory_size() - before < 100);
}
