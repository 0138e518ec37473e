/* tunnel.h: each tunnel leads to the TCP segment in it and is counted by name; headers cut at every byte, and
 * datagrams on a tunnel's port that are none, end in a verdict; virtual networks are another scope. */
#include "tests/unit/capture/net_kit.h"

static struct kit_frame frame;

/* An Ethernet frame with the segment in it. */
static void begin_ethernet(void)
{
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
    kit_ethernet(&frame, 0x0800);
}

static void begin_ipv4(void)
{
    kit_tcp(&frame);
    kit_ipv4(&frame, 6);
}

static void begin_ipv6(void)
{
    kit_tcp(&frame);
    kit_ipv6(&frame, 6);
}

static void finish(uint8_t protocol)
{
    kit_ipv4(&frame, protocol);
    kit_ethernet(&frame, 0x0800);
}

/* Puts the tunnel's |header| and GRE's protocol 47 before what is there, and checks. */
static uint32_t in_gre(const char *header, size_t size, enum net_tunnel tunnel)
{
    kit_put(&frame, header, size);
    finish(47);
    return kit_check_tunnel(DLT_EN10MB, &frame, tunnel);
}
#define IN_GRE(header, tunnel) in_gre(header, sizeof(header) - 1, NET_TUNNEL_##tunnel)

static uint32_t in_udp(const char *header, size_t size, uint16_t port, enum net_tunnel tunnel)
{
    kit_put(&frame, header, size);
    kit_udp(&frame, 50000, port);
    finish(17);
    return kit_check_tunnel(DLT_EN10MB, &frame, tunnel);
}
#define IN_UDP(header, port, tunnel) in_udp(header, sizeof(header) - 1, port, NET_TUNNEL_##tunnel)

static void test_tunnel_gre_with_every_field(void **state)
{
    (void)state;
    static const char fields[] = "\0\0\0\0\0\0\0\0\0\0\0\0";
    for (unsigned flags = 0; flags < 8; flags++) {
        unsigned words = (flags & 1) + (flags >> 1 & 1) + (flags >> 2 & 1);
        begin_ipv4();
        kit_put(&frame, fields, (size_t)words * 4);
        uint8_t header[4] = {
            (uint8_t)((flags & 1 ? 0x80 : 0) | (flags & 2 ? 0x20 : 0) | (flags & 4 ? 0x10 : 0)), 0, 8, 0};
        kit_put(&frame, header, sizeof header);
        finish(47);
        assert_int_equal(kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_GRE), 0);
    }
    begin_ipv6();
    IN_GRE("\0\0\x86\xdd", GRE);
    begin_ethernet();
    IN_GRE("\0\0\x65\x58", GRE);
    begin_ipv4();
    IN_GRE("\0\0\x88\x47\0\1\1\x40", MPLS);
    begin_ipv4();
    IN_GRE("\0\0\x88\x0b\xff\3\0\x21", GRE);
    begin_ipv4();
    IN_GRE("\0\0\x88\x3e", GRE); /* WCCP without and with its header */
    begin_ipv4();
    IN_GRE("\0\0\x88\x3e\0\0\1\2", GRE);
    begin_ipv4();
    IN_GRE("\0\0\x82\0\x08\1\0\0\1\2\3\4\5\6\1\2\3\4\5\6\1\2\3\4\5\6\0\0\xaa\xaa\3\0\0\0\x08\0", GRE);
    begin_ipv4();
    IN_GRE("\x30\1\x88\x0b\0\x2d\0\7\0\0\0\1\0\x21", GRE); /* PPTP */
    begin_ipv4();
    IN_GRE("\x30\x81\x88\x0b\0\x2d\0\7\0\0\0\1\0\0\0\1\0\x21", GRE);
}

static void test_tunnel_erspan(void **state)
{
    (void)state;
    begin_ethernet();
    IN_GRE("\0\0\x88\xbe", ERSPAN);
    begin_ethernet();
    IN_GRE("\x10\0\x88\xbe\0\0\0\1\x10\5\0\1\0\0\0\0", ERSPAN);
    begin_ethernet();
    IN_GRE("\x10\0\x22\xeb\0\0\0\1\x20\5\0\1\0\0\0\0\0\0\0\0", ERSPAN);
    begin_ethernet();
    IN_GRE("\x10\0\x22\xeb\0\0\0\1\x20\5\0\1\0\0\0\0\0\0\0\1\1\2\3\4\5\6\7\x8", ERSPAN);
    begin_ipv4();
    IN_GRE("\x10\0\x22\xeb\0\0\0\1\x20\5\0\1\0\0\0\0\0\0\x8\0", ERSPAN);
}

