/* decoder.h: fragments of both families, within tunnels and within each other, come together to the segment; each
 * frame is counted once, whatever becomes of it. */
#include "tests/unit/capture/net_kit.h"

#include "common/clock.h"

static struct kit_frame frame;
static struct kit_frame pieces[8];

/* Every frame stands in the counts. */
static void check_balance(struct decoder *decoder)
{
    const struct decoder_counts *counts = decoder_counts(decoder);
    uint64_t sum = counts->segments + counts->fragments_joined - counts->datagrams;
    for (unsigned i = 0; i < NET_VERDICT_COUNT; i++)
        sum += counts->not_decoded[i];
    for (size_t i = 0; i < counts->link_count; i++)
        sum += counts->links[i].packets;
    assert_int_equal(counts->frames, sum);
}

static struct decoder *create(void)
{
    return decoder_create(&(struct decoder_settings){.fragments = {.datagrams_max = 16}});
}

/* Cuts the payload in |frame| into |count| fragments of |size| bytes, each in an IP packet of its own. */
static size_t cut(const struct kit_frame *whole, size_t size, bool ipv6, uint8_t protocol,
                  struct kit_frame *ret_pieces)
{
    size_t count = 0;
    for (size_t at = 0; at < whole->size; at += size) {
        struct kit_frame *piece = &ret_pieces[count++];
        bool more = whole->size - at > size;
        kit_bytes(piece, whole->bytes + at, more ? size : whole->size - at);
        if (ipv6) {
            const uint8_t header[8] = {protocol, 0, (uint8_t)(at >> 8), (uint8_t)(at | more), 0, 0, 0, 9};
            kit_put(piece, header, sizeof header);
            kit_ipv6(piece, 44);
        } else {
            kit_ipv4(piece, protocol);
            piece->bytes[5] = 9;
            piece->bytes[6] = (uint8_t)((more ? 0x20 : 0) | at / 8 >> 8);
            piece->bytes[7] = (uint8_t)(at / 8);
        }
    }
    return count;
}

static void check_segment(const struct tcp_segment *segment)
{
    assert_int_equal(segment->source.port, 4096);
    assert_int_equal(segment->payload.size, 3);
    assert_memory_equal(segment->payload.data, "GET", 3);
    assert_int_equal(segment->payload_wire_bytes, 3);
}

static void test_decoder_fragments_of_a_segment(void **state)
{
    (void)state;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++)
        for (unsigned reverse = 0; reverse < 2; reverse++) {
            struct decoder *decoder = create();
            struct tcp_segment segment;
            kit_tcp(&frame);
            size_t count = cut(&frame, 8, ipv6, 6, pieces);
            assert_int_equal(count, 3);
            for (size_t i = 0; i < count; i++) {
                struct kit_frame *piece = &pieces[reverse ? count - 1 - i : i];
                kit_ethernet(piece, ipv6 ? 0x86dd : 0x0800);
                assert_int_equal(kit_take(decoder, DLT_EN10MB, piece, KIT_WALL_NS, &segment),
                                 i == count - 1 ? NET_TCP : NET_PENDING);
                check_balance(decoder);
            }
            check_segment(&segment);
            assert_int_equal(decoder_counts(decoder)->fragments_joined, 3);
            assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT], 0);
            decoder_free(decoder);
        }
}

static void test_decoder_fragments_of_fragments_in_tunnels(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    struct tcp_segment segment;
    kit_tcp(&frame);
    size_t count = cut(&frame, 16, false, 6, pieces);
    assert_int_equal(count, 2);
    unsigned taken = 0;
    for (size_t i = 0; i < count; i++) { /* the same addresses and number inside and outside */
        struct kit_frame outer[8];
        size_t outer_count = cut(&pieces[i], 24, false, 4, outer);
        for (size_t k = 0; k < outer_count; k++) {
            enum net_verdict verdict = kit_take(decoder, DLT_RAW, &outer[k], KIT_WALL_NS, &segment);
            taken++;
            assert_int_equal(verdict, i == count - 1 && k == outer_count - 1 ? NET_TCP : NET_PENDING);
            if (k == outer_count - 1 && i < count - 1)
                for (size_t n = 0; n < outer_count; n++) /* late copies of the outer ones */
                    assert_int_equal(kit_take(decoder, DLT_RAW, &outer[n], KIT_WALL_NS, &segment),
                                     NET_PENDING);
        }
    }
    check_segment(&segment);
    decoder_free(decoder);

    decoder = create(); /* fragments of what a VXLAN datagram carries */
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
    kit_ethernet(&frame, 0x0800);
    KIT_PUT(&frame, "\x08\0\0\0\0\0\7\0");
    kit_udp(&frame, 50000, 4789);
    count = cut(&frame, 16, true, 17, pieces);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(kit_take(decoder, DLT_RAW, &pieces[i], KIT_WALL_NS, &segment),
                         i == count - 1 ? NET_TCP : NET_PENDING);
    check_segment(&segment);
    assert_int_not_equal(segment.scope, 0);
    check_balance(decoder);
    decoder_free(decoder);
    assert_true(taken > 2);
}

