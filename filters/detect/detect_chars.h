/* Kinds of characters, and where a value may begin and end. */
#ifndef FILTERS_DETECT_DETECT_CHARS_H
#define FILTERS_DETECT_DETECT_CHARS_H

#include "common/buffer.h"

#include <stdbool.h>

enum detect_char {
    CHAR_DIGIT = 1,
    CHAR_UPPER = 2,
    CHAR_LOWER = 4,
    CHAR_HEX = 8,
    CHAR_LOCAL = 16,  /* of the local part of an email address, unquoted; bytes of UTF-8 too (RFC 6532) */
    CHAR_TOKEN = 32,  /* letters, digits, '-' and '_' */
    CHAR_BASE64 = 64, /* of either alphabet, without padding */
    CHAR_STOP = 128,  /* blank, control, '"', '<' and '>' */
};
#define CHAR_WORD (CHAR_DIGIT | CHAR_UPPER | CHAR_LOWER)

/* The kinds of each byte. */
extern const uint8_t detect_chars[256];
/* Whether a byte parts a value from what stands beside it: CHAR_STOP, and =:,;&'()[]{}\\` too. */
extern const bool detect_parts[256];

static inline bool char_is(uint8_t byte, uint8_t kinds)
{
    return (detect_chars[byte] & kinds) != 0;
}

/* Returns whether the byte at |at| of |text|, which may be any offset, is of |kinds|. */
static inline bool char_at(struct bytes text, size_t at, uint8_t kinds)
{
    return at < text.size && char_is(text.data[at], kinds);
}

static inline uint8_t char_lower(uint8_t byte)
{
    return char_is(byte, CHAR_UPPER) ? byte | 0x20 : byte;
}

/* Returns 0 to 15, or -1. */
static inline int char_hex(uint8_t byte)
{
    if (!char_is(byte, CHAR_HEX))
        return -1;
    return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

/* Returns whether a value may begin at |at|: not inside a word. In a text with escapes the letter of "\n" is no word. */
static inline bool value_starts(struct bytes text, size_t at)
{
    return at == 0 || !char_is(text.data[at - 1], CHAR_WORD) || (at >= 2 && text.data[at - 2] == '\\');
}

/* Returns where a word that was read back to |start| from |at| begins: the letter of an escape is none of it. */
static inline size_t word_begin(struct bytes text, size_t start, size_t at)
{
    return start > 0 && start < at && text.data[start - 1] == '\\' ? start + 1 : start;
}

/* Returns whether a value may end before |at|. */
static inline bool value_ends(struct bytes text, size_t at)
{
    return !char_at(text, at, CHAR_WORD);
}

/* Returns whether |text| has |literal|, which ends with a NUL, at |at|. */
static inline bool text_has(struct bytes text, size_t at, const char *literal)
{
    size_t size = strlen(literal);
    return at <= text.size && text.size - at >= size && memcmp(text.data + at, literal, size) == 0;
}

/* Returns whether the lower-case |word| ends before |at|, in any case, and begins there as a word. */
bool word_before(struct bytes text, size_t at, const char *word);

#endif
