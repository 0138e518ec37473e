#include "filters/detect/net_detectors.h"

#include "filters/detect/detect_chars.h"

#define CHAIN_MAX 64 /* no address with embedded IPv4 is longer than 45 */

/* Reads one number of an IPv4 address. Returns its size, or 0. */
static size_t octet_at(struct bytes text, size_t at, unsigned *ret_value)
{
    unsigned value = 0;
    size_t size = 0;
    while (size < 3 && char_at(text, at + size, CHAR_DIGIT))
        value = value * 10 + (text.data[at + size++] - '0');
    if (size == 0 || value > 255 || (size > 1 && text.data[at] == '0'))
        return 0;
    *ret_value = value;
    return size;
}

/* Returns the size of the four numbers at |at|, or 0. */
static size_t quad_at(struct bytes text, size_t at, uint8_t ret_quad[4])
{
    size_t end = at;
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0;
        if (i > 0 && (end >= text.size || text.data[end++] != '.'))
            return 0;
        size_t size = octet_at(text, end, &value);
        if (size == 0)
            return 0;
        ret_quad[i] = (uint8_t)value;
        end += size;
    }
    return end - at;
}

/* Whether "Product/1.2.3.4" or "version 1.2.3.4" stands before |at|. */
static bool version_before(struct bytes text, size_t at)
{
    static const char *const words[] = {"version", "ver", "release", "build", "firmware", "v", "rev"};
    size_t before = at;
    if (before > 0 && text.data[before - 1] == '/') {
        size_t start = before - 1;
        while (start > 0 && before - start < 48 && char_is(text.data[start - 1], CHAR_TOKEN))
            start--;
        if (start == before - 1)
            return false;
        /* A path has a slash before its segment; a product of a User-Agent begins a word, with a capital. */
        return char_is(text.data[start], CHAR_UPPER) &&
               (start == 0 || char_is(text.data[start - 1], CHAR_STOP) || text.data[start - 1] == '(');
    }
    while (before > 0 && at - before < 4 && memchr(" :=\"'\\.", text.data[before - 1], 7))
        before--;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (before < at && word_before(text, before, words[i]))
            return true;
    return false;
}

size_t ipv4_around(struct bytes text, size_t dot, size_t *ret_offset)
{
    size_t at = dot;
    while (at > 0 && dot - at < 4 && char_is(text.data[at - 1], CHAR_DIGIT))
        at--;
    uint8_t quad[4];
    size_t size = dot - at > 3 ? 0 : quad_at(text, at, quad);
    size_t end = at + size;
    if (size == 0 || !value_starts(text, at) || !value_ends(text, end))
        return 0;
    /* A part of more numbers, or of a version with a suffix. */
    if ((at >= 2 && text.data[at - 1] == '.' && char_is(text.data[at - 2], CHAR_DIGIT)) ||
        (end + 1 < text.size && (text.data[end] == '.' || text.data[end] == '_') &&
         char_is(text.data[end + 1], CHAR_DIGIT)) ||
        (end + 1 < text.size && (text.data[end] == '-' || text.data[end] == '+') &&
         char_is(text.data[end + 1], CHAR_UPPER | CHAR_LOWER)))
        return 0;
    if (quad[0] == 0 || quad[0] == 127 || /* RFC 1122 §3.2.1.3: this host */
        (quad[0] & quad[1] & quad[2] & quad[3]) == 255 || version_before(text, at))
        return 0;
    *ret_offset = at;
    return size;
}

/* Reads a group of one to four hexadecimal digits. Returns its size, or 0. */
static size_t group_size(struct bytes text, size_t at)
{
    size_t size = 0;
    while (size < 5 && char_at(text, at + size, CHAR_HEX))
        size++;
    return size <= 4 ? size : 0;
}

