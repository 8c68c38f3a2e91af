/*
 * vm.h: the machine that executes a connection's programs, and the steps that
 * it knows.
 */
#ifndef FAULT_VM_H
#define FAULT_VM_H

#include "connection.h"

/* Executes until it has to wait; the connection may be gone afterwards. */
void vm_run(struct connection *connection);
/* Executes a response, and then goes on behind the step that runs now; takes
 * the reference.  -1: it cannot, and the program is gone. */
int vm_answer_with(struct lane *lane, struct program *program);
/* Another program for a lane that passes on; what is under way goes on its way.
 * Takes the reference. */
void vm_replan(struct lane *lane, struct program *program);
/* The program that a lane executes, below what interrupts it. */
const struct program *vm_plan(const struct lane *lane);
/* Frees what a lane holds. */
void vm_clear(struct lane *lane);

/* -- Steps ----------------------------------------------------------------- */

/* What becomes of a step. */
enum result {
  VM_NEXT,  /* on with the next step */
  VM_AGAIN, /* look at the program again */
  VM_WAIT,  /* for the sockets, or the time that was set */
  VM_GONE,  /* the connection is no more */
};

/* In vm_read.c, vm_send.c, vm_close.c, relay.c, answer.c. */
typedef enum result step_run(struct lane *lane, const struct step *step);
step_run vm_read, vm_read_head, vm_read_line, vm_read_until, vm_read_all;
step_run vm_send;
step_run vm_rst, vm_fin, vm_close, vm_half_close, vm_vanish, vm_loss;
step_run vm_relay, vm_answer;

/* answer.c: whether a request whose first line this is wants to be answered
 * before the rest of it has come. */
bool answer_is_early(const char *line, size_t size);

/* A side cannot be written to, or read from, any more: ends the connection.
 * VM_GONE. */
enum result vm_broken(struct lane *lane, const struct side *side);

#endif
