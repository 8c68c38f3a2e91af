/* version.c: the version that this library was built as. */
#include <belay/version.h>

const char *belay_version(void) {
  return BELAY_VERSION_STRING;
}
