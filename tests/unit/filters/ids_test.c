/* Ids as links: what a creating response gives out and what requests carry, in every place, by one tag; what was carried already or is sensitive is none;
 * sanitizing again adds nothing, and traffic that is recorded as seen has the same. Which exchanges they join. */
#include "filters/ids.h"

#include "filters/sanitize.h"
#include "filters/verbs/link_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct exchange exchange;
static struct buffer told;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_free(&exchange);
    buffer_free(&told);
    keys_free(keys);
    return 0;
}

static void set_message(struct message *message, const char *head, const char *body)
{
    buffer_append_text(&message->head, head);
    buffer_append_text(&message->body.content, body);
    message->body.state = *body ? BODY_KEPT : BODY_EMPTY;
}

static void make(const char *request, const char *body, uint16_t status, const char *lines,
                 const char *answer)
{
    char head[1024];
    exchange_clear(&exchange);
    set_message(&exchange.request, request, body);
    snprintf(head, sizeof head, "HTTP/1.1 %u Any\r\n%s\r\n", status, lines);
    set_message(&exchange.response, head, answer);
    exchange.status = status;
}

/* The value that |tag| is of, among those that the tests use. */
static const char *value_of(const uint8_t tag[LINK_TAG_SIZE])
{
    static const char *const values[] = {"94", "17", "ord_8f3k", "2", "5", "o-123456", "1"};
    uint8_t other[LINK_TAG_SIZE];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        keys_map(keys, bytes_of(values[i]), other);
        if (memcmp(tag, other, LINK_TAG_SIZE) == 0)
            return values[i];
    }
    return "other";
}

static const char *ids_told(void)
{
    buffer_clear(&told);
    for (size_t i = 0; i < exchange.link_count; i++) {
        const struct link *link = &exchange.links[i];
        if (link->kind == LINK_CREATES || link->kind == LINK_REFERS)
            buffer_printf(&told, "%s %s %s=%s%s\n", link_kind_name(link->kind), link_place_name(link->place),
                          link->name, value_of(link->tag), link->strong ? " strong" : "");
    }
    buffer_append_byte(&told, 0);
    return (const char *)told.data;
}

/* Returns the ids of the exchange, the same where it is sanitized, once and twice, and where it is not. */
static const char *ids_of_exchange(void)
{
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    struct buffer first = {0};
    sanitize_links_only(sanitizer, &exchange);
    buffer_append_text(&first, ids_told());
    exchange.link_count = 0;
    sanitize_exchange(sanitizer, &exchange);
    buffer_append_byte(&first, 0);
    assert_string_equal(ids_told(), (const char *)first.data);
    sanitize_exchange(sanitizer, &exchange);
    assert_string_equal(ids_told(), (const char *)first.data);
    assert_false(exchange.link_count > LINK_KIND_COUNT * IDS_MAX);
    sanitizer_free(sanitizer);
    buffer_free(&first);
    return (const char *)told.data;
}

#define JSON "Content-Type: application/json\r\n"

static void test_a_creating_response_gives_out_ids(void **state)
{
    (void)state;
    make("POST /orders HTTP/1.1\r\n\r\n", "", 201, "Location: https://h/orders/ord_8f3k?x=1\r\n" JSON,
         "{\"id\":\"ord_8f3k\",\"line\":{\"line_id\":94},\"total\":17}");
    assert_string_equal(ids_of_exchange(), "creates header Location=ord_8f3k strong\n"
                                           "creates json id=ord_8f3k strong\n"
                                           "creates json line_id=94\n");
    make("PUT /orders HTTP/1.1\r\n\r\n", "", 200, JSON, "{\"id\":94}");
    assert_string_equal(ids_of_exchange(), "creates json id=94\n");
    make("POST /orders HTTP/1.1\r\n\r\n", "", 303, "Location: /orders/94\r\n", "");
    assert_string_equal(ids_of_exchange(), "creates header Location=94\n");
    make("GET /now HTTP/1.1\r\n\r\n", "", 201, JSON, "{\"id\":94}");
    assert_string_equal(ids_of_exchange(), "creates json id=94\n");
    /* Not creating. */
    make("GET /orders HTTP/1.1\r\n\r\n", "", 200, "Location: /orders/94\r\n" JSON, "{\"id\":94}");
    assert_string_equal(ids_of_exchange(), "");
    make("POST /orders HTTP/1.1\r\n\r\n", "", 409, JSON, "{\"id\":94}");
    assert_string_equal(ids_of_exchange(), "");
}

static void test_a_request_refers_to_ids_in_every_place(void **state)
{
    (void)state;
    make("GET /api/v1/orders/94/lines/17?cart_id=2&page=5#x HTTP/1.1\r\nX-Order-Id: "
         "ord_8f3k\r\nX-Request-Id: 5\r\n\r\n",
         "", 200, "", "");
    assert_string_equal(ids_of_exchange(), "refers path orders=94\n"
                                           "refers path lines=17\n"
                                           "refers query cart_id=2\n"
                                           "refers header X-Order-Id=ord_8f3k strong\n");
    make("POST http://h/x HTTP/1.1\r\n" JSON "\r\n",
         "{\"order_id\":94,\"quantity\":2,\"o\":[{\"itemId\":\"o-123456\"}]}", 200, "", "");
    assert_string_equal(ids_of_exchange(), "refers json order_id=94\nrefers json itemId=o-123456 strong\n");
    make("POST /x HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", "a=1&order_id=94&b=2",
         200, "", "");
    assert_string_equal(ids_of_exchange(), "refers form order_id=94\n");
    make("GET /app.3f2a.js?v=5 HTTP/1.1\r\n\r\n", "", 200, "", "");
    assert_string_equal(ids_of_exchange(), "");
    make("GET http://h/orders/94 HTTP/1.1\r\n\r\n", "", 200, "", "");
    assert_string_equal(ids_of_exchange(), "refers path orders=94\n");
}

