/* link.h and ether.h: frames of each link type, with each tag and layer before IP, lead to the same TCP segment;
 * whatever is cut or odd is named, not read past; VLAN ids are another scope. */
#include "tests/unit/capture/net_kit.h"

#include "capture/net/link.h"

#define SLL2 276

static struct kit_frame frame;

static void begin(void)
{
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
}

static void begin_ipv6(void)
{
    kit_tcp(&frame);
    kit_ipv6(&frame, 6);
}

/* The packet behind |header|, decoded as |dlt|. */
static uint32_t behind(int dlt, const char *header, size_t size)
{
    begin();
    kit_put(&frame, header, size);
    uint32_t scope = kit_check(dlt, &frame);
    assert_true(link_known(dlt));
    return scope;
}
#define BEHIND(dlt, text) behind(dlt, text, sizeof(text) - 1)

static void test_link_every_type_leads_to_the_packet(void **state)
{
    (void)state;
    BEHIND(DLT_EN10MB, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\x00");
    BEHIND(DLT_RAW, "");
    BEHIND(101, "");
    BEHIND(14, "");
    BEHIND(DLT_IPV4, "");
    BEHIND(DLT_NULL, "\2\0\0\0");
    BEHIND(DLT_NULL, "\0\0\0\2");
    BEHIND(108, "\0\0\0\2");
    BEHIND(DLT_LINUX_SLL, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x08\x00");
    BEHIND(DLT_LINUX_SLL, "\0\0\0\1\0\6\0\0\0\0\0\0\0\0\x81\x00\0\7\x08\x00");
    BEHIND(DLT_LINUX_SLL, "\0\0\0\1\0\6\0\0\0\0\0\0\0\0\0\4\xaa\xaa\3\0\0\0\x08\x00");
    BEHIND(SLL2, "\x08\x00\0\0\0\0\0\1\3\4\0\6\0\0\0\0\0\0\0\0");
    BEHIND(SLL2, "\x88\x64\0\0\0\0\0\1\0\1\0\6\0\0\0\0\0\0\0\0\x11\0\0\1\0\x2d\0\x21");
    BEHIND(DLT_PPP, "\xff\3\0\x21");
    BEHIND(DLT_PPP, "\0\x21");
    BEHIND(DLT_PPP, "\x21");
    BEHIND(DLT_PPP_SERIAL, "\xff\3\0\x21");
    BEHIND(DLT_PPP_SERIAL, "\x0f\0\x08\x00");
    BEHIND(DLT_PPP_ETHER, "\x11\0\0\1\0\x2d\0\x21");
    BEHIND(DLT_PPP_PPPD, "\1\3\0\x21");
    BEHIND(DLT_PPP_WITH_DIR, "\1\xff\3\0\x21");
    BEHIND(DLT_C_HDLC, "\x0f\0\x08\x00");
    BEHIND(DLT_FRELAY, "\x18\x41\3\xcc");
    BEHIND(DLT_FRELAY, "\x18\x41\x08\x00");
    BEHIND(DLT_FRELAY, "\x18\x41\3\0\x80\0\0\0\x08\x00");
    BEHIND(DLT_MPLS, "\0\1\1\x40");
    BEHIND(DLT_NFLOG, "\2\0\0\0\7\0\12\0abc\0\x2f\0\x9\0"); /* little-endian, a prefix first */
    BEHIND(DLT_NFLOG, "\2\0\0\0\0\7\0\12abc\0\0\x2f\0\x9"); /* big-endian */
    BEHIND(DLT_IPNET, "\2\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    static const char pflog[64] = {61, 2}; /* and its padding */
    behind(DLT_PFLOG, pflog, sizeof pflog);
    BEHIND(109, "\2\0\0\0\0\0\0\0\0\0\0\0");
}

#define WLAN "\x08\1\0\0\1\2\3\4\5\6\1\2\3\4\5\6\1\2\3\4\5\6\0\0"
#define SNAP "\xaa\xaa\3\0\0\0\x08\0"

static void test_link_wireless_data_frames(void **state)
{
    (void)state;
    BEHIND(DLT_IEEE802_11, WLAN SNAP);
    BEHIND(DLT_IEEE802_11, "\x88\2\0\0\1\2\3\4\5\6\1\2\3\4\5\6\1\2\3\4\5\6\0\0\0\0" SNAP);
    BEHIND(DLT_IEEE802_11,
           "\x88\x83\0\0\1\2\3\4\5\6\1\2\3\4\5\6\1\2\3\4\5\6\0\0\1\2\3\4\5\6\0\0\0\0\0\0" SNAP);
    BEHIND(DLT_IEEE802_11_RADIO, "\0\0\x9\0\0\0\0\0\0" WLAN SNAP);
    BEHIND(DLT_IEEE802_11_RADIO_AVS, "\0\0\0\0\0\0\0\x0a\0\0" WLAN SNAP);
    static const struct {
        const char *first;
        uint8_t at, value;
    } cases[] = {{"beacon", 0, 0x80}, {"encrypted", 1, 0x41}, {"without data", 0, 0x48}, {"a piece", 22, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        KIT_PUT(&frame, WLAN SNAP);
        frame.bytes[cases[i].at] = cases[i].value;
        assert_int_equal(kit_decode(DLT_IEEE802_11, &frame, NULL), NET_WLAN);
    }
    assert_string_equal(net_verdict_name(NET_WLAN), "link_ieee802_11");
}

static void test_link_unknown_types_are_counted_by_name(void **state)
{
    (void)state;
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    struct tcp_segment segment;
    char text[LINK_NAME_SIZE];
    begin();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(kit_take(decoder, 147, &frame, 1, &segment), NET_LINK);
    assert_int_equal(kit_take(decoder, 143, &frame, 1, &segment), NET_LINK);
    const struct decoder_counts *counts = decoder_counts(decoder);
    assert_int_equal(counts->link_count, 2);
    assert_int_equal(counts->links[0].packets, 3);
    assert_string_equal(link_name(counts->links[0].dlt, text), "link_147");
    assert_string_equal(link_name(counts->links[1].dlt, text), "link_docsis");
    assert_string_equal(link_name(9999, text), "link_9999");
    uint64_t sum = 0;
    for (int dlt = 1000; dlt < 1000 + 2 * DECODER_LINKS_MAX; dlt++)
        kit_take(decoder, dlt, &frame, 1, &segment);
    assert_int_equal(counts->link_count, DECODER_LINKS_MAX);
    for (size_t i = 0; i < counts->link_count; i++)
        sum += counts->links[i].packets;
    assert_int_equal(sum, 4 + 2 * DECODER_LINKS_MAX);
    assert_string_equal(link_name(counts->links[DECODER_LINKS_MAX - 1].dlt, text), "link_other");
    assert_false(link_known(147));
    assert_true(link_has_vlan(DLT_EN10MB) && !link_has_vlan(DLT_RAW));
    decoder_free(decoder);
}

#define MACS "\1\2\3\4\5\6\1\2\3\4\5\6"

static void test_ether_tags_and_802_2(void **state)
{
    (void)state;
    static const char *const vlan_types[] = {"\x81\0", "\x88\xa8", "\x91\0", "\x92\0", "\x93\0"};
    for (size_t i = 0; i < sizeof vlan_types / sizeof vlan_types[0]; i++) {
        begin();
        KIT_PUT(&frame, "\0\5\x08\0");
        kit_put(&frame, vlan_types[i], 2);
        KIT_PUT(&frame, MACS);
        kit_check(DLT_EN10MB, &frame);
    }
    BEHIND(DLT_EN10MB, MACS "\x88\xa8\0\5\x81\0\0\6\x81\0\0\7\x81\0\0\x8\x08\0");
    BEHIND(DLT_EN10MB, MACS "\x89\x26\0\0\0\0\x08\0");     /* VN-Tag */
    BEHIND(DLT_EN10MB, MACS "\x89\x3f\0\0\0\0\0\0\x08\0"); /* E-Tag */
    BEHIND(DLT_EN10MB, MACS "\x89\x09\1\1\0\1\0\7\x08\0"); /* security group */
    BEHIND(DLT_EN10MB, MACS "\x89\x2f\0\0\0\0\x08\0");     /* HSR */
    BEHIND(DLT_EN10MB, MACS "\0\x33" SNAP);
    BEHIND(DLT_EN10MB, MACS "\x81\0\0\5\0\x33" SNAP);
    BEHIND(DLT_EN10MB, MACS "\0\x33\xaa\xaa\3\0\0\xf8\x08\0");
    BEHIND(DLT_EN10MB, MACS "\0\x2e\6\6\3");
    BEHIND(DLT_EN10MB, MACS "\0\x2f\xfe\xfe\3\xcc");
    BEHIND(DLT_EN10MB, MACS "\x88\x70" SNAP);
    BEHIND(DLT_EN10MB, MACS "\x88\x0b\xff\3\0\x21");
    begin_ipv6();
    kit_ethernet(&frame, 0x86dd);
    kit_check(DLT_EN10MB, &frame);
}

static void test_ether_vlan_is_another_scope(void **state)
{
    (void)state;
    uint32_t none = BEHIND(DLT_EN10MB, MACS "\x08\0");
    uint32_t five = BEHIND(DLT_EN10MB, MACS "\x81\0\0\5\x08\0");
    uint32_t six = BEHIND(DLT_EN10MB, MACS "\x81\0\0\6\x08\0");
    uint32_t both = BEHIND(DLT_EN10MB, MACS "\x88\xa8\0\5\x81\0\0\6\x08\0");
    assert_int_equal(none, 0);
    assert_true(five != 0 && six != 0 && both != 0 && five != six && five != both && six != both);
    assert_int_equal(BEHIND(DLT_EN10MB, MACS "\x81\0\xe0\5\x08\0"), five); /* another priority */
    assert_int_equal(BEHIND(DLT_EN10MB, MACS "\x81\0\xe0\0\x08\0"), none); /* priority only */
    /* `any` shows a VLAN's frames twice, with their tag and without */
    assert_int_equal(BEHIND(DLT_LINUX_SLL, "\0\0\0\1\0\6\0\0\0\0\0\0\0\0\x81\0\0\5\x08\0"), none);

    begin();
    kit_ethernet(&frame, 0x0800);
    struct net_frame net_frame = {.bytes = {frame.bytes, frame.size},
                                  .wire_bytes = frame.size,
                                  .dlt = DLT_EN10MB,
                                  .vlan = NET_FRAME_VLAN | 5};
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    struct tcp_segment segment;
    assert_int_equal(decoder_take(decoder, &net_frame, &segment), NET_TCP);
    assert_int_equal(segment.scope, five); /* the kernel took the tag out */
    decoder_free(decoder);
}

static enum net_verdict ether(const char *header, size_t size)
{
    begin();
    kit_put(&frame, header, size);
    KIT_PUT(&frame, MACS);
    return kit_decode(DLT_EN10MB, &frame, NULL);
}
#define ETHER(text) ether(text, sizeof(text) - 1)

static void test_ether_other_protocols_are_named(void **state)
{
    (void)state;
    assert_int_equal(ETHER("\x08\x06"), NET_ARP);
    assert_int_equal(ETHER("\x80\x35"), NET_ARP);
    assert_int_equal(ETHER("\x88\x63"), NET_PPPOE);
    assert_int_equal(ETHER("\x88\x64\x11\x9\0\1\0\x2d\0\x21"), NET_PPPOE);
    assert_int_equal(ETHER("\x88\x64\x11\0\0\1\0\x2d\xc0\x21"), NET_PPP);
    assert_int_equal(ETHER("\x88\xe5"), NET_MACSEC);
    assert_int_equal(ETHER("\x12\x34"), NET_OTHER_NETWORK);
    assert_int_equal(ETHER("\5\xf0"), NET_OTHER_NETWORK); /* neither a length nor a type */
    assert_int_equal(ETHER("\0\x26\x42\x42\3"), NET_LLC);
    assert_int_equal(ETHER("\0\x26\xaa\xaa\3\0\0\x0c\x20\0"), NET_LLC);
    assert_int_equal(ETHER("\x08\0\x50"), NET_OTHER_NETWORK); /* IP of version 5 */
    assert_int_equal(ETHER("\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1\x81\0\0\1\x08\0"), NET_VLAN_DEPTH);
    kit_bytes(&frame, "\2\0\0\0", 4);
    assert_int_equal(kit_decode(DLT_NULL, &frame, NULL), NET_MALFORMED);
    kit_bytes(&frame, "\2\0\0\0\5\0\x01", 7);
    assert_int_equal(kit_decode(DLT_NFLOG, &frame, NULL), NET_MALFORMED);
    kit_bytes(&frame, "\3\0\0\0\5\0\x01\0\0", 9);
    assert_int_equal(kit_decode(DLT_NFLOG, &frame, NULL), NET_ARP);
    kit_bytes(&frame, "\2\0\0\0\2\0\1\0\0", 9); /* an attribute shorter than its header */
    assert_int_equal(kit_decode(DLT_NFLOG, &frame, NULL), NET_MALFORMED);
    kit_bytes(&frame, "\2\0\0\0\5\0\1\0a\0\0\0", 12); /* no payload */
    assert_int_equal(kit_decode(DLT_NFLOG, &frame, NULL), NET_OTHER_NETWORK);
}

static void test_ether_mpls_to_the_bottom(void **state)
{
    (void)state;
    begin();
    KIT_PUT(&frame, MACS "\x88\x47\0\1\0\x40\0\2\0\x40\0\3\1\x40");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_MPLS);
    begin_ipv6();
    KIT_PUT(&frame, MACS "\x88\x48\0\1\1\x40");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_MPLS);
    begin();
    kit_ethernet(&frame, 0x0800);
    KIT_PUT(&frame, MACS "\x88\x47\0\1\1\x40\0\0\0\0"); /* a pseudowire with control word */
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_MPLS);
    begin();
    KIT_PUT(&frame, "\0\2\3\4\5\6\1\2\3\4\5\6\x81\0\0\5\x08\0");
    KIT_PUT(&frame, MACS "\x88\x47\0\1\1\x40"); /* and without */
    assert_int_not_equal(kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_MPLS), 0);
    assert_int_equal(ETHER("\x88\x47\0\1\1\x40\x10\0\0\0"), NET_MPLS);
    kit_bytes(&frame, "", 0);
    for (unsigned i = 0; i < 100; i++)
        KIT_PUT(&frame, "\0\1\0\x40");
    assert_int_equal(kit_decode(DLT_MPLS, &frame, NULL), NET_TUNNEL_DEPTH);
}

