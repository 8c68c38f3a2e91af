/* belay/version.h: which libbelay this is, at build time and at run time. */
#ifndef BELAY_VERSION_H
#define BELAY_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define BELAY_VERSION_MAJOR 0
#define BELAY_VERSION_MINOR 1
#define BELAY_VERSION_PATCH 0
#define BELAY_VERSION_STRING "0.1.0"

/*
 * The version of the library that is loaded, "major.minor.patch"; it may be
 * newer than the header's.  A static string.  MT-Safe, AS-Safe.
 */
const char *belay_version(void);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
