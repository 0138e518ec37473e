/* Tokens of JSON text (RFC 8259): each function passes one and says where it ends. What most tokens are, short and without
 * escapes, is dealt with inline and sixteen bytes at a time. Ends are never read beyond. */
#ifndef FILTERS_LOCATE_JSON_TOKEN_H
#define FILTERS_LOCATE_JSON_TOKEN_H

#include "common/scan16.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A string as it stands between its quotes. */
struct json_string {
    const uint8_t *start;
    size_t size;
    bool escaped; /* holds a backslash */
    bool coded;   /* holds a \\u */
    bool hidden;  /* holds a \\u00: any ASCII byte may come of it */
    bool marked;  /* holds '=' or ':' */
};

/* Returns the first byte from |at| on that is not white space, or |end|. */
static inline const uint8_t *json_skip_space(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Returns the byte at |at|, or 0 at the end (a NUL is never a token of JSON either). */
static inline uint8_t json_byte(const uint8_t *at, const uint8_t *end)
{
    return at < end ? *at : 0;
}

/* Returns where the run of bytes that mean themselves in a string ends, from |at| on: at a quote, a backslash, a
 * control byte or |end|. |ret_marked| (NULL: not asked) becomes true where '=' or ':' is among them. */
__attribute__((always_inline)) static inline const uint8_t *json_run_end(const uint8_t *at,
                                                                         const uint8_t *end, bool *ret_marked)
{
    for (; end - at >= 16; at += 16) {
        struct scan16 scan = scan16_load(at);
        uint32_t ends = scan16_string_ends(scan);
        uint32_t marks = ret_marked ? scan16_either(scan, '=', ':') : 0;
        if (ends) {
            if (ret_marked)
                *ret_marked |= (marks & (ends ^ (ends - 1))) != 0;
            return at + scan16_first(ends);
        }
        if (ret_marked)
            *ret_marked |= marks != 0;
    }
    for (; at < end; at++) {
        if (*at == '"' || *at == '\\' || *at < 0x20)
            return at;
        if (ret_marked)
            *ret_marked |= *at == '=' || *at == ':';
    }
    return at;
}

/* The rest of json_string_end: |at| is where the first run ended, with |string| filled so far. */
const uint8_t *json_string_rest(const uint8_t *at, const uint8_t *end, struct json_string *string,
                                bool *ret_cut);

/* Passes the string whose quote is at |at|. Returns where it ends, or NULL where it is none; |*ret_cut| is then whether only
 * because the text ends. |marks|: |ret_string->marked| is wanted. */
__attribute__((always_inline)) static inline const uint8_t *json_string_end(const uint8_t *at,
                                                                            const uint8_t *end, bool marks,
                                                                            struct json_string *ret_string,
                                                                            bool *ret_cut)
{
    bool marked = false;
    const uint8_t *start = at + 1;
    at = json_run_end(start, end, marks ? &marked : NULL);
    *ret_string = (struct json_string){.start = start, .size = (size_t)(at - start), .marked = marked};
    if (at < end && *at == '"')
        return at + 1;
    struct json_string string = *ret_string; /* a copy: the other stays in registers */
    at = json_string_rest(at, end, &string, ret_cut);
    *ret_string = string;
    return at;
}

/* json_number_end for numbers of any length, anywhere. */
const uint8_t *json_number_any_end(const uint8_t *at, const uint8_t *end, bool *ret_cut);

/* Returns where the number at |at| ends, of which 16 bytes can be read, if it is digits, perhaps with a point among them, that end
 * within these, as most numbers are. Else NULL, and json_number_any_end tells. */
static inline const uint8_t *json_number_short_end(const uint8_t *at)
{
    uint32_t digits = scan16_digits(scan16_load(at));
    unsigned sign = *at == '-';
    unsigned whole = scan16_first(~(digits >> sign)), size = sign + whole;
    if (whole == 0 || (whole > 1 && at[sign] == '0') || size >= 16)
        return NULL;
    if (at[size] == '.') {
        unsigned fraction = scan16_first(~(digits >> (size + 1)));
        size += 1 + fraction;
        if (fraction == 0 || size >= 16)
            return NULL;
    }
    return (at[size] | 0x20) == 'e' ? NULL : at + size;
}

/* Passes the number at |at|. Returns where it ends, or NULL where it is none; |*ret_cut| is then whether only because the text
 * ends. One that ends with the text may go on after it. */
static inline const uint8_t *json_number_end(const uint8_t *at, const uint8_t *end, bool *ret_cut)
{
    const uint8_t *after = end - at >= 16 ? json_number_short_end(at) : NULL;
    return after ? after : json_number_any_end(at, end, ret_cut);
}

/* Passes |word| of |size| bytes, likewise. */
static inline const uint8_t *json_word_end(const uint8_t *at, const uint8_t *end, const char *word,
                                           size_t size, bool *ret_cut)
{
    size_t left = (size_t)(end - at);
    if (left >= size && memcmp(at, word, size) == 0)
        return at + size;
    *ret_cut = left < size && memcmp(at, word, left) == 0;
    return NULL;
}

#endif
