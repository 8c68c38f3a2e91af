/* proc.h: the signal masks that Linux tells in /proc/.../status. */
#ifndef SIGNAL_PROC_H
#define SIGNAL_PROC_H

#include <stdint.h>

/* Bit n - 1 is signal n. `field`: "SigPnd", "SigBlk", ... of the file: 0, or
 * -1.  AS-Safe. */
int belay__proc_mask(const char *path, const char *field, uint64_t *ret_mask);

#endif
