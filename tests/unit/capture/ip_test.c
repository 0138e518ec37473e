/* ip.h: IPv4 and IPv6 with every extension header lead to the TCP segment and its timestamp; lengths that are
 * offloaded, padded, cut or contradict themselves are judged, and nothing is read past the frame. */
#include "tests/unit/capture/net_kit.h"

#include <sys/socket.h>

#define TCP_AT 20

static struct kit_frame frame;

/* Decodes an IPv4 packet with the byte at |at| changed to |value|. */
static enum net_verdict changed(size_t at, uint8_t value, struct tcp_segment *segment)
{
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
    frame.bytes[at] = value;
    return kit_decode(DLT_RAW, &frame, segment);
}

static void test_ip_headers_that_contradict_themselves(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(changed(0, 0x44, &segment), NET_MALFORMED);  /* header shorter than its minimum */
    assert_int_equal(changed(3, 19, &segment), NET_MALFORMED);    /* total shorter than the header */
    assert_int_equal(changed(3, 30, &segment), NET_MALFORMED);    /* total shorter than TCP's header */
    assert_int_equal(changed(32, 0x40, &segment), NET_MALFORMED); /* TCP header shorter than its minimum */
    assert_int_equal(changed(32, 0xf0, &segment), NET_MALFORMED); /* TCP header longer than the packet */
    assert_int_equal(changed(0, 0x4f, &segment), NET_MALFORMED);  /* header longer than the packet */
    assert_int_equal(changed(0, 0x55, &segment), NET_OTHER_NETWORK);
    assert_int_equal(changed(6, 0x40, &segment), NET_TCP);  /* don't fragment */
    assert_int_equal(changed(10, 0xff, &segment), NET_TCP); /* checksums are not judged */
}

static void test_ip_offload_padding_and_cuts(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(changed(3, 0, &segment), NET_TCP); /* total length 0: segmentation offload */
    assert_int_equal(segment.payload_wire_bytes, 3);
    assert_int_equal(changed(3, 41, &segment), NET_TCP); /* two bytes of padding */
    assert_int_equal(segment.payload.size, 1);
    assert_int_equal(segment.payload_wire_bytes, 1);
    assert_int_equal(changed(3, 143, &segment), NET_TCP); /* a mirror cut the packet */
    assert_int_equal(segment.payload.size, 3);
    assert_int_equal(segment.payload_wire_bytes, 103);
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    struct net_frame cut = {.bytes = {frame.bytes, frame.size - 2}, .wire_bytes = frame.size, .dlt = DLT_RAW};
    assert_int_equal(decoder_take(decoder, &cut, &segment), NET_TCP); /* the snaplen did */
    assert_int_equal(segment.payload.size, 1);
    assert_int_equal(segment.payload_wire_bytes, 3);
    cut.bytes.size = TCP_AT + 10;
    assert_int_equal(decoder_take(decoder, &cut, &segment), NET_SHORT);
    decoder_free(decoder);
}

static void test_ip_super_packets_are_whole(void **state)
{
    (void)state;
    struct tcp_segment segment;
    static uint8_t payload[100000];
    memset(payload, 'x', sizeof payload);
    for (unsigned kind = 0; kind < 4; kind++) {
        kit_bytes(&frame, payload, sizeof payload);
        KIT_PUT(&frame, "\x10\0\0\x50\0\0\0\1\0\0\0\2\x50\x18\1\0\0\0\0\0");
        uint32_t size = (uint32_t)frame.size;
        if (kind == 2) { /* RFC 2675, with link padding behind it */
            const uint8_t jumbo[8] = {6,
                                      0,
                                      0xc2,
                                      4,
                                      0,
                                      (uint8_t)((size + 8) >> 16),
                                      (uint8_t)((size + 8) >> 8),
                                      (uint8_t)(size + 8)};
            kit_put(&frame, jumbo, sizeof jumbo);
            frame.size += 4;
        }
        if (kind == 0)
            kit_ipv4(&frame, 6);
        else
            kit_ipv6(&frame, kind == 2 ? 0 : 6);
        frame.bytes[kind == 0 ? 2 : 4] = frame.bytes[kind == 0 ? 3 : 5] = 0;
        kit_ethernet(&frame, kind == 0 ? 0x0800 : 0x86dd);
        assert_int_equal(kit_decode(DLT_EN10MB, &frame, &segment), NET_TCP);
        assert_int_equal(segment.payload.size, sizeof payload);
        assert_int_equal(segment.payload_wire_bytes, sizeof payload);
        assert_memory_equal(segment.payload.data, payload, sizeof payload);
    }
}

/* An IPv6 packet with |extensions| (their bytes) before TCP. */
static enum net_verdict ipv6(uint8_t first, const char *extensions, size_t size, struct tcp_segment *segment)
{
    kit_tcp(&frame);
    kit_put(&frame, extensions, size);
    kit_ipv6(&frame, first);
    enum net_verdict verdict = kit_decode(DLT_RAW, &frame, segment);
    if (verdict == NET_TCP)
        kit_check(DLT_RAW, &frame);
    return verdict;
}
#define IPV6(first, text) ipv6(first, text, sizeof(text) - 1, &segment)

