#include "filters/detect/triggers.h"

#include "filters/detect/detect_chars.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define INLINE inline __attribute__((always_inline))

/* Which bytes of a block are what. */
struct masks {
    uint64_t special, digit, letter, upper, space, dash, dot, colon, under, c;
};

/* Makes the masks of |size| bytes at |block|, which has TRIGGER_BLOCK of them. */
typedef struct masks masks_fn(const uint8_t *block, size_t size);

#ifdef __SSE2__

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

static INLINE struct masks masks_by_16(const uint8_t *block, size_t size)
{
    struct masks masks = {0};
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
        masks.c |= equal16(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'c') << at;
    }
    return masks;
}

/* Of each byte the bit |bit|. */
#define BIT_OF(bytes, bit) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16((bytes), 7 - (bit))))
#define EQUAL(bytes, byte) _mm256_cmpeq_epi8((bytes), _mm256_set1_epi8(byte))
#define TWICE(...)         _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* Two tables, one by the upper half of a byte and one by the lower half, share a bit for each kind: digits are bit 0, letters bits 1 (upper
 * half 4 and 6) and 2 (5 and 7), blank 3, dash 4, dot 5, colon 6, and '%', '&' and '+' are 7. */
__attribute__((target("avx2"))) static INLINE struct masks masks_by_32(const uint8_t *block, size_t size)
{
    const __m256i upper_half = TWICE(0, 0, -0x48, 0x41, 2, 4, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i lower_half = TWICE(0x0d, 7, 7, 7, 7, -0x79, -0x79, 7, 7, 7, 0x46, -0x7e, 2, 0x12, 0x22, 2);
    struct masks masks = {0};
    for (size_t at = 0; at < size; at += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(block + at));
        __m256i halves = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
        __m256i kinds =
            _mm256_and_si256(_mm256_shuffle_epi8(upper_half, halves), _mm256_shuffle_epi8(lower_half, bytes));
        __m256i special = _mm256_or_si256(_mm256_or_si256(EQUAL(bytes, '='), EQUAL(bytes, '@')),
                                          _mm256_or_si256(EQUAL(bytes, '\\'), EQUAL(bytes, 0)));
        uint64_t letter = BIT_OF(kinds, 1) | BIT_OF(kinds, 2);
        masks.special |= BIT_OF(_mm256_or_si256(kinds, special), 7) << at;
        masks.digit |= BIT_OF(kinds, 0) << at;
        masks.letter |= letter << at;
        masks.upper |= (letter & ~BIT_OF(bytes, 5)) << at;
        masks.space |= BIT_OF(kinds, 3) << at;
        masks.dash |= BIT_OF(kinds, 4) << at;
        masks.dot |= BIT_OF(kinds, 5) << at;
        masks.colon |= BIT_OF(kinds, 6) << at;
        masks.under |= BIT_OF(EQUAL(bytes, '_'), 7) << at;
        masks.c |= BIT_OF(EQUAL(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'c'), 7) << at;
    }
    return masks;
}

#else

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
        masks.c |= (uint64_t)((byte | 0x20) == 'c') << i;
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

/* Starts of ten token characters of which two are digits or capitals and two are letters: plain words, dates and most names are not. */
static INLINE uint64_t token_triggers(const struct masks *masks)
{
    uint64_t starts = for_eight(masks->digit | masks->letter | masks->dash | masks->under), tokens = 0;
    uint64_t odd = masks->digit | masks->upper;
    starts &= starts >> 2;
    while (starts) {
        unsigned at = (unsigned)__builtin_ctzll(starts);
        if (!has_two(odd >> at & 0x3ff) || !has_two(masks->letter >> at & 0x3ff)) {
            starts &= starts - 1;
            continue;
        }
        tokens |= UINT64_C(1) << at;
        /* The rest of the run belongs to the same token: a carry goes through it. */
        starts &= starts + (UINT64_C(1) << at);
    }
    return tokens;
}

/* Triggers that need digits, which blocks of words lack. */
static INLINE void digit_triggers(const struct masks *masks, struct triggers *triggers)
{
    uint64_t digit = masks->digit, gap = masks->space | masks->dash;
    uint64_t run = for_eight(digit | gap);
    triggers->digits = digit & run & run >> 4;
    /* Hexadecimal digits that stand for digits: letters are few. */
    run = for_eight(digit | masks->letter);
    triggers->token = for_eight(digit) & run & run >> 6;
    uint64_t two = digit & digit >> 1;
    triggers->groups = two & digit >> 2 & gap >> 3 & two >> 4 & gap >> 6 & digit >> 7 & ~(digit << 1);
    /* The byte before the block is unknown: it counts as a digit. */
    uint64_t dots = masks->dot & digit >> 1 & (digit << 1 | 1);
    if (dots) {
        dots &= dots >> 2 | dots >> 3 | dots >> 4;
        triggers->dots = dots & (dots >> 2 | dots >> 3 | dots >> 4);
    }
    uint64_t iban = masks->letter & masks->letter >> 1 & two >> 2 & gap >> 4;
    if (iban) {
        uint64_t word = digit | masks->letter;
        triggers->iban = iban & word >> 5 & word >> 6 & word >> 7 & word >> 8 & gap >> 9;
    }
}

static INLINE struct triggers triggers_of(const struct masks *masks)
{
    struct triggers triggers = {.special = masks->special};
    if (masks->digit)
        digit_triggers(masks, &triggers);
    uint64_t colon = masks->colon;
    uint64_t near = colon & (colon >> 2 | colon >> 3 | colon >> 4 | colon >> 5);
    triggers.colons = (colon & colon >> 1) | (near & (near >> 2 | near >> 3 | near >> 4 | near >> 5));
    uint64_t dash = masks->dash & masks->dash >> 1;
    triggers.armour = dash & dash >> 2 & masks->dash >> 4 & masks->upper >> 5;
    /* A MAC with dashes: four of them, three bytes apart. */
    dash = masks->dash & masks->dash >> 3;
    triggers.pairs = dash & dash >> 6;
    triggers.token |= token_triggers(masks);
    uint64_t letter = masks->letter;
    triggers.basic = letter & letter >> 1 & masks->c >> 4 & masks->space >> 5 & letter >> 6 & ~(letter << 1);
    triggers.any = triggers.special | triggers.digits | triggers.groups | triggers.dots | triggers.colons |
                   triggers.iban | triggers.token | triggers.armour | triggers.pairs | triggers.basic;
    return triggers;
}

/* The loop of triggers_next, with one way to make masks. */
static INLINE size_t search(struct bytes text, size_t from, struct triggers *ret_triggers, masks_fn *masks_of)
{
    uint8_t last[TRIGGER_BLOCK];
    struct masks masks;
    for (; text.size - from > TRIGGER_BLOCK; from += TRIGGER_STEP) {
        masks = masks_of(text.data + from, TRIGGER_BLOCK);
        struct triggers triggers = triggers_of(&masks);
        triggers.any &= (UINT64_C(1) << TRIGGER_STEP) - 1;
        if (triggers.any) {
            *ret_triggers = triggers;
            return from;
        }
    }
    memset(last, '\n', sizeof last);
    memcpy(last, text.data + from, text.size - from);
    masks = masks_of(last, text.size - from);
    *ret_triggers = triggers_of(&masks);
    return ret_triggers->any ? from : text.size;
}

#ifdef __SSE2__

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
    return __builtin_cpu_supports("avx2") ? search_by_32(text, from, ret_triggers)
                                          : search_by_16(text, from, ret_triggers);
}

#else

size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return from < text.size ? search(text, from, ret_triggers, masks_by_1) : text.size;
}

#endif
