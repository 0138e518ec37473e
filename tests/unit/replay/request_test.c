/* Before and after: the table "What a replay changes in a request", byte for byte. */
#include "replay/request.h"

#include "common/coding.h"
#include "filters/key.h"
#include "filters/pseudonym.h"
#include "replay/fresh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TAIL "X-Rehearse-Run: run1\r\n\r\n"

static const uint8_t no_key[SEGMENT_KEY_SIZE];

static struct exchange exchange_of(const char *head, enum body_framing framing, const char *body)
{
    struct exchange exchange = {.id = 1};
    buffer_append_text(&exchange.request.head, head);
    buffer_append_text(&exchange.request.body.content, body);
    exchange.request.body.framing = framing;
    exchange.request.body.state = body[0] ? BODY_KEPT : BODY_EMPTY;
    return exchange;
}

static struct request_rules rules_of(const char *base_path)
{
    return (struct request_rules){
        .host = "target:81", .scheme = "https", .base_path = base_path, .run_id = "run1"};
}

static void expect(const struct request_rules *rules, struct exchange *exchange, const char *head,
                   const char *body)
{
    struct linker *linker = linker_create(0, "");
    const struct linker_context context = {.session = 1, .recognition_key = no_key};
    struct request request = {0};
    assert_int_equal(request_build(&request, rules, linker, &context, exchange), UNSENT_NONE);
    buffer_append_byte(&request.head, 0);
    buffer_append_byte(&request.body, 0);
    assert_string_equal((char *)request.head.data, head);
    assert_string_equal((char *)request.body.data, body);
    request_free(&request);
    linker_free(linker);
    exchange_free(exchange);
}

static void test_request_is_kept_byte_for_byte(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct exchange exchange =
        exchange_of("GET /a%20b?x=%41&y HTTP/1.1\r\nhOsT:  shop:8080 \r\nX-Odd:a\t\r\naccept : no\r\n"
                    "Accept: a\r\nACCEPT: b\r\nEmpty:\r\n\r\n",
                    BODY_FRAMING_NONE, "");
    expect(&rules, &exchange,
           "GET /a%20b?x=%41&y HTTP/1.1\r\nhOsT:  target:81 \r\nX-Odd:a\t\r\naccept : no\r\n"
           "Accept: a\r\nACCEPT: b\r\nEmpty:\r\n" TAIL,
           "");
}

static void test_request_keeps_a_defect_of_its_length(void **state)
{
    (void)state;
    static const struct {
        uint64_t defects;
        const char *value, *wanted;
    } cases[] = {
        {0, "003", "3"},
        {MESSAGE_DEFECT(LENGTH_ZEROS), "003", "003"},
        {MESSAGE_DEFECT(LENGTH_ZEROS), "004", "3"}, /* it was right, and is not for this body */
        {MESSAGE_DEFECT(LENGTH_REPEATED), "3, 3", "3, 3"},
        {MESSAGE_DEFECT(LENGTH_INVALID), "+3", "+3"},
        {MESSAGE_DEFECT(LENGTH_CONFLICT), "7", "7"},
    };
    struct request_rules rules = rules_of("");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[128], wanted[128];
        snprintf(head, sizeof head, "POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n", cases[i].value);
        snprintf(wanted, sizeof wanted, "POST / HTTP/1.1\r\nContent-Length: %s\r\n" TAIL, cases[i].wanted);
        struct exchange exchange = exchange_of(head, BODY_FRAMING_LENGTH, "abc");
        exchange.request.defects = cases[i].defects;
        expect(&rules, &exchange, wanted, "abc");
    }
}

