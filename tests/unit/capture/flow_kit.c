#include "tests/unit/capture/flow_kit.h"

#include "common/clock.h"

#include <string.h>

static void *on_open(void *arg, const struct flow_info *info)
{
    struct bench *bench = arg;
    assert_int_equal(info->server.port, bench->reversed ? CLIENT_PORT : SERVER_PORT);
    bench->midstream = info->midstream;
    bench->server_midstream = info->server_midstream;
    buffer_append_text(&bench->events, "+ ");
    return bench;
}

static const char *letter(enum flow_side side)
{
    return side == FLOW_CLIENT ? "c" : "s";
}

static void on_data(void *connection, enum flow_side side, struct bytes data, uint64_t packet_ns, bool start)
{
    struct bench *bench = connection;
    assert_true(packet_ns > 0 && packet_ns <= bench->now_ns);
    buffer_printf(&bench->events, "%s%s%.*s ", letter(side), start ? ":" : "~", (int)data.size,
                  (const char *)data.data);
}

static void on_gap(void *connection, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    struct bench *bench = connection;
    (void)packet_ns;
    buffer_printf(&bench->events, "%s-%llu ", letter(side), (unsigned long long)bytes);
}

static void on_mark(void *connection, enum flow_side side, enum flow_mark mark)
{
    struct bench *bench = connection;
    buffer_printf(&bench->events, "%s%s ", letter(side), mark == FLOW_CONFLICT ? "!" : "^");
}

static void on_end(void *connection, enum flow_side side, uint64_t packet_ns)
{
    struct bench *bench = connection;
    (void)packet_ns;
    buffer_printf(&bench->events, "%s. ", letter(side));
}

static void on_close(void *connection, bool clean, uint64_t packet_ns)
{
    struct bench *bench = connection;
    (void)packet_ns;
    buffer_append_text(&bench->events, clean ? "X " : "x ");
}

void bench_start(struct bench *bench, struct flow_settings settings)
{
    static const uint8_t key[16] = {1};
    settings.hash_key = key;
    *bench = (struct bench){.now_ns = NS_PER_S, .base = {1000, 5000}};
    const struct flow_handler handler = {bench, on_open, on_data, on_gap, on_mark, on_end, on_close};
    bench->table = flow_table_create(&settings, &handler);
}

void put(struct bench *bench, enum flow_side side, uint8_t flags, int64_t offset, int64_t ack,
         const char *payload)
{
    struct tcp_segment segment = {
        .source = {.family = AF_INET, .ip = {10, 0, 0, 1}, .port = CLIENT_PORT},
        .destination = {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = SERVER_PORT},
        .sequence = bench->base[side] + 1 + (uint32_t)offset,
        .acknowledgement = bench->base[!side] + 1 + (uint32_t)ack,
        .flags = flags,
        .has_timestamp = bench->has_timestamp,
        .timestamp_value = bench->timestamp,
        .scope = bench->scope,
        .payload = bytes_of(payload),
        .payload_wire_bytes = (uint32_t)strlen(payload),
    };
    if (side == FLOW_SERVER) {
        struct address source = segment.source;
        segment.source = segment.destination;
        segment.destination = source;
    }
    if (flags & TCP_SYN)
        segment.sequence--;
    bench->now_ns += NS_PER_MS;
    assert_int_equal(flow_take(bench->table, &segment, bench->now_ns), NET_TCP);
}

void handshake(struct bench *bench)
{
    put(bench, FLOW_CLIENT, TCP_SYN, 0, 0, "");
    put(bench, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, "");
    put(bench, FLOW_CLIENT, TCP_ACK, 0, 0, "");
}

void expect(struct bench *bench, const char *events)
{
    flow_finish(bench->table);
    const struct flow_counts *counts = flow_table_counts(bench->table);
    assert_int_equal(counts->payload_bytes, counts->bytes_delivered + counts->bytes_unassigned +
                                                counts->bytes_duplicate + counts->bytes_discarded);
    assert_int_equal(flow_table_open(bench->table), 0);
    buffer_append_byte(&bench->events, 0);
    assert_string_equal((const char *)bench->events.data, events);
    buffer_free(&bench->events);
    flow_table_free(bench->table);
}
