#include "filters/detect/coded_text.h"

#include "filters/detect/detect_chars.h"

/* Where in a quad a character can stand, if the quad stands for three bytes from 0x20 to 0x7e: bit i is place i. The first has the upper six bits
 * of the first byte, 8 to 31; the second two bits of it and four of the second byte, 2 to 7; the third four of that and two of the third, 0 or 1. */
/* clang-format off */
static const uint8_t places[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8, 0, 8, 14, 14, 10, 10, 12, 12, 8, 8, 12, 12, 0, 0, 0, 0, 0, 0,
    0, 12, 12, 10, 10, 14, 14, 10, 10, 13, 13, 9, 9, 13, 13, 9, 9, 13, 13, 11, 11, 15, 15, 11, 11, 13, 13, 0, 0, 0, 0, 8,
    0, 9, 9, 13, 13, 9, 9, 12, 12, 10, 10, 14, 14, 10, 10, 12, 12, 8, 8, 12, 12, 8, 8, 12, 12, 10, 10, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

/* Whether the character at |at| can stand at |place|. */
static bool fits(struct bytes text, size_t at, unsigned place)
{
    return places[text.data[at]] >> place & 1;
}

static bool quad_fits(struct bytes text, size_t at)
{
    return fits(text, at, 0) && fits(text, at + 1, 1) && fits(text, at + 2, 2);
}

/* Whether |byte| can be the second and last character of a quad: four bits of it are of no use, and zero. */
static bool ends_run(uint8_t byte)
{
    return byte == 'A' || byte == 'Q' || byte == 'g' || byte == 'w';
}

bool coded_base64_next(struct bytes text, size_t from, size_t end, size_t *ret_start, size_t *ret_end)
{
    while (from < end && end - from >= CODED_BASE64_LEAST) {
        /* A stretch that begins here or at the next quad has both: the second one tells first. */
        if (!quad_fits(text, from + 4)) {
            from += 8;
            continue;
        }
        if (!quad_fits(text, from))
            from += 4;
        size_t last = from + 4;
        while (end - last >= 4 && quad_fits(text, last))
            last += 4;
        unsigned place = 0;
        for (; place < 3 && last < end && fits(text, last, place); place++)
            last++;
        if (place == 1 && last < end && ends_run(text.data[last]))
            last++;
        if (last - from >= CODED_BASE64_LEAST) {
            *ret_start = from;
            *ret_end = last;
            return true;
        }
        from += (last - from + 3) / 4 * 4;
    }
    return false;
}

/* Whether the two digits at |at| stand for printable ASCII, a tab or the end of a line: private keys have lines. */
static bool pair_fits(struct bytes text, size_t at)
{
    uint8_t second = text.data[at + 1];
    if (text.data[at] == '0')
        return second == '9' || char_lower(second) == 'a' || char_lower(second) == 'd';
    return text.data[at] >= '2' && text.data[at] <= '7' && char_is(second, CHAR_HEX);
}

bool coded_hex_next(struct bytes text, size_t from, size_t end, size_t *ret_start, size_t *ret_end)
{
    while (from < end && end - from >= CODED_HEX_LEAST) {
        /* From the last pair of the shortest stretch back: where one does not fit, no stretch goes over it. */
        size_t pair = from + CODED_HEX_LEAST;
        while (pair > from && pair_fits(text, pair - 2))
            pair -= 2;
        if (pair > from) {
            from = pair;
            continue;
        }
        size_t last = from + CODED_HEX_LEAST;
        while (end - last >= 2 && pair_fits(text, last))
            last += 2;
        *ret_start = from;
        *ret_end = last;
        return true;
    }
    return false;
}
