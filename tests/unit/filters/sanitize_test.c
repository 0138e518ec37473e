/* Whole exchanges through the sanitizer: what stays, what is withheld and why, and the properties that hold
 * for any exchange: sanitizing twice changes nothing, one value has one pseudonym in every place. */
#include "filters/sanitize.h"

#include "common/coding.h"
#include "filters/pseudonym.h"
#include "tests/unit/filters/sanitize_kit.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 100000
#define SECRET "S3cr3t-Value+0123/45="

static void fill(struct message *message, const char *head, struct bytes body, bool coded)
{
    buffer_append_text(&message->head, head);
    buffer_append_bytes(&message->body.content, body);
    message->body.state = body.size ? BODY_KEPT : BODY_EMPTY;
    message->body.wire_bytes = body.size;
    message->body.coded = coded;
}

static struct message *request(const char *head, const char *body)
{
    exchange_clear(&exchange);
    fill(&exchange.request, head, bytes_of(body), false);
    sanitize_exchange(sanitizer, &exchange);
    return &exchange.request;
}

static bool holds(const struct buffer *buffer, const char *text)
{
    return buffer->size > 0 && memmem(buffer->data, buffer->size, text, strlen(text));
}

static void assert_text(const struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer->size, strlen(text));
    assert_memory_equal(buffer->data, text, buffer->size);
}

static void test_public_exchange_is_untouched(void **state)
{
    (void)state;
    const char *head = "GET /a?b=%63 HTTP/1.1\r\nHost:  h \r\nX-Folded: a\r\n\tb\r\nAccept: */*\n\r\n";
    const struct message *message = request(head, "");
    assert_text(&message->head, head);
    assert_int_equal(message->withheld_lines, 0);
    head = "POST / HTTP/1.0\r\nContent-Type: application/vnd.x+json; v=1\r\n\r\n";
    message = request(head, " {\"price\": 1.10} ");
    assert_text(&message->head, head);
    assert_text(&message->body.content, " {\"price\": 1.10} ");
    assert_int_equal(message->body.state, BODY_KEPT);
}

static void test_lines_that_cannot_be_told_are_withheld(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t defect;
    } rows[] = {
        {SECRET "\r\n", MESSAGE_DEFECT(FIELD_NO_COLON)},
        {": " SECRET "\r\n", MESSAGE_DEFECT(FIELD_NO_COLON)},
        {SECRET "@: x\r\n", MESSAGE_DEFECT(FIELD_NAME)},
        {"X-A: b\rCookie: a=" SECRET "\r\n", MESSAGE_DEFECT(FIELD_VALUE)},
        {"X-A: b\r\n Cookie: a=" SECRET "\r\n", MESSAGE_DEFECT(FIELD_VALUE)},
        {"X-A: " SECRET, 0}, /* cut: nobody knows what follows */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer head = {0};
        buffer_append_text(&head, "GET / HTTP/1.1\r\nHost: h\r\n");
        buffer_append_text(&head, rows[i].line);
        if (rows[i].defect)
            buffer_append_text(&head, "A: b\r\n\r\n");
        buffer_append_byte(&head, 0);
        const struct message *message = request((char *)head.data, "");
        assert_false(holds(&message->head, "S3cr3t"));
        assert_true(holds(&message->head, "Host: h\r\n"));
        assert_int_equal(message->withheld_lines, 1);
        assert_int_equal(message->withheld_bytes, strlen(rows[i].line));
        assert_true((message->defects & rows[i].defect) == rows[i].defect);
        buffer_free(&head);
    }
    static const char *const starts[] = {SECRET "\r\n\r\n", "G=" SECRET " / HTTP/1.1\r\n\r\n", SECRET,
                                         "GET /\r" SECRET " HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        assert_false(holds(&request(starts[i], "")->head, "S3cr3t"));
        assert_int_equal(exchange.request.withheld_lines, 1);
    }
}

