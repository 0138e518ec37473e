/* What the shop sells, known to the service and to its driver: item n is called adjective noun. */
#ifndef SAMPLES_SHOP_WORDS_H
#define SAMPLES_SHOP_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define SHOP_ITEMS      200 /* numbered from 1 */
#define SHOP_NOUNS      20
#define SHOP_ADJECTIVES 10
#define SHOP_PAGE_SIZE  20

/* Returns the noun or adjective number |index| (below its count). Static string. */
const char *words_noun(size_t index);
const char *words_adjective(size_t index);

/* Steps |state| and returns the next of its pseudo-random numbers (splitmix64): same seed, same sequence. */
uint64_t words_random(uint64_t *state);

#endif
