/*
 * owner_wipe.c (Linux 4.14): the generation lives in a page of its own that
 * MADV_WIPEONFORK empties in every child: fork, _Fork, clone.  A child made by
 * vfork shares its parent's memory and so its generation.
 */
#include "base/owner.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

_Atomic(atomic_uint *) belay__owner_word;
static unsigned last_generation;

/* For kernels that cannot wipe: the next best. */
static void empty_in_child(void) {
  atomic_store(atomic_load(&belay__owner_word), 0);
}

static int make_page(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return -ENOMEM;
  if (madvise(page, size, MADV_WIPEONFORK) != 0 &&
      pthread_atfork(NULL, NULL, empty_in_child) != 0) {
    munmap(page, size);
    return -ENOMEM;
  }
  atomic_store(&belay__owner_word, (atomic_uint *)page);
  return 0;
}

int belay__owner_claim(void) {
  if (belay__owner_generation() != 0)
    return 0;
  if (atomic_load(&belay__owner_word) == NULL && make_page() < 0)
    return -ENOMEM;
  atomic_store(atomic_load(&belay__owner_word), ++last_generation);
  return 0;
}
