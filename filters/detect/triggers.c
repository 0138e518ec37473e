#include "filters/detect/triggers.h"

#include "filters/detect/detect_chars.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* TRIGGERS_WIDTH is set by tests, which go each way on one machine. */
#if defined(__SSE2__) && !defined(TRIGGERS_WIDTH)
#define TRIGGERS_WIDTH 64
#elif !defined(TRIGGERS_WIDTH)
#define TRIGGERS_WIDTH 1
#endif

#define INLINE inline __attribute__((always_inline))

/* Which bytes of a block are what. */
struct masks {
    uint64_t special, digit, letter, upper, space, dash, dot, colon, under, b, c, r;
};

/* Makes the masks of the |size| bytes at |block|, at most TRIGGER_BLOCK. */
typedef struct masks masks_fn(const uint8_t *block, size_t size);

#if TRIGGERS_WIDTH > 1

static INLINE uint64_t mask16(__m128i answer)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(answer);
}

static INLINE uint64_t equal16(__m128i bytes, char byte)
{
    return mask16(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

/* Bytes from |first| on, |count| of them: moved to the top of the signed range, one comparison tells. */
static INLINE __m128i range16(__m128i bytes, char first, int count)
{
    __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(0x80 - count - first)));
    return _mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(0x7f - count)));
}

/* Returns |block|, or where it is shorter than all, |last| with its bytes and bytes after them that are of no kind. */
static INLINE const uint8_t *padded(const uint8_t *block, size_t size, uint8_t last[TRIGGER_BLOCK])
{
    if (size == TRIGGER_BLOCK)
        return block;
    memset(last, '\n', TRIGGER_BLOCK);
    memcpy(last, block, size);
    return last;
}

static INLINE struct masks masks_by_16(const uint8_t *block, size_t size)
{
    struct masks masks = {0};
    uint8_t last[TRIGGER_BLOCK];
    block = padded(block, size, last);
    for (size_t at = 0; at < size; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + at));
        __m128i special = _mm_or_si128(range16(bytes, '%', 2), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+')));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
        masks.special |= mask16(special) << at;
        masks.digit |= mask16(range16(bytes, '0', 10)) << at;
        masks.letter |= mask16(range16(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26)) << at;
        masks.upper |= mask16(range16(bytes, 'A', 26)) << at;
        masks.space |= equal16(bytes, ' ') << at;
        masks.dash |= equal16(bytes, '-') << at;
        masks.dot |= equal16(bytes, '.') << at;
        masks.colon |= equal16(bytes, ':') << at;
        masks.under |= equal16(bytes, '_') << at;
        bytes = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        masks.b |= equal16(bytes, 'b') << at;
        masks.c |= equal16(bytes, 'c') << at;
        masks.r |= equal16(bytes, 'r') << at;
    }
    return masks;
}

/* Two tables, one by the upper half of a byte and one by the lower half, share a bit for each kind: digits are bit 0, letters bits 1 (upper
 * half 4 and 6) and 2 (5 and 7), blank 3, dash 4, dot 5, colon 6, and '%', '&' and '+' are 7. */
#define UPPER_HALF 0, 0, -0x48, 0x41, 2, 4, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0
#define LOWER_HALF 0x0d, 7, 7, 7, 7, -0x79, -0x79, 7, 7, 7, 0x46, -0x7e, 2, 0x12, 0x22, 2

/* Of each byte the bit |bit|. */
#define BIT_OF(bytes, bit) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16((bytes), 7 - (bit))))
#define EQUAL(bytes, byte) _mm256_cmpeq_epi8((bytes), _mm256_set1_epi8(byte))

