/* process_job.c: groups that end whole. */
#include <sys/wait.h>

#include "unit/job_help.h"

TEST(a_job_ends_by_itself) {
  struct belay_job *job = start_job(SH("exit 3"), 0);
  CHECK_EQ(next().process.code, 3);
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(asked_to_end_it_is_asked_politely) {
  struct belay_job *job = start_job(
      SH("trap 'exit 4' TERM; echo word; while :; do sleep 0.01; done"), 0);
  wait_word(belay_job_process(job));
  CHECK_OK(belay_job_end(job, 0, LONG));
  CHECK_EQ(next().process.code, 4);
  CHECK_OK(belay_job_end(job, 0, LONG)); /* it has: no error */
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(who_does_not_listen_is_killed_after_the_grace) {
  struct belay_job *job =
      start_job(SH("trap '' TERM; echo word; while :; do sleep 0.01; done"), 0);
  wait_word(belay_job_process(job));
  CHECK_OK(belay_job_end(job, SIGTERM, 20 * MS));
  struct belay_event event = next();
  CHECK_EQ(event.process.state, BELAY_PROCESS_KILLED);
  CHECK_EQ(event.process.code, SIGKILL);
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(one_that_is_stopped_hears_that_it_is_to_end) {
  struct belay_job *job =
      start_job(SH("echo word; exec sleep 1000"), BELAY_PROCESS_WATCH_STOPS);
  wait_word(belay_job_process(job));
  CHECK_OK(belay_job_signal(job, SIGSTOP));
  CHECK_EQ(next().process.state, BELAY_PROCESS_STOPPED);
  CHECK_OK(belay_job_end(job, 0, LONG));
  struct belay_event event = next();
  if (event.process.state == BELAY_PROCESS_RUNNING)
    event = next();
  CHECK_EQ(event.process.code, SIGTERM);
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(who_could_not_be_asked_is_not_killed) {
  struct belay_event event;
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(job));
  CHECK_ERR(belay_job_end(job, 9999, 0), -EINVAL);
  CHECK_EQ(belay_loop_next(loop, 20 * MS, &event), 0);
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(a_forked_child_that_frees_its_copy_harms_nobody) {
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(job));
  pid_t child = test_fork();
  if (child == 0) {
    belay_job_free(job);
    belay_loop_free(loop);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK_OK(belay_job_signal(job, SIGTERM));
  CHECK_EQ(next().process.code, SIGTERM);
  belay_job_free(job);
  belay_loop_free(loop);
}

/* The pipe's end says that nobody has it any more. */
static void check_all_gone(int fd) {
  char byte;
  CHECK(is_readable(fd, 10000));
  CHECK_EQ(read(fd, &byte, 1), 0);
}

TEST(a_grace_is_for_all_of_the_group) {
  struct belay_job *job =
      start_job(SH("(trap '' TERM; echo word; while :; do sleep 0.01; done)& "
                   "read x <&-; exec sleep 1000"),
                0);
  struct belay_process *process = belay_job_process(job);
  wait_word(process);
  CHECK_OK(belay_job_end(job, SIGTERM, 50 * MS));
  CHECK_EQ(next().process.code, SIGTERM);
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, 100 * MS, &event), 0);
  check_all_gone(belay_process_pipe(process, 1));
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(nothing_of_it_is_left_when_it_is_freed) {
  int fds[2];
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  struct belay_process_fd more = {fds[1], 5};
  options.fds = &more;
  options.fd_count = 1;
  struct belay_job *job =
      start_job(SH("sleep 1000 & sleep 1000 & echo word; wait"), 0);
  close(fds[1]);
  wait_word(belay_job_process(job));
  belay_job_free(job);
  belay_job_free(NULL);
  check_all_gone(fds[0]);
  close(fds[0]);
  belay_loop_free(loop);
}

TEST(what_is_released_goes_on) {
  struct belay_job *job = start_job(SH("sleep 1000 & echo word; wait"), 0);
  pid_t group = belay_process_pid(belay_job_process(job));
  wait_word(belay_job_process(job));
  belay_job_release(job);
  belay_job_release(NULL);
  CHECK_EQ(waitpid(group, NULL, WNOHANG), 0);
  CHECK_EQ(kill(-group, SIGKILL), 0);
  CHECK_EQ(waitpid(group, NULL, 0), group);
  belay_loop_free(loop);
}

TEST(nothing_is_left_of_one_whose_first_process_was_reaped) {
  struct belay_job *job = start_job(
      SH("(trap '' TERM; echo word; while :; do sleep 0.01; done)& exit 2"), 0);
  struct belay_process *process = belay_job_process(job);
  wait_word(process);
  CHECK_EQ(next().process.code, 2);
  CHECK_OK(belay_process_reap(process));
  CHECK_OK(belay_job_end(job, 0, LONG)); /* it does not listen */
  CHECK_OK(belay_job_signal(job, 0));
  int fd = dup(belay_process_pipe(process, 1));
  belay_job_free(job);
  check_all_gone(fd);
  close(fd);
  belay_loop_free(loop);
}

TEST(a_grace_goes_on_after_the_first_process_was_reaped) {
  struct belay_job *job = start_job(
      SH("(trap '' TERM; echo word; while :; do sleep 0.01; done)& exit 2"), 0);
  struct belay_process *process = belay_job_process(job);
  struct belay_event event;
  wait_word(process);
  CHECK_EQ(next().process.code, 2);
  CHECK_OK(belay_job_end(job, 0, 20 * MS));
  CHECK_OK(belay_process_reap(process));
  CHECK_EQ(belay_loop_next(loop, 100 * MS, &event), 0);
  check_all_gone(belay_process_pipe(process, 1));
  while (belay_job_signal(job, 0) == 0)
    continue;
  CHECK_ERR(belay_job_signal(job, 0), -ESRCH);
  CHECK_OK(belay_job_end(job, 0, 0));
  belay_job_free(job);
  belay_loop_free(loop);
}

TEST(a_job_needs_a_group) {
  struct belay_job *job;
  CHECK_OK(belay_loop_new(&loop));
  options.flags = BELAY_PROCESS_SAME_GROUP;
  CHECK_ERR(belay_job_start(loop, ARGV("true"), &options, 0, NULL, &job),
            -EINVAL);
  options.flags = 0;
  CHECK_ERR(belay_job_start(loop, ARGV("/nowhere"), &options, 0, NULL, &job),
            -ENOENT);
  belay_loop_free(loop);
}
