#include "common/scan16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Held against a loop over bytes, with every byte at every place among others. Built with and without vectors. */
static void test_scan16_answers_are_those_of_a_loop(void **state)
{
    (void)state;
    static const uint8_t filler[] = {'x', '5', '"', 0xff, 0x80, ' ', '\t', 'Q'};
    for (unsigned turn = 0; turn < 16 * 256 * sizeof filler; turn++) {
        uint8_t data[16], other[16];
        memset(data, filler[turn / 4096], sizeof data);
        memcpy(other, data, sizeof data);
        data[turn % 16] = (uint8_t)(turn / 16);
        uint32_t ends = 0, either = 0, digits = 0, equal = 0, controls = 0, invisible = 0, no_word = 0;
        for (unsigned i = 0; i < 16; i++) {
            uint8_t byte = data[i];
            ends |= (uint32_t)(byte == '"' || byte == '\\' || byte < 0x20) << i;
            either |= (uint32_t)(byte == '=' || byte == ':') << i;
            digits |= (uint32_t)(byte >= '0' && byte <= '9') << i;
            equal |= (uint32_t)(byte == other[i]) << i;
            controls |= (uint32_t)((byte < 0x20 && byte != '\t') || byte == 0x7f) << i;
            invisible |= (uint32_t)(byte < 0x21 || byte > 0x7e) << i;
            bool word = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9') || byte == '-';
            no_word |= (uint32_t)!word << i;
        }
        struct scan16 scan = scan16_load(data);
        assert_int_equal(scan16_string_ends(scan), ends);
        assert_int_equal(scan16_either(scan, '=', ':'), either);
        assert_int_equal(scan16_digits(scan), digits);
        assert_int_equal(scan16_controls(scan), controls);
        assert_int_equal(scan16_invisible(scan), invisible);
        assert_int_equal(scan16_no_word(scan), no_word);
        assert_int_equal(scan16_equal_all(scan, scan16_load(other)), equal);
        if (digits)
            assert_int_equal(data[scan16_first(digits)] - '0' < 10, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan16_answers_are_those_of_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
