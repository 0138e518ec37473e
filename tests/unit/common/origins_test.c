/* Sets of servers: each once, a bounded number, written and read again. */
#include "common/segment/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct address make(uint8_t family, uint32_t ip, uint16_t port)
{
    struct address address = {.family = family, .port = port};
    memcpy(address.ip, &ip, sizeof ip);
    return address;
}

static bool add(struct origins *origins, uint8_t family, uint32_t ip, uint16_t port)
{
    const struct address address = make(family, ip, port);
    return origins_add(origins, &address);
}

static void test_origins_hold_each_server_once(void **state)
{
    (void)state;
    struct origins origins = {0};
    assert_true(add(&origins, AF_INET, 1, 80));
    assert_false(add(&origins, AF_INET, 1, 80));
    assert_true(add(&origins, AF_INET, 1, 81));
    assert_true(add(&origins, AF_INET6, 1, 80));
    assert_false(add(&origins, AF_INET, 1, 80));
    assert_false(add(&origins, 0, 9, 80)); /* an unknown one */
    assert_int_equal(origins.count, 3);
    origins_clear(&origins);
    assert_true(add(&origins, AF_INET, 1, 80));
    assert_int_equal(origins.count, 1);
    origins_free(&origins);
}

static void test_origins_say_that_they_are_not_all(void **state)
{
    (void)state;
    struct origins origins = {0}, other = {0};
    for (uint32_t ip = 0; ip < ORIGINS_MAX; ip++)
        assert_true(add(&origins, AF_INET, ip, 80));
    for (uint32_t ip = 0; ip < ORIGINS_MAX; ip++)
        assert_false(add(&origins, AF_INET, ip, 80));
    assert_false(origins.over);
    assert_true(add(&origins, AF_INET, ORIGINS_MAX, 80));
    assert_true(origins.over);
    assert_int_equal(origins.count, ORIGINS_MAX);
    origins_add_all(&other, &origins);
    assert_true(other.over);
    origins_free(&origins);
    origins_free(&other);
}

static void test_origins_read_what_they_wrote(void **state)
{
    (void)state;
    struct origins origins = {0}, back = {0};
    struct buffer encoded = {0};
    add(&origins, AF_INET, 0x01020304, 8080);
    add(&origins, AF_INET6, 0x05060708, 65535);
    origins_encode(&origins, &encoded);
    assert_true(origins_decode(buffer_bytes(&encoded), &back));
    assert_int_equal(back.count, 2);
    assert_false(origins_add(&back, &origins.items[0]));
    assert_false(origins_add(&back, &origins.items[1]));
    for (size_t size = 1; size < encoded.size; size++) /* cut short: but for between two */
        assert_int_equal(origins_decode(bytes_make(encoded.data, size), &back), size == 7);
    assert_false(origins_decode(BYTES_LITERAL("\3abc\0\0"), &back));
    origins_free(&origins);
    origins_free(&back);
    buffer_free(&encoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origins_hold_each_server_once),
        cmocka_unit_test(test_origins_say_that_they_are_not_all),
        cmocka_unit_test(test_origins_read_what_they_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
