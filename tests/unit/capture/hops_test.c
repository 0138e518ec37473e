/* hops.h: a proxy's two sides are told from two servers that are asked the same. */
#include "capture/hops.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Servers are known by the last byte of their address; so are clients by their id. */
static uint64_t client_of(void *arg, const struct address *address)
{
    (void)arg;
    return address->ip[3];
}

static uint64_t connections;

/* An exchange with |server| between two times in microseconds, asked by |client|. */
static void see(struct hops *hops, uint8_t server, uint8_t client, const char *path, uint64_t from_us,
                uint64_t to_us)
{
    struct exchange exchange = {
        .connection = ++connections,
        .client = client,
        .server = {.family = AF_INET, .ip = {10, 0, 0, server}, .port = (uint16_t)(8000 + server)},
        .status = 200,
        .request = {.first_ns = from_us * 1000, .last_ns = from_us * 1000},
        .response = {.first_ns = to_us * 1000, .last_ns = to_us * 1000},
    };
    buffer_printf(&exchange.request.head, "GET %s HTTP/1.1\r\nHost: h%u\r\nUser-Agent: test\r\n\r\n", path,
                  server);
    hops_see(hops, &exchange);
    exchange_free(&exchange);
}

static const char *path_of(unsigned i)
{
    static char path[32];
    snprintf(path, sizeof path, "/items/%u", i);
    return path;
}

static void test_hops_a_proxy_and_what_is_behind_it(void **state)
{
    (void)state;
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t at = 1000000 + i * 300; /* three are under way at a time */
        if (i % 5 != 0)                  /* from the proxy's cache */
            see(hops, 7, 99, path_of(i), at + 50, at + 800);
        see(hops, 5, 1, path_of(i), at, at + 900);
    }
    assert_true(hops_find(hops, &finding));
    assert_int_equal(finding.outer.ip[3], 5);
    assert_int_equal(finding.inner.ip[3], 7);
    assert_int_equal(finding.inner_count, 1);
    assert_true(finding.share_pct > 79 && finding.share_pct < 81);
    hops_free(hops);
}

static void test_hops_behind_a_balancer_and_out_of_order(void **state)
{
    (void)state;
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 300; i++) {
        uint64_t at = 1000000 + i * 300;
        see(hops, 5, 1, path_of(i), at, at + 900); /* handed over first, as where an ACK was late */
        see(hops, (uint8_t)(7 + i % 3), 99, path_of(i), at + 50, at + 800);
    }
    assert_true(hops_find(hops, &finding));
    assert_int_equal(finding.outer.ip[3], 5);
    assert_int_equal(finding.inner_count, 3);
    assert_true(finding.share_pct > 98);
    hops_free(hops);
}

static void test_hops_the_same_request_over_and_over_through_a_proxy(void **state)
{
    (void)state;
    struct hops *alone = hops_create(client_of, NULL), *crowd = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 300; i++) {
        uint64_t at = 1000000 + i * 1000; /* one at a time: nothing else explains the inner one */
        see(alone, 7, 99, "/same", at + 50, at + 800);
        see(alone, 5, 1, "/same", at, at + 900);
        at = 1000000 + i * 300; /* three at a time: the inner one's client is the outer one's server */
        see(crowd, 7, 5, "/same", at + 50, at + 800);
        see(crowd, 5, 1, "/same", at, at + 900);
    }
    assert_true(hops_find(alone, &finding));
    assert_true(hops_find(crowd, &finding));
    assert_true(finding.share_pct > 98);
    hops_free(alone);
    hops_free(crowd);
}

static void test_hops_one_server_or_few_pairs_are_nothing(void **state)
{
    (void)state;
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 1000; i++)
        see(hops, 5, 1, "/same", 1000000 + i * 10, 1000000 + i * 11 + 50);
    for (unsigned i = 0; i < 10; i++) {
        see(hops, 7, 5, path_of(i), 2000000 + i * 100, 2000000 + i * 100 + 50);
        see(hops, 5, 1, path_of(i), 2000000 + i * 100, 2000000 + i * 100 + 60);
    }
    assert_false(hops_find(hops, &finding));
    hops_free(hops);
}

