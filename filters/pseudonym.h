/* Pseudonyms: what stands in place of a value. Identity comes from the decoded value alone (keyed hash, 128
 * bits); the look is chosen by the value's own shape, so the same value looks the same wherever it stands.
 * Every pseudonym carries a check tag made with the recognition key: one that checks is left alone, a forged
 * one is replaced like any other value.
 *
 *     opaque:  rhx + 39 characters of base32 (a-z2-7) = 16 bytes identity + 8 bytes check tag
 *     email:   the same @example.com
 *     JWT:     header {"alg":"none","typ":"JWT"}, payload {"sub": the same}, and the same and AA in place of the signature
 *
 * All characters survive header values, cookies, URLs, JSON and case folding unescaped. */
#ifndef FILTERS_PSEUDONYM_H
#define FILTERS_PSEUDONYM_H

#include "common/buffer.h"
#include "filters/key.h"

#include <stdbool.h>
#include <stdint.h>

#define PSEUDONYM_TAG_SIZE    16
#define PSEUDONYM_CORE_SIZE   42  /* characters of the opaque form */
#define PSEUDONYM_JWT_SIZE    152 /* of the look of a JWT */
#define PSEUDONYM_PREFIX      "rhx"
#define PSEUDONYM_PREFIX_SIZE 3

/* Appends the pseudonym of |value| to |out| and writes its identity to |ret_tag| (may be NULL). A value that
 * is itself a pseudonym valid under |keys| is appended unchanged. An empty value stays empty. */
void pseudonym_make(const struct keys *keys, struct bytes value, struct buffer *out,
                    uint8_t ret_tag[PSEUDONYM_TAG_SIZE]);

/* The same in the look of an email, whatever |value| looks like, which is not empty. */
void pseudonym_make_email(const struct keys *keys, struct bytes value, struct buffer *out);

/* Writes the core of the pseudonyms whose identity is |tag|: that of the opaque form is all of it. */
void pseudonym_core(const uint8_t recognition_key[SEGMENT_KEY_SIZE], const uint8_t tag[PSEUDONYM_TAG_SIZE],
                    char ret_core[PSEUDONYM_CORE_SIZE]);

/* Returns whether |text| begins with what has the form of a core, whoever made it: its letters are random. Capitals have none. */
bool pseudonym_begins(struct bytes text);

/* Returns where in |text| the first pseudonym may begin, or NULL. */
const uint8_t *pseudonym_prefix(struct bytes text);

/* Returns whether a core that is valid under |recognition_key| stands at the beginning of |text|. */
bool pseudonym_stands(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes text);

/* Returns whether all of |value| is a pseudonym that is valid under |recognition_key|. */
bool pseudonym_is(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes value);

/* Appends the look of a JWT that |core| has. */
void pseudonym_append_jwt(const char core[PSEUDONYM_CORE_SIZE], struct buffer *out);

/* Appends |core| in the look that |like| has, which pseudonym_find found all of. */
void pseudonym_append_like(struct bytes like, const char core[PSEUDONYM_CORE_SIZE], struct buffer *out);

/* A pseudonym in a text: all of its look. */
struct pseudonym_found {
    size_t offset, size;
    uint8_t tag[PSEUDONYM_TAG_SIZE]; /* its identity */
};

/* Finds the first valid pseudonym at or after |from| in |text| under |recognition_key|: its core with what belongs to its look,
 * the '@' of an email also as %40. Returns false, and |ret_found| means nothing, where there is none. Works without the mapping
 * key: a replayer uses it. */
bool pseudonym_find(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes text, size_t from,
                    struct pseudonym_found *ret_found);

#endif