static void test_decoder_fragments_in_another_vlan_are_others(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    struct tcp_segment segment;
    kit_tcp(&frame);
    cut(&frame, 16, false, 6, pieces);
    for (size_t i = 0; i < 2; i++) {
        kit_put(&pieces[i], i ? "\0\5\x08\0" : "\0\6\x08\0", 4);
        kit_ethernet(&pieces[i], 0x8100);
        assert_int_equal(kit_take(decoder, DLT_EN10MB, &pieces[i], KIT_WALL_NS, &segment), NET_PENDING);
    }
    assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT], 2);
    check_balance(decoder);
    decoder_free(decoder);
}

static void test_decoder_counts_what_never_became_whole(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    struct tcp_segment segment;
    kit_tcp(&frame);
    cut(&frame, 8, true, 6, pieces);
    kit_take(decoder, DLT_RAW, &pieces[0], KIT_WALL_NS, &segment);
    kit_take(decoder, DLT_RAW, &pieces[1], KIT_WALL_NS, &segment);
    assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT], 2);
    check_balance(decoder);
    pieces[1].bytes[48] ^= 1; /* a copy with another text */
    kit_take(decoder, DLT_RAW, &pieces[1], KIT_WALL_NS, &segment);
    assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT], 0);
    assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT_OVERLAP], 3);
    check_balance(decoder);
    for (unsigned i = 0; i < 100; i++) { /* other datagrams, at the limit */
        pieces[0].bytes[47] = (uint8_t)(100 + i);
        assert_int_equal(kit_take(decoder, DLT_RAW, &pieces[0], KIT_WALL_NS + i * NS_PER_S, &segment),
                         NET_PENDING);
        check_balance(decoder);
    }
    assert_int_equal(decoder_counts(decoder)->not_decoded[NET_FRAGMENT], 100);
    decoder_free(decoder);
}

static void test_decoder_a_fragment_header_behind_fragments_is_malformed(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    struct tcp_segment segment;
    kit_tcp(&frame);
    KIT_PUT(&frame, "\6\0\0\1\0\0\0\x9");
    size_t count = cut(&frame, 16, true, 44, pieces);
    assert_int_equal(count, 2);
    assert_int_equal(kit_take(decoder, DLT_RAW, &pieces[0], KIT_WALL_NS, &segment), NET_PENDING);
    assert_int_equal(kit_take(decoder, DLT_RAW, &pieces[1], KIT_WALL_NS, &segment), NET_MALFORMED);
    check_balance(decoder);
    decoder_free(decoder);
}

static void test_decoder_every_frame_is_counted_once(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    struct tcp_segment segment;
    uint32_t random = 1;
    kit_tcp(&frame);
    kit_ipv6(&frame, 6);
    kit_ethernet(&frame, 0x86dd);
    KIT_PUT(&frame, "\x08\0\0\0\0\0\7\0");
    kit_udp(&frame, 50000, 4789);
    kit_ipv4(&frame, 17);
    kit_ethernet(&frame, 0x0800);
    for (unsigned i = 0; i < 20000; i++) { /* a byte of the headers at a time is another one */
        random = random * 1664525 + 1013904223;
        size_t at = random >> 8 & 127;
        uint8_t was = frame.bytes[at];
        frame.bytes[at] = (uint8_t)(random >> 24);
        kit_take(decoder, random & 1 ? DLT_EN10MB : (int)(random >> 16 & 255), &frame, i, &segment);
        frame.bytes[at] = was;
    }
    check_balance(decoder);
    assert_true(decoder_counts(decoder)->segments > 0 &&
                decoder_counts(decoder)->decapsulated[NET_TUNNEL_VXLAN] > 0);
    decoder_free(decoder);
}

