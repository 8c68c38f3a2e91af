/* last.h: those who are left when all of many commands have ended. */
#ifndef RUN_LAST_H
#define RUN_LAST_H

#include "many_parts.h"

/* Returns when nobody is left, unless they are to be left. */
void last_wait(struct many *many);

#endif
