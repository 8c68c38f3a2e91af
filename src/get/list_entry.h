/*
 * list_entry.h: what the readers of the different forms of lists share.
 */
#ifndef GET_LIST_ENTRY_H
#define GET_LIST_ENTRY_H

#include <stdbool.h>

#include "list.h"

/* Reads lines, and says where each is. */
struct list_reader {
  FILE *file;
  const char *name;
  char *line; /* to be freed */
  size_t capacity;
  char *text;  /* the line without its end, and without a BOM */
  size_t number;
  char where[256]; /* "list.txt:12" */
};

/* 1, 0 at the end, or -EINVAL with *ret_error. */
int list_read_line(struct list_reader *reader, char **ret_error);

/* Sets *ret_error; always -EINVAL. */
int list_refuse(char **ret_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A new entry; NULL with *ret_error, or without: out of memory. */
struct list_entry *list_append(struct list *list, const char *where,
                               const char *url, char **ret_error);

int list_set(struct list_entry *entry, const char *where, const char *key,
             const char *value, char **ret_error);
int list_set_sha256(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error);

/* Drops the entries from `count` on. */
void list_truncate(struct list *list, size_t count);

int list_read_json(FILE *file, const char *name, struct list *list,
                   char **ret_error);

#endif
