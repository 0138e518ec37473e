/* What a rule removes goes with its name, in every syntax: cookies, members of queries, forms and JSON, parts of multipart bodies, header lines. What is left is, byte for
 * byte, what would have been written without it; sanitizing again changes nothing; what is removed is told of once, and is no link. */
#include "filters/policy/policy_yaml.h"
#include "filters/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON  "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
#define FORM  "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
#define PARTS "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n"

static struct keys *keys;
static struct policy *policy;
static struct sanitizer *sanitizer;
static struct exchange exchange;
static unsigned removed;
static uint64_t state = 1;

static unsigned below(unsigned limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % limit;
}

/* sanitize_observer_fn */
static void count_removed(void *arg, const struct sanitize_event *event)
{
    (void)arg;
    removed += event->step == SANITIZE_REMOVED;
}

static int set_up(void **unused)
{
    (void)unused;
    struct error err;
    keys = keys_random();
    return policy_yaml_read(
        "p.yaml",
        BYTES_LITERAL("version: 1\notherwise: keep\nsanitize:\n"
                      "- {locate: [field.gone, cookie.gone, header.X-Gone, multipart.X-Part, "
                      "'json:$.deep.er'], "
                      "strategy: remove}\n"
                      "- {locate: cookie.*, strategy: preserve}\n"),
        &policy, &err);
}

static int tear_down(void **unused)
{
    (void)unused;
    policy_free(policy);
    keys_free(keys);
    exchange_free(&exchange);
    return 0;
}

static void fill(const char *head, const char *body, enum body_state body_state)
{
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head, head);
    buffer_append_text(&exchange.request.body.content, body);
    exchange.request.body.state = *body ? body_state : BODY_EMPTY;
    exchange.request.body.reason = body_state == BODY_CUT ? BODY_REASON_LIMIT : BODY_REASON_NONE;
}

static void expect(const struct buffer *text, const char *wanted, const char *from)
{
    if (!bytes_equal(buffer_bytes(text), bytes_of(wanted)))
        fail_msg("of '%s' is left '%.*s', not '%s'", from, (int)text->size, (char *)text->data, wanted);
}

/* |count|: how many things are removed. */
static void check_body(enum body_state body_state, unsigned count, const char *head, const char *body,
                       const char *head_left, const char *body_left)
{
    fill(head, body, body_state);
    sanitizer = sanitizer_create(policy, keys);
    sanitizer_observe(sanitizer, count_removed, NULL);
    removed = 0;
    sanitize_exchange(sanitizer, &exchange);
    assert_int_equal(removed, count);
    for (unsigned round = 0; round < 2; round++) {
        expect(&exchange.request.head, head_left, head);
        expect(&exchange.request.body.content, body_left, body);
        assert_int_equal(exchange.link_count, 0);
        sanitize_exchange(sanitizer, &exchange);
    }
    assert_int_equal(removed, count);
    sanitizer_free(sanitizer);
}

static void check(unsigned count, const char *head, const char *body, const char *head_left,
                  const char *body_left)
{
    check_body(BODY_KEPT, count, head, body, head_left, body_left);
}

static void check_head(unsigned count, const char *before, const char *after)
{
    char head[512], left[512];
    snprintf(head, sizeof head, "%s\r\n", before);
    snprintf(left, sizeof left, "%s\r\n", after);
    check(count, head, "", left, "");
}

