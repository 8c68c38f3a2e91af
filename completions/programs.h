/*
 * programs.h: the programs of belay that are completed, in the order in which
 * they are shown: one line each, which is all that another takes.  The table of
 * NAME is NAME_program, in a library that src/NAME/meson.build adds to
 * program_tables.
 */
#ifndef COMPLETIONS_PROGRAMS_H
#define COMPLETIONS_PROGRAMS_H

#include "cli/option.h"

#define PROGRAMS(EACH) \
  EACH(fault)          \
  EACH(get)            \
  EACH(run)

/* Not by their options.h, whose names are for one program alone. */
#define DECLARE_PROGRAM(name) extern const struct cli_program name##_program;
#define POINT_TO_PROGRAM(name) &name##_program,

PROGRAMS(DECLARE_PROGRAM)

static const struct cli_program *const programs[] = {
    PROGRAMS(POINT_TO_PROGRAM) NULL,
};

#endif
