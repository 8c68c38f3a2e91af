/*
 * command.h: the program behind `--`, for which all of this is done.
 */
#ifndef FAULT_COMMAND_H
#define FAULT_COMMAND_H

#include <belay/job.h>

struct address;
struct engine;

/* BELAY_FAULT_PORT, BELAY_FAULT_PORT_NAME, BELAY_FAULT_ADDRESS_NAME, ...;
 * BELAY_FAULT_API, unless `api` is NULL. */
void command_set_environment(const struct engine *engine,
                             const struct address *api);
/* -errno, with *ret_error a line, to be freed. */
int command_start(struct belay_loop *loop, char **argv, void *data,
                  struct belay_job **ret_job, char **ret_error);
/* Asks it to end; after some seconds it is ended. */
void command_end(struct belay_job *job, int signo);
/* Its exit status, as a shell would say it. */
int command_status(const struct belay_process_status *status);

#endif
