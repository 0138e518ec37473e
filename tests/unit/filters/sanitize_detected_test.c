/* Values that only their look tells: a detector's class each, in every place of an exchange and in several codings, is gone once the exchange
 * is sanitized; the same value has one pseudonym wherever it stood; what looks like nothing stays byte for byte. */
#include "filters/sanitize.h"

#include "filters/pseudonym.h"
#include "tests/unit/filters/sanitize_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const values[] = {
    "alice.liddell@corp.example.net",
    "4111 1111 1111 1111",
    "5555555555554444",
    "DE89370400440532013000",
    "078-05-1120",
    "+4915112345678",
    "93.184.216.34",
    "2a02:2e0:3fe:1001:302::",
    "af-ed-5b-af-fa-c1", /* its digits are too far apart for a token's */
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIAIOSFODNN7EXAMPLQ",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
};

/* How a place writes a value: with bytes escaped that it must. */
enum coding { PLAIN, PERCENT, JSON_ESCAPES };

static const struct {
    const char *head; /* of a request */
    const char *body; /* either holds %s */
    enum coding coding;
} places[] = {
    {"GET /u/%s/cart HTTP/1.1\r\nHost: h\r\n\r\n", "", PERCENT},
    {"GET /?q=%s HTTP/1.1\r\nHost: h\r\n\r\n", "", PERCENT},
    {"GET /?%s HTTP/1.1\r\nHost: h\r\n\r\n", "", PERCENT},
    {"GET /?%s=1 HTTP/1.1\r\nHost: h\r\n\r\n", "", PERCENT},
    {"GET /#%s HTTP/1.1\r\nHost: h\r\n\r\n", "", PERCENT},
    {"GET / HTTP/1.1\r\nCookie: a=1; %s=2; b=3\r\n\r\n", "", PERCENT},
    {"GET / HTTP/1.1\r\nX-Note: see %s, please\r\n\r\n", "", PLAIN},
    {"GET / HTTP/1.1\r\nLink: </a>; rel=x; title=\"of %s\", </b>\r\n\r\n", "", PLAIN},
    {"GET / HTTP/1.1\r\nWWW-Authenticate: Basic realm=\"of %s\", charset=x\r\n\r\n", "", PLAIN},
    {"GET / HTTP/1.1\r\nSet-Cookie: a=b; Path=/u/%s/x; Secure\r\n\r\n", "", PERCENT},
    {"GET / HTTP/1.1\r\nReferer: https://h/a?b=%s&c=1\r\n\r\n", "", PERCENT},
    {"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", "a=1&note=%s&b=2",
     PERCENT},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"a\":1,\"note\":\"%s\",\"b\":[1,2]}",
     PLAIN},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"a\":1,\"note\":\"so: %s.\",\"b\":2}",
     PLAIN},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"note\":[\"x\",\"%s\"]}", JSON_ESCAPES},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"a\":1,\"%s\":{\"b\":2}}", PLAIN},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"%s\":1}", JSON_ESCAPES},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "[{\"a\":1},{\"of %s\":1}]", PLAIN},
    {"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", "{\"note\":\"{\\\"x\\\":\\\"%s\\\"}\"}",
     PLAIN},
    {"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
     "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n%s\r\n--b--\r\n", PLAIN},
};

static void code(const char *value, enum coding coding, char *out)
{
    for (; *value; value++) {
        if (coding == JSON_ESCAPES)
            out += sprintf(out, "\\u%04x", (unsigned)*value);
        else if (coding == PERCENT && !strchr("-._~", *value) &&
                 (*value < '0' || *value == ':' || *value == '@'))
            out += sprintf(out, "%%%02X", (unsigned)*value);
        else
            *out++ = *value;
    }
    *out = 0;
}

static bool holds(const struct buffer *buffer, const char *text)
{
    return buffer->size > 0 && memmem(buffer->data, buffer->size, text, strlen(text));
}

/* Puts |value| into the place and sanitizes. */
static void sanitize_in(size_t place, const char *value)
{
    char coded[1024], text[2048];
    struct message *message = &exchange.request;
    code(value, places[place].coding, coded);
    exchange_clear(&exchange);
    snprintf(text, sizeof text, places[place].head, coded);
    buffer_append_text(&message->head, text);
    snprintf(text, sizeof text, places[place].body, coded);
    buffer_append_text(&message->body.content, text);
    message->body.state = *text ? BODY_KEPT : BODY_EMPTY;
    sanitize_exchange(sanitizer, &exchange);
}

