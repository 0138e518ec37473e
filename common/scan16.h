/* Sixteen bytes looked at together: each question gives a mask with bit i set where byte i fits. with SSE2, or
 * elsewhere in loops that a compiler can turn into vectors. */
#ifndef COMMON_SCAN16_H
#define COMMON_SCAN16_H

#include <stdint.h>

#define SCAN16_SIZE 16

#ifdef __SSE2__
#include <emmintrin.h>

struct scan16 {
    __m128i bytes;
};

static inline struct scan16 scan16_load(const uint8_t *data)
{
    return (struct scan16){_mm_loadu_si128((const __m128i *)(const void *)data)};
}

/* Which bytes are the same in both. */
static inline uint32_t scan16_equal_all(struct scan16 scan, struct scan16 other)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(scan.bytes, other.bytes));
}

/* Which bytes end the plain part of a JSON string (RFC 8259 §7): a quote, a backslash or a control byte. */
static inline uint32_t scan16_string_ends(struct scan16 scan)
{
    __m128i quotes = _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8('"'));
    __m128i slashes = _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8('\\'));
    __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(scan.bytes, _mm_set1_epi8(0x1f)), scan.bytes);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}

/* Which bytes are |a| or |b|. */
static inline uint32_t scan16_either(struct scan16 scan, uint8_t a, uint8_t b)
{
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8((char)a)),
                                                    _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8((char)b))));
}

/* Which bytes are decimal digits. */
static inline uint32_t scan16_digits(struct scan16 scan)
{
    __m128i values = _mm_sub_epi8(scan.bytes, _mm_set1_epi8('0'));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
}

/* Which bytes no field value holds (RFC 9110 §5.5): control bytes other than HTAB. */
static inline uint32_t scan16_controls(struct scan16 scan)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(scan.bytes, _mm_set1_epi8(0x1f)), scan.bytes);
    __m128i tabs = _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8('\t'));
    __m128i deletes = _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8(0x7f));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tabs, low), deletes));
}

/* Which bytes are none of 0x21 to 0x7e. */
static inline uint32_t scan16_invisible(struct scan16 scan)
{
    __m128i moved = _mm_add_epi8(scan.bytes, _mm_set1_epi8(1)); /* 0x7f becomes negative, as all above are */
    return ~(uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8(0x21))) & 0xffff;
}

/* Which bytes are none of letters, digits and '-', which most field names consist of. */
static inline uint32_t scan16_no_word(struct scan16 scan)
{
    __m128i letters = _mm_sub_epi8(_mm_or_si128(scan.bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i digits = _mm_sub_epi8(scan.bytes, _mm_set1_epi8('0'));
    letters = _mm_cmpeq_epi8(_mm_min_epu8(letters, _mm_set1_epi8(25)), letters);
    digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    __m128i dashes = _mm_cmpeq_epi8(scan.bytes, _mm_set1_epi8('-'));
    return ~(uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letters, digits), dashes)) & 0xffff;
}

#else

struct scan16 {
    const uint8_t *data;
};

static inline struct scan16 scan16_load(const uint8_t *data)
{
    return (struct scan16){data};
}

static inline uint32_t scan16_equal(struct scan16 scan, uint8_t byte)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < 16; i++)
        mask |= (uint32_t)(scan.data[i] == byte) << i;
    return mask;
}

static inline uint32_t scan16_equal_all(struct scan16 scan, struct scan16 other)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < 16; i++)
        mask |= (uint32_t)(scan.data[i] == other.data[i]) << i;
    return mask;
}

static inline uint32_t scan16_at_most(struct scan16 scan, uint8_t limit)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < 16; i++)
        mask |= (uint32_t)(scan.data[i] <= limit) << i;
    return mask;
}

static inline uint32_t scan16_string_ends(struct scan16 scan)
{
    return scan16_equal(scan, '"') | scan16_equal(scan, '\\') | scan16_at_most(scan, 0x1f);
}

static inline uint32_t scan16_either(struct scan16 scan, uint8_t a, uint8_t b)
{
    return scan16_equal(scan, a) | scan16_equal(scan, b);
}

static inline uint32_t scan16_digits(struct scan16 scan)
{
    return scan16_at_most(scan, '9') & ~scan16_at_most(scan, '0' - 1);
}

static inline uint32_t scan16_controls(struct scan16 scan)
{
    return (scan16_at_most(scan, 0x1f) & ~scan16_equal(scan, '\t')) | scan16_equal(scan, 0x7f);
}

static inline uint32_t scan16_invisible(struct scan16 scan)
{
    return scan16_at_most(scan, 0x20) | (~scan16_at_most(scan, 0x7e) & 0xffff);
}

static inline uint32_t scan16_no_word(struct scan16 scan)
{
    uint32_t upper = scan16_at_most(scan, 'Z') & ~scan16_at_most(scan, 'A' - 1);
    uint32_t lower = scan16_at_most(scan, 'z') & ~scan16_at_most(scan, 'a' - 1);
    return ~(upper | lower | scan16_digits(scan) | scan16_equal(scan, '-')) & 0xffff;
}

#endif

/* Returns the index of the first byte in |mask|, which is not 0. */
static inline unsigned scan16_first(uint32_t mask)
{
    return (unsigned)__builtin_ctz(mask);
}

#endif
