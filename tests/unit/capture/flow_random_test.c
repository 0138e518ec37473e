/* Properties of flow.h on generated connections: pipelined requests and answers, captured out of order within a
 * direction and between them, twice, overlapping, retransmitted in other segments, and with packets lost. Each byte
 * that was captured is delivered once, in its place; what is said to be lost is what no packet carried; without loss
 * nothing comes before what caused it. Each seed is a test of its own; a failing one is named. */
#include "tests/unit/capture/flow_kit.h"

#include "common/clock.h"
#include "common/mem.h"

#include <string.h>

#define STREAM_MAX  20000
#define PACKETS_MAX 4000
#define JITTER_NS   (2 * NS_PER_MS) /* how far from its place a packet is captured */

/* A packet, as it was sent. Offsets count from the stream's first byte. */
struct sent {
    enum flow_side side;
    uint8_t flags;
    uint32_t offset;
    uint32_t size;
    uint32_t ack;
    uint64_t captured_ns;
    uint32_t number;
};

struct world {
    uint64_t random;
    uint8_t stream[2][STREAM_MAX];
    uint32_t size[2];
    uint8_t captured[2][STREAM_MAX];  /* some packet that was captured carried this byte */
    uint8_t delivered[2][STREAM_MAX]; /* times */
    uint32_t at[2];
    struct sent packets[PACKETS_MAX];
    size_t count;
    uint64_t now_ns;
    const struct sent *current; /* of the segment that is being taken */
    bool lossy;
    bool fin_lost;
    unsigned ends, closes;
};

static uint32_t below(struct world *world, uint32_t limit)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)(world->random >> 33) % limit;
}

static void *on_open(void *arg, const struct flow_info *info)
{
    assert_int_equal(info->server.port, SERVER_PORT);
    return arg;
}

static void on_data(void *connection, enum flow_side side, struct bytes data, uint64_t packet_ns, bool start)
{
    struct world *world = connection;
    (void)start;
    uint32_t ack = UINT32_MAX; /* the least that a packet with this time and these bytes acknowledged */
    bool found = false;
    for (size_t i = 0; i < world->count; i++) {
        const struct sent *sent = &world->packets[i];
        if (sent->captured_ns != packet_ns || sent->side != side || sent->offset > world->at[side] ||
            sent->offset + sent->size < world->at[side] + data.size)
            continue;
        found = true;
        if (sent->ack < ack)
            ack = sent->ack;
    }
    assert_true(found); /* the time is that of a packet that carried them */
    if (!world->lossy)
        assert_true(world->at[!side] >= ack);
    assert_memory_equal(data.data, world->stream[side] + world->at[side], data.size);
    for (size_t i = 0; i < data.size; i++)
        world->delivered[side][world->at[side] + i]++;
    world->at[side] += (uint32_t)data.size;
}

static void on_gap(void *connection, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    struct world *world = connection;
    (void)packet_ns;
    if (world->at[side] + bytes == world->size[side] + 1 && world->fin_lost)
        bytes--; /* its number was acknowledged, and looks like a byte */
    assert_true(world->at[side] + bytes <= world->size[side]);
    for (uint64_t i = 0; i < bytes; i++)
        assert_false(world->captured[side][world->at[side] + i]);
    world->at[side] += (uint32_t)bytes;
}

static void on_mark(void *connection, enum flow_side side, enum flow_mark mark)
{
    (void)connection;
    (void)side;
    (void)mark;
    fail_msg("nothing is in conflict");
}

static void on_end(void *connection, enum flow_side side, uint64_t packet_ns)
{
    struct world *world = connection;
    (void)packet_ns;
    assert_int_equal(world->at[side], world->size[side]);
    world->ends++;
}

static void on_close(void *connection, bool clean, uint64_t packet_ns)
{
    (void)clean;
    (void)packet_ns;
    ((struct world *)connection)->closes++;
}

static void add(struct world *world, enum flow_side side, uint8_t flags, uint32_t offset, uint32_t size,
                uint32_t ack, uint64_t sent_ns)
{
    if (world->count == PACKETS_MAX)
        return;
    world->packets[world->count] = (struct sent){
        .side = side,
        .flags = flags,
        .offset = offset,
        .size = size,
        .ack = ack,
        .captured_ns = sent_ns + below(world, JITTER_NS),
        .number = (uint32_t)world->count,
    };
    world->count++;
}

/* Sends |size| bytes of |side| in segments, some again in other segments, twice, or overlapping. */
static void send_bytes(struct world *world, enum flow_side side, uint32_t size, uint64_t *now_ns)
{
    uint32_t from = world->size[side], end = from + size;
    for (uint32_t at = from; at < end;) {
        uint32_t part = 1 + below(world, 700);
        part = part > end - at ? end - at : part;
        uint32_t back = below(world, 5) == 0 && at > 0 ? below(world, at < 300 ? at : 300) : 0;
        add(world, side, TCP_ACK, at - back, part + back, world->size[!side], *now_ns);
        if (below(world, 10) == 0) /* the same packet once more */
            add(world, side, TCP_ACK, at - back, part + back, world->size[!side], *now_ns);
        if (below(world, 8) == 0) { /* retransmitted with what is around it */
            uint32_t start = at > 400 ? at - below(world, 400) : 0;
            add(world, side, TCP_ACK, start, at + part - start, world->size[!side], *now_ns + 5 * NS_PER_MS);
        }
        *now_ns += below(world, NS_PER_MS / 4);
        at += part;
    }
    world->size[side] = end;
    *now_ns += 3 * JITTER_NS; /* the way to the other side, which then answers or acknowledges */
    if (below(world, 2) == 0)
        add(world, !side, TCP_ACK, world->size[!side], 0, end, *now_ns);
}

