/* What is said to do about failures that name their cause, in OpenSSL's words and the system's. */
#include "replay/sender/failure_advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void advises(const char *detail, const char *option)
{
    if (!strstr(failure_advice(detail), option))
        fail_msg("%s: '%s' does not name %s", detail, failure_advice(detail), option);
}

static void test_failure_advice_names_the_option_that_helps(void **state)
{
    (void)state;
    advises("self-signed certificate", "--ca-file");
    advises("unable to get local issuer certificate", "--insecure");
    advises("certificate has expired", "renew");
    advises("certificate is not yet valid", "clocks");
    advises("tlsv13 alert certificate required", "--cert");
    advises("hostname mismatch", "--sni");
    advises("IP address mismatch", "--sni");
    advises("wrong version number", "http://");
    advises("Cannot assign requested address", "--source-ip");
}

static void test_failures_of_this_machine_are_told_from_those_of_the_target(void **state)
{
    (void)state;
    advises("Too many open files", "ulimit");
    assert_true(failure_is_own("Cannot assign requested address"));
    assert_true(failure_is_own("Too many open files"));
    assert_false(failure_is_own("Connection refused"));
    assert_false(failure_is_own("No route to host"));
    assert_false(failure_is_own(""));
}

static void test_failure_advice_is_silent_where_there_is_none(void **state)
{
    (void)state;
    static const char *const details[] = {"Connection refused",       "closed by the target", "", "ok",
                                          "Connection reset by peer", "no response in time"};
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
        assert_string_equal(failure_advice(details[i]), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_advice_names_the_option_that_helps),
        cmocka_unit_test(test_failures_of_this_machine_are_told_from_those_of_the_target),
        cmocka_unit_test(test_failure_advice_is_silent_where_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
