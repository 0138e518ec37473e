#include "capture/net/link.h"

#include "capture/net/cursor.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/socket.h>

/* Numbers that differ by platform or that older headers lack; files carry these. */
enum link_type {
    LINK_RAW_BSD = 14,
    LINK_RAW_FILE = 101,
    LINK_LOOP_FILE = 108,
    LINK_ENC_FILE = 109,
    LINK_SLL2 = 276,
};

#define LINK_TYPES(X)                                                                                        \
    X(DLT_EN10MB, take_ethernet)                                                                             \
    X(DLT_NULL, take_loopback)                                                                               \
    X(LINK_LOOP_FILE, take_loopback)                                                                         \
    X(DLT_RAW, take_raw)                                                                                     \
    X(LINK_RAW_BSD, take_raw)                                                                                \
    X(LINK_RAW_FILE, take_raw)                                                                               \
    X(DLT_IPV4, take_raw)                                                                                    \
    X(DLT_IPV6, take_raw)                                                                                    \
    X(DLT_LINUX_SLL, take_cooked)                                                                            \
    X(LINK_SLL2, take_cooked_2)                                                                              \
    X(DLT_PPP, take_ppp)                                                                                     \
    X(DLT_PPP_SERIAL, take_ppp_serial)                                                                       \
    X(DLT_PPP_ETHER, take_ppp_ether)                                                                         \
    X(DLT_PPP_PPPD, take_ppp_pppd)                                                                           \
    X(DLT_PPP_WITH_DIR, take_ppp_direction)                                                                  \
    X(DLT_C_HDLC, take_hdlc)                                                                                 \
    X(DLT_FRELAY, take_frame_relay)                                                                          \
    X(DLT_MPLS, take_mpls)                                                                                   \
    X(DLT_NFLOG, take_nflog)                                                                                 \
    X(DLT_IPNET, take_ipnet)                                                                                 \
    X(DLT_PFLOG, take_pflog)                                                                                 \
    X(LINK_ENC_FILE, take_enc)                                                                               \
    X(DLT_IEEE802_11, take_wlan)                                                                             \
    X(DLT_IEEE802_11_RADIO, take_radiotap)                                                                   \
    X(DLT_IEEE802_11_RADIO_AVS, take_avs)                                                                    \
    X(DLT_PRISM_HEADER, take_prism)

bool link_known(int dlt)
{
    switch (dlt) {
#define X(type, take) case type:
        LINK_TYPES(X)
#undef X
        return true;
    default:
        return false;
    }
}

bool link_has_vlan(int dlt)
{
    return dlt == DLT_EN10MB;
}

char *link_name(int dlt, char *text)
{
    const char *name = pcap_datalink_val_to_name(dlt);
    if (dlt == LINK_OTHER)
        snprintf(text, LINK_NAME_SIZE, "link_other");
    else if (name)
        snprintf(text, LINK_NAME_SIZE, "link_%s", name);
    else
        snprintf(text, LINK_NAME_SIZE, "link_%d", dlt);
    for (char *at = text; *at; at++)
        *at = (char)(*at == '-' ? '_' : tolower((unsigned char)*at));
    return text;
}

/* Steps over |size| bytes of which nothing is wanted. */
static enum net_verdict step(struct cursor *cursor, size_t size, enum net_layer layer)
{
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    return cursor_next(cursor, size, layer, 0);
}

static enum net_verdict take_ethernet(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_ETHERNET, 0);
}

static enum net_verdict take_raw(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_IP, 0);
}

/* The four bytes are an address family in the capturing machine's byte order (DLT_NULL), or in network order
 * (DLT_LOOP); the family of IPv6 differs by system, so that IP's own version decides. */
static enum net_verdict take_loopback(struct cursor *cursor)
{
    return step(cursor, 4, LAYER_IP);
}

/* |type| is the protocol that Linux gave a cooked frame of |hardware| (an ARPHRD_ value), behind |size| bytes.
 * On the interface `any` the frames of a VLAN come twice, with their tag and without. */
static enum net_verdict take_cooked_type(struct cursor *cursor, size_t size, unsigned hardware, unsigned type)
{
    enum { HARDWARE_WLAN = 801, HARDWARE_RADIOTAP = 803, HARDWARE_NETLINK = 824 };
    enum { TYPE_802_3 = 1, TYPE_802_2 = 4 };
    cursor->ignores_vlan = true;
    if (hardware >= HARDWARE_WLAN && hardware <= HARDWARE_RADIOTAP)
        return NET_WLAN;
    if (hardware == HARDWARE_NETLINK || type == TYPE_802_3)
        return NET_OTHER_NETWORK;
    if (type == TYPE_802_2)
        return cursor_next(cursor, size, LAYER_LLC, 0);
    if (type < 0x0600) /* Linux's own numbers */
        return NET_OTHER_NETWORK;
    return cursor_next(cursor, size, LAYER_ETHER_TYPE, type);
}

static enum net_verdict take_cooked(struct cursor *cursor)
{
    if (cursor->bytes.size < 16)
        return cursor_lacks(cursor, 16);
    const uint8_t *header = cursor->bytes.data;
    return take_cooked_type(cursor, 16, read_u16(header + 2), read_u16(header + 14));
}

static enum net_verdict take_cooked_2(struct cursor *cursor)
{
    if (cursor->bytes.size < 20)
        return cursor_lacks(cursor, 20);
    const uint8_t *header = cursor->bytes.data;
    return take_cooked_type(cursor, 20, read_u16(header + 8), read_u16(header));
}

