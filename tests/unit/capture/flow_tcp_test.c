/* flow.h on TCP as it is: probes, ends and resets that are none, ports used again, old duplicates, streams of which one
 * side is seen, packets seen twice or in another order, clocks that are set. */
#include "tests/unit/capture/flow_kit.h"

#include "common/clock.h"

#include <string.h>

static const struct flow_counts *counts_of(const struct bench *bench)
{
    return flow_table_counts(bench->table);
}

static void begin(struct bench *bench)
{
    bench_start(bench, (struct flow_settings){0});
    handshake(bench);
}

static void wait_ms(struct bench *bench, uint64_t ms)
{
    flow_tick(bench->table, bench->now_ns += ms * NS_PER_MS);
}

/* Other numbers for the next connection on the same ports. */
static void renew(struct bench *bench, uint32_t distance)
{
    bench->base[FLOW_CLIENT] += distance;
    bench->base[FLOW_SERVER] += distance;
}

static void test_flow_keepalive_probes_change_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, -1, 0, ""); /* before any data */
    put(&bench, FLOW_CLIENT, TCP_ACK, -1, 0, "?");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK, 1, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 1, 0, "?"); /* any byte will do */
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef");
    put(&bench, FLOW_CLIENT, TCP_ACK, 5, 0, "?"); /* with a hole before it */
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    assert_int_equal(counts_of(&bench)->segments_conflicting, 0);
    expect(&bench, "+ c:ab c:cd c:ef x ");
}

static void test_flow_zero_window_probes_are_data(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "c"); /* the next byte, into a closed window: not acknowledged */
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "c");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cdef");
    assert_int_equal(counts_of(&bench)->segments_conflicting, 0);
    expect(&bench, "+ c:ab c:c c~def x ");
}

static void test_flow_far_ahead_byte_is_dropped_and_no_gap(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK, 500000000, 0, "?");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 4, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 2, "ef");
    flow_finish(bench.table);
    assert_int_equal(counts_of(&bench)->bytes_gap, 0);
    assert_int_equal(counts_of(&bench)->bytes_discarded, 1);
    expect(&bench, "+ c:ab c:cd s:ok c:ef x ");
}

static void test_flow_fin_that_data_follows_was_none(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 2, 0, ""); /* forged: the server never saw it */
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    assert_int_equal(counts_of(&bench)->segments_refused, 1);
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, INT64_C(1) << 31, 0, ""); /* too far off */
    assert_int_equal(counts_of(&bench)->segments_refused, 2);
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 4, 0, "");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 5, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "??"); /* after an end that was acknowledged */
    put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 2, 5, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 5, 3, "");
    assert_int_equal(counts_of(&bench)->connections_complete, 1);
    assert_int_equal(counts_of(&bench)->bytes_discarded, 2);
    expect(&bench, "+ c:ab c:cd s:ok c. s. X ");
}

static void test_flow_fin_nobody_acknowledged_ends_after_the_allowance(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 0, 0, "bye");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 0, 0, "");
    wait_ms(&bench, 200);
    assert_int_equal(counts_of(&bench)->connections_complete, 1);
    expect(&bench, "+ s:bye c. s. X ");
}

static void test_flow_fin_and_reset_captured_before_the_last_bytes(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 4, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 5, "");
    put(&bench, FLOW_SERVER, TCP_RST | TCP_ACK, 2, 5, "");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 5, "ok");
    wait_ms(&bench, 2000);
    assert_int_equal(counts_of(&bench)->connections_reset, 1);
    assert_int_equal(counts_of(&bench)->segments_refused, 0);
    expect(&bench, "+ c:ab c:cd c. s:ok x ");
}

static void test_flow_reset_whose_sender_goes_on_was_none(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_RST, 0, 2, ""); /* exact, but forged */
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 4, "ok");
    wait_ms(&bench, 3000);
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 2, "ef");
    assert_int_equal(counts_of(&bench)->connections_reset, 0);
    assert_int_equal(counts_of(&bench)->segments_refused, 1);
    expect(&bench, "+ c:ab c:cd s:ok c:ef x ");
}

static void test_flow_reset_whose_sender_goes_on_late_begins_anew(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_RST, 0, 2, "");
    wait_ms(&bench, 3000);
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 2, "cd");
    expect(&bench, "+ c:ab x + s:ok c:cd x ");
}

static void test_flow_reset_before_any_data_was_none_if_data_comes(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_RST, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    assert_int_equal(counts_of(&bench)->connections_seen, 1);
    assert_int_equal(counts_of(&bench)->connections_reset, 0);
    expect(&bench, "+ c:ab x ");
}

