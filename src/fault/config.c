/*
 * config.c: servers from an INI file: a section for each, whose name is the
 * server's.
 *
 *   [downloads]
 *   listen = 8080
 *   root = /srv/files
 *   fault = path:*.iso; rst@50%
 *
 * Not with a library: the one that is to be had takes " ;" for a comment, and
 * lines for no longer than 200 bytes, and says nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/refuse.h"
#include "plan.h"

struct reader {
  struct plan *plan;
  const char *path;
  char **ret_error;
};

static struct plan_server *server_of(struct reader *reader,
                                     const char *section) {
  struct plan_server *server = plan_find(reader->plan, section);
  return server != NULL ? server : plan_add(reader->plan, section);
}

static int set_text(struct reader *reader, char **text, const char *name,
                    const char *value) {
  if (*text != NULL)
    return refuse(reader->ret_error, "'%s' is there twice", name);
  *text = strdup(value);
  return *text != NULL ? 0 : -ENOMEM;
}

static int take(struct reader *reader, const char *section, const char *name,
                const char *value) {
  if (*section == '\0')
    return refuse(reader->ret_error, "'%s' is in no [section]", name);
  struct plan_server *server = server_of(reader, section);
  if (server == NULL)
    return -ENOMEM;
  if (strcmp(name, "listen") == 0)
    return plan_add_listen(server, value, reader->ret_error);
  if (strcmp(name, "fault") == 0)
    return plan_add_fault(server, value, reader->ret_error);
  if (strcmp(name, "root") == 0)
    return set_text(reader, &server->root, name, value);
  if (strcmp(name, "upstream") == 0)
    return set_text(reader, &server->upstream, name, value);
  return refuse(reader->ret_error,
                "no '%s'; there are: listen, root, upstream, fault", name);
}

/* Without the blanks around it, in its own place. */
static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  size_t length = strlen(text);
  while (length > 0 && isspace((unsigned char)text[length - 1]))
    text[--length] = '\0';
  return text;
}

/* `section` is of the lines before, and is changed by a [section]. */
static int take_line(struct reader *reader, char *line, char section[64]) {
  line = trim(line);
  size_t length = strlen(line);
  if (*line == '\0' || *line == '#' || *line == ';')
    return 0;
  if (*line == '[') {
    if (length < 3 || line[length - 1] != ']' || length > 64)
      return refuse(reader->ret_error,
                    "a section is [NAME], with up to 62 characters");
    snprintf(section, 64, "%.*s", (int)length - 2, line + 1);
    return server_of(reader, section) != NULL ? 0 : -ENOMEM;
  }
  char *value = strchr(line, '=');
  if (value == NULL)
    return refuse(reader->ret_error, "'%.100s' is no 'name = value'", line);
  *value++ = '\0';
  return take(reader, section, trim(line), trim(value));
}

/* Puts the file and the line before what is wrong. */
static void say_where(struct reader *reader, int line) {
  char *problem = *reader->ret_error;
  refuse(reader->ret_error, "%s:%d: %s", reader->path, line,
         problem != NULL ? problem : "out of memory");
  free(problem);
}

static int check(struct reader *reader) {
  const struct plan *plan = reader->plan;
  if (plan->count == 0)
    return refuse(reader->ret_error, "%s: no server; a [section] makes one",
                  reader->path);
  for (size_t i = 0; i < plan->count; i++) {
    const struct plan_server *server = &plan->servers[i];
    if (server->listen_count == 0)
      return refuse(reader->ret_error, "%s: [%s] has no 'listen'", reader->path,
                    server->name);
    if (server->root != NULL && server->upstream != NULL)
      return refuse(reader->ret_error,
                    "%s: [%s]: root and upstream exclude each other",
                    reader->path, server->name);
  }
  return 0;
}

static int read_lines(struct reader *reader, FILE *file) {
  char section[64] = "", *line = NULL;
  size_t room = 0;
  int number = 0, error = 0;
  while (error == 0 && getline(&line, &room, file) >= 0) {
    number++;
    error = take_line(reader, line, section);
  }
  free(line);
  if (error == -EINVAL)
    say_where(reader, number);
  return error;
}

int plan_read_config(struct plan *plan, const char *path, char **ret_error) {
  struct reader reader = {.plan = plan, .path = path, .ret_error = ret_error};
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return refuse_as(ret_error, -errno, "%s: %s", path, strerror(errno));
  int error = read_lines(&reader, file);
  fclose(file);
  return error < 0 ? error : check(&reader);
}
