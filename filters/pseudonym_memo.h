/* Pseudonyms that were made lately: a session repeats its credentials with each request. Two slots a hash, taken in turn.
 * Holds values in clear, so wipe it. Zero-initialised is empty; not shared between threads, and only ever used with one set of
 * keys. */
#ifndef FILTERS_PSEUDONYM_MEMO_H
#define FILTERS_PSEUDONYM_MEMO_H

#include "filters/pseudonym.h"

#include <stdbool.h>

#define PSEUDONYM_MEMO_SLOTS      512 /* a power of two */
#define PSEUDONYM_MEMO_VALUE_SIZE 160 /* longer values are not remembered */

struct pseudonym_memo_entry {
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    uint8_t size; /* of the value; 0: the slot is empty */
    uint8_t pseudonym_size;
    uint8_t value[PSEUDONYM_MEMO_VALUE_SIZE];
    uint8_t pseudonym[PSEUDONYM_MEMO_VALUE_SIZE];
};

struct pseudonym_memo {
    struct pseudonym_memo_entry entries[PSEUDONYM_MEMO_SLOTS];
    bool turn; /* which of two slots is taken next */
};

/* As pseudonym_make. */
void pseudonym_memo_make(struct pseudonym_memo *memo, const struct keys *keys, struct bytes value,
                         struct buffer *out, uint8_t ret_tag[PSEUDONYM_TAG_SIZE]);
/* Empties it and leaves nothing in memory. */
void pseudonym_memo_wipe(struct pseudonym_memo *memo);

#endif