static void test_flow_resets_off_by_one_are_refused(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abcd");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 4, "ok");
    put(&bench, FLOW_CLIENT, TCP_RST, 3, 2, "");
    put(&bench, FLOW_CLIENT, TCP_RST, 5, 2, "");
    put(&bench, FLOW_SERVER, TCP_RST, -100, 4, "");
    wait_ms(&bench, 3000);
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 2, "ef");
    assert_int_equal(counts_of(&bench)->segments_refused, 3);
    expect(&bench, "+ c:abcd s:ok c:ef x ");
}

static void test_flow_ports_used_again_with_lower_numbers(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    renew(&bench, -UINT32_C(70000)); /* neither FIN nor RST was seen */
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 3, 0, "");
    put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 0, 4, "");
    renew(&bench, -UINT32_C(70000));
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "three");
    assert_int_equal(counts_of(&bench)->connections_seen, 3);
    assert_int_equal(counts_of(&bench)->connections_midstream, 0);
    expect(&bench, "+ c:one x + c:two c. s. X + c:three x ");
}

static void test_flow_ports_used_again_with_the_same_numbers(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 0, 0, "one");
    put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 0, 4, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 1, "");
    handshake(&bench); /* copies */
    put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 0, 0, "one");
    assert_int_equal(counts_of(&bench)->connections_seen, 1);
    wait_ms(&bench, 1000);
    handshake(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    assert_int_equal(counts_of(&bench)->connections_seen, 2);
    expect(&bench, "+ c:one c. s. X + c:two x ");
}

static void test_flow_ports_used_again_where_one_side_is_seen(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    renew(&bench, 100000);
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    expect(&bench, "+ c:one x + c:two x ");
}

static void test_flow_ports_used_again_where_the_syn_was_lost(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "one");
    put(&bench, FLOW_CLIENT, TCP_RST, 3, 0, "");
    renew(&bench, 100000);
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "two");
    expect(&bench, "+ c:one x + c:two x ");
}

static void test_flow_scans_begin_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_SYN | TCP_FIN, 4000, 0, "");
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 4000, 0, ""); /* answers nothing */
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    assert_int_equal(counts_of(&bench)->segments_refused, 2);
    expect(&bench, "+ c:ab c:cd x ");
}

static void test_flow_old_duplicates_are_told_by_their_timestamp(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    bench.has_timestamp = true;
    bench.timestamp = UINT32_MAX - 1; /* wraps */
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    bench.timestamp = 5;
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef"); /* ahead: its timestamp does not count yet */
    bench.timestamp = 3;
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    bench.timestamp = 6;
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "gh");
    bench.timestamp = 4;
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 0, "??"); /* from before the numbers wrapped */
    bench.timestamp = 2;
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "gh"); /* a late copy is but a copy */
    bench.timestamp = 7;
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 0, "ij");
    assert_int_equal(counts_of(&bench)->segments_old, 1);
    assert_int_equal(counts_of(&bench)->segments_conflicting, 0);
    expect(&bench, "+ c:ab c:cd c:ef c:gh c:ij x ");
}

static void test_flow_is_picked_up_in_its_middle_from_either_side(void **state)
{
    (void)state;
    const uint16_t ports[] = {SERVER_PORT};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.ports = ports, .port_count = 1});
    put(&bench, FLOW_SERVER, TCP_ACK, 1000, 500, "rest");
    put(&bench, FLOW_CLIENT, TCP_ACK, 500, 1004, "next");
    put(&bench, FLOW_SERVER, TCP_ACK, 1004, 504, "answer");
    assert_true(bench.midstream);
    expect(&bench, "+ s:rest c:next s:answer x ");
    bench_start(&bench, (struct flow_settings){.ports = ports, .port_count = 1});
    put(&bench, FLOW_CLIENT, TCP_ACK, 500, 1004, "next");
    put(&bench, FLOW_SERVER, TCP_ACK, 1004, 504, "answer");
    assert_int_equal(counts_of(&bench)->bytes_gap, 0);
    expect(&bench, "+ c:next s:answer x ");
}

static void test_flow_hole_of_a_one_sided_stream_is_given_up(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef");
    wait_ms(&bench, 50);
    assert_int_equal(counts_of(&bench)->bytes_gap, 0);
    wait_ms(&bench, 100);
    assert_int_equal(counts_of(&bench)->bytes_gap, 2);
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "gh");
    put(&bench, FLOW_CLIENT, TCP_ACK, 50000000, 0, "?"); /* but not up to anything that is forged */
    wait_ms(&bench, 200);
    put(&bench, FLOW_CLIENT, TCP_ACK, 8, 0, "ij");
    expect(&bench, "+ c:ab c-2 c:ef c:gh c:ij x ");
}