/* Lines that come again are taken as they were the first time: what they say must still be heard. */
/* A name cannot be replaced by a pseudonym, as a value can. */
static void test_lines_with_a_secret_in_the_name_are_withheld(void **state)
{
    (void)state;
    static const char *const names[] = {"X-User-4111111111111111", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
                                        "X-Of-5555-5555-5555-4444", "sub.93.184.216.34"};
    char text[256];
    for (unsigned twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h\r\n%s: 1\r\n\r\n", names[i]);
            const struct message *message = request(text, "");
            assert_text(&message->head, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_int_equal(message->withheld_lines, 1);
        }
    snprintf(text, sizeof text,
             "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n%s: 1\r\n\r\nx\r\n--b--\r\n", names[0]);
    const struct message *message =
        request("POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n", text);
    assert_text(&message->body.content,
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n");
}

static void test_repeated_lines_say_the_same_each_time(void **state)
{
    (void)state;
    char head[256], body[64], address[32];
    for (unsigned i = 0; i < 200; i++) {
        bool plain = i % 3 == 0, hinted = i % 5 == 0;
        snprintf(head, sizeof head,
                 "PUT / HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %u\r\nX-Order-Id: %u\r\n%s%u\r\n\r\n",
                 plain ? "text/plain" : "application/json", i, 1000000 + i,
                 hinted ? "Itin: 2190999" : "Age: ", 10 + i % 90);
        snprintf(address, sizeof address, "user%u@shop.example", i); /* "user" alone may be in a pseudonym */
        snprintf(body, sizeof body, "{\"email\":\"%s\"}", address);
        const struct message *message = request(head, body);
        assert_int_equal(message->body.state, plain ? BODY_DROPPED : BODY_KEPT);
        assert_false(holds(&message->body.content, address));
        assert_false(holds(&message->body.content, "shop.example"));
        assert_int_equal(exchange.link_count, 1);
        if (!hinted)
            assert_text(&message->head, head);
        else
            assert_false(holds(&message->head, "Itin: 219"));
    }
}

static void test_folded_credentials_are_one_value(void **state)
{
    (void)state;
    const struct message *message =
        request("GET / HTTP/1.1\r\nAuthorization: Bearer\r\n  " SECRET "\r\nHost: h\r\n\r\n", "");
    assert_false(holds(&message->head, "S3cr3t"));
    assert_true(holds(&message->head, "Authorization: Bearer rhx"));
    assert_true(holds(&message->head, "\r\nHost: h\r\n\r\n"));
    message = request("GET / HTTP/1.1\r\nAuthorization:\r\n Bearer " SECRET "\r\nReferer:\n //user:" SECRET
                      "@h/\r\n\r\n",
                      "");
    assert_false(holds(&message->head, "S3cr3t"));
    assert_true(holds(&message->head, "Authorization:Bearer rhx"));
    assert_true(holds(&message->head, "Referer://rhx"));
}

static void test_bodies_fail_closed(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        enum body_reason reason;
    } rows[] = {
        {"text/plain", "x", BODY_REASON_TYPE},
        {"multipart/form-data; boundary=b", "--b", BODY_REASON_SYNTAX},
        {"multipart/form-data; boundary=b\r\nContent-Type: multipart/form-data; boundary=c",
         "--b\r\n\r\n\r\n--b--", BODY_REASON_TYPE},
        {"application/octet-stream", "x", BODY_REASON_TYPE},
        {"application/json\r\nContent-Type: text/plain", "{}", BODY_REASON_TYPE},
        {"application/json", "{\"token\":\"" SECRET, BODY_REASON_SYNTAX},
        {"application/json", "token=" SECRET, BODY_REASON_SYNTAX},
        {"application/x-www-form-urlencoded", "{\"token\":\"" SECRET "\"}", BODY_REASON_SYNTAX},
        {"application/x-www-form-urlencoded", SECRET, BODY_REASON_SYNTAX},
        {"application/json\r\nContent-Encoding: gzip", "{}", BODY_REASON_CODING},
        {"application/json\r\nContent-Encoding: odd", "{}", BODY_REASON_CODING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char head[256];
        snprintf(head, sizeof head, "POST / HTTP/1.1\r\nContent-Type: %s\r\n\r\n", rows[i].type);
        exchange_clear(&exchange);
        fill(&exchange.request, head, bytes_of(rows[i].body), strstr(head, "Encoding") != NULL);
        sanitize_exchange(sanitizer, &exchange);
        const struct body *body = &exchange.request.body;
        assert_int_equal(body->state, BODY_DROPPED);
        assert_int_equal(body->reason, rows[i].reason);
        assert_int_equal(body->content.size, 0);
        assert_int_equal(body->wire_bytes, strlen(rows[i].body));
    }
    const struct message *message = request("POST / HTTP/1.1\r\n\r\n", "{\"token\":\"" SECRET "\"}");
    assert_int_equal(message->body.state, BODY_KEPT);
    assert_false(holds(&message->body.content, "S3cr3t"));
    message = request("POST / HTTP/1.1\r\n\r\n", SECRET);
    assert_int_equal(message->body.reason, BODY_REASON_TYPE);
}

static const struct body *cut_response(const char *type, struct bytes body, enum body_reason reason)
{
    char head[200];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n", type);
    exchange_clear(&exchange);
    fill(&exchange.response, head, body, strstr(head, "Encoding") != NULL);
    exchange.response.body.state = BODY_CUT;
    exchange.response.body.reason = reason;
    exchange.response.body.wire_bytes = 1000;
    sanitize_exchange(sanitizer, &exchange);
    assert_int_equal(exchange.response.body.state, BODY_CUT);
    assert_int_equal(exchange.response.body.reason, reason);
    assert_int_equal(exchange.response.body.wire_bytes, 1000);
    assert_false(exchange.response.body.coded);
    assert_false(holds(&exchange.response.body.content, "S3cr3t"));
    return &exchange.response.body;
}

static void test_cut_bodies_keep_their_sanitized_beginning(void **state)
{
    (void)state;
    const struct body *body = cut_response(
        "application/json", BYTES_LITERAL("{\"a\":1,\"token\":\"" SECRET "\",\"secret\":\"" SECRET),
        BODY_REASON_TOO_LARGE);
    assert_true(holds(&body->content, "{\"a\":1,\"token\":\"rhx"));
    assert_true(holds(&body->content, "\"secret\":"));
    assert_int_equal(exchange.link_count, 1);
    body = cut_response("application/x-www-form-urlencoded", BYTES_LITERAL("a=1&b=2&token=" SECRET),
                        BODY_REASON_GAP);
    assert_text(&body->content, "a=1&b=2&");
    body = cut_response("application/json", BYTES_LITERAL("token=" SECRET), BODY_REASON_INCOMPLETE);
    assert_int_equal(body->content.size, 0);
    body = cut_response("text/plain", BYTES_LITERAL("token=" SECRET), BODY_REASON_TOO_LARGE);
    assert_int_equal(body->content.size, 0);
    body = cut_response("application/json\r\nContent-Encoding: gzip",
                        BYTES_LITERAL("{\"token\":\"" SECRET "\","), BODY_REASON_TOO_LARGE);
    assert_int_equal(body->content.size, 0);
}

#define UPLOAD             "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=\"b c\"\r\n\r\n"
#define FIELD(name, value) "--b c\r\nContent-Disposition: form-data; name=" name "\r\n\r\n" value "\r\n"

static void test_multipart_bodies(void **state)
{
    (void)state;
    const struct message *message = request(UPLOAD, FIELD("a", "1") FIELD("token", SECRET) "--b c--");
    assert_int_equal(message->body.state, BODY_KEPT);
    assert_true(holds(&message->body.content, FIELD("a", "1") "--b c\r\n"));
    assert_true(holds(&message->body.content, "\r\n\r\nrhx"));
    assert_false(holds(&message->body.content, "S3cr3t"));
    assert_false(message->body.digested);
    assert_int_equal(exchange.link_count, 1);
    assert_int_equal(exchange.links[0].place, LINK_PLACE_FORM);
    message = request(UPLOAD, FIELD("a", "1") FIELD("f; filename=" SECRET, "file " SECRET) "--b c--");
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(message->body.state, BODY_CUT);
        assert_int_equal(message->body.reason, BODY_REASON_PARTS);
        assert_true(holds(&message->body.content, FIELD("a", "1") "--b c\r\n"));
        assert_true(holds(&message->body.content, "\r\n\r\n\r\n--b c--"));
        assert_false(holds(&message->body.content, "S3cr3t"));
        assert_true(message->body.digested);
        sanitize_exchange(sanitizer, &exchange);
    }
}

static void test_bodies_with_a_hole_that_they_do_not_tell_of_keep_nothing(void **state)
{
    (void)state;
    exchange_clear(&exchange);
    fill(&exchange.request, "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", bytes_of("{}"),
         false);
    fill(&exchange.response, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", bytes_of("[1,2"),
         false);
    exchange.flags = EXCHANGE_FLAG(REQUEST_GAP) | EXCHANGE_FLAG(RESPONSE_INCOMPLETE);
    sanitize_exchange(sanitizer, &exchange);
    assert_int_equal(exchange.request.body.state, BODY_CUT);
    assert_int_equal(exchange.request.body.reason, BODY_REASON_GAP);
    assert_int_equal(exchange.request.body.content.size, 0);
    assert_int_equal(exchange.response.body.state, BODY_CUT);
    assert_int_equal(exchange.response.body.reason, BODY_REASON_INCOMPLETE);
    assert_text(&exchange.response.body.content, "[1,");
}

static void test_dropped_bodies_leave_a_keyed_digest(void **state)
{
    (void)state;
    const char *head = "POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n";
    const char *long_enough = "the secret of this text, which is sixty-four bytes long: 12345678";
    struct keys_digest *digest = keys_digest_create();
    uint8_t expected[KEYS_DIGEST_SIZE];
    keys_digest_begin(digest, keys);
    keys_digest_add(digest, bytes_of(long_enough));
    keys_digest_end(digest, expected);
    keys_digest_free(digest);
    const struct body *body = &request(head, long_enough)->body;
    assert_int_equal(body->reason, BODY_REASON_TYPE);
    assert_true(body->digested);
    assert_memory_equal(body->digest, expected, sizeof expected);
    sanitize_exchange(sanitizer, &exchange);
    assert_true(body->digested);
    assert_memory_equal(body->digest, expected, sizeof expected);
    assert_false(request(head, long_enough + 2)->body.digested); /* 63 bytes */
    assert_false(request("POST / HTTP/1.1\r\n\r\n",
                         "{\"a\":\"which is kept and needs no digest, however long it is, as this one\"}")
                     ->body.digested);
    sanitizer_set_digests(sanitizer, false, true);
    assert_false(request(head, long_enough)->body.digested);
    sanitizer_set_digests(sanitizer, true, true);
}

static void test_content_coding_is_undone(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        struct buffer coded = {0};
        char head[160];
        assert_int_equal(
            coding_encode(bytes_of(codings[i]), bytes_of("{\"a\":1,\"token\":\"" SECRET "\"}"), &coded),
            CODING_OK);
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: %s\r\n\r\n",
                 codings[i]);
        exchange_clear(&exchange);
        fill(&exchange.response, head, buffer_bytes(&coded), true);
        sanitize_exchange(sanitizer, &exchange);
        assert_text(&exchange.response.head, head);
        assert_int_equal(exchange.response.body.state, BODY_KEPT);
        assert_false(exchange.response.body.coded);
        assert_true(holds(&exchange.response.body.content, "{\"a\":1,\"token\":\"rhx"));
        assert_false(holds(&exchange.response.body.content, "S3cr3t"));
        buffer_free(&coded);
    }
}

