#include "capture/net/tunnel.h"

#include "capture/net/cursor.h"

enum port {
    PORT_OPENVPN = 1194,
    PORT_L2TP = 1701,
    PORT_GTP = 2152,
    PORT_TEREDO = 3544,
    PORT_LISP = 4341,
    PORT_IPSEC = 4500,
    PORT_GRE = 4754,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_AYIYA = 5072,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472,
    PORT_TZSP = 37008,
    PORT_WIREGUARD = 51820,
};

enum gre_flag {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGE = 0x0080, /* version 1 */
    GRE_VERSION = 0x0007,
};

enum carried {
    CARRIED_IPV4 = 0x0800,
    CARRIED_BRIDGING = 0x6558,
    CARRIED_WLAN_FIRST = 0x8200, /* of access points to their controller */
    CARRIED_WLAN_LAST = 0x8210,
    CARRIED_IPV6 = 0x86dd,
    CARRIED_PPP = 0x880b,
    CARRIED_WCCP = 0x883e,
    CARRIED_MPLS = 0x8847,
    CARRIED_MPLS_MULTICAST = 0x8848,
    CARRIED_ERSPAN = 0x88be,
    CARRIED_ERSPAN_3 = 0x22eb,
    CARRIED_NSH = 0x894f,
};

enum network { NETWORK_GRE = 3, NETWORK_VXLAN = 4, NETWORK_GENEVE = 5, NETWORK_LISP = 6 };

/* Type I has no header of its own, and GRE no sequence numbers. */
static enum net_verdict take_erspan(struct cursor *cursor, bool has_header)
{
    if (!has_header)
        return cursor_enter(cursor, NET_TUNNEL_ERSPAN, 0, LAYER_ETHERNET, 0);
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    if (cursor->bytes.data[0] >> 4 != 1)
        return NET_ERSPAN;
    return cursor_enter(cursor, NET_TUNNEL_ERSPAN, 8, LAYER_ETHERNET, 0);
}

static enum net_verdict take_erspan_3(struct cursor *cursor)
{
    enum { FRAME_ETHERNET = 0, FRAME_IP = 2 };
    if (cursor->bytes.size < 12)
        return cursor_lacks(cursor, 12);
    const uint8_t *header = cursor->bytes.data;
    unsigned frame = header[10] >> 2 & 0x1f;
    if (header[0] >> 4 != 2 || (frame != FRAME_ETHERNET && frame != FRAME_IP))
        return NET_ERSPAN;
    size_t size = header[11] & 1 ? 20 : 12; /* with its platform's subheader */
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    return cursor_enter(cursor, NET_TUNNEL_ERSPAN, size, frame == FRAME_IP ? LAYER_IP : LAYER_ETHERNET, 0);
}

/* Version 2 puts a header before the redirected packet, whose first four bits are never IP's version. */
static enum net_verdict take_wccp(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    unsigned first = cursor->bytes.data[0] >> 4;
    return cursor_enter(cursor, NET_TUNNEL_GRE, first == 4 || first == 6 ? 0 : 4, LAYER_IP, 0);
}

/* What stands behind a GRE header of |size| bytes with |flags|. */
static enum net_verdict take_carried(struct cursor *cursor, unsigned carried, size_t size, unsigned flags)
{
    static const struct {
        unsigned carried;
        enum net_layer layer;
    } layers[] = {
        {CARRIED_IPV4, LAYER_IP}, {CARRIED_IPV6, LAYER_IP},   {CARRIED_BRIDGING, LAYER_ETHERNET},
        {CARRIED_PPP, LAYER_PPP}, {CARRIED_MPLS, LAYER_MPLS}, {CARRIED_MPLS_MULTICAST, LAYER_MPLS},
        {CARRIED_NSH, LAYER_NSH},
    };
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (layers[i].carried == carried)
            return cursor_enter(cursor, NET_TUNNEL_GRE, size, layers[i].layer, 0);
    bool is_wlan = carried >= CARRIED_WLAN_FIRST && carried <= CARRIED_WLAN_LAST;
    if (!is_wlan && carried != CARRIED_ERSPAN && carried != CARRIED_ERSPAN_3 && carried != CARRIED_WCCP)
        return NET_GRE;
    if (is_wlan)
        return cursor_enter(cursor, NET_TUNNEL_GRE, size, LAYER_WLAN, 0);
    cursor_advance(cursor, size);
    if (carried == CARRIED_WCCP)
        return take_wccp(cursor);
    return carried == CARRIED_ERSPAN ? take_erspan(cursor, flags & GRE_SEQUENCE) : take_erspan_3(cursor);
}