/* Writes what stands in place of |value|: the fake of its class, or its pseudonym. */
static void stand_in(const char *value, struct buffer *out)
{
    struct detector detector = {0};
    struct detection found;
    enum fake_type type;
    assert_int_equal(detect_find(&detector, bytes_of(value), (struct bytes){0}, DETECT_ALL, &found, 1), 1);
    if (!strategy_fake_of(found.class, &type) ||
        !fake_make(keys, type, bytes_of(value), (struct bytes){0}, out))
        pseudonym_make(keys, bytes_of(value), out, NULL);
    detector_done(&detector);
    buffer_append_byte(out, 0);
}

static void test_what_detectors_know_is_replaced_in_every_place(void **state)
{
    (void)state;
    for (size_t place = 0; place < sizeof places / sizeof places[0]; place++) {
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            char coded[1024];
            struct buffer pseudonym = {0};
            code(values[i], places[place].coding, coded);
            sanitize_in(place, values[i]);
            const struct message *message = &exchange.request;
            const struct buffer *text = *places[place].body ? &message->body.content : &message->head;
            if (holds(&message->head, coded) || holds(&message->body.content, coded))
                fail_msg("place %zu still holds %s", place, values[i]);
            stand_in(values[i], &pseudonym);
            code((char *)pseudonym.data, places[place].coding, coded);
            if (message->body.state != BODY_DROPPED && !holds(text, (char *)pseudonym.data) &&
                !holds(text, coded))
                fail_msg("place %zu has another pseudonym for %s: %.*s", place, values[i], (int)text->size,
                         (char *)text->data);
            buffer_free(&pseudonym);
        }
    }
}

static void test_numbers_of_cards_in_json_stay_numbers(void **state)
{
    (void)state;
    struct buffer fake = {0}, wanted = {0};
    exchange_clear(&exchange);
    struct message *message = &exchange.request;
    buffer_append_text(&message->head, "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n");
    buffer_append_text(&message->body.content, "{\"x\":[4111111111111111, 12],\"ssnumber\":3}");
    message->body.state = BODY_KEPT;
    sanitize_exchange(sanitizer, &exchange);
    stand_in("4111111111111111", &fake);
    buffer_printf(&wanted, "{\"x\":[%s, 12],\"ssnumber\":3}", (char *)fake.data);
    assert_true(bytes_equal(buffer_bytes(&wanted), buffer_bytes(&message->body.content)));
    buffer_free(&fake);
    buffer_free(&wanted);
}

