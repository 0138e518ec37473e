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

/* What a byte can be: a bit each, in the order of struct masks. */
#define BETWEEN(byte, first, last) ((byte) >= (first) && (byte) <= (last))
#define IS_CAPITAL(byte)           BETWEEN(byte, 'A', 'Z')
#define IS_LETTER(byte)            BETWEEN((byte) | 0x20, 'a', 'z')
#define IS_DIGIT(byte)             BETWEEN(byte, '0', '9')
#define IS_SPECIAL(byte)                                                                                     \
    ((byte) == '%' || (byte) == '&' || (byte) == '+' || (byte) == '=' || (byte) == '@' || (byte) == '\\' ||  \
     (byte) == 0)
#define KINDS_LOW(byte)                                                                                      \
    (IS_SPECIAL(byte) | IS_DIGIT(byte) << 1 | IS_LETTER(byte) << 2 |                                         \
     (IS_LETTER(byte) || IS_DIGIT(byte) || (byte) == '-' || (byte) == '_') << 3 |                            \
     (IS_DIGIT(byte) || (byte) == ' ' || (byte) == '-') << 4 | (IS_DIGIT(byte) || IS_CAPITAL(byte)) << 5 |   \
     ((byte) == '.') << 6 | ((byte) == ':') << 7)
#define KINDS_HIGH(byte)                                                                                     \
    (((byte) == ' ') | ((byte) == '-') << 1 | IS_CAPITAL(byte) << 2 | (((byte) | 0x20) == 'b') << 3 |        \
     (((byte) | 0x20) == 'c') << 4 | (((byte) | 0x20) == 'r') << 5)

/* Which bytes of a block are what. */
struct masks {
    uint64_t special, digit, letter, token, number, strong, dot, colon;
    uint64_t space, dash, capital, b, c, r, none[2];
};

#define EIGHT(kinds, first)                                                                                  \
    kinds(first), kinds((first) + 1), kinds((first) + 2), kinds((first) + 3), kinds((first) + 4),            \
        kinds((first) + 5), kinds((first) + 6), kinds((first) + 7)
#define SIXTY_FOUR(kinds, first)                                                                             \
    EIGHT(kinds, first), EIGHT(kinds, (first) + 8), EIGHT(kinds, (first) + 16), EIGHT(kinds, (first) + 24),  \
        EIGHT(kinds, (first) + 32), EIGHT(kinds, (first) + 40), EIGHT(kinds, (first) + 48),                  \
        EIGHT(kinds, (first) + 56)

/* The kinds of ASCII; all other bytes are of none. */
static const uint8_t kinds_low[128]
    __attribute__((aligned(64))) = {SIXTY_FOUR(KINDS_LOW, 0), SIXTY_FOUR(KINDS_LOW, 64)};
static const uint8_t kinds_high[128]
    __attribute__((aligned(64))) = {SIXTY_FOUR(KINDS_HIGH, 0), SIXTY_FOUR(KINDS_HIGH, 64)};

/* Makes the masks of the |size| bytes at |block|, at most TRIGGER_BLOCK. */
typedef void masks_fn(const uint8_t *block, size_t size, struct masks *ret_masks);

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

/* Makes the masks that others say. |under|: which bytes are '_'. */
static INLINE void masks_complete(struct masks *masks, uint64_t under)
{
    masks->token = masks->digit | masks->letter | masks->dash | under;
    masks->number = masks->digit | masks->space | masks->dash;
    masks->strong = masks->digit | masks->capital;
}

static INLINE void masks_by_16(const uint8_t *block, size_t size, struct masks *ret_masks)
{
    struct masks masks = {0};
    uint64_t under = 0;
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
        masks.capital |= mask16(range16(bytes, 'A', 26)) << at;
        masks.space |= equal16(bytes, ' ') << at;
        masks.dash |= equal16(bytes, '-') << at;
        masks.dot |= equal16(bytes, '.') << at;
        masks.colon |= equal16(bytes, ':') << at;
        under |= equal16(bytes, '_') << at;
        bytes = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        masks.b |= equal16(bytes, 'b') << at;
        masks.c |= equal16(bytes, 'c') << at;
        masks.r |= equal16(bytes, 'r') << at;
    }
    masks_complete(&masks, under);
    *ret_masks = masks;
}

/* Two tables, one by the upper half of a byte and one by the lower half, share a bit for each kind: digits are bit 0, letters bits 1 (upper
 * half 4 and 6) and 2 (5 and 7), blank 3, dash 4, dot 5, colon 6, and '%', '&' and '+' are 7. */
#define UPPER_HALF 0, 0, -0x48, 0x41, 2, 4, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0
#define LOWER_HALF 0x0d, 7, 7, 7, 7, -0x79, -0x79, 7, 7, 7, 0x46, -0x7e, 2, 0x12, 0x22, 2

