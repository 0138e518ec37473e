/* The login that others are logged in with: the first one recorded, looked for in a bounded part of the traffic. */
#include "replay/state/login_template.h"

#include "tests/unit/replay/traffic_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOGIN_AT 3 /* exchanges before it */

/* Exchange |id|: a page, or the login. */
static void fill(struct exchange *exchange, uint64_t id)
{
    static const uint8_t password[LINK_TAG_SIZE] = {1}, token[LINK_TAG_SIZE] = {2};
    exchange_clear(exchange);
    exchange->id = id;
    exchange->connection = 1;
    exchange->status = 200;
    exchange->request.first_ns = 1000 + id;
    buffer_append_text(&exchange->request.head, id == LOGIN_AT ? "POST /login HTTP/1.1\r\nHost: app\r\n\r\n"
                                                               : "GET / HTTP/1.1\r\nHost: app\r\n\r\n");
    if (id != LOGIN_AT)
        return;
    exchange_add_link(exchange, LINK_USES, LINK_PLACE_JSON, "password", password);
    exchange_add_link(exchange, LINK_ISSUES, LINK_PLACE_COOKIE, "sid", token)->identity = true;
}

static int write_traffic(void **state)
{
    (void)state;
    traffic_kit_write(fill, LOGIN_AT + 1, 0);
    return 0;
}

static int remove_traffic(void **state)
{
    (void)state;
    return traffic_kit_remove();
}

static void test_login_is_looked_for_in_the_beginning_only(void **state)
{
    (void)state;
    struct merge *merge = traffic_kit_open();
    struct merge_record record;
    for (size_t most = 0; most <= LOGIN_AT + 2; most++) { /* 0: a default that is far more */
        struct login_template *template = login_template_find(merge, most);
        assert_int_equal(template != NULL, most == 0 || most > LOGIN_AT);
        login_template_free(template);
        assert_int_equal(merge_next(merge, &record), MERGE_RECORD); /* it was rewound */
        assert_int_equal(record.start_ns, 1000);
        merge_rewind(merge);
    }
    merge_close(merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_login_is_looked_for_in_the_beginning_only)};
    return cmocka_run_group_tests(tests, write_traffic, remove_traffic);
}
