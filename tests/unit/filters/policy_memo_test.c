#include "filters/policy_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const enum policy_place places[] = {POLICY_IN_QUERY, POLICY_IN_FORM, POLICY_IN_JSON};

static void assert_same_answers(struct policy_memo *memo, struct bytes name)
{
    const struct policy *policy = policy_builtin();
    struct policy_header header = policy_of_header(policy, name);
    struct policy_header remembered = policy_memo_header(memo, policy, name);
    assert_int_equal(remembered.class, header.class);
    assert_int_equal(remembered.shape, header.shape);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bool scalar_only = true, remembered_scalar_only = true;
        enum policy_class class = policy_of_name(policy, places[i], name, &scalar_only);
        assert_int_equal(policy_memo_name(memo, policy, places[i], name, &remembered_scalar_only), class);
        if (name.size > 0) /* left untouched otherwise */
            assert_int_equal(remembered_scalar_only, scalar_only);
        assert_int_equal(policy_memo_name(memo, policy, places[i], name, NULL), class);
    }
}

static void test_memo_answers_as_the_policy_first_and_again(void **state)
{
    (void)state;
    static const char *const names[] = {
        "code",     "password",      "user",       "username",   "X-Api-Key",
        "Cookie",   "authorization", "sku",        "id",         "a",
        "pin",      "key",           "Set-Cookie", "tokenType",  "user[password]",
        "",         "Accept",        "User-Agent", "x-my-token", "session",
        "card.cvc", "Host",          "Forwarded",  "email",
    };
    struct policy_memo memo = {0};
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_same_answers(&memo, bytes_of(names[i]));
}

/* Many more names than slots, of every size around the longest that is remembered, so that they evict each other;
 * sensitive and harmless ones differ by one byte. */
static void test_memo_names_that_share_a_slot_are_told_apart(void **state)
{
    (void)state;
    static struct policy_memo memo;
    char name[128];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 4000; i++) {
            int size = snprintf(name, sizeof name, "%0*d-field-%s-of-it", i % 40 + 1, i / 2,
                                i % 2 ? "token" : "tolen");
            assert_same_answers(&memo, bytes_make(name, (size_t)size));
        }
}

static bool guesses(struct policy_memo *memo, const char *name, const char *text)
{
    uint8_t data[POLICY_MEMO_GUESS_SIZE] = {0};
    size_t size = strlen(text);
    memcpy(data, text, size < sizeof data ? size : sizeof data);
    const struct policy_memo_entry *entry = policy_memo_member(memo, policy_builtin(), bytes_of(name));
    return entry && policy_memo_guess(entry, data);
}

static void test_memo_guess_fits_the_whole_name_and_its_quote_only(void **state)
{
    (void)state;
    static struct policy_memo memo;
    assert_true(guesses(&memo, "sku", "sku\":\"12345678901"));
    assert_true(guesses(&memo, "password", "password\":\"1"));
    assert_true(guesses(&memo, "fifteen-letters", "fifteen-letters\""));
    assert_false(guesses(&memo, "sku", "skus\":1"));
    assert_false(guesses(&memo, "skus", "sku\":1"));
    assert_false(guesses(&memo, "sku", "sky\":1"));
    assert_false(guesses(&memo, "password", "passwort\":\"1"));
    assert_false(guesses(&memo, "sixteen--letters", "sixteen--letters"));
    /* A decoded name that would have to be escaped in a text is not looked for in one. */
    assert_false(guesses(&memo, "a\"b", "a\"b\":1"));
    assert_false(guesses(&memo, "a\\b", "a\\b\":1"));
    assert_false(guesses(&memo, "a\nb", "a\nb\":1"));
}

static void test_memo_guess_of_a_slot_that_another_name_took_fails(void **state)
{
    (void)state;
    static struct policy_memo memo;
    struct policy_memo_entry *entry = policy_memo_member(&memo, policy_builtin(), bytes_of("sku"));
    const uint8_t text[POLICY_MEMO_GUESS_SIZE] = "sku\":1";
    char name[32];
    assert_true(policy_memo_guess(entry, text));
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "X-%d", i);
        policy_memo_header(&memo, policy_builtin(), bytes_of(name));
    }
    assert_false(policy_memo_guess(entry, text));
}

static void test_memo_wiped_holds_no_name(void **state)
{
    (void)state;
    static struct policy_memo memo, empty;
    assert_same_answers(&memo, bytes_of("someone@shop.example"));
    assert_memory_not_equal(&memo, &empty, sizeof memo);
    policy_memo_wipe(&memo);
    assert_memory_equal(&memo, &empty, sizeof memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memo_answers_as_the_policy_first_and_again),
        cmocka_unit_test(test_memo_names_that_share_a_slot_are_told_apart),
        cmocka_unit_test(test_memo_guess_fits_the_whole_name_and_its_quote_only),
        cmocka_unit_test(test_memo_guess_of_a_slot_that_another_name_took_fails),
        cmocka_unit_test(test_memo_wiped_holds_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
