#include "filters/pseudonym.h"

#include "common/scan16.h"

#include "filters/detect/secret_detectors.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

#define CHECK_SIZE  8
#define CODE_SIZE   (PSEUDONYM_TAG_SIZE + CHECK_SIZE)
#define EMAIL_TAIL  "@example.com"
#define EMAIL_CODED "%40example.com"
/* {"alg":"none","typ":"JWT"} and the beginning of { "sub":"..."}, which is whole quads, in base64url. */
#define JWT_HEAD    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyAic3ViIjoi"
#define JWT_SUBJECT (PSEUDONYM_CORE_SIZE / 3 * 4)
#define JWT_MIDDLE  "In0."
/* Makes the core, which stands in place of the signature, whole bytes. */
#define JWT_TAIL   "AA"
#define JWT_BEFORE (sizeof JWT_HEAD - 1 + JWT_SUBJECT + sizeof JWT_MIDDLE - 1)
#define JWT_SIZE   PSEUDONYM_JWT_SIZE

_Static_assert(JWT_SIZE == JWT_BEFORE + PSEUDONYM_CORE_SIZE + sizeof JWT_TAIL - 1, "a JWT and its parts");
_Static_assert(PSEUDONYM_TAG_SIZE == KEYS_TAG_SIZE, "the identity is what keys_map gives");
_Static_assert(CHECK_SIZE == crypto_shorthash_BYTES, "the check tag is a SipHash-2-4");
_Static_assert(PSEUDONYM_CORE_SIZE % 3 == 0, "a core is whole quads of base64");
_Static_assert(PSEUDONYM_PREFIX_SIZE + (CODE_SIZE * 8 + 4) / 5 == PSEUDONYM_CORE_SIZE, "base32 of the code");

static void check_tag(const uint8_t *recognition_key, const uint8_t tag[PSEUDONYM_TAG_SIZE],
                      uint8_t ret_check[CHECK_SIZE])
{
    crypto_shorthash(ret_check, tag, PSEUDONYM_TAG_SIZE, recognition_key);
}

static void base32_encode(const uint8_t code[CODE_SIZE], char *text)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t words[CODE_SIZE / 8];
    memcpy(words, code, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        words[i] = be64toh(words[i]);
    /* 192 bits, the first highest, five at a time; two groups lie over the end of a word. */
    for (unsigned shift = 59, i = 0; i < 12; i++, shift -= 5)
        *text++ = alphabet[words[0] >> shift & 31];
    *text++ = alphabet[(words[0] << 1 | words[1] >> 63) & 31];
    for (unsigned shift = 58, i = 0; i < 12; i++, shift -= 5)
        *text++ = alphabet[words[1] >> shift & 31];
    *text++ = alphabet[(words[1] << 2 | words[2] >> 62) & 31];
    for (unsigned shift = 57, i = 0; i < 12; i++, shift -= 5)
        *text++ = alphabet[words[2] >> shift & 31];
    *text++ = alphabet[words[2] << 3 & 31];
}

/* One more than the five bits of each byte; 0: it has none. */
static const uint8_t base32_values[256] = {
    ['a'] = 1,  ['b'] = 2,  ['c'] = 3,  ['d'] = 4,  ['e'] = 5,  ['f'] = 6,  ['g'] = 7,  ['h'] = 8,
    ['i'] = 9,  ['j'] = 10, ['k'] = 11, ['l'] = 12, ['m'] = 13, ['n'] = 14, ['o'] = 15, ['p'] = 16,
    ['q'] = 17, ['r'] = 18, ['s'] = 19, ['t'] = 20, ['u'] = 21, ['v'] = 22, ['w'] = 23, ['x'] = 24,
    ['y'] = 25, ['z'] = 26, ['2'] = 27, ['3'] = 28, ['4'] = 29, ['5'] = 30, ['6'] = 31, ['7'] = 32,
};

/* Takes twelve characters, 60 bits, from the front of |text|; what is none of ours shows in |bad|. */
static uint64_t base32_twelve(const uint8_t *text, unsigned *bad)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 12; i++) {
        unsigned five = base32_values[text[i]] - 1U;
        *bad |= five;
        bits = bits << 5 | (five & 31);
    }
    return bits;
}