/* PPTP: the key is a length and a call, which each direction has its own of. */
static enum net_verdict take_pptp(struct cursor *cursor, unsigned flags, unsigned carried)
{
    size_t size = 8 + (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACKNOWLEDGE ? 4 : 0);
    if (carried != CARRIED_PPP || !(flags & GRE_KEY) || (flags & (GRE_CHECKSUM | GRE_ROUTING)))
        return NET_MALFORMED;
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    size_t payload = read_u16(cursor->bytes.data + 4);
    if (!(flags & GRE_SEQUENCE) || payload == 0) /* acknowledges only */
        return NET_GRE;
    cursor_limit(cursor, size + payload);
    return cursor_enter(cursor, NET_TUNNEL_GRE, size, LAYER_PPP, 0);
}

/* NVGRE's key is a network of 24 bits, and 8 bits that differ by flow; others put small numbers there. */
static uint32_t network_of_key(uint32_t key, unsigned carried)
{
    return carried == CARRIED_BRIDGING && key >> 8 != 0 ? key >> 8 : key;
}

enum net_verdict tunnel_take_gre(struct cursor *cursor)
{
    if (cursor->bytes.size < 4)
        return cursor_lacks(cursor, 4);
    const uint8_t *header = cursor->bytes.data;
    unsigned flags = read_u16(header), carried = read_u16(header + 2);
    if ((flags & GRE_VERSION) == 1)
        return take_pptp(cursor, flags, carried);
    if ((flags & GRE_VERSION) != 0 || (flags & GRE_ROUTING))
        return NET_GRE;
    size_t key_at = flags & GRE_CHECKSUM ? 8 : 4;
    size_t size = key_at + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0);
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    if (flags & GRE_KEY)
        cursor_narrow(cursor, NETWORK_GRE, network_of_key(read_u32(header + key_at), carried));
    return take_carried(cursor, carried, size, flags);
}

/* GRE in UDP (RFC 8086): the bits that must be 0 tell it from other datagrams. */
static enum net_verdict take_gre_in_udp(struct cursor *cursor)
{
    unsigned known = GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE;
    if (cursor->bytes.size < 4 || (read_u16(cursor->bytes.data) & ~known) != 0)
        return NET_UDP;
    return tunnel_take_gre(cursor);
}

/* Whether |at| begins an IP packet of |type|, an ether type. */
static bool is_ip_of(const struct cursor *cursor, size_t at, unsigned type)
{
    unsigned version = type == CARRIED_IPV4 ? 4 : type == CARRIED_IPV6 ? 6 : 0;
    return version != 0 && cursor->bytes.size > at && cursor->bytes.data[at] >> 4 == version;
}

/* Reserved fields are not looked at (RFC 7348 §5); where they are not 0, IP in the frame tells that it is one. */
static enum net_verdict take_vxlan(struct cursor *cursor)
{
    const uint8_t *header = cursor->bytes.data;
    if (cursor->bytes.size < 8 + 14 || !(header[0] & 0x08))
        return NET_UDP;
    if (header[7] != 0 && !is_ip_of(cursor, 8 + 14, read_u16(header + 8 + 12)))
        return NET_UDP;
    cursor_narrow(cursor, NETWORK_VXLAN, read_u24(header + 4));
    return cursor_enter(cursor, NET_TUNNEL_VXLAN, 8, LAYER_ETHERNET, 0);
}

