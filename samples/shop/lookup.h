/* Finds slots of a fixed ring by a text key: tokens, cookies, order ids. Keys are copied; when the ring comes
 * round the oldest slot gives way, so memory never grows. */
#ifndef SAMPLES_SHOP_LOOKUP_H
#define SAMPLES_SHOP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#define LOOKUP_KEY_SIZE 48

struct lookup;

/* Returns an owned, empty lookup over |slots| slots. */
struct lookup *lookup_create(size_t slots);
void lookup_free(struct lookup *lookup);
/* Puts |key| (shorter than LOOKUP_KEY_SIZE, not empty) on |slot|, in place of the key that was there. */
void lookup_put(struct lookup *lookup, size_t slot, const char *key);
/* Takes the key off |slot|. */
void lookup_remove(struct lookup *lookup, size_t slot);
/* Returns whether |key| is there, and its slot. */
bool lookup_find(const struct lookup *lookup, const char *key, size_t *ret_slot);

/* Writes 2 * |bytes| hex digits of the system's randomness and a NUL to |text|. */
void lookup_random_hex(char *text, size_t bytes);
/* Writes a random UUID (version 4, RFC 9562) and a NUL: 37 bytes. */
void lookup_random_uuid(char *text);

#endif
