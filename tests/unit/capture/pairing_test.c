/* pairing.h: dialogues become exchanges, with their packets whole and in single bytes; limits, codings, marks. */
#include "capture/pairing.h"
#include "common/coding.h"
#include "tests/unit/capture/pairing_cases.h"
#include "tests/unit/common/http1_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(body)  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" body

static void append_defects(struct buffer *text, const char *side, uint64_t defects)
{
    for (unsigned bit = 0; bit < MESSAGE_DEFECT_COUNT; bit++) {
        if (defects >> bit & 1)
            buffer_printf(text, "%s%s", side, message_defect_name(bit));
    }
}

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
    append_defects(text, " request.", exchange->request.defects);
    append_defects(text, " response.", exchange->response.defects);
    buffer_append_text(text, "\n");
    assert_int_equal(exchange->connection, 7);
    assert_int_equal(exchange->server.port, 80);
}

static void run_step(struct pairing *pairing, const struct step *step, bool bytewise)
{
    uint64_t time_ns = (uint64_t)step->ms * 1000000;
    enum pairing_side side = step->side == 'C' || step->side == 'c' ? PAIRING_CLIENT : PAIRING_SERVER;
    if (step->side == 'x') {
        pairing_finish(pairing, false, time_ns);
    } else if (step->gap) {
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
                                                counts->requests_unwanted + counts->requests_sampled_out +
                                                counts->requests_lost_http09 +
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
    const struct pairing_connection connection = {.connection = 7,
                                                  .server = {.port = 80},
                                                  .midstream = dialogue->midstream,
                                                  .server_midstream = dialogue->midstream};
    struct pairing *pairing = pairing_create(pool, &connection);
    for (size_t i = 0; i < DIALOGUE_STEPS && dialogue->steps[i].side; i++)
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

/* ---- content codings: what is kept is what was transferred, and what it is worth is known ---- */

struct coding_case {
    const char *name;
    const char *made_by, *said; /* the codings that were applied, and those that the head names */
    size_t flip;                /* the byte from the end to damage, 0: none */
    size_t cut;                 /* bytes cut from the end */
    size_t zeros;               /* content: so many zeros, 0: "hello" */
    enum coding_result result;  /* of decoding what was kept */
};

static const struct coding_case coding_cases[] = {
    {"78 F gzip with a wrong checksum", "gzip", "gzip", 8, 0, 0, CODING_DAMAGED},
    {"78 F gzip with a wrong size", "gzip", "gzip", 4, 0, 0, CODING_DAMAGED},
    {"78 F gzip that is cut", "gzip", "gzip", 0, 9, 0, CODING_CUT},
    {"79 F identity between", "gzip, gzip", "gzip, identity, gzip", 0, 0, 0, CODING_OK},
    {"79 F too many layers", "gzip, gzip, gzip", "gzip, gzip, gzip, gzip", 0, 0, 0, CODING_LIMIT},
    {"79 F a bomb", "gzip", "gzip", 0, 0, 4000000, CODING_LIMIT},
    {"80 F says gzip and is plain", "", "gzip", 0, 0, 0, CODING_DAMAGED},
    {"81 R br", "br", "br", 0, 0, 0, CODING_OK},
    {"81 R zstd", "zstd", "zstd", 0, 0, 0, CODING_OK},
};

struct coded {
    const struct coding_case *c;
    struct buffer body;
    unsigned count;
};

static void on_coded(void *arg, struct exchange *exchange)
{
    struct coded *coded = arg;
    const struct body *body = &exchange->response.body;
    assert_int_equal(body->state, BODY_KEPT);
    assert_true(body->coded);
    assert_true(bytes_equal(buffer_bytes(&body->content), buffer_bytes(&coded->body)));
    struct buffer plain = {0};
    assert_int_equal(coding_decode(bytes_of(coded->c->said), buffer_bytes(&body->content), 1 << 20, &plain),
                     coded->c->result);
    buffer_free(&plain);
    coded->count++;
}

static void check_coding(const struct coding_case *c)
{
    struct coded coded = {.c = c};
    struct buffer plain = {0}, response = {0};
    for (size_t i = 0; i < c->zeros; i++)
        buffer_append_byte(&plain, 0);
    if (plain.size == 0)
        buffer_append_text(&plain, "hello");
    assert_int_equal(coding_encode(bytes_of(c->made_by), buffer_bytes(&plain), &coded.body), CODING_OK);
    coded.body.size -= c->cut;
    if (c->flip)
        coded.body.data[coded.body.size - c->flip] ^= 1;
    buffer_printf(&response, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                  c->said, coded.body.size);
    buffer_append_bytes(&response, buffer_bytes(&coded.body));
    struct pairing_pool *pool =
        pairing_pool_create(&(struct pairing_settings){.done = on_coded, .arg = &coded});
    struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){0});
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET("/")), 1, true);
    pairing_feed(pairing, PAIRING_SERVER, buffer_bytes(&response), 2, true);
    pairing_free(pairing);
    pairing_pool_free(pool);
    assert_int_equal(coded.count, 1);
    buffer_free(&plain);
    buffer_free(&response);
    buffer_free(&coded.body);
}

