/* link.h and ip.h: frames of each link type lead to the same TCP segment, and whatever is cut or odd is named,
 * not read past. */
#include "capture/net/ip.h"
#include "capture/net/link.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DLT_SLL2_NUMBER 276

/* An IPv4 packet: 192.0.2.1:4096 to 192.0.2.2:80, sequence 1, "GET". */
static const uint8_t ipv4[] = {0x45, 0,   0,    43,   0, 0,    0, 0, 64, 6, 0,   0,   192, 0, 2,
                               1,    192, 0,    2,    2, 0x10, 0, 0, 80, 0, 0,   0,   1,   0, 0,
                               0,    2,   0x50, 0x18, 1, 0,    0, 0, 0,  0, 'G', 'E', 'T'};
#define TCP_AT 20

/* Puts |header| before |packet| into |frame|, in memory of its own so that ASan sees every byte past it. */
static struct bytes join(const void *header, size_t header_size, const void *packet, size_t packet_size)
{
    uint8_t *frame = malloc(header_size + packet_size);
    memcpy(frame, header, header_size);
    memcpy(frame + header_size, packet, packet_size);
    return bytes_make(frame, header_size + packet_size);
}

static enum net_verdict decode(int dlt, struct bytes frame, size_t wire_bytes, struct tcp_segment *segment)
{
    struct bytes ip;
    enum net_verdict verdict = link_decode(dlt, frame, &ip);
    if (verdict != NET_TCP)
        return verdict;
    return ip_decode(ip, wire_bytes - (frame.size - ip.size), segment);
}

/* Decodes and checks that it is the segment of |ipv4|, then that every shorter frame ends in a verdict. */
static void check_frame(int dlt, const void *header, size_t header_size)
{
    struct bytes frame = join(header, header_size, ipv4, sizeof ipv4);
    struct tcp_segment segment;
    assert_int_equal(decode(dlt, frame, frame.size, &segment), NET_TCP);
    assert_int_equal(segment.source.port, 4096);
    assert_int_equal(segment.destination.port, 80);
    assert_memory_equal(segment.destination.ip, "\xc0\x00\x02\x02", 4);
    assert_int_equal(segment.payload_wire_bytes, 3);
    assert_int_equal(segment.payload.size, 3);
    assert_memory_equal(segment.payload.data, "GET", 3);
    for (size_t size = 0; size < header_size + TCP_AT + 20; size++) {
        struct bytes cut = join(frame.data, size, "", 0);
        assert_int_not_equal(decode(dlt, cut, frame.size, &segment), NET_TCP);
        free((void *)cut.data);
    }
    free((void *)frame.data);
}

