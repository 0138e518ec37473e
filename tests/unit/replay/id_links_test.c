/* Ids that answers give out, through sanitizer, lineage, linker and request: followed where they were first seen in the answer and are long enough or stand in
 * the created collection's path, into every place, and nowhere else. */
#include "common/mem.h"
#include "filters/key.h"
#include "filters/policy/policy.h"
#include "filters/sanitize.h"
#include "replay/request.h"
#include "replay/state/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct sanitizer *sanitizer;
static struct lineage *lineage;
static struct linker *linker;
static struct linker_context context;
static uint64_t now_ns;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    sanitizer = sanitizer_create(policy_builtin(), keys);
    lineage = lineage_create(0);
    linker = linker_create(0, "");
    context = (struct linker_context){.session = 1, .recognition_key = keys_recognition(keys)};
    now_ns = 1000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    linker_free(linker);
    lineage_free(lineage);
    sanitizer_free(sanitizer);
    keys_free(keys);
    return 0;
}

static void fill(struct message *message, const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    buffer_append(&message->head, text, (size_t)(end - text) + 4);
    buffer_append_text(&message->body.content, end + 4);
    message->body.wire_bytes = message->body.content.size;
    message->body.state = message->body.wire_bytes ? BODY_KEPT : BODY_EMPTY;
    message->body.framing = message->body.wire_bytes ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
}

/* Records the exchange, replays it against a target that answers |live|, and compares what was sent with |wanted| (NULL: as recorded), by its end |rest| after the head. */
static void expect(const char *request, const char *recorded, const char *live, const char *wanted)
{
    struct exchange exchange = {.id = now_ns};
    struct request made = {0};
    const struct request_rules rules = {.base_path = "", .run_id = "r", .host = "shop.example"};
    fill(&exchange.request, request);
    fill(&exchange.response, recorded);
    exchange.status = (uint16_t)atoi(recorded + 9);
    exchange.request.first_ns = exchange.request.last_ns = now_ns++;
    exchange.response.first_ns = exchange.response.last_ns = now_ns++;
    sanitize_exchange(sanitizer, &exchange);
    lineage_follow(lineage, 1, &exchange);
    assert_int_equal(request_build(&made, &rules, linker, &context, &exchange), UNSENT_NONE);
    struct bytes head = buffer_bytes(&made.head);
    struct bytes mark = BYTES_LITERAL("X-Rehearse-Run: r\r\n");
    const uint8_t *run = memmem(head.data, head.size, mark.data, mark.size);
    assert_non_null(run);
    struct buffer sent = {0};
    buffer_append(&sent, head.data, (size_t)(run - head.data));
    buffer_append(&sent, run + mark.size, head.size - (size_t)(run - head.data) - mark.size);
    buffer_append_bytes(&sent, buffer_bytes(&made.body));
    buffer_append_byte(&sent, 0);
    assert_string_equal((char *)sent.data, wanted ? wanted : request);
    const char *end = strstr(live, "\r\n\r\n") + 4;
    linker_learn(linker, &context, &exchange, bytes_make(live, (size_t)(end - live)), bytes_of(end));
    buffer_free(&sent);
    request_free(&made);
    exchange_free(&exchange);
}

#define JSON "Content-Type: application/json\r\n"
#define OK   "HTTP/1.1 200 OK\r\n\r\n"

static void create_order(void)
{
    expect("POST /orders HTTP/1.1\r\n" JSON "Content-Length: 26\r\n\r\n{\"item_id\":23,\"pieces\":2} ",
           "HTTP/1.1 201 Created\r\n" JSON "Location: /orders/ord-7734512\r\n\r\n"
           "{\"item\":{\"id\":23},\"id\":\"ord-7734512\",\"number\":100200300,\"line_id\":500600700}",
           "HTTP/1.1 201 Created\r\n" JSON "Location: http://target/orders/ord-1\r\n\r\n"
           "{\"item\":{\"id\":23},\"id\":\"ord-1\",\"number\":9,\"line_id\":\"l 1\"}",
           NULL);
}