static void test_ipv6_extension_headers(void **state)
{
    (void)state;
    struct tcp_segment segment;
    assert_int_equal(IPV6(6, ""), NET_TCP);
    assert_int_equal(segment.source.family, AF_INET6);
    assert_int_equal(segment.destination.ip[15], 2);
    assert_int_equal(IPV6(0, "\x3c\0\0\0\0\0\0\0\6\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NET_TCP);
    assert_int_equal(IPV6(44, "\6\0\0\0\0\0\0\1"), NET_TCP); /* an atomic fragment */
    assert_int_equal(IPV6(51, "\6\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NET_TCP);
    assert_int_equal(IPV6(135, "\x8b\0\0\0\0\0\0\0\x8c\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0"), NET_TCP);
    assert_int_equal(IPV6(50, "\6\0\0\0\0\0\0\0"), NET_ESP);
    assert_int_equal(IPV6(58, ""), NET_ICMP);
    assert_int_equal(IPV6(59, ""), NET_OTHER_TRANSPORT);
    assert_int_equal(IPV6(0, "\6\xff\0\0\0\0\0\0"), NET_MALFORMED);
    assert_int_equal(IPV6(51, "\6\xff\0\0\0\0\0\0\0\0\0\0"), NET_MALFORMED);
    static const char chain[9 * 8]; /* nine hop-by-hop headers, the type is 0 again */
    assert_int_equal(ipv6(0, chain, sizeof chain, &segment), NET_EXTENSIONS);
    kit_tcp(&frame);
    KIT_PUT(&frame, "\6\1\0\0\0\0\0\0\0\0\0\0");
    kit_ipv4(&frame, 51);
    kit_check(DLT_RAW, &frame);
}

static void test_ipv6_addresses_are_those_that_tcp_means(void **state)
{
    (void)state;
    struct tcp_segment segment;
#define STOP(n) "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" n
    assert_int_equal(IPV6(43, "\6\4\0\2\0\0\0\0" STOP("\7") STOP("\x9")), NET_TCP);
    assert_int_equal(segment.destination.ip[15], 9);
    assert_int_equal(IPV6(43, "\6\4\4\2\0\0\0\0" STOP("\7") STOP("\x9")),
                     NET_TCP); /* segments, the last one first */
    assert_int_equal(segment.destination.ip[15], 7);
    assert_int_equal(IPV6(43, "\6\2\2\1\0\0\0\0" STOP("\7")), NET_TCP);
    assert_int_equal(segment.destination.ip[15], 7);
    assert_int_equal(IPV6(43, "\6\4\0\0\0\0\0\0" STOP("\7") STOP("\x9")), NET_TCP); /* it is there */
    assert_int_equal(segment.destination.ip[15], 2);
    assert_int_equal(IPV6(43, "\6\0\0\1\0\0\0\0"), NET_TCP); /* no stops in it */
    assert_int_equal(segment.destination.ip[15], 2);
    assert_int_equal(IPV6(60, "\6\2\1\0\0\xc9\x10" STOP("\5") "\0"), NET_TCP); /* away from home */
    assert_int_equal(segment.source.ip[15], 5);
    assert_int_equal(IPV6(60, "\6\0\1\0\0\xc9\x10\1"), NET_TCP); /* an option that does not fit */
    assert_int_equal(segment.source.ip[15], 1);
}

/* Decodes a segment with |size| bytes of TCP options. */
static struct tcp_segment with_options(const char *options, size_t size)
{
    kit_bytes(&frame, options, size);
    KIT_PUT(&frame, "\x10\0\0\x50\0\0\0\1\0\0\0\2\0\x18\1\0\0\0\0\0");
    frame.bytes[12] = (uint8_t)((20 + size) / 4 << 4);
    kit_ipv4(&frame, 6);
    struct tcp_segment segment = {.has_timestamp = true};
    assert_int_equal(kit_decode(DLT_RAW, &frame, &segment), NET_TCP);
    return segment;
}
#define OPTIONS(text) with_options(text, sizeof(text) - 1)

static void test_ip_timestamp_option_is_found(void **state)
{
    (void)state;
    struct tcp_segment segment = OPTIONS("\1\1\x8\xa\1\2\3\4\5\6\7\x8");
    assert_true(segment.has_timestamp);
    assert_int_equal(segment.timestamp_value, 0x01020304);
    segment = OPTIONS("\2\4\5\xb4\4\2\x8\xa\xff\2\3\4\0\0\0\0\1\3\3\7");
    assert_true(segment.has_timestamp);
    assert_int_equal(segment.timestamp_value, 0xff020304);
    assert_false(OPTIONS("").has_timestamp);
    assert_false(OPTIONS("\1\1\1\1").has_timestamp);
    assert_false(OPTIONS("\0\1\1\0\x8\xa\1\2\3\4\0\0\0\0\0\0").has_timestamp); /* behind the end */
    assert_false(OPTIONS("\x8\xa\1\2").has_timestamp);                         /* cut */
    assert_false(OPTIONS("\5\0\1\x8").has_timestamp);                          /* a length of 0 */
    assert_false(OPTIONS("\5\1\1\x8").has_timestamp);
    assert_false(OPTIONS("\1\1\1\x8").has_timestamp);
    assert_false(OPTIONS("\x8\x6\1\2\3\4\1\1").has_timestamp); /* of another length */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip_headers_that_contradict_themselves),
        cmocka_unit_test(test_ip_offload_padding_and_cuts),
        cmocka_unit_test(test_ip_super_packets_are_whole),
        cmocka_unit_test(test_ipv6_extension_headers),
        cmocka_unit_test(test_ipv6_addresses_are_those_that_tcp_means),
        cmocka_unit_test(test_ip_timestamp_option_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
