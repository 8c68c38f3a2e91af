/*
 * info.h: from the kernel's siginfo_t to a belay_siginfo, and from that to the
 * words of a record and back.  All of it runs in handlers too.
 */
#ifndef SIGNAL_INFO_H
#define SIGNAL_INFO_H

#include <belay/signal.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "signal/slot.h"

/* Which details the kernel filled in: sigaction(2), "The siginfo_t argument
 * to a SA_SIGINFO handler". */
static inline struct belay_siginfo belay__info_from(int signo,
                                                    const siginfo_t *from) {
  struct belay_siginfo info = {.signo = signo, .count = 1};
  if (from == NULL)
    return info;
  info.code = from->si_code;
  if (signo == SIGCHLD && from->si_code > 0) {
    info.flags = BELAY_SIGINFO_SENDER | BELAY_SIGINFO_STATUS;
    info.status = from->si_status;
  } else if (from->si_code == SI_USER
#ifdef SI_TKILL
             || from->si_code == SI_TKILL
#endif
  ) {
    info.flags = BELAY_SIGINFO_SENDER;
  } else if (from->si_code == SI_QUEUE || from->si_code == SI_MESGQ) {
    info.flags = BELAY_SIGINFO_SENDER | BELAY_SIGINFO_VALUE;
  } else if (from->si_code == SI_TIMER || from->si_code == SI_ASYNCIO) {
    info.flags = BELAY_SIGINFO_VALUE;
  }
  if (info.flags & BELAY_SIGINFO_SENDER) {
    info.pid = from->si_pid;
    info.uid = from->si_uid;
  }
  if (info.flags & BELAY_SIGINFO_VALUE)
    info.value.as_ptr = from->si_value.sival_ptr;
  return info;
}

/* words[0] is the stamp, which is the record's own. */
static inline void belay__info_pack(const struct belay_siginfo *info,
                                    uint64_t words[BELAY__RECORD_WORDS]) {
  words[1] = (uint64_t)(uint32_t)info->code << 32 | info->flags;
  words[2] = (uint64_t)(uint32_t)info->pid << 32 | (uint32_t)info->uid;
  words[3] = (uint32_t)info->status;
  words[4] = (uintptr_t)info->value.as_ptr;
}

static inline struct belay_siginfo belay__info_unpack(
    int signo, const uint64_t words[BELAY__RECORD_WORDS]) {
  struct belay_siginfo info = {
      .signo = signo,
      .code = (int)(uint32_t)(words[1] >> 32),
      .flags = (uint32_t)words[1],
      .pid = (pid_t)(uint32_t)(words[2] >> 32),
      .uid = (uid_t)(uint32_t)words[2],
      .status = (int)(uint32_t)words[3],
      .count = 1,
  };
  info.value.as_ptr = (void *)(uintptr_t)words[4];
  return info;
}

#endif
