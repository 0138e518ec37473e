/* Property: whatever segments arrive in whatever order, cut, copied, overlapping, lost or forged, each delivered
 * byte is the one that stands at its place in the stream, in order and once, the counters balance, and a stream
 * whose every byte was captured comes out whole.
 *
 * The input is a script for a table of flows. Two streams with known bytes are sent; a command picks a side, a
 * place, a length, an ACK and flags. With the first byte odd the script also forges bytes, numbers, timestamps, SYNs,
 * FINs, resets and VLANs, and sets the clock, in a table of little memory: then only order, balance and limits are
 * checked. So it is where the connection is joined in its middle (bit 6), where what the streams say must tell the
 * roles, and where several clients share the table (bit 7). */
#include "capture/tcp/flow.h"
#include "common/clock.h"

#include <assert.h>
#include <string.h>

#define STREAM_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct bytes script;
    struct flow_table *table;
    uint8_t stream[2][STREAM_BYTES + 256];
    uint8_t captured[2][STREAM_BYTES]; /* bytes that some segment carried */
    uint32_t base[2];
    uint64_t delivered[2]; /* bytes delivered or declared lost */
    uint64_t lost[2];
    uint64_t bytes;
    uint64_t now_ns;
    unsigned opened;
    unsigned closed;
    bool forged;
    bool many;
    uint16_t client_port;
    uint8_t scope;
    uint8_t timestamp; /* of the segments, in its highest bits; 0: they carry none */
    bool ended[2];
};

static unsigned take(struct world *world)
{
    if (world->script.size == 0)
        return 0;
    unsigned byte = *world->script.data++;
    world->script.size--;
    return byte;
}

static void *on_open(void *arg, const struct flow_info *info)
{
    struct world *world = arg;
    assert(info->server.family == AF_INET && info->first_ns > 0);
    world->opened++;
    return world;
}

static void on_data(void *connection, enum flow_side side, struct bytes data, uint64_t packet_ns, bool start)
{
    struct world *world = connection;
    (void)start;
    assert(data.size > 0 && (packet_ns <= world->now_ns || world->forged) && world->closed < world->opened);
    assert(!world->ended[side] || world->forged);
    world->bytes += data.size;
    if (world->forged)
        return;
    assert(world->delivered[side] + data.size <= STREAM_BYTES);
    assert(memcmp(data.data, world->stream[side] + world->delivered[side], data.size) == 0);
    assert(!memchr(world->captured[side] + world->delivered[side], 0, data.size));
    world->delivered[side] += data.size;
}

static void on_gap(void *connection, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    struct world *world = connection;
    (void)packet_ns;
    assert(bytes > 0 && world->closed < world->opened);
    world->delivered[side] += bytes;
    world->lost[side] += bytes;
    assert(world->forged || world->delivered[side] <= STREAM_BYTES);
}

static void on_mark(void *connection, enum flow_side side, enum flow_mark mark)
{
    struct world *world = connection;
    (void)side;
    assert(world->forged || mark != FLOW_CONFLICT);
}

static void on_end(void *connection, enum flow_side side, uint64_t packet_ns)
{
    struct world *world = connection;
    (void)packet_ns;
    assert(!world->ended[side] || world->forged);
    world->ended[side] = true;
}

static void on_close(void *connection, bool clean, uint64_t packet_ns)
{
    struct world *world = connection;
    (void)clean;
    (void)packet_ns;
    world->closed++;
}

static void send_segment(struct world *world, unsigned side, uint8_t flags, uint32_t offset, uint32_t size,
                         uint32_t ack, uint32_t cut)
{
    const struct address client = {.family = AF_INET, .ip = {10, 0, 0, 1}, .port = world->client_port};
    static const struct address server = {.family = AF_INET, .ip = {10, 0, 0, 2}, .port = 80};
    if (!world->forged) {
        if (offset > STREAM_BYTES)
            offset = STREAM_BYTES;
        if (size > STREAM_BYTES - offset)
            size = STREAM_BYTES - offset;
        if (cut > size)
            cut = size;
        memset(world->captured[side] + offset, 1, size - cut);
    } else {
        cut = cut > size ? size : cut;
    }
    struct tcp_segment segment = {
        .source = side == FLOW_CLIENT ? client : server,
        .destination = side == FLOW_CLIENT ? server : client,
        .sequence = world->base[side] + (flags & TCP_SYN ? 0 : 1) + offset,
        .acknowledgement = world->base[!side] + 1 + ack,
        .flags = flags,
        .scope = world->scope,
        .has_timestamp = world->timestamp != 0,
        .timestamp_value = (uint32_t)world->timestamp << 24,
        .payload = {world->stream[side] + offset % STREAM_BYTES, size - cut},
        .payload_wire_bytes = size,
    };
    world->now_ns += NS_PER_US;
    flow_take(world->table, &segment, world->now_ns);
}

