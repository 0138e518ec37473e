/* The memory of flow.h: what a connection costs, and what goes when memory runs out: what is of no use before what is,
 * and good traffic is delivered whole beside a flood. */
#include "tests/unit/capture/flow_kit.h"

#include "common/clock.h"

#include <string.h>

#define FIRST_PORT 1024

/* Sends a segment of connection |number| (a client of its own each). */
static void send_one(struct bench *bench, uint32_t number, enum flow_side side, uint8_t flags,
                     uint32_t offset, uint32_t ack, const char *payload)
{
    struct address client = {.family = AF_INET, .port = (uint16_t)(FIRST_PORT + number % 60000)};
    uint32_t host = number / 60000 + 1;
    memcpy(client.ip, &host, sizeof host);
    const struct address server = {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = SERVER_PORT};
    struct tcp_segment segment = {
        .source = side == FLOW_CLIENT ? client : server,
        .destination = side == FLOW_CLIENT ? server : client,
        .sequence = 1000 + offset,
        .acknowledgement = 1000 + ack,
        .flags = flags,
        .payload = bytes_of(payload),
        .payload_wire_bytes = (uint32_t)strlen(payload),
    };
    bench->now_ns += 1000;
    flow_take(bench->table, &segment, bench->now_ns);
}

static void shake_hands(struct bench *bench, uint32_t number)
{
    send_one(bench, number, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    send_one(bench, number, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
    send_one(bench, number, FLOW_CLIENT, TCP_ACK, 1, 1, "");
}

static void finish(struct bench *bench, const struct budget *memory)
{
    flow_table_free(bench->table);
    buffer_free(&bench->events);
    assert_int_equal(memory->used_bytes, 0);
}

static void test_flow_half_open_connection_costs_at_most_what_is_stated(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 256 << 20};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    for (uint32_t number = 0; number < 100000; number++) {
        send_one(&bench, number, FLOW_CLIENT, TCP_SYN, 0, 0, "");
        if (number >= 1000)
            assert_true(memory.used_bytes <= (number + 1) * (uint64_t)FLOW_QUIET_BYTES_MAX);
    }
    assert_int_equal(flow_table_open(bench.table), 100000);
    flow_finish(bench.table);
    assert_int_equal(flow_table_counts(bench.table)->connections_half_open, 100000);
    assert_true(FLOW_QUIET_BYTES_MAX <= 128);
    finish(&bench, &memory);
}

static void test_flow_connection_with_data_costs_at_most_what_is_stated(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 256 << 20};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    for (uint32_t number = 0; number < 10000; number++) {
        shake_hands(&bench, number);
        send_one(&bench, number, FLOW_CLIENT, TCP_ACK, 1, 1, "GET");
        if (number >= 1000)
            assert_true(memory.used_bytes <= (number + 1) * (uint64_t)FLOW_ACTIVE_BYTES_MAX);
    }
    assert_int_equal(flow_table_counts(bench.table)->bytes_delivered, 30000);
    finish(&bench, &memory);
}

/* One exchange of |number|'s connection, the |turn|-th. */
static void exchange(struct bench *bench, uint32_t number, uint32_t turn)
{
    send_one(bench, number, FLOW_CLIENT, TCP_ACK, 1 + turn * 3, 1 + turn * 2, "GET");
    send_one(bench, number, FLOW_SERVER, TCP_ACK, 1 + turn * 2, 4 + turn * 3, "OK");
}

static void test_flow_good_traffic_is_delivered_beside_a_flood_of_syns(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 2 << 20};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    uint32_t flood = 1000000;
    for (uint32_t number = 0; number < 100; number++)
        shake_hands(&bench, number);
    for (uint32_t turn = 0; turn < 50; turn++) {
        for (uint32_t number = 0; number < 100; number++) {
            for (unsigned i = 0; i < 20; i++)
                send_one(&bench, flood++, FLOW_CLIENT, TCP_SYN, 0, 0, "");
            exchange(&bench, number, turn);
        }
    }
    const struct flow_counts *counts = flow_table_counts(bench.table);
    assert_int_equal(counts->bytes_delivered, 100 * 50 * 5);
    assert_int_equal(counts->connections_evicted + counts->connections_midstream + counts->bytes_gap, 0);
    assert_true(counts->connections_evicted_half_open > 50000);
    assert_true(memory.peak_bytes <= memory.limit_bytes && flow_table_open(bench.table) > 5000);
    finish(&bench, &memory);
}