static void test_flow_start_of_a_server_is_told_by_its_syn_or_the_first_acknowledgement(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    assert_false(bench.server_midstream);
    expect(&bench, "+ c:ab x ");
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    assert_false(bench.midstream || bench.server_midstream);
    expect(&bench, "+ c:ab x ");
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 70, 300, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 300, 72, "AB");
    put(&bench, FLOW_CLIENT, TCP_ACK, 72, 302, "");
    wait_ms(&bench, 200);
    assert_false(bench.midstream);
    assert_true(bench.server_midstream);
    expect(&bench, "+ c-70 c:ab s:AB x ");
}

static void test_flow_bytes_behind_one_more_than_was_seen_wait_for_it(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "AB");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 3, "cd"); /* no FIN: whoever has ended is hardly sent more */
    put(&bench, FLOW_SERVER, TCP_ACK, 2, 2, "C");
    put(&bench, FLOW_SERVER, TCP_ACK, 3, 4, "DE");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 6, "ef");
    put(&bench, FLOW_SERVER, TCP_ACK, 6, 6, "GH");
    wait_ms(&bench, 200);
    expect(&bench, "+ c:ab s:AB s:C c:cd s:DE s-1 c:ef s:GH x ");
}

static void test_flow_hole_comes_behind_what_was_sent_before_it(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "AB");
    put(&bench, FLOW_SERVER, TCP_ACK, 4, 2, "EF"); /* behind a hole that nobody acknowledged yet */
    put(&bench, FLOW_SERVER, TCP_ACK, 6, 4, "GH"); /* cd is lost for certain, but was sent after EF */
    wait_ms(&bench, 200);
    assert_int_equal(counts_of(&bench)->bytes_gap, 0);
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 8, "ef");
    wait_ms(&bench, 200);
    expect(&bench, "+ c:ab s:AB s-2 s:EF c-2 s:GH c:ef x ");
}

static void test_flow_one_sided_server_is_delivered(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 7, "one");
    put(&bench, FLOW_SERVER, TCP_ACK, 3, 14, "two");
    wait_ms(&bench, 200);
    wait_ms(&bench, 200);
    put(&bench, FLOW_SERVER, TCP_ACK, 6, 14, "three");
    expect(&bench, "+ c-7 s:one c-7 s:two s:three x ");
}

static void test_flow_hole_is_not_given_up_while_its_receiver_waits(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "");
    wait_ms(&bench, 5000);
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd"); /* retransmitted */
    expect(&bench, "+ c:ab c:cd c:ef x ");
}

static void test_flow_hole_is_given_up_while_the_other_side_goes_on(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 0, "cd");
    for (int i = 0; i < 150; i++)
        put(&bench, FLOW_SERVER, TCP_ACK, i, i == 0 ? 4 : 0, "s");
    assert_int_equal(counts_of(&bench)->bytes_gap, 2);
    flow_table_free(bench.table);
    buffer_free(&bench.events);
}

static void test_flow_same_packet_twice_is_no_conflict_and_the_first_counts(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 2,
        "cd"); /* the second copy of the answer comes after what it caused */
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 2, "cd");
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_CLIENT, TCP_ACK | TCP_FIN, 4, 2, "");
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_SERVER, TCP_ACK | TCP_FIN, 2, 5, "");
    for (unsigned i = 0; i < 2; i++)
        put(&bench, FLOW_CLIENT, TCP_ACK, 5, 3, "");
    assert_int_equal(counts_of(&bench)->segments_conflicting, 0);
    assert_int_equal(counts_of(&bench)->segments_duplicate, 3);
    assert_int_equal(counts_of(&bench)->segments_refused, 0);
    assert_int_equal(counts_of(&bench)->connections_complete, 1);
    assert_int_equal(counts_of(&bench)->connections_seen, 1);
    expect(&bench, "+ c:ab s:ok c:cd c. s. X ");
}

static void test_flow_large_packet_beside_its_small_copies(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abcdef"); /* as one interface joined it */
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "abc");
    put(&bench, FLOW_CLIENT, TCP_ACK, 3, 0, "def");
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "ghi");
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 0, "ghijkl");
    put(&bench, FLOW_CLIENT, TCP_ACK, 9, 0, "jkl");
    assert_int_equal(counts_of(&bench)->segments_conflicting, 0);
    expect(&bench, "+ c:abcdef c:ghi c~jkl x ");
}

static void test_flow_directions_captured_milliseconds_apart(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct flow_settings){0});
    put(&bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 3, "re1");
    put(&bench, FLOW_SERVER, TCP_ACK, 3, 6, "re2");
    put(&bench, FLOW_SERVER, TCP_ACK, 6, 9, "re3");
    put(&bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "rq1");
    put(&bench, FLOW_CLIENT, TCP_ACK, 3, 3, "rq2");
    put(&bench, FLOW_CLIENT, TCP_ACK, 6, 6, "rq3");
    assert_int_equal(counts_of(&bench)->connections_midstream, 0);
    expect(&bench, "+ c:rq1 s:re1 c:rq2 s:re2 c:rq3 s:re3 x ");
}

