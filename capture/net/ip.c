#include "capture/net/ip.h"

#include "capture/net/cursor.h"

#include <string.h>
#include <sys/socket.h>

#define EXTENSIONS_MAX   8
#define IPV4_HEADER_MIN  20
#define IPV6_HEADER_SIZE 40
#define TCP_HEADER_MIN   20
#define PROTOCOL_TCP     6

enum extension {
    EXTENSION_HOP_BY_HOP = 0,
    EXTENSION_ROUTING = 43,
    EXTENSION_FRAGMENT = 44,
    EXTENSION_AH = 51,
    EXTENSION_DESTINATION = 60,
    EXTENSION_MOBILITY = 135,
    EXTENSION_HIP = 139,
    EXTENSION_SHIM6 = 140,
};

enum tcp_option { OPTION_END = 0, OPTION_NOP = 1, OPTION_TIMESTAMP = 8 };

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

/* Takes what the fixed part of a TCP header says. */
static void set_tcp(struct tcp_segment *segment, const uint8_t *header)
{
    segment->source.port = (uint16_t)read_u16(header);
    segment->destination.port = (uint16_t)read_u16(header + 2);
    segment->sequence = read_u32(header + 4);
    segment->acknowledgement = read_u32(header + 8);
    segment->flags = header[13] & 0x3f;
}

enum net_verdict ip_take_tcp(struct cursor *cursor)
{
    struct tcp_segment *segment = cursor->segment;
    if (cursor->bytes.size < TCP_HEADER_MIN)
        return cursor_lacks(cursor, TCP_HEADER_MIN);
    const uint8_t *header = cursor->bytes.data;
    size_t header_size = (size_t)(header[12] >> 4) * 4;
    if (header_size < TCP_HEADER_MIN || header_size > cursor->wire_bytes)
        return NET_MALFORMED;
    set_tcp(segment, header);
    segment->scope = cursor->scope;
    segment->payload_wire_bytes = (uint32_t)(cursor->wire_bytes - header_size);
    if (header_size > cursor->bytes.size) /* the snaplen cut inside the options */
        header_size = cursor->bytes.size;
    take_options(header + TCP_HEADER_MIN, header_size - TCP_HEADER_MIN, segment);
    segment->payload = bytes_make(header + header_size, cursor->bytes.size - header_size);
    return NET_TCP;
}

static void set_address(struct address *address, uint8_t family, const uint8_t *ip)
{
    *address = (struct address){.family = family};
    memcpy(address->ip, ip, family == AF_INET ? 4 : 16);
}

/* Takes the packet's own word for its length. What is longer than the frame was cut before it was captured: by a
 * mirror, or a tool that shortened the frame's length, too. */
static void take_length(struct cursor *cursor, uint64_t wire_bytes)
{
    cursor_limit(cursor, wire_bytes);
    cursor->wire_bytes = wire_bytes;
}

/* Takes a fragment whose payload the cursor stands before. Returns NET_NEXT where its datagram is whole now, with
 * the cursor before what was put together. */
static enum net_verdict take_fragment(struct cursor *cursor, struct fragment *fragment)
{
    if (cursor->put_together) /* fragments of a fragment, at one depth */
        return NET_MALFORMED;
    const struct tcp_segment *segment = cursor->segment;
    struct datagram datagram;
    memcpy(fragment->key.source, segment->source.ip, sizeof fragment->key.source);
    memcpy(fragment->key.destination, segment->destination.ip, sizeof fragment->key.destination);
    fragment->key.family = segment->source.family;
    fragment->key.scope = cursor->scope;
    fragment->key.depth = (uint8_t)cursor->depth;
    fragment->bytes = cursor->bytes;
    fragment->wire_bytes = cursor->wire_bytes;
    fragment->wall_ns = cursor->wall_ns;
    enum net_verdict verdict = defrag_take(cursor->fragments, fragment, &datagram);
    if (verdict != NET_NEXT)
        return verdict;
    cursor->put_together = true;
    cursor->joined++;
    cursor->bytes = datagram.bytes;
    cursor->wire_bytes = datagram.wire_bytes;
    cursor->type = datagram.next;
    return NET_NEXT;
}

