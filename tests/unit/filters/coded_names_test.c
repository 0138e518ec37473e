/* Names inside coded text: parameters and JSON in base64 and hexadecimal, in which no value looks like anything, are sanitized by their names,
 * coded again and the rest of them left byte for byte; what holds a credential, or cannot be told apart, goes as a whole. */
#include "filters/sanitize.h"

#include "filters/detect/wrapping.h"
#include "filters/policy/policy_yaml.h"
#include "filters/pseudonym.h"
#include "tests/unit/filters/sanitize_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "Geheim77"

static const enum wrapping codings[] = {WRAPPING_BASE64, WRAPPING_BASE64URL, WRAPPING_HEX};
#define CODINGS (sizeof codings / sizeof codings[0])

static void code(enum wrapping wrapping, struct bytes text, struct buffer *out)
{
    buffer_clear(out);
    wrapping_encode(wrapping, (struct bytes){0}, text, out);
    if (wrapping == WRAPPING_BASE64)
        while (out->size % 4 != 0)
            buffer_append_byte(out, '=');
}

/* Sanitizes {"data": |value|} with |with|. Returns the value that stands there then, borrowed until the next call. */
static struct bytes sanitize_with(struct sanitizer *with, struct bytes value)
{
    static const char head[] = "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n";
    struct message *message = &exchange.request;
    exchange_clear(&exchange);
    buffer_append_text(&message->head, head);
    buffer_append_text(&message->body.content, "{\"data\":\"");
    buffer_append_bytes(&message->body.content, value);
    buffer_append_text(&message->body.content, "\"}");
    message->body.state = BODY_KEPT;
    sanitize_exchange(with, &exchange);
    assert_int_equal(message->body.state, BODY_KEPT);
    struct bytes body = buffer_bytes(&message->body.content);
    return bytes_make(body.data + 9, body.size - 11);
}

static struct bytes sanitize(struct bytes value)
{
    return sanitize_with(sanitizer, value);
}

/* Returns what |value|, which is coded, decodes to, in |out|. */
static struct bytes decode(enum wrapping wrapping, struct bytes value, struct buffer *out)
{
    buffer_clear(out);
    wrapping_decode(wrapping, value, out);
    return buffer_bytes(out);
}

static bool holds(struct bytes text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static bool is_ours(struct bytes value)
{
    return pseudonym_is(keys_recognition(keys), value);
}

static void test_values_under_personal_names_are_replaced_inside(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after; /* around the value */
    } rows[] = {
        {"{\"a\":1,\"firstname\":\"", "\",\"b\":[true,2.50]}"},
        {"[{\"x\":{\"surname\":\"", "\"}},{}]"},
        {"a=1&lastname=", "&b=2"},
        {"firstname=", ""},
        {"user%5Bfirstname%5D=", "&x"},
        {"/search?firstname=", "&page=2"},
        {"https://shop.example/search?firstname=", ""},
        {"{\"note\":\"a=1&firstname=", "\"}"},
    };
    struct buffer text = {0}, coded = {0}, plain = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < CODINGS; k++) {
            buffer_clear(&text);
            buffer_printf(&text, "%s" SECRET "%s", rows[i].before, rows[i].after);
            code(codings[k], buffer_bytes(&text), &coded);
            struct bytes decoded = decode(codings[k], sanitize(buffer_bytes(&coded)), &plain);
            size_t before = strlen(rows[i].before), after = strlen(rows[i].after);
            assert_true(decoded.size == before + PSEUDONYM_CORE_SIZE + after);
            assert_memory_equal(decoded.data, rows[i].before, before);
            assert_true(is_ours(bytes_make(decoded.data + before, PSEUDONYM_CORE_SIZE)));
            assert_memory_equal(decoded.data + before + PSEUDONYM_CORE_SIZE, rows[i].after, after);
            assert_int_equal(exchange.link_count, 0);
        }
    buffer_free(&text);
    buffer_free(&coded);
    buffer_free(&plain);
}

static void test_what_holds_a_credential_or_cannot_be_read_goes_as_a_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"password\":\"" SECRET "\"}",
        "access_token=" SECRET "&x=1",
        "{\"a\":{\"b\":[{\"client_secret\":\"" SECRET "\"}]}}",
        "{\"a\":\"x\",\"password\":\"" SECRET, /* cut */
        "{\"a\":\"x\" b \"" SECRET "\"}",
        "pin=1&password=" SECRET,
    };
    struct buffer coded = {0}, plain = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t k = 0; k < CODINGS; k++) {
            code(codings[k], bytes_of(texts[i]), &coded);
            struct bytes left = sanitize(buffer_bytes(&coded));
            assert_true(is_ours(left) || is_ours(decode(codings[k], left, &plain)));
        }
    buffer_free(&coded);
    buffer_free(&plain);
}

static void test_what_has_no_sensitive_names_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"page\":2,\"sort\":\"price\",\"seen\":[1,2,3]}",
        "page=2&sort=price",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
        "<svg width=\"10\" height=\"20\"/>",
        "https://shop.example/items?page=2",
        "a=b",
    };
    struct buffer coded = {0}, twice = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t k = 0; k < CODINGS; k++) {
            code(codings[k], bytes_of(texts[i]), &coded);
            assert_true(bytes_equal(sanitize(buffer_bytes(&coded)), buffer_bytes(&coded)));
            code(WRAPPING_BASE64, buffer_bytes(&coded), &twice);
            assert_true(bytes_equal(sanitize(buffer_bytes(&twice)), buffer_bytes(&twice)));
        }
    buffer_free(&coded);
    buffer_free(&twice);
}