static void test_flow_clock_set_forward_closes_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    bench.now_ns += 5 * 3600 * NS_PER_S;
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 2, "ok");
    put(&bench, FLOW_CLIENT, TCP_ACK, 2, 2, "cd");
    assert_int_equal(counts_of(&bench)->connections_seen, 1);
    assert_int_equal(counts_of(&bench)->connections_idle, 0);
    expect(&bench, "+ c:ab s:ok c:cd x ");
}

static void test_flow_clock_set_back_stalls_nothing(void **state)
{
    (void)state;
    static const uint64_t steps[] = {3600 * NS_PER_S, 20 * NS_PER_S}; /* one at once, one once it lasts */
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;
        begin(&bench);
        bench.now_ns += 10000 * NS_PER_S;
        put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
        bench.now_ns -= steps[i];
        for (unsigned k = 0; k < 300; k++)
            wait_ms(&bench, 1);
        put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef");
        put(&bench, FLOW_SERVER, TCP_ACK, 0, 6, "");
        wait_ms(&bench, 200);
        assert_int_equal(counts_of(&bench)->bytes_gap, 2);
        assert_int_equal(counts_of(&bench)->connections_seen, 1);
        flow_table_free(bench.table);
        buffer_free(&bench.events);
    }
}

static void test_flow_packet_from_the_future_stalls_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    put(&bench, FLOW_CLIENT, TCP_ACK, 0, 0, "ab");
    flow_tick(bench.table, UINT64_MAX - 1);
    put(&bench, FLOW_CLIENT, TCP_ACK, 4, 0, "ef");
    put(&bench, FLOW_SERVER, TCP_ACK, 0, 6, "");
    wait_ms(&bench, 200);
    assert_int_equal(counts_of(&bench)->bytes_gap, 2);
    expect(&bench, "+ c:ab c-2 c:ef x ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_keepalive_probes_change_nothing),
        cmocka_unit_test(test_flow_zero_window_probes_are_data),
        cmocka_unit_test(test_flow_far_ahead_byte_is_dropped_and_no_gap),
        cmocka_unit_test(test_flow_fin_that_data_follows_was_none),
        cmocka_unit_test(test_flow_fin_nobody_acknowledged_ends_after_the_allowance),
        cmocka_unit_test(test_flow_fin_and_reset_captured_before_the_last_bytes),
        cmocka_unit_test(test_flow_reset_whose_sender_goes_on_was_none),
        cmocka_unit_test(test_flow_reset_whose_sender_goes_on_late_begins_anew),
        cmocka_unit_test(test_flow_reset_before_any_data_was_none_if_data_comes),
        cmocka_unit_test(test_flow_resets_off_by_one_are_refused),
        cmocka_unit_test(test_flow_ports_used_again_with_lower_numbers),
        cmocka_unit_test(test_flow_ports_used_again_with_the_same_numbers),
        cmocka_unit_test(test_flow_ports_used_again_where_one_side_is_seen),
        cmocka_unit_test(test_flow_ports_used_again_where_the_syn_was_lost),
        cmocka_unit_test(test_flow_scans_begin_nothing),
        cmocka_unit_test(test_flow_old_duplicates_are_told_by_their_timestamp),
        cmocka_unit_test(test_flow_is_picked_up_in_its_middle_from_either_side),
        cmocka_unit_test(test_flow_hole_of_a_one_sided_stream_is_given_up),
        cmocka_unit_test(test_flow_start_of_a_server_is_told_by_its_syn_or_the_first_acknowledgement),
        cmocka_unit_test(test_flow_bytes_behind_one_more_than_was_seen_wait_for_it),
        cmocka_unit_test(test_flow_hole_comes_behind_what_was_sent_before_it),
        cmocka_unit_test(test_flow_one_sided_server_is_delivered),
        cmocka_unit_test(test_flow_hole_is_not_given_up_while_its_receiver_waits),
        cmocka_unit_test(test_flow_hole_is_given_up_while_the_other_side_goes_on),
        cmocka_unit_test(test_flow_same_packet_twice_is_no_conflict_and_the_first_counts),
        cmocka_unit_test(test_flow_large_packet_beside_its_small_copies),
        cmocka_unit_test(test_flow_directions_captured_milliseconds_apart),
        cmocka_unit_test(test_flow_clock_set_forward_closes_nothing),
        cmocka_unit_test(test_flow_clock_set_back_stalls_nothing),
        cmocka_unit_test(test_flow_packet_from_the_future_stalls_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
