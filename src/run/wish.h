/* wish.h: a signal that many commands are to end. */
#ifndef RUN_WISH_H
#define RUN_WISH_H

#include <stdbool.h>

#include "many_parts.h"

/* Whether it is another than the last one, which may have been sent twice. */
bool wish_is_new(struct many *many);

/* What the commands are sent for it; never nothing. */
int wish_signal(const struct many *many, int signo);

#endif
