#include "tests/tools/traffic_turn.h"

#include "common/mem.h"
#include "tests/tools/packet_file.h"

#include <stdlib.h>
#include <string.h>

#define US               UINT64_C(1000)
#define MS               UINT64_C(1000000)
#define PIPELINED_ONE_IN 20
#define SWAPPED_ONE_IN   100
#define COPIED_ONE_IN    100
#define LATE_ONE_IN      5000 /* a mirror that delays by milliseconds */
#define SLOW_ONE_IN      400  /* answers that take 200 ms and more */
#define PROBED_ONE_IN    200  /* TCP keep-alive */
#define JOINED_ONE_IN    3    /* pipelined responses that share a segment */
#define ACK_SEGMENTS     2

static uint64_t random_of(struct turn *turn)
{
    turn->random++;
    return traffic_hash(turn->random, 0, 7);
}

static bool one_in(struct turn *turn, unsigned n)
{
    return random_of(turn) % n == 0;
}

static void pass(struct turn *turn, uint64_t min_ns, uint64_t max_ns)
{
    turn->now_ns += min_ns + random_of(turn) % (max_ns - min_ns + 1);
}

static struct turn_packet *add_packet(struct turn *turn, unsigned side, uint8_t flags)
{
    if (turn->packet_count == turn->packet_capacity) {
        turn->packet_capacity = turn->packet_capacity ? 2 * turn->packet_capacity : 32;
        turn->packets = xrealloc(turn->packets, turn->packet_capacity * sizeof *turn->packets);
    }
    struct turn_packet *packet = &turn->packets[turn->packet_count++];
    *packet = (struct turn_packet){.time_ns = turn->now_ns,
                                   .sent_ns = turn->now_ns,
                                   .offset = turn->sent[side],
                                   .ack = turn->sent[!side],
                                   .side = (uint8_t)side,
                                   .flags = flags};
    return packet;
}

static uint32_t add_segment(struct turn *turn, unsigned side, uint32_t size)
{
    size_t *count = &turn->segment_count[side], *capacity = &turn->segment_capacity[side];
    if (*count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 16;
        turn->segments[side] = xrealloc(turn->segments[side], *capacity * sizeof *turn->segments[side]);
    }
    turn->segments[side][*count] = (struct turn_segment){.offset = turn->sent[side], .size = size};
    return (uint32_t)(*count)++;
}

static void begin(struct turn *turn)
{
    for (unsigned side = 0; side < 2; side++) {
        buffer_clear(&turn->stream[side]);
        turn->base[side] = turn->sent[side];
        turn->segment_count[side] = 0;
    }
    turn->packet_count = turn->exchange_count = 0;
}

/* Brings the packets into order of capture. */
static void finish(struct turn *turn)
{
    struct turn_packet *packets = turn->packets;
    for (size_t i = 1; i < turn->packet_count; i++) {
        struct turn_packet moved = packets[i];
        size_t at = i;
        for (; at > 0 && packets[at - 1].time_ns > moved.time_ns; at--)
            packets[at] = packets[at - 1];
        packets[at] = moved;
    }
    uint64_t last_ns = turn->packet_count ? packets[turn->packet_count - 1].time_ns : 0;
    if (turn->now_ns < last_ns)
        turn->now_ns = last_ns;
}

/* What a network does to a burst's packets from |first| on; only those that carry bytes. */
static void disturb(struct turn *turn, size_t first)
{
    size_t count = turn->packet_count, before = SIZE_MAX;
    bool swapped = false;
    for (size_t i = first; i < count; i++) {
        struct turn_packet *packet = &turn->packets[i];
        if (packet->size == 0)
            continue;
        uint64_t chance = random_of(turn);
        if (before != SIZE_MAX && !swapped && chance % SWAPPED_ONE_IN == 0) {
            uint64_t time_ns = packet->time_ns;
            packet->time_ns = turn->packets[before].time_ns;
            turn->packets[before].time_ns = time_ns;
            swapped = true;
        } else {
            swapped = false;
        }
        before = i;
        if ((chance >> 16) % COPIED_ONE_IN == 0) {
            struct turn_packet copy = *packet;
            copy.sent_ns += 200 * US + random_of(turn) % (3 * MS);
            copy.time_ns = copy.sent_ns;
            packet = add_packet(turn, copy.side, copy.flags);
            *packet = copy;
        } else if ((chance >> 32) % LATE_ONE_IN == 0) {
            packet->time_ns += MS + random_of(turn) % (3 * MS);
        }
    }
}

/* Sends the bytes of |side| up to |end|; the other acknowledges every second segment. */
static void send_burst(struct turn *turn, unsigned side, uint64_t end)
{
    size_t first = turn->packet_count;
    unsigned unacknowledged = 0;
    while (turn->sent[side] < end) {
        uint64_t left = end - turn->sent[side];
        uint32_t size = left < PACKET_SEGMENT_BYTES ? (uint32_t)left : PACKET_SEGMENT_BYTES;
        uint32_t segment = add_segment(turn, side, size);
        struct turn_packet *packet =
            add_packet(turn, side, size == left ? PACKET_ACK | PACKET_PSH : PACKET_ACK);
        packet->size = size;
        packet->segment = segment;
        turn->sent[side] += size;
        if (++unacknowledged == ACK_SEGMENTS) {
            unacknowledged = 0;
            packet = add_packet(turn, !side, PACKET_ACK);
            packet->time_ns = packet->sent_ns += 20 * US;
        }
        pass(turn, US, 3 * US);
    }
    disturb(turn, first);
}

