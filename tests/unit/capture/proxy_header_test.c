/* proxy_header.h: every kind of header is read, whole or cut anywhere; what is none is given back; pairing takes the
 * header off, counts it and takes its source as the client's address. */
#include "capture/pairing.h"
#include "capture/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define GET       "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define TCP4      "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"
#define INET      "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\xdc\x04\1\xbb"
#define LONGEST                                                                                              \
    "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535 "                                             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct header_case {
    const char *name;
    const char *data;
    size_t size;
    enum proxy_result result;
    uint32_t header_size;
    const char *source; /* NULL: none is told */
};

#define CASE(name, text, result, header_size, source)                                                        \
    {                                                                                                        \
        name, text, sizeof(text) - 1, result, header_size, source                                            \
    }

static const struct header_case cases[] = {
    CASE("v1 IPv4", TCP4, PROXY_READ, 45, "192.0.2.1:56324"),
    CASE("v1 IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", PROXY_READ, 44, "[2001:db8::1]:1"),
    CASE("v1 unknown", "PROXY UNKNOWN\r\n", PROXY_READ, 15, NULL),
    CASE("v1 unknown with anything", "PROXY UNKNOWN ffff:: 1 2 3\r\n", PROXY_READ, 28, NULL),
    CASE("v1 of the longest size", LONGEST "\r\n", PROXY_READ, sizeof LONGEST + 1, NULL),
    CASE("v1 too long", LONGEST "xxxxxxx\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with two spaces", "PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with a leading zero", "PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with the other family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with a port too large", "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n", PROXY_MALFORMED, 0,
         NULL),
    CASE("v1 without a port", "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with a word more", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with NUL", "PROXY TCP4 192.0.2.1\0 198.51.100.2 1 2\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 with LF alone", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", PROXY_MALFORMED, 0, NULL),
    CASE("v1 unknown, and more to the word", "PROXY UNKNOWNS\r\n", PROXY_MALFORMED, 0, NULL),
    CASE("a method called PROXY", "PROXY /x HTTP/1.1\r\n", PROXY_NONE, 0, NULL),
    CASE("a method like it", "PROPFIND /x HTTP/1.1\r\n", PROXY_NONE, 0, NULL),
    CASE("v2 IPv4", SIGNATURE INET, PROXY_READ, 28, "192.0.2.1:56324"),
    CASE("v2 IPv4, datagrams", SIGNATURE "\x21\x12\0\x0c\xc0\0\2\1\xc6\x33\x64\2\0\1\0\2", PROXY_READ, 28,
         "192.0.2.1:1"),
    CASE("v2 IPv4 with values", SIGNATURE "\x21\x11\0\x13\xc0\0\2\1\xc6\x33\x64\2\0\1\0\2\4\0\4abcd",
         PROXY_READ, 35, "192.0.2.1:1"),
    CASE("v2 IPv6",
         SIGNATURE
         "\x21\x21\0\x24\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2\0\7\0\x50",
         PROXY_READ, 52, "[2001:db8::1]:7"),
    CASE("v2 local", SIGNATURE "\x20\0\0\0", PROXY_READ, 16, NULL),
    CASE("v2 local with addresses", SIGNATURE "\x20\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\0\1\0\2", PROXY_READ,
         28, NULL),
    CASE("v2 unspecified with bytes", SIGNATURE "\x21\0\0\3abc", PROXY_READ, 19, NULL),
    CASE("v2 unix", SIGNATURE "\x21\x31\0\xd8", PROXY_READ, 232, NULL),
    CASE("v2 too short for IPv4", SIGNATURE "\x21\x11\0\x0b\xc0\0\2\1\xc6\x33\x64\2\0\1\0", PROXY_MALFORMED,
         0, NULL),
    CASE("v2 too short for IPv6", SIGNATURE "\x21\x21\0\x23", PROXY_MALFORMED, 0, NULL),
    CASE("v2 too short for unix", SIGNATURE "\x21\x31\0\xd7", PROXY_MALFORMED, 0, NULL),
    CASE("v2 of version 1", SIGNATURE "\x11\x11\0\x0c", PROXY_MALFORMED, 0, NULL),
    CASE("v2 with another command", SIGNATURE "\x22\x11\0\x0c", PROXY_MALFORMED, 0, NULL),
    CASE("v2 of another family", SIGNATURE "\x21\x41\0\x0c", PROXY_MALFORMED, 0, NULL),
    CASE("v2 of another transport", SIGNATURE "\x21\x13\0\x0c", PROXY_MALFORMED, 0, NULL),
    CASE("not the signature", "\r\n\r\n\0\r\nQUIT!", PROXY_NONE, 0, NULL),
    CASE("empty lines", "\r\n\r\nGET / HTTP/1.1\r\n", PROXY_NONE, 0, NULL),
    CASE("a request", GET, PROXY_NONE, 0, NULL),
};

static void test_header_is_judged_however_much_of_it_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct header_case *c = &cases[i];
        struct proxy_header header;
        enum proxy_result result = proxy_header_judge(bytes_make(c->data, c->size), &header);
        if (result != c->result)
            print_error("%s: result %d\n", c->name, result);
        assert_int_equal(result, c->result);
        if (result == PROXY_READ) {
            char text[ADDRESS_TEXT_SIZE];
            assert_int_equal(header.size, c->header_size);
            assert_int_equal(header.has_source, c->source != NULL);
            if (c->source)
                assert_string_equal(address_format(&header.source, text), c->source);
        }
        bool told = false;
        for (size_t size = 0; size <= c->size; size++) {
            enum proxy_result early = proxy_header_judge(bytes_make(c->data, size), &header);
            assert_true(early == c->result || (early == PROXY_MORE && !told));
            told = early != PROXY_MORE;
        }
    }
}

