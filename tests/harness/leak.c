/* leak.c: what a test left behind.
 *
 * Open files are compared with those just before the test's function.  All
 * else needs no such comparison: the test started in one thread, without
 * children, timers, handlers or blocked signals.  Linux only, for its /proc. */
#include <dirent.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/internal.h"

/* ThreadSanitizer has a thread of its own since the fork, and another since
 * the first pthread_create(). */
#ifdef __has_feature
#define HAS_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#else
#define HAS_TSAN 0
#endif
#define OWN_THREADS (HAS_TSAN ? 3u : 1u)

/* How long a thread that was joined may stay listed, see threads_are_clean. */
enum { UNLISTING_MS = 2000 };

static DIR *open_proc(const char *path) {
  DIR *dir = opendir(path);
  if (!dir)
    test_bail_out("%s: %s", path, strerror(errno));
  return dir;
}

/* The next entry that is a number, or -1. */
static int next_number(DIR *dir) {
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    char *end;
    long number = strtol(entry->d_name, &end, 10);
    if (end != entry->d_name && *end == '\0')
      return (int)number;
  }
  return -1;
}

static struct test_open_file identify(int fd) {
  struct test_open_file file = {.fd = fd};
  struct stat status;
  if (fstat(fd, &status) == 0) {
    file.device = status.st_dev;
    file.inode = status.st_ino;
  }
  return file;
}

void test_files_take(struct test_files *ret_files) {
  DIR *dir = open_proc("/proc/self/fd");
  int fd;
  ret_files->len = 0;
  while ((fd = next_number(dir)) >= 0) {
    if (fd != dirfd(dir) && ret_files->len < TEST_FDS_MAX)
      ret_files->list[ret_files->len++] = identify(fd);
  }
  closedir(dir);
}

static size_t count_threads(void) {
  DIR *dir = open_proc("/proc/self/task");
  size_t count = 0;
  while (next_number(dir) >= 0)
    count++;
  closedir(dir);
  return count;
}

static const struct test_open_file *find_file(const struct test_files *files,
                                              int fd) {
  for (size_t i = 0; i < files->len; i++) {
    if (files->list[i].fd == fd)
      return &files->list[i];
  }
  return NULL;
}

static void say_open(int fd, const char *how) {
  char link[64];
  char target[PATH_MAX] = "?";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, target, sizeof target - 1);
  if (len >= 0)
    target[len] = '\0';
  fprintf(stderr, "left behind: fd %d %s (%s)\n", fd, how, target);
}

static bool files_are_clean(const struct test_files *before) {
  static struct test_files after;
  bool clean = true;
  test_files_take(&after);
  for (size_t i = 0; i < after.len; i++) {
    const struct test_open_file *now = &after.list[i];
    const struct test_open_file *was = find_file(before, now->fd);
    if (was && was->device == now->device && was->inode == now->inode)
      continue;
    say_open(now->fd, was ? "is another file than before" : "is open");
    clean = false;
  }
  for (size_t i = 0; i < before->len; i++) {
    if (find_file(&after, before->list[i].fd))
      continue;
    fprintf(stderr, "left behind: fd %d is closed\n", before->list[i].fd);
    clean = false;
  }
  return clean;
}

/* The kernel wakes a joiner before it unlists the thread, so a count that is
 * too high is believed only when it stays. */
static bool threads_are_clean(void) {
  int64_t deadline = test_now_ms() + UNLISTING_MS;
  size_t now;
  while ((now = count_threads()) > OWN_THREADS) {
    if (test_now_ms() > deadline) {
      fprintf(stderr, "left behind: %zu thread(s)\n", now - OWN_THREADS);
      return false;
    }
    sched_yield();
  }
  return true;
}

static bool children_are_clean(void) {
  struct test_process children[16];
  siginfo_t info;
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
    return true;
  size_t count = test_children(children, 16);
  for (size_t i = 0; i < count; i++) {
    fprintf(stderr, "left behind: child %d (%s), not waited for\n",
            (int)children[i].pid, children[i].name);
  }
  return false;
}

static bool timers_are_clean(void) {
  static const char *const names[] = {
      [ITIMER_REAL] = "ITIMER_REAL",
      [ITIMER_VIRTUAL] = "ITIMER_VIRTUAL",
      [ITIMER_PROF] = "ITIMER_PROF",
  };
  bool clean = true;
  for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
    struct itimerval timer;
    if (getitimer(which, &timer) < 0 || !timerisset(&timer.it_value))
      continue;
    fprintf(stderr, "left behind: %s is armed\n", names[which]);
    clean = false;
  }
  return clean;
}

static bool dispositions_are_clean(void) {
  bool clean = true;
  for (int signo = 1; signo < NSIG; signo++) {
    struct sigaction now;
    if (sigaction(signo, NULL, &now) < 0 || now.sa_handler == SIG_DFL)
      continue;
    fprintf(stderr, "left behind: signal %d (%s) is %s\n", signo,
            strsignal(signo),
            now.sa_handler == SIG_IGN ? "ignored" : "handled");
    clean = false;
  }
  return clean;
}

static bool mask_is_clean(void) {
  bool clean = true;
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  for (int signo = 1; signo < NSIG; signo++) {
    if (sigismember(&mask, signo) != 1)
      continue;
    fprintf(stderr, "left behind: signal %d (%s) is blocked\n", signo,
            strsignal(signo));
    clean = false;
  }
  return clean;
}

/* Every kind is looked at, also after the first that is not clean. */
bool test_left_nothing(const struct test_files *before, int leftovers) {
  bool clean = true;
  if (!(leftovers & TEST_LEAVES_FDS))
    clean &= files_are_clean(before);
  if (!(leftovers & TEST_LEAVES_CHILDREN))
    clean &= children_are_clean();
  if (!(leftovers & TEST_LEAVES_THREADS))
    clean &= threads_are_clean();
  if (!(leftovers & TEST_LEAVES_TIMERS))
    clean &= timers_are_clean();
  if (!(leftovers & TEST_LEAVES_DISPOSITIONS))
    clean &= dispositions_are_clean();
  if (!(leftovers & TEST_LEAVES_MASK))
    clean &= mask_is_clean();
  return clean;
}

/* Reads "pid (name) state ppid ..."; a name may hold spaces and brackets. */
static bool read_process(pid_t pid, struct test_process *ret_process,
                         pid_t *ret_parent) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "re");
  if (!file)
    return false;
  size_t len = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[len] = '\0';
  char *name = strchr(text, '(');
  char *name_end = strrchr(text, ')');
  if (!name || !name_end || name_end - text + 4 > (ptrdiff_t)len)
    return false;
  *name_end = '\0';
  ret_process->pid = pid;
  snprintf(ret_process->name, sizeof ret_process->name, "%.31s", name + 1);
  *ret_parent = (pid_t)strtol(name_end + 4, NULL, 10);
  return true;
}

size_t test_children(struct test_process *ret_list, size_t size) {
  DIR *dir = open_proc("/proc");
  size_t count = 0;
  int pid;
  while (count < size && (pid = next_number(dir)) > 0) {
    pid_t parent;
    if (read_process(pid, &ret_list[count], &parent) && parent == getpid())
      count++;
  }
  closedir(dir);
  return count;
}
