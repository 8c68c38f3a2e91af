/* export.c: what common.h has inline, for peers in other languages. */
#include "common.h"

void bench_heard(int signo, uint64_t count);
void bench_also_told(uint64_t subscribers);

void bench_heard(int signo, uint64_t count) {
  heard(signo, count);
}

void bench_also_told(uint64_t subscribers) {
  also_told(subscribers);
}