static void test_id_links_strong_id_in_every_place(void **state)
{
    (void)state;
    create_order();
    expect("GET /orders/ord-7734512/lines/500600700?order_id=ord-7734512&x=1 HTTP/1.1\r\nX-Order-Id: "
           "ord-7734512\r\n\r\n",
           OK, OK, "GET /orders/ord-1/lines/l%201?order_id=ord-1&x=1 HTTP/1.1\r\nX-Order-Id: ord-1\r\n\r\n");
    expect("POST /pay HTTP/1.1\r\n" JSON
           "Content-Length: 58\r\n\r\n{\"order_id\":\"ord-7734512\",\"line_id\":500600700,\"quantity\":2}",
           OK, OK,
           "POST /pay HTTP/1.1\r\n" JSON
           "Content-Length: 49\r\n\r\n{\"order_id\":\"ord-1\",\"line_id\":\"l 1\",\"quantity\":2}");
    expect("POST /pay HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
           "24\r\n\r\norder_id=ord-7734512&p=2",
           OK, OK,
           "POST /pay HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
           "18\r\n\r\norder_id=ord-1&p=2");
    expect("PATCH /orders/ord-7734512 HTTP/1.1\r\n\r\n", OK, OK, "PATCH /orders/ord-1 HTTP/1.1\r\n\r\n");
}

static void test_id_links_urls_in_values_lead_to_what_was_created(void **state)
{
    (void)state;
    expect("GET /orders/ord-7734511?next=%2Forders%2Ford-7734512 HTTP/1.1\r\nHost: shop.example\r\n\r\n", OK,
           OK, NULL);
    create_order();
    expect("GET /items/2?next=%2Forders%2Ford-7734512&p=7734512 HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/orders/ord-7734512/lines?x=1\r\nOrigin: http://shop.example\r\n\r\n",
           OK, OK,
           "GET /items/2?next=%2Forders%2Ford-1&p=7734512 HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/orders/ord-1/lines?x=1\r\nOrigin: http://shop.example\r\n\r\n");
    expect("GET /items/2 HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://other.example/orders/ord-7734512\r\n\r\n",
           OK, OK, NULL);
    expect("POST /hooks HTTP/1.1\r\nHost: shop.example\r\n" JSON
           "Content-Length: 99\r\n\r\n{\"urls\":[\"/orders/ord-7734512\",\"http://shop.example/orders/"
           "ord-7734512\"],\"page\":\"/items/2\",\"n\":2}",
           OK, OK,
           "POST /hooks HTTP/1.1\r\nHost: shop.example\r\n" JSON
           "Content-Length: 85\r\n\r\n{\"urls\":[\"/orders/ord-1\",\"http://shop.example/orders/"
           "ord-1\"],\"page\":\"/items/2\",\"n\":2}");
    expect("POST /hooks HTTP/1.1\r\nHost: shop.example\r\nContent-Type: "
           "application/x-www-form-urlencoded\r\nContent-Length: 31\r\n\r\n"
           "to=/orders/ord-7734512/x&page=2",
           OK, OK,
           "POST /hooks HTTP/1.1\r\nHost: shop.example\r\nContent-Type: "
           "application/x-www-form-urlencoded\r\nContent-Length: 25\r\n\r\nto=/orders/ord-1/x&page=2");
}

