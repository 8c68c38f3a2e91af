/*
 * name.h: file names from hostile input.
 *
 * Whatever a URL or a list says, the result stays within the output directory
 * and holds no byte that a terminal would obey.
 */
#ifndef GET_NAME_H
#define GET_NAME_H

#include <stddef.h>

/* The longest name that is made, so that a suffix still fits. */
#define NAME_LONGEST_BYTES 240

/*
 * The name of the file that a URL's content goes to: its last path component,
 * percent-decoded, made safe: no "/", no control bytes, not "." nor "..", no
 * leading dot or dash, no ITEM_PART_SUFFIX at its end, at most
 * NAME_LONGEST_BYTES with its extension kept, valid UTF-8; "index.html" for
 * none.  To be freed; NULL out of memory.
 */
char *name_from_url(const char *url);

/*
 * Whether a relative path that a list or the user gave may be used below the
 * output directory: NULL, or what is wrong with it ("leaves the output
 * directory", "has a control character", ...).
 */
const char *name_path_problem(const char *path);

/*
 * "x.iso" and 2 give "x.2.iso"; "x.tar.gz" gives "x.2.tar.gz"; no longer than
 * NAME_LONGEST_BYTES, if `name` is not.  To be freed; NULL out of memory.
 */
char *name_numbered(const char *name, unsigned number);

#endif
