/* fingerprint.h, with the instructions of this machine and without. */
#include "capture/tcp/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE_MAX_TESTED 200

typedef uint32_t fingerprint_fn(struct bytes data);

/* Copies have a place and a size of their own, so that what is read beyond them would be found. */
static uint32_t of_copy(fingerprint_fn *make, const uint8_t *data, size_t size, size_t shift)
{
    uint8_t *copy = malloc(shift + size > 0 ? shift + size : 1);
    memcpy(copy + shift, data, size);
    uint32_t made = make(bytes_make(copy + shift, size));
    free(copy);
    return made;
}

static void check(fingerprint_fn *make)
{
    uint8_t data[SIZE_MAX_TESTED];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 3);
    for (size_t size = 0; size <= sizeof data; size++) {
        uint32_t plain = of_copy(make, data, size, 0);
        for (size_t shift = 1; shift < 16; shift += 2)
            assert_int_equal(of_copy(make, data, size, shift), plain);
        for (size_t at = 0; at < size; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                data[at] ^= (uint8_t)(1 << bit);
                assert_int_not_equal(of_copy(make, data, size, 0), plain);
                data[at] ^= (uint8_t)(1 << bit);
            }
    }
}

static void test_any_bit_that_differs_is_told_wherever_the_bytes_lie(void **state)
{
    (void)state;
    check(fingerprint);
    check(fingerprint_portable);
}

static void test_zeros_of_other_sizes_and_bytes_that_changed_places_differ(void **state)
{
    (void)state;
    static fingerprint_fn *const makers[] = {fingerprint, fingerprint_portable};
    static const uint8_t zeros[SIZE_MAX_TESTED];
    for (unsigned i = 0; i < 2; i++) {
        for (size_t size = 1; size <= SIZE_MAX_TESTED; size++)
            assert_int_not_equal(makers[i](bytes_make(zeros, size)), makers[i](bytes_make(zeros, size - 1)));
        uint8_t data[SIZE_MAX_TESTED] = {0}, swapped[SIZE_MAX_TESTED] = {0};
        for (size_t at = 0; at + 16 < SIZE_MAX_TESTED; at += 16) {
            data[at] = swapped[at + 16] = 1;
            assert_int_not_equal(makers[i](bytes_make(data, sizeof data)),
                                 makers[i](bytes_make(swapped, sizeof swapped)));
            data[at] = swapped[at + 16] = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_bit_that_differs_is_told_wherever_the_bytes_lie),
        cmocka_unit_test(test_zeros_of_other_sizes_and_bytes_that_changed_places_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
