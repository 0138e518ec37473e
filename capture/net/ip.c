#include "capture/net/ip.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define EXTENSIONS_MAX   8
#define IPV4_HEADER_MIN  20
#define IPV6_HEADER_SIZE 40
#define TCP_HEADER_MIN   20
#define PORT_VXLAN       4789
#define PORT_VXLAN_LINUX 8472
#define PORT_GENEVE      6081

enum protocol {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPIP = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_SCTP = 132,
    PROTOCOL_MOBILITY = 135,
};

enum tcp_option { OPTION_END = 0, OPTION_NOP = 1, OPTION_TIMESTAMP = 8 };

/* What is left of a packet: what was captured, and its length on the wire. */
struct rest {
    struct bytes bytes;
    size_t wire_bytes;
};

static unsigned read_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void advance(struct rest *rest, size_t size)
{
    rest->bytes.data += size;
    rest->bytes.size -= size;
    rest->wire_bytes -= size;
}

/* Takes the network layer's word for how long the packet is: what is behind it is link padding. */
static void limit(struct rest *rest, size_t wire_bytes)
{
    if (wire_bytes < rest->wire_bytes)
        rest->wire_bytes = wire_bytes;
    if (rest->bytes.size > rest->wire_bytes)
        rest->bytes.size = rest->wire_bytes;
}

static void set_timestamp(struct tcp_segment *segment, const uint8_t *value)
{
    segment->has_timestamp = true;
    segment->timestamp_value = read_u32(value);
}

/* Looks for the timestamp among a TCP header's options (RFC 9293 §3.2). */
static void take_options(const uint8_t *at, size_t size, struct tcp_segment *segment)
{
    segment->has_timestamp = false;
    if (size == 12 && read_u32(at) == 0x0101080a) { /* two NOPs, then it: what most packets carry */
        set_timestamp(segment, at + 4);
        return;
    }
    while (size > 0 && at[0] != OPTION_END) {
        size_t length = at[0] == OPTION_NOP ? 1 : size > 1 ? at[1] : 0;
        if (length == 0 || length > size || (length == 1 && at[0] != OPTION_NOP))
            return;
        if (at[0] == OPTION_TIMESTAMP && length == 10) {
            set_timestamp(segment, at + 2);
            return;
        }
        at += length;
        size -= length;
    }
}

static enum net_verdict decode_tcp(struct rest rest, struct tcp_segment *ret_segment)
{
    if (rest.bytes.size < TCP_HEADER_MIN)
        return NET_SHORT;
    const uint8_t *header = rest.bytes.data;
    size_t header_size = (size_t)(header[12] >> 4) * 4;
    if (header_size < TCP_HEADER_MIN || header_size > rest.wire_bytes)
        return NET_MALFORMED;
    ret_segment->source.port = (uint16_t)read_u16(header);
    ret_segment->destination.port = (uint16_t)read_u16(header + 2);
    ret_segment->sequence = read_u32(header + 4);
    ret_segment->acknowledgement = read_u32(header + 8);
    ret_segment->flags = header[13] & 0x3f;
    ret_segment->payload_wire_bytes = (uint32_t)(rest.wire_bytes - header_size);
    if (header_size > rest.bytes.size) /* the snaplen cut inside the options */
        header_size = rest.bytes.size;
    take_options(header + TCP_HEADER_MIN, header_size - TCP_HEADER_MIN, ret_segment);
    advance(&rest, header_size);
    ret_segment->payload = rest.bytes;
    return NET_TCP;
}

static enum net_verdict decode_udp(struct rest rest)
{
    if (rest.bytes.size < 8)
        return NET_UDP;
    unsigned port = read_u16(rest.bytes.data + 2);
    if (port == PORT_VXLAN || port == PORT_VXLAN_LINUX)
        return NET_VXLAN;
    return port == PORT_GENEVE ? NET_GENEVE : NET_UDP;
}

static enum net_verdict decode_gre(struct rest rest)
{
    if (rest.bytes.size < 4)
        return NET_GRE;
    unsigned carried = read_u16(rest.bytes.data + 2);
    return carried == 0x88be || carried == 0x22eb ? NET_ERSPAN : NET_GRE;
}

