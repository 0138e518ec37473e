/* Writes a large synthetic capture: keep-alive JSON exchanges over many interleaved connections, about 2 KB of file an
 * exchange, with some pipelining, chunked and gzip bodies, reordered, late and retransmitted segments. Same arguments, same
 * bytes.
 *
 *     make_pcap [--seed N] [--body MIN-MAX] [--connections N] [--per-connection N] [--loss P%] COUNT FILE.pcap [TRUTH.tsv]
 *
 * --body          bytes of a response's content (default 200-2200)
 * --connections   under way at the same time (default 400)
 * --per-connection  exchanges of one connection, and so of one session (default 20)
 * --loss          leaves out packets at random, and TRUTH says of each exchange what the capture lacks
 *
 * traffic_text.h says what the traffic is like, traffic_truth.h what stands in TRUTH. */
#include "common/mem.h"
#include "tests/tools/packet_file.h"
#include "tests/tools/traffic_settled.h"
#include "tests/tools/traffic_truth.h"
#include "tests/tools/traffic_turn.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_TIME_NS UINT64_C(1760000000000000000)
#define STAGGER_NS    UINT64_C(50000)
#define SERVER_IP     UINT32_C(0xc0000201) /* 192.0.2.1 */
#define SERVER_PORT   8080

enum stage { STAGE_OPENED, STAGE_EXCHANGING, STAGE_CLOSED };

/* One connection at a time in this place. */
struct lane {
    uint64_t connection;
    uint64_t next_number; /* of the next exchange */
    enum stage stage;
    bool last, closes;
    bool start_lost;
    bool other_lost; /* in this turn: a packet whose bytes are there all the same */
    struct {
        bool open, hides; /* a hole reaches up to the bytes that follow */
    } hole[2];
    struct settled_turn seen; /* of the turn before */
    bool ended;               /* a FIN was captured */
    struct packet_end ends[2];
    uint32_t isn[2];
    struct turn turn;
    size_t at; /* next packet of the turn */
};

struct generator {
    struct traffic_plan plan;
    struct packet_file *file;
    uint64_t loss_ppm, random;
    uint64_t connections, connections_begun;
    struct lane *lanes;
    uint32_t *heap; /* lanes by the time of their next packet */
    size_t heap_count;
    uint64_t written_ns;
    struct truth_row *rows; /* by number */
    uint64_t *order;        /* numbers by first captured byte */
    uint64_t order_count;
    struct truth_totals totals;
    struct traffic_exchange scratch;
};

/* ---- lanes in order of time ---- */

static uint64_t time_of(const struct generator *g, uint32_t lane)
{
    return g->lanes[lane].turn.packets[g->lanes[lane].at].time_ns;
}

static void sift_down(struct generator *g, size_t at)
{
    uint32_t moved = g->heap[at];
    uint64_t time_ns = time_of(g, moved);
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= g->heap_count)
            break;
        if (child + 1 < g->heap_count && time_of(g, g->heap[child + 1]) < time_of(g, g->heap[child]))
            child++;
        if (time_of(g, g->heap[child]) >= time_ns)
            break;
        g->heap[at] = g->heap[child];
        at = child;
    }
    g->heap[at] = moved;
}

/* ---- what the truth is told ---- */

static void note_exchange(void *arg, const struct traffic_exchange *exchange)
{
    struct generator *g = arg;
    struct truth_row *row = &g->rows[exchange->number];
    row->method = exchange->method;
    row->host = exchange->host;
    memcpy(row->target, exchange->target, sizeof row->target);
    row->status = exchange->status;
    row->number = exchange->number;
    row->connection = exchange->connection;
    row->body_bytes[0] = exchange->request.wire_bytes;
    row->body_bytes[1] = exchange->response.wire_bytes;
}