static void test_tunnel_ip_in_ip(void **state)
{
    (void)state;
    begin_ipv4();
    kit_ipv4(&frame, 4);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_IPIP);
    begin_ipv6();
    kit_ipv4(&frame, 41);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_IPIP);
    begin_ipv4();
    kit_ipv6(&frame, 4);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_IPIP);
    begin_ipv6();
    kit_ipv6(&frame, 41);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_IPIP);
    begin_ipv4();
    KIT_PUT(&frame, "\0\1\1\x40");
    kit_ipv4(&frame, 137);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_MPLS);
    begin_ethernet();
    KIT_PUT(&frame, "\x30\0");
    kit_ipv4(&frame, 97);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_ETHERIP);
    begin_ethernet();
    kit_ipv6(&frame, 143);
    kit_check_tunnel(DLT_RAW, &frame, NET_TUNNEL_ETHERIP);
}

static void test_tunnel_vxlan_and_geneve(void **state)
{
    (void)state;
    begin_ethernet();
    IN_UDP("\x08\0\0\0\0\0\7\0", 4789, VXLAN);
    begin_ethernet();
    IN_UDP("\x88\0\0\5\0\0\7\0", 8472, VXLAN); /* with a group policy */
    begin_ethernet();
    IN_UDP("\xff\1\2\3\0\0\7\x95", 4789, VXLAN); /* reserved bits */
    begin_ethernet();
    IN_UDP("\x0c\0\0\3\0\0\7\0", 4790, VXLAN_GPE);
    begin_ethernet();
    IN_UDP("\x08\0\0\0\0\0\7\0", 4790, VXLAN_GPE);
    begin_ipv4();
    IN_UDP("\x0c\0\0\1\0\0\7\0", 4790, VXLAN_GPE);
    begin_ipv6();
    IN_UDP("\x0c\0\0\2\0\0\7\0", 4790, VXLAN_GPE);
    begin_ipv4();
    IN_UDP("\x0c\0\0\4\0\0\7\0\0\2\2\1\0\0\1\xff", 4790, NSH);
    begin_ipv4();
    IN_UDP("\x0c\0\0\5\0\0\7\0\0\1\1\x40", 4790, MPLS);
    begin_ethernet();
    IN_UDP("\0\0\x65\x58\0\0\7\0", 6081, GENEVE);
    begin_ethernet();
    IN_UDP("\3\0\x65\x58\0\0\7\0\1\3\1\2\0\0\0\0\1\3\1\0", 6081, GENEVE);
    begin_ipv4();
    IN_UDP("\0\0\x08\0\0\0\7\0", 6081, GENEVE);
    begin_ipv6();
    IN_UDP("\0\0\x86\xdd\0\0\7\0", 6081, GENEVE);
}

static void test_tunnel_of_other_ports(void **state)
{
    (void)state;
    begin_ipv4();
    IN_UDP("\x30\xff\0\x2b\0\0\0\1", 2152, GTP);
    begin_ipv4();
    IN_UDP("\x32\xff\0\x2f\0\0\0\1\0\1\0\0", 2152, GTP);
    begin_ipv4();
    IN_UDP("\x34\xff\0\x37\0\0\0\1\0\0\0\x85\1\0\1\x85\1\0\1\0", 2152, GTP); /* two extension headers */
    begin_ipv4();
    IN_UDP("\0\0\x08\0", 4754, GRE);
    begin_ethernet();
    IN_UDP("\xb0\0\x65\x58\0\0\0\0\0\0\0\7\0\0\0\1", 4754, GRE);
    begin_ipv4();
    IN_UDP("\0\1\1\x40", 6635, MPLS);
    begin_ipv4();
    IN_UDP("\0\2\0\1\0\2\xff\3\0\x21", 1701, L2TP);
    begin_ipv4();
    IN_UDP("\x4a\2\0\x3f\0\1\0\2\0\1\0\2\0\2\0\0\xff\3\0\x21", 1701, L2TP);
    begin_ipv4();
    IN_UDP("\x40\0\0\1\0\0\0\1", 4341, LISP);
    begin_ethernet();
    IN_UDP("\1\0\0\1\0\x0a\1\7\1", 37008, TZSP);
    begin_ipv6();
    IN_UDP("\x44\x52\x11\x29\1\2\3\4\1\2\3\4\5\6\7\x8\1\2\3\4\5\6\7\x8"
           "\1\2\3\4\5\6\7\x8\1\2\3\4\5\6\7\x8\1\2\3\4",
           5072, AYIYA);
}