/* Of each byte the bit |bit|. */
#define BIT_OF(bytes, bit) ((uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16((bytes), 7 - (bit))))
#define EQUAL(bytes, byte) _mm256_cmpeq_epi8((bytes), _mm256_set1_epi8(byte))

/* Adds the masks of 32 bytes, which begin |at| bytes into the block. */
__attribute__((target("avx2"))) static INLINE void add_32(const uint8_t *block, unsigned at,
                                                          struct masks *masks, uint64_t *under)
{
    const __m256i upper_half = _mm256_broadcastsi128_si256(_mm_setr_epi8(UPPER_HALF));
    const __m256i lower_half = _mm256_broadcastsi128_si256(_mm_setr_epi8(LOWER_HALF));
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(block + at));
    __m256i halves = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
    __m256i kinds =
        _mm256_and_si256(_mm256_shuffle_epi8(upper_half, halves), _mm256_shuffle_epi8(lower_half, bytes));
    __m256i special = _mm256_or_si256(_mm256_or_si256(EQUAL(bytes, '='), EQUAL(bytes, '@')),
                                      _mm256_or_si256(EQUAL(bytes, '\\'), EQUAL(bytes, 0)));
    __m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    uint64_t letter = BIT_OF(kinds, 1) | BIT_OF(kinds, 2);
    masks->special |= BIT_OF(_mm256_or_si256(kinds, special), 7) << at;
    masks->digit |= BIT_OF(kinds, 0) << at;
    masks->letter |= letter << at;
    masks->capital |= (letter & ~BIT_OF(bytes, 5)) << at;
    masks->space |= BIT_OF(kinds, 3) << at;
    masks->dash |= BIT_OF(kinds, 4) << at;
    masks->dot |= BIT_OF(kinds, 5) << at;
    masks->colon |= BIT_OF(kinds, 6) << at;
    *under |= BIT_OF(EQUAL(bytes, '_'), 7) << at;
    masks->b |= BIT_OF(EQUAL(folded, 'b'), 7) << at;
    masks->c |= BIT_OF(EQUAL(folded, 'c'), 7) << at;
    masks->r |= BIT_OF(EQUAL(folded, 'r'), 7) << at;
}

__attribute__((target("avx2"))) static INLINE void masks_by_32(const uint8_t *block, size_t size,
                                                               struct masks *ret_masks)
{
    struct masks masks = {0};
    uint64_t under = 0;
    uint8_t last[TRIGGER_BLOCK];
    block = padded(block, size, last);
    add_32(block, 0, &masks, &under);
    if (size > 32)
        add_32(block, 32, &masks, &under);
    masks_complete(&masks, under);
    *ret_masks = masks;
}

#define TARGET_64 __attribute__((target("avx512f,avx512bw,avx512vbmi,gfni")))

/* Kinds of 64 bytes, eight bits each, become eight masks: the bits of each eight bytes are transposed, then the bytes of each mask brought together. */
TARGET_64 static INLINE __m512i masks_of_kinds(__m512i kinds)
{
    static const uint8_t together[64] __attribute__((aligned(64))) = {
        0,  8,  16, 24, 32, 40, 48, 56, 1,  9,  17, 25, 33, 41, 49, 57, 2,  10, 18, 26, 34, 42,
        50, 58, 3,  11, 19, 27, 35, 43, 51, 59, 4,  12, 20, 28, 36, 44, 52, 60, 5,  13, 21, 29,
        37, 45, 53, 61, 6,  14, 22, 30, 38, 46, 54, 62, 7,  15, 23, 31, 39, 47, 55, 63};
    __m512i each = _mm512_set1_epi64((long long)UINT64_C(0x8040201008040201));
    __m512i transposed = _mm512_gf2p8affine_epi64_epi8(each, kinds, 0);
    return _mm512_permutexvar_epi8(_mm512_load_si512(together), transposed);
}

TARGET_64 static INLINE void masks_by_64(const uint8_t *block, size_t size, struct masks *ret_masks)
{
    /* A transposed row holds the last byte first. */
    static const uint8_t reversed[64] __attribute__((aligned(64))) = {
        7,  6,  5,  4,  3,  2,  1,  0,  15, 14, 13, 12, 11, 10, 9,  8,  23, 22, 21, 20, 19, 18,
        17, 16, 31, 30, 29, 28, 27, 26, 25, 24, 39, 38, 37, 36, 35, 34, 33, 32, 47, 46, 45, 44,
        43, 42, 41, 40, 55, 54, 53, 52, 51, 50, 49, 48, 63, 62, 61, 60, 59, 58, 57, 56};
    uint64_t inside = size < TRIGGER_BLOCK ? (UINT64_C(1) << size) - 1 : ~UINT64_C(0);
    __m512i bytes =
        _mm512_permutexvar_epi8(_mm512_load_si512(reversed), _mm512_maskz_loadu_epi8(inside, block));
    __mmask64 ascii = ~_mm512_movepi8_mask(bytes);
    __m512i low = _mm512_maskz_permutex2var_epi8(ascii, _mm512_load_si512(kinds_low), bytes,
                                                 _mm512_load_si512(kinds_low + 64));
    __m512i high = _mm512_maskz_permutex2var_epi8(ascii, _mm512_load_si512(kinds_high), bytes,
                                                  _mm512_load_si512(kinds_high + 64));
    _mm512_storeu_si512(ret_masks, masks_of_kinds(low));
    _mm512_storeu_si512(&ret_masks->space, masks_of_kinds(high));
    ret_masks->special &= inside; /* what is not there was read as zeros */
}

