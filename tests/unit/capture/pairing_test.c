/* Dialogues with times, and the exchanges and counts that pairing makes of them. Each is run with its packets whole, then
 * in single bytes. */
#include "capture/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 12 };

/* A packet of |side| at |ms|, or a hole where |gap| is set. */
struct step {
    char side; /* 'C' or 'S', 'c' or 's' where that side's stream ends, 0: no more */
    unsigned ms;
    const char *data;
    uint64_t gap;
};

struct dialogue {
    const char *name;
    bool midstream;
    struct step steps[STEPS];
    const char *
        expected; /* a line an exchange, then seen/recorded/filtered requests, seen/paired/orphaned responses */
};

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(body)  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" body
#define TWO_LENGTHS                                                                                          \
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n"
#define UP "HTTP/1.1 101 Switching\r\n\r\n"

static const struct dialogue dialogues[] = {
    {"keep-alive",
     false,
     {{'C', 10, GET("/1"), 0}, {'S', 20, OK("ab"), 0}, {'C', 30, GET("/2"), 0}, {'S', 40, OK("cd"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"times of first and last packets",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Le", 0},
      {'C', 11, "ngth: 3\r\n\r\nx", 0},
      {'C', 12, "yz", 0},
      {'S', 20, "HTTP/1.1 200 OK\r\n", 0},
      {'S', 21, "Content-Length: 2\r\n\r\n", 0},
      {'S', 22, "o", 0},
      {'S', 23, "k", 0}},
     "POST / 200 10-12-20-23 ok\n1/1/0 1/1/0"},
    {"pipelined",
     false,
     {{'C', 10, GET("/1") GET("/2") GET("/3"), 0}, {'S', 20, OK("ab") OK("cd"), 0}, {'S', 30, OK("ef"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /2 200 10-10-20-20 cd pipelined\nGET /3 200 10-10-30-30 ef "
     "pipelined\n3/3/0 3/3/0"},
    {"interim responses, not part of the times",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 0},
      {'S', 15, "HTTP/1.1 100 Continue\r\n\r\n", 0},
      {'C', 16, "x", 0},
      {'S', 17, "HTTP/1.1 103 Early Hints\r\n\r\n", 0},
      {'S', 20, OK("ok"), 0}},
     "POST / 200 10-16-20-20 ok interim(2)\n1/1/0 1/1/0"},
    {"HEAD",
     false,
     {{'C', 10, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {'S', 20, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 0},
      {'C', 30, GET("/2"), 0},
      {'S', 40, OK("cd"), 0}},
     "HEAD / 200 10-10-20-20 \nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"upgrade",
     false,
     {{'C', 10, GET("/ws"), 0}, {'S', 20, UP "frames", 0}, {'C', 30, GET("/not"), 0}, {'S', 40, OK("no"), 0}},
     "GET /ws 101 10-10-20-20  upgrade\n1/1/0 1/1/0"},
    {"CONNECT accepted",
     false,
     {{'C', 10, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {'S', 20, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0},
      {'C', 30, GET("/not"), 0}},
     "CONNECT a:443 200 10-10-20-20  connect\n1/1/0 1/1/0"},
    {"CONNECT refused",
     false,
     {{'C', 10, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {'S', 20, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", 0},
      {'C', 30, GET("/2"), 0},
      {'S', 40, OK("cd"), 0}},
     "CONNECT a:443 403 10-10-20-20 no\nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"early response",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", 0},
      {'S', 20, OK("no"), 0},
      {'C', 30, "defghi" GET("/2"), 0},
      {'S', 40, OK("cd"), 0}},
     "POST / 200 10-30-20-20 no early_response\nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"early response, the request never complete",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", 0},
      {'S', 20, OK("no"), 0},
      {'c', 30, 0, 0}},
     "POST / 200 10-10-20-20 no request_incomplete,early_response\n1/1/0 1/1/0"},
    {"no response",
     false,
     {{'C', 10, GET("/1"), 0}, {'C', 30, GET("/2"), 0}},
     "GET /1 0 10-10-0-0  no_response\nGET /2 0 30-30-0-0  no_response\n2/2/0 0/0/0"},
    {"close-delimited",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, "HTTP/1.1 200 OK\r\n\r\nab", 0},
      {'S', 21, "cd", 0},
      {'s', 25, 0, 0}},
     "GET /1 200 10-10-20-21 abcd\n1/1/0 1/1/0"},
    {"more responses than requests",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, OK("ab") OK("xx") OK("yy"), 0},
      {'C', 30, GET("/2"), 0},
      {'S', 40, OK("cd"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /2 200 30-30-40-40 cd\n2/2/0 4/2/2"},
    {"only responses", false, {{'S', 20, OK("ab"), 0}, {'S', 30, OK("cd"), 0}}, "0/0/0 2/0/2"},
    {"the skip header",
     false,
     {{'C', 10, "GET /1 HTTP/1.1\r\nHost: a\r\nx-rehearse-run: 7\r\n\r\n" GET("/2"), 0},
      {'S', 20, OK("ab") OK("cd"), 0}},
     "GET /2 200 10-10-20-20 cd pipelined\n2/1/1 2/2/0"},
    {"no status line",
     false,
     {{'C', 10, GET("/1"), 0}, {'S', 20, "<html>hello", 0}, {'s', 30, 0, 0}},
     "GET /1 0 10-10-20-20 <html>hello\n1/1/0 0/0/0"},
    {"midstream",
     true,
     {{'S', 5, "tail of a body", 0}, {'C', 10, GET("/1"), 0}, {'S', 20, OK("ab"), 0}},
     "GET /1 200 10-10-20-20 ab midstream\n1/1/0 1/1/0"},
    {"midstream, the answer to a request before",
     true,
     {{'S', 5, OK("xx"), 0}, {'C', 10, GET("/1"), 0}, {'S', 20, OK("ab"), 0}},
     "GET /1 200 10-10-20-20 ab midstream\n1/1/0 2/1/1"},
    {"hole in a response's body",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab", 0},
      {'S', 21, 0, 3},
      {'S', 22, "f", 0},
      {'C', 30, GET("/2"), 0},
      {'S', 40, OK("cd"), 0}},
     "GET /1 200 10-10-20-22 ab response_gap\nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"a lost request, its response seen (case 83)",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, OK("ab"), 0},
      {'C', 30, 0, 40},
      {'S', 40, OK("xx"), 0},
      {'C', 50, GET("/3"), 0},
      {'S', 60, OK("ef"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /3 200 50-50-60-60 ef\n2/2/0 3/2/1"},
    {"a lost request, known only after its response",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, OK("ab"), 0},
      {'S', 40, OK("xx"), 0},
      {'C', 50, 0, 40},
      {'C', 50, GET("/3"), 0},
      {'S', 60, OK("ef"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /3 200 50-50-60-60 ef\n2/2/0 3/2/1"},
    {"a lost request and its lost response",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, OK("ab"), 0},
      {'C', 50, 0, 40},
      {'C', 50, GET("/3"), 0},
      {'S', 60, 0, 40},
      {'S', 60, OK("ef"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /3 200 50-50-60-60 ef\n2/2/0 2/2/0"},
    {"a lost request, pipelined",
     false,
     {{'C', 10, 0, 40}, {'C', 10, GET("/2"), 0}, {'S', 20, OK("xx") OK("ef"), 0}},
     "GET /2 200 10-10-20-20 ef\n1/1/0 2/1/1"},
    {"a lost response: the next is the next request's",
     false,
     {{'C', 10, GET("/1"), 0},
      {'C', 30, GET("/2"), 0},
      {'S', 40, 0, 40},
      {'S', 40, OK("cd"), 0},
      {'C', 50, GET("/3"), 0},
      {'S', 60, OK("ef"), 0}},
     "GET /1 0 10-10-0-0  no_response,response_gap\nGET /2 200 30-30-40-40 cd\nGET /3 200 50-50-60-60 "
     "ef\n3/3/0 2/2/0"},
    {"a hole before a response that is older than the newest request",
     false,
     {{'C', 10, GET("/1"), 0},
      {'C', 30, GET("/2"), 0},
      {'S', 20, 0, 5},
      {'S', 20, OK("ab"), 0},
      {'S', 40, OK("cd"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /2 200 30-30-40-40 cd\n2/2/0 2/2/0"},
    {"a lost response of a client that pipelines: nothing is certain any more",
     false,
     {{'C', 10, GET("/1") GET("/2") GET("/3") GET("/4"), 0},
      {'S', 20, OK("ab"), 0},
      {'S', 30, 0, 40},
      {'S', 40, OK("xx"), 0},
      {'C', 50, GET("/5"), 0},
      {'S', 60, OK("yy"), 0}},
     "GET /1 200 10-10-20-20 ab\nGET /2 0 10-10-0-0  no_response,response_gap,pipelined\nGET /3 0 10-10-0-0  "
     "no_response,response_gap,pipelined\nGET /4 0 10-10-0-0  no_response,response_gap,pipelined\nGET /5 0 "
     "50-50-0-0  "
     "no_response\n5/5/0 "
     "3/1/2"},
    {"heads cut by a snaplen",
     false,
     {{'C', 10, "GET /1 HTTP/1.1\r\nHost: a\r\nCook", 0},
      {'C', 10, 0, 20},
      {'S', 20, "HTTP/1.1 200 OK\r\nConte", 0},
      {'S', 20, 0, 50},
      {'C', 30, "GET /2 HTTP/1.1\r\nHost: a\r\nCook", 0},
      {'C', 30, 0, 20},
      {'S', 40, "HTTP/1.1 404 No\r\nConte", 0},
      {'S', 40, 0, 50}},
     "GET /1 200 10-10-20-20  request_gap,response_gap,request_incomplete,response_incomplete,head_cut\n"
     "GET /2 404 30-30-40-40  "
     "request_gap,response_gap,request_incomplete,response_incomplete,head_cut\n2/2/0 2/2/0"},
    {"framing of requests is lost",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" GET("/2"), 0},
      {'S', 20, OK("ab") OK("cd"), 0}},
     "POST / 200 10-10-20-20 ab request_incomplete\n1/1/0 2/1/1"},
    {"HTTP/0.9",
     false,
     {{'C', 10, "GET /x\r\n", 0}, {'S', 20, "<html>", 0}, {'s', 21, 0, 0}},
     "1/0/0 0/0/0 http09"},
    {"TLS", false, {{'C', 10, "\x16\x03\x01rest", 0}, {'S', 20, OK("ab"), 0}}, "0/0/0 0/0/0 tls"},
    {"two lengths, and the server answers both requests that the bytes hold by chunked (case 49)",
     false,
     {{'C', 10, TWO_LENGTHS GET("/2"), 0}, {'S', 20, OK("ab") OK("cd"), 0}},
     "POST / 200 10-10-20-20 ab\nGET /2 200 10-10-20-20 cd pipelined\n2/2/0 2/2/0"},
    {"two lengths, and the server answers one: what is behind was no request to it (case 49)",
     false,
     {{'C', 10, TWO_LENGTHS GET("/2"), 0}, {'S', 20, OK("ab"), 0}},
     "POST / 200 10-10-20-20 ab\n2/1/0 1/1/0"},
    {"two lengths, and no reply seen: the reading stays, flagged (case 49)",
     false,
     {{'C', 10, TWO_LENGTHS GET("/2"), 0}},
     "POST / 0 10-10-0-0  no_response\nGET /2 0 10-10-0-0  no_response\n2/2/0 0/0/0"},
    {"two lengths, and replies lost: the reading stays, flagged (case 49)",
     false,
     {{'C', 10, TWO_LENGTHS GET("/2"), 0}, {'S', 20, OK("ab"), 0}, {'S', 30, 0, 9}},
     "POST / 200 10-10-20-20 ab\nGET /2 0 10-10-0-0  no_response,pipelined\n2/2/0 1/1/0"},
    {"upgrade to HTTP/2",
     false,
     {{'C', 10, GET("/1"), 0},
      {'S', 20, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nxyz", 0}},
     "GET /1 101 10-10-20-20  upgrade\n1/1/0 1/1/0 http2"},
    {"a server that greets first",
     false,
     {{'S', 10, "220 ESMTP\r\n", 0}, {'C', 20, "EHLO a\r\n", 0}},
     "0/0/0 0/0/0 smtp"},
    {"nothing that is known",
     false,
     {{'C', 10, "\x01\x02\x03\n", 0}, {'S', 20, "\x04", 0}},
     "0/0/0 0/0/0 unknown"},
    {"PROXY header",
     false,
     {{'C', 10, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 0},
      {'C', 11, GET("/1"), 0},
      {'S', 20, OK("ab"), 0}},
     "GET /1 200 11-11-20-20 ab\n1/1/0 1/1/0"},
    {"a response stamped before the request's last byte",
     false,
     {{'C', 10, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", 0},
      {'C', 30, "ab", 0},
      {'S', 20, OK("ab"), 0}},
     "POST / 200 10-30-20-20 ab early_response\n1/1/0 1/1/0"},
    {"junk requests and their answers",
     false,
     {{'C', 10, GET("/1"), 0}, {'S', 20, OK("ab"), 0}, {'C', 30, "T / HTTP\n\n", 0}, {'S', 40, OK("xx"), 0}},
     "GET /1 200 10-10-20-20 ab\n1/1/0 2/1/1"},
};

static void on_done(void *arg, struct exchange *exchange)
{
    struct buffer *text = arg;
    const uint8_t *end = memchr(exchange->request.head.data, 'H', exchange->request.head.size);
    if (end == exchange->request.head.data)
        end = memchr(end + 1, 'H', exchange->request.head.size - 1);
    buffer_append(text, exchange->request.head.data, (size_t)(end - exchange->request.head.data));
    buffer_printf(text, "%u %u-%u-%u-%u ", exchange->status, (unsigned)(exchange->request.first_ns / 1000000),
                  (unsigned)(exchange->request.last_ns / 1000000),
                  (unsigned)(exchange->response.first_ns / 1000000),
                  (unsigned)(exchange->response.last_ns / 1000000));
    buffer_append_bytes(text, buffer_bytes(&exchange->response.body.content));
    char comma = ' ';
    for (unsigned bit = 0; bit < EXCHANGE_FLAG_COUNT; bit++) {
        if (exchange->flags >> bit & 1) {
            buffer_printf(text, "%c%s", comma, exchange_flag_name(bit));
            if (bit == EXCHANGE_BIT_INTERIM)
                buffer_printf(text, "(%u)", exchange->interim);
            comma = ',';
        }
    }
    buffer_append_text(text, "\n");
    assert_int_equal(exchange->connection, 7);
    assert_int_equal(exchange->server.port, 80);
}

static void run_step(struct pairing *pairing, const struct step *step, bool bytewise)
{
    uint64_t time_ns = (uint64_t)step->ms * 1000000;
    enum pairing_side side = step->side == 'C' || step->side == 'c' ? PAIRING_CLIENT : PAIRING_SERVER;
    if (step->gap) {
        pairing_gap(pairing, side, step->gap, time_ns);
    } else if (step->side == 'c' || step->side == 's') {
        pairing_end(pairing, side, true, time_ns);
    } else if (!bytewise) {
        pairing_feed(pairing, side, bytes_of(step->data), time_ns, true);
    } else {
        for (size_t i = 0; step->data[i]; i++)
            pairing_feed(pairing, side, bytes_make(step->data + i, 1), time_ns, i == 0);
    }
}

static void check_balance(const struct pairing_counts *counts)
{
    assert_int_equal(counts->requests_seen, counts->requests_recorded + counts->requests_filtered +
                                                counts->requests_unwanted + counts->requests_lost_http09 +
                                                counts->requests_lost_unconfirmed);
    assert_int_equal(counts->responses_seen, counts->responses_paired + counts->responses_orphaned);
    assert_int_equal(counts->bytes_reassembled,
                     counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque);
}

static void run_dialogue(const struct dialogue *dialogue, bool bytewise, struct buffer *text)
{
    buffer_clear(text);
    const struct pairing_settings settings = {.done = on_done, .arg = text};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    const struct pairing_connection connection = {
        .connection = 7, .server = {.port = 80}, .midstream = dialogue->midstream};
    struct pairing *pairing = pairing_create(pool, &connection);
    for (size_t i = 0; i < STEPS && dialogue->steps[i].side; i++)
        run_step(pairing, &dialogue->steps[i], bytewise);
    pairing_finish(pairing, true, 0);
    const char *protocol = pairing_protocol(pairing);
    pairing_free(pairing);
    const struct pairing_counts *counts = pairing_pool_counts(pool);
    check_balance(counts);
    buffer_printf(text, "%u/%u/%u %u/%u/%u", (unsigned)counts->requests_seen,
                  (unsigned)counts->requests_recorded, (unsigned)counts->requests_filtered,
                  (unsigned)counts->responses_seen, (unsigned)counts->responses_paired,
                  (unsigned)counts->responses_orphaned);
    if (protocol)
        buffer_printf(text, " %s", protocol);
    pairing_pool_free(pool);
}

static void test_dialogues_become_exchanges(void **state)
{
    (void)state;
    struct buffer text = {0};
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof dialogues / sizeof *dialogues; i++) {
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            run_dialogue(&dialogues[i], bytewise, &text);
            if (!bytes_equal(buffer_bytes(&text), bytes_of(dialogues[i].expected))) {
                print_error("%s gave\n%.*s\nnot\n%s\n", dialogues[i].name, (int)text.size, (char *)text.data,
                            dialogues[i].expected);
                wrong++;
            }
        }
    }
    buffer_free(&text);
    assert_int_equal(wrong, 0);
}

/* ---- what a table does not say ---- */

struct kept {
    unsigned count;
    struct body request, response;
    uint64_t bytes;
};

static void on_kept(void *arg, struct exchange *exchange)
{
    struct kept *kept = arg;
    kept->count++;
    kept->request = exchange->request.body;
    kept->response = exchange->response.body;
    kept->bytes = exchange->response.body.content.size;
}

static struct kept run_once(struct pairing_settings settings, const char *request, const char *response)
{
    struct kept kept = {0};
    settings.done = on_kept;
    settings.arg = &kept;
    struct pairing_pool *pool = pairing_pool_create(&settings);
    struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){0});
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(request), 1, true);
    pairing_feed(pairing, PAIRING_SERVER, bytes_of(response), 2, true);
    pairing_free(pairing);
    check_balance(pairing_pool_counts(pool));
    pairing_pool_free(pool);
    return kept;
}

static bool wants_no_post(void *arg, const struct exchange *exchange)
{
    struct kept *kept = arg;
    assert_int_equal(kept->count, 0);
    return exchange->request.head.data[0] != 'P';
}

static void test_unwanted_requests_are_not_handed_over_and_hold_no_memory(void **state)
{
    (void)state;
    struct pairing_settings settings = {.wants = wants_no_post, .max_held_bytes = 2};
    /* The two bytes that may be held are there for the second exchange. */
    struct kept kept = run_once(
        settings, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy" GET("/2"), OK("ab") OK("cd"));
    assert_int_equal(kept.count, 1);
    assert_int_equal(kept.request.state, BODY_EMPTY);
    assert_int_equal(kept.response.state, BODY_KEPT);
    assert_int_equal(kept.bytes, 2);
    kept = run_once(settings, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", OK("ab"));
    assert_int_equal(kept.count, 0);
}

static void test_bodies_are_cut_dropped_and_marked_as_coded(void **state)
{
    (void)state;
    const char *coded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nabcdef";
    struct kept kept = run_once((struct pairing_settings){0}, GET("/"), coded);
    assert_int_equal(kept.response.state, BODY_KEPT);
    assert_true(kept.response.coded);
    assert_int_equal(kept.request.state, BODY_EMPTY);
    kept = run_once((struct pairing_settings){.max_body_bytes = 4}, GET("/"), coded);
    assert_int_equal(kept.response.state, BODY_CUT);
    assert_int_equal(kept.response.reason, BODY_REASON_TOO_LARGE);
    assert_int_equal(kept.response.wire_bytes, 6);
    assert_int_equal(kept.bytes, 4);
    kept = run_once((struct pairing_settings){.max_held_bytes = 1}, GET("/"), OK("ab"));
    assert_int_equal(kept.response.state, BODY_CUT);
    kept = run_once((struct pairing_settings){.drop_response_bodies = true}, GET("/"), OK("ab"));
    assert_int_equal(kept.response.state, BODY_DROPPED);
    assert_int_equal(kept.response.wire_bytes, 2);
    assert_int_equal(kept.bytes, 0);
    assert_false(kept.response.coded);
    kept = run_once((struct pairing_settings){0}, GET("/"), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
    assert_int_equal(kept.response.state, BODY_CUT);
    assert_int_equal(kept.response.reason, BODY_REASON_INCOMPLETE);
    assert_int_equal(kept.bytes, 2);
}

static void test_bodies_cut_by_size_leave_a_digest_of_the_whole(void **state)
{
    (void)state;
    struct keys *keys = keys_random();
    struct keys_digest *digest = keys_digest_create();
    uint8_t expected[KEYS_DIGEST_SIZE];
    char body[81], answer[200], chunked[200];
    for (int i = 0; i < 80; i++)
        body[i] = (char)('!' + i);
    body[80] = 0;
    keys_digest_begin(digest, keys);
    keys_digest_add(digest, bytes_of(body));
    keys_digest_end(digest, expected);
    keys_digest_free(digest);
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n%s", body);
    snprintf(chunked, sizeof chunked,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n%.30s\r\n32\r\n%s\r\n0\r\n\r\n",
             body, body + 30);
    struct pairing_settings settings = {.max_body_bytes = 10, .digest_keys = {NULL, keys}};
    for (uint64_t max = 10; max <= 79; max += 23) {
        settings.max_body_bytes = max;
        struct kept kept = run_once(settings, GET("/"), answer);
        assert_int_equal(kept.bytes, max);
        assert_int_equal(kept.response.wire_bytes, 80);
        assert_true(kept.response.digested);
        assert_memory_equal(kept.response.digest, expected, sizeof expected);
        kept = run_once(settings, GET("/"), chunked);
        assert_true(kept.response.digested);
        assert_memory_equal(kept.response.digest, expected, sizeof expected);
    }
    settings.max_body_bytes = 80;
    assert_false(run_once(settings, GET("/"), answer).response.digested); /* kept whole */
    settings.max_body_bytes = 10;
    answer[strlen(answer) - 1] = 0;
    assert_false(run_once(settings, GET("/"), answer).response.digested); /* ends early */
    assert_false(run_once(settings, GET("/"), "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901")
                     .response.digested);
    settings.max_held_bytes = 20;
    assert_false(run_once(settings, GET("/"), chunked).response.digested); /* no room for one */
    settings = (struct pairing_settings){.max_body_bytes = 10};
    assert_false(run_once(settings, GET("/"), chunked).response.digested);
    keys_free(keys);
}

static void test_bodies_with_a_hole_have_no_digest(void **state)
{
    (void)state;
    struct keys *keys = keys_random();
    struct kept kept = {0};
    const struct pairing_settings settings = {
        .done = on_kept, .arg = &kept, .max_body_bytes = 10, .digest_keys = {keys, keys}};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){0});
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET("/")), 1, true);
    pairing_feed(pairing, PAIRING_SERVER,
                 bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n0123456789abcdef"), 2, true);
    pairing_gap(pairing, PAIRING_SERVER, 4, 3);
    char rest[61];
    memset(rest, 'x', 60);
    rest[60] = 0;
    pairing_feed(pairing, PAIRING_SERVER, bytes_of(rest), 4, true);
    pairing_free(pairing);
    pairing_pool_free(pool);
    keys_free(keys);
    assert_int_equal(kept.response.state, BODY_CUT);
    assert_int_equal(kept.response.wire_bytes, 80);
    assert_int_equal(kept.bytes, 10);
    assert_false(kept.response.digested);
}

static void test_too_many_waiting_requests_give_up_the_oldest(void **state)
{
    (void)state;
    struct buffer text = {0};
    const struct pairing_settings settings = {.done = on_done, .arg = &text, .max_waiting = 2};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    struct pairing *pairing =
        pairing_create(pool, &(struct pairing_connection){.connection = 7, .server = {.port = 80}});
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET("/1") GET("/2") GET("/3")), 1000000, true);
    pairing_feed(pairing, PAIRING_SERVER, bytes_of(OK("ab") OK("cd") OK("ef")), 2000000, true);
    pairing_free(pairing);
    assert_int_equal(pairing_pool_counts(pool)->requests_overflowed, 1);
    assert_int_equal(pairing_pool_counts(pool)->responses_orphaned, 1);
    check_balance(pairing_pool_counts(pool));
    assert_true(
        bytes_equal(buffer_bytes(&text), bytes_of("GET /1 0 1-1-0-0  no_response\nGET /2 200 1-1-2-2 cd\n"
                                                  "GET /3 200 1-1-2-2 ef pipelined\n")));
    pairing_pool_free(pool);
    buffer_free(&text);
}

static void test_forty_pipelined_and_many_connections_reuse_memory(void **state)
{
    (void)state;
    struct kept kept = {0};
    const struct pairing_settings settings = {.done = on_kept, .arg = &kept};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    for (unsigned round = 0; round < 3; round++) {
        struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){0});
        for (unsigned i = 0; i < 40; i++)
            pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET("/")), i + 1, i % 3 == 0);
        for (unsigned i = 0; i < 40; i++)
            pairing_feed(pairing, PAIRING_SERVER, bytes_of(OK("ab")), 100 + i, true);
        pairing_finish(pairing, true, 200);
        pairing_free(pairing);
    }
    assert_int_equal(kept.count, 120);
    assert_int_equal(pairing_pool_counts(pool)->responses_paired, 120);
    struct pairing_counts sum = {0};
    pairing_counts_add(&sum, pairing_pool_counts(pool));
    pairing_counts_add(&sum, pairing_pool_counts(pool));
    assert_int_equal(sum.requests_seen, 240);
    pairing_pool_free(pool);
}

static void test_marks_protocol_and_opacity(void **state)
{
    (void)state;
    struct buffer text = {0};
    const struct pairing_settings settings = {.done = on_done, .arg = &text};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    const struct pairing_connection connection = {.connection = 7, .server = {.port = 80}};
    struct pairing *pairing = pairing_create(pool, &connection);
    pairing_mark(pairing, PAIRING_CLIENT, EXCHANGE_FLAG(URGENT));
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET("/1")), 1000000, true);
    pairing_feed(pairing, PAIRING_SERVER, bytes_of("HTTP/1.1 200 OK\r\n\r\nab"), 2000000, true);
    pairing_mark(pairing, PAIRING_SERVER, EXCHANGE_FLAG(CONFLICT));
    assert_false(pairing_is_opaque(pairing));
    pairing_free(pairing);
    assert_true(bytes_equal(buffer_bytes(&text),
                            bytes_of("GET /1 200 1-1-2-2 ab response_incomplete,conflict,urgent\n")));
    pairing = pairing_create(pool, &connection);
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of("PRI * HTTP/2.0\r\n\r\nSM"), 1, true);
    assert_string_equal(pairing_protocol(pairing), "http2");
    assert_true(pairing_is_opaque(pairing));
    pairing_free(pairing);
    assert_int_equal(pairing_pool_counts(pool)->connections_not_http, 1);
    assert_int_equal(pairing_pool_counts(pool)->bytes_opaque, 20);
    pairing_free(NULL);
    pairing_pool_free(pool);
    pairing_pool_free(NULL);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogues_become_exchanges),
        cmocka_unit_test(test_unwanted_requests_are_not_handed_over_and_hold_no_memory),
        cmocka_unit_test(test_bodies_are_cut_dropped_and_marked_as_coded),
        cmocka_unit_test(test_bodies_cut_by_size_leave_a_digest_of_the_whole),
        cmocka_unit_test(test_bodies_with_a_hole_have_no_digest),
        cmocka_unit_test(test_too_many_waiting_requests_give_up_the_oldest),
        cmocka_unit_test(test_forty_pipelined_and_many_connections_reuse_memory),
        cmocka_unit_test(test_marks_protocol_and_opacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