void turn_open(struct turn *turn)
{
    begin(turn);
    add_packet(turn, TURN_CLIENT, PACKET_SYN);
    turn->sent[TURN_CLIENT]++;
    pass(turn, 30 * US, 300 * US);
    add_packet(turn, TURN_SERVER, PACKET_SYN | PACKET_ACK);
    turn->sent[TURN_SERVER]++;
    pass(turn, 30 * US, 300 * US);
    add_packet(turn, TURN_CLIENT, PACKET_ACK);
    pass(turn, 5 * US, 50 * US);
    finish(turn);
}

void turn_close(struct turn *turn, bool server_first)
{
    begin(turn);
    unsigned side = server_first ? TURN_SERVER : TURN_CLIENT;
    if (one_in(turn, 50)) {
        add_packet(turn, side, PACKET_RST | PACKET_ACK);
    } else {
        add_packet(turn, side, PACKET_FIN | PACKET_ACK);
        turn->sent[side]++;
        pass(turn, 30 * US, 300 * US);
        add_packet(turn, !side, PACKET_FIN | PACKET_ACK);
        turn->sent[!side]++;
        pass(turn, 30 * US, 300 * US);
        add_packet(turn, side, PACKET_ACK);
    }
    pass(turn, MS, 5 * MS);
    finish(turn);
}

/* Appends one message to the stream of |side|. */
static void place(struct turn *turn, unsigned side, const struct traffic_message *message,
                  struct turn_message *at)
{
    struct buffer *stream = &turn->stream[side];
    at->first = turn->base[side] + stream->size;
    at->head_end = at->first + message->head.bytes.size;
    at->end = at->head_end + message->wire.size;
    at->chunked = message->wire.size != message->wire_bytes;
    buffer_append_bytes(stream, buffer_bytes(&message->head.bytes));
    buffer_append_bytes(stream, buffer_bytes(&message->wire));
}

static void place_exchange(struct turn *turn, const struct traffic_exchange *exchange)
{
    struct turn_exchange *placed = &turn->exchanges[turn->exchange_count++];
    struct turn_message *request = &placed->message[TURN_CLIENT], *response = &placed->message[TURN_SERVER];
    placed->number = exchange->number;
    place(turn, TURN_CLIENT, &exchange->request, request);
    request->begin = request->first;
    response->begin = turn->base[TURN_SERVER] + turn->stream[TURN_SERVER].size;
    if (exchange->expects)
        buffer_append_bytes(&turn->stream[TURN_SERVER], traffic_continue);
    place(turn, TURN_SERVER, &exchange->response, response);
}

static void send_requests(struct turn *turn)
{
    const struct turn_exchange *last = &turn->exchanges[turn->exchange_count - 1];
    if (turn->exchange_count > 1 && one_in(turn, 2)) {
        send_burst(turn, TURN_CLIENT, last->message[TURN_CLIENT].end);
        return;
    }
    for (size_t i = 0; i < turn->exchange_count; i++) {
        const struct turn_message *request = &turn->exchanges[i].message[TURN_CLIENT];
        const struct turn_message *response = &turn->exchanges[i].message[TURN_SERVER];
        if (response->begin < response->first) {
            send_burst(turn, TURN_CLIENT, request->head_end);
            pass(turn, 50 * US, 500 * US);
            send_burst(turn, TURN_SERVER, response->first);
            pass(turn, 50 * US, 500 * US);
        }
        send_burst(turn, TURN_CLIENT, request->end);
        pass(turn, 5 * US, 50 * US);
    }
}

static void send_responses(struct turn *turn)
{
    for (size_t i = 0; i < turn->exchange_count; i++) {
        if (one_in(turn, SLOW_ONE_IN))
            pass(turn, 200 * MS, 400 * MS);
        pass(turn, 100 * US, 4 * MS);
        if (i + 1 < turn->exchange_count && one_in(turn, JOINED_ONE_IN))
            continue;
        send_burst(turn, TURN_SERVER, turn->exchanges[i].message[TURN_SERVER].end);
    }
    pass(turn, 20 * US, 60 * US);
}

bool turn_exchanges(struct turn *turn, const struct traffic_plan *plan, uint64_t number,
                    struct traffic_exchange *exchange,
                    void (*made)(void *arg, const struct traffic_exchange *exchange), void *arg,
                    bool *ret_closes)
{
    begin(turn);
    size_t depth = one_in(turn, PIPELINED_ONE_IN) ? 2 + random_of(turn) % (TURN_DEPTH_MAX - 1) : 1;
    bool alone;
    do {
        traffic_make(plan, number++, exchange);
        alone = exchange->expects;
        if (alone && turn->exchange_count > 0)
            break;
        place_exchange(turn, exchange);
        if (made)
            made(arg, exchange);
    } while (turn->exchange_count < depth && !exchange->last && !alone);
    bool last = exchange->last && turn->exchanges[turn->exchange_count - 1].number == exchange->number;
    *ret_closes = last && exchange->closes;
    send_requests(turn);
    if (one_in(turn, 3))
        add_packet(turn, TURN_SERVER, PACKET_ACK);
    send_responses(turn);
    if (last || !one_in(turn, 3))
        add_packet(turn, TURN_CLIENT, PACKET_ACK);
    pass(turn, MS, 20 * MS);
    if (one_in(turn, PROBED_ONE_IN)) {
        struct turn_packet *probe = add_packet(turn, TURN_CLIENT, PACKET_ACK);
        probe->offset--;
        pass(turn, 30 * US, 300 * US);
        add_packet(turn, TURN_SERVER, PACKET_ACK);
        pass(turn, MS, 20 * MS);
    }
    finish(turn);
    return last;
}

void turn_free(struct turn *turn)
{
    for (unsigned side = 0; side < 2; side++) {
        buffer_free(&turn->stream[side]);
        free(turn->segments[side]);
    }
    free(turn->packets);
}