/* What is found in base64 is replaced inside it: what stands around stays, and so do alphabet and padding. */
static void test_base64_is_coded_again_around_what_is_found(void **state)
{
    (void)state;
    static const struct {
        enum wrapping wrapping;
        const char *before, *value, *after;
        bool padded;
    } rows[] = {
        {WRAPPING_BASE64, "{\"customer\":\"", "alice.liddell@corp.example.net", "\",\"n\":1}", true},
        {WRAPPING_BASE64, "xy 4 ", "4111 1111 1111 1111", " and more", true},
        {WRAPPING_BASE64URL, "to ", "DE89370400440532013000", " >>>???", false},
        {WRAPPING_BASE64URL, "", "93.184.216.34", "; and others", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer plain = {0}, coded = {0}, fake = {0}, wanted = {0}, text = {0};
        const struct bytes like = bytes_of(rows[i].padded ? "AAA=" : "AA");
        buffer_printf(&plain, "%s%s%s", rows[i].before, rows[i].value, rows[i].after);
        wrapping_encode(rows[i].wrapping, like, buffer_bytes(&plain), &coded);
        stand_in(rows[i].value, &fake);
        buffer_clear(&plain);
        buffer_printf(&plain, "%s%s%s", rows[i].before, (char *)fake.data, rows[i].after);
        wrapping_encode(rows[i].wrapping, like, buffer_bytes(&plain), &wanted);
        exchange_clear(&exchange);
        buffer_append_text(&exchange.request.head,
                           "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n");
        buffer_printf(&exchange.request.body.content, "{\"note\":\"%.*s\"}", (int)coded.size,
                      (char *)coded.data);
        exchange.request.body.state = BODY_KEPT;
        buffer_printf(&text, "{\"note\":\"%.*s\"}", (int)wanted.size, (char *)wanted.data);
        for (unsigned round = 0; round < 2; round++) {
            sanitize_exchange(sanitizer, &exchange);
            if (!bytes_equal(buffer_bytes(&text), buffer_bytes(&exchange.request.body.content)))
                fail_msg("wanted %.*s, not %.*s", (int)text.size, (char *)text.data,
                         (int)exchange.request.body.content.size, (char *)exchange.request.body.content.data);
        }
        buffer_free(&plain);
        buffer_free(&coded);
        buffer_free(&fake);
        buffer_free(&wanted);
        buffer_free(&text);
    }
}

/* Sanitizes a body with |plain| in base64 in it, |rounds| times around each other, twice. Writes what came of the run to |out|. */
static void sanitize_coded(const char *plain, unsigned rounds, struct buffer *out)
{
    struct buffer texts[2] = {0};
    buffer_append_text(&texts[0], plain);
    for (unsigned i = 0; i < rounds; i++) {
        buffer_clear(&texts[(i + 1) % 2]);
        wrapping_encode(WRAPPING_BASE64, bytes_of("AAA="), buffer_bytes(&texts[i % 2]), &texts[(i + 1) % 2]);
    }
    const struct buffer *coded = &texts[rounds % 2];
    struct buffer *content = &exchange.request.body.content;
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head, "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n");
    buffer_printf(content, "{\"n\":\"%.*s\"}", (int)coded->size, (char *)coded->data);
    exchange.request.body.state = BODY_KEPT;
    buffer_clear(out);
    for (unsigned round = 0; round < 2; round++) {
        struct buffer before = {0};
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(exchange.request.body.state, BODY_KEPT);
        before = *out;
        *out = (struct buffer){0};
        buffer_append(out, content->data + strlen("{\"n\":\""), content->size - strlen("{\"n\":\"\"}"));
        if (round > 0)
            assert_true(bytes_equal(buffer_bytes(&before), buffer_bytes(out)));
        buffer_free(&before);
    }
    buffer_free(&texts[0]);
    buffer_free(&texts[1]);
}

/* Where more is found than what detectors see, the run is no less safe than as a whole: names inside count, and what is noted as a link goes with all around it. */
static void test_what_is_coded_in_base64_is_sanitized_as_a_whole_or_goes(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        unsigned rounds;
        const char
            *left; /* what still stands in what is decoded as often; NULL: the run becomes a pseudonym */
    } rows[] = {
        {"{\"mail\":\"bob@corp.example.net\",\"dob\":\"1980-12-31\",\"n\":17}", 1, "\"n\":17}"},
        {"write to bob@corp.example.net, and soon", 2, ", and soon"},
        {"{\"mail\":\"bob@corp.example.net\",\"password\":\"1980-12-31\"}", 1, NULL},
        {"mail=bob@corp.example.net&token=1980-12-31", 2, NULL},
        {"a key 1980-12-31 ghp_16C7e42F292c6912E7710c838347Ae178B4a or so", 1, NULL},
    };
    struct buffer out = {0}, plain = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sanitize_coded(rows[i].plain, rows[i].rounds, &out);
        if ((rows[i].left == NULL) != sanitizer_is_ours(sanitizer, buffer_bytes(&out)))
            fail_msg("%s became %.*s", rows[i].plain, (int)out.size, (char *)out.data);
        for (unsigned round = 0; rows[i].left && round < rows[i].rounds; round++) {
            buffer_clear(&plain);
            wrapping_decode(WRAPPING_BASE64, buffer_bytes(&out), &plain);
            buffer_clear(&out);
            buffer_append_bytes(&out, buffer_bytes(&plain));
        }
        assert_false(holds(&out, "bob@"));
        assert_false(holds(&out, "1980-12-31"));
        if (rows[i].left)
            assert_true(holds(&out, rows[i].left));
    }
    buffer_free(&out);
    buffer_free(&plain);
}

