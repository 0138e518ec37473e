/* Scalars and segments that stand for recorded ones are turned back, short ones only under the names of ids; nothing else is. */
#include "replay/state/live_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const struct live_values *values, uint32_t iteration, const char *json, const char *wanted)
{
    struct buffer out = {0};
    assert_int_equal(live_values_turn_back(values, iteration, bytes_of(json), &out), wanted != NULL);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, wanted ? wanted : "");
    buffer_free(&out);
}

static void test_live_values_are_turned_back(void **state)
{
    (void)state;
    struct live_values *values = live_values_create(3);
    expect(values, 0, "{\"id\":\"ord-1\"}", NULL);
    live_values_add(values, 0, bytes_of("ord-1"), bytes_of("ord-7734512"), false);
    live_values_add(values, 0, bytes_of("ord-1"), bytes_of("another"), false); /* the first one counts */
    live_values_add(values, 0, bytes_of("94"), bytes_of("17"), true);
    live_values_add(values, 0, bytes_of("same"), bytes_of("same"), false);
    expect(values, 0, "{\"a\":[\"ord-1\"],\"ord-1\":2,\"text\":\"ord-1 x\"}",
           "{\"a\":[\"ord-7734512\"],\"ord-1\":2,\"text\":\"ord-1 x\"}");
    expect(values, 0, "{\"self\":\"http:\\/\\/h/orders/ord-1/lines?o=ord-1&p=94\"}",
           "{\"self\":\"http:\\/\\/h/orders/ord-7734512/lines?o=ord-7734512&p=94\"}");
    expect(values, 0, "{\"pay_id\":94,\"quantity\":94,\"x\":{\"id\":\"94\"}}",
           "{\"pay_id\":17,\"quantity\":94,\"x\":{\"id\":\"17\"}}");
    expect(values, 1, "{\"id\":\"ord-1\"}", NULL); /* another iteration */
    expect(values, 0, "{\"id\":\"same\"}", NULL);
    live_values_add(values, 0, bytes_of("third"), bytes_of("3rd"), false);
    live_values_add(values, 0, bytes_of("fourth"), bytes_of("4th"), false); /* in the place of the oldest */
    expect(values, 0, "[\"third\",\"fourth\",\"ord-1\"]", "[\"3rd\",\"4th\",\"ord-1\"]");
    live_values_free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_live_values_are_turned_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
