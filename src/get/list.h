/*
 * list.h: what to download, read from lists.
 *
 * Three forms:
 *   aria2's input file   a URL a line, indented key=value lines beneath, lines
 *                        that start with # are comments;
 *   JSON                 an array of objects with "url", an object that has it
 *                        as "downloads", or JSON Lines of such objects;
 *   SHA256SUMS           of coreutils or BSD's tools, with a base URL.
 * Line ends may be CR LF, the last may be missing, a byte order mark may come
 * first.  Of several URLs on a line, separated by tabs, which are alternatives
 * in aria2's form, the first is used and the others are not.
 *
 * Keys, the same in JSON, where null is as if not given:
 *   out         a relative path below dir
 *   dir         relative to the output directory, or absolute
 *   sha256      hexadecimal; also checksum=sha-256=HEX
 *   size        in bytes
 *   header      "Name: value"; may be repeated, in JSON an array.  Range and
 *               If-Range are errors, Accept-Encoding is not sent: a file is
 *               fetched as it is
 *   referer, user-agent
 * Headers are not kept in the database, as they may hold secrets: to go on,
 * give the list again.  Keys of aria2's that do not change which bytes are
 * downloaded are accepted and do nothing; all others are errors.
 */
#ifndef GET_LIST_H
#define GET_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One entry as it was written. */
struct list_entry {
  char *url;
  char *out;              /* a relative path below dir, or NULL */
  char *dir;              /* or NULL */
  char sha256[65];        /* lower-case hex, or "" */
  int64_t expected_bytes; /* or -1 */
  char **headers;         /* header= lines, NULL-terminated; or NULL */
  char *origin;           /* "list.txt:12"; NULL for one that was added */
};

struct list {
  struct list_entry *entries;
  size_t count, capacity;
};

/*
 * Reads a list and appends its entries; `name` is used in messages.  All or
 * nothing: on -EINVAL (a bad line) or another negative errno *ret_error is a
 * line such as "list.txt:12: sha256 has 63 digits, not 64", to be freed, or
 * NULL for want of memory, and `list` is as it was.
 */
int list_read(FILE *file, const char *name, struct list *list,
              char **ret_error); /* aria2's form or JSON, told apart */
int list_read_sums(FILE *file, const char *name, const char *base_url,
                   struct list *list, char **ret_error);

/* Appends one URL of the command line; -ENOMEM, -EINVAL with *ret_error. */
int list_add_url(struct list *list, const char *url, char **ret_error);

/* The name, or the checksum, of the list's only entry: -o and --sha256. */
int list_set_output(struct list *list, const char *name, char **ret_error);
int list_set_sum(struct list *list, const char *hex, char **ret_error);

/* Frees header lines. */
void list_free_headers(char **headers);

void list_clear(struct list *list);

#endif
