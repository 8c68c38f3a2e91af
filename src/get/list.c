/*
 * list.c: reads lists in aria2's form: a URL a line, indented key=value lines
 * beneath.  The other forms are in list_json.c and list_sums.c, what an entry
 * may say in list_entry.c.
 *
 * Invariant: a list is taken whole or not at all.
 */
#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/refuse.h"
#include "list_entry.h"

/* -- Lines ----------------------------------------------------------------- */

bool list_is_blank(const char *text) {
  return text[strspn(text, " \t")] == '\0';
}

void list_set_place(struct list_reader *reader, size_t number) {
  reader->number = number;
  snprintf(reader->where, sizeof(reader->where), "%.200s:%zu", reader->name,
           number);
}

/* getline() found none: the end, or why not. */
static int end_of_lines(const struct list_reader *reader, char **ret_error) {
  int error = errno;
  if (feof(reader->file) && !ferror(reader->file))
    return 0;
  refuse(ret_error, "%s: cannot be read: %s", reader->name, strerror(error));
  return error > 0 ? -error : -EIO;
}

int list_read_line(struct list_reader *reader, char **ret_error) {
  ssize_t n = getline(&reader->line, &reader->capacity, reader->file);
  if (n < 0)
    return end_of_lines(reader, ret_error);
  list_set_place(reader, reader->number + 1);
  if (strlen(reader->line) != (size_t)n)
    return refuse(ret_error, "%s: has a NUL byte", reader->where);
  if (reader->line[n - 1] == '\n')
    n--;
  if (n > 0 && reader->line[n - 1] == '\r')
    n--;
  reader->line[n] = '\0';
  reader->text = reader->line;
  if (reader->number == 1 && strncmp(reader->text, "\xef\xbb\xbf", 3) == 0)
    reader->text += 3;
  return 1;
}

/* -- aria2's form ---------------------------------------------------------- */

static void trim_end(char *text) {
  size_t size = strlen(text);
  while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
    text[--size] = '\0';
}

static int take_key(struct list *list, size_t first, char *text,
                    const char *where, char **ret_error) {
  char *value = strchr(text, '=');
  if (list->count == first)
    return refuse(ret_error, "%s: '%.*s' stands before any URL", where,
                  LIST_QUOTED(text));
  if (value == NULL)
    return refuse(ret_error, "%s: '%.*s' is not key=value", where,
                  LIST_QUOTED(text));
  *value++ = '\0';
  trim_end(text);
  value += strspn(value, " \t");
  return list_set(&list->entries[list->count - 1], where, text, value,
                  ret_error);
}

static int take_line(struct list_reader *reader, struct list *list,
                     size_t first, char **ret_error) {
  char *text = reader->text;
  bool is_indented = *text == ' ' || *text == '\t';
  trim_end(text);
  text += strspn(text, " \t");
  if (*text == '\0' || *text == '#')
    return 0;
  if (is_indented)
    return take_key(list, first, text, reader->where, ret_error);
  struct list_entry *entry;
  text[strcspn(text, "\t")] = '\0'; /* alternatives follow a tab */
  return list_append(list, reader->where, text, &entry, ret_error);
}

/* Goes on from the line that was read last. */
static int read_aria2(struct list_reader *reader, struct list *list,
                      char **ret_error) {
  size_t first = list->count;
  int result = 1;
  while (result > 0) {
    int error = take_line(reader, list, first, ret_error);
    if (error < 0)
      return error;
    result = list_read_line(reader, ret_error);
  }
  return result;
}

/* -- The whole ------------------------------------------------------------- */

/* The first character that is no space tells JSON from a list of URLs. */
static bool is_json(const char *text) {
  text += strspn(text, " \t");
  return *text == '[' || *text == '{';
}

int list_read(FILE *file, const char *name, struct list *list,
              char **ret_error) {
  struct list_reader reader = {.file = file, .name = name};
  size_t before = list->count;
  int result;
  *ret_error = NULL;
  do {
    result = list_read_line(&reader, ret_error);
  } while (result > 0 && list_is_blank(reader.text));
  if (result > 0)
    result = is_json(reader.text) ? list_read_json(&reader, list, ret_error)
                                  : read_aria2(&reader, list, ret_error);
  free(reader.line);
  if (result < 0)
    list_truncate(list, before);
  return result;
}

int list_add_url(struct list *list, const char *url, char **ret_error) {
  struct list_entry *entry;
  *ret_error = NULL;
  return list_append(list, NULL, url, &entry, ret_error);
}

int list_set_output(struct list *list, const char *name, char **ret_error) {
  *ret_error = NULL;
  return list_set(&list->entries[0], "-o", "out", name, ret_error);
}

int list_set_sum(struct list *list, const char *hex, char **ret_error) {
  *ret_error = NULL;
  return list_set(&list->entries[0], "--sha256", "sha256", hex, ret_error);
}
