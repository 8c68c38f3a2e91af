/* unit.h: sizes, rates, durations and times, as people write and read them. */
#ifndef CLI_UNIT_H
#define CLI_UNIT_H

#include <stdint.h>

#define UNIT_TEXT_BYTES 40

/* "64k", "1.5M", "2GiB", "10240" to bytes (powers of 1024); -EINVAL. */
int64_t unit_parse_size(const char *text);

/* "10s", "1m30s", "500ms", "2h", "0.5" (seconds) to nanoseconds; -EINVAL. */
int64_t unit_parse_duration(const char *text);

/* "1.2 GiB", "512 B" */
const char *unit_size(int64_t bytes, char text[UNIT_TEXT_BYTES]);
/* "0.03 s", "3.4 s", "1m05s", "2h03m" */
const char *unit_duration(int64_t ns, char text[UNIT_TEXT_BYTES]);
/* "2026-11-20T12:34:56Z" of a Unix time in milliseconds */
const char *unit_time(int64_t ms, char text[UNIT_TEXT_BYTES]);

#endif
