/* sampling.h: one value is always in or out, what is in at 1 % is in at 10 %, whole users are in or out, with their
 * logins. */
#include "filters/sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct keys *keys;

static struct sampling by(const char *text, double pct)
{
    struct sampling sampling = {.pct = pct, .keys = keys};
    assert_true(sampling_parse(text, &sampling));
    return sampling;
}

/* Judges an exchange with these header lines (each with its line end), from |client|. */
static enum sampling_verdict judge(const struct sampling *sampling, const char *request, const char *response,
                                   uint64_t client)
{
    struct exchange exchange = {.client = client, .connection = client * 31, .request.first_ns = client};
    buffer_printf(&exchange.request.head, "GET /a HTTP/1.1\r\n%s\r\n", request);
    buffer_printf(&exchange.response.head, "HTTP/1.1 200 OK\r\n%s\r\n", response);
    enum sampling_verdict verdict = sampling_judge(sampling, &exchange);
    exchange_free(&exchange);
    return verdict;
}

/* As judge, with %u in the lines replaced by |number|. */
static enum sampling_verdict judge_user(const struct sampling *sampling, const char *request,
                                        const char *response, unsigned number, uint64_t client)
{
    char lines[2][256];
    const char *from[2] = {request, response};
    for (unsigned i = 0; i < 2; i++) {
        const char *mark = strstr(from[i], "%u");
        if (mark)
            snprintf(lines[i], sizeof lines[i], "%.*s%06u%s", (int)(mark - from[i]), from[i], number,
                     mark + 2);
        else
            snprintf(lines[i], sizeof lines[i], "%s", from[i]);
    }
    return judge(sampling, lines[0], lines[1], client);
}

static void test_sampling_shares_and_grows(void **state)
{
    (void)state;
    static const double shares[] = {0, 0.5, 1, 10, 50, 99.9, 100};
    unsigned in[sizeof shares / sizeof shares[0]] = {0};
    for (unsigned user = 0; user < 20000; user++) {
        bool before = false;
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            struct sampling sampling = by("session", shares[i]);
            bool now = judge_user(&sampling, "Cookie: sid=user-number-%u\r\n", "", user, 1) == SAMPLING_IN;
            assert_true(now || !before);
            in[i] += before = now;
        }
    }
    assert_int_equal(in[0], 0);
    assert_int_equal(in[6], 20000);
    for (size_t i = 1; i < 6; i++) {
        double wanted = 200 * shares[i]; /* six standard deviations of a count of 20000 are at most 424 */
        assert_true(in[i] > wanted - 425 && in[i] < wanted + 425);
    }
    assert_true(in[1] > 40 && in[1] < 180 && in[2] > 110 && in[2] < 300);
}

static void test_sampling_is_the_same_under_one_key_and_not_under_another(void **state)
{
    (void)state;
    struct keys *others = keys_random();
    struct sampling one = by("cookie:u", 50), other = one;
    other.keys = others;
    unsigned same = 0;
    for (unsigned user = 0; user < 1000; user++) {
        enum sampling_verdict verdict = judge_user(&one, "Cookie: a=1; u=%u\r\n", "", user, 1);
        assert_int_equal(verdict, judge_user(&one, "Cookie: u=%u; b=2\r\n", "", user, 2));
        same += verdict == judge_user(&other, "Cookie: u=%u\r\n", "", user, 1);
    }
    assert_true(same > 350 && same < 650);
    keys_free(others);
}

/* Every line of a user gives the verdict of its first. */
static void test_sampling_by_session_keeps_users_whole(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"Cookie: sid=the-one-of-user-%u\r\n", ""},
        {"Cookie: _ga=GA1.2.123456789.987654321; theme=dark; sid=\"the-one-of-user-%u\"\r\n", ""},
        {"Authorization: Bearer abcdefghijklmnopqrst\r\nCookie: csrf_session=0123456789abcdef; "
         "sid=the-one-of-user-%u\r\n",
         ""},
        {"Cookie: aaaa=0123456789abcdef\r\nCookie: sid=the-one-of-user-%u\r\n", ""},
        {"Authorization: Bearer the-one-of-user-%u\r\nCookie: aaaa=0123456789abcdef\r\n", ""},
        {"Cookie: _ga=0123456789abcdef0; shopper=the-one-of-user-%u; z=0123456789abcdef\r\n", ""},
    };
    struct sampling sampling = by("session", 50);
    for (unsigned user = 0; user < 200; user++) {
        enum sampling_verdict first = judge_user(&sampling, lines[0][0], lines[0][1], user, 1);
        for (size_t i = 1; i < sizeof lines / sizeof lines[0]; i++)
            if (judge_user(&sampling, lines[i][0], lines[i][1], user, user) != first)
                fail_msg("%s", lines[i][0]);
    }
}

