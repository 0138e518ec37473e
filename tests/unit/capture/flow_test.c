/* flow.h and reassembly.h: whatever happens to packets between sender and capture, each stream comes out in
 * order, each byte once, first copy first, never before its cause, and what is missing is said. */
#include "tests/unit/capture/flow_kit.h"

#include "capture/tcp/reassembly.h"
#include "common/clock.h"

#include <string.h>

static void test_flow_plain_connection(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "request");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 7, "response");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 7, 8, "");
    put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 8, 8, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 9, "");
    assert_int_equal(flow_table_counts(bench.table)->connections_complete, 1);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 8, "request"); /* a late copy begins nothing */
    expect(&bench, "+ c:request s:response c. s. X ");
}

static void test_flow_response_captured_before_its_request(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 7, "response");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "request");
    expect(&bench, "+ c:request s:response x ");
}

static void test_flow_out_of_order_and_sequence_wrap(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    bench.base[FLOW_CLIENT] = UINT32_MAX - 4;
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "gh");
    put(&bench, FLOW_CLIENT, TCP_ACK, 3, 0, "def");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abc");
    expect(&bench, "+ c:abc c:def c:gh x ");
}

static void test_flow_copies_are_delivered_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abcd");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abcd");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cdef"); /* partly new */
    put(&bench, FLOW_CLIENT, TCP_ACK, 5, 0, "z");    /* a keep-alive probe with any byte */
    assert_int_equal(flow_table_counts(bench.table)->segments_duplicate, 2);
    expect(&bench, "+ c:abcd c~ef x ");
}

static void test_flow_overlap_keeps_first_bytes_and_marks(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "CD");
    put(&bench, FLOW_CLIENT, TCP_ACK, 1, 0, "bxxe"); /* differs from what is stored */
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "a");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "A"); /* differs from what was delivered */
    expect(&bench, "+ c! c:a c:b c:CD c~e c! x ");
}

static void test_flow_hole_is_lost_once_acknowledged(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.allowance_packets = 2});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abc");
    put(&bench, FLOW_CLIENT, TCP_ACK, 5, 0, "fgh");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 8, "ok"); /* the receiver has all of it: the capture lost two */
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 2, "ij");
    put(&bench, FLOW_CLIENT, TCP_ACK, 10, 2, "k");
    assert_int_equal(flow_table_counts(bench.table)->bytes_gap, 2);
    expect(&bench, "+ c:abc c-2 c:fgh s:ok c:ij c:k x ");
}

static void test_flow_hole_is_lost_after_packet_time(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 7, "response");
    flow_tick(bench.table, bench.now_ns + 50 * NS_PER_MS);
    assert_int_equal(flow_table_counts(bench.table)->bytes_gap, 0);
    flow_tick(bench.table, bench.now_ns + 200 * NS_PER_MS);
    assert_int_equal(flow_table_counts(bench.table)->bytes_gap, 7);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "request"); /* too late */
    expect(&bench, "+ c-7 s:response x ");
}

static void test_flow_holes_of_both_sides_are_told_in_order_of_cause(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd"); /* of a client that pipelines: answered by nothing yet */
    put(&bench, FLOW_SERVER, TCP_ACK, 2, 4, "CD");
    flow_tick(bench.table, bench.now_ns + 200 * NS_PER_MS);
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 6, "g"); /* either side's hole may have come first here */
    put(&bench, FLOW_SERVER, TCP_ACK, 9, 8, "J"); /* and the server's goes on behind what it answers */
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 10, "i");
    flow_tick(bench.table, bench.now_ns + 400 * NS_PER_MS);
    expect(&bench, "+ c-2 c:cd s-2 s:CD s-2 c-2 c:g s-3 c-1 s:J c:i x ");
}

static void test_flow_each_waits_for_the_other(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 2, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "AB");
    expect(&bench, "+ c:ab s:AB x ");
}

static void test_flow_fast_open_and_urgent(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "early");
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 5, "");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_URG, 5, 0, "u");
    expect(&bench, "+ c:early c^ c:u x ");
}

static void test_flow_midstream_roles(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 7, "body of before");
    put(&bench, FLOW_SERVER, TCP_ACK, 14, 7, "HTTP/1.1 200 OK\r\n");
    assert_true(bench.midstream);
    assert_int_equal(flow_table_counts(bench.table)->bytes_unassigned, 14);
    expect(&bench, "+ s:HTTP/1.1 200 OK\r\n x ");
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 7, "GET / HTTP/1.1\r\n\r\n");
    expect(&bench, "+ c:GET / HTTP/1.1\r\n\r\n x ");
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 7, "GET /a?b=c");
    put(&bench, FLOW_CLIENT, TCP_ACK, 10, 7, "d HTTP/1.1\r\n\r\n");
    expect(&bench, "+ c:GET /a?b=c c:d HTTP/1.1\r\n\r\n x ");
    const uint16_t ports[] = {SERVER_PORT};
    bench_start(&bench, (struct flow_settings){.ports = ports, .port_count = 1});
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 7, "anything");
    expect(&bench, "+ c:anything x ");
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 7, "anything");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 1);
    expect(&bench, "");
}

