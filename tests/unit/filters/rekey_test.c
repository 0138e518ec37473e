/* Traffic under another key: every pseudonym in it, plain and in each coding, becomes one of ours, the same wherever it stands; links and ids with it; what is no pseudonym
 * of the former key stays. Links of exchanges that are sanitized once more: what holds is kept. */
#include "filters/rekey.h"

#include "filters/links.h"
#include "filters/policy/policy.h"
#include "filters/pseudonym_search.h"
#include "filters/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *former, *keys;
static struct buffer scratch;

static int set_up(void **state)
{
    (void)state;
    former = keys_random();
    keys = keys_random();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keys_free(former);
    keys_free(keys);
    buffer_free(&scratch);
    return 0;
}

/* Writes the pseudonym of |value| under |of|, and that of its text under |keys|. */
static void make(const struct keys *of, const char *value, struct buffer *out, struct buffer *carried)
{
    buffer_clear(out);
    buffer_clear(carried);
    pseudonym_make(of, bytes_of(value), out, NULL);
    pseudonym_make(keys, bytes_make(out->data, PSEUDONYM_CORE_SIZE), carried, NULL);
    buffer_append(carried, out->data + PSEUDONYM_CORE_SIZE, out->size - PSEUDONYM_CORE_SIZE);
}

/* Appends |text| with every byte as |format| writes it. */
static void escape(struct buffer *out, const char *format, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        buffer_printf(out, format, text.data[i]);
}

static void test_pseudonyms_are_replaced_in_every_coding(void **state)
{
    (void)state;
    static const char *const formats[] = {"%c",     "%%%02X", "%%%02x", "\\u%04x",
                                          "&#x%x;", "&#%d;",  "=%02X",  "%02x"};
    struct buffer one = {0}, other = {0}, text = {0}, wanted = {0};
    make(former, "me@host.org", &one, &other);
    assert_true(pseudonym_is(keys_recognition(keys), buffer_bytes(&other)));
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        buffer_append_text(&text, "{\"a\":\" ");
        buffer_append_text(&wanted, "{\"a\":\" ");
        escape(&text, formats[i], buffer_bytes(&one));
        escape(&wanted, formats[i], buffer_bytes(&other));
        buffer_append_text(&text, ",rhx \"}");
        buffer_append_text(&wanted, ",rhx \"}");
    }
    rekey_text(keys_recognition(former), keys, &text, &scratch);
    assert_int_equal(text.size, wanted.size);
    assert_memory_equal(text.data, wanted.data, wanted.size);
    rekey_text(keys_recognition(former), keys, &text, &scratch); /* none is left */
    assert_memory_equal(text.data, wanted.data, wanted.size);
    buffer_free(&one);
    buffer_free(&other);
    buffer_free(&text);
    buffer_free(&wanted);
}

/* At all places where it can begin, in either alphabet, and in base64 of base64. */
static void test_pseudonyms_are_replaced_in_base64(void **state)
{
    (void)state;
    static const enum wrapping alphabets[] = {WRAPPING_BASE64, WRAPPING_BASE64URL};
    struct buffer one = {0}, other = {0};
    make(former, "me@host.org", &one, &other);
    for (unsigned i = 0; i < 2 * 4 * 2; i++) {
        enum wrapping alphabet = alphabets[i % 2];
        struct buffer plain[2] = {0}, coded[2] = {0}, twice[2] = {0}, text = {0}, wanted = {0};
        for (unsigned side = 0; side < 2; side++) {
            buffer_printf(&plain[side], "%.*s%.*s>>>???", (int)(i / 2 % 4), "abc", (int)one.size,
                          (char *)(side ? other.data : one.data));
            wrapping_encode(alphabet, bytes_of("AAA="), buffer_bytes(&plain[side]), &coded[side]);
            wrapping_encode(alphabet, bytes_of("AAA="), buffer_bytes(&coded[side]), &twice[side]);
            buffer_printf(side ? &wanted : &text, "x/%s \"%.*s\"", i % 3 ? "ab" : "", (int)twice[side].size,
                          (char *)twice[side].data);
            if (i >= 8)
                buffer_printf(side ? &wanted : &text, "{%.*s", (int)coded[side].size,
                              (char *)coded[side].data);
        }
        rekey_text(keys_recognition(former), keys, &text, &scratch);
        assert_int_equal(text.size, wanted.size);
        assert_memory_equal(text.data, wanted.data, wanted.size);
        for (unsigned side = 0; side < 2; side++) {
            buffer_free(&plain[side]);
            buffer_free(&coded[side]);
            buffer_free(&twice[side]);
        }
        buffer_free(&text);
        buffer_free(&wanted);
    }
    buffer_free(&one);
    buffer_free(&other);
}

