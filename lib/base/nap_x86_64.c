/*
 * nap_x86_64.c (Linux on x86-64): the call, as an instruction whose place is
 * known.  rbx, which calls and handlers keep, says who naps.
 */
#include <errno.h>
#include <stdint.h>
#include <ucontext.h>

#include "base/nap.h"

__asm__(
    ".text\n"
    ".globl belay__nap\n"
    ".hidden belay__nap\n"
    ".type belay__nap, @function\n"
    "belay__nap:\n"
    ".cfi_startproc\n"
    "  push %rbx\n"
    ".cfi_adjust_cfa_offset 8\n"
    ".cfi_rel_offset %rbx, 0\n"
    "  mov %r8, %rbx\n"
    "  mov %rcx, %r10\n"
    "  xor %r8d, %r8d\n"
    "  mov $8, %r9d\n"
    "  mov $441, %eax\n" /* epoll_pwait2 */
    ".globl belay__nap_call\n"
    ".hidden belay__nap_call\n"
    "belay__nap_call:\n"
    "  syscall\n"
    ".globl belay__nap_over\n"
    ".hidden belay__nap_over\n"
    "belay__nap_over:\n"
    "  pop %rbx\n"
    ".cfi_adjust_cfa_offset -8\n"
    ".cfi_restore %rbx\n"
    "  ret\n"
    ".cfi_endproc\n"
    ".size belay__nap, . - belay__nap\n");

extern const char belay__nap_call[], belay__nap_over[];

bool belay__nap_is_possible(void) {
  return true;
}

bool belay__nap_ends(void *context, const void *napper) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  uintptr_t place = (uintptr_t)registers[REG_RIP];
  bool is_before = place == (uintptr_t)belay__nap_call;
  /* With anything else but an interruption, nobody need look. */
  bool is_over =
      place == (uintptr_t)belay__nap_over && registers[REG_RAX] == -EINTR;
  if (!(is_before || is_over) ||
      (uintptr_t)registers[REG_RBX] != (uintptr_t)napper)
    return false;
  if (is_before) {
    registers[REG_RAX] = -EINTR;
    registers[REG_RIP] = (greg_t)(uintptr_t)belay__nap_over;
  }
  return true;
}