static void test_cut_coded_bodies_keep_what_can_be_undone(void **state)
{
    (void)state;
    static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};
    struct buffer plain = {0}, coded = {0};
    buffer_append_text(&plain, "[{\"token\":\"" SECRET "\"}");
    for (unsigned i = 0, random = 1; i < 40000; i++, random = random * 1103515245 + 12345)
        buffer_printf(&plain, ",%u", random >> 8);
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        char type[80];
        snprintf(type, sizeof type, "application/json\r\nContent-Encoding: %s", codings[i]);
        assert_int_equal(coding_encode(bytes_of(codings[i]), buffer_bytes(&plain), &coded), CODING_OK);
        const struct body *body =
            cut_response(type, bytes_make(coded.data, coded.size / 2), BODY_REASON_TOO_LARGE);
        assert_true(holds(&body->content, "[{\"token\":\"rhx"));
        assert_true(body->content.size > plain.size / 4);
    }
    buffer_free(&plain);
    buffer_free(&coded);
}

static const struct link *find_link(enum link_kind kind, enum link_place place, const char *name)
{
    for (size_t i = 0; i < exchange.link_count; i++)
        if (exchange.links[i].kind == kind && exchange.links[i].place == place &&
            strcmp(exchange.links[i].name, name) == 0)
            return &exchange.links[i];
    return NULL;
}

