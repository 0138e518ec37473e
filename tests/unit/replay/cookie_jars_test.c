#include "replay/state/cookie_jars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct keymap_key one = {1, 0}, two = {2, 0}, three = {3, 0};

static void set(struct cookie_jars *jars, struct keymap_key session, const char *name, const char *value)
{
    cookie_jars_set(jars, session, bytes_of(name), bytes_of(value));
}

static void assert_cookie(const struct cookie_jars *jars, struct keymap_key session, const char *name,
                          const char *value)
{
    const char *found = cookie_jars_get(jars, session, bytes_of(name));
    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void a_session_has_its_own_cookies_and_the_latest_value(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(10);
    set(jars, one, "sid", "a");
    set(jars, two, "sid", "b");
    set(jars, one, "sid", "c");
    assert_cookie(jars, one, "sid", "c");
    assert_cookie(jars, two, "sid", "b");
    assert_cookie(jars, one, "SID", NULL); /* names have case (RFC 6265 §5.3) */
    assert_cookie(jars, three, "sid", NULL);
    cookie_jars_free(jars);
}

static void what_no_header_can_carry_is_passed_over(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(10);
    set(jars, one, "", "a");
    set(jars, one, "line", "a\r\nX-Evil: 1");
    cookie_jars_set(jars, one, BYTES_LITERAL("nul\0name"), BYTES_LITERAL("a"));
    cookie_jars_set(jars, one, BYTES_LITERAL("nul"), BYTES_LITERAL("a\0b"));
    assert_cookie(jars, one, "", NULL);
    assert_cookie(jars, one, "line", NULL);
    assert_cookie(jars, one, "nul", NULL);
    size_t size = 16 * 1024 + 1;
    char *text = malloc(size);
    memset(text, 'x', size);
    cookie_jars_set(jars, one, BYTES_LITERAL("long"), bytes_make(text, size));
    assert_cookie(jars, one, "long", NULL);
    cookie_jars_set(jars, one, BYTES_LITERAL("long"), bytes_make(text, size - 1));
    assert_non_null(cookie_jars_get(jars, one, BYTES_LITERAL("long")));
    free(text);
    cookie_jars_free(jars);
}

static void a_session_keeps_64_cookies(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(10);
    char name[16];
    for (int i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "c%d", i);
        set(jars, one, name, "v");
    }
    assert_cookie(jars, one, "c63", "v");
    assert_cookie(jars, one, "c64", NULL);
    set(jars, one, "c63", "w"); /* those that are there can still change */
    assert_cookie(jars, one, "c63", "w");
    cookie_jars_free(jars);
}

static void the_oldest_session_is_forgotten_and_counted(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(2);
    set(jars, one, "sid", "a");
    set(jars, two, "sid", "b");
    cookie_jars_log_in(jars, one);
    assert_int_equal(cookie_jars_forgotten(jars), 0);
    set(jars, three, "sid", "c");
    assert_int_equal(cookie_jars_forgotten(jars), 1);
    assert_cookie(jars, one, "sid", NULL);
    assert_false(cookie_jars_logged_in(jars, one));
    assert_cookie(jars, two, "sid", "b");
    assert_cookie(jars, three, "sid", "c");
    cookie_jars_free(jars);
}

static void a_version_changes_with_what_can_be_got_and_never_comes_again(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(2);
    uint64_t none = cookie_jars_version(jars, one);
    set(jars, one, "sid", "a");
    uint64_t first = cookie_jars_version(jars, one);
    assert_int_not_equal(first, none);
    set(jars, one, "sid", "a");
    cookie_jars_log_in(jars, one);
    assert_int_equal(cookie_jars_version(jars, one), first);
    set(jars, one, "sid", "b");
    uint64_t second = cookie_jars_version(jars, one);
    assert_int_not_equal(second, first);
    set(jars, two, "sid", "c");
    assert_int_equal(cookie_jars_version(jars, one), second);
    set(jars, three, "sid", "d"); /* the first session is forgotten */
    uint64_t forgotten = cookie_jars_version(jars, one);
    assert_true(forgotten > second);
    set(jars, one, "sid", "a");
    assert_true(cookie_jars_version(jars, one) > forgotten);
    cookie_jars_free(jars);
}

static void who_was_given_a_credential_is_logged_in(void **state)
{
    (void)state;
    struct cookie_jars *jars = cookie_jars_create(2);
    assert_false(cookie_jars_logged_in(jars, one));
    cookie_jars_log_in(jars, one);
    assert_true(cookie_jars_logged_in(jars, one));
    assert_false(cookie_jars_logged_in(jars, two));
    cookie_jars_free(jars);
    cookie_jars_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_has_its_own_cookies_and_the_latest_value),
        cmocka_unit_test(what_no_header_can_carry_is_passed_over),
        cmocka_unit_test(a_session_keeps_64_cookies),
        cmocka_unit_test(the_oldest_session_is_forgotten_and_counted),
        cmocka_unit_test(a_version_changes_with_what_can_be_got_and_never_comes_again),
        cmocka_unit_test(who_was_given_a_credential_is_logged_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
