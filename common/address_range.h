/* Ranges of transport addresses, as people write them: 192.0.2.7, 192.0.2.0/24, 192.0.2.7:80, 2001:db8::/32,
 * [2001:db8::1]:80, [2001:db8::]/32. */
#ifndef COMMON_ADDRESS_RANGE_H
#define COMMON_ADDRESS_RANGE_H

#include "common/buffer.h"
#include "common/exchange.h"

#include <stdbool.h>

/* Invariant: the bits of address.ip after |prefix_bits| are zero. */
struct address_range {
    struct address address; /* port 0: every port */
    uint8_t prefix_bits;    /* at most 32, 128 */
};

struct address_ranges {
    const struct address_range *items;
    size_t count;
};

/* Reads one range. Returns false where |text| is none. */
bool address_range_parse(struct bytes text, struct address_range *ret_range);
/* Returns the range of |address| alone; with port 0, of all its ports. */
struct address_range address_range_of(const struct address *address);
/* Returns whether |address| lies in |range|. An IPv4-mapped IPv6 address is the IPv4 address. */
bool address_range_holds(const struct address_range *range, const struct address *address);
/* Returns whether |address| lies in one of |ranges|. */
bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address);

#endif