/* A number that was replaced, and then given up since it may go on: it once made a length below zero. */
static void test_a_cut_body_gives_up_a_number_that_was_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *kept;
    } rows[] = {
        {"4111111111111111\"abc", ""},
        {"{\"a\":1}\n4111111111111111\"abc", "{\"a\":1}\n"},
        {"4111111111111111[1,", "#"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exchange_clear(&exchange);
        struct message *message = &exchange.response;
        buffer_append_text(&message->head, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n");
        buffer_append_text(&message->body.content, rows[i].body);
        message->body.state = BODY_CUT;
        message->body.reason = BODY_REASON_LIMIT;
        sanitize_exchange(sanitizer, &exchange);
        assert_false(holds(&message->body.content, "4111"));
        if (rows[i].kept[0] == '#')
            continue;
        assert_int_equal(message->body.content.size, strlen(rows[i].kept));
        assert_memory_equal(message->body.content.data, rows[i].kept, strlen(rows[i].kept));
    }
}

/* The name of a member is looked at once it is known to be one. */
static void test_a_body_cut_behind_a_name_gives_it_up(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *kept; /* before the name */
    } rows[] = {
        {"{\"a\":1,\"jo@corp.example.org\"", "{\"a\":1,"},
        {"{\"a\":1,\"jo@corp.example.org\"  ", "{\"a\":1,"},
        {"{\"jo@corp.example.org\"", "{"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exchange_clear(&exchange);
        struct message *message = &exchange.response;
        buffer_append_text(&message->head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
        buffer_append_text(&message->body.content, rows[i].body);
        message->body.state = BODY_CUT;
        message->body.reason = BODY_REASON_LIMIT;
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(message->body.content.size, strlen(rows[i].kept));
        assert_memory_equal(message->body.content.data, rows[i].kept, strlen(rows[i].kept));
    }
}

/* Its lines once ended what was taken for text in hexadecimal: all but the first stayed. */
static void test_a_private_key_in_hexadecimal_goes_with_all_its_lines(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char pem[256], hex[600];
        snprintf(
            pem, sizeof pem,
            "-----BEGIN PRIVATE KEY-----%sMC4CAQAwBQYDK2VwBCIEIHcHbQpzGKV9PBbBclGyZkXf%s-----END PRIVATE "
            "KEY-----%s",
            ends[i], ends[i], ends[i]);
        char *out = hex;
        for (const char *byte = pem; *byte; byte++)
            out += sprintf(out, "%02x", (unsigned)*byte);
        exchange_clear(&exchange);
        struct message *message = &exchange.request;
        buffer_append_text(&message->head, "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n");
        buffer_append_text(&message->body.content, "{\"note\":\"so: ");
        buffer_append_text(&message->body.content, hex);
        buffer_append_text(&message->body.content, "\",\"b\":2}");
        message->body.state = BODY_KEPT;
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(message->body.state, BODY_KEPT);
        assert_false(holds(&message->body.content, "4d4334434151417742")); /* "MC4CAQAwB" */
        assert_true(holds(&message->body.content, "\"b\":2}"));
    }
}

/* A segment of a path is under the name of the one before it. */
static void test_a_segment_names_the_next(void **state)
{
    (void)state;
    static const char *const same[] = {"/token/refresh", "/a/Zk93kfh83hHx0Jk2Ls9Qw7"};
    static const char *const gone[] = {"/reset-password/Zk93kfh83hHx0Jk2Ls9Qw7", "/phone/5551234567/x",
                                       "/api/ssn/078051120"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        exchange_clear(&exchange);
        buffer_printf(&exchange.request.head, "GET %s HTTP/1.1\r\n\r\n", same[i]);
        sanitize_exchange(sanitizer, &exchange);
        assert_true(holds(&exchange.request.head, same[i]));
    }
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        exchange_clear(&exchange);
        buffer_printf(&exchange.request.head, "GET %s HTTP/1.1\r\n\r\n", gone[i]);
        sanitize_exchange(sanitizer, &exchange);
        assert_false(holds(&exchange.request.head, strchr(gone[i] + 5, '/') + 1));
        assert_true(memcmp(exchange.request.head.data + 4, gone[i], 5) == 0);
        struct buffer once = {0};
        buffer_append_bytes(&once, buffer_bytes(&exchange.request.head));
        sanitize_exchange(sanitizer, &exchange);
        assert_true(bytes_equal(buffer_bytes(&once), buffer_bytes(&exchange.request.head)));
        buffer_free(&once);
    }
}

