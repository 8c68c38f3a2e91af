/*
 * boot.h: which start of this machine it is.
 *
 * What was written without syncing is good as long as the machine has not gone
 * down since: the page cache survives any death of ours.
 */
#ifndef GET_BOOT_H
#define GET_BOOT_H

#define BOOT_ID_LENGTH 36

/* The id of this start of the machine, or "" where the system has none: then
 * nothing counts as written since it was started. */
void boot_id(char ret_id[BOOT_ID_LENGTH + 1]);

#endif