static void test_flow_who_was_called_may_ask(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    bench.reversed = true;
    handshake(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 0, "GET / HTTP/1.1\r\n\r\n");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 18, "HTTP/1.1 200 OK\r\n");
    put(&bench, FLOW_SERVER, TCP_ACK, 18, 17, "GET");
    expect(&bench, "+ c:GET / HTTP/1.1\r\n\r\n s:HTTP/1.1 200 OK\r\n c:GET x ");
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 0, "220 ready");
    put(&bench, FLOW_SERVER, TCP_ACK, 9, 0, "GET / HTTP/1.1\r\n");
    expect(&bench, "+ s:220 ready s:GET / HTTP/1.1\r\n x ");
    const uint16_t ports[] = {SERVER_PORT}; /* named: it is the server */
    bench_start(&bench, (struct flow_settings){.ports = ports, .port_count = 1});
    handshake(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 0, "GET / HTTP/1.1\r\n");
    expect(&bench, "+ s:GET / HTTP/1.1\r\n x ");
}

static void test_flow_resets_must_fit(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_RST, 4000, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    assert_int_equal(flow_table_counts(bench.table)->segments_refused, 1);
    put(&bench, FLOW_SERVER, TCP_RST, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef"); /* was under way */
    flow_tick(bench.table, bench.now_ns + 2 * NS_PER_S);
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "gh");
    assert_int_equal(flow_table_counts(bench.table)->connections_reset, 1);
    expect(&bench, "+ c:ab c:cd c:ef x ");
}

static void test_flow_false_refusal_before_the_handshake(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_SERVER, TCP_RST | TCP_ACK, -77, 0, "");
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    expect(&bench, "+ c:ab x ");
}

static void test_flow_ports_used_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    put(&bench, FLOW_SERVER, TCP_RST, 0, 0, "");
    bench.base[FLOW_CLIENT] += 100000;
    bench.base[FLOW_SERVER] += 100000;
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    bench.base[FLOW_CLIENT] += 100000; /* the end of this one was not captured */
    bench.base[FLOW_SERVER] += 100000;
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "three");
    bench.base[FLOW_CLIENT] += 100000; /* a SYN that nobody answers changes nothing */
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    bench.base[FLOW_CLIENT] -= 100000;
    put(&bench, FLOW_CLIENT, TCP_ACK, 5, 0, "four");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 3);
    expect(&bench, "+ c:one x + c:two x + c:three c:four x ");
}

static void test_flow_synack_captured_before_syn(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 1);
    expect(&bench, "+ c:ab x ");
}

static void test_flow_limits_give_up_holes(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.direction_pieces = 2});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "c");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "e");
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "g");
    assert_int_equal(flow_table_counts(bench.table)->holes_by_limit, 1);
    put(&bench, FLOW_CLIENT, TCP_ACK, 7, 0, "h");
    expect(&bench, "+ c-2 c:c c-1 c:e c-1 c:g c:h x ");
}

static void test_flow_far_bytes_are_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK, INT64_C(1) << 31, 0, "far");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    assert_int_equal(flow_table_counts(bench.table)->segments_outside, 1);
    expect(&bench, "+ c:ab c:cd x ");
}

static void test_flow_idle_connections_are_given_up(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    for (unsigned i = 0; i <= 600; i += 30)
        flow_tick(bench.table, bench.now_ns += 30 * NS_PER_S);
    assert_int_equal(flow_table_counts(bench.table)->connections_idle, 1);
    expect(&bench, "+ c:ab x ");
}

static void test_flow_snaplen_cut_is_a_hole(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    struct tcp_segment segment = {
        .source = {.family = AF_INET, .ip = {10, 0, 0, 1}, .port = CLIENT_PORT},
        .destination = {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = SERVER_PORT},
        .sequence = bench.base[FLOW_CLIENT] + 1,
        .flags = TCP_ACK,
        .acknowledgement = bench.base[FLOW_SERVER] + 1,
        .payload = bytes_of("abc"),
        .payload_wire_bytes = 10,
    };
    flow_take(bench.table, &segment, bench.now_ns);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 10, "ok");
    expect(&bench, "+ c:abc c-7 s:ok x ");
}

static void test_flow_an_end_must_be_a_wanted_server(void **state)
{
    (void)state;
    static const struct {
        uint8_t from, to; /* last bytes of addresses in 10.0.0.0/24 */
        uint16_t from_port, to_port;
        enum net_verdict verdict;
    } table[] = {
        {9, 5, 40000, 80, NET_TCP},          {5, 9, 80, 40000, NET_TCP},
        {9, 7, 40000, 80, NET_OTHER_SERVER}, {9, 5, 40000, 81, NET_OTHER_PORT},
        {5, 7, 40000, 80, NET_OTHER_SERVER}, {5, 7, 80, 40001, NET_TCP},
    };
    static const uint16_t port = SERVER_PORT;
    struct address_range range;
    assert_true(address_range_parse(bytes_of("10.0.0.4/31"), &range));
    struct bench bench = {0};
    bench_start(&bench, (struct flow_settings){.ports = &port, .port_count = 1, .servers = {&range, 1}});
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct tcp_segment syn = {
            .source = {.family = AF_INET, .ip = {10, 0, 0, table[i].from}, .port = table[i].from_port},
            .destination = {.family = AF_INET, .ip = {10, 0, 0, table[i].to}, .port = table[i].to_port},
            .flags = TCP_SYN,
        };
        assert_int_equal(flow_take(bench.table, &syn, 1), table[i].verdict);
    }
    expect(&bench, "");
}