__attribute__((target("avx2"))) static INLINE struct masks half_by_32(const uint8_t *block)
{
    const __m256i upper_half = _mm256_broadcastsi128_si256(_mm_setr_epi8(UPPER_HALF));
    const __m256i lower_half = _mm256_broadcastsi128_si256(_mm_setr_epi8(LOWER_HALF));
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)block);
    __m256i halves = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    __m256i kinds =
        _mm256_and_si256(_mm256_shuffle_epi8(upper_half, halves), _mm256_shuffle_epi8(lower_half, bytes));
    __m256i special = _mm256_or_si256(_mm256_or_si256(EQUAL(bytes, '='), EQUAL(bytes, '@')),
                                      _mm256_or_si256(EQUAL(bytes, '\\'), EQUAL(bytes, 0)));
    __m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    uint64_t letter = BIT_OF(kinds, 1) | BIT_OF(kinds, 2);
    return (struct masks){
        .special = BIT_OF(_mm256_or_si256(kinds, special), 7),
        .digit = BIT_OF(kinds, 0),
        .letter = letter,
        .upper = letter & ~BIT_OF(bytes, 5),
        .space = BIT_OF(kinds, 3),
        .dash = BIT_OF(kinds, 4),
        .dot = BIT_OF(kinds, 5),
        .colon = BIT_OF(kinds, 6),
        .under = BIT_OF(EQUAL(bytes, '_'), 7),
        .b = BIT_OF(EQUAL(folded, 'b'), 7),
        .c = BIT_OF(EQUAL(folded, 'c'), 7),
        .r = BIT_OF(EQUAL(folded, 'r'), 7),
    };
}

__attribute__((target("avx2"))) static INLINE struct masks masks_by_32(const uint8_t *block, size_t size)
{
    uint8_t last[TRIGGER_BLOCK];
    block = padded(block, size, last);
    struct masks low = half_by_32(block);
    if (size <= 32)
        return low;
    struct masks high = half_by_32(block + 32);
    return (struct masks){
        .special = low.special | high.special << 32,
        .digit = low.digit | high.digit << 32,
        .letter = low.letter | high.letter << 32,
        .upper = low.upper | high.upper << 32,
        .space = low.space | high.space << 32,
        .dash = low.dash | high.dash << 32,
        .dot = low.dot | high.dot << 32,
        .colon = low.colon | high.colon << 32,
        .under = low.under | high.under << 32,
        .b = low.b | high.b << 32,
        .c = low.c | high.c << 32,
        .r = low.r | high.r << 32,
    };
}

#define HAS(bytes, bit) _mm512_test_epi8_mask((bytes), _mm512_set1_epi8((char)(1 << (bit))))
#define IS(bytes, byte) _mm512_cmpeq_epi8_mask((bytes), _mm512_set1_epi8(byte))
#define TARGET_64       __attribute__((target("avx512f,avx512bw")))

TARGET_64 static INLINE struct masks masks_by_64(const uint8_t *block, size_t size)
{
    uint64_t inside = size < TRIGGER_BLOCK ? (UINT64_C(1) << size) - 1 : ~UINT64_C(0);
    const __m512i upper_half = _mm512_broadcast_i32x4(_mm_setr_epi8(UPPER_HALF));
    const __m512i lower_half = _mm512_broadcast_i32x4(_mm_setr_epi8(LOWER_HALF));
    __m512i bytes = _mm512_maskz_loadu_epi8(inside, block);
    __m512i halves = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
    __m512i kinds =
        _mm512_and_si512(_mm512_shuffle_epi8(upper_half, halves), _mm512_shuffle_epi8(lower_half, bytes));
    __m512i folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    uint64_t letter = _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(6));
    return (struct masks){
        .special =
            (HAS(kinds, 7) | IS(bytes, '=') | IS(bytes, '@') | IS(bytes, '\\') | IS(bytes, 0)) & inside,
        .digit = HAS(kinds, 0),
        .letter = letter,
        .upper = letter & ~HAS(bytes, 5),
        .space = HAS(kinds, 3),
        .dash = HAS(kinds, 4),
        .dot = HAS(kinds, 5),
        .colon = HAS(kinds, 6),
        .under = IS(bytes, '_'),
        .b = IS(folded, 'b'),
        .c = IS(folded, 'c'),
        .r = IS(folded, 'r'),
    };
}

#endif

#if TRIGGERS_WIDTH == 1