static void test_one_value_is_one_pseudonym_and_one_tag_everywhere(void **state)
{
    (void)state;
    char basic[128], head[1024];
    const char *pair = "bob:" SECRET;
    sodium_bin2base64(basic, sizeof basic, (const uint8_t *)pair, strlen(pair),
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(
        head, sizeof head,
        "POST /p;jsessionid=S3cr3t-Value%%2B0123%%2F45%%3D?token=S3cr3t-Value%%2b0123/45%%3d&x=1 HTTP/1.1\r\n"
        "Authorization: Bearer " SECRET "\r\nProxy-Authorization: Basic %s\r\n"
        "Cookie: sid=\"" SECRET "\"; t=S3cr3t-Value%%2B0123/45=\r\nX-Api-Key: " SECRET "\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        basic);
    exchange_clear(&exchange);
    fill(&exchange.request, head, bytes_of("refresh_token=S3cr3t-Value%2B0123%2F45%3D"), false);
    fill(&exchange.response,
         "HTTP/1.1 200 OK\r\nSet-Cookie: sid=" SECRET "; Path=/\r\nContent-Type: application/json\r\n\r\n",
         bytes_of("{\"session\":{\"token\":\"S3cr3t\\u002dValue+0123\\/45=\"}}"), false);
    sanitize_exchange(sanitizer, &exchange);
    struct buffer wanted = {0};
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    pseudonym_make(keys, bytes_of(SECRET), &wanted, tag);
    buffer_append_byte(&wanted, 0);
    size_t count = 0;
    for (const char *at = (buffer_append_byte(&exchange.request.head, 0), (char *)exchange.request.head.data);
         (at = strstr(at, (char *)wanted.data)); at++)
        count++;
    assert_int_equal(count, 6); /* Basic stands in base64 */
    assert_true(holds(&exchange.request.body.content, (char *)wanted.data));
    assert_true(holds(&exchange.response.head, (char *)wanted.data));
    assert_true(holds(&exchange.response.body.content, (char *)wanted.data));
    static const struct {
        enum link_kind kind;
        enum link_place place;
        const char *name;
    } links[] = {
        {LINK_USES, LINK_PLACE_HEADER, "Authorization"},
        {LINK_USES, LINK_PLACE_HEADER, "X-Api-Key"},
        {LINK_USES, LINK_PLACE_HEADER, "Proxy-Authorization"},
        {LINK_USES, LINK_PLACE_COOKIE, "sid"},
        {LINK_USES, LINK_PLACE_COOKIE, "t"},
        {LINK_USES, LINK_PLACE_QUERY, "token"},
        {LINK_USES, LINK_PLACE_FORM, "refresh_token"},
        {LINK_ISSUES, LINK_PLACE_COOKIE, "sid"},
        {LINK_ISSUES, LINK_PLACE_JSON, "token"},
    };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        const struct link *link = find_link(links[i].kind, links[i].place, links[i].name);
        assert_non_null(link);
        assert_memory_equal(link->tag, tag, sizeof tag);
        assert_true(link->identity == (strcmp(link->name, "Proxy-Authorization") != 0));
    }
    buffer_free(&wanted);
}

static void test_links_only_changes_nothing_else(void **state)
{
    (void)state;
    const char *head = "GET /?token=" SECRET " HTTP/1.1\r\n" SECRET "\r\n\r\n";
    exchange_clear(&exchange);
    fill(&exchange.request, head, bytes_of("{\"token\":\"" SECRET), false);
    sanitize_links_only(sanitizer, &exchange);
    assert_text(&exchange.request.head, head);
    assert_text(&exchange.request.body.content, "{\"token\":\"" SECRET);
    assert_int_equal(exchange.request.withheld_lines, 0);
    assert_non_null(find_link(LINK_USES, LINK_PLACE_QUERY, "token"));
}

/* Builds text from pieces that make trouble, chosen by a seeded generator. */
static uint32_t seed;
static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void pieces(struct buffer *out, const char *const *from, uint32_t count, uint32_t most)
{
    for (uint32_t i = draw(most + 1); i > 0; i--)
        buffer_append_text(out, from[draw(count)]);
}

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof(array)[0])