static void note_captured(struct generator *g, const struct lane *lane, const struct turn_packet *packet)
{
    uint64_t begin = packet->offset, end = begin + packet->size;
    bool *captured = &lane->turn.segments[packet->side][packet->segment].captured;
    if (*captured)
        return; /* a copy changes nothing */
    *captured = true;
    for (size_t i = 0; i < lane->turn.exchange_count; i++) {
        const struct turn_exchange *exchange = &lane->turn.exchanges[i];
        const struct turn_message *message = &exchange->message[packet->side];
        struct truth_row *row = &g->rows[exchange->number];
        uint64_t *times_ns =
            &row->times_ns[packet->side == TURN_CLIENT ? TRUTH_REQUEST_FIRST : TRUTH_RESPONSE_FIRST];
        bool begun = row->times_ns[TRUTH_REQUEST_FIRST] != 0;
        if (message->first >= begin && message->first < end)
            times_ns[0] = g->written_ns;
        if (message->first < end && message->end > begin)
            times_ns[1] = g->written_ns; /* packets are written in order: the latest completes the message */
        if (!begun && row->times_ns[TRUTH_REQUEST_FIRST])
            g->order[g->order_count++] = exchange->number;
    }
}

static void note_hole(struct generator *g, struct lane *lane, unsigned side,
                      const struct turn_segment *segment)
{
    uint64_t begin = segment->offset, end = begin + segment->size;
    if (!lane->hole[side].open)
        g->totals.holes++;
    lane->hole[side].open = true;
    g->totals.bytes_lost += segment->size;
    for (size_t i = 0; i < lane->turn.exchange_count; i++) {
        const struct turn_exchange *exchange = &lane->turn.exchanges[i];
        const struct turn_message *message = &exchange->message[side];
        bool interim = begin < message->first && end > message->begin;
        bool head = begin < message->head_end && end > message->first;
        bool body = begin < message->end && end > message->head_end;
        unsigned bits = (head ? TRUTH_REQUEST_HEAD : 0) | (body ? TRUTH_REQUEST_BODY : 0);
        g->rows[exchange->number].lost |= side == TURN_CLIENT ? bits : bits << 2;
        if (interim)
            g->rows[exchange->number].lost |= TRUTH_INTERIM;
        if ((head || interim) && !lane->hole[side].hides) {
            lane->hole[side].hides = true;
            g->totals.holes_hiding++;
        }
    }
}

/* Tells of the turn before whose messages nothing says that they belong together, now that |next| (or NULL) is known. */
static void note_unsettled(struct generator *g, const struct lane *lane, const struct settled_turn *next)
{
    const struct settled_turn *seen = &lane->seen;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->side[TURN_CLIENT].found[i] && seen->side[TURN_SERVER].found[i] &&
            !settled_is(seen, i, next, lane->ended))
            g->rows[seen->numbers[i]].lost |= TRUTH_UNSETTLED;
}

/* Looks at what a turn's capture still tells. */
static void note_settled(struct generator *g, struct lane *lane)
{
    if (lane->stage == STAGE_OPENED)
        return;
    struct settled_turn seen;
    settled_look(&lane->turn, &lane->seen, &seen);
    seen.start_lost = lane->start_lost && lane->seen.count == 0;
    for (size_t i = 0; i < seen.count; i++)
        if (seen.side[TURN_CLIENT].shadowed[i] || seen.side[TURN_SERVER].shadowed[i])
            g->rows[seen.numbers[i]].lost |= TRUTH_SHADOW;
    note_unsettled(g, lane, lane->stage == STAGE_CLOSED ? NULL : &seen);
    lane->seen = seen;
}

/* A turn is over: what no copy brought is lost. */
static void note_turn(struct generator *g, struct lane *lane)
{
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < lane->turn.segment_count[side]; i++) {
            if (lane->turn.segments[side][i].captured)
                lane->hole[side].open = lane->hole[side].hides = false;
            else
                note_hole(g, lane, side, &lane->turn.segments[side][i]);
        }
    }
    for (size_t i = 0; i < lane->turn.exchange_count; i++)
        g->rows[lane->turn.exchanges[i].number].lost |=
            (lane->start_lost ? TRUTH_START : 0) | (lane->other_lost ? TRUTH_OTHER : 0);
    note_settled(g, lane);
}

