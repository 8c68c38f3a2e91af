/* chance.c: splitmix64 (Steele, Lea and Flood, 2014), which can be entered
 * anywhere: its n-th number costs as much as its first. */
#include "chance.h"

#include <endian.h>
#include <string.h>

#define GAMMA UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t chance_mix(uint64_t seed, uint64_t a, uint64_t b) {
  return mix(mix(mix(seed + GAMMA) + a + GAMMA) + b + GAMMA);
}

uint64_t chance_name(const char *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *name != '\0'; name++)
    hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
  return mix(hash);
}

bool chance_decide(uint64_t dice, int64_t millionths) {
  return (int64_t)(dice % 1000000) < millionths;
}

int64_t chance_spread(uint64_t dice, int64_t spread) {
  if (spread <= 0)
    return 0;
  return (int64_t)(dice % (2 * (uint64_t)spread + 1)) - spread;
}

static void put_word(uint64_t word, unsigned char bytes[8]) {
  word = htole64(word);
  memcpy(bytes, &word, 8);
}

void chance_bytes(uint64_t seed, uint64_t offset, void *ret_bytes,
                  size_t size) {
  unsigned char *to = ret_bytes, word[8];
  uint64_t n = offset / 8;
  size_t skip = offset % 8;
  while (size > 0) {
    uint64_t z = mix(seed + ++n * GAMMA);
    if (skip == 0 && size >= 8) {
      put_word(z, to);
      to += 8;
      size -= 8;
      continue;
    }
    size_t part = 8 - skip < size ? 8 - skip : size;
    put_word(z, word);
    memcpy(to, word + skip, part);
    to += part;
    size -= part;
    skip = 0;
  }
}
