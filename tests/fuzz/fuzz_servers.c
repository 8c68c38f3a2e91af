/* fuzz_servers.c: a configuration file. */
#include <sys/mman.h>
#include <unistd.h>

#include "fault/plan.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[64];
  int fd = memfd_create("servers", MFD_CLOEXEC);
  PROMISE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  struct plan plan = {0};
  char *error = NULL;
  int result = plan_read_config(&plan, path, &error);
  PROMISE(result == 0 || error != NULL);
  PROMISE(result != 0 || plan.count > 0);
  for (size_t i = 0; i < plan.count; i++)
    PROMISE(plan.servers[i].name != NULL);
  plan_clear(&plan);
  free(error);
  close(fd);
  return 0;
}