static void test_sampling_keeps_the_login_of_a_session_that_is_in(void **state)
{
    (void)state;
    struct sampling sampling = by("session", 30), named = by("cookie:tok", 30);
    unsigned in = 0;
    for (unsigned user = 0; user < 500; user++) {
        bool later =
            judge_user(&sampling, "Cookie: sid=the-one-of-user-%u\r\n", "", user, user) == SAMPLING_IN;
        in += later;
        /* An anonymous login, and one that changes the session's id. */
        enum sampling_verdict anonymous = judge_user(
            &sampling, "", "Set-Cookie: theme=dark\r\nSet-Cookie: sid=the-one-of-user-%u; Path=/\r\n", user,
            user);
        assert_int_equal(anonymous, later ? SAMPLING_IN : SAMPLING_OUT);
        if (later) {
            assert_int_equal(judge_user(&sampling, "Cookie: sid=before-the-login-of-all\r\n",
                                        "Set-Cookie: sid=the-one-of-user-%u; Path=/\r\n", user, 1),
                             SAMPLING_IN);
        }
        assert_int_equal(judge_user(&named, "Cookie: tok=%u\r\n", "", user, 1),
                         judge_user(&named, "", "Set-Cookie: tok=%u\r\n", user, user));
    }
    assert_true(in > 80 && in < 220);
    /* What logs out sets no credential. */
    struct sampling all_but_none = by("session", 0);
    assert_int_equal(judge(&all_but_none, "Cookie: sid=x\r\n", "Set-Cookie: sid=deleted; Max-Age=0\r\n", 1),
                     SAMPLING_OUT);
}

static void test_sampling_without_credential_goes_by_client(void **state)
{
    (void)state;
    struct sampling sampling = by("session", 50);
    unsigned in = 0;
    for (unsigned client = 0; client < 500; client++) {
        enum sampling_verdict verdict = judge(&sampling, "", "", client);
        assert_int_equal(verdict, judge(&sampling, "Cookie: theme=dark\r\n", "Server: x\r\n", client));
        enum sampling_verdict forwarded =
            judge_user(&sampling, "X-Forwarded-For: 192.0.2.%u, 10.0.0.1\r\n", "", client, 1);
        assert_int_equal(forwarded, judge_user(&sampling, "X-Real-IP: 192.0.2.%u\r\n", "", client, 2));
        struct sampling header = by("header:X-User", 50);
        assert_int_equal(judge(&header, "", "", client), verdict);
        in += verdict == SAMPLING_IN;
    }
    assert_true(in > 180 && in < 320);
}

static void test_sampling_by_links_where_a_body_may_issue_the_credential(void **state)
{
    (void)state;
    struct sampling sampling = by("session", 50);
    unsigned in = 0;
    for (unsigned user = 0; user < 300; user++) {
        char token[64];
        snprintf(token, sizeof token, "a-token-in-a-body-%u", user);
        struct exchange exchange = {.client = user};
        buffer_append_text(&exchange.request.head, "POST /login HTTP/1.1\r\n\r\n");
        buffer_append_text(&exchange.response.head, "HTTP/1.1 200 OK\r\n\r\n");
        buffer_append_text(&exchange.response.body.content, token);
        enum sampling_verdict verdict = sampling_judge(&sampling, &exchange);
        assert_true(verdict == SAMPLING_LINKS_OR_IN || verdict == SAMPLING_LINKS_OR_OUT);
        assert_int_equal(sampling_keeps_links(&sampling, verdict, &exchange),
                         verdict == SAMPLING_LINKS_OR_IN);
        uint8_t tag[LINK_TAG_SIZE];
        keys_map(keys, bytes_of(token), tag);
        exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_JSON, "access_token", tag)->identity = true;
        char line[128];
        snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", token);
        bool later = judge(&sampling, line, "", 1) == SAMPLING_IN;
        assert_int_equal(sampling_keeps_links(&sampling, verdict, &exchange), later);
        in += later;
        exchange_free(&exchange);
    }
    assert_true(in > 90 && in < 210);
}

static void test_sampling_by_other_things(void **state)
{
    (void)state;
    struct sampling path = by("path", 50), connection = by("connection", 50), exchange = by("exchange", 50),
                    header = by("header:X-User", 50);
    unsigned in[3] = {0};
    for (unsigned i = 0; i < 400; i++) {
        assert_int_equal(judge(&path, "", "", i),
                         judge(&path, "X: y\r\n", "Set-Cookie: sid=0123456789abcdef\r\n", 1));
        in[0] += judge(&connection, "", "", i) == SAMPLING_IN;
        in[1] += judge_user(&exchange, "X-N: %u\r\n", "", i, 1) == SAMPLING_IN;
        assert_int_equal(judge_user(&exchange, "X-N: %u\r\n", "", i, 1),
                         judge_user(&exchange, "X-N: %u\r\n", "", i, 1));
        enum sampling_verdict verdict = judge_user(&header, "x-user: %u\r\n", "", i, i);
        assert_int_equal(verdict, judge_user(&header, "A: b\r\nX-USER: %u\r\n", "", i, 1));
        in[2] += verdict == SAMPLING_IN;
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(in[i] > 130 && in[i] < 270);
    assert_true(sampling_by_head(&path) && sampling_by_head(&header) && sampling_by_head(&connection));
    struct sampling session = by("session", 50);
    assert_false(sampling_by_head(&session));
    static const char *const wrong[] = {"", "users", "header", "header:", "cookie:", "session:x", "Path"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(sampling_parse(wrong[i], &session));
}

static int start(void **state)
{
    (void)state;
    keys = keys_random();
    return 0;
}

static int end(void **state)
{
    (void)state;
    keys_free(keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sampling_shares_and_grows),
        cmocka_unit_test(test_sampling_is_the_same_under_one_key_and_not_under_another),
        cmocka_unit_test(test_sampling_by_session_keeps_users_whole),
        cmocka_unit_test(test_sampling_keeps_the_login_of_a_session_that_is_in),
        cmocka_unit_test(test_sampling_without_credential_goes_by_client),
        cmocka_unit_test(test_sampling_by_links_where_a_body_may_issue_the_credential),
        cmocka_unit_test(test_sampling_by_other_things),
    };
    return cmocka_run_group_tests(tests, start, end);
}
