#include "filters/key.h"

#include "common/mem.h"
#include "filters/keyed_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_WORD "rehearse-key-v1 "
#define MASTER_SIZE   crypto_kdf_KEYBYTES
#define BASE64_SIZE   44 /* of the master key, padded */
/* The word, the key, a newline; one byte more tells that a file is longer. */
#define KEY_FILE_SIZE (sizeof KEY_FILE_WORD - 1 + BASE64_SIZE + 1)

enum subkey { SUBKEY_MAPPING = 1, SUBKEY_RECOGNITION, SUBKEY_IDENTITY, SUBKEY_ID, SUBKEY_BODY, SUBKEY_FAKE };

/* BLAKE2b that has taken a key; copied for each value. */
struct keyed {
    crypto_generichash_state any;
    struct keyed_hash brief; /* for values of a block */
};

struct keys {
    struct keyed mapping;
    struct keyed identity;
    struct keyed fake;
    crypto_generichash_state body;
    uint8_t recognition[SEGMENT_KEY_SIZE];
    uint8_t id[SEGMENT_KEY_ID_SIZE];
};

struct keys_digest {
    crypto_generichash_state state;
};
_Static_assert(sizeof(struct keys_digest) <= KEYS_DIGEST_BYTES, "what it is said to take");

static void init_sodium(void)
{
    if (sodium_init() < 0) {
        fputs("rehearse: libsodium cannot be initialised\n", stderr);
        abort();
    }
}

static void derive(const uint8_t *master, enum subkey number, uint8_t *ret_key, size_t size)
{
    crypto_kdf_derive_from_key(ret_key, size, number, "rehearse", master);
}

/* Hash states want more alignment than malloc gives. */
static void *allocate(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!memory) {
        fputs("rehearse: out of memory\n", stderr);
        abort();
    }
    return memory;
}

_Static_assert(KEYS_TAG_SIZE == KEYED_HASH_SIZE, "a tag is a hash");

static void take_key(struct keyed *keyed, const uint8_t key[KEYED_HASH_KEY_SIZE])
{
    crypto_generichash_init(&keyed->any, key, KEYED_HASH_KEY_SIZE, KEYS_TAG_SIZE);
    keyed_hash_init(&keyed->brief, key);
}

static void hash_value(const struct keyed *keyed, struct bytes value, uint8_t ret_hash[KEYS_TAG_SIZE])
{
    if (value.size > 0 && value.size <= KEYED_HASH_MAX) {
        keyed_hash_make(&keyed->brief, value, ret_hash);
        return;
    }
    crypto_generichash_state state = keyed->any;
    crypto_generichash_update(&state, value.data, value.size);
    crypto_generichash_final(&state, ret_hash, KEYS_TAG_SIZE);
    sodium_memzero(&state, sizeof state);
}

/* Makes the derived keys and wipes |master|. */
static struct keys *keys_from_master(uint8_t *master)
{
    struct keys *keys = allocate(sizeof *keys);
    sodium_mlock(keys, sizeof *keys); /* best effort: RLIMIT_MEMLOCK may be 0 */
    uint8_t key[32];
    derive(master, SUBKEY_MAPPING, key, sizeof key);
    take_key(&keys->mapping, key);
    derive(master, SUBKEY_IDENTITY, key, sizeof key);
    take_key(&keys->identity, key);
    derive(master, SUBKEY_BODY, key, sizeof key);
    crypto_generichash_init(&keys->body, key, sizeof key, KEYS_DIGEST_SIZE);
    derive(master, SUBKEY_FAKE, key, sizeof key);
    take_key(&keys->fake, key);
    derive(master, SUBKEY_RECOGNITION, keys->recognition, sizeof keys->recognition);
    derive(master, SUBKEY_ID, key, sizeof key);
    memcpy(keys->id, key, sizeof keys->id);
    sodium_memzero(key, sizeof key);
    sodium_memzero(master, MASTER_SIZE);
    return keys;
}

/* Reads all of |fd| into |text| and checks who may read it. */
static int read_key_file(int fd, const char *path, char *text, size_t size, size_t *ret_used,
                         struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot read key file '%s'", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERROR_USAGE, "key file '%s' is not a regular file", path);
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, ERROR_USAGE, "key file '%s' may be used by others than its owner; chmod 600 it",
                         path);
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, text + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, ERROR_USAGE, errno, "cannot read key file '%s'", path);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *ret_used = used;
    return 0;
}