/* Undoes base32_encode; false where a character or the padding bits are not ours. */
static bool base32_decode(const uint8_t *text, uint8_t ret_code[CODE_SIZE])
{
    unsigned bad = 0;
    unsigned first = base32_values[text[12]] - 1U, second = base32_values[text[25]] - 1U,
             last = base32_values[text[38]] - 1U;
    uint64_t words[CODE_SIZE / 8];
    words[0] = base32_twelve(text, &bad) << 4 | (first & 31) >> 1;
    words[1] = (uint64_t)first << 63 | base32_twelve(text + 13, &bad) << 3 | (second & 31) >> 2;
    words[2] = (uint64_t)second << 62 | base32_twelve(text + 26, &bad) << 2 | (last & 31) >> 3;
    if (((bad | first | second | last) & ~31U) != 0 || (last & 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        words[i] = htobe64(words[i]);
    memcpy(ret_code, words, sizeof words);
    return true;
}

/* Returns whether a valid core stands at the start of |text|. */
static bool core_at(const uint8_t *recognition_key, struct bytes text, uint8_t *ret_tag)
{
    uint8_t code[CODE_SIZE], check[CHECK_SIZE];
    if (text.size < PSEUDONYM_CORE_SIZE || memcmp(text.data, PSEUDONYM_PREFIX, PSEUDONYM_PREFIX_SIZE) != 0 ||
        !base32_decode(text.data + PSEUDONYM_PREFIX_SIZE, code))
        return false;
    check_tag(recognition_key, code, check);
    if (sodium_memcmp(check, code + PSEUDONYM_TAG_SIZE, CHECK_SIZE) != 0)
        return false;
    if (ret_tag)
        memcpy(ret_tag, code, PSEUDONYM_TAG_SIZE);
    return true;
}

static bool begins_with(struct bytes text, const char *beginning)
{
    size_t size = strlen(beginning);
    return text.size >= size && memcmp(text.data, beginning, size) == 0;
}

bool pseudonym_begins(struct bytes text)
{
    if (text.size < PSEUDONYM_CORE_SIZE || memcmp(text.data, PSEUDONYM_PREFIX, PSEUDONYM_PREFIX_SIZE) != 0)
        return false;
    for (size_t i = PSEUDONYM_PREFIX_SIZE; i < PSEUDONYM_CORE_SIZE; i++)
        if (!base32_values[text.data[i]])
            return false;
    return true;
}

bool pseudonym_stands(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes text)
{
    return core_at(recognition_key, text, NULL);
}

static struct bytes from_offset(struct bytes text, size_t offset)
{
    return bytes_make(text.data + offset, text.size - offset);
}

/* Writes |core| in base64url, four characters for three bytes. */
static void write_subject(const uint8_t core[PSEUDONYM_CORE_SIZE], char text[JWT_SUBJECT])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const uint8_t *end = core + PSEUDONYM_CORE_SIZE; core < end; core += 3) {
        unsigned bits = (unsigned)core[0] << 16 | (unsigned)core[1] << 8 | core[2];
        for (unsigned shift = 24; shift > 0; *text++ = alphabet[bits >> shift & 63])
            shift -= 6;
    }
}

/* Writes the JWT that carries |core|. */
static void write_jwt(const uint8_t core[PSEUDONYM_CORE_SIZE], char text[JWT_SIZE])
{
    memcpy(text, JWT_HEAD, sizeof JWT_HEAD - 1);
    write_subject(core, text + sizeof JWT_HEAD - 1);
    memcpy(text + JWT_BEFORE - (sizeof JWT_MIDDLE - 1), JWT_MIDDLE, sizeof JWT_MIDDLE - 1);
    memcpy(text + JWT_BEFORE, core, PSEUDONYM_CORE_SIZE);
    memcpy(text + JWT_BEFORE + PSEUDONYM_CORE_SIZE, JWT_TAIL, sizeof JWT_TAIL - 1);
}

