/* The response parser: framing by every rule of RFC 9112 §6.3, whole, byte by byte and cut at every offset. */
#include "replay/sender/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD_MAX 4096

/* One answer and what must be made of it. */
struct example {
    const char *name;
    const char *bytes;
    bool method_is_head;
    bool ends; /* the connection ends after it */
    enum response_verdict verdict;
    uint16_t status;
    uint32_t interim_count;
    const char *head_begins;
    const char *body;
    size_t surplus;
    bool keep_alive;
};

#define OK11 "HTTP/1.1 200 OK\r\n"
static const struct example examples[] = {
    {"length", OK11 "Content-Length: 5\r\n\r\nhello", .verdict = RESPONSE_COMPLETE, .status = 200,
     .head_begins = "HTTP/1.1 200 OK\r\nContent", .body = "hello", .keep_alive = true},
    {"empty", OK11 "Content-Length: 0\r\n\r\n", .verdict = RESPONSE_COMPLETE, .status = 200, .body = "",
     .keep_alive = true},
    {"chunked", OK11 "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "hello world", .keep_alive = true},
    {"head", OK11 "Content-Length: 500\r\n\r\n", .method_is_head = true, .verdict = RESPONSE_COMPLETE,
     .status = 200, .body = "", .keep_alive = true},
    {"head chunked", OK11 "Transfer-Encoding: chunked\r\n\r\n", .method_is_head = true,
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "", .keep_alive = true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", .verdict = RESPONSE_COMPLETE, .status = 204, .body = "",
     .keep_alive = true},
    {"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
     .verdict = RESPONSE_COMPLETE, .status = 304, .body = "", .keep_alive = true},
    {"interim",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n" OK11 "Content-Length: 1\r\n\r\nx",
     .verdict = RESPONSE_COMPLETE, .status = 200, .interim_count = 2, .head_begins = OK11, .body = "x",
     .keep_alive = true},
    {"close-delimited", "HTTP/1.0 200 OK\r\n\r\nuntil the end", .ends = true, .verdict = RESPONSE_COMPLETE,
     .status = 200, .body = "until the end"},
    {"cut length", OK11 "Content-Length: 50\r\n\r\nhello", .ends = true, .verdict = RESPONSE_INCOMPLETE,
     .status = 200, .body = "hello"},
    {"cut chunk", OK11 "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", .ends = true,
     .verdict = RESPONSE_INCOMPLETE, .status = 200, .body = "hel"},
    {"cut head", "HTTP/1.1 200 O", .ends = true, .verdict = RESPONSE_INCOMPLETE},
    {"only 100", "HTTP/1.1 100 Continue\r\n\r\n", .ends = true, .verdict = RESPONSE_INCOMPLETE,
     .interim_count = 1},
    {"nothing", "", .ends = true, .verdict = RESPONSE_INCOMPLETE},
    {"Connection: close", OK11 "Connection: close\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok"},
    {"Connection: keep-alive", OK11 "connection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok", .keep_alive = true},
    {"Connection twice", OK11 "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok"},
    {"Connection as a list", OK11 "Connection: x, close\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok"},
    {"Proxy-Connection", OK11 "Proxy-Connection: close\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok"},
    {"1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "ok", .keep_alive = true},
    {"101", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw",
     .verdict = RESPONSE_COMPLETE, .status = 101, .body = "", .surplus = 3, .keep_alive = true},
    {"surplus", OK11 "Content-Length: 2\r\n\r\nokHTTP/1.1 200", .verdict = RESPONSE_COMPLETE, .status = 200,
     .body = "ok", .surplus = 12, .keep_alive = true},
    {"empty lines before", "\r\n\r\n" OK11 "Content-Length: 2\r\n\r\nok", .verdict = RESPONSE_COMPLETE,
     .status = 200, .head_begins = "HTTP/1.1 200", .body = "ok", .keep_alive = true},
    {"length and chunked", OK11 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     .verdict = RESPONSE_COMPLETE, .status = 200, .body = "a", .keep_alive = true},
    {"garbage", "SSH-2.0-OpenSSH_9\r\n", .verdict = RESPONSE_MALFORMED},
    {"bad chunk", OK11 "Transfer-Encoding: chunked\r\n\r\nzz\r\n", .verdict = RESPONSE_MALFORMED,
     .status = 200, .body = ""},
    {"bad status", "HTTP/1.1 99 Low\r\n\r\n", .verdict = RESPONSE_MALFORMED},
    {"two lengths", OK11 "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", .verdict = RESPONSE_MALFORMED},
};

static void check(const struct example *example, const struct response *response,
                  enum response_verdict verdict, size_t fed)
{
    const struct response_facts *facts = response_facts(response);
    if (verdict != example->verdict || facts->status != example->status ||
        facts->interim_count != example->interim_count)
        fail_msg("%s: verdict %d status %u interim %u (%s)", example->name, (int)verdict, facts->status,
                 facts->interim_count, facts->detail ? facts->detail : "");
    if (example->head_begins)
        assert_memory_equal(facts->head.data, example->head_begins, strlen(example->head_begins));
    if (facts->status && verdict == RESPONSE_COMPLETE)
        assert_memory_equal(facts->head.data + facts->head.size - 4, "\r\n\r\n", 4);
    if (example->body) {
        assert_int_equal(facts->body_bytes, strlen(example->body));
        assert_true(bytes_equal(facts->body, bytes_of(example->body)));
    }
    if (verdict == RESPONSE_COMPLETE) {
        assert_int_equal(facts->keep_alive, example->keep_alive);
        assert_int_equal(facts->surplus_bytes + strlen(example->bytes) - fed, example->surplus);
    }
}

/* Feeds |example| in parts that end at |first| and then every |step| bytes, from memory that is gone afterwards. */
static void run(const struct example *example, struct response *response, size_t first, size_t step)
{
    size_t size = strlen(example->bytes), at = 0;
    enum response_verdict verdict = RESPONSE_MORE;
    response_begin(response, example->method_is_head, 1000);
    uint8_t *part = NULL;
    while (at < size && verdict == RESPONSE_MORE) {
        size_t end = at == 0 && first ? first : at + step;
        end = end < size ? end : size;
        free(part);
        part = malloc(end - at);
        memcpy(part, example->bytes + at, end - at);
        verdict = response_feed(response, bytes_make(part, end - at), at + 1);
        at = end;
    }
    if (verdict == RESPONSE_MORE && example->ends)
        verdict = response_end(response);
    check(example, response, verdict, at);
    free(part);
}

static void test_response_framing_does_not_depend_on_cuts(void **state)
{
    (void)state;
    struct known_head known = {0};
    struct response *response = response_create(HEAD_MAX, &known);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        size_t size = strlen(examples[i].bytes);
        for (int again = 0; again < 2; again++) /* the second time its head may be known */
            run(&examples[i], response, 0, size + 1);
        run(&examples[i], response, 0, 1);
        for (size_t cut = 1; cut < size; cut++)
            run(&examples[i], response, cut, size);
    }
    response_free(response);
}

static void test_response_first_byte_is_that_of_the_final_response(void **state)
{
    (void)state;
    struct response *response = response_create(HEAD_MAX, NULL);
    response_begin(response, false, 0);
    assert_int_equal(response_feed(response, bytes_of("HTTP/1.1 100 Continue\r\n\r\n"), 10), RESPONSE_MORE);
    assert_true(response_facts(response)->continued);
    assert_false(response_facts(response)->begun);
    assert_int_equal(response_feed(response, bytes_of("HTTP/1.1 2"), 20), RESPONSE_MORE);
    assert_int_equal(response_feed(response, bytes_of("00 OK\r\nContent-Length: 0\r\n\r\n"), 30),
                     RESPONSE_COMPLETE);
    assert_int_equal(response_facts(response)->first_byte_ns, 20);
    response_free(response);
}

static void test_response_caps_head_interims_and_body(void **state)
{
    (void)state;
    struct response *response = response_create(HEAD_MAX, NULL);
    static const char field[] = "X-Filler: 0123456789012345678901234567890123456789\r\n";
    response_begin(response, false, 0);
    enum response_verdict verdict = response_feed(response, bytes_of(OK11), 1);
    int lines = 0;
    for (; verdict == RESPONSE_MORE && lines < 1000; lines++)
        verdict = response_feed(response, bytes_of(field), 1);
    assert_int_equal(verdict, RESPONSE_MALFORMED);
    assert_true(lines * (sizeof field - 1) < HEAD_MAX + sizeof field);

    response_begin(response, false, 0);
    verdict = RESPONSE_MORE;
    int interims = 0;
    for (; verdict == RESPONSE_MORE && interims < 1000; interims++)
        verdict = response_feed(response, bytes_of("HTTP/1.1 102 Processing\r\n\r\n"), 1);
    assert_int_equal(verdict, RESPONSE_MALFORMED);
    assert_int_equal(interims, 101);

    response_begin(response, false, 7);
    response_feed(response, bytes_of(OK11 "Content-Length: 100000\r\n\r\nabc"), 1);
    for (int i = 0; i < 9000; i++)
        assert_int_equal(response_feed(response, bytes_of("0123456789"), 1), RESPONSE_MORE);
    assert_int_equal(response_facts(response)->body_bytes, 90003);
    assert_true(bytes_equal(response_facts(response)->body, BYTES_LITERAL("abc0123")));
    response_free(response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response_framing_does_not_depend_on_cuts),
        cmocka_unit_test(test_response_first_byte_is_that_of_the_final_response),
        cmocka_unit_test(test_response_caps_head_interims_and_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
