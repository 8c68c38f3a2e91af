/* children.h: seeing to it that what becomes of children can be learnt. */
#ifndef PROCESS_CHILDREN_H
#define PROCESS_CHILDREN_H

/* From here on, until let_go() was called as often, the kernel keeps ended
 * children for us although SIGCHLD was ignored: 0 or -errno.  MT-Safe. */
int belay__children_keep(void);
void belay__children_let_go(void);

#endif