static void test_hops_retries_and_a_copy_in_sequence_are_nothing(void **state)
{
    (void)state;
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 1000; i++) { /* each request is asked of 5, then of 7 */
        uint64_t at = 1000000 + i * 1000;
        see(hops, 5, 1, path_of(i), at, at + 400);
        see(hops, 7, 1, path_of(i), at + 400, at + 700);
    }
    assert_false(hops_find(hops, &finding));
    hops_free(hops);
}

/* An exchange that is to be seen, for sorting by its end. */
struct planned {
    uint8_t server;
    uint64_t from_us, to_us;
};

static int by_end(const void *a, const void *b)
{
    const struct planned *x = a, *y = b;
    return x->to_us < y->to_us ? -1 : x->to_us > y->to_us;
}

/* |threads| clients of each of two servers ask one path without a pause, all with the id |client|. */
static bool load_is_two_hops(unsigned threads, unsigned mean0_us, unsigned mean1_us, uint8_t client)
{
    static struct planned planned[6000];
    size_t count = 0;
    unsigned seed = 1;
    for (unsigned server = 0; server < 2; server++) {
        for (unsigned thread = 0; thread < threads; thread++) {
            uint64_t at = 1000000 + thread;
            for (unsigned i = 0; i < 3000 / threads && at < 1900000; i++) {
                unsigned mean = server ? mean1_us : mean0_us;
                uint64_t takes = mean / 4 + (unsigned)rand_r(&seed) % (mean * 3 / 2);
                planned[count++] = (struct planned){(uint8_t)(5 + server), at, at + takes};
                at += takes + (unsigned)rand_r(&seed) % 20;
            }
        }
    }
    qsort(planned, count, sizeof planned[0], by_end);
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (size_t i = 0; i < count; i++)
        see(hops, planned[i].server, client, "/same", planned[i].from_us, planned[i].to_us);
    bool found = hops_find(hops, &finding);
    hops_free(hops);
    return found;
}

static void test_hops_popular_requests_to_two_servers_are_nothing(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 8, 32};
    static const unsigned means[][2] = {{300, 300}, {300, 320},  {300, 400},
                                        {300, 600}, {300, 3000}, {200, 5000}};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        for (size_t k = 0; k < sizeof means / sizeof means[0]; k++)
            for (unsigned client = 1; client < 7;
                 client += 4) /* 5: the client is on the first server's host */
                if (load_is_two_hops(threads[i], means[k][0], means[k][1], (uint8_t)client))
                    fail_msg("%u threads, %u and %u us, client %u", threads[i], means[k][0], means[k][1],
                             client);
}

static void test_hops_more_servers_than_fit_are_passed_over(void **state)
{
    (void)state;
    struct hops *hops = hops_create(client_of, NULL);
    struct hops_finding finding;
    for (unsigned i = 0; i < 256; i++)
        see(hops, (uint8_t)i, 1, path_of(i), 1000000 + i, 1000010 + i);
    assert_false(hops_find(hops, &finding));
    hops_free(hops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hops_a_proxy_and_what_is_behind_it),
        cmocka_unit_test(test_hops_behind_a_balancer_and_out_of_order),
        cmocka_unit_test(test_hops_the_same_request_over_and_over_through_a_proxy),
        cmocka_unit_test(test_hops_one_server_or_few_pairs_are_nothing),
        cmocka_unit_test(test_hops_retries_and_a_copy_in_sequence_are_nothing),
        cmocka_unit_test(test_hops_popular_requests_to_two_servers_are_nothing),
        cmocka_unit_test(test_hops_more_servers_than_fit_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