static enum net_verdict decode_transport(unsigned protocol, struct rest rest, struct tcp_segment *ret_segment)
{
    switch (protocol) {
    case PROTOCOL_TCP:
        return decode_tcp(rest, ret_segment);
    case PROTOCOL_UDP:
        return decode_udp(rest);
    case PROTOCOL_GRE:
        return decode_gre(rest);
    case PROTOCOL_IPIP:
    case PROTOCOL_IPV6:
        return NET_IPIP;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        return NET_ICMP;
    case PROTOCOL_SCTP:
        return NET_SCTP;
    default:
        return NET_OTHER_TRANSPORT;
    }
}

static void set_address(struct address *address, uint8_t family, const uint8_t *ip)
{
    memset(address, 0, sizeof *address);
    address->family = family;
    memcpy(address->ip, ip, family == AF_INET ? 4 : 16);
}

static enum net_verdict decode_ipv4(struct rest rest, struct tcp_segment *ret_segment)
{
    if (rest.bytes.size < IPV4_HEADER_MIN)
        return NET_SHORT;
    const uint8_t *header = rest.bytes.data;
    size_t header_size = (size_t)(header[0] & 15) * 4;
    size_t total = read_u16(header + 2);
    if (header_size < IPV4_HEADER_MIN || (total != 0 && total < header_size))
        return NET_MALFORMED;
    if (header_size > rest.bytes.size)
        return NET_SHORT;
    if (total != 0)
        limit(&rest, total);
    if (header_size > rest.bytes.size)
        return NET_MALFORMED;
    if (read_u16(header + 6) & 0x3fff) /* more fragments, or an offset */
        return NET_FRAGMENT;
    set_address(&ret_segment->source, AF_INET, header + 12);
    set_address(&ret_segment->destination, AF_INET, header + 16);
    advance(&rest, header_size);
    return decode_transport(header[9], rest, ret_segment);
}

/* Steps over one extension header of type |protocol| (RFC 8200 §4). Returns NET_TCP where it did, else the
 * verdict on the packet. */
static enum net_verdict step_extension(unsigned *protocol, struct rest *rest)
{
    if (rest->bytes.size < 8)
        return NET_SHORT;
    const uint8_t *header = rest->bytes.data;
    size_t size = ((size_t)header[1] + 1) * 8;
    if (*protocol == PROTOCOL_FRAGMENT) {
        if (read_u16(header + 2) & 0xfff9) /* an atomic fragment (RFC 6946) is a whole packet */
            return NET_FRAGMENT;
        size = 8;
    } else if (*protocol == PROTOCOL_AH) {
        size = ((size_t)header[1] + 2) * 4;
    }
    if (size > rest->bytes.size)
        return size > rest->wire_bytes ? NET_MALFORMED : NET_SHORT;
    *protocol = header[0];
    advance(rest, size);
    return NET_TCP;
}

static bool is_extension(unsigned protocol)
{
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
           protocol == PROTOCOL_AH || protocol == PROTOCOL_DESTINATION || protocol == PROTOCOL_MOBILITY;
}

static enum net_verdict decode_ipv6(struct rest rest, struct tcp_segment *ret_segment)
{
    if (rest.bytes.size < IPV6_HEADER_SIZE)
        return NET_SHORT;
    const uint8_t *header = rest.bytes.data;
    size_t payload = read_u16(header + 4);
    if (payload != 0) /* 0: a jumbogram, or segmentation offload */
        limit(&rest, IPV6_HEADER_SIZE + payload);
    set_address(&ret_segment->source, AF_INET6, header + 8);
    set_address(&ret_segment->destination, AF_INET6, header + 24);
    unsigned protocol = header[6];
    advance(&rest, IPV6_HEADER_SIZE);
    for (unsigned count = 0; is_extension(protocol); count++) {
        if (count == EXTENSIONS_MAX)
            return NET_EXTENSIONS;
        enum net_verdict verdict = step_extension(&protocol, &rest);
        if (verdict != NET_TCP)
            return verdict;
    }
    if (protocol == PROTOCOL_ESP)
        return NET_EXTENSIONS;
    return decode_transport(protocol, rest, ret_segment);
}

enum net_verdict ip_decode(struct bytes packet, size_t wire_bytes, struct tcp_segment *ret_segment)
{
    ret_segment->scope = 0;
    struct rest rest = {packet, wire_bytes < packet.size ? packet.size : wire_bytes};
    if (packet.size == 0)
        return NET_SHORT;
    switch (packet.data[0] >> 4) {
    case 4:
        return decode_ipv4(rest, ret_segment);
    case 6:
        return decode_ipv6(rest, ret_segment);
    default:
        return NET_OTHER_NETWORK;
    }
}