static enum net_verdict take_vxlan_gpe(struct cursor *cursor)
{
    static const enum net_layer layers[] = {LAYER_ETHERNET, LAYER_IP,  LAYER_IP,
                                            LAYER_ETHERNET, LAYER_NSH, LAYER_MPLS};
    const uint8_t *header = cursor->bytes.data;
    if (cursor->bytes.size < 8 || !(header[0] & 0x08) || (header[0] & 0x30) || header[7] != 0)
        return NET_UDP;
    unsigned next = header[0] & 0x04 ? header[3] : 0;
    if (next >= sizeof layers / sizeof layers[0] || (next == 0 && (header[0] & 0x04)))
        return NET_VXLAN;
    cursor_narrow(cursor, NETWORK_VXLAN, read_u24(header + 4));
    return cursor_enter(cursor, NET_TUNNEL_VXLAN_GPE, 8, layers[next], 0);
}

static enum net_verdict take_geneve(struct cursor *cursor)
{
    enum { IS_CONTROL = 0x80 };
    if (cursor->bytes.size < 8)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    size_t size = 8 + (size_t)(header[0] & 0x3f) * 4;
    if (header[0] >> 6 != 0 || size > cursor->wire_bytes)
        return NET_UDP;
    if (size > cursor->bytes.size)
        return NET_SHORT;
    if (header[1] & IS_CONTROL)
        return NET_GENEVE;
    cursor_narrow(cursor, NETWORK_GENEVE, read_u24(header + 4));
    switch (read_u16(header + 2)) {
    case CARRIED_BRIDGING:
        return cursor_enter(cursor, NET_TUNNEL_GENEVE, size, LAYER_ETHERNET, 0);
    case CARRIED_IPV4:
    case CARRIED_IPV6:
        return cursor_enter(cursor, NET_TUNNEL_GENEVE, size, LAYER_IP, 0);
    case CARRIED_MPLS:
        return cursor_enter(cursor, NET_TUNNEL_GENEVE, size, LAYER_MPLS, 0);
    case CARRIED_NSH:
        return cursor_enter(cursor, NET_TUNNEL_GENEVE, size, LAYER_NSH, 0);
    default:
        return NET_GENEVE;
    }
}

/* Steps over GTP-U's extension headers (3GPP TS 29.281 §5.2), the first of |type|. Returns whether all of them
 * were there. */
static bool step_gtp_extensions(struct cursor *cursor, unsigned type)
{
    while (type != 0) {
        size_t size = cursor->bytes.size > 0 ? (size_t)cursor->bytes.data[0] * 4 : 0;
        if (size == 0 || size > cursor->bytes.size)
            return false;
        type = cursor->bytes.data[size - 1];
        cursor_advance(cursor, size);
    }
    return true;
}

static enum net_verdict take_gtp(struct cursor *cursor)
{
    enum { VERSION_1 = 0x30, HAS_EXTENSION = 4, HAS_OPTIONAL = 7, IS_PACKET = 255 };
    if (cursor->bytes.size < 8)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    size_t length = read_u16(header + 2);
    if ((header[0] & 0xf0) != VERSION_1 || length > cursor->wire_bytes - 8)
        return NET_UDP;
    if (header[1] != IS_PACKET)
        return NET_GTP;
    bool has_optional = header[0] & HAS_OPTIONAL;
    size_t size = has_optional ? 12 : 8;
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    cursor_limit(cursor, 8 + length);
    if (cursor->bytes.size < size)
        return NET_MALFORMED;
    cursor_advance(cursor, size);
    if ((header[0] & HAS_EXTENSION) && !step_gtp_extensions(cursor, header[11]))
        return cursor->bytes.size < cursor->wire_bytes ? NET_SHORT : NET_MALFORMED;
    return cursor_enter(cursor, NET_TUNNEL_GTP, 0, LAYER_IP, 0);
}

/* Whether the datagram is an IPv6 packet, all of it. */
static bool is_ipv6(const struct cursor *cursor, size_t at)
{
    const uint8_t *packet = cursor->bytes.data + at;
    return cursor->bytes.size >= at + 40 && packet[0] >> 4 == 6 &&
           40 + read_u16(packet + 4) == cursor->wire_bytes - at;
}

