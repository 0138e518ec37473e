#include "common/swar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Held against a loop over bytes, for every pair of bytes at every two places of a word of other bytes. */
static void test_swar_first_and_before_are_those_of_a_loop(void **state)
{
    (void)state;
    static const uint8_t filler[] = {'x', 0xff, 0x80, 0x21, 0x5d};
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        uint8_t data[8];
        memset(data, filler[pair % sizeof filler], sizeof data);
        unsigned first_place = pair % 7, second_place = first_place + 1 + pair / 7 % (7 - first_place);
        data[first_place] = (uint8_t)pair;
        data[second_place] = (uint8_t)(pair >> 8);
        unsigned quote = 8, low = 8;
        for (unsigned i = 8; i-- > 0;) {
            quote = data[i] == '"' ? i : quote;
            low = data[i] < 0x20 ? i : low;
        }
        uint64_t word = swar_load(data);
        uint64_t quotes = swar_equal(word, '"'), lows = swar_below(word, 0x20);
        assert_int_equal(quotes ? swar_first(quotes) : 8, quote);
        assert_int_equal(lows ? swar_first(lows) : 8, low);
        if (quotes)
            assert_int_equal(swar_before(lows, quotes) != 0, low < quote);
        if (quotes | lows)
            assert_int_equal(swar_first(quotes | lows), quote < low ? quote : low);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swar_first_and_before_are_those_of_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