/* A body that is JSON or a form more often than not. */
static void random_body(struct buffer *out)
{
    static const char *const values[] = {
        "1.50",
        "null",
        "true",
        "\"x\"",
        "\"\"",
        "\"a\\u0040b.example\"",
        "[1,\"y\"]",
        "{\"id\":\"S3cr3tS3cr3tS3cr3t\"}",
        "\"/a?token=b%2fc\"",
        "\"{\\\"pwd\\\":1}\"",
        "\"see c.d@e.example.org, 4111-1111-1111-1111\"",
        "4111111111111111",
        "\"\\u0034111111111111111 http://u:p@h/?b=10.1.2.3\"",
        "\"Y2FyZCA0MTExMTExMTExMTExMTEx, c%2540d.example.org\"",
        "\"password: x, pin: 12 \\\"pwd\\\": \\\"y\\\"\"",
        "\"mutation{a(pin:1,token:\\\"x\\\",user:$u)}\"",
        "\"a%253Db%2526pin%253D1\"",
        "[{\"name\":\"token\",\"value\":\"v\"},{\"value\":{\"b\":3},\"key\":\"pin\"}]",
        "x"};
    static const char *const names[] = {"token",          "pin",     "a",    "user",  "email",
                                        "pass\\u0077ord", "session", "name", "value", "newValue"};
    static const char *const fields[] = {"token=",
                                         "pin=",
                                         "a=",
                                         "&",
                                         "a%40b.example",
                                         "x",
                                         "%7B%22pin%22%3A1%7D",
                                         "?token%3D",
                                         "+",
                                         "4111111111111111",
                                         "c%2540d.example.org",
                                         "078-05-1120",
                                         "93.184.216.34",
                                         "AKIAIOSFODNN7EXAMPLQ"};
    if (draw(2)) {
        pieces(out, fields, COUNT(fields), 8);
        return;
    }
    buffer_append_byte(out, '{');
    for (uint32_t i = 0, count = draw(4); i <= count; i++)
        buffer_printf(out, "%s\"%s\" : %s", i ? ", " : "", names[draw(COUNT(names))],
                      values[draw(COUNT(values))]);
    buffer_append_text(out, draw(10) ? "}" : "");
}