/* Returns whether the JWT of the core at |offset| stands around it. */
static bool jwt_around(struct bytes text, size_t from, size_t offset)
{
    char jwt[JWT_SIZE];
    if (offset - from < JWT_BEFORE || text.size - (offset - JWT_BEFORE) < JWT_SIZE ||
        !begins_with(from_offset(text, offset - JWT_BEFORE), JWT_HEAD))
        return false;
    write_jwt(text.data + offset, jwt);
    return memcmp(text.data + offset - JWT_BEFORE, jwt, JWT_SIZE) == 0;
}

/* Returns whether all of |value| is a pseudonym, of any look. */
static bool is_pseudonym(const uint8_t *recognition_key, struct bytes value, uint8_t *ret_tag)
{
    struct bytes core = value;
    if (value.size == JWT_SIZE) {
        if (!jwt_around(value, 0, JWT_BEFORE))
            return false;
        core = from_offset(value, JWT_BEFORE);
    } else if (value.size != PSEUDONYM_CORE_SIZE) {
        struct bytes tail = BYTES_LITERAL(EMAIL_TAIL);
        if (value.size != PSEUDONYM_CORE_SIZE + tail.size ||
            memcmp(value.data + PSEUDONYM_CORE_SIZE, tail.data, tail.size) != 0)
            return false;
    }
    return core_at(recognition_key, core, ret_tag);
}

bool pseudonym_is(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes value)
{
    return is_pseudonym(recognition_key, value, NULL);
}

