/*
 * force.h: the second Ctrl-C, which ends the program whatever it is doing.
 */
#ifndef GET_FORCE_H
#define GET_FORCE_H

struct force;

/*
 * From now on a SIGINT or SIGTERM that comes after a first SIGINT, SIGTERM or
 * SIGHUP does its default action, within the handler.  Two that come within a
 * tenth of a second are one: nobody types so fast, but a terminal and a parent
 * process may both pass the same Ctrl-C on.  SIGHUP itself never forces: a
 * closing terminal sends it more than once.  0, -ENOMEM.
 */
int force_new(struct force **ret_force);
void force_free(struct force *force);

#endif
