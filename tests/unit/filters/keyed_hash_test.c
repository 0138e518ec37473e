/* The hash of short values is that of libsodium, for every size, and that of RFC 7693 thereby. */
#include "filters/keyed_hash.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_hashes_are_those_of_libsodium(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    for (unsigned round = 0; round < 50; round++) {
        uint8_t key[KEYED_HASH_KEY_SIZE], value[KEYED_HASH_MAX];
        uint8_t wanted[KEYED_HASH_SIZE], got[KEYED_HASH_SIZE];
        struct keyed_hash hash;
        randombytes_buf(key, sizeof key);
        randombytes_buf(value, sizeof value);
        keyed_hash_init(&hash, key);
        for (size_t size = 1; size <= sizeof value; size++) {
            crypto_generichash(wanted, sizeof wanted, value, size, key, sizeof key);
            keyed_hash_make(&hash, bytes_make(value, size), got);
            assert_memory_equal(got, wanted, sizeof wanted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_those_of_libsodium),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
