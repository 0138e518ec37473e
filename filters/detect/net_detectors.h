/* Addresses of networks: IPv4, IPv6, MAC. */
#ifndef FILTERS_DETECT_NET_DETECTORS_H
#define FILTERS_DETECT_NET_DETECTORS_H

#include "common/buffer.h"

#include <stdbool.h>

/* Returns the size of the dotted IPv4 address whose first dot stands at |dot|, or 0, and where it begins. Version numbers are none
 * (after "v", "version", or a product name and a slash), nor are 0/8, 127.0.0.1 and 255.255.255.255, which are nobody's. */
size_t ipv4_around(struct bytes text, size_t dot, size_t *ret_offset);

/* What stands around colons. */
enum colons {
    COLONS_NOTHING,
    COLONS_IPV6,
    COLONS_MAC,
};
/* Looks at the chain of hexadecimal groups and colons around |colon|, not before |floor|. Returns what it is, where that begins
 * and how long it is. |ret_end| is where the chain ends, in any case. "::", "::1" and the MACs of all zeros and ones are nothing. */
enum colons colons_around(struct bytes text, size_t floor, size_t colon, size_t *ret_offset, size_t *ret_size,
                          size_t *ret_end);
/* Returns the size of the IPv6 address (RFC 4291 §2.2, with an embedded IPv4 address too) at the start of |text|, which ends with
 * the chain, or 0. */
size_t ipv6_size(struct bytes text);
/* Returns 17 where a MAC with dashes begins at |at|, else 0. */
size_t mac_at(struct bytes text, size_t at);

#endif