/* ---- in front of requests ---- */

struct seen {
    unsigned exchanges;
    uint64_t client, first_ns;
    char source[ADDRESS_TEXT_SIZE];
};

static void on_done(void *arg, struct exchange *exchange)
{
    struct seen *seen = arg;
    seen->exchanges++;
    seen->client = exchange->client;
    seen->first_ns = exchange->request.first_ns;
}

static uint64_t client_of(void *arg, const struct address *source)
{
    struct seen *seen = arg;
    address_format(source, seen->source);
    return 77;
}

/* Feeds |data| and a request behind it, cut at |cut|, each part a packet; returns what was counted. */
static struct pairing_counts run(const char *data, size_t size, size_t cut, struct seen *seen)
{
    struct buffer stream = {0};
    buffer_append(&stream, data, size);
    buffer_append_text(&stream, GET GET);
    const struct pairing_settings settings = {.done = on_done, .arg = seen, .client_of = client_of};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){.client = 5});
    size_t step = cut == 0 ? 1 : cut;
    for (size_t at = 0; at < stream.size; at += step) {
        size_t part = stream.size - at < step ? stream.size - at : step;
        pairing_feed(pairing, PAIRING_CLIENT, bytes_make(stream.data + at, part), 10 + at, true);
    }
    pairing_free(pairing);
    struct pairing_counts counts = *pairing_pool_counts(pool);
    assert_int_equal(counts.bytes_reassembled, stream.size);
    assert_int_equal(counts.bytes_reassembled,
                     counts.bytes_recorded + counts.bytes_skipped + counts.bytes_opaque);
    pairing_pool_free(pool);
    buffer_free(&stream);
    return counts;
}

static void test_header_is_taken_off_and_names_the_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct header_case *c = &cases[i];
        if (c->result != PROXY_READ || c->header_size != c->size)
            continue;
        for (size_t cut = 0; cut <= c->size + 3; cut++) {
            struct seen seen = {0};
            struct pairing_counts counts = run(c->data, c->size, cut, &seen);
            assert_int_equal(seen.exchanges, 2);
            assert_int_equal(seen.client, c->source ? 77 : 5);
            assert_string_equal(seen.source, c->source ? c->source : "");
            assert_int_equal(counts.connections_proxied, 1);
            assert_int_equal(counts.connections_not_http, 0);
            assert_int_equal(counts.bytes_skipped, c->size);
        }
    }
}

static void test_malformed_header_makes_the_connection_another_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct header_case *c = &cases[i];
        if (c->result != PROXY_MALFORMED)
            continue;
        for (size_t cut = 0; cut <= c->size + 3; cut++) {
            struct seen seen = {0};
            struct pairing_counts counts = run(c->data, c->size, cut, &seen);
            assert_int_equal(seen.exchanges, 0);
            assert_int_equal(counts.connections_proxied, 0);
            assert_int_equal(counts.connections_not_http, 1);
            assert_int_equal(counts.bytes_opaque, c->size + 2 * strlen(GET));
        }
    }
}

static void test_what_is_no_header_is_read_as_if_nobody_had_looked(void **state)
{
    (void)state;
    static const char post[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    for (size_t cut = 0; cut < sizeof post; cut++) {
        struct seen seen = {0};
        struct pairing_counts counts = run(post, sizeof post - 1, cut, &seen);
        assert_int_equal(seen.exchanges, 3);
        assert_int_equal(counts.bytes_skipped, 0);
        assert_int_equal(counts.requests_seen, 3);
    }
}

static void test_hole_in_a_header_costs_only_the_header(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct pairing_settings settings = {.done = on_done, .arg = &seen, .client_of = client_of};
    struct pairing_pool *pool = pairing_pool_create(&settings);
    static const char header[] = SIGNATURE "\x21\x11\0\x33\xc0\0\2\1\xc6\x33\x64\2\0\1\0\2";
    for (uint64_t lost = 38; lost <= 42; lost++) {
        struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){.client = 5});
        pairing_feed(pairing, PAIRING_CLIENT, bytes_make(header, sizeof header - 1), 1, true);
        pairing_gap(pairing, PAIRING_CLIENT, lost, 2);
        pairing_feed(pairing, PAIRING_CLIENT, bytes_of("x" GET), 3, true);
        pairing_free(pairing);
    }
    /* 39 are left of it. With 38 lost the x is its last byte, with 39 the x is a method's first; beyond it, a start line
     * must begin a segment. */
    assert_int_equal(seen.exchanges, 2);
    assert_int_equal(pairing_pool_counts(pool)->bytes_gap, 38 + 39 + 40 + 41 + 42);
    struct pairing *pairing = pairing_create(pool, &(struct pairing_connection){.client = 5});
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of("PROXY TC"), 1, true);
    pairing_gap(pairing, PAIRING_CLIENT, 10, 2);
    pairing_feed(pairing, PAIRING_CLIENT, bytes_of(GET), 3, true);
    pairing_end(pairing, PAIRING_CLIENT, true, 4);
    pairing_free(pairing);
    assert_int_equal(seen.exchanges, 3);
    pairing_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_judged_however_much_of_it_is_there),
        cmocka_unit_test(test_header_is_taken_off_and_names_the_client),
        cmocka_unit_test(test_malformed_header_makes_the_connection_another_protocol),
        cmocka_unit_test(test_what_is_no_header_is_read_as_if_nobody_had_looked),
        cmocka_unit_test(test_hole_in_a_header_costs_only_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