static void test_queries_and_path_parameters(void **unused)
{
    (void)unused;
    static const char *const rows[][2] = {
        {"a=1&gone=2", "?a=1"},
        {"gone=2&a=1", "?a=1"},
        {"a=1&gone=2&b=%20", "?a=1&b=%20"},
        {"gone=2", ""},
        {"gone=2&gone=3&a", "?a"},
        {"gone&a=1&gone=", "?a=1"},
        {"%67one=2&b=1", "?b=1"},
        {"a=1&&gone=2&", "?a=1&&"},
        {"gone=1#x", "#x"},
        {"b=1#gone=1", "?b=1"},
        {"b=https%3A%2F%2Fh%2F%3Fgone%3D1", "?b=https%3A%2F%2Fh%2F"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char before[256], after[256];
        unsigned count = 0;
        for (const char *at = rows[i][0]; (at = strstr(at, "one")); at++)
            count++;
        snprintf(before, sizeof before, "GET /p?%s HTTP/1.1\r\n", rows[i][0]);
        snprintf(after, sizeof after, "GET /p%s HTTP/1.1\r\n", rows[i][1]);
        check_head(count, before, after);
    }
    check_head(1, "GET /p;gone=1;b=2/q HTTP/1.1\r\n", "GET /p;b=2/q HTTP/1.1\r\n");
    check_head(1, "GET /p;gone=1 HTTP/1.1\r\n", "GET /p HTTP/1.1\r\n");
    check_head(0, "GET /p/gone/x HTTP/1.1\r\n", "GET /p/gone/x HTTP/1.1\r\n");
}

static void test_cookies_and_header_lines(void **unused)
{
    (void)unused;
    static const char *const rows[][2] = {
        {"Cookie: a=1; gone=2\r\n", "Cookie: a=1\r\n"},
        {"Cookie: gone=2; a=1\r\n", "Cookie: a=1\r\n"},
        {"Cookie: a=1;gone=2;  b=\"3\";\r\n", "Cookie: a=1;  b=\"3\";\r\n"},
        {"Cookie: gone=\"2\"\r\nA: b\r\n", "A: b\r\n"},
        {"Cookie:  gone=2; gone=3 \r\nA: b\r\n", "A: b\r\n"},
        {"X-Gone: a\r\nx-gone: b\r\nA: b\r\n", "A: b\r\n"},
        {"Referer: http://h/?gone=1&b=2\r\n", "Referer: http://h/?b=2\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char before[256], after[256];
        unsigned count = 0;
        for (const char *at = rows[i][0]; (at = strstr(at, "one")); at++)
            count++;
        snprintf(before, sizeof before, "GET / HTTP/1.1\r\n%s", rows[i][0]);
        snprintf(after, sizeof after, "GET / HTTP/1.1\r\n%s", rows[i][1]);
        check_head(count, before, after);
    }
    exchange_clear(&exchange);
    buffer_append_text(&exchange.response.head, "HTTP/1.1 200 OK\r\nSet-Cookie: gone=1; Path=/; Secure\r\n"
                                                "Set-Cookie: b=2; Path=/\r\nX-Gone: 1\r\n\r\n");
    buffer_append_text(&exchange.response.trailers, "X-Gone: 1\r\nX-Sum: a\r\n");
    sanitizer = sanitizer_create(policy, keys);
    sanitize_exchange(sanitizer, &exchange);
    expect(&exchange.response.head, "HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Path=/\r\n\r\n", "a response");
    expect(&exchange.response.trailers, "X-Sum: a\r\n", "trailers");
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.trailers,
                       "X-Gone: 1\r\nX-Token: secret-1\r\nX-Note: to bob@corp.example.net\r\n"
                       "Referer: http://h/?gone=1&b=2\r\nno line\r\n");
    sanitize_exchange(sanitizer, &exchange);
    const struct buffer *trailers = &exchange.request.trailers;
    struct bytes begin = BYTES_LITERAL("X-Token: rhx"), end = BYTES_LITERAL("\r\nReferer: http://h/?b=2\r\n");
    assert_true(trailers->size > begin.size + end.size);
    assert_memory_equal(trailers->data, begin.data, begin.size);
    assert_memory_equal(trailers->data + trailers->size - end.size, end.data, end.size);
    assert_null(memmem(trailers->data, trailers->size, "secret", 6));
    assert_null(memmem(trailers->data, trailers->size, "bob@", 4));
    sanitizer_free(sanitizer);
}

static void test_members_of_json(void **unused)
{
    (void)unused;
    static const struct {
        unsigned count;
        const char *body, *left;
    } rows[] = {
        {1, "{\"a\":1,\"gone\":2}", "{\"a\":1}"},
        {1, "{\"gone\":2,\"a\":1}", "{\"a\":1}"},
        {1, "{ \"gone\" : 2 , \"a\":1 }", "{ \"a\":1 }"},
        {1, "{\"a\":1 , \"gone\" : [2,{\"b\":3}] , \"c\":4}", "{\"a\":1  , \"c\":4}"},
        {1, "{\"gone\":{\"gone\":1,\"token\":\"t\"}}", "{}"},
        {3, "{\"gone\":1,\"gone\":\"x\",\"go\\u006ee\":null}", "{}"},
        {2, "{\"gone\":1,\"a\":{\"gone\":2}}", "{\"a\":{}}"},
        {2, "{\"gone\":1,\"gone\":2,\"b\":3,\"c\":4}", "{\"b\":3,\"c\":4}"},
        {2, "[{\"a\":1,\"gone\":2}, {\"gone\":2,\"a\":1}]", "[{\"a\":1}, {\"a\":1}]"},
        {1, "{\"s\":\"{\\\"gone\\\":1,\\\"b\\\":2}\"}", "{\"s\":\"{\\\"b\\\":2}\"}"},
        {1, "{\"deep\":{\"er\":[1],\"x\":2},\"er\":3}", "{\"deep\":{\"x\":2},\"er\":3}"},
        {1, "{\"n\":1.50,\"gone\":true,\"m\":1e5}", "{\"n\":1.50,\"m\":1e5}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(rows[i].count, JSON, rows[i].body, JSON, rows[i].left);
    /* Of a body that was cut inside of it, its values go as well. */
    check_body(BODY_CUT, 1, JSON, "{\"gone\":1,\"b\":\"c\",\"d", JSON, "{\"b\":\"c\",");
    check_body(BODY_CUT, 0, JSON, "{\"b\":1,\"gone\":{\"c\":\"secret\",\"d\":\"sec", JSON,
               "{\"b\":1,\"gone\":{\"d\":");
}

static void test_forms_and_parts(void **unused)
{
    (void)unused;
    check(1, FORM, "a=1&gone=2+3", FORM, "a=1");
    check(1, FORM, "gone=2", FORM, "");
    check(1, FORM, "gone=2&a=1", FORM, "a=1");
#define PART(name) "Content-Disposition: form-data; name=" name "\r\n\r\n"
    check(1, PARTS, "--B\r\n" PART("a") "1\r\n--B\r\n" PART("gone") "2\r\n--B--\r\n", PARTS,
          "--B\r\n" PART("a") "1\r\n--B--\r\n");
    check(1, PARTS, "--B\r\n" PART("\"gone\"") "2\r\n--B \r\n" PART("a") "1\r\n--B--", PARTS,
          "--B \r\n" PART("a") "1\r\n--B--");
    check(2, PARTS, "\r\n--B\r\n" PART("gone") "2\r\n--B\r\n" PART("gone; filename=x") "\1\r\n--B--\r\n",
          PARTS, "\r\n--B--\r\n");
    /* Rules on headers are not for the heads of parts. */
    check(0, PARTS, "--B\r\nX-Gone: 1\r\n" PART("a") "1\r\n--B--\r\n", PARTS,
          "--B\r\nX-Gone: 1\r\n" PART("a") "1\r\n--B--\r\n");
    check(1, PARTS, "--B\r\nX-Part: 1\r\n" PART("a") "1\r\n--B--\r\n", PARTS,
          "--B\r\n" PART("a") "1\r\n--B--\r\n");
    check_body(BODY_CUT, 1, PARTS, "--B\r\n" PART("a") "1\r\n--B\r\n" PART("gone") "sec", PARTS,
               "--B\r\n" PART("a") "1\r\n--B\r\n");
}

static void put_value(struct buffer *all, struct buffer *left, unsigned depth, unsigned *count);

/* Writes an object to |all|, and without the members that go to |left|; NULL: all of it goes. */
static void put_object(struct buffer *all, struct buffer *left, unsigned depth, unsigned *count)
{
    static const char *const names[] = {"a", "gone", "b\\u0020", "g\\u006fne", "id", "name"};
    struct buffer unseen = {0};
    unsigned kept = 0;
    buffer_append_byte(all, '{');
    buffer_append_byte(left, '{');
    for (unsigned i = 0, members = below(5); i < members; i++) {
        unsigned which = below(6);
        bool goes = which == 1 || which == 3;
        if (i > 0)
            buffer_append_byte(all, ',');
        if (!goes && kept++ > 0)
            buffer_append_byte(left, ',');
        struct buffer *to = goes ? &unseen : left;
        unsigned inside = 0;
        buffer_clear(&unseen);
        buffer_printf(all, "\"%s\":", names[which]);
        buffer_printf(to, "\"%s\":", names[which]);
        put_value(all, to, depth + 1, goes ? &inside : count);
        *count += goes;
    }
    buffer_append_byte(all, '}');
    buffer_append_byte(left, '}');
    buffer_free(&unseen);
}

static void put_value(struct buffer *all, struct buffer *left, unsigned depth, unsigned *count)
{
    static const char *const values[] = {"1", "true", "\"x y\"", "-2.50", "\"\\\"\"", "null", "\"a=b\""};
    unsigned kind = depth > 4 ? 9 : below(10);
    if (kind < 4 || depth == 0) {
        put_object(all, left, depth, count);
    } else if (kind < 6) {
        buffer_append_byte(all, '[');
        buffer_append_byte(left, '[');
        for (unsigned i = 0, elements = below(4); i < elements; i++) {
            if (i > 0) {
                buffer_append_byte(all, ',');
                buffer_append_byte(left, ',');
            }
            put_value(all, left, depth + 1, count);
        }
        buffer_append_byte(all, ']');
        buffer_append_byte(left, ']');
    } else {
        const char *value = values[below(7)];
        buffer_append_text(all, value);
        buffer_append_text(left, value);
    }
}

static void test_random_documents_are_what_they_would_have_been(void **unused)
{
    (void)unused;
    sanitizer = sanitizer_create(policy, keys);
    sanitizer_observe(sanitizer, count_removed, NULL);
    for (unsigned i = 0; i < 20000; i++) {
        struct buffer all = {0}, left = {0};
        unsigned count = 0;
        put_value(&all, &left, 0, &count);
        fill(JSON, "", BODY_KEPT);
        buffer_append_bytes(&exchange.request.body.content, buffer_bytes(&all));
        exchange.request.body.state = BODY_KEPT;
        removed = 0;
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(exchange.request.body.state, BODY_KEPT);
        assert_int_equal(removed, count);
        if (!bytes_equal(buffer_bytes(&left), buffer_bytes(&exchange.request.body.content)))
            fail_msg("of %.*s is left %.*s, not %.*s", (int)all.size, (char *)all.data,
                     (int)exchange.request.body.content.size, (char *)exchange.request.body.content.data,
                     (int)left.size, (char *)left.data);
        sanitize_exchange(sanitizer, &exchange);
        assert_true(bytes_equal(buffer_bytes(&left), buffer_bytes(&exchange.request.body.content)));
        buffer_free(&all);
        buffer_free(&left);
    }
    sanitizer_free(sanitizer);
}

static void test_random_pairs_are_what_they_would_have_been(void **unused)
{
    (void)unused;
    static const char *const pairs[] = {"a=1", "gone=2", "b=", "c=%20", "gone=", "g%6Fne=", "d="};
    sanitizer = sanitizer_create(policy, keys);
    for (unsigned i = 0; i < 20000; i++) {
        struct buffer all = {0}, left = {0}, cookies = {0}, cookies_left = {0};
        for (unsigned n = 0, count = 1 + below(6); n < count; n++) {
            unsigned which = below(7);
            bool goes = which == 1 || which == 4 || which == 5;
            buffer_printf(&all, "%s%s", n ? "&" : "", pairs[which]);
            buffer_printf(&cookies, "%s%s", n ? "; " : "", which == 1 ? "gone=x" : "k=x");
            if (!goes)
                buffer_printf(&left, "%s%s", left.size ? "&" : "", pairs[which]);
            if (which != 1)
                buffer_printf(&cookies_left, "%sk=x", cookies_left.size ? "; " : "");
        }
        exchange_clear(&exchange);
        buffer_printf(
            &exchange.request.head,
            "POST /?%.*s HTTP/1.1\r\nCookie: %.*s\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
            (int)all.size, (char *)all.data, (int)cookies.size, (char *)cookies.data);
        buffer_append_text(&exchange.request.body.content, "z=1&");
        buffer_append_bytes(&exchange.request.body.content, buffer_bytes(&all));
        exchange.request.body.state = BODY_KEPT;
        struct buffer head = {0}, body = {0};
        buffer_printf(&head, "POST /%s%.*s HTTP/1.1\r\n", left.size ? "?" : "", (int)left.size,
                      left.size ? (char *)left.data : "");
        if (cookies_left.size)
            buffer_printf(&head, "Cookie: %.*s\r\n", (int)cookies_left.size, (char *)cookies_left.data);
        buffer_append_text(&head, "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
        buffer_printf(&body, "z=1%s%.*s", left.size ? "&" : "", (int)left.size,
                      left.size ? (char *)left.data : "");
        buffer_append_byte(&head, 0);
        buffer_append_byte(&body, 0);
        for (unsigned round = 0; round < 2; round++) {
            sanitize_exchange(sanitizer, &exchange);
            buffer_append_byte(&all, 0);
            expect(&exchange.request.head, (char *)head.data, (char *)all.data);
            expect(&exchange.request.body.content, (char *)body.data, (char *)all.data);
        }
        buffer_free(&all);
        buffer_free(&left);
        buffer_free(&cookies);
        buffer_free(&cookies_left);
        buffer_free(&head);
        buffer_free(&body);
    }
    sanitizer_free(sanitizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries_and_path_parameters),
        cmocka_unit_test(test_cookies_and_header_lines),
        cmocka_unit_test(test_members_of_json),
        cmocka_unit_test(test_forms_and_parts),
        cmocka_unit_test(test_random_documents_are_what_they_would_have_been),
        cmocka_unit_test(test_random_pairs_are_what_they_would_have_been),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