/* ---- packets ---- */

static bool is_lost(struct generator *g)
{
    return g->loss_ppm && traffic_hash(g->random++, g->plan.seed, 11) % 1000000 < g->loss_ppm;
}

static void emit(struct generator *g, struct lane *lane)
{
    const struct turn *turn = &lane->turn;
    const struct turn_packet *packet = &turn->packets[lane->at++];
    unsigned side = packet->side;
    g->totals.packets++;
    g->written_ns = packet->time_ns > g->written_ns ? packet->time_ns : g->written_ns + 1;
    if (is_lost(g)) {
        g->totals.packets_lost++;
        lane->start_lost |= lane->stage == STAGE_OPENED;
        lane->other_lost = true;
        return;
    }
    struct packet out = {
        .time_ns = g->written_ns,
        .from = lane->ends[side],
        .to = lane->ends[!side],
        .seq = lane->isn[side] + (uint32_t)packet->offset,
        .ack = lane->isn[!side] + (uint32_t)packet->ack,
        .stamp = (uint32_t)(packet->sent_ns / 1000000) + lane->isn[side],
        .echo = packet->flags & PACKET_ACK ? (uint32_t)(packet->sent_ns / 1000000) + lane->isn[!side] : 0,
        .flags = packet->flags,
    };
    if (packet->size) {
        out.payload = bytes_make(turn->stream[side].data + (packet->offset - turn->base[side]), packet->size);
        note_captured(g, lane, packet);
    }
    lane->ended |= (packet->flags & PACKET_FIN) != 0;
    packet_file_write(g->file, &out);
}

/* Plans the next turn. Returns false where no connection is left to begin. */
static bool plan_turn(struct generator *g, struct lane *lane)
{
    struct turn *turn = &lane->turn;
    if (lane->stage == STAGE_CLOSED) {
        if (g->connections_begun * g->plan.per_connection >= g->plan.count)
            return false;
        uint64_t connection = g->connections_begun++, random = traffic_hash(g->plan.seed, connection, 9);
        lane->connection = connection;
        lane->next_number = connection * g->plan.per_connection;
        lane->stage = STAGE_OPENED;
        lane->last = lane->start_lost = lane->ended = false;
        lane->seen = (struct settled_turn){0};
        memset(lane->hole, 0, sizeof lane->hole);
        lane->ends[TURN_CLIENT] = (struct packet_end){
            UINT32_C(0x0a000000) | ((uint32_t)connection & 0xffffff), (uint16_t)(32768 + random % 28000)};
        lane->ends[TURN_SERVER] = (struct packet_end){SERVER_IP, SERVER_PORT};
        lane->isn[TURN_CLIENT] = (uint32_t)(random >> 32);
        lane->isn[TURN_SERVER] = (uint32_t)random;
        turn->random = random;
        turn->sent[TURN_CLIENT] = turn->sent[TURN_SERVER] = 0;
        turn_open(turn);
    } else if (lane->last) {
        lane->stage = STAGE_CLOSED;
        turn_close(turn, lane->closes);
    } else {
        lane->stage = STAGE_EXCHANGING;
        lane->last =
            turn_exchanges(turn, &g->plan, lane->next_number, &g->scratch, note_exchange, g, &lane->closes);
        lane->next_number += turn->exchange_count;
    }
    lane->at = 0;
    lane->other_lost = false;
    return true;
}

