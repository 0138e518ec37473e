/* kernel_filter.h: the program admits the ports' TCP over IPv4 and IPv6, behind VLAN tags and extension headers, the fragments that carry
 * no port, and tunnels only with --decap; everything else stays out. Run by libpcap's interpreter of the same instructions. */
#include "capture/live/assembler.h"
#include "capture/live/kernel_filter.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint16_t ports[] = {80, 8000, 8001, 8002};

/* A packet under construction. */
struct packet {
    uint8_t data[400];
    size_t size;
};

static void add(struct packet *packet, const void *data, size_t size)
{
    memcpy(packet->data + packet->size, data, size);
    packet->size += size;
}

static void add_u16(struct packet *packet, unsigned value)
{
    add(packet, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static struct packet ethernet(unsigned type)
{
    struct packet packet = {{0}, 12};
    add_u16(&packet, type);
    return packet;
}

static void add_ipv4(struct packet *packet, unsigned protocol, unsigned fragment, unsigned option_words)
{
    uint8_t header[60] = {(uint8_t)(0x45 + option_words),
                          0,
                          0,
                          60,
                          0,
                          1,
                          (uint8_t)(fragment >> 8),
                          (uint8_t)fragment,
                          64,
                          (uint8_t)protocol,
                          0,
                          0,
                          192,
                          0,
                          2,
                          1,
                          192,
                          0,
                          2,
                          2};
    add(packet, header, 20 + 4 * (size_t)option_words);
}

static void add_ipv6(struct packet *packet, unsigned next)
{
    uint8_t header[40] = {0x60, 0, 0, 0, 0, 60, (uint8_t)next, 64};
    add(packet, header, sizeof header);
}

static void add_ports(struct packet *packet, unsigned source, unsigned destination)
{
    add_u16(packet, source);
    add_u16(packet, destination);
    add(packet, "\0\0\0\1\0\0\0\2\x50\x18\1\0\0\0\0\0", 16);
}

static struct kernel_filter make(const struct kernel_filter_options *options)
{
    struct kernel_filter filter;
    struct error err = {0};
    assert_int_equal(kernel_filter_make(options, &filter, &err), 0);
    assert_true(filter.count <= BPF_MAXINSNS);
    assert_true(bpf_validate((const struct bpf_insn *)(const void *)filter.code, (int)filter.count));
    return filter;
}

static bool admits(const struct kernel_filter *filter, const struct packet *packet)
{
    unsigned kept = bpf_filter((const struct bpf_insn *)(const void *)filter->code, packet->data,
                               (unsigned)packet->size, (unsigned)packet->size);
    assert_true(kept == 0 || kept >= 1u << 30); /* whole or not at all */
    return kept != 0;
}

static struct kernel_filter make_plain(bool decap)
{
    return make(&(struct kernel_filter_options){.ports = ports, .port_count = 4, .decap = decap});
}

static void test_kernel_filter_looks_at_both_ports(void **state)
{
    (void)state;
    struct kernel_filter filter = make_plain(false);
    static const struct {
        unsigned source, destination;
        bool wanted;
    } cases[] = {{80, 4000, true},    {4000, 80, true},  {4000, 8000, true}, {4000, 8001, true},
                 {8002, 4000, true},  {4000, 81, false}, {4000, 79, false},  {4000, 8003, false},
                 {7999, 4000, false}, {0, 65535, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct packet four = ethernet(0x0800), options = ethernet(0x0800), six = ethernet(0x86dd);
        add_ipv4(&four, 6, 0x4000, 0);
        add_ports(&four, cases[i].source, cases[i].destination);
        assert_int_equal(admits(&filter, &four), cases[i].wanted);
        add_ipv4(&options, 6, 0, 10);
        add_ports(&options, cases[i].source, cases[i].destination);
        assert_int_equal(admits(&filter, &options), cases[i].wanted);
        add_ipv6(&six, 6);
        add_ports(&six, cases[i].source, cases[i].destination);
        assert_int_equal(admits(&filter, &six), cases[i].wanted);
    }
    kernel_filter_done(&filter);
}

static void test_kernel_filter_looks_behind_tags(void **state)
{
    (void)state;
    struct kernel_filter filter = make_plain(false);
    static const unsigned tags[] = {0x8100, 0x88a8, 0x9100, 0x8100};
    for (unsigned depth = 1; depth <= 4; depth++) {
        for (unsigned port = 80; port <= 81; port++) {
            struct packet packet = ethernet(tags[0]);
            for (unsigned i = 0; i < depth; i++) {
                add_u16(&packet, 7 + i);
                add_u16(&packet, i + 1 < depth ? tags[i + 1] : 0x0800);
            }
            add_ipv4(&packet, 6, 0, 0);
            add_ports(&packet, 4000, port);
            assert_int_equal(admits(&filter, &packet), port == 80);
        }
    }
    kernel_filter_done(&filter);
}

static void test_kernel_filter_admits_fragments_that_carry_no_port(void **state)
{
    (void)state;
    struct kernel_filter filter = make_plain(false);
    struct packet first = ethernet(0x0800), other = ethernet(0x0800), later = ethernet(0x0800),
                  udp = ethernet(0x0800);
    add_ipv4(&first, 6, 0x2000, 0);
    add_ports(&first, 80, 4000);
    assert_true(admits(&filter, &first));
    add_ipv4(&other, 6, 0x2000, 0);
    add_ports(&other, 81, 4000);
    assert_false(admits(&filter, &other));
    add_ipv4(&later, 6, 0x0001, 0);
    add(&later, "abcd", 4);
    assert_true(admits(&filter, &later));
    add_ipv4(&udp, 17, 0x0001, 0);
    add(&udp, "abcd", 4);
    assert_false(admits(&filter, &udp));
    for (unsigned offset = 0; offset <= 8; offset += 8) {
        for (unsigned protocol = 6; protocol <= 17; protocol += 11) {
            struct packet six = ethernet(0x86dd);
            add_ipv6(&six, 44);
            add(&six, (uint8_t[]){(uint8_t)protocol, 0, 0, (uint8_t)(offset | 1), 0, 0, 0, 9}, 8);
            add_ports(&six, 81, 4000);
            assert_int_equal(admits(&filter, &six), offset > 0 && protocol == 6);
            six.data[six.size - 19] = 80;
            assert_int_equal(admits(&filter, &six), protocol == 6);
        }
    }
    kernel_filter_done(&filter);
}

static void test_kernel_filter_looks_behind_extension_headers(void **state)
{
    (void)state;
    struct kernel_filter filter = make_plain(false);
    for (unsigned port = 80; port <= 81; port++) {
        struct packet packet = ethernet(0x86dd);
        add_ipv6(&packet, 0);
        add(&packet, "\x3c\0\0\0\0\0\0\0", 8);                  /* hop-by-hop, then destination options */
        add(&packet, "\x33\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* then authentication */
        add(&packet, "\x06\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
        add_ports(&packet, port, 4000);
        assert_int_equal(admits(&filter, &packet), port == 80);
    }
    struct packet deep = ethernet(0x86dd);
    add_ipv6(&deep, 60);
    for (unsigned i = 0; i < 6; i++)
        add(&deep, "\x3c\0\0\0\0\0\0\0", 8);
    assert_true(admits(&filter, &deep)); /* the decoder may go on */
    kernel_filter_done(&filter);
}

static void test_kernel_filter_admits_tunnels_with_decap_only(void **state)
{
    (void)state;
    for (int decap = 0; decap <= 1; decap++) {
        struct kernel_filter filter = make_plain(decap);
        static const uint8_t protocols[] = {4, 41, 47};
        static const uint16_t tunnels[] = {4754, 4789, 8472, 4790, 6081, 2152, 3544, 6635},
                              types[] = {0x8847, 0x8848, 0x8864};
        for (size_t i = 0; i < sizeof protocols; i++) {
            struct packet four = ethernet(0x0800), six = ethernet(0x86dd);
            add_ipv4(&four, protocols[i], 0, 0);
            add_ports(&four, 1, 2);
            assert_int_equal(admits(&filter, &four), decap);
            add_ipv6(&six, protocols[i]);
            add_ports(&six, 1, 2);
            assert_int_equal(admits(&filter, &six), decap);
        }
        for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++) {
            struct packet four = ethernet(0x0800), six = ethernet(0x86dd);
            add_ipv4(&four, 17, 0, 0);
            add_ports(&four, 1, tunnels[i]);
            assert_int_equal(admits(&filter, &four), decap);
            add_ipv6(&six, 17);
            add_ports(&six, tunnels[i], 1);
            assert_int_equal(admits(&filter, &six), decap);
        }
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            struct packet packet = ethernet(types[i]);
            add_ports(&packet, 1, 2);
            assert_int_equal(admits(&filter, &packet), decap);
        }
        struct packet dns = ethernet(0x0800), arp = ethernet(0x0806);
        add_ipv4(&dns, 17, 0, 0);
        add_ports(&dns, 53, 80);
        assert_false(admits(&filter, &dns));
        add_ports(&arp, 80, 80);
        assert_false(admits(&filter, &arp));
        kernel_filter_done(&filter);
    }
}

static void test_kernel_filter_takes_the_users_expression_besides(void **state)
{
    (void)state;
    struct kernel_filter filter = make(&(struct kernel_filter_options){
        .ports = ports, .port_count = 4, .filter = "src host 192.0.2.1", .interface = "lo"});
    struct packet packet = ethernet(0x0800);
    add_ipv4(&packet, 6, 0, 0);
    add_ports(&packet, 4000, 80);
    assert_true(admits(&filter, &packet));
    packet.data[14 + 15] = 9;
    assert_false(admits(&filter, &packet));
    kernel_filter_done(&filter);
    struct error err = {0};
    assert_int_equal(
        kernel_filter_make(&(struct kernel_filter_options){.filter = "tcp porc 80", .interface = "lo"},
                           &filter, &err),
        -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "tcp porc 80"));
}

static void test_kernel_filter_narrows_to_servers(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.2", "198.51.100.0/23", "2001:db8:7::/45", "::/128"};
    struct address_range servers[4];
    for (size_t i = 0; i < 4; i++)
        assert_true(address_range_parse(bytes_of(texts[i]), &servers[i]));
    struct kernel_filter filter = make(&(struct kernel_filter_options){
        .ports = ports, .port_count = 4, .servers = {servers, 4}, .decap = true});
    struct packet four = ethernet(0x0800), later = ethernet(0x0800), six = ethernet(0x86dd),
                  tunnel = ethernet(0x0800);
    add_ipv4(&four, 6, 0, 0);
    add_ports(&four, 4000, 80);
    add_ipv4(&later, 6, 1, 0);
    add(&later, "abcd", 4);
    assert_true(admits(&filter, &four) && admits(&filter, &later));
    four.data[14 + 19] = later.data[14 + 19] = 3; /* the destination is another one */
    assert_false(admits(&filter, &four) || admits(&filter, &later));
    memcpy(four.data + 14 + 12, "\xc6\x33\x65\xff", 4); /* the source is in the range */
    assert_true(admits(&filter, &four));
    memcpy(four.data + 14 + 12, "\xc6\x33\x66\x00", 4);
    assert_false(admits(&filter, &four));
    add_ipv6(&six, 6);
    add_ports(&six, 80, 4000);
    assert_true(admits(&filter, &six)); /* both are :: */
    memcpy(six.data + 14 + 8, "\x20\x01\x0d\xb8\1\0\0\1", 8);
    memcpy(six.data + 14 + 24, "\x20\x01\x0d\xb8\0\7\0\1", 8);
    assert_true(admits(&filter, &six));
    six.data[14 + 24 + 5] = 8;
    assert_false(admits(&filter, &six));
    add_ipv4(&tunnel, 47, 0, 0);
    tunnel.data[14 + 19] = 3;
    assert_true(admits(&filter, &tunnel)); /* what is in it is judged later */
    kernel_filter_done(&filter);
}

static void test_kernel_filter_without_ports_or_with_too_many_admits_all_tcp(void **state)
{
    (void)state;
    static uint16_t many[1024];
    for (unsigned i = 0; i < 1024; i++)
        many[i] = (uint16_t)(2 * i + 1);
    for (size_t count = 0; count <= 1024; count += count ? 768 : 256) {
        struct kernel_filter filter =
            make(&(struct kernel_filter_options){.ports = many, .port_count = count});
        struct packet inside = ethernet(0x0800), outside = ethernet(0x0800);
        add_ipv4(&inside, 6, 0, 0);
        add_ports(&inside, 40000, 511);
        assert_true(admits(&filter, &inside));
        add_ipv4(&outside, 6, 0, 0);
        add_ports(&outside, 40000, 40000);
        assert_int_equal(admits(&filter, &outside), count != 256);
        kernel_filter_done(&filter);
    }
}

static void test_kernel_filter_cut_packets_are_refused(void **state)
{
    (void)state;
    struct kernel_filter filter = make_plain(false);
    struct packet packet = ethernet(0x0800);
    add_ipv4(&packet, 6, 0, 0);
    add_ports(&packet, 4000, 80);
    size_t needed = 14 + 20 + 4;
    for (packet.size = 0; packet.size < needed; packet.size++)
        assert_false(admits(&filter, &packet));
    packet.size = needed;
    assert_true(admits(&filter, &packet));
    kernel_filter_done(&filter);
}

static void test_kernel_filter_says_what_it_excludes(void **state)
{
    (void)state;
    char *text = kernel_filter_text(
        &(struct kernel_filter_options){.ports = ports, .port_count = 4, .filter = "net 10/8"});
    assert_string_equal(
        text,
        "kernel filter: TCP ports 80,8000-8002 over IPv4 and IPv6, VLAN tags and fragments included, that "
        "match "
        "net 10/8; not looked into without --decap: VXLAN, GENEVE, GTP, Teredo, GRE, IP in IP, MPLS, PPPoE");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_filter_looks_at_both_ports),
        cmocka_unit_test(test_kernel_filter_looks_behind_tags),
        cmocka_unit_test(test_kernel_filter_admits_fragments_that_carry_no_port),
        cmocka_unit_test(test_kernel_filter_looks_behind_extension_headers),
        cmocka_unit_test(test_kernel_filter_admits_tunnels_with_decap_only),
        cmocka_unit_test(test_kernel_filter_takes_the_users_expression_besides),
        cmocka_unit_test(test_kernel_filter_narrows_to_servers),
        cmocka_unit_test(test_kernel_filter_without_ports_or_with_too_many_admits_all_tcp),
        cmocka_unit_test(test_kernel_filter_cut_packets_are_refused),
        cmocka_unit_test(test_kernel_filter_says_what_it_excludes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
