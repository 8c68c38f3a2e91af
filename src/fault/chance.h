/*
 * chance.h: everything that is left to chance, as functions of a seed, so that
 * the same seed gives the same again whatever else happens.
 */
#ifndef FAULT_CHANCE_H
#define FAULT_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A good mixture of three numbers. */
uint64_t chance_mix(uint64_t seed, uint64_t a, uint64_t b);
/* Of a name. */
uint64_t chance_name(const char *name);

/* Whether something that happens `millionths` of the time happens now. */
bool chance_decide(uint64_t dice, int64_t millionths);
/* From -spread to +spread. */
int64_t chance_spread(uint64_t dice, int64_t spread);

/*
 * The bytes of a generated file from `offset` on.  The byte at offset i is
 * byte i % 8, least significant first, of splitmix64's (i / 8)-th number from
 * the state `seed`:
 *
 *   z = seed + (i / 8 + 1) * 0x9e3779b97f4a7c15
 *   z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9
 *   z = (z ^ z >> 27) * 0x94d049bb133111eb
 *   z = z ^ z >> 31                            all modulo 2^64
 */
void chance_bytes(uint64_t seed, uint64_t offset, void *ret_bytes, size_t size);

#endif
