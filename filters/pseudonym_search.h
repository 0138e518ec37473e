/* Finds pseudonyms in text as it stands, also where every character of them is escaped: in percent, JSON, HTML and quoted-printable escapes, hexadecimal and UTF-16. Not in
 * base64, nor in two codings around each other. Linear in the text. */
#ifndef FILTERS_PSEUDONYM_SEARCH_H
#define FILTERS_PSEUDONYM_SEARCH_H

#include "filters/detect/wrapping.h"
#include "filters/pseudonym.h"

struct pseudonym_hit {
    size_t offset, size; /* of all of its look as it stands; in a coding, of an email only its core */
    bool jwt;            /* it has the look of one */
    uint8_t tag[PSEUDONYM_TAG_SIZE];
};
typedef void pseudonym_hit_fn(void *arg, const struct pseudonym_hit *hit);

#define PSEUDONYM_CODINGS 8
/* The codings that are looked for, from that in which they stand plainly. */
extern const enum wrapping pseudonym_codings[PSEUDONYM_CODINGS];

/* Calls |found| for each pseudonym in |text|, in |coding|, that is valid under |recognition_key|, in order. */
void pseudonym_search(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum wrapping coding,
                      struct bytes text, pseudonym_hit_fn *found, void *arg);

#endif