/* Steps over an authentication header (RFC 4302): what is behind it is in clear. */
static enum net_verdict step_authentication(struct cursor *cursor)
{
    if (cursor->bytes.size < 12)
        return cursor_lacks(cursor, 12);
    const uint8_t *header = cursor->bytes.data;
    size_t size = ((size_t)header[1] + 2) * 4;
    if (size > cursor->bytes.size)
        return cursor_lacks(cursor, size);
    return cursor_next(cursor, size, LAYER_TRANSPORT, header[0]);
}

static enum net_verdict take_ipv4(struct cursor *cursor)
{
    if (cursor->bytes.size < IPV4_HEADER_MIN)
        return cursor_lacks(cursor, IPV4_HEADER_MIN);
    const uint8_t *header = cursor->bytes.data;
    size_t header_size = (size_t)(header[0] & 15) * 4;
    size_t total = read_u16(header + 2);
    if (header_size < IPV4_HEADER_MIN || (total != 0 && total < header_size))
        return NET_MALFORMED;
    if (total != 0)
        take_length(cursor, total);
    if (header_size > cursor->bytes.size)
        return cursor_lacks(cursor, header_size);
    set_address(&cursor->segment->source, AF_INET, header + 12);
    set_address(&cursor->segment->destination, AF_INET, header + 16);
    cursor_next(cursor, header_size, LAYER_TRANSPORT, header[9]);
    unsigned place = read_u16(header + 6);
    if (place & 0x3fff) { /* more fragments, or an offset */
        struct fragment fragment = {
            .key = {.id = read_u16(header + 4), .protocol = header[9]},
            .offset_bytes = (place & 0x1fff) * 8,
            .more = place & 0x2000,
            .next = header[9],
        };
        enum net_verdict verdict = take_fragment(cursor, &fragment);
        if (verdict != NET_NEXT)
            return verdict;
    }
    if (cursor->type == EXTENSION_AH)
        return step_authentication(cursor);
    return NET_NEXT;
}

/* Takes the fragment header (RFC 8200 §4.5) that the cursor stands before. */
static enum net_verdict step_fragment(struct cursor *cursor)
{
    const uint8_t *header = cursor->bytes.data;
    unsigned place = read_u16(header + 2);
    struct fragment fragment = {
        .key = {.id = read_u32(header + 4)},
        .offset_bytes = place & 0xfff8,
        .more = place & 1,
        .next = header[0],
    };
    cursor_next(cursor, 8, LAYER_TRANSPORT, header[0]);
    if (fragment.offset_bytes == 0 && !fragment.more) /* atomic (RFC 6946): a whole packet, whatever its id */
        return NET_NEXT;
    return take_fragment(cursor, &fragment);
}

/* A packet that still has stops before it is addressed to the next one; TCP means the last one (RFC 8200 §8.1):
 * it stands behind the others in type 0, alone in type 2 (RFC 6275), first in type 4 (RFC 8754). */
static void take_last_stop(struct cursor *cursor, const uint8_t *header, size_t size)
{
    unsigned left = header[3];
    size_t at = header[2] == 0 && size >= 24 ? size - 16 : 8;
    if (left > 0 && (header[2] == 0 || header[2] == 2 || header[2] == 4) && size >= 24)
        set_address(&cursor->segment->destination, AF_INET6, header + at);
}

/* Looks for the option |type| of |length| bytes in a hop-by-hop or destination header (RFC 8200 §4.2). Returns its
 * value, or NULL. */
static const uint8_t *find_option(const uint8_t *header, size_t size, uint8_t type, uint8_t length)
{
    for (size_t at = 2; at < size;) {
        if (header[at] == 0) { /* padding of one byte */
            at++;
            continue;
        }
        if (at + 2 > size || at + 2 + header[at + 1] > size)
            return NULL;
        if (header[at] == type && header[at + 1] == length)
            return header + at + 2;
        at += 2 + (size_t)header[at + 1];
    }
    return NULL;
}

/* A jumbogram's length (RFC 2675) stands in its options. */
static void take_jumbo_length(struct cursor *cursor, const uint8_t *header, size_t size)
{
    const uint8_t *length = find_option(header, size, 0xc2, 4);
    if (length && read_u32(length) >= size)
        cursor_limit(cursor, read_u32(length));
}

/* A host that is away from home sends from another address than TCP means (RFC 6275 §6.3). */
static void take_home_address(struct cursor *cursor, const uint8_t *header, size_t size)
{
    const uint8_t *home = find_option(header, size, 0xc9, 16);
    if (home)
        set_address(&cursor->segment->source, AF_INET6, home);
}

