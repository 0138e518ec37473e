#include "capture/net/link.h"

#include <pcap/dlt.h>

#define VLAN_TAGS_MAX 4
#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif
#ifndef DLT_IPV4
#define DLT_IPV4 228
#define DLT_IPV6 229
#endif
#define LINKTYPE_RAW 101 /* DLT_RAW differs by platform; files carry this number */

enum ether_type {
    ETHER_IPV4 = 0x0800,
    ETHER_ARP = 0x0806,
    ETHER_VLAN = 0x8100,
    ETHER_IPV6 = 0x86dd,
    ETHER_MPLS = 0x8847,
    ETHER_MPLS_MULTICAST = 0x8848,
    ETHER_PPPOE_DISCOVERY = 0x8863,
    ETHER_PPPOE_SESSION = 0x8864,
    ETHER_QINQ = 0x88a8,
    ETHER_QINQ_OLD = 0x9100,
};

const char *net_verdict_name(enum net_verdict verdict)
{
    static const char *const names[] = {
#define X(name, text) text,
        NET_VERDICTS(X)
#undef X
    };
    return names[verdict];
}

bool link_known(int dlt)
{
    switch (dlt) {
    case DLT_EN10MB:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_RAW:
    case LINKTYPE_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
        return true;
    default:
        return false;
    }
}

bool link_has_vlan(int dlt)
{
    return dlt == DLT_EN10MB;
}

static unsigned read_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static enum net_verdict take(struct bytes frame, size_t offset, struct bytes *ret_ip)
{
    if (offset >= frame.size)
        return NET_SHORT;
    *ret_ip = bytes_make(frame.data + offset, frame.size - offset);
    return NET_TCP;
}

/* |type| is the protocol of what begins at |offset|; VLAN tags before it are stepped over. */
static enum net_verdict take_ether_type(struct bytes frame, unsigned type, size_t offset,
                                        struct bytes *ret_ip)
{
    for (unsigned tags = 0; type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD; tags++) {
        if (tags == VLAN_TAGS_MAX)
            return NET_VLAN_DEPTH;
        if (frame.size < offset + 4)
            return NET_SHORT;
        type = read_u16(frame.data + offset + 2);
        offset += 4;
    }
    switch (type) {
    case ETHER_IPV4:
    case ETHER_IPV6:
        return take(frame, offset, ret_ip);
    case ETHER_ARP:
        return NET_ARP;
    case ETHER_MPLS:
    case ETHER_MPLS_MULTICAST:
        return NET_MPLS;
    case ETHER_PPPOE_DISCOVERY:
    case ETHER_PPPOE_SESSION:
        return NET_PPPOE;
    default:
        return NET_OTHER_NETWORK;
    }
}

static enum net_verdict take_typed(struct bytes frame, size_t type_offset, size_t header_size,
                                   struct bytes *ret_ip)
{
    if (frame.size < header_size)
        return NET_SHORT;
    return take_ether_type(frame, read_u16(frame.data + type_offset), header_size, ret_ip);
}

/* The four bytes are an address family in the capturing machine's byte order (DLT_NULL), or in network order
 * (DLT_LOOP); the family of IPv6 differs by system, so that IP's own version decides. */
static enum net_verdict take_loopback(struct bytes frame, struct bytes *ret_ip)
{
    if (frame.size < 5)
        return NET_SHORT;
    unsigned version = frame.data[4] >> 4;
    if (version != 4 && version != 6)
        return NET_OTHER_NETWORK;
    return take(frame, 4, ret_ip);
}

enum net_verdict link_decode(int dlt, struct bytes frame, struct bytes *ret_ip)
{
    switch (dlt) {
    case DLT_EN10MB:
        return take_typed(frame, 12, 14, ret_ip);
    case DLT_LINUX_SLL:
        return take_typed(frame, 14, 16, ret_ip);
    case DLT_LINUX_SLL2:
        return take_typed(frame, 0, 20, ret_ip);
    case DLT_NULL:
    case DLT_LOOP:
        return take_loopback(frame, ret_ip);
    case DLT_RAW:
    case LINKTYPE_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return take(frame, 0, ret_ip);
    default:
        return NET_OTHER_NETWORK;
    }
}
