/* Fakes of every type in random exchanges: sanitizing twice changes nothing, and one token has one pseudonym in every place and coding. */
#include "filters/detect/wrapping.h"
#include "filters/policy/policy_yaml.h"
#include "filters/pseudonym.h"
#include "filters/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS       100000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct keys *keys;
static struct exchange exchange;
static uint64_t seed = 1;

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
    keys_free(keys);
    return 0;
}

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* A value that some type has the shape of, with random digits in place of '#', or nearly one. */
static void put_value(struct buffer *out, bool number)
{
    static const char *const shapes[] = {
        "user##@host.example",
        "Alice Liddell ##",
        "Bob##",
        "## High Street",
        "+1 ### ### ####",
        "(###) ###-####",
        "+49 ## #######",
        "###-####",
        "#####",
        "#####-####",
        "SW#A #AA",
        "4### #### #### ####",
        "4###############",
        "5018########",
        "DE## #### #### #### #### ##",
        "GB82WEST12345698765432",
        "DE89370400440532013000",
        "#.##.##.##",
        "2a02:##::#",
        "af:ed:##:##:fa:c1",
        "9f1c2b##-3d4a-1f5b-8c6d-7e8f9a0b##2d",
        "##########",
        "####",
        "19##-0#-1#",
        "1#.0#.19##",
        "200#-02-2#T10:##:00Z",
        "0##-##-####",
        "##x",
        "rhx##",
        "",
        "9999############",
        "555-01##",
        "192.0.2.##",
        "17##-01-1#",
        "\xc3\xa9##",
    };
    static const char *const numbers[] = {
        "4###############", "1##", "9########", "1#######", "4.##", "true", "null"};
    const char *shape = number ? numbers[draw(COUNT(numbers))] : shapes[draw(COUNT(shapes))];
    for (; *shape; shape++)
        buffer_append_byte(out, *shape == '#' ? (uint8_t)('0' + draw(10)) : (uint8_t)*shape);
}

/* Names that the rules below are of, and one that none is of. */
static void put_name(struct buffer *out)
{
    unsigned type = draw(FAKE_TYPES + 1);
    buffer_printf(out, "f%s", type < FAKE_TYPES ? fake_type_name((enum fake_type)type) : "note");
}

static void put_pair(struct buffer *out)
{
    struct buffer value = {0};
    put_name(out);
    buffer_append_byte(out, '=');
    put_value(&value, draw(4) == 0);
    wrapping_encode(draw(2) ? WRAPPING_PERCENT : WRAPPING_FORM, bytes_of("a"), buffer_bytes(&value), out);
    buffer_free(&value);
}

static void put_pairs(struct buffer *out)
{
    for (uint32_t i = 0, count = draw(4); i <= count; i++) {
        if (i > 0)
            buffer_append_byte(out, '&');
        put_pair(out);
    }
}

static void put_json(struct buffer *out)
{
    buffer_append_byte(out, '{');
    for (uint32_t i = 0, count = draw(4); i <= count; i++) {
        bool number = draw(4) == 0;
        buffer_append_text(out, i > 0 ? ",\"" : "\"");
        put_name(out);
        buffer_append_text(out, number ? "\":" : "\":\"");
        put_value(out, number);
        buffer_append_text(out, number ? "" : "\"");
    }
    buffer_append_byte(out, '}');
}

static void random_exchange(void)
{
    bool json = draw(2);
    struct buffer *head = &exchange.request.head, *body = &exchange.request.body.content;
    exchange_clear(&exchange);
    buffer_append_text(head, "POST /?");
    put_pairs(head);
    buffer_append_text(head, " HTTP/1.1\r\n");
    if (draw(2))
        buffer_printf(head, "Authorization: Bearer 0123456789abcdef%u\r\n", draw(1000));
    buffer_append_text(head, json ? "Content-Type: application/json\r\n\r\n"
                                  : "Content-Type: application/x-www-form-urlencoded\r\n\r\n");
    if (json)
        put_json(body);
    else
        put_pairs(body);
    exchange.request.body.state = BODY_KEPT;
}