static void test_tunnel_teredo(void **state)
{
    (void)state;
    begin_ipv6();
    IN_UDP("", 3544, TEREDO);
    begin_ipv6();
    IN_UDP("\0\0\1\2\3\4\5\6", 3544, TEREDO);
    begin_ipv6();
    IN_UDP("\0\1\1\2abc\1\2\3\4\5\6\7\x8\0\0\0\1\2\3\4\5\6", 3544, TEREDO);
    begin_ipv6();
    memcpy(frame.bytes + 8, "\x20\1\0\0", 4); /* between a client and a relay */
    IN_UDP("", 40000, TEREDO);
    begin_ipv6();
    kit_udp(&frame, 50000, 40000);
    finish(17);
    assert_int_equal(kit_decode(DLT_EN10MB, &frame, NULL), NET_UDP); /* no client's address */
}

static uint32_t scope_of(const char *header, size_t size, uint8_t protocol, uint16_t port)
{
    struct tcp_segment segment;
    begin_ethernet();
    kit_put(&frame, header, size);
    if (protocol == 17)
        kit_udp(&frame, 50000, port);
    finish(protocol);
    assert_int_equal(kit_decode(DLT_EN10MB, &frame, &segment), NET_TCP);
    return segment.scope;
}
#define SCOPE(header, protocol, port) scope_of(header, sizeof(header) - 1, protocol, port)

static void test_tunnel_virtual_networks_are_other_scopes(void **state)
{
    (void)state;
    uint32_t vxlan_7 = SCOPE("\x08\0\0\0\0\0\7\0", 17, 4789);
    assert_int_not_equal(vxlan_7, 0);
    assert_int_not_equal(vxlan_7, SCOPE("\x08\0\0\0\0\0\6\0", 17, 4789));
    assert_int_equal(vxlan_7, SCOPE("\x08\0\0\0\0\0\7\0", 17, 8472));
    assert_int_equal(SCOPE("\x08\0\0\0\0\0\0\0", 17, 4789), 0);
    uint32_t geneve_7 = SCOPE("\0\0\x65\x58\0\0\7\0", 17, 6081);
    assert_int_not_equal(geneve_7, 0);
    assert_int_equal(geneve_7, SCOPE("\1\0\x65\x58\0\0\7\0\1\2\3\4", 17, 6081)); /* options do not count */
    assert_int_not_equal(geneve_7, SCOPE("\0\0\x65\x58\0\0\6\0", 17, 6081));
    uint32_t gre_7 = SCOPE("\x20\0\x65\x58\0\0\0\7", 47, 0);
    assert_int_not_equal(gre_7, 0);
    assert_int_not_equal(gre_7, SCOPE("\x20\0\x65\x58\0\0\0\6", 47, 0));
    assert_int_equal(SCOPE("\x20\0\x65\x58\0\0\7\1", 47, 0),
                     SCOPE("\x20\0\x65\x58\0\0\7\2", 47, 0));                      /* NVGRE's flow */
    assert_int_equal(SCOPE("\x10\0\x88\xbe\0\0\0\1\x10\5\0\1\0\0\0\0", 47, 0), 0); /* ERSPAN's session */
}

static enum net_verdict udp(const char *payload, size_t size, uint16_t source, uint16_t destination)
{
    kit_bytes(&frame, payload, size);
    kit_udp(&frame, source, destination);
    finish(17);
    return kit_decode(DLT_EN10MB, &frame, NULL);
}
#define UDP(payload, port) udp(payload, sizeof(payload) - 1, 50000, port)

