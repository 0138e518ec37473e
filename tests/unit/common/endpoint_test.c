#include "common/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *endpoint(const char *method, struct bytes target)
{
    static struct buffer out;
    static char text[ENDPOINT_SIZE_MAX + 1];
    buffer_clear(&out);
    endpoint_append(bytes_of(method), target, &out);
    assert_true(out.size <= ENDPOINT_SIZE_MAX);
    memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    buffer_free(&out);
    return text;
}

static void test_endpoint_table(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *path;
    } table[] = {
        {"/", "/"},
        {"", "/"},
        {"/items/7?x=1", "/items/{id}"},
        {"/items/", "/items/"},
        {"/items//x", "/items//x"},
        {"/v1/users/me", "/v1/users/me"},
        {"/users/42/orders/99", "/users/{id}/orders/{id}"},
        {"/a/550e8400-e29b-41d4-a716-446655440000", "/a/{id}"},
        {"/a/550E8400-E29B-41D4-A716-446655440000/b", "/a/{id}/b"},
        {"/c/deadbeef", "/c/deadbeef"},
        {"/c/deadbee1", "/c/{id}"},
        {"/c/deadbeefdeadbeef", "/c/{id}"},
        {"/c/facade", "/c/facade"},
        {"/o/ord_8f3k2j1h9g", "/o/{id}"},
        {"/o/SKU-1001", "/o/{id}"},
        {"/o/utf-8", "/o/utf-8"},
        {"/oauth2/token", "/oauth2/token"},
        {"/blog/how-to-install-debian-12-on-a-laptop", "/blog/how-to-install-debian-12-on-a-laptop"},
        {"/ulid/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/ulid/{id}"},
        {"/t/dGhpc2lzYXZlcnlsb25n1234", "/t/{id}"},
        {"/p/rhxabcdefghijklmnopqrstuvwxyz234567abcdefg", "/p/{id}"},
        {"/p/rhxabcdefghijklmnopqrstuvwxyz234567abcdefg@example.com", "/p/{id}"},
        {"/u/ann@example.com", "/u/{id}"},
        {"/u/ann%40example.com", "/u/{id}"},
        {"/d/2024-01-15", "/d/{id}"},
        {"/api/1.0/x", "/api/1.0/x"},
        {"/img/12345.png", "/img/{id}.png"},
        {"/img/logo.png", "/img/logo.png"},
        {"/%69tems/%37", "/items/{id}"},
        {"/a%2Fb", "/a%2Fb"},
        {"/a%2fb", "/a%2Fb"},
        {"/a b", "/a%20b"},
        {"/a%", "/a%25"},
        {"/%7Bid%7D", "/%7Bid%7D"},
        {"/{id}", "/%7Bid%7D"},
        {"/caf\xc3\xa9", "/caf%C3%A9"},
        {"/\x1b[31mred", "/%1B%5B31mred"},
        {"/cart;jsessionid=0123456789abcdef?x", "/cart"},
        {"http://shop.example:8080/items/7?x", "/items/{id}"},
        {"http://shop.example", "/"},
        {"*", "*"},
        {"/x#frag", "/x"},
        {"/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/i",
         "/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/{id}/a/b/c/d/e/f/g/..."},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *got = endpoint("GET", bytes_of(table[i].target));
        if (strncmp(got, "GET ", 4) != 0 || strcmp(got + 4, table[i].path) != 0)
            fail_msg("%s gave %s instead of GET %s", table[i].target, got, table[i].path);
    }
}

static void test_endpoint_methods(void **state)
{
    (void)state;
    assert_string_equal(endpoint("OPTIONS", bytes_of("*")), "OPTIONS *");
    assert_string_equal(endpoint("CONNECT", bytes_of("shop.example:443")), "CONNECT {authority}");
    assert_string_equal(endpoint("GE\nT", bytes_of("/a")), "GE%0AT /a");
    assert_string_equal(endpoint("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", bytes_of("/a")),
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /a");
}

static void test_endpoint_any_bytes_stay_short_and_printable(void **state)
{
    (void)state;
    uint8_t target[4096];
    unsigned seed = 7;
    for (int round = 0; round < 200; round++) {
        size_t size = (size_t)rand_r(&seed) % sizeof target;
        for (size_t i = 0; i < size; i++)
            target[i] = rand_r(&seed) % 40 == 0 ? '/' : (uint8_t)rand_r(&seed);
        for (const char *c = endpoint("G\x80T", bytes_make(target, size)); *c; c++)
            assert_true(*c >= 0x20 && *c < 0x7f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoint_table),
        cmocka_unit_test(test_endpoint_methods),
        cmocka_unit_test(test_endpoint_any_bytes_stay_short_and_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
