/* fuzz.h: what the fuzz targets share.
 *
 * A target is one function that is given bytes, and that aborts where what it
 * tests breaks a promise.  Linked with libFuzzer it hunts; linked with
 * replay.c it goes through the inputs in corpus/ as an ordinary test. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the program, as a crash does. */
#define PROMISE(condition)                                                 \
  ((condition) ? (void)0                                                   \
               : (fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, \
                          __LINE__, #condition),                           \
                  abort()))

/* The bytes as a string, to be freed; it ends at the first NUL. */
static inline char *fuzz_string(const uint8_t *bytes, size_t size) {
  char *text = malloc(size + 1);
  PROMISE(text != NULL);
  if (size > 0)
    memcpy(text, bytes, size);
  text[size] = '\0';
  return text;
}

#endif