static void test_what_the_request_carried_is_not_created(void **state)
{
    (void)state;
    make("PUT /orders/94 HTTP/1.1\r\n" JSON "\r\n", "{\"customer_id\":5}", 200, JSON,
         "{\"id\":94,\"customer_id\":5,\"line_id\":17}");
    assert_string_equal(ids_of_exchange(), "refers path orders=94\n"
                                           "refers json customer_id=5\n"
                                           "creates json line_id=17\n");
}

static void test_what_is_sensitive_is_no_id(void **state)
{
    (void)state;
    make("POST /x?session_id=94&device_id=5 HTTP/1.1\r\nX-User-Id: 17\r\n\r\n", "", 201, JSON,
         "{\"session_id\":\"94\"}");
    assert_string_equal(ids_of_exchange(), "");
    /* What only its look tells has the tag of its fake. */
    make("GET /orders/4111111111111111 HTTP/1.1\r\n\r\n", "", 200, "", "");
    assert_string_equal(ids_of_exchange(), "refers path orders=other strong\n");
    /* Names that may be values are not told. */
    make("GET /ghp_16C7e42F292c6912E7710c838347Ae178B4a/94 HTTP/1.1\r\n\r\n", "", 200, "", "");
    assert_string_equal(ids_of_exchange(), "refers path ?=other strong\nrefers path ?=94\n");
}

static void test_ids_of_an_exchange_are_few(void **state)
{
    (void)state;
    struct buffer body = {0};
    buffer_append_text(&body, "{");
    for (int i = 0; i < 100; i++)
        buffer_printf(&body, "%s\"a%d_id\":%d", i ? "," : "", i, 1000 + i);
    buffer_append_text(&body, "}");
    buffer_append_byte(&body, 0);
    make("POST /x HTTP/1.1\r\n" JSON "\r\n", (const char *)body.data, 201, JSON, "{\"id\":94}");
    ids_of_exchange();
    assert_int_equal(exchange.link_count, IDS_MAX + 1);
    buffer_free(&body);
}

static void add(struct link_groups *groups, uint64_t id)
{
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    exchange.id = id;
    sanitize_exchange(sanitizer, &exchange);
    sanitizer_free(sanitizer);
    link_groups_add(groups, &exchange);
}

static void test_groups_tell_which_exchanges_links_join(void **state)
{
    (void)state;
    struct link_groups *groups = link_groups_create(0);
    make("GET /orders/17 HTTP/1.1\r\n\r\n", "", 404, "", "");
    add(groups, 1);
    make("POST /orders HTTP/1.1\r\n\r\n", "", 201,
         "Location: /orders/94\r\nSet-Cookie: sid=abcdefghijklmnop\r\n" JSON,
         "{\"id\":94,\"x_id\":17,\"y_id\":2}");
    add(groups, 2);
    make("GET /orders/94?order_id=94 HTTP/1.1\r\nCookie: sid=abcdefghijklmnop\r\n\r\n", "", 200, "", "");
    add(groups, 3);
    uint64_t issuer = 0;
    for (size_t i = 0; i < exchange.link_count; i++)
        assert_true(link_groups_issuer(groups, &exchange.links[i], &issuer) && issuer == 2);
    make("DELETE /orders/94 HTTP/1.1\r\n\r\n", "", 200, "", "");
    add(groups, 4);
    make("GET /orders/17 HTTP/1.1\r\n\r\n", "", 200, "", "");
    add(groups, 5);
    /* 17 was carried before anything gave it out. */
    assert_false(link_groups_issuer(groups, &exchange.links[0], &issuer));
    struct buffer out = {0};
    link_groups_print(groups, &out);
    buffer_append_byte(&out, 0);
    const char *text = (const char *)out.data;
    assert_non_null(strstr(
        text, " from 0000000000000002, carried by 2: 0000000000000003 0000000000000004 (weak: short)\n"));
    assert_non_null(strstr(text, "    credential cookie sid "));
    assert_non_null(strstr(text, " from 0000000000000002, carried by 1: 0000000000000003\n"));
    assert_non_null(strstr(text, "    1 value was given out and not carried by a later request\n"));
    assert_int_equal(link_groups_overflow(groups), 0);
    link_groups_free(groups);
    buffer_free(&out);
}

static void test_groups_remember_no_more_than_they_may(void **state)
{
    (void)state;
    struct link_groups *groups = link_groups_create(1);
    make("POST /orders HTTP/1.1\r\n\r\n", "", 201, JSON, "{\"id\":94,\"x_id\":17}");
    add(groups, 1);
    assert_int_equal(link_groups_overflow(groups), 1);
    link_groups_free(groups);
    link_groups_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_creating_response_gives_out_ids),
        cmocka_unit_test(test_a_request_refers_to_ids_in_every_place),
        cmocka_unit_test(test_what_the_request_carried_is_not_created),
        cmocka_unit_test(test_what_is_sensitive_is_no_id),
        cmocka_unit_test(test_ids_of_an_exchange_are_few),
        cmocka_unit_test(test_groups_tell_which_exchanges_links_join),
        cmocka_unit_test(test_groups_remember_no_more_than_they_may),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
