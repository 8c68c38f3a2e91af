/* exit.h: exit statuses, the same in all programs. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

enum {
  EXIT_OK = 0,
  EXIT_FAILED = 1, /* something that was asked for was not done */
  EXIT_USAGE = 2,  /* wrong usage or input; nothing was begun */
  EXIT_STATE = 3,  /* the program's own state cannot be used */
};

#endif
