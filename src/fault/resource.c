/*
 * resource.c: nothing outside of the directory is ever opened: the kernel is
 * told so (openat2); an older one is asked for each part of the path, and links
 * are not followed.
 */
#include "resource.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/unit.h"
#include "request.h"

#define BYTES_MODIFIED 1767225600 /* 2026-01-01 */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static const char page[] =
    "<!DOCTYPE html>\n<html><head><title>belay fault</title></head>\n"
    "<body><h1>Hello, World!</h1>\n<p><a href=\"/bytes/1M\">/bytes/1M</a> has "
    "as many bytes.</p></body></html>\n";

/* -- Below a directory ----------------------------------------------------- */

static int open_by_parts(int root_fd, const char *path) {
  int fd = dup(root_fd);
  while (fd >= 0) {
    char part[256];
    size_t size = strcspn(path, "/");
    bool is_last = path[size] == '\0';
    int error = 0, next = -1;
    if (size >= sizeof(part) || (size == 2 && path[0] == '.' && path[1] == '.'))
      error = -EXDEV;
    if (error == 0) {
      snprintf(part, sizeof(part), "%.*s", (int)size, size > 0 ? path : ".");
      int flags = is_last ? OPEN_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC;
      next = openat(fd, size > 0 ? part : ".", flags | O_NOFOLLOW);
      error = next < 0 ? -errno : 0;
    }
    close(fd);
    if (error < 0 || is_last)
      return error < 0 ? error : next;
    fd = next;
    path += size + 1;
  }
  return -errno;
}

/* Opens a path below a directory, from which no link and no `..` leads out.
 * -errno. */
static int resource_open(int root_fd, const char *path) {
  struct open_how how = {
      .flags = OPEN_FLAGS,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  path += strspn(path, "/");
  if (*path == '\0')
    path = ".";
  int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
  if (fd >= 0)
    return fd;
  if (errno == ENOSYS || errno == EPERM)
    return open_by_parts(root_fd, path);
  return -errno;
}

/* -- Kinds ----------------------------------------------------------------- */

static const char *type_of(const char *path) {
  static const char *const types[][2] = {
      {".html", "text/html"},        {".txt", "text/plain"},
      {".json", "application/json"}, {".xml", "application/xml"},
      {".gz", "application/gzip"},   {".png", "image/png"},
      {".jpg", "image/jpeg"},        {".css", "text/css"},
      {".js", "text/javascript"},    {".pdf", "application/pdf"}};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
    if (strcasecmp(dot, types[i][0]) == 0)
      return types[i][1];
  return "application/octet-stream";
}

static void take_file(int fd, const struct stat *status, const char *path,
                      struct resource *resource) {
  *resource = (struct resource){
      .status = 200,
      .source = SEND_FILE,
      .fd = fd,
      .size = (int64_t)status->st_size,
      .type = type_of(path),
      .modified = (int64_t)status->st_mtim.tv_sec,
  };
  snprintf(resource->etag, sizeof(resource->etag), "\"%jx-%jx.%lx-%jx\"",
           (uintmax_t)status->st_ino, (uintmax_t)status->st_mtim.tv_sec,
           (unsigned long)status->st_mtim.tv_nsec, (uintmax_t)status->st_size);
}

static void find_file(int root_fd, const char *path,
                      struct resource *resource) {
  struct stat status;
  int fd = resource_open(root_fd, path);
  resource->status = fd == -EACCES || fd == -EXDEV ? 403 : 404;
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    bool has_slash = path[strlen(path) - 1] == '/';
    int index_fd = has_slash ? resource_open(fd, "index.html") : -1;
    close(fd);
    fd = index_fd;
    path = "index.html";
    if (!has_slash)
      resource->status = 301;
  }
  if (fd < 0)
    return;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
    take_file(fd, &status, path, resource);
  else
    close(fd);
}

/* /bytes/SIZE, /bytes/SIZE/any-name */
static void find_bytes(const char *path, const char *query,
                       struct resource *resource) {
  char size_text[32], *seed_text = malloc(strlen(query) + 1);
  size_t length = strcspn(path, "/");
  int64_t size = -1;
  if (length < sizeof(size_text)) {
    snprintf(size_text, sizeof(size_text), "%.*s", (int)length, path);
    size = unit_parse_size(size_text);
  }
  if (seed_text != NULL && size >= 0) {
    *resource = (struct resource){
        .status = 200,
        .source = SEND_PATTERN,
        .fd = -1,
        .size = size,
        .type = type_of(path),
        .modified = BYTES_MODIFIED,
    };
    if (request_parameter(&query, "seed", seed_text))
      resource->seed = strtoull(seed_text, NULL, 10);
    snprintf(resource->etag, sizeof(resource->etag),
             "\"%" PRIx64 "-%" PRIx64 "\"", resource->seed, (uint64_t)size);
  }
  free(seed_text);
}

void resource_find(int root_fd, const char *path, const char *query,
                   struct resource *ret_resource) {
  *ret_resource = (struct resource){.status = 404, .fd = -1, .modified = -1};
  if (strncmp(path, "/bytes/", 7) == 0)
    find_bytes(path + 7, query, ret_resource);
  if (ret_resource->status != 200 && root_fd >= 0)
    find_file(root_fd, path, ret_resource);
  if (ret_resource->status == 404 && strcmp(path, "/") == 0)
    *ret_resource = (struct resource){
        .status = 200,
        .source = SEND_TEXT,
        .fd = -1,
        .text = page,
        .size = sizeof(page) - 1,
        .type = "text/html",
        .modified = BYTES_MODIFIED,
        .etag = "\"hello\"",
    };
}