/* Steps over Teredo's authentication and origin indications (RFC 4380 §5.1.1). Returns their size. */
static size_t teredo_header_size(const struct cursor *cursor)
{
    const uint8_t *data = cursor->bytes.data;
    size_t size = 0, left = cursor->bytes.size;
    if (left >= 13 && data[0] == 0 && data[1] == 1)
        size = 13 + (size_t)data[2] + data[3];
    if (left >= size + 8 && data[size] == 0 && data[size + 1] == 0)
        size += 8;
    return size;
}

static enum net_verdict take_teredo(struct cursor *cursor)
{
    size_t size = teredo_header_size(cursor);
    if (size > cursor->bytes.size || !is_ipv6(cursor, size))
        return NET_UDP;
    return cursor_enter(cursor, NET_TUNNEL_TEREDO, size, LAYER_IP, 0);
}

/* Clients speak to each other and to relays on ports of their own; one of them has an address under 2001::/32. */
static bool is_teredo(const struct cursor *cursor)
{
    if (cursor->bytes.size < 40)
        return false;
    size_t at = teredo_header_size(cursor);
    if (at + 40 > cursor->bytes.size || !is_ipv6(cursor, at))
        return false;
    const uint8_t *packet = cursor->bytes.data + at;
    return read_u32(packet + 8) == 0x20010000 || read_u32(packet + 24) == 0x20010000;
}

/* Anything in anything: lengths of identity and signature, hash, authentication and operation codes, the protocol
 * carried; then a time. */
static enum net_verdict take_ayiya(struct cursor *cursor)
{
    enum { OPERATION_FORWARD = 1, PROTOCOL_IPIP = 4, PROTOCOL_IPV6 = 41 };
    if (cursor->bytes.size < 8)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    size_t size = 8 + ((size_t)1 << (header[0] >> 4)) + (size_t)(header[1] >> 4) * 4;
    bool is_ip = header[3] == PROTOCOL_IPIP || header[3] == PROTOCOL_IPV6;
    if ((header[2] & 15) != OPERATION_FORWARD || !is_ip || size > cursor->bytes.size)
        return NET_UDP;
    return cursor_enter(cursor, NET_TUNNEL_AYIYA, size, LAYER_IP, 0);
}

static enum net_verdict take_l2tp(struct cursor *cursor)
{
    enum {
        IS_CONTROL = 0x8000,
        HAS_LENGTH = 0x4000,
        HAS_SEQUENCE = 0x0800,
        HAS_OFFSET = 0x0200,
        VERSION = 15
    };
    if (cursor->bytes.size < 6)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    unsigned flags = read_u16(header);
    if ((flags & VERSION) != 2 && (flags & VERSION) != 3)
        return NET_UDP;
    if ((flags & IS_CONTROL) || (flags & VERSION) == 3)
        return NET_L2TP;
    size_t size = 6 + (flags & HAS_LENGTH ? 2 : 0) + (flags & HAS_SEQUENCE ? 4 : 0);
    size_t offset_at = size;
    size += flags & HAS_OFFSET ? 2 : 0;
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    if (flags & HAS_LENGTH)
        cursor_limit(cursor, read_u16(header + 2));
    if (flags & HAS_OFFSET)
        size += read_u16(header + offset_at);
    if (cursor->bytes.size < size)
        return cursor_lacks(cursor, size);
    return cursor_enter(cursor, NET_TUNNEL_L2TP, size, LAYER_PPP, 0);
}

static enum net_verdict take_lisp(struct cursor *cursor)
{
    enum { HAS_INSTANCE = 0x08 };
    if (cursor->bytes.size < 9)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    if (header[8] >> 4 != 4 && header[8] >> 4 != 6)
        return NET_UDP;
    if (header[0] & HAS_INSTANCE)
        cursor_narrow(cursor, NETWORK_LISP, read_u24(header + 4));
    return cursor_enter(cursor, NET_TUNNEL_LISP, 8, LAYER_IP, 0);
}