static void random_message(struct message *message, bool is_request)
{
    static const char *const urls[] = {"/",
                                       "?",
                                       "&",
                                       "=",
                                       "token",
                                       "pin",
                                       ";",
                                       "#",
                                       "%3d",
                                       "%40",
                                       "@",
                                       "://",
                                       "http",
                                       "x",
                                       "S3cr3tS3cr3tS3cr3t",
                                       "%22",
                                       "{",
                                       "}",
                                       "\"",
                                       ":",
                                       "+",
                                       "a@b.example",
                                       "/4111111111111111",
                                       "93.184.216.34",
                                       "a%2540b.example",
                                       "%253D",
                                       "%253A",
                                       "pin: ",
                                       " ",
                                       "\t"};
    static const char *const lines[] = {"Cookie: ",
                                        "Authorization: ",
                                        "Bearer ",
                                        "Basic ",
                                        "a=b",
                                        ";",
                                        ",",
                                        " ",
                                        "\r\n",
                                        "\n",
                                        "Set-Cookie: ",
                                        "X-Forwarded-For: ",
                                        "Forwarded: for=",
                                        "\"",
                                        "Referer: ",
                                        "X-Api-Key: ",
                                        "S3cr3tS3cr3tS3cr3t",
                                        "dTpw",
                                        "WWW-Authenticate: Digest nonce=",
                                        "\r",
                                        ":",
                                        "%41",
                                        "\\",
                                        "Link: <",
                                        ">",
                                        "?token=",
                                        "X-A: ",
                                        "{\"token\":",
                                        "}",
                                        "a@b.example",
                                        "4111 1111 1111 1111",
                                        "DE89370400440532013000",
                                        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
                                        "+4915112345678",
                                        "Y2FyZCA0MTExMTExMTExMTExMTEx",
                                        "a&#64;b.example",
                                        "password: ",
                                        "\"pin\" :",
                                        "Basic realm=\""};
    static const char *const types[] = {"", "Content-Type: application/json\r\n",
                                        "Content-Type: text/html\r\n",
                                        "Content-Type: application/x-www-form-urlencoded\r\n"};
    static const char *const methods[] = {"GET ", "get ", "POST "};
    buffer_append_text(&message->head, is_request ? methods[draw(3)] : "HTTP/1.1 200 ");
    pieces(&message->head, urls, COUNT(urls), 10);
    buffer_append_text(&message->head, is_request ? " HTTP/1.1\r\n" : "\r\n");
    buffer_append_text(&message->head, types[draw(COUNT(types))]);
    pieces(&message->head, lines, COUNT(lines), 20);
    buffer_append_text(&message->head, draw(4) ? "\r\n\r\n" : "");
    random_body(&message->body.content);
    pieces(&message->trailers, lines, COUNT(lines), 5);
    message->body.state = message->body.content.size ? BODY_KEPT : BODY_EMPTY;
}