static void check_codings(struct http1_checklist *list)
{
    for (size_t i = 0; i < sizeof coding_cases / sizeof *coding_cases; i++) {
        check_coding(&coding_cases[i]);
        http1_checklist_note(list, coding_cases[i].name);
    }
}

/* For dialogues that are not in the list, whose counts are the same however packets are cut: with holes, these are not. */
static void check_dialogue(const struct dialogue *dialogue)
{
    struct buffer text = {0};
    run_dialogue(dialogue, false, &text);
    buffer_append_byte(&text, 0);
    assert_string_equal((const char *)text.data, dialogue->expected);
    buffer_free(&text);
}

static void test_behind_a_hole_what_follows_tells_the_answer_to_head(void **state)
{
    (void)state;
    static const struct dialogue dialogue = {
        "",
        false,
        {{'C', 10, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3"), 0},
         {'S', 20, 0, 90},
         {'S', 30, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" OK("cd"), 0},
         {'C', 40, GET("/4"), 0},
         {'S', 50, OK("ef"), 0}},
        "GET /1 0 10-10-0-0  no_response,response_gap\nHEAD /2 200 10-10-30-30 \n"
        "GET /3 200 10-10-30-30 cd pipelined\nGET /4 200 40-40-50-50 ef\n4/4/0 3/3/0"};
    check_dialogue(&dialogue);
}

static void test_an_answer_whose_body_is_lost_or_none_crosses_no_pair(void **state)
{
    (void)state;
    static const struct dialogue dialogue = {
        "",
        false,
        {{'C', 10, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3"), 0},
         {'S', 20, 0, 90},
         {'S', 30, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", 0},
         {'S', 35, 0, 40},
         {'C', 40, GET("/4"), 0},
         {'S', 50, OK("ef"), 0}},
        "GET /1 0 10-10-0-0  no_response,response_gap\nHEAD /2 0 10-10-0-0  no_response,response_gap\n"
        "GET /3 0 10-10-0-0  no_response,response_gap\nGET /4 200 40-40-50-50 ef\n4/4/0 2/1/1"};
    check_dialogue(&dialogue);
}

static void test_behind_a_hole_right_after_a_head_a_status_line_tells_the_answer_to_head(void **state)
{
    (void)state;
    static const struct dialogue dialogue = {
        "",
        false,
        {{'C', 10, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3") GET("/4"), 0},
         {'S', 20, 0, 90},
         {'S', 30, "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", 0},
         {'S', 35, 0, 80},
         {'S', 37, OK("dd"), 0},
         {'C', 40, GET("/5"), 0},
         {'S', 50, OK("ef"), 0}},
        "GET /1 0 10-10-0-0  no_response,response_gap\nHEAD /2 0 10-10-0-0  no_response,response_gap\n"
        "GET /3 0 10-10-0-0  no_response,response_gap\nGET /4 200 10-10-37-37 dd\n"
        "GET /5 200 40-40-50-50 ef\n5/5/0 3/2/1"};
    check_dialogue(&dialogue);
}

/* Whatever it answers, the hole behind its body hides another answer. */
static void test_behind_an_answer_that_may_be_to_head_a_large_hole_hides_one(void **state)
{
    (void)state;
    static const struct dialogue dialogue = {
        "",
        false,
        {{'C', 10, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3"), 0},
         {'S', 20, 0, 90},
         {'S', 30, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", 0},
         {'S', 35, 0, 140},
         {'C', 40, GET("/4"), 0},
         {'S', 50, OK("ef"), 0}},
        "GET /1 0 10-10-0-0  no_response,response_gap\nHEAD /2 200 10-10-30-30 \n"
        "GET /3 0 10-10-0-0  no_response,response_gap,pipelined\nGET /4 200 40-40-50-50 ef\n4/4/0 2/2/0"};
    check_dialogue(&dialogue);
}

/* Of a batch of more than are looked at, the end is. */
static void test_of_a_long_batch_with_holes_the_last_are_certain(void **state)
{
    (void)state;
    const unsigned count = 300, lost = 3;
    struct buffer requests = {0}, before = {0}, behind = {0}, text = {0};
    for (unsigned i = 0; i < count; i++) {
        buffer_printf(&requests, "GET /%u HTTP/1.1\r\nHost: a\r\n\r\n", i);
        if (i < 100 || i >= 100 + lost)
            buffer_printf(i < 100 ? &before : &behind, "HTTP/1.1 %u OK\r\nContent-Length: 0\r\n\r\n",
                          200 + i);
    }
    struct pairing_pool *pool =
        pairing_pool_create(&(struct pairing_settings){.done = on_done, .arg = &text});
    struct pairing *pairing =
        pairing_create(pool, &(struct pairing_connection){.connection = 7, .server = {.port = 80}});
    pairing_gap(pairing, PAIRING_CLIENT, 100, 1);
    pairing_feed(pairing, PAIRING_CLIENT, buffer_bytes(&requests), 1, true);
    pairing_feed(pairing, PAIRING_SERVER, buffer_bytes(&before), 2, true);
    pairing_gap(pairing, PAIRING_SERVER, 100, 2);
    pairing_feed(pairing, PAIRING_SERVER, buffer_bytes(&behind), 3, true);
    pairing_finish(pairing, true, 4);
    buffer_append_byte(&text, 0);
    for (unsigned i = 0; i < count; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "GET /%u %u ", i, i + 128 >= count ? 200 + i : 0);
        assert_non_null(strstr((const char *)text.data, wanted));
    }
    pairing_free(pairing);
    check_balance(pairing_pool_counts(pool));
    pairing_pool_free(pool);
    buffer_free(&requests);
    buffer_free(&before);
    buffer_free(&behind);
    buffer_free(&text);
}

static void test_dialogues_become_exchanges(void **state)
{
    (void)state;
    struct buffer text = {0};
    unsigned wrong = 0;
    struct http1_checklist list = {0};
    for (size_t i = 0; i < pairing_dialogue_count; i++) {
        if (pairing_dialogues[i].name[0] >= '0' && pairing_dialogues[i].name[0] <= '9')
            http1_checklist_note(&list, pairing_dialogues[i].name);
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            run_dialogue(&pairing_dialogues[i], bytewise, &text);
            if (!bytes_equal(buffer_bytes(&text), bytes_of(pairing_dialogues[i].expected))) {
                print_error("%s gave\n%.*s\nnot\n%s\n", pairing_dialogues[i].name, (int)text.size,
                            (char *)text.data, pairing_dialogues[i].expected);
                wrong++;
            }
        }
    }
    buffer_free(&text);
    assert_int_equal(wrong, 0);
    check_codings(&list);
    http1_checklist_note(&list, "33 R forty requests before the first reply"); /* below */
    http1_checklist_complete(&list, CASES_OF_PAIRING);
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

static enum pairing_wish judge_posts(void *arg, const struct exchange *exchange)
{
    struct kept *kept = arg;
    assert_int_equal(kept->count, 0);
    if (exchange->request.head.data[0] != 'P')
        return PAIRING_WANTED;
    return exchange->request.head.data[1] == 'O' ? PAIRING_UNWANTED : PAIRING_SAMPLED_OUT;
}

static void test_unwanted_requests_are_not_handed_over_and_hold_no_memory(void **state)
{
    (void)state;
    struct pairing_settings settings = {.judge = judge_posts, .max_held_bytes = 30000};
    static char request[50200];
    snprintf(request, sizeof request, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n%050000d%s",
             0, GET("/2"));
    /* What may be held is there for the second exchange. */
    struct kept kept = run_once(settings, request, OK("ab") OK("cd"));
    assert_int_equal(kept.count, 1);
    assert_int_equal(kept.request.state, BODY_EMPTY);
    assert_int_equal(kept.response.state, BODY_KEPT);
    assert_int_equal(kept.bytes, 2);
    kept = run_once(settings, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", OK("ab"));
    assert_int_equal(kept.count, 0);
    kept = run_once(settings, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789" GET("/2"),
                    OK("ab") OK("cd"));
    assert_int_equal(kept.count, 1);
    assert_int_equal(kept.bytes, 2);
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
    struct pairing_settings fewer = {.max_body_bytes = 9, .max_response_body_bytes = 4};
    kept = run_once(fewer, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789", coded);
    assert_int_equal(kept.request.state, BODY_KEPT);
    assert_int_equal(kept.response.state, BODY_CUT);
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
        cmocka_unit_test(test_behind_a_hole_what_follows_tells_the_answer_to_head),
        cmocka_unit_test(test_behind_a_hole_right_after_a_head_a_status_line_tells_the_answer_to_head),
        cmocka_unit_test(test_behind_an_answer_that_may_be_to_head_a_large_hole_hides_one),
        cmocka_unit_test(test_of_a_long_batch_with_holes_the_last_are_certain),
        cmocka_unit_test(test_an_answer_whose_body_is_lost_or_none_crosses_no_pair),
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