int keys_load(const char *path, struct keys **ret_keys, struct error *err)
{
    init_sodium();
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_USAGE,
                         "key file '%s' does not exist; capture makes one with --new-key-file", path);
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open key file '%s'", path);
    char text[KEY_FILE_SIZE + 2];
    uint8_t master[MASTER_SIZE];
    size_t used = 0, decoded = 0;
    int status = read_key_file(fd, path, text, sizeof text, &used, err);
    close(fd);
    if (status == 0) {
        size_t word = sizeof KEY_FILE_WORD - 1;
        if (used > 0 && text[used - 1] == '\n')
            used--;
        if (used != KEY_FILE_SIZE - 1 || memcmp(text, KEY_FILE_WORD, word) != 0 ||
            sodium_base642bin(master, sizeof master, text + word, BASE64_SIZE, NULL, &decoded, NULL,
                              sodium_base64_VARIANT_ORIGINAL) != 0 ||
            decoded != sizeof master)
            status = error_set(err, ERROR_USAGE,
                               "'%s' is not a rehearse key file (one line: %sand 44 characters of base64)",
                               path, KEY_FILE_WORD);
    }
    sodium_memzero(text, sizeof text);
    if (status == 0)
        *ret_keys = keys_from_master(master);
    sodium_memzero(master, sizeof master);
    return status;
}

static int write_whole(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        text += put;
        size -= (size_t)put;
    }
    return fsync(fd);
}

int keys_create(const char *path, struct keys **ret_keys, struct error *err)
{
    init_sodium();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return error_set(err, ERROR_USAGE, "key file '%s' exists already; use it with --key-file", path);
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot create key file '%s'", path);
    uint8_t master[MASTER_SIZE];
    crypto_kdf_keygen(master);
    char text[KEY_FILE_SIZE + 1] = KEY_FILE_WORD;
    size_t word = sizeof KEY_FILE_WORD - 1;
    sodium_bin2base64(text + word, BASE64_SIZE + 1, master, sizeof master, sodium_base64_VARIANT_ORIGINAL);
    text[KEY_FILE_SIZE - 1] = '\n';
    int failed = fchmod(fd, 0600) != 0 || write_whole(fd, text, KEY_FILE_SIZE) != 0;
    int errnum = errno;
    sodium_memzero(text, sizeof text);
    if (close(fd) != 0 && !failed) {
        failed = 1;
        errnum = errno;
    }
    if (failed) {
        unlink(path);
        sodium_memzero(master, sizeof master);
        return error_set_errno(err, ERROR_IO, errnum, "cannot write key file '%s'", path);
    }
    *ret_keys = keys_from_master(master);
    return 0;
}

struct keys *keys_random(void)
{
    init_sodium();
    uint8_t master[MASTER_SIZE];
    crypto_kdf_keygen(master);
    return keys_from_master(master);
}

struct keys *keys_of_recognition(const uint8_t recognition_key[SEGMENT_KEY_SIZE])
{
    struct keys *keys = keys_random();
    memcpy(keys->recognition, recognition_key, SEGMENT_KEY_SIZE);
    return keys;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    sodium_munlock(keys, sizeof *keys); /* wipes, also where locking had failed */
    sodium_memzero(keys, sizeof *keys);
    free(keys);
}

const uint8_t *keys_id(const struct keys *keys)
{
    return keys->id;
}

const uint8_t *keys_recognition(const struct keys *keys)
{
    return keys->recognition;
}

uint64_t keys_opaque_id(const struct keys *keys, const void *data, size_t size)
{
    uint8_t hash[KEYS_TAG_SIZE];
    hash_value(&keys->identity, bytes_make(data, size), hash);
    uint64_t id = 0;
    for (size_t i = 0; i < sizeof id; i++)
        id |= (uint64_t)hash[i] << (8 * i);
    return id;
}

void keys_map(const struct keys *keys, struct bytes value, uint8_t ret_tag[KEYS_TAG_SIZE])
{
    hash_value(&keys->mapping, value, ret_tag);
}

void keys_fake(const struct keys *keys, uint8_t type, struct bytes value, uint8_t ret_seed[KEYS_TAG_SIZE])
{
    crypto_generichash_state state = keys->fake.any;
    crypto_generichash_update(&state, &type, 1);
    crypto_generichash_update(&state, value.data, value.size);
    crypto_generichash_final(&state, ret_seed, KEYS_TAG_SIZE);
    sodium_memzero(&state, sizeof state);
}

struct keys_digest *keys_digest_create(void)
{
    return allocate(sizeof(struct keys_digest));
}

void keys_digest_free(struct keys_digest *digest)
{
    if (digest)
        sodium_memzero(digest, sizeof *digest);
    free(digest);
}

void keys_digest_begin(struct keys_digest *digest, const struct keys *keys)
{
    digest->state = keys->body;
}

void keys_digest_add(struct keys_digest *digest, struct bytes data)
{
    crypto_generichash_update(&digest->state, data.data, data.size);
}

void keys_digest_end(struct keys_digest *digest, uint8_t ret_digest[KEYS_DIGEST_SIZE])
{
    crypto_generichash_final(&digest->state, ret_digest, KEYS_DIGEST_SIZE);
    sodium_memzero(&digest->state, sizeof digest->state);
}
