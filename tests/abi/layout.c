/*
 * layout.c: prints what programs that were compiled yesterday rely on: sizes
 * and offsets of the public structs, values of the public constants.
 *
 * test_layout.py compares it with layout.txt, and sees to it that every public
 * struct, member and constant is in here.
 */
#include <belay/belay.h>
#include <stddef.h>
#include <stdio.h>

#define STRUCT(type) printf("struct %s %zu\n", #type, sizeof(struct type))

#define MEMBER(type, member)                      \
  printf("  %s.%s at %zu, %zu\n", #type, #member, \
         offsetof(struct type, member), sizeof(((struct type *)NULL)->member))

#define CONSTANT(name) printf("%s %lld\n", #name, (long long)(name))

static void print_signal(void) {
  STRUCT(belay_siginfo);
  MEMBER(belay_siginfo, signo);
  MEMBER(belay_siginfo, code);
  MEMBER(belay_siginfo, flags);
  MEMBER(belay_siginfo, pid);
  MEMBER(belay_siginfo, uid);
  MEMBER(belay_siginfo, status);
  MEMBER(belay_siginfo, value);
  MEMBER(belay_siginfo, value.as_int);
  MEMBER(belay_siginfo, value.as_ptr);
  MEMBER(belay_siginfo, count);
  CONSTANT(BELAY_SIGNAL_FORCE);
  CONSTANT(BELAY_SIGNAL_INTERRUPT);
  CONSTANT(BELAY_SIGINFO_SENDER);
  CONSTANT(BELAY_SIGINFO_VALUE);
  CONSTANT(BELAY_SIGINFO_STATUS);
}

static void print_sigpipe(void) {
  STRUCT(belay_sigpipe_guard);
  MEMBER(belay_sigpipe_guard, belay_private);
}

static void print_cancel(void) {
  CONSTANT(BELAY_CANCEL_NONE);
  CONSTANT(BELAY_CANCEL_ASKED);
  CONSTANT(BELAY_CANCEL_FORCED);
}

static void print_process(void) {
  STRUCT(belay_process_fd);
  MEMBER(belay_process_fd, ours);
  MEMBER(belay_process_fd, theirs);
  STRUCT(belay_process_limit);
  MEMBER(belay_process_limit, resource);
  MEMBER(belay_process_limit, soft);
  MEMBER(belay_process_limit, hard);
  STRUCT(belay_process_options);
  MEMBER(belay_process_options, size);
  MEMBER(belay_process_options, flags);
  MEMBER(belay_process_options, directory);
  MEMBER(belay_process_options, environment);
  MEMBER(belay_process_options, stdin_fd);
  MEMBER(belay_process_options, stdout_fd);
  MEMBER(belay_process_options, stderr_fd);
  MEMBER(belay_process_options, fds);
  MEMBER(belay_process_options, fd_count);
  MEMBER(belay_process_options, ignore);
  MEMBER(belay_process_options, block);
  MEMBER(belay_process_options, terminal);
  MEMBER(belay_process_options, parent_death_signal);
  MEMBER(belay_process_options, limits);
  MEMBER(belay_process_options, limit_count);
  STRUCT(belay_process_status);
  MEMBER(belay_process_status, state);
  MEMBER(belay_process_status, code);
  MEMBER(belay_process_status, core_dumped);
  CONSTANT(BELAY_PROCESS_SAME_GROUP);
  CONSTANT(BELAY_PROCESS_NEW_SESSION);
  CONSTANT(BELAY_PROCESS_KEEP_FDS);
  CONSTANT(BELAY_PROCESS_KEEP_IGNORED);
  CONSTANT(BELAY_PROCESS_KNOWN_DISPOSITIONS);
  CONSTANT(BELAY_STDIO_INHERIT);
  CONSTANT(BELAY_STDIO_NULL);
  CONSTANT(BELAY_STDIO_PIPE);
  CONSTANT(BELAY_STDIO_STDOUT);
  CONSTANT(BELAY_PROCESS_WATCH_STOPS);
  CONSTANT(BELAY_PROCESS_RUNNING);
  CONSTANT(BELAY_PROCESS_STOPPED);
  CONSTANT(BELAY_PROCESS_EXITED);
  CONSTANT(BELAY_PROCESS_KILLED);
  CONSTANT(BELAY_PROCESS_LOST);
  CONSTANT(BELAY_STOP_GROUP);
}

static void print_stopwatch(void) {
  STRUCT(belay_stopwatch);
  MEMBER(belay_stopwatch, belay_private_loop);
  MEMBER(belay_stopwatch, belay_private_ns);
}

static void print_loop(void) {
  STRUCT(belay_event);
  MEMBER(belay_event, type);
  MEMBER(belay_event, source);
  MEMBER(belay_event, data);
  MEMBER(belay_event, signal);
  MEMBER(belay_event, level);
  MEMBER(belay_event, expirations);
  MEMBER(belay_event, fd);
  MEMBER(belay_event, ready);
  MEMBER(belay_event, process);
  CONSTANT(BELAY_EVENT_SIGNAL);
  CONSTANT(BELAY_EVENT_CANCEL);
  CONSTANT(BELAY_EVENT_TIMER);
  CONSTANT(BELAY_EVENT_FD);
  CONSTANT(BELAY_EVENT_CHANNEL);
  CONSTANT(BELAY_EVENT_PROCESS);
  CONSTANT(BELAY_FD_READ);
  CONSTANT(BELAY_FD_WRITE);
  CONSTANT(BELAY_FD_HANGUP);
  CONSTANT(BELAY_FD_ERROR);
}

int main(void) {
  if (sizeof(long) != 8 || sizeof(void *) != 8 || sizeof(int) != 4)
    return 77; /* layout.txt is for LP64 */
  print_signal();
  print_sigpipe();
  print_cancel();
  print_process();
  print_stopwatch();
  print_loop();
  return 0;
}
