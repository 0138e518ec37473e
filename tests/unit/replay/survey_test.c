/* Which thread a session belongs to: one for all that hangs together within what was looked at, and the threads share the work. */
#include "replay/survey.h"

#include "common/exchange_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct survey *survey;
static uint64_t now_ns;

static int set_up(void **state)
{
    (void)state;
    const struct survey_options options = {.mode = SESSION_CONNECTION, .threads = 2};
    survey = survey_create(&options);
    now_ns = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    survey_free(survey);
    return 0;
}

/* Has the survey look at a request on |connection| that issues (|kind|) or uses the value |value|; 0: none. Returns its session. */
static uint64_t look(uint64_t connection, enum link_kind kind, uint8_t value)
{
    struct exchange exchange = {.connection = connection, .status = 200};
    struct buffer meta = {0}, payload = {0};
    uint8_t tag[LINK_TAG_SIZE] = {value};
    exchange.request.first_ns = exchange.request.last_ns = ++now_ns;
    buffer_append_text(&exchange.request.head, "GET / HTTP/1.1\r\n\r\n");
    if (value)
        exchange_add_link(&exchange, kind, LINK_PLACE_JSON, "token", tag);
    exchange_encode(&exchange, &meta, &payload);
    survey_look(survey, buffer_bytes(&meta));
    struct sessions *sessions = sessions_create(SESSION_CONNECTION, NULL, 0);
    uint64_t session = sessions_of(sessions, &exchange);
    sessions_free(sessions);
    buffer_free(&meta);
    buffer_free(&payload);
    exchange_free(&exchange);
    return session;
}

static void test_survey_shares_out_what_does_not_hang_together(void **state)
{
    (void)state;
    uint64_t many = 0, few[2];
    for (int i = 0; i < 10; i++)
        many = look(1, LINK_USES, 0);
    few[0] = look(2, LINK_USES, 0);
    few[1] = look(3, LINK_USES, 0);
    unsigned thread = survey_thread(survey, many);
    assert_int_equal(survey_thread(survey, few[0]), 1 - thread);
    assert_int_equal(survey_thread(survey, few[1]), 1 - thread); /* ten requests against one */
    assert_int_equal(survey_thread(survey, many), thread);
}

static void test_survey_keeps_together_what_a_value_joins(void **state)
{
    (void)state;
    uint64_t issuer = look(1, LINK_ISSUES, 7), other = look(2, LINK_USES, 0), user = look(3, LINK_USES, 7);
    unsigned thread = survey_thread(survey, issuer);
    assert_int_equal(survey_thread(survey, other), 1 - thread);
    assert_int_equal(survey_thread(survey, user), thread);
}

static void test_survey_gives_who_joins_later_to_the_thread_of_the_group(void **state)
{
    (void)state;
    uint64_t issuer = look(1, LINK_ISSUES, 7);
    unsigned thread = survey_thread(survey, issuer);
    uint64_t user = look(2, LINK_USES, 7);
    assert_int_equal(survey_thread(survey, user), thread);
}

static void test_survey_leaves_what_is_placed_where_it_is(void **state)
{
    (void)state;
    uint64_t one = look(1, LINK_ISSUES, 7), two = look(2, LINK_ISSUES, 8);
    unsigned thread = survey_thread(survey, one);
    assert_int_equal(survey_thread(survey, two), 1 - thread);
    look(2, LINK_USES, 7);
    assert_int_equal(survey_thread(survey, one), thread);
    assert_int_equal(survey_thread(survey, two), 1 - thread);
    survey_rewind(survey);
    look(1, LINK_ISSUES, 7);
    look(2, LINK_ISSUES, 8);
    assert_int_equal(survey_thread(survey, one), thread);
    assert_int_equal(survey_thread(survey, two), 1 - thread);
    assert_int_equal(survey_overflow(survey), 0);
}

static void test_survey_passes_over_what_cannot_be_decoded(void **state)
{
    (void)state;
    survey_look(survey, BYTES_LITERAL("\xff\xff\xff"));
    assert_int_equal(survey_thread(survey, 12345), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_survey_shares_out_what_does_not_hang_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_survey_keeps_together_what_a_value_joins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_survey_gives_who_joins_later_to_the_thread_of_the_group, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_survey_leaves_what_is_placed_where_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_survey_passes_over_what_cannot_be_decoded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
