/* Property: whatever frames are captured, from decoding to exchanges: every payload byte that is delivered stands in a frame, every
 * request's head in the bytes that its client's stream delivered; the bytes of flow, framing and ledger add up, requests and
 * responses balance, and there are never more requests than ends of lines.
 *
 * The input: link type (an index), then frames: 2 bytes of length, 1 byte of milliseconds, the frame. pcap_to_packets.py makes
 * such from captures. */
#include "capture/net/decoder.h"
#include "capture/pairing.h"
#include "capture/tcp/flow.h"
#include "common/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 16
#define MEMORY_BYTES    (128 << 10) /* some dozens of connections */
#define FRAME_MAX       4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ethernet, raw IP, BSD loopback, Linux cooked 1 and 2: libpcap's numbers, the same on every platform in files. */
static const int link_types[] = {1, 101, 0, 108, 113, 276};

struct world {
    struct bytes input;
    struct decoder *decoder;
    struct pairing_pool *pool;
    struct buffer client[CONNECTIONS_MAX * 4]; /* what the clients' streams delivered, by connection */
    uint64_t opened;
    uint64_t handed_over;
    uint64_t delivered;
    uint64_t now_ns;
};

struct connection {
    struct world *world;
    struct pairing *pairing;
    uint64_t number;
};

static void on_done(void *arg, struct exchange *exchange)
{
    struct world *world = arg;
    world->handed_over++;
    struct bytes head = buffer_bytes(&exchange->request.head);
    assert(exchange->connection < world->opened);
    assert(exchange->request.first_ns > 0 && exchange->request.first_ns <= world->now_ns);
    assert(exchange->request.last_ns <= world->now_ns && exchange->response.last_ns <= world->now_ns);
    if (exchange->connection >= sizeof world->client / sizeof *world->client)
        return;
    /* A head over its limit, or with a hole, is not all of a piece. */
    const struct buffer *stream = &world->client[exchange->connection];
    size_t size = head.size < 64 ? head.size : 64;
    assert(size > 0);
    assert(memmem(stream->data, stream->size, head.data, size));
}

static void *on_open(void *arg, const struct flow_info *info)
{
    struct world *world = arg;
    struct connection *connection = malloc(sizeof *connection);
    assert(connection);
    *connection = (struct connection){.world = world, .number = world->opened++};
    connection->pairing =
        pairing_create(world->pool, &(struct pairing_connection){.connection = connection->number,
                                                                 .server = info->server,
                                                                 .midstream = info->midstream});
    return connection;
}

static enum pairing_side side_of(enum flow_side side)
{
    return side == FLOW_CLIENT ? PAIRING_CLIENT : PAIRING_SERVER;
}

static void on_data(void *arg, enum flow_side side, struct bytes data, uint64_t packet_ns, bool start)
{
    struct connection *connection = arg;
    struct world *world = connection->world;
    assert(data.size > 0);
    if (decoder_counts(world->decoder)->datagrams == 0) /* else it may have been put together of fragments */
        assert(memmem(world->input.data, world->input.size, data.data, data.size));
    world->delivered += data.size;
    if (side == FLOW_CLIENT && connection->number < sizeof world->client / sizeof *world->client)
        buffer_append_bytes(&world->client[connection->number], data);
    pairing_feed(connection->pairing, side_of(side), data, packet_ns, start);
}

static void on_gap(void *arg, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    struct connection *connection = arg;
    pairing_gap(connection->pairing, side_of(side), bytes, packet_ns);
}

static void on_mark(void *arg, enum flow_side side, enum flow_mark mark)
{
    struct connection *connection = arg;
    pairing_mark(connection->pairing, side_of(side),
                 mark == FLOW_CONFLICT ? EXCHANGE_FLAG(CONFLICT) : EXCHANGE_FLAG(URGENT));
}

static void on_end(void *arg, enum flow_side side, uint64_t packet_ns)
{
    struct connection *connection = arg;
    pairing_end(connection->pairing, side_of(side), true, packet_ns);
}

static void on_close(void *arg, bool clean, uint64_t packet_ns)
{
    struct connection *connection = arg;
    pairing_finish(connection->pairing, clean, packet_ns);
    pairing_free(connection->pairing);
    free(connection);
}

static void take_frames(struct world *world, struct flow_table *table)
{
    struct bytes rest = world->input;
    struct net_frame frame = {0};
    frame.dlt = link_types[rest.data[0] % (sizeof link_types / sizeof *link_types)];
    rest = bytes_make(rest.data + 1, rest.size - 1);
    while (rest.size >= 3) {
        size_t size = (size_t)rest.data[0] << 8 | rest.data[1];
        world->now_ns += (uint64_t)rest.data[2] * NS_PER_MS;
        rest = bytes_make(rest.data + 3, rest.size - 3);
        size = size < rest.size ? size : rest.size;
        size_t kept = size < FRAME_MAX ? size : FRAME_MAX;
        uint8_t *copy = malloc(kept ? kept : 1); /* of the exact size: reading beyond it is seen */
        assert(copy);
        memcpy(copy, rest.data, kept);
        struct tcp_segment segment = {0};
        frame.bytes = bytes_make(copy, kept);
        frame.wire_bytes = kept;
        frame.wall_ns = world->now_ns;
        if (decoder_take(world->decoder, &frame, &segment) == NET_TCP)
            flow_take(table, &segment, world->now_ns);
        free(copy);
        rest = bytes_make(rest.data + size, rest.size - size);
    }
}

static uint64_t count_lines(struct bytes input)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < input.size; i++)
        lines += input.data[i] == '\n';
    return lines;
}

static void check_counts(const struct world *world, const struct flow_counts *flows)
{
    const struct pairing_counts *counts = pairing_pool_counts(world->pool);
    assert(flows->payload_bytes == flows->bytes_delivered + flows->bytes_unassigned + flows->bytes_duplicate +
                                       flows->bytes_discarded);
    assert(flows->bytes_delivered == world->delivered && counts->bytes_reassembled == world->delivered);
    assert(counts->bytes_reassembled ==
           counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque);
    assert(counts->requests_seen == counts->requests_recorded + counts->requests_filtered +
                                        counts->requests_lost_http09 + counts->requests_lost_unconfirmed);
    assert(counts->requests_recorded == world->handed_over);
    assert(counts->responses_seen == counts->responses_paired + counts->responses_orphaned);
    /* A request line may be cut by a hole. */
    assert(counts->requests_seen <= count_lines(world->input) + counts->flags[EXCHANGE_BIT_HEAD_CUT]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[16] = {1};
    if (size < 2)
        return 0;
    struct world world = {.input = bytes_make(data, size), .now_ns = NS_PER_S};
    world.decoder = decoder_create(&(struct decoder_settings){0});
    struct budget memory = {.limit_bytes = MEMORY_BYTES};
    world.pool =
        pairing_pool_create(&(struct pairing_settings){.done = on_done, .arg = &world, .budget = &memory});
    const struct flow_handler handler = {&world, on_open, on_data, on_gap, on_mark, on_end, on_close};
    const struct flow_settings settings = {.hash_key = key, .budget = &memory};
    struct flow_table *table = flow_table_create(&settings, &handler);
    take_frames(&world, table);
    flow_finish(table);
    check_counts(&world, flow_table_counts(table));
    flow_table_free(table);
    assert(memory.used_bytes == 0);
    pairing_pool_free(world.pool);
    decoder_free(world.decoder);
    for (size_t i = 0; i < sizeof world.client / sizeof *world.client; i++)
        buffer_free(&world.client[i]);
    return 0;
}