static void test_what_looks_like_nothing_stays(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"id\":\"9f1c2b7e-3d4a-4f5b-8c6d-7e8f9a0b1c2d\",\"etag\":"
        "\"\\\"5d41402abc4b2a76b9719d911017c592\\\"\"}",
        "{\"at\":\"2026-11-20T09:00:00.123456789Z\",\"price\":10.99,\"order\":\"1000000000000000\",\"v\":"
        "\"10.0.22.3-rc1\"}",
        "{\"note\":\"costs 12.50 (was 13.00), 3 x 40 cm; call before 10:30\",\"color\":\"#a1b2c3\"}",
        "{\"caf\\u00e9\":\"na\\u00efve\",\"list\":[1,2,3,-4.5e6,true,null]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        exchange_clear(&exchange);
        struct message *message = &exchange.response;
        buffer_append_text(&message->head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
        buffer_append_text(&message->body.content, bodies[i]);
        message->body.state = BODY_KEPT;
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(message->body.content.size, strlen(bodies[i]));
        assert_memory_equal(message->body.content.data, bodies[i], message->body.content.size);
    }
}

/* A pseudonym is made of random letters, among which the stem of a sensitive name may be. */
static void test_names_that_were_replaced_sanitize_the_same_again(void **state)
{
    (void)state;
    struct buffer once = {0};
    for (int i = 0; i < 40000; i++) {
        exchange_clear(&exchange);
        struct buffer *head = &exchange.request.head;
        buffer_printf(head, "GET /?jo%d@corp.example.org=%%31 HTTP/1.1\r\n\r\n", i);
        sanitize_exchange(sanitizer, &exchange);
        buffer_clear(&once);
        buffer_append_bytes(&once, buffer_bytes(head));
        sanitize_exchange(sanitizer, &exchange);
        assert_int_equal(head->size, once.size);
        assert_memory_equal(head->data, once.data, once.size);
    }
    buffer_free(&once);
}

/* A backslash ends the authority of a URL for a browser, but it may also begin an escape. */
static void test_an_escape_in_an_authority_hides_nothing_before_it(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "annemarie\\u0061@corp.example.net",
        "\"annemarie\\u0061@corp.example.net x",
        "https://annemarie\\u0061@corp.example.net/",
        "https://host/annemarie\\u0061@corp.example.net",
        "//annemarie\\x61@corp.example.net:8/a",
        "https://annemarie:s3c\\ret@corp.example.net/",
        "https://annemarie\"n\\u0061@corp.example.net: x",
        "ftp://annemarie\"n\\u0061ann@mail.example",
    };
    static const char *const names[] = {"Location", "Referer", "Origin", "X-Note"};
    struct buffer once = {0};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0] * 4; i++) {
        exchange_clear(&exchange);
        struct buffer *head = &exchange.request.head;
        buffer_printf(head, "GET / HTTP/1.1\r\n%s:%s\r\n\r\n", names[i % 4], urls[i / 4]);
        sanitize_exchange(sanitizer, &exchange);
        if (memmem(head->data, head->size, "annemarie", 9))
            fail_msg("%s: %s is %.*s", names[i % 4], urls[i / 4], (int)head->size, (const char *)head->data);
        buffer_clear(&once);
        buffer_append_bytes(&once, buffer_bytes(head));
        sanitize_exchange(sanitizer, &exchange);
        assert_true(bytes_equal(buffer_bytes(head), buffer_bytes(&once)));
    }
    buffer_free(&once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_detectors_know_is_replaced_in_every_place),
        cmocka_unit_test(test_numbers_of_cards_in_json_stay_numbers),
        cmocka_unit_test(test_base64_is_coded_again_around_what_is_found),
        cmocka_unit_test(test_what_is_coded_in_base64_is_sanitized_as_a_whole_or_goes),
        cmocka_unit_test(test_a_cut_body_gives_up_a_number_that_was_replaced),
        cmocka_unit_test(test_a_body_cut_behind_a_name_gives_it_up),
        cmocka_unit_test(test_a_private_key_in_hexadecimal_goes_with_all_its_lines),
        cmocka_unit_test(test_an_escape_in_an_authority_hides_nothing_before_it),
        cmocka_unit_test(test_what_looks_like_nothing_stays),
        cmocka_unit_test(test_a_segment_names_the_next),
        cmocka_unit_test(test_names_that_were_replaced_sanitize_the_same_again),
    };
    return cmocka_run_group_tests(tests, sanitize_kit_set_up, sanitize_kit_tear_down);
}
