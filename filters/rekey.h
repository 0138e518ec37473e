/* Exchanges of traffic under another master key: what was keyed by it becomes keyed by ours, so that equal stays equal and nothing of the former key is left. A pseudonym becomes the
 * pseudonym of itself, an opaque id the id of itself. Digests of bodies, of which the bytes are gone, cannot be made anew and go. Pure. */
#ifndef FILTERS_REKEY_H
#define FILTERS_REKEY_H

#include "common/exchange.h"
#include "filters/key.h"

#include <stdbool.h>

/* Replaces all pseudonyms in |text| that are valid under |former|, a recognition key, by those of |keys|, in the coding that they have (filters/pseudonym_search.h), also in base64 and in base64 of base64; |scratch| is used up. */
void rekey_text(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, struct buffer *text,
                struct buffer *scratch);
/* Makes of |tag|, the identity of a value under the former keys, that of its pseudonym under |keys|. */
void rekey_tag(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, uint8_t tag[LINK_TAG_SIZE]);
/* Carries |exchange| over. Links of values that were never replaced go: those of ids, and where it is not |sanitized| all. The sanitizer notes those that stand in it
 * anew. */
void rekey_exchange(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, bool sanitized,
                    struct exchange *exchange, struct buffer *scratch);

#endif