static enum net_verdict take_ppp(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_PPP, 0);
}

/* Address, control, ether type. */
static enum net_verdict take_hdlc(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    return cursor_next(cursor, 4, LAYER_ETHER_TYPE, read_u16(cursor->bytes.data + 2));
}

/* PPP, or Cisco's HDLC, whose addresses are these two. */
static enum net_verdict take_ppp_serial(struct cursor *cursor)
{
    if (cursor->bytes.size > 0 && (cursor->bytes.data[0] == 0x0f || cursor->bytes.data[0] == 0x8f))
        return take_hdlc(cursor);
    return take_ppp(cursor);
}

static enum net_verdict take_ppp_ether(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_PPPOE, 0);
}

/* A direction stands where the address does, before the control byte. */
static enum net_verdict take_ppp_pppd(struct cursor *cursor)
{
    if (cursor->bytes.size >= 2 && cursor->bytes.data[0] <= 1 && cursor->bytes.data[1] == 3)
        return step(cursor, 2, LAYER_PPP);
    return take_ppp(cursor);
}

static enum net_verdict take_ppp_direction(struct cursor *cursor)
{
    return step(cursor, 1, LAYER_PPP);
}

/* A Q.922 address of two bytes, then NLPID behind a control byte (RFC 2427), or Cisco's ether type. */
static enum net_verdict take_frame_relay(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    const uint8_t *header = cursor->bytes.data;
    if ((header[0] & 1) || !(header[1] & 1)) /* addresses of other lengths */
        return NET_OTHER_NETWORK;
    if (header[2] != 3)
        return cursor_next(cursor, 4, LAYER_ETHER_TYPE, read_u16(header + 2));
    if (header[3] == 0xcc || header[3] == 0x8e)
        return cursor_next(cursor, 4, LAYER_IP, 0);
    if (cursor->bytes.size < 10)
        return cursor_lacks(cursor, 10);
    if (header[3] == 0 && header[4] == 0x80 && read_u24(header + 5) == 0)
        return cursor_next(cursor, 10, LAYER_ETHER_TYPE, read_u16(header + 8));
    return NET_OTHER_NETWORK;
}

static enum net_verdict take_mpls(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_MPLS, 0);
}

static unsigned read_u16_order(const uint8_t *at, bool little)
{
    return little ? (unsigned)at[1] << 8 | at[0] : read_u16(at);
}

/* Attributes in the capturing machine's byte order, of which one is the packet. */
static enum net_verdict take_nflog(struct cursor *cursor)
{
    enum { ATTRIBUTE_PAYLOAD = 9, ATTRIBUTE_MAX = 64, FAMILY_ARP = 3 };
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    const uint8_t *header = cursor->bytes.data;
    if (header[1] != 0) /* another version */
        return NET_OTHER_NETWORK;
    if (header[0] == FAMILY_ARP)
        return NET_ARP;
    bool little = (read_u16_order(header + 6, true) & 0x7fff) <= ATTRIBUTE_MAX;
    cursor_advance(cursor, 4);
    while (cursor->bytes.size >= 4) {
        size_t length = read_u16_order(cursor->bytes.data, little);
        unsigned type = read_u16_order(cursor->bytes.data + 2, little) & 0x7fff;
        if (length < 4)
            return NET_MALFORMED;
        if (type == ATTRIBUTE_PAYLOAD) {
            cursor_limit(cursor, length);
            return cursor_next(cursor, 4, LAYER_IP, 0);
        }
        length = (length + 3) & ~(size_t)3;
        if (length > cursor->bytes.size)
            return cursor_lacks(cursor, length);
        cursor_advance(cursor, length);
    }
    return cursor->wire_bytes >= 4 ? NET_SHORT : NET_OTHER_NETWORK;
}

static enum net_verdict take_ipnet(struct cursor *cursor)
{
    return step(cursor, 24, LAYER_IP);
}

/* OpenBSD's packet filter: the first byte is the header's length, without its padding. */
static enum net_verdict take_pflog(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    return step(cursor, (cursor->bytes.data[0] + 3u) & ~3u, LAYER_IP);
}

static enum net_verdict take_enc(struct cursor *cursor)
{
    return step(cursor, 12, LAYER_IP);
}

static enum net_verdict take_wlan(struct cursor *cursor)
{
    return cursor_next(cursor, 0, LAYER_WLAN, 0);
}

static enum net_verdict take_radiotap(struct cursor *cursor)
{
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    size_t size = read_u16_order(cursor->bytes.data + 2, true);
    return size < 8 ? NET_MALFORMED : step(cursor, size, LAYER_WLAN);
}

static enum net_verdict take_avs(struct cursor *cursor)
{
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    size_t size = read_u32(cursor->bytes.data + 4);
    return size < 8 ? NET_MALFORMED : step(cursor, size, LAYER_WLAN);
}

static enum net_verdict take_prism(struct cursor *cursor)
{
    return step(cursor, 144, LAYER_WLAN);
}

enum net_verdict link_take(struct cursor *cursor, int dlt)
{
    switch (dlt) {
#define X(type, take)                                                                                        \
    case type:                                                                                               \
        return take(cursor);
        LINK_TYPES(X)
#undef X
    default:
        return NET_LINK;
    }
}