static void copy_of(const struct message *message, struct buffer *out)
{
    buffer_append_bytes(out, buffer_bytes(&message->head));
    buffer_append_byte(out, '|');
    buffer_append_bytes(out, buffer_bytes(&message->trailers));
    buffer_append_byte(out, '|');
    buffer_append_bytes(out, buffer_bytes(&message->body.content));
    buffer_printf(out, "%d %d %u", (int)message->body.state, (int)message->body.reason,
                  message->withheld_lines);
}

static void test_sanitizing_twice_changes_nothing(void **state)
{
    (void)state;
    struct buffer once = {0}, twice = {0};
    size_t kept = 0;
    for (seed = 1; seed < 1000; seed++)
        draw(2);
    for (int i = 0; i < ROUNDS; i++) {
        exchange_clear(&exchange);
        random_message(&exchange.request, true);
        random_message(&exchange.response, false);
        sanitize_exchange(sanitizer, &exchange);
        buffer_clear(&once);
        buffer_clear(&twice);
        copy_of(&exchange.request, &once);
        copy_of(&exchange.response, &once);
        kept += exchange.request.body.state == BODY_KEPT;
        sanitize_exchange(sanitizer, &exchange);
        copy_of(&exchange.request, &twice);
        copy_of(&exchange.response, &twice);
        size_t at = 0;
        while (at < once.size && at < twice.size && once.data[at] == twice.data[at])
            at++;
        size_t from = at > 150 ? at - 150 : 0;
        if (at < once.size || at < twice.size)
            fail_msg("round %d:\n%.250s\n---\n%.250s", i, (char *)once.data + from,
                     (char *)twice.data + from);
    }
    assert_true(kept > 500); /* the generator reaches what it is for */
    buffer_free(&once);
    buffer_free(&twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_exchange_is_untouched),
        cmocka_unit_test(test_lines_that_cannot_be_told_are_withheld),
        cmocka_unit_test(test_lines_with_a_secret_in_the_name_are_withheld),
        cmocka_unit_test(test_repeated_lines_say_the_same_each_time),
        cmocka_unit_test(test_folded_credentials_are_one_value),
        cmocka_unit_test(test_bodies_fail_closed),
        cmocka_unit_test(test_cut_bodies_keep_their_sanitized_beginning),
        cmocka_unit_test(test_multipart_bodies),
        cmocka_unit_test(test_bodies_with_a_hole_that_they_do_not_tell_of_keep_nothing),
        cmocka_unit_test(test_dropped_bodies_leave_a_keyed_digest),
        cmocka_unit_test(test_content_coding_is_undone),
        cmocka_unit_test(test_cut_coded_bodies_keep_what_can_be_undone),
        cmocka_unit_test(test_one_value_is_one_pseudonym_and_one_tag_everywhere),
        cmocka_unit_test(test_links_only_changes_nothing_else),
        cmocka_unit_test(test_sanitizing_twice_changes_nothing),
    };
    return cmocka_run_group_tests(tests, sanitize_kit_set_up, sanitize_kit_tear_down);
}
