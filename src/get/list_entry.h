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
  char *text; /* the line without its end, and without a BOM */
  size_t number;
  char where[256]; /* "list.txt:12" */
};

/* 1, 0 at the end, or a negative errno with *ret_error. */
int list_read_line(struct list_reader *reader, char **ret_error);

/* Sets reader->number and ->where. */
void list_set_place(struct list_reader *reader, size_t number);

bool list_is_blank(const char *text);

/* As much of what was written as a message quotes: printf's %.*s. */
#define LIST_QUOTED(text) 200, (text)

/* A new entry, the last of the list. */
int list_append(struct list *list, const char *where, const char *url,
                struct list_entry **ret_entry, char **ret_error);

/* What is wrong with it, or NULL. */
const char *list_url_problem(const char *url);

int list_set(struct list_entry *entry, const char *where, const char *key,
             const char *value, char **ret_error);
int list_set_sha256(struct list_entry *entry, const char *where,
                    const char *value, char **ret_error);

/* A key of aria2's that does not change which bytes are downloaded. */
bool list_ignores(const char *key);

/* Drops the entries from `count` on. */
void list_truncate(struct list *list, size_t count);

/* Goes on from the line that was read last. */
int list_read_json(struct list_reader *reader, struct list *list,
                   char **ret_error);

#endif
