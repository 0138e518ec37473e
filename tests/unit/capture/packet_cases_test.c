/* Cases of the list of 90 that only packets show (87 to 90), and that the others do not depend on how TCP carries them: each
 * packet of each case cut at every offset, its parts sent in order, reversed, twice, and overlapping what was sent, gives
 * the same exchanges and counts as the packets as they are. */
#include "common/clock.h"
#include "tests/unit/capture/packet_kit.h"
#include "tests/unit/capture/pairing_cases.h"
#include "tests/unit/common/http1_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OK_SIZE   (sizeof OK - 1)
#define GET_SIZE  (sizeof GET("/1") - 1)
#define C         FLOW_CLIENT
#define S         FLOW_SERVER
#define ENDS                                                                                                 \
    {C, TCP_FIN | TCP_ACK, -1, -1, "", 0, 0},                                                                \
    {                                                                                                        \
        S, TCP_FIN | TCP_ACK, -1, -1, "", 0, 0                                                               \
    }

struct packet {
    enum flow_side side;
    uint8_t flags; /* 0: no more */
    int offset;    /* -1: behind what the side sent */
    int ack;       /* -1: of all that the other side sent */
    const char *data;
    uint32_t scope;
    uint32_t new_base; /* begins a connection with this initial sequence number */
};

struct packet_case {
    const char *name;
    struct packet packets[12];
    const char *wanted[3]; /* each stands in the text */
};

static const struct packet_case packet_cases[] = {
    {"87 F a copy with other bytes: the first is kept",
     {{C, TCP_ACK, 0, 0, GET("/1"), 0, 0},
      {C, TCP_ACK, 0, 0, GET("/2"), 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0}},
     {"200 conflict|", "|1000-1000 GET /1 ", "requests_recorded 1 "}},
    {"87 F an overlap with other bytes, before the hole is filled",
     {{C, TCP_ACK, 5, 0, GET("/1") + 5, 0, 0},
      {C, TCP_ACK, 3, 0, "xxx9", 0, 0},
      {C, TCP_ACK, 0, 0, "GET", 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0}},
     {"conflict", "|1000-1000 GETxx1 HTTP", "requests_recorded 1 "}},
    {"88 F an urgent byte",
     {{C, TCP_ACK | TCP_URG, 0, 0, GET("/1"), 0, 0}, {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0}},
     {"200 urgent|", "GET /1 ", "requests_recorded 1 "}},
    {"89 R a reset with a wrong sequence number, then more",
     {{C, TCP_ACK, 0, 0, GET("/1"), 0, 0},
      {C, TCP_RST, 900000, 0, "", 0, 0},
      {S, TCP_RST | TCP_ACK, 700000, 0, "", 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0},
      {C, TCP_ACK, GET_SIZE, OK_SIZE, GET("/2"), 0, 0},
      {S, TCP_ACK, OK_SIZE, 2 * GET_SIZE, OK, 0, 0}},
     {"GET /1 ", "GET /2 ", "responses_paired 2 "}},
    {"90 R the same ports again after both ends",
     {{C, TCP_ACK, 0, 0, GET("/1"), 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0},
      ENDS,
      {C, TCP_SYN, 0, 0, "", 0, 900000},
      {S, TCP_SYN | TCP_ACK, 0, 0, "", 0, 800000},
      {C, TCP_ACK, 0, 0, GET("/2"), 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0}},
     {"GET /1 ", "GET /2 ", "connections 2 "}},
    {"90 R the same addresses in another network",
     {{C, TCP_ACK, 0, 0, GET("/1"), 0, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0},
      {C, TCP_SYN, 0, 0, "", 5, 900000},
      {S, TCP_SYN | TCP_ACK, 0, 0, "", 5, 800000},
      {C, TCP_ACK, 0, 0, GET("/2"), 5, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 5, 0}},
     {"GET /1 ", "GET /2 ", "responses_paired 2 "}},
    {"90 R the same packets in another network",
     {{C, TCP_ACK, 0, 0, GET("/1"), 0, 0},
      {C, TCP_ACK, 0, 0, GET("/1"), 5, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 5, 0},
      {S, TCP_ACK, 0, GET_SIZE, OK, 0, 0}},
     {"GET /1 ", "connections 1 ", "responses_paired 1 "}},
};