static void test_link_every_type_leads_to_the_packet(void **state)
{
    (void)state;
    check_frame(DLT_EN10MB, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\x00", 14);
    check_frame(DLT_EN10MB, "\1\2\3\4\5\6\1\2\3\4\5\6\x81\x00\x00\x05\x08\x00", 18);
    check_frame(DLT_EN10MB, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00", 22);
    check_frame(DLT_RAW, "", 0);
    check_frame(DLT_NULL, "\2\0\0\0", 4);
    check_frame(DLT_LOOP, "\0\0\0\2", 4);
    check_frame(DLT_LINUX_SLL, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x08\x00", 16);
    check_frame(DLT_SLL2_NUMBER, "\x08\x00\0\0\0\0\0\1\3\4\0\6\0\0\0\0\0\0\0\0", 20);
    assert_false(link_known(147));
    assert_int_equal(decode(147, bytes_make(ipv4, sizeof ipv4), sizeof ipv4, NULL), NET_OTHER_NETWORK);
    assert_true(link_known(DLT_EN10MB) && link_has_vlan(DLT_EN10MB) && !link_has_vlan(DLT_RAW));
}

static enum net_verdict ether(const char *type, size_t size)
{
    uint8_t header[64] = {0};
    memcpy(header + 12, type, size);
    struct bytes frame = join(header, 12 + size, ipv4, sizeof ipv4);
    struct tcp_segment segment;
    enum net_verdict verdict = decode(DLT_EN10MB, frame, frame.size, &segment);
    free((void *)frame.data);
    return verdict;
}

static void test_link_other_protocols_are_named(void **state)
{
    (void)state;
    assert_int_equal(ether("\x08\x06", 2), NET_ARP);
    assert_int_equal(ether("\x88\x47", 2), NET_MPLS);
    assert_int_equal(ether("\x88\x64", 2), NET_PPPOE);
    assert_int_equal(ether("\x12\x34", 2), NET_OTHER_NETWORK);
    assert_int_equal(ether("\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1\x08\0", 22), NET_VLAN_DEPTH);
    assert_string_equal(net_verdict_name(NET_VXLAN), "vxlan");
}

/* Decodes |ipv4| with the byte at |at| changed to |value|. */
static enum net_verdict changed(size_t at, uint8_t value, struct tcp_segment *segment)
{
    static uint8_t packet[sizeof ipv4];
    memcpy(packet, ipv4, sizeof packet);
    packet[at] = value;
    return ip_decode(bytes_make(packet, sizeof packet), sizeof packet, segment);
}

static void test_ip_transports_and_tunnels_are_named(void **state)
{
    (void)state;
    struct tcp_segment segment;
    static const struct {
        uint8_t protocol;
        enum net_verdict verdict;
    } cases[] = {{1, NET_ICMP}, {4, NET_IPIP},   {41, NET_IPIP},           {17, NET_UDP},
                 {47, NET_GRE}, {132, NET_SCTP}, {99, NET_OTHER_TRANSPORT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(changed(9, cases[i].protocol, &segment), cases[i].verdict);
    uint8_t packet[sizeof ipv4];
    memcpy(packet, ipv4, sizeof packet);
    packet[9] = 17;
    packet[22] = 0x12, packet[23] = 0xb5;
    assert_int_equal(ip_decode(bytes_make(packet, sizeof packet), sizeof packet, &segment), NET_VXLAN);
    packet[22] = 0x17, packet[23] = 0xc1;
    assert_int_equal(ip_decode(bytes_make(packet, sizeof packet), sizeof packet, &segment), NET_GENEVE);
    packet[9] = 47, packet[22] = 0x88, packet[23] = 0xbe;
    assert_int_equal(ip_decode(bytes_make(packet, sizeof packet), sizeof packet, &segment), NET_ERSPAN);
    assert_int_equal(ip_decode(bytes_make(packet, 22), 22, &segment), NET_GRE);
    packet[9] = 17;
    assert_int_equal(ip_decode(bytes_make(packet, 24), 24, &segment), NET_UDP);
}

static void test_ip_headers_that_contradict_themselves(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(changed(0, 0x44, &segment), NET_MALFORMED);  /* header shorter than its minimum */
    assert_int_equal(changed(3, 19, &segment), NET_MALFORMED);    /* total shorter than the header */
    assert_int_equal(changed(32, 0x40, &segment), NET_MALFORMED); /* TCP header shorter than its minimum */
    assert_int_equal(changed(32, 0xf0, &segment), NET_MALFORMED); /* TCP header longer than the packet */
    assert_int_equal(changed(6, 0x20, &segment), NET_FRAGMENT);
    assert_int_equal(changed(7, 1, &segment), NET_FRAGMENT);
    assert_int_equal(changed(0, 0x55, &segment), NET_OTHER_NETWORK);
    assert_int_equal(changed(6, 0x40, &segment), NET_TCP); /* don't fragment */
}

static void test_ip_offload_padding_and_snaplen(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(changed(3, 0, &segment), NET_TCP); /* total length 0: segmentation offload */
    assert_int_equal(segment.payload_wire_bytes, 3);
    assert_int_equal(changed(3, 41, &segment), NET_TCP); /* two bytes of padding */
    assert_int_equal(segment.payload.size, 1);
    struct bytes cut = join(ipv4, sizeof ipv4 - 2, "", 0);
    assert_int_equal(ip_decode(cut, sizeof ipv4, &segment), NET_TCP);
    assert_int_equal(segment.payload.size, 1);
    assert_int_equal(segment.payload_wire_bytes, 3);
    free((void *)cut.data);
}

/* An IPv6 packet with |extensions| (their bytes) before TCP. */
static enum net_verdict ipv6(uint8_t first, const void *extensions, size_t size, struct tcp_segment *segment)
{
    uint8_t header[40] = {0x60};
    size_t payload = size + sizeof ipv4 - TCP_AT;
    header[4] = (uint8_t)(payload >> 8);
    header[5] = (uint8_t)payload;
    header[6] = first;
    struct bytes front = join(header, sizeof header, extensions, size);
    struct bytes packet = join(front.data, front.size, ipv4 + TCP_AT, sizeof ipv4 - TCP_AT);
    enum net_verdict verdict = ip_decode(packet, packet.size, segment);
    for (size_t cut = 0; cut < packet.size - 3; cut++) {
        struct bytes shorter = join(packet.data, cut, "", 0);
        struct tcp_segment ignored;
        ip_decode(shorter, packet.size, &ignored);
        free((void *)shorter.data);
    }
    free((void *)front.data);
    free((void *)packet.data);
    return verdict;
}

static void test_ipv6_extension_headers(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(ipv6(6, "", 0, &segment), NET_TCP);
    assert_int_equal(segment.payload_wire_bytes, 3);
    assert_int_equal(segment.source.family, AF_INET6);
    assert_int_equal(ipv6(0, "\x3c\0\0\0\0\0\0\0\6\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, &segment), NET_TCP);
    assert_int_equal(ipv6(44, "\6\0\0\0\0\0\0\1", 8, &segment), NET_TCP); /* atomic fragment */
    assert_int_equal(ipv6(44, "\6\0\0\1\0\0\0\1", 8, &segment), NET_FRAGMENT);
    assert_int_equal(ipv6(44, "\6\0\1\0\0\0\0\1", 8, &segment), NET_FRAGMENT);
    assert_int_equal(ipv6(51, "\6\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, &segment), NET_TCP);
    assert_int_equal(ipv6(50, "\6\0\0\0\0\0\0\0", 8, &segment), NET_EXTENSIONS);
    assert_int_equal(ipv6(58, "", 0, &segment), NET_ICMP);
    assert_int_equal(ipv6(0, "\6\xff\0\0\0\0\0\0", 8, &segment), NET_MALFORMED);
    uint8_t chain[9 * 8] = {0}; /* nine hop-by-hop headers, the type is 0 again */
    assert_int_equal(ipv6(0, chain, sizeof chain, &segment), NET_EXTENSIONS);
}

/* Decodes a segment with |size| bytes of TCP options. */
static struct tcp_segment with_options(const char *options, size_t size)
{
    uint8_t header[40];
    memcpy(header, ipv4, sizeof header);
    header[2] = 0, header[3] = 0; /* all of the packet */
    header[32] = (uint8_t)((20 + size) / 4 << 4);
    struct bytes packet = join(header, sizeof header, options, size);
    struct tcp_segment segment = {.has_timestamp = true};
    assert_int_equal(ip_decode(packet, packet.size, &segment), NET_TCP);
    free((void *)packet.data);
    return segment;
}

static void test_ip_timestamp_option_is_found(void **state)
{
    (void)state;
    struct tcp_segment segment = with_options("\1\1\x8\xa\1\2\3\4\5\6\7\x8", 12);
    assert_true(segment.has_timestamp);
    assert_int_equal(segment.timestamp_value, 0x01020304);
    segment = with_options("\2\4\5\xb4\4\2\x8\xa\xff\2\3\4\0\0\0\0\1\3\3\7", 20);
    assert_true(segment.has_timestamp);
    assert_int_equal(segment.timestamp_value, 0xff020304);
    assert_false(with_options("", 0).has_timestamp);
    assert_false(with_options("\1\1\1\1", 4).has_timestamp);
    assert_false(with_options("\0\1\1\0\x8\xa\1\2\3\4\0\0\0\0\0\0", 16).has_timestamp); /* behind the end */
    assert_false(with_options("\x8\xa\1\2", 4).has_timestamp);                          /* cut */
    assert_false(with_options("\5\0\1\x8", 4).has_timestamp);                           /* a length of 0 */
    assert_false(with_options("\5\1\1\x8", 4).has_timestamp);
    assert_false(with_options("\1\1\1\x8", 4).has_timestamp);
    assert_false(with_options("\x8\x6\1\2\3\4\1\1", 8).has_timestamp); /* of another length */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_every_type_leads_to_the_packet),
        cmocka_unit_test(test_link_other_protocols_are_named),
        cmocka_unit_test(test_ip_transports_and_tunnels_are_named),
        cmocka_unit_test(test_ip_headers_that_contradict_themselves),
        cmocka_unit_test(test_ip_offload_padding_and_snaplen),
        cmocka_unit_test(test_ip_timestamp_option_is_found),
        cmocka_unit_test(test_ipv6_extension_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
