#include "jobserver.h"
#include <errno.h>
int jobserver_open(struct jobserver **r, char **e) {
  (void)r, (void)e;
  return -ENOENT;
}
int jobserver_take(struct jobserver *j) {
  (void)j;
  return 1;
}
void jobserver_give(struct jobserver *j) {
  (void)j;
}
int jobserver_fd(const struct jobserver *j) {
  (void)j;
  return -1;
}
void jobserver_close(struct jobserver *j) {
  (void)j;
}