static void test_request_target_forms(void **state)
{
    (void)state;
    static const struct {
        const char *target, *base, *wanted;
    } cases[] = {
        {"/a", "/base", "/base/a"},
        {"http://shop/a?b", "", "/a?b"},
        {"http://shop/a", "/base", "/base/a"},
        {"http://shop", "", "/"},
        {"http://shop?q", "", "/?q"},
        {"*", "/base", "*"},
        {"/redirect?to=http://x/", "", "/redirect?to=http://x/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request_rules rules = rules_of(cases[i].base);
        char head[256], wanted[256];
        snprintf(head, sizeof head, "OPTIONS %s HTTP/1.1\r\nHost: shop\r\n\r\n", cases[i].target);
        snprintf(wanted, sizeof wanted, "OPTIONS %s HTTP/1.1\r\nHost: target:81\r\n" TAIL, cases[i].wanted);
        struct exchange exchange = exchange_of(head, BODY_FRAMING_NONE, "");
        expect(&rules, &exchange, wanted, "");
    }
}

static void test_request_hosts_follow_in_origin_and_referer(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    const char *head = "GET / HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop\r\nReferer: "
                       "https://SHOP:443/p?q=http://shop/\r\nX: https://shop\r\n\r\n";
    struct exchange exchange = exchange_of(head, BODY_FRAMING_NONE, "");
    expect(&rules, &exchange,
           "GET / HTTP/1.1\r\nHost: target:81\r\nOrigin: https://target:81\r\nReferer: "
           "https://target:81/p?q=http://shop/\r\nX: https://shop\r\n" TAIL,
           "");
    exchange =
        exchange_of("GET / HTTP/1.1\r\nHost: shop\r\nReferer: https://other/\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nReferer: https://other/\r\n" TAIL, "");
    rules.host = rules.scheme = NULL;
    exchange =
        exchange_of("GET / HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: shop\r\nOrigin: https://shop\r\n" TAIL, "");
}

static void test_request_framing_is_right_for_the_body(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct exchange exchange = exchange_of("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 99\r\n\r\n",
                                           BODY_FRAMING_LENGTH, "twelve bytes");
    expect(&rules, &exchange, "POST / HTTP/1.1\r\nHost: target:81\r\ncontent-length: 12\r\n" TAIL,
           "twelve bytes");
    exchange = exchange_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                           BODY_FRAMING_CHUNKED, "twelve bytes");
    buffer_append_text(&exchange.request.trailers, "X-Sum: 1\r\n");
    expect(&rules, &exchange, "POST / HTTP/1.1\r\nHost: target:81\r\nTransfer-Encoding: chunked\r\n" TAIL,
           "c\r\ntwelve bytes\r\n0\r\nX-Sum: 1\r\n\r\n");
    exchange = exchange_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                           BODY_FRAMING_CHUNKED, "");
    expect(&rules, &exchange, "POST / HTTP/1.1\r\nHost: target:81\r\nTransfer-Encoding: chunked\r\n" TAIL,
           "0\r\n\r\n");
}

static void test_request_content_coding_is_applied_again(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct linker *linker = linker_create(0, "");
    const struct linker_context context = {.session = 1, .recognition_key = no_key};
    struct request request = {0};
    struct buffer plain = {0};
    struct exchange exchange =
        exchange_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n",
                    BODY_FRAMING_LENGTH, "{\"a\":1}");
    assert_int_equal(request_build(&request, &rules, linker, &context, &exchange), UNSENT_NONE);
    assert_int_equal(coding_decode(BYTES_LITERAL("gzip"), buffer_bytes(&request.body), 1000, &plain),
                     CODING_OK);
    assert_true(bytes_equal(buffer_bytes(&plain), BYTES_LITERAL("{\"a\":1}")));
    char length[64];
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", request.body.size);
    assert_non_null(memmem(request.head.data, request.head.size, length, strlen(length)));
    buffer_free(&plain);
    request_free(&request);
    exchange_free(&exchange);
    linker_free(linker);
}