size_t ipv6_size(struct bytes text)
{
    unsigned groups = 0, digits = 0;
    bool shortened = false, decimal = false;
    size_t at = 0;
    if (text_has(text, 0, "::")) {
        shortened = true;
        at = 2;
    }
    while (at < text.size) {
        uint8_t quad[4];
        size_t size = group_size(text, at);
        if (size == 0)
            break;
        if (at + size < text.size && text.data[at + size] == '.') {
            size = quad_at(text, at, quad);
            groups += size ? 2 : 0;
            decimal = true;
            at += size;
            break;
        }
        groups++;
        digits += (unsigned)size;
        at += size;
        if (at == text.size || text.data[at] != ':')
            break;
        if (text_has(text, at, "::")) {
            if (shortened)
                return 0;
            shortened = true;
            at += 2;
        } else if (char_at(text, at + 1, CHAR_HEX)) {
            at++;
        } else {
            break;
        }
    }
    if (shortened ? groups > 7 || (digits < 4 && !decimal) : groups != 8)
        return 0;
    return at;
}

/* Whether six pairs stand at |at|, and something else after them. */
static bool pairs_at(struct bytes text, size_t at, uint8_t separator)
{
    if (text.size - at < 17)
        return false;
    unsigned all = 0, any = 0;
    for (size_t i = 0; i < 17; i++) {
        uint8_t byte = text.data[at + i];
        if (i % 3 == 2 ? byte != separator : !char_is(byte, CHAR_HEX))
            return false;
        if (i % 3 == 0) {
            unsigned value = (unsigned)(char_hex(byte) << 4 | (char_hex(text.data[at + i + 1]) & 15));
            any |= value;
            all += value == 255;
        }
    }
    return any != 0 && all != 6;
}

enum colons colons_around(struct bytes text, size_t floor, size_t colon, size_t *ret_offset, size_t *ret_size,
                          size_t *ret_end)
{
    size_t start = colon, end = colon;
    while (start > floor && colon - start < CHAIN_MAX &&
           (text.data[start - 1] == ':' || char_is(text.data[start - 1], CHAR_HEX)))
        start--;
    while (end < text.size && (text.data[end] == ':' || char_is(text.data[end], CHAR_HEX)))
        end++;
    *ret_end = end;
    if (end - start > CHAIN_MAX)
        return COLONS_NOTHING;
    /* "addr:2001:db8::1": what is glued to a word, or is the end of one, is no group; and "word::word" is no address. */
    if (start < colon && text.data[start] != ':' && !value_starts(text, start)) {
        const uint8_t *next = memchr(text.data + start, ':', colon - start + 1);
        start = (size_t)(next - text.data); /* there is one at |colon| */
    }
    if (text_has(text, start, "::")) {
        if (start > 0 && char_is(text.data[start - 1], CHAR_WORD))
            return COLONS_NOTHING;
    } else if (text.data[start] == ':') {
        start++;
    }
    if (end - start == 17 && pairs_at(text, start, ':') && value_ends(text, end)) {
        *ret_offset = start;
        *ret_size = 17;
        return COLONS_MAC;
    }
    size_t tail = end; /* an embedded IPv4 address goes on with dots */
    while (tail < text.size && tail - end < 16 &&
           (text.data[tail] == '.' || char_is(text.data[tail], CHAR_DIGIT)))
        tail++;
    size_t size = start < text.size ? ipv6_size(bytes_make(text.data + start, tail - start)) : 0;
    if (size == 0 || !value_ends(text, start + size) ||
        (start + size < end && text_has(text, start + size, "::")))
        return COLONS_NOTHING;
    /* Chained groups that are more than an address are something else. */
    if (start + size + 1 < end)
        return COLONS_NOTHING;
    *ret_offset = start;
    *ret_size = size;
    return COLONS_IPV6;
}

size_t mac_at(struct bytes text, size_t at)
{
    return text.size - at >= 17 && text.data[at + 2] == '-' && pairs_at(text, at, '-') &&
                   value_starts(text, at) && value_ends(text, at + 17) &&
                   !(at + 17 < text.size && text.data[at + 17] == '-')
               ? 17
               : 0;
}