static void run_packets(const struct packet_case *c)
{
    struct packet_kit kit;
    packet_kit_open(&kit);
    packet_kit_handshake(&kit);
    int64_t sent[2] = {0, 0};
    for (const struct packet *packet = c->packets; packet->flags; packet++) {
        if (packet->new_base) {
            kit.base[packet->side] = packet->new_base;
            sent[packet->side] = 0;
            kit.now_ns += NS_PER_S;
        }
        kit.scope = packet->scope;
        int64_t offset = packet->offset < 0 ? sent[packet->side] : packet->offset;
        int64_t end = offset + (int64_t)strlen(packet->data);
        packet_kit_put(&kit, packet->side, packet->flags, offset,
                       packet->ack < 0 ? sent[!packet->side] : packet->ack, bytes_of(packet->data));
        if (packet->data[0] && end > sent[packet->side])
            sent[packet->side] = end;
    }
    packet_kit_close(&kit);
    buffer_append_byte(&kit.text, 0);
    for (unsigned i = 0; i < 3; i++) {
        if (!strstr((const char *)kit.text.data, c->wanted[i]))
            print_error("%s gave\n%s\nwithout %s\n", c->name, (const char *)kit.text.data, c->wanted[i]);
        assert_non_null(strstr((const char *)kit.text.data, c->wanted[i]));
    }
    buffer_free(&kit.text);
}

static void test_cases_of_packets_give_what_the_list_says(void **state)
{
    (void)state;
    struct http1_checklist list = {0};
    for (size_t i = 0; i < sizeof packet_cases / sizeof *packet_cases; i++) {
        run_packets(&packet_cases[i]);
        http1_checklist_note(&list, packet_cases[i].name);
    }
    http1_checklist_complete(&list, CASES_OF_PACKETS);
}

/* ---- the same bytes in other packets ---- */

/* A part of a stream as one packet carries it, or lost. */
struct piece {
    enum flow_side side;
    struct bytes data;
    uint64_t gap;
};

struct scenario {
    const char *name;
    struct piece pieces[24];
    size_t count, bytes;
    bool midstream, reset, junk; /* junk: bytes are skipped, up to a start line at the start of a segment */
};

enum sending { AS_IT_IS, IN_ORDER, REVERSED, TWICE, OVERLAPPING };

struct sender {
    struct packet_kit kit;
    int64_t sent[2];
};

static void send_part(struct sender *sender, const struct piece *piece, size_t from, size_t to)
{
    packet_kit_put(&sender->kit, piece->side, TCP_ACK | TCP_PSH, sender->sent[piece->side] + (int64_t)from,
                   sender->sent[!piece->side], bytes_make(piece->data.data + from, to - from));
}

static void send_cut(struct sender *sender, const struct piece *piece, size_t cut, enum sending how)
{
    size_t size = piece->data.size;
    if (how == REVERSED)
        send_part(sender, piece, cut, size);
    send_part(sender, piece, 0, cut);
    if (how == TWICE)
        send_part(sender, piece, 0, cut);
    if (how != REVERSED)
        send_part(sender, piece, how == OVERLAPPING ? cut - (cut < 5 ? cut : 5) : cut, size);
    if (how == TWICE)
        send_part(sender, piece, cut, size);
}

static void send_piece(struct sender *sender, const struct piece *piece, size_t cut, enum sending how)
{
    sender->kit.now_ns += NS_PER_MS;
    if (piece->gap == 0) {
        if (how == AS_IT_IS || cut == 0 || cut >= piece->data.size)
            send_part(sender, piece, 0, piece->data.size);
        else
            send_cut(sender, piece, cut, how);
        sender->sent[piece->side] += (int64_t)piece->data.size;
        return;
    }
    sender->sent[piece->side] += (int64_t)piece->gap;
    packet_kit_put(&sender->kit, !piece->side, TCP_ACK, sender->sent[!piece->side], sender->sent[piece->side],
                   (struct bytes){0});
}

/* Runs |scenario| with the piece that |at| lies in cut there; returns the text, to be freed. */
static struct buffer run_scenario(const struct scenario *scenario, size_t at, enum sending how)
{
    struct sender sender = {0};
    struct packet_kit *kit = &sender.kit;
    packet_kit_open(kit);
    if (!scenario->midstream)
        packet_kit_handshake(kit);
    for (size_t i = 0; i < scenario->count; i++) {
        const struct piece *piece = &scenario->pieces[i];
        bool here = at < piece->data.size;
        send_piece(&sender, piece, here ? at : 0, here ? how : AS_IT_IS);
        at = here ? SIZE_MAX : at == SIZE_MAX ? at : at - piece->data.size;
        if (piece->gap)
            kit->now_ns += NS_PER_S; /* long enough to be given up, once a packet comes */
    }
    kit->now_ns += NS_PER_MS;
    for (unsigned side = 0; side < 2 && !scenario->reset; side++)
        packet_kit_put(kit, (enum flow_side)side, TCP_FIN | TCP_ACK, sender.sent[side],
                       sender.sent[!side] + (int64_t)side, (struct bytes){0});
    packet_kit_close(kit);
    return kit->text;
}

/* Whether a start line that resuming would take begins |rest|, perhaps behind empty lines. */
static bool begins_start_line(struct bytes rest)
{
    static const char *const begins[] = {"HTTP/1.", "GET ", "POST ", "DELETE "};
    while (rest.size > 0 && (rest.data[0] == '\r' || rest.data[0] == '\n'))
        rest = bytes_make(rest.data + 1, rest.size - 1);
    for (size_t i = 0; i < 4; i++) {
        size_t size = strlen(begins[i]);
        if (rest.size >= size && memcmp(rest.data, begins[i], size) == 0)
            return true;
    }
    return false;
}