static INLINE struct masks masks_by_1(const uint8_t *block, size_t size)
{
    struct masks masks = {0};
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = block[i];
        masks.special |= (uint64_t)(byte == '%' || byte == '&' || byte == '+' || byte == '=' || byte == '@' ||
                                    byte == '\\' || byte == 0)
                         << i;
        masks.digit |= (uint64_t)char_is(byte, CHAR_DIGIT) << i;
        masks.letter |= (uint64_t)char_is(byte, CHAR_UPPER | CHAR_LOWER) << i;
        masks.upper |= (uint64_t)char_is(byte, CHAR_UPPER) << i;
        masks.space |= (uint64_t)(byte == ' ') << i;
        masks.dash |= (uint64_t)(byte == '-') << i;
        masks.dot |= (uint64_t)(byte == '.') << i;
        masks.colon |= (uint64_t)(byte == ':') << i;
        masks.under |= (uint64_t)(byte == '_') << i;
        masks.b |= (uint64_t)((byte | 0x20) == 'b') << i;
        masks.c |= (uint64_t)((byte | 0x20) == 'c') << i;
        masks.r |= (uint64_t)((byte | 0x20) == 'r') << i;
    }
    return masks;
}

#endif

/* Offsets from which on |run| holds for as many bytes as the name says. */
static INLINE uint64_t for_eight(uint64_t run)
{
    run &= run >> 1;
    run &= run >> 2;
    return run & run >> 4;
}

/* Whether at least two bits are set. */
static INLINE bool has_two(uint64_t bits)
{
    return (bits & (bits - 1)) != 0;
}

/* Offsets from which on two of ten bytes are of |bits|: of two bytes, four, eight and ten, whether there is one and whether there are two. */
static INLINE uint64_t two_of_ten(uint64_t bits)
{
    uint64_t one2 = bits | bits >> 1, two2 = bits & bits >> 1;
    uint64_t one4 = one2 | one2 >> 2, two4 = two2 | two2 >> 2 | (one2 & one2 >> 2);
    uint64_t one8 = one4 | one4 >> 4, two8 = two4 | two4 >> 4 | (one4 & one4 >> 4);
    return two8 | two2 >> 8 | (one8 & one2 >> 8);
}

/* Starts of ten token characters of which two are digits or capitals. */
static INLINE uint64_t token_starts(const struct masks *masks)
{
    uint64_t run = for_eight(masks->digit | masks->letter | masks->dash | masks->under);
    return run & run >> 2 & two_of_ten(masks->digit | masks->upper);
}

/* Of a byte that another of |bits| follows two to five bytes later. */
static INLINE uint64_t near(uint64_t bits)
{
    uint64_t any = bits | bits >> 1;
    any |= any >> 2;
    return bits & any >> 2;
}

/* "Basic " and "Bearer ": of their letters the first and the last. */
static INLINE uint64_t schemes(const struct masks *masks)
{
    return masks->b & ((masks->c >> 4 & masks->space >> 5) | (masks->r >> 5 & masks->space >> 6));
}

/* Returns 0 where triggers_of would find nothing; it is not 0 in few blocks of words, prices and dates, so that the branch on it is foreseen. */
static INLINE uint64_t triggers_may_be(const struct masks *masks)
{
    uint64_t gap = masks->space | masks->dash, number = for_eight(masks->digit | gap);
    uint64_t colon = near(masks->colon), pairs = masks->dash & masks->dash >> 3;
    return masks->special | token_starts(masks) | (number & number >> 3 & masks->digit) |
           (masks->colon & masks->colon >> 1) | near(colon) | near(masks->dot) | (pairs & pairs >> 6) |
           (masks->letter & masks->letter >> 1 & masks->digit >> 2 & masks->digit >> 3 & gap >> 4) |
           schemes(masks);
}

/* Token starts of which two are letters, or that may be hexadecimal: plain words, dates and most names are none. Of a run the first counts. */
static uint64_t token_triggers(const struct masks *masks)
{
    uint64_t starts = token_starts(masks), tokens = 0;
    while (starts) {
        uint64_t first = starts & -starts;
        if (has_two(masks->letter >> __builtin_ctzll(starts) & 0x3ff)) {
            tokens |= first;
            /* The rest of the run belongs to the same token: a carry goes through it. */
            starts &= starts + first;
        } else {
            starts &= ~first;
        }
    }
    /* Hexadecimal digits that stand for digits: letters are few. */
    uint64_t run = for_eight(masks->digit | masks->letter);
    return tokens | (for_eight(masks->digit) & run & run >> 6);
}