static void test_flow_good_traffic_is_delivered_beside_far_ahead_bytes(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 2 << 20};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    for (uint32_t number = 0; number < 100; number++)
        shake_hands(&bench, number);
    for (uint32_t turn = 0; turn < 50; turn++) {
        for (uint32_t number = 0; number < 100; number++) {
            uint32_t attacker = 1000 + turn * 100 + number;
            shake_hands(&bench, attacker);
            send_one(&bench, attacker, FLOW_CLIENT, TCP_ACK, 1 + (1 << 24) + turn, 1, "x");
            exchange(&bench, number, turn);
        }
    }
    const struct flow_counts *counts = flow_table_counts(bench.table);
    assert_int_equal(counts->bytes_delivered, 100 * 50 * 5);
    assert_int_equal(counts->bytes_gap, 0);
    assert_true(counts->connections_evicted > 2000);
    assert_true(memory.peak_bytes <= memory.limit_bytes);
    flow_finish(bench.table);
    assert_int_equal(counts->bytes_discarded, 5000);
    assert_int_equal(counts->bytes_gap, 0);
    finish(&bench, &memory);
}

static void test_flow_closed_connections_go_before_open_ones(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 256 << 10};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    for (uint32_t number = 0; number < 50; number++) {
        shake_hands(&bench, number);
        exchange(&bench, number, 0);
    }
    for (uint32_t number = 100; number < 5000; number++) {
        shake_hands(&bench, number);
        exchange(&bench, number, 0);
        send_one(&bench, number, FLOW_CLIENT, TCP_ACK | TCP_FIN, 4, 3, "");
        send_one(&bench, number, FLOW_SERVER, TCP_ACK | TCP_FIN, 3, 5, "");
        send_one(&bench, number, FLOW_CLIENT, TCP_ACK, 5, 4, "");
    }
    const struct flow_counts *counts = flow_table_counts(bench.table);
    assert_int_equal(counts->connections_evicted + counts->connections_evicted_half_open, 0);
    assert_int_equal(counts->connections_complete, 4900);
    assert_int_equal(flow_table_open(bench.table), 50);
    finish(&bench, &memory);
}

static void test_flow_idle_connections_go_least_recent_first(void **state)
{
    (void)state;
    struct budget memory = {.limit_bytes = 256 << 10};
    struct bench bench;
    bench_start(&bench, (struct flow_settings){.budget = &memory});
    shake_hands(&bench, 0); /* stays active */
    for (uint32_t number = 1; number < 2000; number++) {
        shake_hands(&bench, number);
        exchange(&bench, number, 0);
        bench.now_ns += 50 * NS_PER_MS;
        exchange(&bench, 0, number - 1);
    }
    const struct flow_counts *counts = flow_table_counts(bench.table);
    assert_true(counts->connections_evicted > 1000);
    assert_int_equal(counts->bytes_delivered, 2 * 1999 * 5);
    assert_int_equal(counts->connections_seen, 2000);
    finish(&bench, &memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_half_open_connection_costs_at_most_what_is_stated),
        cmocka_unit_test(test_flow_connection_with_data_costs_at_most_what_is_stated),
        cmocka_unit_test(test_flow_good_traffic_is_delivered_beside_a_flood_of_syns),
        cmocka_unit_test(test_flow_good_traffic_is_delivered_beside_far_ahead_bytes),
        cmocka_unit_test(test_flow_closed_connections_go_before_open_ones),
        cmocka_unit_test(test_flow_idle_connections_go_least_recent_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