static void test_decoder_names_are_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NET_VERDICT_COUNT; i++)
        assert_true(strspn(net_verdict_name(i), "abcdefghijklmnopqrstuvwxyz0123456789_") ==
                    strlen(net_verdict_name(i)));
    for (unsigned i = 0; i < NET_TUNNEL_COUNT; i++)
        assert_true(strspn(net_tunnel_name(i), "abcdefghijklmnopqrstuvwxyz0123456789_") ==
                    strlen(net_tunnel_name(i)));
    assert_string_equal(net_verdict_name(NET_VXLAN), "vxlan");
    assert_string_equal(net_tunnel_name(NET_TUNNEL_VXLAN_GPE), "vxlan_gpe");
}

/* Checks that a packet behind Ethernet, which may be decoded in one go, comes to what it does on its own, layer by layer. */
static bool check_plain(struct decoder *decoder, size_t size)
{
    struct tcp_segment plain, layers;
    struct net_frame behind = {.bytes = {frame.bytes, size}, .wire_bytes = size, .dlt = DLT_EN10MB};
    struct net_frame alone = {
        .bytes = {frame.bytes + 14, size - 14}, .wire_bytes = size - 14, .dlt = DLT_RAW};
    enum net_verdict verdict = decoder_take(decoder, &behind, &plain);
    bool in_one = ip_take_plain(alone.bytes, &layers);
    assert_int_equal(decoder_take(decoder, &alone, &layers), verdict);
    assert_true(!in_one || verdict == NET_TCP);
    if (verdict != NET_TCP)
        return in_one;
    assert_memory_equal(&plain.source.ip, &layers.source.ip, sizeof plain.source.ip);
    assert_memory_equal(&plain.destination.ip, &layers.destination.ip, sizeof plain.destination.ip);
    assert_int_equal(plain.source.family, layers.source.family);
    assert_int_equal(plain.destination.family, layers.destination.family);
    assert_int_equal(plain.source.port, layers.source.port);
    assert_int_equal(plain.destination.port, layers.destination.port);
    assert_int_equal(plain.sequence, layers.sequence);
    assert_int_equal(plain.acknowledgement, layers.acknowledgement);
    assert_int_equal(plain.scope, layers.scope);
    assert_int_equal(plain.has_timestamp, layers.has_timestamp);
    assert_true(!plain.has_timestamp || plain.timestamp_value == layers.timestamp_value);
    assert_int_equal(plain.flags, layers.flags);
    assert_ptr_equal(plain.payload.data, layers.payload.data);
    assert_int_equal(plain.payload.size, layers.payload.size);
    assert_int_equal(plain.payload_wire_bytes, layers.payload_wire_bytes);
    return in_one;
}

static void test_decoder_plain_packets_come_to_what_their_layers_do(void **state)
{
    (void)state;
    struct decoder *decoder = create();
    const size_t headers = 14 + 20 + 32;
    unsigned in_one = 0;
    kit_tcp(&frame);
    uint8_t tcp[32 + 3] = {0};
    memcpy(tcp, frame.bytes, 20);
    memcpy(tcp + 20, "\x01\x01\x08\x0a\0\0\1\2\0\0\3\4GET", 15);
    tcp[12] = 0x80;
    kit_bytes(&frame, tcp, sizeof tcp);
    kit_ipv4(&frame, 6);
    kit_ethernet(&frame, 0x0800);
    assert_true(check_plain(decoder, frame.size));
    for (size_t size = 14; size <= frame.size; size++) /* cut by the snaplen */
        assert_int_equal(check_plain(decoder, size), size == frame.size);
    memset(frame.bytes + frame.size, 0, 8);
    assert_true(check_plain(decoder, frame.size + 8)); /* padded */
    for (size_t at = 14; at < headers; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t before = frame.bytes[at];
            frame.bytes[at] = (uint8_t)value;
            in_one += check_plain(decoder, frame.size);
            frame.bytes[at] = before;
        }
    assert_true(in_one > 6000);
    check_balance(decoder);
    decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoder_fragments_of_a_segment),
        cmocka_unit_test(test_decoder_plain_packets_come_to_what_their_layers_do),
        cmocka_unit_test(test_decoder_fragments_of_fragments_in_tunnels),
        cmocka_unit_test(test_decoder_fragments_in_another_vlan_are_others),
        cmocka_unit_test(test_decoder_counts_what_never_became_whole),
        cmocka_unit_test(test_decoder_a_fragment_header_behind_fragments_is_malformed),
        cmocka_unit_test(test_decoder_every_frame_is_counted_once),
        cmocka_unit_test(test_decoder_names_are_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