static void test_request_close_is_taken_out_in_a_pool_only(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    const char *close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nB: 1\r\n\r\n";
    struct exchange exchange = exchange_of(close, BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nConnection: close\r\nB: 1\r\n" TAIL, "");
    rules.pooled = true;
    exchange = exchange_of(close, BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nB: 1\r\n" TAIL, "");
    exchange =
        exchange_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nConnection: TE\r\n" TAIL, "");
}

static void test_request_set_header_replaces_or_adds(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct error err;
    rules.rewriter = rewriter_create();
    assert_int_equal(rewriter_add_header_line(rules.rewriter, "X-One:  new ", &err), 0);
    assert_int_equal(rewriter_add_header_line(rules.rewriter, "X-Two: 2", &err), 0);
    struct exchange exchange =
        exchange_of("GET / HTTP/1.1\r\nHost: a\r\nx-one: old\r\nZ: z\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nx-one: new\r\nZ: z\r\nX-Two: 2\r\n" TAIL,
           "");
    exchange = exchange_of("GET / HTTP/1.1\r\nX-Two:\r\nX-One: a\r\nX-One: b\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nX-Two: 2\r\nX-One: new\r\n" TAIL, "");
    rewriter_free(rules.rewriter);
}

static void add_rule(struct rewriter *rewriter, enum rewrite_place place, enum rewrite_action action,
                     const char *name, const char *value)
{
    const struct rewrite_rule rule = {
        .place = place, .action = action, .name = bytes_of(name), .value = bytes_of(value)};
    struct error err;
    assert_int_equal(rewriter_add(rewriter, &rule, &err), 0);
}

static void test_request_rewrites_keep_framing_right_and_the_rest_as_it_was(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("/base");
    rules.rewriter = rewriter_create();
    add_rule(rules.rewriter, REWRITE_PATH, REWRITE_SUBSTITUTE, "", "s#^/v1/#/v2/#");
    add_rule(rules.rewriter, REWRITE_QUERY, REWRITE_SET, "r", "eu");
    add_rule(rules.rewriter, REWRITE_HOST, REWRITE_SUBSTITUTE, "", "s#shop#stage#");
    add_rule(rules.rewriter, REWRITE_HEADER, REWRITE_REMOVE, "Expect", "");
    add_rule(rules.rewriter, REWRITE_JSON, REWRITE_SET, "$.a", "\"longer\"");
    struct exchange exchange = exchange_of("POST http://shop/v1/x?y HTTP/1.1\r\nHOST:shop\r\nEXPECT: "
                                           "100-continue\r\nReferer: http://shop/v1/\r\n"
                                           "Content-Type: application/json\r\ncontent-length: 9\r\n\r\n",
                                           BODY_FRAMING_LENGTH, "{ \"a\":1 }");
    expect(&rules, &exchange,
           "POST /base/v2/x?y&r=eu HTTP/1.1\r\nHOST:stage\r\nReferer: https://stage/v1/\r\n"
           "Content-Type: application/json\r\ncontent-length: 16\r\n" TAIL,
           "{ \"a\":\"longer\" }");
    exchange = exchange_of("POST /v1/ HTTP/1.1\r\nHost: other\r\nContent-Type: application/json\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n",
                           BODY_FRAMING_CHUNKED, "{\"a\":0}");
    expect(&rules, &exchange,
           "POST /base/v2/?r=eu HTTP/1.1\r\nHost: target:81\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n" TAIL,
           "e\r\n{\"a\":\"longer\"}\r\n0\r\n\r\n");
    /* Trailers as the lines of the head, but none is added to them. */
    add_rule(rules.rewriter, REWRITE_HEADER, REWRITE_SET, "X-Sum", "7");
    add_rule(rules.rewriter, REWRITE_HEADER, REWRITE_SUBSTITUTE, "X-To", "s#shop#stage#");
    exchange = exchange_of("POST /v1/ HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked\r\n\r\n",
                           BODY_FRAMING_CHUNKED, "");
    buffer_append_text(&exchange.request.trailers, "expect: x\r\nX-To: shop\r\nA: 1\r\n");
    expect(
        &rules, &exchange,
        "POST /base/v2/?r=eu HTTP/1.1\r\nHost: target:81\r\nTransfer-Encoding: chunked\r\nX-Sum: 7\r\n" TAIL,
        "0\r\nX-To: stage\r\nA: 1\r\n\r\n");
    exchange = exchange_of("POST /v1/ HTTP/1.1\r\nHost: other\r\nTransfer-Encoding: chunked\r\n\r\n",
                           BODY_FRAMING_CHUNKED, "");
    buffer_append_text(&exchange.request.trailers, "A: 1\r\nX-SUM: 1\r\nx-sum: 2\r\n");
    expect(
        &rules, &exchange,
        "POST /base/v2/?r=eu HTTP/1.1\r\nHost: target:81\r\nTransfer-Encoding: chunked\r\nX-Sum: 7\r\n" TAIL,
        "0\r\nA: 1\r\nX-SUM: 7\r\n\r\n");
    rewriter_free(rules.rewriter);
}

static void test_request_that_cannot_be_rewritten_is_not_built(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct linker *linker = linker_create(0, "");
    const struct linker_context context = {.session = 1, .recognition_key = no_key};
    struct request request = {0};
    rules.rewriter = rewriter_create();
    add_rule(rules.rewriter, REWRITE_JSON, REWRITE_SET, "$.a", "1");
    add_rule(rules.rewriter, REWRITE_PATH, REWRITE_SUBSTITUTE, "", "s#^/(a+)+$#/b#");
    static const struct {
        const char *target, *type, *body;
        enum unsent_reason reason;
    } cases[] = {
        {"/", "application/json", "{\"a\":", UNSENT_REWRITE_FAILED},
        {"/", "text/plain", "{\"a\":", UNSENT_NONE},
        {"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "text/plain", "x",
         UNSENT_REWRITE_FAILED},
        {"/aaaa", "application/json", "{\"a\":2}", UNSENT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[256];
        snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: 9\r\n\r\n",
                 cases[i].target, cases[i].type);
        struct exchange exchange = exchange_of(head, BODY_FRAMING_LENGTH, cases[i].body);
        assert_int_equal(request_build(&request, &rules, linker, &context, &exchange), cases[i].reason);
        exchange_free(&exchange);
    }
    assert_int_equal(rewriter_touched(rules.rewriter, 0), 1);
    assert_int_equal(rewriter_touched(rules.rewriter, 1), 1);
    request_free(&request);
    rewriter_free(rules.rewriter);
    linker_free(linker);
}

static void test_request_identifiers_are_fresh_but_verbatim_keeps_them(void **state)
{
    (void)state;
    struct buffer one = {0}, two = {0}, next = {0};
    struct bytes parent = BYTES_LITERAL("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    fresh_append(parent, "run1", 0, &one);
    fresh_append(parent, "run1", 0, &two);
    fresh_append(parent, "run1", 1, &next);
    assert_true(bytes_equal(buffer_bytes(&one), buffer_bytes(&two)));
    assert_false(bytes_equal(buffer_bytes(&one), buffer_bytes(&next)));
    assert_int_equal(one.size, parent.size);
    assert_memory_equal(one.data, "00-", 3);
    assert_memory_equal(one.data + one.size - 3, "-01", 3);
    assert_memory_not_equal(one.data + 3, parent.data + 3, 32);
    assert_int_equal(strspn((char *)one.data + 3, "0123456789abcdef"), 32);
    /* Short keys: different ones stay different. */
    char seen[1000] = {0};
    for (int i = 100; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        buffer_clear(&two);
        fresh_append(bytes_of(key), "run1", 0, &two);
        buffer_append_byte(&two, 0);
        int number = atoi((char *)two.data + 1);
        assert_int_equal(seen[number % 1000], 0);
        seen[number % 1000] = 1;
    }
    buffer_free(&one);
    buffer_free(&two);
    buffer_free(&next);
    struct request_rules rules = rules_of("");
    rules.verbatim = true;
    struct exchange exchange =
        exchange_of("GET / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k1\r\n\r\n", BODY_FRAMING_NONE, "");
    expect(&rules, &exchange, "GET / HTTP/1.1\r\nHost: target:81\r\nIdempotency-Key: k1\r\n" TAIL, "");
}

static void test_request_expect_continue(void **state)
{
    (void)state;
    struct request_rules rules = rules_of("");
    struct linker *linker = linker_create(0, "");
    const struct linker_context context = {.session = 1, .recognition_key = no_key};
    struct request request = {0};
    const char *head = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
    struct exchange exchange = exchange_of(head, BODY_FRAMING_LENGTH, "x");
    assert_int_equal(request_build(&request, &rules, linker, &context, &exchange), UNSENT_NONE);
    assert_true(request.expect_continue);
    exchange_free(&exchange);
    exchange = exchange_of(head, BODY_FRAMING_LENGTH, "");
    assert_int_equal(request_build(&request, &rules, linker, &context, &exchange), UNSENT_NONE);
    assert_false(request.expect_continue);
    exchange_free(&exchange);
    request_free(&request);
    linker_free(linker);
}

static void test_request_for_what_was_created_goes_to_the_targets_place(void **state)
{
    (void)state;
    struct linker *linker = linker_create(0, "/stage");
    const struct linker_context context = {.session = 1, .recognition_key = no_key};
    struct request_rules rules = rules_of("/stage");
    struct request request = {0};
    struct exchange created = exchange_of("POST /orders HTTP/1.1\r\nHost: a\r\n\r\n", BODY_FRAMING_NONE, "");
    buffer_append_text(&created.response.head, "HTTP/1.1 201 Created\r\nLocation: /orders/17\r\n\r\n");
    linker_learn(linker, &context, &created,
                 bytes_of("HTTP/1.1 201 Created\r\nLocation: /stage/orders/94\r\n\r\n"), (struct bytes){0});
    struct exchange read =
        exchange_of("GET /orders/17?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", BODY_FRAMING_NONE, "");
    assert_int_equal(request_build(&request, &rules, linker, &context, &read), UNSENT_NONE);
    assert_int_equal(request.found.linked, 1);
    const char wanted[] = "GET /stage/orders/94?x=1 HTTP/1.1\r\n";
    assert_memory_equal(request.head.data, wanted, sizeof wanted - 1);
    request_free(&request);
    linker_free(linker);
    exchange_free(&created);
    exchange_free(&read);
}

/* Whatever decides quickly that a field stays must know every one of them. */
static void test_request_every_identifier_is_fresh(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Idempotency-Key",
        "X-Idempotency-Key",
        "X-Request-ID",
        "Request-Id",
        "x-request-id",
        "X-Correlation-ID",
        "Correlation-Id",
        "correlation-id",
        "X-Trace-Id",
        "traceparent",
        "Traceparent",
        "b3",
        "B3",
        "X-B3-TraceId",
        "X-Amzn-Trace-Id",
        "uber-trace-id",
        "Uber-Trace-Id",
        "X-Cloud-Trace-Context",
        "x-datadog-trace-id",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct request_rules rules = rules_of("");
        struct buffer fresh = {0};
        char head[256], wanted[256];
        const char *value = "0123456789abcdef0123";
        fresh_append(bytes_of(value), "run1", 0, &fresh);
        assert_false(bytes_equal(buffer_bytes(&fresh), bytes_of(value)));
        snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s: %s\r\n\r\n", names[i], value);
        snprintf(wanted, sizeof wanted, "GET / HTTP/1.1\r\nHost: target:81\r\n%s: %.*s\r\n" TAIL, names[i],
                 (int)fresh.size, (const char *)fresh.data);
        struct exchange exchange = exchange_of(head, BODY_FRAMING_NONE, "");
        expect(&rules, &exchange, wanted, "");
        buffer_free(&fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_for_what_was_created_goes_to_the_targets_place),
        cmocka_unit_test(test_request_is_kept_byte_for_byte),
        cmocka_unit_test(test_request_keeps_a_defect_of_its_length),
        cmocka_unit_test(test_request_target_forms),
        cmocka_unit_test(test_request_hosts_follow_in_origin_and_referer),
        cmocka_unit_test(test_request_framing_is_right_for_the_body),
        cmocka_unit_test(test_request_content_coding_is_applied_again),
        cmocka_unit_test(test_request_close_is_taken_out_in_a_pool_only),
        cmocka_unit_test(test_request_set_header_replaces_or_adds),
        cmocka_unit_test(test_request_rewrites_keep_framing_right_and_the_rest_as_it_was),
        cmocka_unit_test(test_request_that_cannot_be_rewritten_is_not_built),
        cmocka_unit_test(test_request_every_identifier_is_fresh),
        cmocka_unit_test(test_request_identifiers_are_fresh_but_verbatim_keeps_them),
        cmocka_unit_test(test_request_expect_continue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