#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void test_tunnel_ports_alone_make_no_tunnel(void **state)
{
    (void)state;
    assert_int_equal(UDP(ZEROS ZEROS, 4789), NET_UDP);
    assert_int_equal(UDP("\x08\0\0\0\0\0\7\1" ZEROS, 4789), NET_UDP);
    assert_int_equal(UDP("\x08\0\0\0\0\0\7\0", 4789), NET_UDP);
    assert_int_equal(UDP("\x08\0\0\0\0\0\7\0\1\2\3\4\5\6\1\2\3\4\5\6\x12\x34" ZEROS, 4789),
                     NET_OTHER_NETWORK); /* a frame of another kind in it */
    assert_int_equal(UDP("\0\0\0\0\0\0\7\0" ZEROS, 4790), NET_UDP);
    assert_int_equal(UDP("\x0c\0\0\x9\0\0\7\0" ZEROS, 4790), NET_VXLAN);
    assert_int_equal(UDP("\x40\0\x65\x58\0\0\7\0" ZEROS, 6081), NET_UDP);
    assert_int_equal(UDP("\x3f\0\x65\x58\0\0\7\0" ZEROS, 6081), NET_UDP);
    assert_int_equal(UDP("\0\x80\x65\x58\0\0\7\0" ZEROS, 6081), NET_GENEVE);
    assert_int_equal(UDP("\0\0\x12\x34\0\0\7\0" ZEROS, 6081), NET_GENEVE);
    assert_int_equal(UDP("\x30\1\0\4\0\0\0\0\0\0\0\0", 2152), NET_GTP); /* an echo */
    assert_int_equal(UDP("\x30\xff\xff\xff\0\0\0\0" ZEROS, 2152), NET_UDP);
    assert_int_equal(UDP("\x34\xff\0\x14\0\0\0\0\0\0\0\x85\0" ZEROS, 2152), NET_MALFORMED);
    assert_int_equal(UDP("\xc8\2\0\x14" ZEROS, 1701), NET_L2TP);
    assert_int_equal(UDP("\0\3" ZEROS, 1701), NET_L2TP);
    assert_int_equal(UDP("\0\1" ZEROS, 1701), NET_UDP);
    assert_int_equal(UDP("\1\0\0\2\1", 37008), NET_UDP);
    assert_int_equal(UDP("\1\0\0\1\x0a\xff\0", 37008), NET_UDP);
    assert_int_equal(UDP("\x08\0\x08\0" ZEROS, 4754), NET_UDP); /* a bit that is reserved */
    assert_int_equal(UDP("\0\0\x12\x34" ZEROS, 4754), NET_GRE);
    assert_int_equal(UDP(ZEROS, 4341), NET_UDP);
    assert_int_equal(UDP(ZEROS, 5072), NET_UDP);
    assert_int_equal(UDP(ZEROS ZEROS, 3544), NET_UDP);
    assert_int_equal(UDP("\0\1\xff\xff" ZEROS, 3544), NET_UDP);
    assert_int_equal(UDP(ZEROS, 53), NET_UDP);
}