/* One command of the script. */
static void step(struct world *world)
{
    unsigned command = take(world);
    if (world->many)
        world->client_port = (uint16_t)(40000 + take(world) % 8);
    unsigned side = command & 1;
    uint32_t offset = take(world) * 16 + (command >> 4);
    uint32_t size = take(world);
    switch (command >> 1 & 7) {
    case 0:
    case 1:
    case 2:
        send_segment(world, side, TCP_ACK, offset, size, 0, 0);
        break;
    case 3: /* the segment that follows in order, with an ACK */
        send_segment(world, side, TCP_ACK | TCP_PSH, (uint32_t)world->delivered[side], size, take(world) * 16,
                     0);
        break;
    case 4:
        send_segment(world, side, TCP_ACK, offset, 0, size * 16, 0);
        break;
    case 5:
        send_segment(world, side, TCP_ACK, offset, size, 0, size / 2);
        break;
    case 6:
        world->now_ns += size * 4 * NS_PER_MS;
        if (world->forged && offset % 16 == 15) /* the clock is set */
            world->now_ns += ((uint64_t)size << 40) - (UINT64_C(100) << 40);
        flow_tick(world->table, world->now_ns);
        break;
    case 7:
        if (world->forged) {
            world->stream[side][offset % STREAM_BYTES] ^= (uint8_t)size;
            world->base[side] += take(world) << 24;
            world->timestamp = (uint8_t)take(world);
            world->scope = (uint8_t)(take(world) % 2);
            uint8_t flags = (uint8_t)take(world);
            send_segment(world, side, flags, offset, size, take(world) << 20, 0);
        } else {
            send_segment(world, side, TCP_ACK | TCP_FIN, STREAM_BYTES, 0, 0, 0);
        }
        break;
    }
}

static void check(struct world *world)
{
    const struct flow_counts *counts = flow_table_counts(world->table);
    assert(counts->payload_bytes == counts->bytes_delivered + counts->bytes_unassigned +
                                        counts->bytes_duplicate + counts->bytes_discarded);
    assert(counts->bytes_delivered == world->bytes);
    assert(counts->connections_seen >= world->opened && world->opened == world->closed);
    assert(flow_table_open(world->table) == 0);
    if (world->forged)
        return;
    for (unsigned side = 0; side < 2; side++) {
        uint64_t whole = 0; /* how far the stream was captured without a hole */
        while (whole < STREAM_BYTES && world->captured[side][whole])
            whole++;
        if (world->lost[side] == 0)
            assert(world->delivered[side] == whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[16];
    static struct world world;
    memset(&world, 0, sizeof world);
    world.script = bytes_make(data, size);
    world.now_ns = NS_PER_S;
    for (unsigned i = 0; i < sizeof world.stream[0]; i++) {
        world.stream[0][i] = (uint8_t)(i * 7 + i / 256);
        world.stream[1][i] = (uint8_t)(i * 13 + i / 256 + 1);
    }
    unsigned settings = take(&world);
    bool midstream = settings & 64;
    world.many = settings & 128;
    world.forged = (settings & 1) || midstream || world.many;
    world.client_port = 40000;
    if (midstream) {
        static const char request[] = "GET / HTTP/1.1\r\n", answer[] = "HTTP/1.1 200 OK\r\n";
        memcpy(world.stream[0] + 512, request, sizeof request - 1);
        memcpy(world.stream[1] + 512, answer, sizeof answer - 1);
    }
    world.base[0] = settings & 2 ? UINT32_MAX - 100 : 1000; /* wraps soon */
    world.base[1] = settings & 4 ? UINT32_MAX - 1000 : 77;
    const struct flow_handler handler = {&world, on_open, on_data, on_gap, on_mark, on_end, on_close};
    struct budget memory = {.limit_bytes = world.forged ? 12000 : 1 << 20};
    const struct flow_settings limits = {
        .hash_key = key,
        .budget = &memory,
        .direction_pieces = settings & 8 ? 4 : 0,
        .direction_bytes = settings & 16 ? 1000 : 0,
        .allowance_packets = settings & 32 ? 3 : 0,
        .guess_roles = !midstream || (settings & 2),
        .linger_ns = world.forged ? 0 : UINT64_MAX / 2,
        .idle_ns = world.forged ? 0 : UINT64_MAX / 2, /* a connection given up begins anew in its middle */
    };
    world.table = flow_table_create(&limits, &handler);
    if (!midstream) {
        send_segment(&world, FLOW_CLIENT, TCP_SYN, 0, 0, 0, 0);
        send_segment(&world, FLOW_SERVER, TCP_SYN | TCP_ACK, 0, 0, 0, 0);
    }
    while (world.script.size > 0)
        step(&world);
    flow_finish(world.table);
    check(&world);
    flow_table_free(world.table);
    assert(memory.used_bytes == 0 && memory.peak_bytes < (1 << 20));
    return 0;
}
