/* Keys. One master key (32 random bytes, --key-file, mode 0600) gives, by libsodium's KDF: the mapping key
 * that turns values into pseudonyms and never leaves the recording side, the recognition key that is kept in
 * the traffic and only tells that a string is a pseudonym, and the identity key behind opaque connection and
 * client ids. */
#ifndef FILTERS_KEY_H
#define FILTERS_KEY_H

#include "common/buffer.h"
#include "common/error.h"
#include "common/segment/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* The key file is one line of text: "rehearse-key-v1 " and the master key in base64 (44 characters). */
#define KEYS_TAG_SIZE    16
#define KEYS_DIGEST_SIZE 16

/* The derived keys. Opaque, locked in memory where possible, wiped on free. */
struct keys;

/* Reads the master key of |path|. Fails where the file is not exactly a key or others than its owner may read
 * it. */
int keys_load(const char *path, struct keys **ret_keys, struct error *err);
/* Creates |path| with a new random key and mode 0600, and loads it. Fails where the file exists. */
int keys_create(const char *path, struct keys **ret_keys, struct error *err);
/* Returns keys that exist in this process only. */
struct keys *keys_random(void);
/* Returns keys whose recognition key is |recognition_key|, to tell what is a pseudonym under it; all the others exist in this process only, and what is made with
 * them is to be thrown away. */
struct keys *keys_of_recognition(const uint8_t recognition_key[SEGMENT_KEY_SIZE]);
/* Wipes and frees; NULL is allowed. */
void keys_free(struct keys *keys);

/* Fill the segment header's key fields. */
const uint8_t *keys_id(const struct keys *keys);          /* SEGMENT_KEY_ID_SIZE bytes */
const uint8_t *keys_recognition(const struct keys *keys); /* SEGMENT_KEY_SIZE bytes */

/* Returns an opaque 64-bit id for |data| (a client address, a connection's addresses and start time). */
uint64_t keys_opaque_id(const struct keys *keys, const void *data, size_t size);
/* Writes the identity of |value|: its keyed hash under the mapping key. The only use that key has. */
void keys_map(const struct keys *keys, struct bytes value, uint8_t ret_tag[KEYS_TAG_SIZE]);
/* Writes the seed of the fake of |type| that stands for |value|: under a key of its own, so that who sees the value's
 * pseudonym, which shows its identity, cannot tell its fakes. The seed is a secret. */
void keys_fake(const struct keys *keys, uint8_t type, struct bytes value, uint8_t ret_seed[KEYS_TAG_SIZE]);

/* A digest of bytes that are not kept, so that equal ones can be told under the same keys (BLAKE2b under a key of
 * its own). Taken piece by piece. */
struct keys_digest;
#define KEYS_DIGEST_BYTES 448 /* of memory, about */

/* Returns an owned digest, which can be used again and again. */
struct keys_digest *keys_digest_create(void);
/* Wipes and frees; NULL is allowed. */
void keys_digest_free(struct keys_digest *digest);
/* Begins anew under |keys|, which need not outlive the call. */
void keys_digest_begin(struct keys_digest *digest, const struct keys *keys);
/* Takes the next bytes. */
void keys_digest_add(struct keys_digest *digest, struct bytes data);
/* Ends: writes the digest of all bytes since it was begun. */
void keys_digest_end(struct keys_digest *digest, uint8_t ret_digest[KEYS_DIGEST_SIZE]);

#endif