static void test_sanitizing_fakes_twice_changes_nothing(void **state)
{
    (void)state;
    struct buffer text = {0}, head = {0}, body = {0};
    struct policy *policy = NULL;
    struct error err;
    size_t kept = 0;
    buffer_append_text(&text, "version: 1\nsanitize:\n");
    for (unsigned i = 0; i < FAKE_TYPES; i++)
        buffer_printf(&text, "- {locate: field.f%s, strategy: fake, type: %s}\n",
                      fake_type_name((enum fake_type)i), fake_type_name((enum fake_type)i));
    assert_int_equal(policy_yaml_read("p.yaml", buffer_bytes(&text), &policy, &err), 0);
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    for (unsigned i = 0; i < ROUNDS; i++) {
        random_exchange();
        sanitize_exchange(sanitizer, &exchange);
        buffer_clear(&head);
        buffer_clear(&body);
        buffer_append_bytes(&head, buffer_bytes(&exchange.request.head));
        buffer_append_bytes(&body, buffer_bytes(&exchange.request.body.content));
        kept += exchange.request.body.state == BODY_KEPT;
        sanitize_exchange(sanitizer, &exchange);
        if (!bytes_equal(buffer_bytes(&head), buffer_bytes(&exchange.request.head)) ||
            !bytes_equal(buffer_bytes(&body), buffer_bytes(&exchange.request.body.content)))
            fail_msg("round %u:\n%.*s%.*s\n---\n%.*s%.*s", i, (int)head.size, (char *)head.data,
                     (int)body.size, (char *)body.data, (int)exchange.request.head.size,
                     (char *)exchange.request.head.data, (int)exchange.request.body.content.size,
                     (char *)exchange.request.body.content.data);
    }
    assert_int_equal(kept, ROUNDS);
    sanitizer_free(sanitizer);
    policy_free(policy);
    buffer_free(&text);
    buffer_free(&head);
    buffer_free(&body);
}

/* Where a token may stand, under a name that makes it one: %s is the token in a coding. */
static const char *const places[] = {
    "GET / HTTP/1.1\r\nX-Auth-Token: %s\r\n\r\n",
    "GET / HTTP/1.1\r\nCookie: token=%s\r\n\r\n",
    "GET /?access_token=%s HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n|token=%s&a=1",
    "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n|{\"token\":\"%s\"}",
    "POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n|--b\r\nContent-Disposition: "
    "form-data; "
    "name=\"token\"\r\n\r\n%s\r\n--b--\r\n",
};

/* Each place decodes what it has a coding for: percent escapes in cookie, query and form, JSON escapes in JSON; upper and lower case
 * of escapes, all or some of the token. */
static void code(const char *token, size_t place, unsigned coding, struct buffer *out)
{
    for (size_t i = 0; token[i]; i++) {
        bool escaped = coding > 0 && (coding == 2 || i % 3 == 1);
        uint8_t byte = (uint8_t)token[i];
        if (escaped && place >= 2 && place <= 3)
            buffer_printf(out, coding == 3 ? "%%%02x" : "%%%02X", byte);
        else if (escaped && place == 4)
            buffer_printf(out, coding == 3 ? "\\u%04x" : "\\u%04X", byte);
        else
            buffer_append_byte(out, byte);
    }
}

static void test_a_token_has_one_pseudonym_in_every_place_and_coding(void **state)
{
    (void)state;
    static const char token[] = "sZ9_kk-Jo2Lmn0pQ";
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    struct buffer pseudonym = {0};
    pseudonym_make(keys, bytes_of(token), &pseudonym, NULL);
    for (size_t place = 0; place < COUNT(places); place++)
        for (unsigned coding = 0; coding < 4; coding++) {
            struct buffer coded = {0};
            code(token, place, coding, &coded);
            const char *bar = strchr(places[place], '|'), *hole = strstr(places[place], "%s");
            exchange_clear(&exchange);
            struct buffer *head = &exchange.request.head, *body = &exchange.request.body.content;
            struct buffer *part = bar ? body : head;
            const char *begin = bar ? bar + 1 : places[place];
            if (bar)
                buffer_append(head, places[place], (size_t)(bar - places[place]));
            buffer_append(part, begin, (size_t)(hole - begin));
            buffer_append_bytes(part, buffer_bytes(&coded));
            buffer_append_text(part, hole + 2);
            exchange.request.body.state = bar ? BODY_KEPT : BODY_EMPTY;
            sanitize_exchange(sanitizer, &exchange);
            assert_int_equal(exchange.request.body.state, bar ? BODY_KEPT : BODY_EMPTY);
            if (!memmem(part->data, part->size, pseudonym.data, pseudonym.size))
                fail_msg("place %zu, coding %u: %.*s", place, coding, (int)part->size, (char *)part->data);
            buffer_free(&coded);
        }
    buffer_free(&pseudonym);
    sanitizer_free(sanitizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sanitizing_fakes_twice_changes_nothing),
        cmocka_unit_test(test_a_token_has_one_pseudonym_in_every_place_and_coding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
