/* A map keeps the newest entries up to its limit, says when it forgets one, and frees each entry once. */
#include "replay/state/fifo_map.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t freed;

static void count_free(void *entry)
{
    freed++;
    free(entry);
}

static struct keymap_key key(size_t number)
{
    return keymap_key(number, 0);
}

static bool add(struct fifo_map *map, size_t number)
{
    return fifo_map_add(map, key(number), xcalloc(1, sizeof(struct fifo_entry)));
}

static void test_the_oldest_is_forgotten_past_the_limit(void **state)
{
    (void)state;
    struct fifo_map map;
    freed = 0;
    fifo_map_init(&map, 100, count_free);
    for (size_t i = 0; i < 1000; i++) {
        assert_null(fifo_map_get(&map, key(i)));
        assert_int_equal(add(&map, i), i >= 100);
        assert_int_equal(map.forgotten, freed);
        for (size_t j = i >= 120 ? i - 120 : 0; j <= i; j++) {
            struct fifo_entry *entry = fifo_map_get(&map, key(j));
            assert_int_equal(entry != NULL, j + 100 > i);
            assert_true(!entry || entry->key.a == j);
        }
    }
    fifo_map_done(&map);
    assert_int_equal(freed, 1000);
}

static void test_a_map_of_one_keeps_the_last(void **state)
{
    (void)state;
    struct fifo_map map;
    fifo_map_init(&map, 1, count_free);
    assert_false(add(&map, 1));
    assert_true(add(&map, 2));
    assert_null(fifo_map_get(&map, key(1)));
    assert_non_null(fifo_map_get(&map, key(2)));
    assert_true(add(&map, 1)); /* again, after it was forgotten */
    assert_non_null(fifo_map_get(&map, key(1)));
    fifo_map_done(&map);
}

static void test_an_empty_map_finds_nothing_and_can_be_done_twice(void **state)
{
    (void)state;
    struct fifo_map map;
    fifo_map_init(&map, 0, count_free);
    assert_int_equal(map.limit, FIFO_MAP_LIMIT_DEFAULT);
    assert_null(fifo_map_get(&map, key(0)));
    fifo_map_done(&map);
    fifo_map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oldest_is_forgotten_past_the_limit),
        cmocka_unit_test(test_a_map_of_one_keeps_the_last),
        cmocka_unit_test(test_an_empty_map_finds_nothing_and_can_be_done_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
