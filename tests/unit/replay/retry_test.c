/* engine/retry.h: what is tried again, after how long, and how often a run does so. */
#include "replay/engine/retry.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW (UINT64_C(1794999999) * NS_PER_S) /* Wed, 18 Nov 2026 11:06:39 GMT */
#define MS  NS_PER_MS

static const struct retry_policy policy = {.most = 3, .longest_wait_ns = 2 * NS_PER_S};

static void test_failures_before_an_answer_are_tried_again(void **state)
{
    (void)state;
    static const struct {
        enum transport_error error;
        bool repeatable;
        uint64_t seen, sent_ns;
        enum retry_verdict verdict;
    } cases[] = {
        {TRANSPORT_CONNECT_REFUSED, false, 0, 0, RETRY_YES},
        {TRANSPORT_CONNECT_TIMEOUT, false, 0, 0, RETRY_YES},
        {TRANSPORT_CONNECT_FAILED, false, 0, 0, RETRY_YES},
        {TRANSPORT_TLS_TIMEOUT, false, 0, 0, RETRY_YES},
        {TRANSPORT_TLS, true, 0, 0, RETRY_NO},
        {TRANSPORT_RESET, true, 0, 5, RETRY_YES},
        {TRANSPORT_RESET, false, 0, 5, RETRY_NO},
        {TRANSPORT_RESET, false, 0, 0, RETRY_YES}, /* not a byte of it left */
        {TRANSPORT_CLOSED, true, 0, 5, RETRY_YES},
        {TRANSPORT_CLOSED, true, 9, 5, RETRY_NO}, /* after a 103 */
        {TRANSPORT_SEND, true, 0, 5, RETRY_YES},
        {TRANSPORT_SEND_TIMEOUT, true, 0, 5, RETRY_YES},
        {TRANSPORT_TIMEOUT, true, 0, 5, RETRY_YES},
        {TRANSPORT_TIMEOUT, false, 0, 5, RETRY_NO},
        {TRANSPORT_INCOMPLETE, true, 20, 5, RETRY_NO},
        {TRANSPORT_BODY_TIMEOUT, true, 20, 5, RETRY_NO},
        {TRANSPORT_MALFORMED, true, 20, 5, RETRY_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sender_outcome outcome = {.error = cases[i].error,
                                               .response_bytes_seen = cases[i].seen,
                                               .sent_first_mono_ns = cases[i].sent_ns};
        uint64_t wait_ns = 0;
        if (retry_judge(&policy, &outcome, 200, cases[i].repeatable, 1, NOW, &wait_ns) != cases[i].verdict)
            fail_msg("case %zu", i);
    }
}

static void test_answers_that_ask_for_it_are_tried_again_when_they_say(void **state)
{
    (void)state;
    static const struct {
        uint16_t status, original;
        bool repeatable;
        const char *retry_after;
        unsigned attempts;
        enum retry_verdict verdict;
        uint64_t wait_ns;
    } cases[] = {
        {503, 200, true, NULL, 1, RETRY_YES, 200 * MS},
        {503, 200, true, NULL, 2, RETRY_YES, 400 * MS},
        {429, 200, true, NULL, 3, RETRY_YES, 800 * MS},
        {429, 200, true, NULL, 4, RETRY_NO, 0},
        {429, 429, true, NULL, 1, RETRY_NO, 0}, /* so it was recorded */
        {429, 200, false, NULL, 1, RETRY_NO, 0},
        {500, 200, true, "1", 1, RETRY_NO, 0},
        {200, 200, true, "1", 1, RETRY_NO, 0},
        {503, 200, true, "0", 1, RETRY_YES, 0},
        {503, 200, true, "2", 1, RETRY_YES, 2000 * MS},
        {503, 200, true, "3", 1, RETRY_TOO_LONG, 0},
        {503, 200, true, "99999999999999999999", 1, RETRY_TOO_LONG, 0},
        {503, 200, true, "soon", 1, RETRY_YES, 200 * MS},
        {503, 200, true, "Wed, 18 Nov 2026 11:06:40 GMT", 1, RETRY_YES, 1000 * MS},
        {503, 200, true, "Wed, 18 Nov 2026 11:06:00 GMT", 1, RETRY_YES, 0},
        {503, 200, true, "Wed, 18 Nov 2026 12:06:40 GMT", 1, RETRY_TOO_LONG, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer head = {0};
        uint64_t wait_ns = 0;
        buffer_printf(&head, "HTTP/1.1 %u Any\r\n%s%s\r\n\r\n", (unsigned)cases[i].status,
                      cases[i].retry_after ? "Retry-After: " : "X: ",
                      cases[i].retry_after ? cases[i].retry_after : "y");
        const struct sender_outcome outcome = {.status = cases[i].status, .head = buffer_bytes(&head)};
        if (retry_judge(&policy, &outcome, cases[i].original, cases[i].repeatable, cases[i].attempts, NOW,
                        &wait_ns) != cases[i].verdict ||
            wait_ns != cases[i].wait_ns)
            fail_msg("case %zu: %llu", i, (unsigned long long)wait_ns);
        buffer_free(&head);
    }
    const struct retry_policy all = {.most = 9, .all_methods = true, .longest_wait_ns = 500 * MS};
    const struct sender_outcome outcome = {.error = TRANSPORT_RESET, .sent_first_mono_ns = 5};
    uint64_t wait_ns;
    assert_int_equal(retry_judge(&all, &outcome, 200, false, 5, NOW, &wait_ns), RETRY_YES);
    assert_int_equal(wait_ns, 500 * MS);
}

static void test_a_run_tries_again_a_tenth_of_what_it_sends(void **state)
{
    (void)state;
    struct engine_counts counts = {0};
    uint64_t spent = 0;
    for (unsigned i = 0; i < 1000; i++) {
        atomic_fetch_add(&counts.sent, 1);
        spent += retry_spend(&counts);
    }
    assert_int_equal(spent, 110);
    assert_int_equal(atomic_load(&counts.retries), 110);
    assert_int_equal(atomic_load(&counts.retries_withheld), 890);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_before_an_answer_are_tried_again),
        cmocka_unit_test(test_answers_that_ask_for_it_are_tried_again_when_they_say),
        cmocka_unit_test(test_a_run_tries_again_a_tenth_of_what_it_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
