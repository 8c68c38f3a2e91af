/* get_sync.c: syncing, and the workers that do it. */
#include <fcntl.h>
#include <stdatomic.h>
#include <belay/loop.h>

#include "get/sync.h"
#include "harness/harness.h"

/* Calls are counted here instead of reaching the disk, and may fail. */
static atomic_int file_syncs, system_syncs;
static atomic_int sync_error;

static int counted(atomic_int *count) {
  atomic_fetch_add(count, 1);
  errno = sync_error;
  return sync_error ? -1 : 0;
}

int fdatasync(int fd) {
  (void)fd;
  return counted(&file_syncs);
}

int syncfs(int fd) {
  (void)fd;
  return counted(&system_syncs);
}

/* -- Syncing --------------------------------------------------------------- */

TEST(errors_are_told_unless_syncing_means_nothing) {
  static const struct {
    int error, expected;
  } cases[] = {{0, 0},     {EIO, -EIO},  {ENOSPC, -ENOSPC}, {EINVAL, 0},
               {EROFS, 0}, {ENOTSUP, 0}, {EDQUOT, -EDQUOT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sync_error = cases[i].error;
    CHECK_EQ(sync_file(0), cases[i].expected);
  }
}

TEST(a_path_that_is_not_there_cannot_be_synced) {
  CHECK_OK(sync_path(test_dir()));
  char path[512];
  snprintf(path, sizeof path, "%s/none", test_dir());
  CHECK_ERR(sync_path(path), -ENOENT);
}

/* `count` fds of the test's directory, and of another file system if there is
 * one. */
static void open_many(int *fds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fds[i] = open(i % 2 ? test_dir() : "/proc", O_RDONLY | O_CLOEXEC);
    CHECK(fds[i] >= 0);
  }
}

static void sync_some(size_t count, int expected) {
  int fds[64], errors[64];
  open_many(fds, count);
  sync_many(fds, count, errors);
  for (size_t i = 0; i < count; i++) {
    CHECK_EQ(errors[i], expected);
    close(fds[i]);
  }
}

TEST(few_files_are_synced_one_by_one) {
  sync_some(SYNC_MAX_SINGLE, 0);
  CHECK_EQ(file_syncs, SYNC_MAX_SINGLE);
  CHECK_EQ(system_syncs, 0);
}

TEST(many_files_are_synced_with_their_file_systems) {
  sync_some(SYNC_MAX_SINGLE + 8, 0);
  CHECK_EQ(file_syncs, 0);
  CHECK_EQ(system_syncs, 2);
}

TEST(an_error_of_a_file_system_is_that_of_all_its_files) {
  sync_error = EIO;
  sync_some(SYNC_MAX_SINGLE + 8, -EIO);
  CHECK_EQ(system_syncs, 2);
}

TEST(a_bad_fd_does_not_spoil_the_others) {
  int fds[40], errors[40];
  open_many(fds, 40);
  close(fds[0]);
  sync_many(fds, 40, errors);
  CHECK_EQ(errors[0], -EBADF);
  for (int i = 1; i < 40; i++) {
    CHECK_EQ(errors[i], 0);
    close(fds[i]);
  }
}

/* -- Workers --------------------------------------------------------------- */

struct task {
  struct work work;
  int number;
};

static atomic_int tasks_run;
static pthread_barrier_t all_there;

static void run_task(struct work *work) {
  (void)work;
  atomic_fetch_add(&tasks_run, 1);
}

/* Comes back only if as many run at once as there are workers. */
static void meet(struct work *work) {
  pthread_barrier_wait(&all_there);
  run_task(work);
}

static size_t run_all(struct task *tasks, int count,
                      void (*run)(struct work *)) {
  struct mailbox done;
  struct workers workers;
  CHECK_OK(mailbox_open(&done));
  workers_init(&workers, &done);
  for (int i = 0; i < count; i++) {
    tasks[i] = (struct task){.work.run = run, .number = i};
    workers_do(&workers, &tasks[i].work);
  }
  workers_close(&workers);
  size_t returned = 0;
  struct mail_list list = mailbox_take_all(&done);
  while (mail_take(&list))
    returned++;
  mailbox_close(&done);
  return returned;
}

TEST(all_work_is_done_and_comes_back) {
  static struct task tasks[500];
  CHECK_EQ(run_all(tasks, 500, run_task), 500);
  CHECK_EQ(tasks_run, 500);
}

TEST(workers_work_at_once) {
  struct task tasks[SYNC_WORKERS];
  CHECK(pthread_barrier_init(&all_there, NULL, SYNC_WORKERS) == 0);
  CHECK_EQ(run_all(tasks, SYNC_WORKERS, meet), SYNC_WORKERS);
  pthread_barrier_destroy(&all_there);
}

TEST(without_work_no_thread_is_started) {
  CHECK_EQ(run_all(NULL, 0, run_task), 0);
}

/* -- The mailbox ----------------------------------------------------------- */

struct letter {
  struct mail mail;
  int number;
};

enum { LETTERS = 20000 };

static void *post_all(void *argument) {
  static struct letter letters[LETTERS];
  for (int i = 0; i < LETTERS; i++) {
    letters[i].number = i;
    mailbox_post(argument, &letters[i].mail);
  }
  return NULL;
}

TEST(one_letter_rings_once) {
  struct mailbox box;
  struct belay_loop *loop;
  struct belay_event event;
  struct letter letters[2];
  CHECK_OK(mailbox_open(&box));
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_channel(loop, box.bell, NULL, NULL));
  for (int round = 0; round < 3; round++) {
    CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
    mailbox_post(&box, &letters[0].mail);
    mailbox_post(&box, &letters[1].mail);
    CHECK_EQ(belay_loop_next(loop, 0, &event), 1);
    struct mail_list list = mailbox_take_all(&box);
    CHECK(mail_take(&list) == &letters[0].mail);
    CHECK(mail_take(&list) == &letters[1].mail);
    CHECK(mail_take(&list) == NULL);
  }
  mailbox_post(&box, &letters[0].mail);
  CHECK_EQ(belay_loop_next(loop, 0, &event), 1);
  belay_loop_free(loop);
  mailbox_take_all(&box);
  mailbox_close(&box);
}

/* The reader sleeps whenever there is nothing: no letter may be without a
 * bell. */
TEST(no_letter_is_missed_or_out_of_order) {
  struct mailbox box;
  struct belay_loop *loop;
  pthread_t thread;
  CHECK_OK(mailbox_open(&box));
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_channel(loop, box.bell, NULL, NULL));
  CHECK_EQ(pthread_create(&thread, NULL, post_all, &box), 0);
  for (int expected = 0; expected < LETTERS;) {
    struct belay_event event;
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    struct mail_list list = mailbox_take_all(&box);
    for (struct mail *mail; (mail = mail_take(&list)); expected++)
      CHECK_EQ(((struct letter *)mail)->number, expected);
  }
  pthread_join(thread, NULL);
  belay_loop_free(loop);
  mailbox_close(&box);
}
