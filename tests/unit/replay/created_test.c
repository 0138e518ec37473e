#include "replay/created.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *head_of(const char *status, const char *location)
{
    return xasprintf("HTTP/1.1 %s x\r\nServer: s\r\nLocation: %s\r\n\r\n", status, location);
}

static bool learn_statuses(struct created *created, uint32_t iteration, const char *recorded_status,
                           const char *recorded, const char *actual_status, const char *actual)
{
    char *a = head_of(recorded_status, recorded), *b = head_of(actual_status, actual);
    struct bytes from, to;
    bool moved = created_locations(created, bytes_of(a), bytes_of(b), &from, &to);
    if (moved)
        created_add(created, iteration, from, to);
    moved = moved && !bytes_equal(from, to);
    free(a);
    free(b);
    return moved;
}

static bool learn(struct created *created, uint32_t iteration, const char *recorded, const char *actual)
{
    return learn_statuses(created, iteration, "201", recorded, "201", actual);
}

/* |wanted| NULL: stays as it is. */
static void expect(const struct created *created, uint32_t iteration, const char *target, const char *wanted)
{
    struct buffer out = {0};
    size_t size = 0;
    struct bytes actual;
    bool changed = created_find(created, iteration, bytes_of(target), &size, &actual);
    assert_int_equal(changed, wanted != NULL);
    if (wanted) {
        buffer_append_bytes(&out, actual);
        buffer_append_text(&out, target + size);
        buffer_append_byte(&out, 0);
        assert_string_equal((char *)out.data, wanted);
    }
    buffer_free(&out);
}

static void test_created_place_moves_with_what_is_below_it(void **state)
{
    (void)state;
    struct created *created = created_create("", 0);
    assert_true(learn(created, 0, "/orders/17", "/orders/94"));
    expect(created, 0, "/orders/17", "/orders/94");
    expect(created, 0, "/orders/17/lines/17?x=/orders/17", "/orders/94/lines/17?x=/orders/17");
    expect(created, 0, "/orders/17?a=b", "/orders/94?a=b");
    expect(created, 0, "/orders/17#a", "/orders/94#a");
    expect(created, 0, "/orders/171", NULL);
    expect(created, 0, "/orders/1", NULL);
    expect(created, 0, "/orders", NULL);
    expect(created, 0, "/items/17", NULL);
    expect(created, 0, "/x/orders/17", NULL);
    expect(created, 0, "/", NULL);
    expect(created, 0, "", NULL);
    expect(created, 0, "*", NULL);
    created_free(created);
}

static void test_longest_created_place_wins(void **state)
{
    (void)state;
    struct created *created = created_create("", 0);
    learn(created, 0, "/orders/17", "/orders/94");
    learn(created, 0, "/orders/17/lines/3", "/orders/94/lines/8");
    expect(created, 0, "/orders/17/lines/3/notes", "/orders/94/lines/8/notes");
    expect(created, 0, "/orders/17/lines/4", "/orders/94/lines/4");
    created_free(created);
}

static void test_iterations_are_apart(void **state)
{
    (void)state;
    struct created *created = created_create("", 0);
    learn(created, 0, "/orders/17", "/orders/94");
    learn(created, 1, "/orders/17", "/orders/95");
    expect(created, 0, "/orders/17", "/orders/94");
    expect(created, 1, "/orders/17", "/orders/95");
    expect(created, 2, "/orders/17", NULL);
    created_free(created);
}

static void test_location_forms(void **state)
{
    (void)state;
    struct created *created = created_create("/stage", 0);
    assert_true(
        learn(created, 0, "https://shop.example/orders/1?x#y", "http://127.0.0.1:8080/stage/orders/2"));
    expect(created, 0, "/orders/1", "/orders/2");
    assert_true(learn(created, 0, "/orders/3", "/stage/orders/4?ok"));
    expect(created, 0, "/orders/3", "/orders/4");
    assert_false(learn(created, 0, "orders/5", "orders/6"));
    assert_false(learn(created, 0, "//host/orders/5", "/orders/6"));
    assert_false(learn(created, 0, "http://host", "/orders/6"));
    assert_false(learn(created, 0, "/", "/orders/6"));
    assert_false(learn(created, 0, "", "/orders/6"));
    assert_false(learn(created, 0, "/orders/5", "/orders/a b"));
    assert_false(learn(created, 0, "/orders/5", "/orders/\x80"));
    expect(created, 0, "/orders/5", NULL);
    created_free(created);
}

static void test_only_created_on_both_sides_is_learnt(void **state)
{
    (void)state;
    struct created *created = created_create("", 0);
    assert_false(learn_statuses(created, 0, "201", "/orders/1", "302", "/login"));
    assert_false(learn_statuses(created, 0, "302", "/orders/1", "201", "/orders/2"));
    assert_false(learn(created, 0, "/orders/1", "/orders/1"));
    expect(created, 0, "/orders/1", NULL);
    struct bytes from, to;
    assert_false(created_locations(created, bytes_of("HTTP/1.1 201 Created\r\n\r\n"), bytes_of("garbage"),
                                   &from, &to));
    created_free(created);
}

static void test_later_creation_of_the_same_place_counts(void **state)
{
    (void)state;
    struct created *created = created_create("", 0);
    learn(created, 0, "/orders/1", "/orders/7");
    learn(created, 0, "/orders/1", "/orders/8");
    expect(created, 0, "/orders/1", "/orders/8");
    assert_false(learn(created, 0, "/orders/1", "/orders/1"));
    expect(created, 0, "/orders/1", "/orders/1");
    created_free(created);
}

static void test_oldest_are_forgotten_and_counted(void **state)
{
    (void)state;
    struct created *created = created_create("", 500);
    for (int i = 0; i < 600; i++) {
        char recorded[32], actual[32];
        snprintf(recorded, sizeof recorded, "/orders/%d", i);
        snprintf(actual, sizeof actual, "/orders/%d", i + 1000);
        learn(created, 0, recorded, actual);
    }
    assert_int_equal(created_forgotten(created), 100);
    for (int i = 0; i < 600; i++) {
        char recorded[32], actual[32];
        snprintf(recorded, sizeof recorded, "/orders/%d", i);
        snprintf(actual, sizeof actual, "/orders/%d", i + 1000);
        expect(created, 0, recorded, i < 100 ? NULL : actual);
    }
    created_free(created);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_created_place_moves_with_what_is_below_it),
        cmocka_unit_test(test_longest_created_place_wins),
        cmocka_unit_test(test_iterations_are_apart),
        cmocka_unit_test(test_location_forms),
        cmocka_unit_test(test_only_created_on_both_sides_is_learnt),
        cmocka_unit_test(test_later_creation_of_the_same_place_counts),
        cmocka_unit_test(test_oldest_are_forgotten_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