/* An id that JSON alone tells: no Location names its place. */
static void test_id_links_ids_without_a_place_in_urls_and_arrays(void **state)
{
    (void)state;
    expect("POST /api/kits?x=1 HTTP/1.1\r\n\r\n",
           "HTTP/1.1 200 OK\r\n" JSON "\r\n{\"id\":\"kit-123456\",\"name\":\"seven\"}",
           "HTTP/1.1 200 OK\r\n" JSON "\r\n{\"id\":\"k 1\",\"name\":\"seven\"}", NULL);
    expect("POST /api/notes HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n" JSON "\r\n{\"id\":17}",
           "HTTP/1.1 200 OK\r\n" JSON "\r\n{\"id\":94}", NULL);
    expect("GET /items/2?next=%2Fapi%2Fnotes%2F17&p=17 HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/api/kits/kit-123456/parts?x=kit-123456\r\n\r\n",
           OK, OK,
           "GET /items/2?next=%2Fapi%2Fnotes%2F94&p=17 HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/api/kits/k%201/parts?x=kit-123456\r\n\r\n");
    expect(
        "GET /items/2 HTTP/1.1\r\nHost: shop.example\r\nReferer: http://shop.example/other/notes/17\r\n\r\n",
        OK, OK, NULL);
    expect(
        "POST /sets HTTP/1.1\r\n" JSON
        "Content-Length: 83\r\n\r\n{\"kits\": [ \"kit-123456\" ,\"x\",\"17\", 17],\"title\":\"kit-123456\","
        "\"kit-123456\":[\"seven\"]}",
        OK, OK,
        "POST /sets HTTP/1.1\r\n" JSON
        "Content-Length: 69\r\n\r\n{\"kits\": [ \"k 1\" ,\"x\",\"17\", 17],\"title\":\"k 1\","
        "\"kit-123456\":[\"seven\"]}");
}

/* A strong id leads on under names that say nothing of it; amounts, names, and the target's own ids do not. */
static void test_id_links_strong_id_under_any_name(void **state)
{
    (void)state;
    create_order();
    expect(
        "GET /find?order=ord-7734512&of=ord-7734512,500600700%2Cord-7734513&ord-7734512=1 HTTP/1.1\r\n\r\n",
        OK, OK, "GET /find?order=ord-1&of=ord-1,l%201%2Cord-7734513&ord-7734512=1 HTTP/1.1\r\n\r\n");
    expect("POST /graphql HTTP/1.1\r\n" JSON "Content-Length: 107\r\n\r\n"
           "{\"query\":\"query { order(id: \\\"ord-7734512\\\") { n } "
           "}\",\"n\":500600700,\"order_id\":\"ord-7734512\",\"x\":\"7734512\"}",
           OK, OK,
           "POST /graphql HTTP/1.1\r\n" JSON "Content-Length: 91\r\n\r\n"
           "{\"query\":\"query { order(id: \\\"ord-1\\\") { n } "
           "}\",\"n\":\"l 1\",\"order_id\":\"ord-1\",\"x\":\"7734512\"}");
    expect("POST /pay HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
           "17\r\n\r\no=ord-7734512&p=2",
           OK, OK,
           "POST /pay HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
           "11\r\n\r\no=ord-1&p=2");
    /* What the target gives out may be what the recording gave out for something else: nothing is replaced twice. */
    expect("POST /orders HTTP/1.1\r\n\r\n", "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":100000002}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":100000001}", NULL);
    expect("POST /orders HTTP/1.1\r\n\r\n", "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":100000001}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":100000002}", NULL);
    expect("GET /find?order=100000001&order_id=100000002&next=100000002 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /find?order=100000002&order_id=100000001&next=100000001 HTTP/1.1\r\n\r\n");
}

/* A code that a URL in an answer gives out, as logins by OAuth do. */
static void test_id_links_credentials_in_urls_that_answers_give_out(void **state)
{
    (void)state;
    expect("GET /authorize?client=web HTTP/1.1\r\n\r\n",
           "HTTP/1.1 302 Found\r\nLocation: "
           "http://shop.example/callback?code=abcdefghijklmnop1234&lang=en\r\n\r\n",
           "HTTP/1.1 302 Found\r\nLocation: http://target/stage/callback?lang=en&code=live%2B1\r\n\r\n",
           NULL);
    expect("GET /callback?code=abcdefghijklmnop1234&lang=en HTTP/1.1\r\n\r\n", OK, OK,
           "GET /callback?code=live%2B1&lang=en HTTP/1.1\r\n\r\n");
    expect("POST /magic HTTP/1.1\r\n\r\n",
           "HTTP/1.1 200 OK\r\n" JSON
           "\r\n{\"url\":\"http:\\/\\/shop.example\\/in?a=1\\u0026token=zyxwvutsrqponmlk9876\"}",
           "HTTP/1.1 200 OK\r\n" JSON "\r\n{\"url\":\"http:\\/\\/target\\/in?token=live2\\u0026a=1\"}", NULL);
    expect("GET /in?a=1&token=zyxwvutsrqponmlk9876 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /in?a=1&token=live2 HTTP/1.1\r\n\r\n");
}