static void test_ether_encapsulations(void **state)
{
    (void)state;
    begin();
    KIT_PUT(&frame, MACS "\x88\x64\x11\0\0\1\0\x2d\0\x21");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_PPPOE);
    begin_ipv6();
    KIT_PUT(&frame, MACS "\x88\x64\x11\0\0\1\0\x41\0\x57");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_PPPOE);
    begin();
    kit_ethernet(&frame, 0x0800);
    KIT_PUT(&frame, MACS "\x88\xe7\0\0\0\7");
    assert_int_not_equal(kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_PBB), 0);
    begin();
    kit_ethernet(&frame, 0x0800);
    KIT_PUT(&frame, MACS "\x89\3\0\1");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_FABRICPATH);
    begin();
    KIT_PUT(&frame, MACS "\x89\x4f\0\2\2\1\0\0\1\xff");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_NSH);
    begin();
    kit_ethernet(&frame, 0x0800);
    KIT_PUT(&frame, MACS "\x89\x4f\0\3\2\3\0\0\1\xff\1\2\3\4");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_NSH);
    assert_int_equal(ETHER("\x89\x4f\0\2\2\x9\0\0\1\xff"), NET_NSH);
    assert_int_equal(ETHER("\x89\x4f\0\1\2\1\0\0\1\xff"), NET_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_every_type_leads_to_the_packet),
        cmocka_unit_test(test_link_wireless_data_frames),
        cmocka_unit_test(test_link_unknown_types_are_counted_by_name),
        cmocka_unit_test(test_ether_tags_and_802_2),
        cmocka_unit_test(test_ether_vlan_is_another_scope),
        cmocka_unit_test(test_ether_other_protocols_are_named),
        cmocka_unit_test(test_ether_mpls_to_the_bottom),
        cmocka_unit_test(test_ether_encapsulations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