/* Steps over the extension header of the cursor's type (RFC 8200 §4). |jumbo|: the payload's length was 0. */
static enum net_verdict step_extension(struct cursor *cursor, bool jumbo)
{
    if (cursor->type == EXTENSION_AH)
        return step_authentication(cursor);
    if (cursor->bytes.size < 8)
        return cursor_lacks(cursor, 8);
    if (cursor->type == EXTENSION_FRAGMENT)
        return step_fragment(cursor);
    const uint8_t *header = cursor->bytes.data;
    size_t size = ((size_t)header[1] + 1) * 8;
    if (size > cursor->bytes.size)
        return cursor_lacks(cursor, size);
    if (cursor->type == EXTENSION_HOP_BY_HOP && jumbo)
        take_jumbo_length(cursor, header, size);
    else if (cursor->type == EXTENSION_ROUTING)
        take_last_stop(cursor, header, size);
    else if (cursor->type == EXTENSION_DESTINATION)
        take_home_address(cursor, header, size);
    return cursor_next(cursor, size, LAYER_TRANSPORT, header[0]);
}

static bool is_extension(unsigned protocol)
{
    switch (protocol) {
    case EXTENSION_HOP_BY_HOP:
    case EXTENSION_ROUTING:
    case EXTENSION_FRAGMENT:
    case EXTENSION_AH:
    case EXTENSION_DESTINATION:
    case EXTENSION_MOBILITY:
    case EXTENSION_HIP:
    case EXTENSION_SHIM6:
        return true;
    default:
        return false;
    }
}

static enum net_verdict take_ipv6(struct cursor *cursor)
{
    if (cursor->bytes.size < IPV6_HEADER_SIZE)
        return cursor_lacks(cursor, IPV6_HEADER_SIZE);
    const uint8_t *header = cursor->bytes.data;
    size_t payload = read_u16(header + 4);
    if (payload != 0) /* 0: a jumbogram, or segmentation offload */
        take_length(cursor, IPV6_HEADER_SIZE + payload);
    set_address(&cursor->segment->source, AF_INET6, header + 8);
    set_address(&cursor->segment->destination, AF_INET6, header + 24);
    cursor_next(cursor, IPV6_HEADER_SIZE, LAYER_TRANSPORT, header[6]);
    for (unsigned count = 0; is_extension(cursor->type); count++) {
        if (count == EXTENSIONS_MAX)
            return NET_EXTENSIONS;
        enum net_verdict verdict = step_extension(cursor, payload == 0);
        if (verdict != NET_NEXT)
            return verdict;
    }
    return NET_NEXT;
}

bool ip_take_plain(struct bytes packet, struct tcp_segment *ret_segment)
{
    const uint8_t *ip = packet.data, *tcp = ip + IPV4_HEADER_MIN;
    if (packet.size < IPV4_HEADER_MIN + TCP_HEADER_MIN || ip[0] != 0x45 || ip[9] != PROTOCOL_TCP ||
        (read_u16(ip + 6) & 0x3fff))
        return false;
    size_t total = read_u16(ip + 2), header_size = (size_t)(tcp[12] >> 4) * 4;
    if (total > packet.size || header_size < TCP_HEADER_MIN || IPV4_HEADER_MIN + header_size > total)
        return false;
    set_address(&ret_segment->source, AF_INET, ip + 12);
    set_address(&ret_segment->destination, AF_INET, ip + 16);
    set_tcp(ret_segment, tcp);
    ret_segment->scope = 0;
    ret_segment->payload = bytes_make(tcp + header_size, total - IPV4_HEADER_MIN - header_size);
    ret_segment->payload_wire_bytes = (uint32_t)ret_segment->payload.size;
    take_options(tcp + TCP_HEADER_MIN, header_size - TCP_HEADER_MIN, ret_segment);
    return true;
}

enum net_verdict ip_take(struct cursor *cursor)
{
    if (cursor->bytes.size == 0)
        return cursor_lacks(cursor, 1);
    cursor->put_together = false;
    switch (cursor->bytes.data[0] >> 4) {
    case 4:
        return take_ipv4(cursor);
    case 6:
        return take_ipv6(cursor);
    default:
        return NET_OTHER_NETWORK;
    }
}