static void test_id_links_what_was_created_within_what_was_created(void **state)
{
    (void)state;
    expect("POST /projects HTTP/1.1\r\n\r\n", "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":4627}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":91}", NULL);
    expect("POST /projects/4627/tasks HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"task\":{\"id\":\"t-100200\",\"project_id\":4627}}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"task\":{\"id\":\"t-5\",\"project_id\":91}}",
           "POST /projects/91/tasks HTTP/1.1\r\n\r\n");
    expect("POST /projects/4627/tasks/t-100200/notes HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":300}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":77}",
           "POST /projects/91/tasks/t-5/notes HTTP/1.1\r\n\r\n");
    expect("GET /projects/4627/tasks/t-100200/notes/300?x=4627 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /projects/91/tasks/t-5/notes/77?x=4627 HTTP/1.1\r\n\r\n");
    /* Under another name than the one it was created in, a strong id still leads on. */
    expect("POST /boards/t-100200/cards HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":\"c-100200\"}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":\"c-6\"}", "POST /boards/t-5/cards HTTP/1.1\r\n\r\n");
    expect("GET /boards/t-100200/cards/c-100200 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /boards/t-5/cards/c-6 HTTP/1.1\r\n\r\n");
}

static void test_id_links_ids_within_a_location_and_in_header_lines(void **state)
{
    (void)state;
    expect("POST /jobs HTTP/1.1\r\n\r\n",
           "HTTP/1.1 202 Accepted\r\nLocation: http://h/jobs/j-100200/status\r\n\r\n",
           "HTTP/1.1 202 Accepted\r\nLocation: /stage/jobs/a/status\r\n\r\n", NULL);
    expect("GET /jobs/j-100200/status HTTP/1.1\r\n\r\n", OK, OK, "GET /jobs/a/status HTTP/1.1\r\n\r\n");
    expect("GET /jobs/j-100200/result HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/jobs/j-100200/status\r\n\r\n",
           OK, OK,
           "GET /jobs/a/result HTTP/1.1\r\nHost: shop.example\r\nReferer: "
           "http://shop.example/jobs/a/status\r\n\r\n");
    /* Another page is not a place of what was created. */
    expect("POST /jobs HTTP/1.1\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /jobs/j-100201/status\r\n\r\n",
           "HTTP/1.1 302 Found\r\nLocation: /login/7/again\r\n\r\n", NULL);
    expect("GET /jobs/j-100201 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    /* A short one, in its collection alone. */
    expect("POST /notes/ HTTP/1.1\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /notes/17/\r\n\r\n",
           "HTTP/1.1 302 Found\r\nLocation: /notes/94/\r\n\r\n", NULL);
    expect("GET /notes/17/?page=17 HTTP/1.1\r\n\r\n", OK, OK, "GET /notes/94/?page=17 HTTP/1.1\r\n\r\n");
    expect("GET /items/17 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    expect("POST /docs HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\nX-Document-Id: 700800\r\nX-Request-Id: 500600\r\n\r\n",
           "HTTP/1.1 201 Created\r\nX-Document-Id: d 1\r\nX-Request-Id: 1\r\n\r\n", NULL);
    expect("GET /docs/700800?document_id=700800&x=500600 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /docs/d%201?document_id=d%201&x=500600 HTTP/1.1\r\n\r\n");
}

static void test_id_links_what_an_earlier_request_carried_stays(void **state)
{
    (void)state;
    expect("GET /parts/part-99123 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    expect("POST /kits HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"part_id\":\"part-99123\",\"id\":\"kit-123456\"}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"part_id\":\"part-1\",\"id\":\"kit-9\"}", NULL);
    expect("GET /parts/part-99123?kit_id=kit-123456 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /parts/part-99123?kit_id=kit-9 HTTP/1.1\r\n\r\n");
}

static void test_id_links_short_id_only_under_the_path_it_was_created_in(void **state)
{
    (void)state;
    expect("GET /items/17 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    expect("POST /notes?page=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":17}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":94}", NULL);
    expect("GET /notes/17?page=17&item_id=17 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /notes/94?page=17&item_id=17 HTTP/1.1\r\n\r\n");
    expect("GET /items/17 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    expect("GET /archive/notes/17 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    expect("POST /tags HTTP/1.1\r\n" JSON "Content-Length: 14\r\n\r\n{\"note_id\":17}", OK, OK, NULL);
}

static void test_id_links_unanswered_creation_leaves_the_recorded_id(void **state)
{
    (void)state;
    expect("POST /notes HTTP/1.1\r\n\r\n", "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":\"note-123456\"}",
           "HTTP/1.1 500 No\r\n\r\n", NULL);
    expect("GET /notes/note-123456 HTTP/1.1\r\n\r\n", OK, OK, NULL);
    assert_int_equal(lineage_followed(lineage), 1);
}

static void test_id_links_nothing_is_guessed(void **state)
{
    (void)state;
    expect("POST /sets HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"set_id\":\"set-123456\",\"set_id\":\"set-777777\"}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"set_id\":\"s1\",\"set_id\":\"s2\"}", NULL);
    expect("GET /sets/set-123456/set-777777 HTTP/1.1\r\n\r\n", OK, OK,
           "GET /sets/s1/set-777777 HTTP/1.1\r\n\r\n");
    expect("POST /kits HTTP/1.1\r\n" JSON "\r\n",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":\"kit-123456\",\"x\":{\"id\":\"kit-777777\"}}",
           "HTTP/1.1 201 Created\r\n" JSON "\r\n{\"id\":\"k1\"}", NULL);
    expect("GET /kits/kit-777777 HTTP/1.1\r\n\r\n", OK, OK, NULL); /* the target did not give it out */
    expect("GET /kits/kit-123456 HTTP/1.1\r\n\r\n", OK, OK, "GET /kits/k1 HTTP/1.1\r\n\r\n");
    expect("POST /two HTTP/1.1\r\n\r\n",
           "HTTP/1.1 201 Created\r\nLocation: /two/abc\r\nLocation: /two/two-123456\r\n\r\n",
           "HTTP/1.1 201 Created\r\nLocation: /two/def\r\nLocation: /two/t1\r\n\r\n", NULL);
    expect("GET /two/two-123456 HTTP/1.1\r\n\r\n", OK, OK, NULL);
}

static void test_id_links_a_nonce_of_a_client_is_no_login(void **state)
{
    (void)state;
    static const char *const names[] = {"state", "nonce", "token"};
    const uint8_t tag[LINK_TAG_SIZE] = {1};
    for (size_t i = 0; i < 3; i++) {
        struct exchange exchange = {0};
        fill(&exchange.request, "GET /authorize?x=1 HTTP/1.1\r\n\r\n");
        exchange_add_link(&exchange, LINK_USES, LINK_PLACE_QUERY, names[i], tag)->identity = true;
        lineage_follow(lineage, 7, &exchange);
        assert_int_equal(lineage_logged_in_before(lineage), i == 2);
        exchange_free(&exchange);
    }
}

static void test_id_links_off(void **state)
{
    (void)state;
    linker_turn_off(linker);
    create_order();
    expect("GET /orders/ord-7734512 HTTP/1.1\r\n\r\n", OK, OK, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_id_links_strong_id_in_every_place),
        TEST(test_id_links_urls_in_values_lead_to_what_was_created),
        TEST(test_id_links_ids_without_a_place_in_urls_and_arrays),
        TEST(test_id_links_strong_id_under_any_name),
        TEST(test_id_links_credentials_in_urls_that_answers_give_out),
        TEST(test_id_links_what_was_created_within_what_was_created),
        TEST(test_id_links_ids_within_a_location_and_in_header_lines),
        TEST(test_id_links_what_an_earlier_request_carried_stays),
        TEST(test_id_links_short_id_only_under_the_path_it_was_created_in),
        TEST(test_id_links_unanswered_creation_leaves_the_recorded_id),
        TEST(test_id_links_nothing_is_guessed),
        TEST(test_id_links_a_nonce_of_a_client_is_no_login),
        TEST(test_id_links_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