static void test_tunnel_encrypted_ones_are_named(void **state)
{
    (void)state;
    assert_int_equal(UDP("\1\2\3\4" ZEROS, 4500), NET_ESP);
    assert_int_equal(UDP(ZEROS, 4500), NET_UDP); /* the key exchange */
    assert_int_equal(UDP("\4\0\0\0" ZEROS, 51820), NET_WIREGUARD);
    assert_int_equal(UDP("\4\0\0\1" ZEROS, 51820), NET_UDP);
    assert_int_equal(UDP(ZEROS, 1194), NET_OPENVPN);
    assert_int_equal(udp(ZEROS, 20, 1194, 50000), NET_OPENVPN);
    static const struct {
        uint8_t protocol;
        enum net_verdict verdict;
    } cases[] = {{50, NET_ESP},  {115, NET_L2TP}, {1, NET_ICMP},
                 {58, NET_ICMP}, {132, NET_SCTP}, {99, NET_OTHER_TRANSPORT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        kit_bytes(&frame, ZEROS, 20);
        kit_ipv4(&frame, cases[i].protocol);
        assert_int_equal(kit_decode(DLT_RAW, &frame, NULL), cases[i].verdict);
    }
}

static enum net_verdict gre(const char *payload, size_t size)
{
    kit_bytes(&frame, payload, size);
    kit_ipv4(&frame, 47);
    return kit_decode(DLT_RAW, &frame, NULL);
}
#define GRE(payload) gre(payload, sizeof(payload) - 1)

static void test_tunnel_gre_of_other_kinds(void **state)
{
    (void)state;
    assert_int_equal(GRE("\0\0\0\0" ZEROS), NET_GRE);                   /* keep-alive */
    assert_int_equal(GRE("\x40\0\x08\0" ZEROS), NET_GRE);               /* source routing */
    assert_int_equal(GRE("\0\2\x08\0" ZEROS), NET_GRE);                 /* an unknown version */
    assert_int_equal(GRE("\0\1\x88\x0b" ZEROS), NET_MALFORMED);         /* PPTP without its key */
    assert_int_equal(GRE("\x20\x81\x88\x0b\0\0\0\7\0\0\0\1"), NET_GRE); /* acknowledges only */
    assert_int_equal(GRE("\x10\0\x88\xbe\0\0\0\1" ZEROS), NET_ERSPAN);
    assert_int_equal(GRE("\x10\0\x22\xeb\0\0\0\1" ZEROS), NET_ERSPAN);
    assert_int_equal(GRE("\0\0"), NET_MALFORMED);
}

static void test_tunnel_lengths_leave_padding_off(void **state)
{
    (void)state;
    struct tcp_segment segment;
    begin_ethernet();
    KIT_PUT(&frame, "\x08\0\0\0\0\0\7\0");
    kit_udp(&frame, 50000, 4789);
    frame.bytes[4] = 0, frame.bytes[5] = 0; /* segmentation offload: no length */
    finish(17);
    assert_int_equal(kit_decode(DLT_EN10MB, &frame, &segment), NET_TCP);
    assert_int_equal(segment.payload_wire_bytes, 3);
    frame.bytes[14 + 20 + 5] = 7; /* shorter than its header */
    assert_int_equal(kit_decode(DLT_EN10MB, &frame, &segment), NET_MALFORMED);
    kit_bytes(&frame, "\4\0\0\0padding", 11);
    kit_udp(&frame, 50000, 51820);
    frame.bytes[5] = 8 + 3; /* three bytes are too few for this name */
    finish(17);
    assert_int_equal(kit_decode(DLT_EN10MB, &frame, &segment), NET_UDP);
}

static void test_tunnel_depth_is_limited(void **state)
{
    (void)state;
    struct tcp_segment segment;
    begin_ipv4();
    for (unsigned i = 0; i < 8; i++)
        kit_ipv4(&frame, 4);
    assert_int_equal(kit_decode(DLT_RAW, &frame, &segment), NET_TCP);
    kit_ipv4(&frame, 4);
    assert_int_equal(kit_decode(DLT_RAW, &frame, &segment), NET_TUNNEL_DEPTH);
    begin_ethernet();
    KIT_PUT(&frame, "\x08\0\0\0\0\0\7\0");
    kit_udp(&frame, 50000, 4789);
    finish(17);
    KIT_PUT(&frame, "\x10\0\x88\xbe\0\0\0\1\x10\5\0\1\0\0\0\0");
    finish(47);
    KIT_PUT(&frame, "\3\0\x65\x58\0\0\7\0\1\3\1\2\0\0\0\0\1\3\1\0");
    kit_udp(&frame, 50000, 6081);
    kit_ipv6(&frame, 17);
    kit_ethernet(&frame, 0x86dd);
    KIT_PUT(&frame, "\0\0\0\0");
    KIT_PUT(&frame, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\x47\0\1\1\x40");
    kit_check_tunnel(DLT_EN10MB, &frame, NET_TUNNEL_VXLAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tunnel_gre_with_every_field),
        cmocka_unit_test(test_tunnel_erspan),
        cmocka_unit_test(test_tunnel_ip_in_ip),
        cmocka_unit_test(test_tunnel_vxlan_and_geneve),
        cmocka_unit_test(test_tunnel_of_other_ports),
        cmocka_unit_test(test_tunnel_teredo),
        cmocka_unit_test(test_tunnel_virtual_networks_are_other_scopes),
        cmocka_unit_test(test_tunnel_ports_alone_make_no_tunnel),
        cmocka_unit_test(test_tunnel_encrypted_ones_are_named),
        cmocka_unit_test(test_tunnel_gre_of_other_kinds),
        cmocka_unit_test(test_tunnel_lengths_leave_padding_off),
        cmocka_unit_test(test_tunnel_depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