/* Triggers that need digits. */
static INLINE void digit_triggers(const struct masks *masks, struct triggers *triggers)
{
    uint64_t digit = masks->digit, gap = masks->space | masks->dash;
    uint64_t run = for_eight(digit | gap);
    triggers->digits = digit & run & run >> 4;
    uint64_t two = digit & digit >> 1;
    triggers->groups = two & digit >> 2 & gap >> 3 & two >> 4 & gap >> 6 & digit >> 7 & ~(digit << 1);
    /* The byte before the block is unknown: it counts as a digit. */
    uint64_t dots = masks->dot & digit >> 1 & (digit << 1 | 1);
    dots &= dots >> 2 | dots >> 3 | dots >> 4;
    triggers->dots = dots & (dots >> 2 | dots >> 3 | dots >> 4);
    uint64_t iban = masks->letter & masks->letter >> 1 & two >> 2 & gap >> 4;
    if (iban) {
        uint64_t word = digit | masks->letter;
        triggers->iban = iban & word >> 5 & word >> 6 & word >> 7 & word >> 8 & gap >> 9;
    }
}

static void triggers_of(const struct masks *masks, struct triggers *ret_triggers)
{
    struct triggers triggers = {.special = masks->special, .token = token_triggers(masks)};
    digit_triggers(masks, &triggers);
    triggers.colons = (masks->colon & masks->colon >> 1) | near(near(masks->colon));
    uint64_t dash = masks->dash & masks->dash >> 1;
    triggers.armour = dash & dash >> 2 & masks->dash >> 4 & masks->upper >> 5;
    /* A MAC with dashes: four of them, three bytes apart. */
    dash = masks->dash & masks->dash >> 3;
    triggers.pairs = dash & dash >> 6;
    triggers.schemes = schemes(masks);
    triggers.any = triggers.special | triggers.digits | triggers.groups | triggers.dots | triggers.colons |
                   triggers.iban | triggers.token | triggers.armour | triggers.pairs | triggers.schemes;
    *ret_triggers = triggers;
}

/* The loop of triggers_next, with one way to make masks. */
static INLINE size_t search(struct bytes text, size_t from, struct triggers *ret_triggers, masks_fn *masks_of)
{
    struct masks masks;
    for (; text.size - from > TRIGGER_BLOCK; from += TRIGGER_STEP) {
        masks = masks_of(text.data + from, TRIGGER_BLOCK);
        if (!triggers_may_be(&masks))
            continue;
        triggers_of(&masks, ret_triggers);
        ret_triggers->any &= (UINT64_C(1) << TRIGGER_STEP) - 1;
        if (ret_triggers->any)
            return from;
    }
    masks = masks_of(text.data + from, text.size - from);
    if (!triggers_may_be(&masks))
        return text.size;
    triggers_of(&masks, ret_triggers);
    return ret_triggers->any ? from : text.size;
}

#if TRIGGERS_WIDTH > 1

TARGET_64 static size_t search_by_64(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return search(text, from, ret_triggers, masks_by_64);
}

__attribute__((target("avx2"))) static size_t search_by_32(struct bytes text, size_t from,
                                                           struct triggers *ret_triggers)
{
    return search(text, from, ret_triggers, masks_by_32);
}

static size_t search_by_16(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return search(text, from, ret_triggers, masks_by_16);
}

size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    if (from >= text.size)
        return text.size;
    if (TRIGGERS_WIDTH >= 64 && __builtin_cpu_supports("avx512bw"))
        return search_by_64(text, from, ret_triggers);
    if (TRIGGERS_WIDTH >= 32 && __builtin_cpu_supports("avx2"))
        return search_by_32(text, from, ret_triggers);
    return search_by_16(text, from, ret_triggers);
}

#else

size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return from < text.size ? search(text, from, ret_triggers, masks_by_1) : text.size;
}

#endif