static void test_pseudonyms_of_other_keys_stay(void **state)
{
    (void)state;
    struct keys *third = keys_random();
    struct buffer one = {0}, other = {0}, text = {0};
    make(third, "secret", &one, &other);
    buffer_append_bytes(&text, buffer_bytes(&one));
    buffer_append_text(&text, "rhx%72%68%78rhx");
    size_t size = text.size;
    rekey_text(keys_recognition(former), keys, &text, &scratch);
    assert_int_equal(text.size, size);
    assert_memory_equal(text.data, one.data, one.size);
    keys_free(third);
    buffer_free(&one);
    buffer_free(&other);
    buffer_free(&text);
}

static void test_a_link_becomes_that_of_the_pseudonym_in_the_text(void **state)
{
    (void)state;
    struct exchange exchange = {.connection = 1, .client = 1};
    struct sanitizer *first = sanitizer_create(policy_builtin(), former);
    struct sanitizer *second = sanitizer_create(policy_builtin(), keys);
    buffer_append_text(&exchange.request.head, "GET /?token=abc HTTP/1.1\r\nAuthorization: Basic "
                                               "bWU6cGFzcw==\r\n\r\n"); /* me:pass */
    exchange.request.body.digested = true;
    sanitize_exchange(first, &exchange);
    assert_int_equal(exchange.link_count, 2);
    rekey_exchange(keys_recognition(former), keys, true, &exchange, &scratch);
    assert_false(exchange.request.body.digested);
    assert_int_equal(exchange.connection, exchange.client);
    assert_true(exchange.connection != 1);
    struct links_former links = {0};
    uint8_t token[LINK_TAG_SIZE], password[LINK_TAG_SIZE];
    memcpy(token, exchange.links[0].tag, LINK_TAG_SIZE);
    memcpy(password, exchange.links[1].tag, LINK_TAG_SIZE);
    links_take(&exchange, keys_recognition(keys), &links);
    assert_int_equal(exchange.link_count, 0);
    sanitizer_set_former(second, keys_recognition(former));
    sanitize_exchange(second, &exchange);
    /* What sanitizing notes, also inside base64, is what was carried over. */
    assert_int_equal(exchange.link_count, 2);
    assert_memory_equal(exchange.links[0].tag, token, LINK_TAG_SIZE);
    assert_memory_equal(exchange.links[1].tag, password, LINK_TAG_SIZE);
    assert_true(exchange.links[0].identity); /* of a pseudonym, which is long */
    links_give_back(&exchange, keys_recognition(keys), &links);
    assert_int_equal(exchange.link_count, 2);
    assert_false(exchange.links[0].identity); /* of the value */
    links_former_done(&links);
    sanitizer_free(first);
    sanitizer_free(second);
    exchange_free(&exchange);
}

static void test_links_stay_unless_their_pseudonym_goes(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    struct links_former links = {0};
    uint8_t gone[PSEUDONYM_TAG_SIZE], stays[PSEUDONYM_TAG_SIZE], elsewhere[PSEUDONYM_TAG_SIZE] = {7};
    buffer_append_text(&exchange.request.head, "GET /?a=");
    pseudonym_make(keys, BYTES_LITERAL("gone"), &exchange.request.head, gone);
    buffer_append_text(&exchange.request.head, "&b=");
    pseudonym_make(keys, BYTES_LITERAL("stays"), &exchange.request.head, stays);
    exchange_add_link(&exchange, LINK_USES, LINK_PLACE_QUERY, "a", gone);
    exchange_add_link(&exchange, LINK_USES, LINK_PLACE_QUERY, "b", stays);
    exchange_add_link(&exchange, LINK_USES, LINK_PLACE_JSON, "c",
                      elsewhere); /* of a body that was never stored */
    links_take(&exchange, keys_recognition(keys), &links);
    memset(exchange.request.head.data + 8, 'x', PSEUDONYM_CORE_SIZE);
    exchange_add_link(&exchange, LINK_USES, LINK_PLACE_HEADER, "d", elsewhere); /* newly noted */
    links_give_back(&exchange, keys_recognition(keys), &links);
    assert_int_equal(exchange.link_count, 3);
    assert_string_equal(exchange.links[0].name, "b");
    assert_string_equal(exchange.links[1].name, "c");
    assert_string_equal(exchange.links[2].name, "d");
    links_former_done(&links);
    exchange_free(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pseudonyms_are_replaced_in_every_coding),
        cmocka_unit_test(test_pseudonyms_are_replaced_in_base64),
        cmocka_unit_test(test_pseudonyms_of_other_keys_stay),
        cmocka_unit_test(test_a_link_becomes_that_of_the_pseudonym_in_the_text),
        cmocka_unit_test(test_links_stay_unless_their_pseudonym_goes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
