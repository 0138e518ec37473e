#include "filters/detect/triggers.h"

#include "filters/detect/detect_chars.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Which bytes of a block are what. */
struct masks {
    uint64_t special, digit, letter, upper, space, dash, dot, colon, under;
};

#ifdef __SSE2__

static uint64_t equal(__m128i bytes, char byte)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

/* Bytes from |first| on, |count| of them: moved to the top of the signed range, one comparison tells. */
static __m128i in_range(__m128i bytes, char first, int count)
{
    __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(0x80 - count - first)));
    return _mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(0x7f - count)));
}

static uint64_t range(__m128i bytes, char first, int count)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(in_range(bytes, first, count));
}

static void masks_add(struct masks *masks, const uint8_t *data, unsigned at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);
    __m128i special =
        _mm_or_si128(_mm_or_si128(in_range(bytes, '%', 2), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+'))),
                     _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')),
                                               _mm_cmpeq_epi8(bytes, _mm_set1_epi8('@'))),
                                  _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                               _mm_cmpeq_epi8(bytes, _mm_setzero_si128()))));
    masks->special |= (uint64_t)(uint32_t)_mm_movemask_epi8(special) << at;
    masks->digit |= range(bytes, '0', 10) << at;
    masks->letter |= range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26) << at;
    masks->upper |= range(bytes, 'A', 26) << at;
    masks->space |= equal(bytes, ' ') << at;
    masks->dash |= equal(bytes, '-') << at;
    masks->dot |= equal(bytes, '.') << at;
    masks->colon |= equal(bytes, ':') << at;
    masks->under |= equal(bytes, '_') << at;
}

#else

static void masks_add(struct masks *masks, const uint8_t *data, unsigned at)
{
    for (unsigned i = 0; i < 16; i++) {
        uint8_t byte = data[i];
        unsigned bit = at + i;
        masks->special |= (uint64_t)(byte == '%' || byte == '&' || byte == '+' || byte == '=' ||
                                     byte == '@' || byte == '\\' || byte == 0)
                          << bit;
        masks->digit |= (uint64_t)char_is(byte, CHAR_DIGIT) << bit;
        masks->letter |= (uint64_t)char_is(byte, CHAR_UPPER | CHAR_LOWER) << bit;
        masks->upper |= (uint64_t)char_is(byte, CHAR_UPPER) << bit;
        masks->space |= (uint64_t)(byte == ' ') << bit;
        masks->dash |= (uint64_t)(byte == '-') << bit;
        masks->dot |= (uint64_t)(byte == '.') << bit;
        masks->colon |= (uint64_t)(byte == ':') << bit;
        masks->under |= (uint64_t)(byte == '_') << bit;
    }
}

#endif

/* Offsets from which on |run| holds for as many bytes as the name says. */
static uint64_t for_eight(uint64_t run)
{
    run &= run >> 1;
    run &= run >> 2;
    return run & run >> 4;
}

static uint64_t for_ten(uint64_t run)
{
    run = for_eight(run);
    return run & run >> 2;
}

/* Starts of ten token characters of which two are digits or capitals: plain words are not, and most names are not. */
static uint64_t token_triggers(const struct masks *masks)
{
    uint64_t starts = for_ten(masks->digit | masks->letter | masks->dash | masks->under), tokens = 0;
    uint64_t odd = masks->digit | masks->upper;
    while (starts) {
        unsigned at = (unsigned)__builtin_ctzll(starts);
        uint64_t held = odd >> at & 0x3ff;
        if (held & (held - 1)) {
            tokens |= UINT64_C(1) << at;
            /* The rest of the run belongs to the same token. */
            uint64_t run = starts >> at;
            unsigned length = ~run ? (unsigned)__builtin_ctzll(~run) : 64;
            if (at + length >= 64)
                break;
            starts &= ~UINT64_C(0) << (at + length);
        } else {
            starts &= starts - 1;
        }
    }
    return tokens;
}

/* Triggers that need digits, which most blocks of words lack. */
static void digit_triggers(const struct masks *masks, struct triggers *triggers)
{
    uint64_t digit = masks->digit, gap = masks->space | masks->dash, word = digit | masks->letter;
    uint64_t run = for_eight(digit | gap);
    triggers->digits = digit & run & run >> 4;
    uint64_t two = digit & digit >> 1;
    triggers->groups = two & digit >> 2 & gap >> 3 & two >> 4 & gap >> 6 & digit >> 7;
    /* The byte before the block is unknown: it counts as a digit. */
    uint64_t dots = masks->dot & digit >> 1 & (digit << 1 | 1);
    dots &= dots >> 2 | dots >> 3 | dots >> 4;
    triggers->dots = dots & (dots >> 2 | dots >> 3 | dots >> 4);
    uint64_t letters = masks->letter & masks->letter >> 1;
    triggers->iban = letters & two >> 2 & gap >> 4 & word >> 5 & word >> 6 & word >> 7 & word >> 8 & gap >> 9;
}

struct triggers triggers_of(struct bytes text, size_t from)
{
    struct masks masks = {0};
    const uint8_t *data = text.data + from;
    size_t left = text.size - from;
    uint64_t inside = ~UINT64_C(0);
    if (left > TRIGGER_BLOCK)
        inside = (UINT64_C(1) << TRIGGER_STEP) - 1;
    if (left >= TRIGGER_BLOCK) {
        for (unsigned at = 0; at < TRIGGER_BLOCK; at += 16)
            masks_add(&masks, data + at, at);
    } else {
        uint8_t last[TRIGGER_BLOCK];
        for (unsigned at = 0; at < left; at += 16)
            memset(last + at, '\n', 16);
        memcpy(last, data, left);
        for (unsigned at = 0; at < left; at += 16)
            masks_add(&masks, last + at, at);
    }
    struct triggers triggers = {.special = masks.special & inside};
    if (masks.digit)
        digit_triggers(&masks, &triggers);
    uint64_t colon = masks.colon;
    uint64_t near = colon & (colon >> 2 | colon >> 3 | colon >> 4 | colon >> 5);
    triggers.colons = colon & colon >> 1;
    triggers.colons |= near & (near >> 2 | near >> 3 | near >> 4 | near >> 5);
    uint64_t dash = masks.dash & masks.dash >> 1;
    triggers.armour = dash & dash >> 2 & masks.dash >> 4 & masks.upper >> 5;
    triggers.token = token_triggers(&masks);
    triggers.digits &= inside;
    triggers.groups &= inside;
    triggers.dots &= inside;
    triggers.colons &= inside;
    triggers.iban &= inside;
    triggers.token &= inside;
    triggers.armour &= inside;
    triggers.any = triggers.special | triggers.digits | triggers.groups | triggers.dots | triggers.colons |
                   triggers.iban | triggers.token | triggers.armour;
    return triggers;
}