static int by_time(const void *left, const void *right)
{
    const struct sent *a = left, *b = right;
    if (a->captured_ns != b->captured_ns)
        return a->captured_ns < b->captured_ns ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static void generate(struct world *world)
{
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t i = 0; i < STREAM_MAX; i++)
            world->stream[side][i] = (uint8_t)below(world, 256);
    uint64_t now_ns = NS_PER_S + JITTER_NS;
    unsigned turns = 1 + below(world, 6);
    for (unsigned turn = 0; turn < turns; turn++) {
        unsigned requests = below(world, 3) == 0 ? 1 + below(world, 4) : 1;
        for (unsigned i = 0; i < requests; i++)
            send_bytes(world, FLOW_CLIENT, 1 + below(world, 500), &now_ns);
        for (unsigned i = 0; i < requests; i++)
            send_bytes(world, FLOW_SERVER, 1 + below(world, 700), &now_ns);
    }
    add(world, FLOW_CLIENT, TCP_ACK | TCP_FIN, world->size[0], 0, world->size[1], now_ns);
    now_ns += 3 * JITTER_NS;
    add(world, FLOW_SERVER, TCP_ACK | TCP_FIN, world->size[1], 0, world->size[0] + 1, now_ns);
    now_ns += 3 * JITTER_NS;
    add(world, FLOW_CLIENT, TCP_ACK, world->size[0] + 1, 0, world->size[1] + 1, now_ns);
    qsort(world->packets, world->count, sizeof world->packets[0], by_time);
}

static void take(struct world *world, struct flow_table *table, const uint32_t base[2],
                 const struct sent *sent)
{
    const struct address ends[2] = {{.family = AF_INET, .ip = {10, 0, 0, 1}, .port = CLIENT_PORT},
                                    {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = SERVER_PORT}};
    uint8_t *payload =
        xmemdup(world->stream[sent->side] + sent->offset, sent->size); /* so that ASan sees its ends */
    struct tcp_segment segment = {
        .source = ends[sent->side],
        .destination = ends[!sent->side],
        .sequence = base[sent->side] + (sent->flags & TCP_SYN ? 0 : 1) + sent->offset,
        .acknowledgement = base[!sent->side] + 1 + sent->ack,
        .flags = sent->flags,
        .payload = {payload, sent->size},
        .payload_wire_bytes = sent->size,
    };
    memset(world->captured[sent->side] + sent->offset, 1, sent->size);
    flow_take(table, &segment, sent->captured_ns);
    free(payload);
}

/* Plays the connection of |seed|, of whose packets |loss| in a thousand are not captured. */
static void play(uint64_t seed, unsigned loss)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->random = seed * 0x9e3779b97f4a7c15 + 1;
    world->lossy = loss > 0;
    generate(world);
    const struct flow_handler handler = {world, on_open, on_data, on_gap, on_mark, on_end, on_close};
    struct budget memory = {.limit_bytes = 16 << 20};
    struct flow_table *table = flow_table_create(&(struct flow_settings){.budget = &memory}, &handler);
    const uint32_t base[2] = {below(world, 2) ? UINT32_MAX - below(world, 5000) : below(world, 100000),
                              below(world, 2) ? UINT32_MAX - below(world, 5000) : below(world, 100000)};
    take(world, table, base, &(struct sent){.side = FLOW_CLIENT, .flags = TCP_SYN, .captured_ns = NS_PER_S});
    take(world, table, base,
         &(struct sent){.side = FLOW_SERVER, .flags = TCP_SYN | TCP_ACK, .captured_ns = NS_PER_S});
    bool lost = false;
    for (size_t i = 0; i < world->count; i++) {
        if (below(world, 1000) < loss) {
            lost = true;
            world->fin_lost |= world->packets[i].flags & TCP_FIN;
        } else {
            take(world, table, base, &world->packets[i]);
        }
    }
    flow_finish(table);
    const struct flow_counts *counts = flow_table_counts(table);
    for (unsigned side = 0; side < 2; side++)
        assert_memory_equal(world->delivered[side], world->captured[side], STREAM_MAX);
    assert_int_equal(counts->segments_conflicting, 0);
    assert_int_equal(counts->payload_bytes,
                     counts->bytes_delivered + counts->bytes_duplicate + counts->bytes_discarded);
    assert_int_equal(world->closes, 1);
    if (!lost)
        assert_true(counts->connections_complete == 1 && counts->bytes_gap == 0 && world->ends == 2);
    flow_table_free(table);
    assert_int_equal(memory.used_bytes, 0);
    free(world);
}

static unsigned seed_of_now; /* 0: none */

static int name_seed(void **state)
{
    (void)state;
    if (seed_of_now)
        print_message("it was seed %u\n", seed_of_now);
    return 0;
}

static void play_many(unsigned seeds, unsigned loss)
{
    for (seed_of_now = 1; seed_of_now <= seeds; seed_of_now++)
        play(seed_of_now, loss);
    seed_of_now = 0;
}

static void test_flow_random_connections_come_out_as_they_were_sent(void **state)
{
    (void)state;
    play_many(600, 0);
}

static void test_flow_random_loss_costs_what_was_lost(void **state)
{
    (void)state;
    play_many(300, 1);
    play_many(300, 10);
    play_many(600, 50);
    play_many(300, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_flow_random_connections_come_out_as_they_were_sent, name_seed),
        cmocka_unit_test_teardown(test_flow_random_loss_costs_what_was_lost, name_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
