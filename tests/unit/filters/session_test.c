#include "filters/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* One exchange on |connection| that uses and issues identities named by a letter each (0: none). */
static uint64_t session(struct sessions *sessions, uint64_t connection, char uses, char issues)
{
    struct exchange exchange = {.connection = connection};
    uint8_t tag[LINK_TAG_SIZE] = {0};
    if (uses) {
        tag[0] = (uint8_t)uses;
        exchange_add_link(&exchange, LINK_USES, LINK_PLACE_COOKIE, "sid", tag)->identity = true;
    }
    if (issues) {
        tag[0] = (uint8_t)issues;
        exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_COOKIE, "sid", tag)->identity = true;
    }
    tag[0] = '#'; /* a password: tells nobody apart */
    exchange_add_link(&exchange, LINK_USES, LINK_PLACE_JSON, "password", tag);
    uint64_t id = sessions_of(sessions, &exchange);
    exchange_free(&exchange);
    return id;
}

static void test_login_on_one_connection_joins_use_on_others(void **state)
{
    (void)state;
    struct sessions *sessions = sessions_create(SESSION_AUTO, NULL, 0);
    uint64_t login = session(sessions, 1, 0, 'a');
    assert_true(session(sessions, 2, 'a', 0) == login);
    assert_true(session(sessions, 3, 'a', 0) == login);
    assert_true(session(sessions, 1, 0, 0) == login);
    assert_true(session(sessions, 2, 0, 0) != login); /* anonymous on its own connection */
    assert_true(session(sessions, 4, 'a', 'b') == login);
    assert_true(session(sessions, 5, 'b', 0) == login); /* a rotated token */
    sessions_free(sessions);
}

static void test_pooled_connection_is_split_by_identity(void **state)
{
    (void)state;
    struct sessions *sessions = sessions_create(SESSION_AUTO, NULL, 0);
    uint64_t a = session(sessions, 9, 0, 'a'), b = session(sessions, 9, 0, 'b'),
             c = session(sessions, 9, 'c', 0);
    assert_true(a != b && b != c && a != c);
    assert_true(session(sessions, 9, 'b', 0) == b);
    assert_true(session(sessions, 9, 'a', 0) == a);
    assert_true(session(sessions, 9, 'c', 0) == c);
    assert_true(sessions_pooled(sessions));
    uint64_t anybody = session(sessions, 9, 0, 0), other = session(sessions, 9, 0, 0);
    assert_true(anybody != other && anybody != a); /* nobody can tell whose they were */
    uint64_t own = session(sessions, 10, 0, 0);
    assert_false(sessions_pooled(sessions));
    session(sessions, 10, 'a', 0);
    assert_true(session(sessions, 10, 0, 0) == own); /* one identity beside what is anonymous is no pool */
    assert_false(sessions_pooled(sessions));
    sessions_free(sessions);
}

static void test_modes(void **state)
{
    (void)state;
    struct sessions *sessions = sessions_create(SESSION_CONNECTION, NULL, 0);
    assert_true(session(sessions, 5, 'a', 0) == session(sessions, 5, 'b', 0));
    assert_true(session(sessions, 5, 'a', 0) != session(sessions, 6, 'a', 0));
    sessions_free(sessions);
    sessions = sessions_create(SESSION_NONE, NULL, 0);
    assert_true(session(sessions, 5, 'a', 0) != session(sessions, 5, 'a', 0));
    sessions_free(sessions);
}

static uint64_t head_session(struct sessions *sessions, uint64_t connection, const char *head)
{
    struct exchange exchange = {.connection = connection};
    buffer_append_text(&exchange.request.head, head);
    uint64_t id = sessions_of(sessions, &exchange);
    exchange_free(&exchange);
    return id;
}

static void test_cookie_and_header_modes_read_the_head(void **state)
{
    (void)state;
    struct sessions *sessions = sessions_create(SESSION_COOKIE, "sid", 0);
    uint64_t one = head_session(sessions, 1, "GET / HTTP/1.1\r\nCookie: a=1; sid=\"x\"\r\n\r\n");
    assert_true(head_session(sessions, 2, "GET / HTTP/1.1\r\ncookie: sid=x\r\n\r\n") == one);
    assert_true(head_session(sessions, 1, "GET / HTTP/1.1\r\nCookie: sid=y\r\n\r\n") != one);
    assert_true(head_session(sessions, 3, "GET / HTTP/1.1\r\nCookie: SID=x\r\n\r\n") != one);
    sessions_free(sessions);
    sessions = sessions_create(SESSION_HEADER, "X-User", 0);
    one = head_session(sessions, 1, "GET / HTTP/1.1\r\nX-User: x\r\n\r\n");
    assert_true(head_session(sessions, 2, "GET / HTTP/1.1\r\nx-user:  x \r\n\r\n") == one);
    assert_true(head_session(sessions, 1, "GET / HTTP/1.1\r\nX-User: y\r\n\r\n") != one);
    sessions_free(sessions);
}

static void test_past_the_limit_nothing_joins_and_it_is_counted(void **state)
{
    (void)state;
    struct sessions *sessions = sessions_create(SESSION_AUTO, NULL, 2);
    uint64_t a = session(sessions, 1, 'a', 0), b = session(sessions, 2, 'b', 0);
    assert_int_equal(sessions_overflow(sessions), 0);
    session(sessions, 3, 'c', 0);
    assert_true(sessions_overflow(sessions) > 0);
    assert_true(session(sessions, 1, 'a', 0) == a);
    assert_true(session(sessions, 2, 'b', 0) == b);
    sessions_free(sessions);
    sessions = sessions_create(SESSION_AUTO, NULL, 0);
    for (uint64_t i = 0; i < 5000; i++)
        assert_true(session(sessions, i, 0, 0) != 0);
    sessions_free(sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_on_one_connection_joins_use_on_others),
        cmocka_unit_test(test_pooled_connection_is_split_by_identity),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_cookie_and_header_modes_read_the_head),
        cmocka_unit_test(test_past_the_limit_nothing_joins_and_it_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