static void generate(struct generator *g)
{
    for (uint32_t i = 0; i < g->connections; i++) {
        struct lane *lane = &g->lanes[i];
        lane->stage = STAGE_CLOSED;
        lane->turn.now_ns = FIRST_TIME_NS + i * STAGGER_NS;
        if (plan_turn(g, lane))
            g->heap[g->heap_count++] = i;
    }
    while (g->heap_count > 0) { /* the lanes were begun in order of time: the heap holds */
        struct lane *lane = &g->lanes[g->heap[0]];
        emit(g, lane);
        if (lane->at == lane->turn.packet_count) {
            note_turn(g, lane);
            if (!plan_turn(g, lane))
                g->heap[0] = g->heap[--g->heap_count];
        }
        if (g->heap_count > 0)
            sift_down(g, 0);
    }
}

static int write_truth(struct generator *g, const char *path)
{
    for (uint64_t i = 0; i < g->plan.count; i++)
        if (g->rows[i].times_ns[TRUTH_REQUEST_FIRST] == 0)
            g->order[g->order_count++] = i;
    return truth_write(path, &g->plan, g->rows, g->order, g->plan.count, &g->totals);
}

static int run(struct generator *g, const char *path, const char *truth)
{
    g->file = packet_file_create(path);
    if (!g->file) {
        fprintf(stderr, "make_pcap: %s: %s\n", path, strerror(errno));
        return 3;
    }
    g->lanes = xcalloc(g->connections, sizeof *g->lanes);
    g->heap = xcalloc(g->connections, sizeof *g->heap);
    g->rows = xcalloc(g->plan.count, sizeof *g->rows);
    g->order = xcalloc(g->plan.count, sizeof *g->order);
    generate(g);
    int status = 0;
    if (packet_file_close(g->file) != 0 || (truth && write_truth(g, truth) != 0)) {
        fprintf(stderr, "make_pcap: cannot write: %s\n", strerror(errno));
        status = 3;
    }
    printf("%" PRIu64 " exchanges on %" PRIu64 " connections, %" PRIu64 " packets, %" PRIu64
           " of them left out\n",
           g->plan.count, g->connections_begun, g->totals.packets, g->totals.packets_lost);
    for (uint64_t i = 0; i < g->connections; i++)
        turn_free(&g->lanes[i].turn);
    traffic_free(&g->scratch);
    free(g->lanes);
    free(g->heap);
    free(g->rows);
    free(g->order);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", 1, NULL, 's'},        {"body", 1, NULL, 'b'},
                                            {"connections", 1, NULL, 'c'}, {"per-connection", 1, NULL, 'p'},
                                            {"loss", 1, NULL, 'l'},        {0}};
    struct generator g = {
        .plan = {.seed = 1, .body_min = 200, .body_max = 2200, .per_connection = TRAFFIC_PER_CONNECTION},
        .connections = 400};
    bool right = true;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            g.plan.seed = strtoull(optarg, NULL, 10);
        else if (option == 'b')
            right &= traffic_parse_body(optarg, &g.plan);
        else if (option == 'c')
            g.connections = strtoull(optarg, NULL, 10);
        else if (option == 'p')
            g.plan.per_connection = strtoull(optarg, NULL, 10);
        else if (option == 'l')
            g.loss_ppm = (uint64_t)(strtod(optarg, NULL) * 10000 + 0.5);
        else
            right = false;
    }
    g.plan.count = argc - optind >= 2 ? strtoull(argv[optind], NULL, 10) : 0;
    if (!right || g.plan.count == 0 || g.connections == 0 || g.connections > UINT32_MAX ||
        g.plan.per_connection == 0 || argc - optind > 3) {
        fprintf(stderr, "usage: make_pcap [--seed N] [--body MIN-MAX] [--connections N] [--per-connection N] "
                        "[--loss P%%] COUNT "
                        "FILE.pcap [TRUTH.tsv]\n");
        return 2;
    }
    const char *truth = argc - optind == 3 && strcmp(argv[optind + 2], "-") != 0 ? argv[optind + 2] : NULL;
    return run(&g, argv[optind + 1], truth);
}