static void test_names_are_found_two_codings_deep_and_beside_other_text(void **state)
{
    (void)state;
    static const char *const around[][2] = {
        {"", ""},
        {"v1.", ".x"},
        {"see ", ", please"},
        {"data:application/json;base64,", ""},
        {"/a/", "/b"},
        {"QUJDREVGR0hJSktMTU5PUFFS/", ""},
        {"Zm9vPWJhciZiYXo9MQ/", ""}}; /* has names itself, in another alignment */
    struct buffer coded = {0}, twice = {0}, value = {0}, plain = {0}, again = {0};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        for (size_t k = 0; k < CODINGS; k++) {
            code(codings[k], BYTES_LITERAL("{\"a\":1,\"surname\":\"" SECRET "\"}"), &coded);
            code(WRAPPING_BASE64URL, buffer_bytes(&coded), &twice);
            for (unsigned deep = 0; deep < 2; deep++) {
                buffer_clear(&value);
                buffer_append_text(&value, around[i][0]);
                buffer_append_bytes(&value, buffer_bytes(deep ? &twice : &coded));
                buffer_append_text(&value, around[i][1]);
                struct bytes left = sanitize(buffer_bytes(&value));
                assert_false(holds(left, (const char *)(buffer_append_byte(&coded, 0), coded.data)));
                coded.size--;
                for (unsigned phase = 0; phase < 4 && phase < left.size; phase++) {
                    struct bytes rest = bytes_make(left.data + phase, left.size - phase);
                    assert_false(holds(decode(WRAPPING_BASE64, rest, &plain), SECRET));
                    assert_false(holds(decode(WRAPPING_BASE64, buffer_bytes(&plain), &again), SECRET));
                }
            }
        }
    buffer_free(&coded);
    buffer_free(&twice);
    buffer_free(&value);
    buffer_free(&plain);
    buffer_free(&again);
}

static void test_a_policy_without_detectors_looks_for_names(void **state)
{
    (void)state;
    static const char text[] =
        "version: 1\nextends: none\ndetect: {email: off, card: off, iban: off, ssn: off, "
        "phone: off, ipv4: off, ipv6: off, mac: off, national-id: off, jwt: off, basic: off, "
        "auth: off, private-key: off, provider-token: off, url-credential: off, "
        "high-entropy: off}\nsanitize:\n- {locate: field.badge, strategy: mask, keep_last: 2}\n";
    struct policy *policy = NULL;
    struct error err;
    assert_int_equal(policy_yaml_read("p", bytes_of(text), &policy, &err), 0);
    struct sanitizer *with = sanitizer_create(policy, keys);
    struct buffer coded = {0}, plain = {0};
    code(WRAPPING_BASE64, BYTES_LITERAL("{\"badge\":\"" SECRET "\",\"m\":\"a@b.example\"}"), &coded);
    struct bytes left = decode(WRAPPING_BASE64, sanitize_with(with, buffer_bytes(&coded)), &plain);
    assert_true(bytes_equal(left, BYTES_LITERAL("{\"badge\":\"******77\",\"m\":\"a@b.example\"}")));
    buffer_free(&coded);
    buffer_free(&plain);
    sanitizer_free(with);
    policy_free(policy);
}

static uint64_t random_state = 7;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % below;
}

/* Appends random text that may have names, codings and pieces of pseudonyms in it, |depth| codings deep at most. */
static void put_random(struct buffer *out, unsigned depth)
{
    static const char *const pieces[] = {"password",    "firstname", "a",     "token", "email", "=", "&",
                                         "{\"",         "\":\"",     "\",\"", "\"}",   "[",     "]", "?",
                                         "/",           "://x",      ";",     SECRET,  "user",  "1", "%3D",
                                         "rhxpassword", " ",         "-",     "_",     ":",     "+1"};
    unsigned count = 1 + draw(9);
    for (unsigned i = 0; i < count; i++) {
        if (depth == 0 || draw(4) > 0) {
            buffer_append_text(out, pieces[draw(sizeof pieces / sizeof pieces[0])]);
            continue;
        }
        struct buffer inner = {0}, coded = {0};
        put_random(&inner, depth - 1);
        code(codings[draw(CODINGS)], buffer_bytes(&inner), &coded);
        buffer_append_bytes(out, buffer_bytes(&coded));
        buffer_free(&inner);
        buffer_free(&coded);
    }
}

static void test_sanitizing_again_changes_nothing(void **state)
{
    (void)state;
    struct buffer text = {0}, coded = {0}, once = {0};
    for (unsigned i = 0; i < 5000; i++) {
        buffer_clear(&text);
        put_random(&text, 3);
        code(codings[draw(CODINGS)], buffer_bytes(&text), &coded);
        struct bytes left = sanitize(buffer_bytes(&coded));
        buffer_clear(&once);
        buffer_append_bytes(&once, left);
        left = sanitize(buffer_bytes(&once));
        if (!bytes_equal(left, buffer_bytes(&once)))
            fail_msg("'%.*s' became\n'%.*s' and then\n'%.*s'", (int)coded.size, (char *)coded.data,
                     (int)once.size, (char *)once.data, (int)left.size, (const char *)left.data);
    }
    buffer_free(&text);
    buffer_free(&coded);
    buffer_free(&once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_under_personal_names_are_replaced_inside),
        cmocka_unit_test(test_what_holds_a_credential_or_cannot_be_read_goes_as_a_whole),
        cmocka_unit_test(test_what_has_no_sensitive_names_stays),
        cmocka_unit_test(test_names_are_found_two_codings_deep_and_beside_other_text),
        cmocka_unit_test(test_a_policy_without_detectors_looks_for_names),
        cmocka_unit_test(test_sanitizing_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, sanitize_kit_set_up, sanitize_kit_tear_down);
}