/* Version, type, what is carried; then tagged fields up to an end tag. */
static enum net_verdict take_tzsp(struct cursor *cursor)
{
    enum { CARRIED_ETHERNET = 1, CARRIED_802_11 = 18, TAG_PADDING = 0, TAG_END = 1 };
    if (cursor->bytes.size < 5)
        return NET_UDP;
    const uint8_t *header = cursor->bytes.data;
    unsigned carried = read_u16(header + 2);
    if (header[0] != 1 || header[1] > 1 || (carried != CARRIED_ETHERNET && carried != CARRIED_802_11))
        return NET_UDP;
    size_t at = 4;
    while (at < cursor->bytes.size && header[at] != TAG_END) {
        if (header[at] != TAG_PADDING && at + 1 < cursor->bytes.size)
            at += 1 + (size_t)header[at + 1];
        at++;
    }
    if (at >= cursor->bytes.size)
        return NET_UDP;
    return cursor_enter(cursor, NET_TUNNEL_TZSP, at + 1,
                        carried == CARRIED_ETHERNET ? LAYER_ETHERNET : LAYER_WLAN, 0);
}

static enum net_verdict take_mpls(struct cursor *cursor)
{
    return cursor->bytes.size < 5 ? NET_UDP : cursor_next(cursor, 0, LAYER_MPLS, 0);
}

/* Behind UDP's header, what cannot be looked into, by its name. */
static enum net_verdict name_encrypted(const struct cursor *cursor, unsigned port)
{
    const uint8_t *data = cursor->bytes.data;
    size_t size = cursor->bytes.size;
    if (port == PORT_IPSEC && size >= 8)
        return read_u32(data) != 0 ? NET_ESP : NET_UDP; /* 0: the key exchange */
    if (port == PORT_WIREGUARD && size >= 4 && data[0] >= 1 && data[0] <= 4 && read_u24(data + 1) == 0)
        return NET_WIREGUARD;
    return port == PORT_OPENVPN ? NET_OPENVPN : NET_UDP;
}

/* Where each direction keeps the tunnel's port as its destination, that one tells. */
static enum net_verdict take_by_destination(struct cursor *cursor, unsigned port)
{
    switch (port) {
    case PORT_GRE:
        return take_gre_in_udp(cursor);
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return take_vxlan(cursor);
    case PORT_VXLAN_GPE:
        return take_vxlan_gpe(cursor);
    case PORT_GENEVE:
        return take_geneve(cursor);
    case PORT_MPLS:
        return take_mpls(cursor);
    case PORT_LISP:
        return take_lisp(cursor);
    case PORT_TZSP:
        return take_tzsp(cursor);
    default:
        return NET_UDP;
    }
}

static enum net_verdict take_by_port(struct cursor *cursor, unsigned port)
{
    switch (port) {
    case PORT_GTP:
        return take_gtp(cursor);
    case PORT_TEREDO:
        return take_teredo(cursor);
    case PORT_AYIYA:
        return take_ayiya(cursor);
    case PORT_L2TP:
        return take_l2tp(cursor);
    default:
        return name_encrypted(cursor, port);
    }
}

enum net_verdict tunnel_take_udp(struct cursor *cursor)
{
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    const uint8_t *header = cursor->bytes.data;
    unsigned source = read_u16(header), destination = read_u16(header + 2);
    size_t length = read_u16(header + 4);
    if (length != 0 && length < 8)
        return NET_MALFORMED;
    if (length != 0) /* 0: a jumbogram, or segmentation offload */
        cursor_limit(cursor, length);
    cursor_advance(cursor, 8);
    enum net_verdict verdict = take_by_destination(cursor, destination);
    if (verdict == NET_UDP)
        verdict = take_by_port(cursor, destination);
    if (verdict == NET_UDP)
        verdict = take_by_port(cursor, source);
    if (verdict == NET_UDP && is_teredo(cursor))
        verdict = take_teredo(cursor);
    return verdict;
}
