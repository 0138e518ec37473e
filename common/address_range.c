#include "common/address_range.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Cuts what follows the last |mark| off |text|. Returns false where there is none. */
static bool cut_after(struct bytes *text, char mark, struct bytes *ret_rest)
{
    const uint8_t *at = text->size ? memrchr(text->data, mark, text->size) : NULL;
    if (!at)
        return false;
    size_t size = (size_t)(at - text->data);
    *ret_rest = bytes_make(at + 1, text->size - size - 1);
    text->size = size;
    return true;
}

static bool parse_port(struct bytes text, uint16_t *ret_port)
{
    uint64_t port;
    if (!bytes_to_u64(text, &port) || port == 0 || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* Takes ":PORT" off the end, where |text| has one. */
static bool take_port(struct bytes *text, uint16_t *ret_port)
{
    struct bytes rest;
    *ret_port = 0;
    bool bracket = text->size && text->data[0] == '[';
    const uint8_t *colon = text->size ? memchr(text->data, ':', text->size) : NULL;
    if (!colon)
        return true;
    if (!bracket && memchr(colon + 1, ':', (size_t)(text->data + text->size - colon) - 1))
        return true; /* IPv6 without brackets has no port */
    if (!bracket)
        return cut_after(text, ':', &rest) && parse_port(rest, ret_port);
    const uint8_t *close = memchr(text->data, ']', text->size);
    const uint8_t *after = close ? memchr(close, ':', (size_t)(text->data + text->size - close)) : NULL;
    if (!after)
        return true;
    struct bytes port = bytes_make(after + 1, (size_t)(text->data + text->size - after) - 1);
    text->size = (size_t)(after - text->data);
    return parse_port(port, ret_port);
}

static bool parse_ip(struct bytes text, struct address *ret_address)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size >= 2 && text.data[0] == '[' && text.data[text.size - 1] == ']') {
        text = bytes_make(text.data + 1, text.size - 2);
        if (!text.size || !memchr(text.data, ':', text.size))
            return false;
    }
    if (text.size == 0 || text.size >= sizeof copy || memchr(text.data, '\0', text.size))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    ret_address->family = strchr(copy, ':') ? AF_INET6 : AF_INET;
    return inet_pton(ret_address->family, copy, ret_address->ip) == 1;
}

static void clear_after(uint8_t *ip, unsigned prefix_bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = prefix_bits > i * 8 ? prefix_bits - i * 8 : 0;
        if (kept < 8)
            ip[i] &= (uint8_t)(0xff00 >> kept);
    }
}

/* An IPv4-mapped address is taken for the IPv4 one. */
static void unmap(struct address *address)
{
    if (address->family != AF_INET6 || memcmp(address->ip, mapped, sizeof mapped) != 0)
        return;
    memmove(address->ip, address->ip + 12, 4);
    memset(address->ip + 4, 0, 12);
    address->family = AF_INET;
}

bool address_range_parse(struct bytes text, struct address_range *ret_range)
{
    struct address_range range = {0};
    struct bytes length;
    uint64_t bits;
    if (!take_port(&text, &range.address.port))
        return false;
    bool has_length = cut_after(&text, '/', &length);
    if (!parse_ip(text, &range.address))
        return false;
    uint64_t most = range.address.family == AF_INET ? 32 : 128;
    if (!has_length)
        bits = most;
    else if (!bytes_to_u64(length, &bits) || bits > most)
        return false;
    if (range.address.family == AF_INET6 && bits >= 96 &&
        memcmp(range.address.ip, mapped, sizeof mapped) == 0) {
        unmap(&range.address);
        bits -= 96;
    }
    range.prefix_bits = (uint8_t)bits;
    clear_after(range.address.ip, range.prefix_bits);
    *ret_range = range;
    return true;
}

struct address_range address_range_of(const struct address *address)
{
    struct address_range range = {.address = *address};
    unmap(&range.address);
    range.prefix_bits = range.address.family == AF_INET ? 32 : 128;
    return range;
}

bool address_range_holds(const struct address_range *range, const struct address *address)
{
    struct address plain = *address;
    unmap(&plain);
    if (plain.family != range->address.family)
        return false;
    if (range->address.port && range->address.port != plain.port)
        return false;
    unsigned whole = range->prefix_bits / 8, rest = range->prefix_bits % 8;
    if (memcmp(plain.ip, range->address.ip, whole) != 0)
        return false;
    return rest == 0 || ((plain.ip[whole] ^ range->address.ip[whole]) & (uint8_t)(0xff00 >> rest)) == 0;
}

bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (address_range_holds(&ranges->items[i], address))
            return true;
    return false;
}