#endif

#if TRIGGERS_WIDTH == 1

static INLINE void masks_by_1(const uint8_t *block, size_t size, struct masks *ret_masks)
{
    uint64_t masks[16] = {0};
    for (size_t i = 0; i < size; i++) {
        unsigned kinds = block[i] < 128 ? kinds_low[block[i]] | (unsigned)kinds_high[block[i]] << 8 : 0;
        for (; kinds; kinds &= kinds - 1)
            masks[__builtin_ctz(kinds)] |= UINT64_C(1) << i;
    }
    memcpy(ret_masks, masks, sizeof masks);
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
    uint64_t run = for_eight(masks->token);
    run &= run >> 2;
    return run ? run & two_of_ten(masks->strong) : 0;
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
    uint64_t gap = masks->space | masks->dash, number = for_eight(masks->number);
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
    uint64_t run = for_eight(masks->number);
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

__attribute__((noinline)) static void triggers_of(const struct masks *masks, struct triggers *ret_triggers)
{
    struct triggers triggers = {.special = masks->special, .token = token_triggers(masks)};
    digit_triggers(masks, &triggers);
    triggers.colons = (masks->colon & masks->colon >> 1) | near(near(masks->colon));
    uint64_t dash = masks->dash & masks->dash >> 1;
    triggers.armour = dash & dash >> 2 & masks->dash >> 4 & masks->capital >> 5;
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
        masks_of(text.data + from, TRIGGER_BLOCK, &masks);
        if (!triggers_may_be(&masks))
            continue;
        triggers_of(&masks, ret_triggers);
        ret_triggers->any &= (UINT64_C(1) << TRIGGER_STEP) - 1;
        if (ret_triggers->any)
            return from;
    }
    masks_of(text.data + from, text.size - from, &masks);
    if (!triggers_may_be(&masks))
        return text.size;
    triggers_of(&masks, ret_triggers);
    return ret_triggers->any ? from : text.size;
}

/* What bytes weigh in a short text: together below DULL_BELOW none of the triggers can be there. Two digits or capitals, four dashes, two
 * colons, three dots with their digits, a blank behind what may be the 'b' of a scheme. */
#define SHORT_TEXT 24
#define DULL_BELOW 128
#define WEIGHT(byte)                                                                                         \
    (IS_SPECIAL(byte) || (byte) == 'B'                                                       ? 128           \
     : IS_DIGIT(byte) || IS_CAPITAL(byte) || (byte) == ':' || (byte) == ' ' || (byte) == 'b' ? 64            \
     : (byte) == '-'                                                                         ? 32            \
                                                                                             : 0)
static const uint8_t weights[256] = {SIXTY_FOUR(WEIGHT, 0), SIXTY_FOUR(WEIGHT, 64)};

static INLINE bool is_dull(struct bytes text, size_t from)
{
    unsigned weight = 0;
    if (text.size - from > SHORT_TEXT)
        return false;
    for (size_t i = from; i < text.size; i++)
        weight += weights[text.data[i]];
    return weight < DULL_BELOW;
}

#if TRIGGERS_WIDTH > 1

/* GCC 12 leaves out the vzeroupper on the way out that comes from triggers_of, and with the upper halves of vectors in use all
 * code for SSE2 that follows, in this program and in libraries, waits for them at each instruction. */
TARGET_64 static size_t search_by_64(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    size_t found = search(text, from, ret_triggers, masks_by_64);
    _mm256_zeroupper();
    return found;
}

__attribute__((target("avx2"))) static size_t search_by_32(struct bytes text, size_t from,
                                                           struct triggers *ret_triggers)
{
    size_t found = search(text, from, ret_triggers, masks_by_32);
    _mm256_zeroupper();
    return found;
}

static size_t search_by_16(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return search(text, from, ret_triggers, masks_by_16);
}

size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    if (from >= text.size || is_dull(text, from))
        return text.size;
    if (TRIGGERS_WIDTH >= 64 && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("gfni"))
        return search_by_64(text, from, ret_triggers);
    if (TRIGGERS_WIDTH >= 32 && __builtin_cpu_supports("avx2"))
        return search_by_32(text, from, ret_triggers);
    return search_by_16(text, from, ret_triggers);
}

#else

size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers)
{
    return from < text.size && !is_dull(text, from) ? search(text, from, ret_triggers, masks_by_1)
                                                    : text.size;
}

#endif