static bool is_word(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Returns whether |value| has the shape local@domain.tld, of letters beyond ASCII too (RFC 6531). */
static bool looks_like_email(struct bytes value)
{
    const uint8_t *at = value.size ? memchr(value.data, '@', value.size) : NULL;
    if (!at || at == value.data || value.size > 254)
        return false;
    for (const uint8_t *byte = value.data; byte < at; byte++)
        if (!is_word(*byte) && *byte < 0x80 && !strchr("._%+-'", *byte))
            return false;
    struct bytes domain = bytes_make(at + 1, value.size - (size_t)(at + 1 - value.data));
    size_t dots = 0;
    for (size_t i = 0; i < domain.size; i++) {
        if (domain.data[i] == '.' && i > 0 && i + 1 < domain.size)
            dots++;
        else if (!is_word(domain.data[i]) && domain.data[i] < 0x80 && domain.data[i] != '-')
            return false;
    }
    return dots > 0;
}

void pseudonym_core(const uint8_t recognition_key[SEGMENT_KEY_SIZE], const uint8_t tag[PSEUDONYM_TAG_SIZE],
                    char ret_core[PSEUDONYM_CORE_SIZE])
{
    uint8_t code[CODE_SIZE];
    memcpy(code, tag, PSEUDONYM_TAG_SIZE);
    check_tag(recognition_key, tag, code + PSEUDONYM_TAG_SIZE);
    memcpy(ret_core, PSEUDONYM_PREFIX, PSEUDONYM_PREFIX_SIZE);
    base32_encode(code, ret_core + PSEUDONYM_PREFIX_SIZE);
}

/* Returns whether |value| is a JWT of three parts (RFC 7519); of five it is encrypted, and nobody reads its payload. */
static bool looks_like_jwt(struct bytes value)
{
    unsigned dots = 0;
    if (value.size < 16 || value.data[0] != 'e' || jwt_at(value, 0) != value.size)
        return false;
    for (size_t i = 0; i < value.size; i++)
        dots += value.data[i] == '.';
    return dots == 2;
}

/* Writes the core for |value| and its identity. */
static void make_core(const struct keys *keys, struct bytes value, char text[PSEUDONYM_CORE_SIZE],
                      uint8_t ret_tag[PSEUDONYM_TAG_SIZE])
{
    keys_map(keys, value, ret_tag);
    pseudonym_core(keys_recognition(keys), ret_tag, text);
}

void pseudonym_make(const struct keys *keys, struct bytes value, struct buffer *out,
                    uint8_t ret_tag[PSEUDONYM_TAG_SIZE])
{
    uint8_t own[PSEUDONYM_TAG_SIZE], *tag = ret_tag ? ret_tag : own;
    if (value.size == 0) {
        keys_map(keys, value, tag);
    } else if (is_pseudonym(keys_recognition(keys), value, tag)) {
        buffer_append_bytes(out, value);
    } else {
        char core[PSEUDONYM_CORE_SIZE], jwt[JWT_SIZE];
        bool is_jwt = looks_like_jwt(value);
        make_core(keys, value, core, tag);
        if (is_jwt)
            write_jwt((const uint8_t *)core, jwt);
        buffer_append(out, is_jwt ? jwt : core, is_jwt ? sizeof jwt : sizeof core);
        if (looks_like_email(value))
            buffer_append_text(out, EMAIL_TAIL);
    }
}

void pseudonym_make_email(const struct keys *keys, struct bytes value, struct buffer *out)
{
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    if (is_pseudonym(keys_recognition(keys), value, tag)) {
        buffer_append_bytes(out, value);
        return;
    }
    char core[PSEUDONYM_CORE_SIZE];
    make_core(keys, value, core, tag);
    buffer_append(out, core, sizeof core);
    buffer_append_text(out, EMAIL_TAIL);
}

void pseudonym_append_jwt(const char core[PSEUDONYM_CORE_SIZE], struct buffer *out)
{
    char jwt[JWT_SIZE];
    write_jwt((const uint8_t *)core, jwt);
    buffer_append(out, jwt, sizeof jwt);
}

void pseudonym_append_like(struct bytes like, const char core[PSEUDONYM_CORE_SIZE], struct buffer *out)
{
    if (like.size == JWT_SIZE) {
        pseudonym_append_jwt(core, out);
        return;
    }
    buffer_append(out, core, PSEUDONYM_CORE_SIZE);
    buffer_append_bytes(out, from_offset(like, PSEUDONYM_CORE_SIZE));
}

/* Sets |found| to the whole look of the core at |offset| of |text|, as far as it begins at or after |from|. */
static void find_look(struct bytes text, size_t from, size_t offset, struct pseudonym_found *found)
{
    struct bytes after = from_offset(text, offset + PSEUDONYM_CORE_SIZE);
    found->offset = offset;
    found->size = PSEUDONYM_CORE_SIZE;
    if (jwt_around(text, from, offset)) {
        found->offset -= JWT_BEFORE;
        found->size = JWT_SIZE;
    } else if (begins_with(after, EMAIL_TAIL)) {
        found->size += sizeof EMAIL_TAIL - 1;
    } else if (begins_with(after, EMAIL_CODED)) {
        found->size += sizeof EMAIL_CODED - 1;
    }
}

/* Returns the first prefix at or after |at| in |text|, or NULL. */
static const uint8_t *find_prefix(struct bytes text, size_t at)
{
    for (; at + SCAN16_SIZE + PSEUDONYM_PREFIX_SIZE <= text.size; at += SCAN16_SIZE) {
        const uint8_t *data = text.data + at;
        uint32_t places = scan16_either(scan16_load(data), 'r', 'r') &
                          scan16_either(scan16_load(data + 1), 'h', 'h') &
                          scan16_either(scan16_load(data + 2), 'x', 'x');
        if (places)
            return data + scan16_first(places);
    }
    return memmem(text.data + at, text.size - at, PSEUDONYM_PREFIX, PSEUDONYM_PREFIX_SIZE);
}

const uint8_t *pseudonym_prefix(struct bytes text)
{
    return text.size ? find_prefix(text, 0) : NULL;
}

bool pseudonym_find(const uint8_t recognition_key[SEGMENT_KEY_SIZE], struct bytes text, size_t from,
                    struct pseudonym_found *ret_found)
{
    size_t at = from;
    while (at < text.size && text.size - at >= PSEUDONYM_CORE_SIZE) {
        const uint8_t *prefix = find_prefix(text, at);
        if (!prefix)
            return false;
        size_t offset = (size_t)(prefix - text.data);
        if (core_at(recognition_key, from_offset(text, offset), ret_found->tag)) {
            find_look(text, from, offset, ret_found);
            return true;
        }
        at = offset + 1;
    }
    return false;
}