/* Skipping ends at a start line that begins a segment: a cut there makes such a place. */
static bool makes_a_place(const struct scenario *scenario, size_t at)
{
    for (size_t i = 0; i < scenario->count; at -= scenario->pieces[i++].data.size) {
        struct bytes data = scenario->pieces[i].data;
        if (at < data.size)
            return scenario->junk && at > 0 && begins_start_line(bytes_make(data.data + at, data.size - at));
    }
    return false;
}

static unsigned places, runs;

static void check_scenario(struct scenario *scenario)
{
    struct buffer plain = run_scenario(scenario, SIZE_MAX, AS_IT_IS);
    scenario->junk = memmem(plain.data, plain.size, "bytes_skipped", 13) != NULL;
    size_t step = scenario->bytes > 1000 ? 97 : 1;
    for (size_t at = 1; at < scenario->bytes; at += step) {
        bool place = makes_a_place(scenario, at);
        for (enum sending how = IN_ORDER; how <= OVERLAPPING; how++, runs++) {
            /* A stream that is joined in its middle begins with the packet that is seen first. */
            if (scenario->midstream && how == REVERSED && at < scenario->pieces[0].data.size)
                continue;
            struct buffer text = run_scenario(scenario, at, how);
            bool same = bytes_equal(buffer_bytes(&text), buffer_bytes(&plain));
            places += !same && place && how == IN_ORDER;
            if (!same && !place)
                print_error("%s, cut at %zu, sent in way %d:\n%.*s\nand as it is:\n%.*s\n", scenario->name,
                            at, how, (int)text.size, (char *)text.data, (int)plain.size, (char *)plain.data);
            assert_true(same || place);
            buffer_free(&text);
        }
    }
    buffer_free(&plain);
}

static void add_piece(struct scenario *scenario, enum flow_side side, struct bytes data, uint64_t gap)
{
    assert_true(scenario->count < sizeof scenario->pieces / sizeof *scenario->pieces);
    scenario->pieces[scenario->count++] = (struct piece){side, data, gap};
    scenario->bytes += data.size;
}

static void check_cases(const struct http1_case *cases, size_t count)
{
    static const char *const asked[] = {
        [HTTP1_ANSWERS_HEAD] = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        [HTTP1_ANSWERS_CONNECT] = "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        [HTTP1_ANSWERS_OTHER] = GET("/1") GET("/2") GET("/3"),
    };
    for (size_t i = 0; i < count; i++) {
        const struct http1_case *c = &cases[i];
        if (c->limits.head_bytes || c->limits.line_bytes || c->limits.head_fields)
            continue; /* not those of a capture */
        struct scenario scenario = {.name = c->name, .midstream = c->midstream, .reset = c->reset};
        enum flow_side side = c->side == HTTP1_REQUESTS ? FLOW_CLIENT : FLOW_SERVER;
        if (side == FLOW_SERVER && asked[c->answers])
            add_piece(&scenario, FLOW_CLIENT, bytes_of(asked[c->answers]), 0);
        for (size_t step = 0; step < 8 && (c->steps[step].data || c->steps[step].gap); step++)
            add_piece(&scenario, side, bytes_make(c->steps[step].data, c->steps[step].size),
                      c->steps[step].gap);
        if (side == FLOW_CLIENT)
            add_piece(&scenario, FLOW_SERVER, bytes_of(OK), 0);
        check_scenario(&scenario);
    }
}

static void check_dialogues(void)
{
    for (size_t i = 0; i < pairing_dialogue_count; i++) {
        const struct dialogue *dialogue = &pairing_dialogues[i];
        struct scenario scenario = {.name = dialogue->name, .midstream = dialogue->midstream};
        for (size_t j = 0; j < DIALOGUE_STEPS && dialogue->steps[j].side; j++) {
            const struct step *step = &dialogue->steps[j];
            enum flow_side side = step->side == 'C' || step->side == 'c' ? FLOW_CLIENT : FLOW_SERVER;
            if (step->data || step->gap)
                add_piece(&scenario, side, step->data ? bytes_of(step->data) : (struct bytes){0}, step->gap);
        }
        check_scenario(&scenario);
    }
}

static void test_exchanges_do_not_depend_on_the_packets(void **state)
{
    (void)state;
    check_cases(http1_requests_cases, http1_requests_case_count);
    check_cases(http1_responses_cases, http1_responses_case_count);
    check_cases(http1_holes_cases, http1_holes_case_count);
    check_dialogues();
    print_message("%u runs, %u cuts made a place to resume at\n", runs, places);
    assert_true(runs > 50000 && places < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_of_packets_give_what_the_list_says),
        cmocka_unit_test(test_exchanges_do_not_depend_on_the_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