static void test_flow_other_ports_are_not_taken(void **state)
{
    (void)state;
    struct bench bench;
    const uint16_t ports[] = {8080, 8081};
    bench_start(&bench, (struct flow_settings){.ports = ports, .port_count = 2});
    struct tcp_segment syn = {.source = {.port = 5}, .destination = {.port = SERVER_PORT}, .flags = TCP_SYN};
    assert_int_equal(flow_take(bench.table, &syn, 1), NET_OTHER_PORT);
    syn.destination.port = 8081;
    assert_int_equal(flow_take(bench.table, &syn, 1), NET_TCP);
    expect(&bench, "");
}

static void test_flow_another_scope_is_another_connection(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    bench.scope = 7;
    bench.base[FLOW_CLIENT] += 1 << 30;
    bench.base[FLOW_SERVER] += 1 << 30;
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    bench.scope = 0;
    bench.base[FLOW_CLIENT] -= 1 << 30;
    bench.base[FLOW_SERVER] -= 1 << 30;
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 2);
    assert_int_equal(flow_table_counts(bench.table)->segments_duplicate, 1);
    expect(&bench, "+ c:one + c:two x x ");
}

/* Sends a segment of |side| in one scope and another. */
static void put_in_both(struct bench *bench, enum flow_side side, uint8_t flags, int64_t offset, int64_t ack,
                        const char *payload)
{
    bench->scope = 7;
    put(bench, side, flags, offset, ack, payload);
    bench->scope = 8;
    put(bench, side, flags, offset, ack, payload);
}

static void test_flow_same_numbers_in_another_scope_are_the_same_connection(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0}); /* each direction in its own */
    bench.scope = 7;
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    bench.scope = 8;
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    bench.scope = 7;
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ask");
    bench.scope = 8;
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 3, "answer");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 1);
    expect(&bench, "+ c:ask s:answer x ");
    bench_start(&bench, (struct flow_settings){0}); /* a router passes packets on */
    put_in_both(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put_in_both(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put_in_both(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ask");
    put_in_both(&bench, FLOW_SERVER, TCP_ACK, 0, 3, "answer");
    put_in_both(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 3, 6, "");
    put_in_both(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 6, 4, "");
    put_in_both(&bench, FLOW_CLIENT, TCP_ACK, 4, 7, "");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 1);
    expect(&bench, "+ c:ask s:answer c. s. X ");
    bench_start(&bench, (struct flow_settings){0}); /* picked up in its middle */
    bench.scope = 7;
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "GET / HTTP/1.1\r\n");
    bench.scope = 8;
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 16, "answer");
    assert_int_equal(flow_table_counts(bench.table)->connections_seen, 1);
    expect(&bench, "+ c:GET / HTTP/1.1\r\n s:answer x ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_plain_connection),
        cmocka_unit_test(test_flow_response_captured_before_its_request),
        cmocka_unit_test(test_flow_out_of_order_and_sequence_wrap),
        cmocka_unit_test(test_flow_copies_are_delivered_once),
        cmocka_unit_test(test_flow_overlap_keeps_first_bytes_and_marks),
        cmocka_unit_test(test_flow_hole_is_lost_once_acknowledged),
        cmocka_unit_test(test_flow_hole_is_lost_after_packet_time),
        cmocka_unit_test(test_flow_holes_of_both_sides_are_told_in_order_of_cause),
        cmocka_unit_test(test_flow_each_waits_for_the_other),
        cmocka_unit_test(test_flow_fast_open_and_urgent),
        cmocka_unit_test(test_flow_midstream_roles),
        cmocka_unit_test(test_flow_who_was_called_may_ask),
        cmocka_unit_test(test_flow_resets_must_fit),
        cmocka_unit_test(test_flow_false_refusal_before_the_handshake),
        cmocka_unit_test(test_flow_ports_used_again),
        cmocka_unit_test(test_flow_synack_captured_before_syn),
        cmocka_unit_test(test_flow_limits_give_up_holes),
        cmocka_unit_test(test_flow_far_bytes_are_refused),
        cmocka_unit_test(test_flow_idle_connections_are_given_up),
        cmocka_unit_test(test_flow_snaplen_cut_is_a_hole),
        cmocka_unit_test(test_flow_other_ports_are_not_taken),
        cmocka_unit_test(test_flow_an_end_must_be_a_wanted_server),
        cmocka_unit_test(test_flow_another_scope_is_another_connection),
        cmocka_unit_test(test_flow_same_numbers_in_another_scope_are_the_same_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
