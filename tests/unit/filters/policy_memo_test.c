#include "filters/policy/policy_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_same_answers(struct policy_memo *memo, struct bytes name)
{
    const struct policy *policy = policy_builtin();
    for (unsigned i = 0; i < POLICY_PLACES_COUNT; i++) {
        enum policy_place place = (enum policy_place)(1u << i);
        struct policy_decision decision = place & POLICY_IN_HEADERS
                                              ? policy_of_header(policy, NULL, place, name)
                                              : policy_of_name(policy, NULL, place, name);
        struct policy_decision remembered = policy_memo_ask(memo, policy, place, name);
        assert_int_equal(remembered.class, decision.class);
        assert_int_equal(remembered.shape, decision.shape);
        assert_int_equal(remembered.rule, decision.rule);
        assert_int_equal(remembered.scalar_only, decision.scalar_only);
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

static struct policy_memo_entry *member(struct policy_memo *memo, const char *name)
{
    return policy_memo_member(memo, policy_builtin(), bytes_of(name));
}

static bool fits(const struct policy_memo_joint *joint, const char *text)
{
    uint8_t data[POLICY_MEMO_JOINT_SIZE + 1] = {0};
    snprintf((char *)data, sizeof data, "%s", text);
    return policy_memo_joint_fits(joint, data);
}

static void test_memo_joint_fits_the_whole_of_its_text_only(void **state)
{
    (void)state;
    static struct policy_memo memo;
    struct policy_memo_entry *from = member(&memo, "sku"), *to = member(&memo, "quantity");
    assert_false(from->joints[0].known);
    policy_memo_join(from, to, bytes_of(",\"quantity\": "), 2);
    assert_true(from->joints[0].known);
    assert_true(from->joints[0].public);
    assert_ptr_equal(from->joints[0].to, to);
    assert_int_equal(from->joints[0].size, 13);
    assert_int_equal(from->joints[0].name_start, 2);
    assert_int_equal(from->joints[0].name_size, 8);
    assert_true(fits(&from->joints[0], ",\"quantity\": 7}"));
    assert_true(fits(&from->joints[0], ",\"quantity\": \"a long value that fills"));
    assert_false(fits(&from->joints[0], ",\"quantity\":7}"));
    assert_false(fits(&from->joints[0], ",\"quantitx\": 7}"));
    assert_false(fits(&from->joints[0], "{\"quantity\": 7}"));
}

static void test_memo_joint_of_thirty_two_bytes_is_kept_and_a_longer_one_is_not(void **state)
{
    (void)state;
    static struct policy_memo memo;
    struct policy_memo_entry *from = member(&memo, "a"), *to = member(&memo, "b");
    static const char longest[] = ",                           \"b\":",
                      longer[] = "}                            \"b\":";
    assert_int_equal(strlen(longest), POLICY_MEMO_JOINT_SIZE);
    policy_memo_join(from, to, bytes_of(longest), 29);
    assert_true(fits(&from->joints[0], longest));
    policy_memo_join(from, to, bytes_of(longer), 30);
    assert_true(fits(&from->joints[0], longest));
    char other[sizeof longest];
    memcpy(other, longest, sizeof longest);
    other[POLICY_MEMO_JOINT_SIZE - 1] = ' ';
    assert_false(fits(&from->joints[0], other));
}

static void test_memo_keeps_the_last_two_joints_that_differ(void **state)
{
    (void)state;
    static struct policy_memo memo;
    struct policy_memo_entry *from = member(&memo, "id"), *to = member(&memo, "name");
    static const char *const texts[] = {",\"name\":", ", \"name\": ", "{\"name\":"};
    static const size_t starts[] = {2, 3, 2};
    policy_memo_join(from, to, bytes_of(texts[0]), starts[0]);
    policy_memo_join(from, to, bytes_of(texts[1]), starts[1]);
    for (size_t i = 0; i < 2; i++) { /* what is known changes nothing */
        policy_memo_join(from, to, bytes_of(texts[i]), starts[i]);
        assert_true(fits(&from->joints[0], texts[1]));
        assert_true(fits(&from->joints[1], texts[0]));
        assert_false(fits(&from->joints[0], texts[0]));
    }
    policy_memo_join(from, to, bytes_of(texts[2]), starts[2]);
    assert_true(fits(&from->joints[0], texts[2]));
    assert_true(fits(&from->joints[1], texts[1]));
    assert_int_equal(from->joints[1].name_start, 3);
}

static void test_memo_joint_tells_the_class_though_another_name_took_the_slot(void **state)
{
    (void)state;
    static struct policy_memo memo;
    struct policy_memo_entry *from = &memo.begin, *to = member(&memo, "password");
    char name[32];
    policy_memo_join(from, to, bytes_of("{\"password\":"), 2);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "X-%d", i);
        policy_memo_ask(&memo, policy_builtin(), POLICY_IN_HEADER, bytes_of(name));
    }
    assert_int_equal(from->joints[0].decision.class, POLICY_PASSWORD);
    assert_false(from->joints[0].public);
    assert_int_equal(from->joints[0].name_size, 8);
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
        cmocka_unit_test(test_memo_joint_fits_the_whole_of_its_text_only),
        cmocka_unit_test(test_memo_joint_of_thirty_two_bytes_is_kept_and_a_longer_one_is_not),
        cmocka_unit_test(test_memo_keeps_the_last_two_joints_that_differ),
        cmocka_unit_test(test_memo_joint_tells_the_class_though_another_name_took_the_slot),
        cmocka_unit_test(test_memo_wiped_holds_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
