/* Personal values that their names tell: one that is a card, an account, a number or an address by its look becomes the same valid fake as where only
 * its look tells, in every place but header lines; all others become pseudonyms, and sanitizing again changes nothing. */
#include "filters/sanitize.h"

#include "filters/policy/policy_yaml.h"
#include "filters/pseudonym.h"
#include "filters/strategy/fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct exchange exchange;

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

/* Sanitizes a request with |body| of |type| under |policy|. Returns the body, borrowed until the next call. */
static struct bytes sanitize(const struct policy *policy, const char *type, struct bytes body)
{
    struct message *message = &exchange.request;
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    exchange_clear(&exchange);
    buffer_printf(&message->head, "POST / HTTP/1.1\r\nX-Real-IP: 93.184.216.34\r\nContent-Type: %s\r\n\r\n",
                  type);
    buffer_append_bytes(&message->body.content, body);
    message->body.state = BODY_KEPT;
    sanitize_exchange(sanitizer, &exchange);
    assert_int_equal(message->body.state, BODY_KEPT);
    sanitizer_free(sanitizer);
    return buffer_bytes(&message->body.content);
}

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

/* Returns what stands in |text| between |before| and |after|. */
static struct bytes between(struct bytes text, const char *before, const char *after)
{
    const uint8_t *start = memmem(text.data, text.size, before, strlen(before));
    assert_non_null(start);
    start += strlen(before);
    const uint8_t *end = memmem(start, (size_t)(text.data + text.size - start), after, strlen(after));
    assert_non_null(end);
    return bytes_make(start, (size_t)(end - start));
}

static const struct {
    const char *name, *value;
    enum fake_type type;
} values[] = {
    {"card_number", "4111111111111111", FAKE_CARD},
    {"pan", "5555 5555 5555 4444", FAKE_CARD},
    {"iban", "DE89370400440532013000", FAKE_IBAN},
    {"iban", "gb82 west 1234 5698 7654 32", FAKE_IBAN},
    {"ssn", "078-05-1120", FAKE_SSN},
    {"ssn", "078051120", FAKE_SSN},
    {"phone", "+4915112345678", FAKE_PHONE},
    {"phone", "0151 1234567", FAKE_PHONE},
    {"ip", "93.184.216.34", FAKE_IP},
    {"ip_address", "2a02:2e0:3fe:1001:302::1", FAKE_IP},
    {"device_id", "ac:de:48:00:11:22", FAKE_MAC},
    {"email", "alice@shop.example.net", FAKE_EMAIL},
    {"email",
     "j\xc3\xb6rg@b\xc3\xbc"
     "cher.example",
     FAKE_EMAIL},
    {"ip", "fe80::1cc0:3e8c:119f:c2e1", FAKE_IP},
    {"phone", "(0151) 123-4567", FAKE_PHONE},
};

/* Dates of birth move back together with the session's credential, otherwise each by itself, and keep their form. */
static void test_dates_of_birth_become_dates(void **state)
{
    (void)state;
    struct buffer first = {0};
    struct bytes body = sanitize(policy_builtin(), JSON,
                                 BYTES_LITERAL("{\"dob\":\"1987-05-12\",\"patientBirthdate\":19870512,\"date_"
                                               "of_birth\":\"12.05.1987\",\"birthday\":\"in May\","
                                               "\"passport\":\"19870512\"}"));
    struct bytes iso = between(body, "dob\":\"", "\""), digits = between(body, "Birthdate\":", ","),
                 dots = between(body, "birth\":\"", "\"");
    assert_int_equal(iso.size, 10);
    assert_true(fake_is(keys_recognition(keys), FAKE_DATE, iso));
    assert_int_equal(digits.size, 8);
    assert_memory_equal(iso.data, digits.data, 4);
    assert_memory_equal(iso.data + 8, digits.data + 6, 2);
    assert_memory_equal(iso.data, dots.data + 6, 4);
    assert_memory_equal(between(body, "birthday\":\"", "\"").data, "rhx", 3);
    assert_memory_equal(between(body, "passport\":\"", "\"").data, "rhx", 3);
    buffer_append_bytes(&first, body);
    assert_true(bytes_equal(buffer_bytes(&first), sanitize(policy_builtin(), JSON, buffer_bytes(&first))));
    buffer_free(&first);
}
#define COUNT (sizeof values / sizeof values[0])

static void test_a_value_with_a_look_becomes_one_fake_wherever_it_stands(void **state)
{
    (void)state;
    char text[256];
    for (size_t i = 0; i < COUNT; i++) {
        struct buffer first = {0};
        snprintf(text, sizeof text, "{\"%s\":\"%s\",\"%s_note\":\"%s\",\"n\":1}", values[i].name,
                 values[i].value, values[i].name, values[i].value);
        struct bytes body = sanitize(policy_builtin(), JSON, bytes_of(text));
        snprintf(text, sizeof text, "{\"%s\":\"", values[i].name);
        struct bytes fake = between(body, text, "\"");
        snprintf(text, sizeof text, "_note\":\"");
        if (!fake_is(keys_recognition(keys), values[i].type, fake))
            fail_msg("%s became %.*s", values[i].value, (int)fake.size, (const char *)fake.data);
        assert_true(bytes_equal(fake, between(body, text, "\"")));
        buffer_append_bytes(&first, body);
        assert_true(
            bytes_equal(buffer_bytes(&first), sanitize(policy_builtin(), JSON, buffer_bytes(&first))));
        assert_non_null(memmem(exchange.request.head.data, exchange.request.head.size, "X-Real-IP: rhx", 14));
        buffer_free(&first);
    }
}

static void test_numbers_of_json_stay_numbers_and_forms_have_the_same_fake(void **state)
{
    (void)state;
    struct buffer number = {0}, form = {0};
    buffer_append_bytes(&number,
                        between(sanitize(policy_builtin(), JSON,
                                         BYTES_LITERAL("{\"card\":{\"card_number\":4111111111111111}}")),
                                "number\":", "}"));
    buffer_append_bytes(
        &form, between(sanitize(policy_builtin(), FORM, BYTES_LITERAL("a=1&cardNumber=4111111111111111&b=2")),
                       "cardNumber=", "&"));
    assert_true(bytes_equal(buffer_bytes(&number), buffer_bytes(&form)));
    assert_int_equal(number.size, 16);
    assert_memory_equal(number.data, "9999", 4);
    buffer_free(&number);
    buffer_free(&form);
}

static void test_what_has_no_such_look_becomes_a_pseudonym(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"card_number", "4111111111111112"}, /* not right by Luhn */
        {"iban", "DE88370400440532013000"},
        {"firstname", "Alice"},
        {"card_number", "4111111111111111 and more"},
        {"account_number", "2125550123"}, /* in the range of fakes of phones, but no phone */
        {"account_number", "9001234567"},
        {"account_number", "912345678"},
        {"password", "4111111111111111"},
        {"access_token", "alice@shop.example.net"},
    };
    char text[256];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "{\"%s\":\"%s\"}", rows[i][0], rows[i][1]);
        struct bytes left = between(sanitize(policy_builtin(), JSON, bytes_of(text)), "\":\"", "\"}");
        if (!pseudonym_is(keys_recognition(keys), left))
            fail_msg("%s became %.*s", rows[i][1], (int)left.size, (const char *)left.data);
    }
}

/* A fake of another key is a value like any other, and stays in its shape. */
static void test_fakes_of_other_keys_are_replaced(void **state)
{
    (void)state;
    char text[256];
    for (size_t i = 0; i < COUNT; i++) {
        struct buffer first = {0};
        snprintf(text, sizeof text, "{\"%s\":\"%s\"}", values[i].name, values[i].value);
        buffer_append_bytes(&first, sanitize(policy_builtin(), JSON, bytes_of(text)));
        bool replaced =
            values[i].type == FAKE_PHONE || (values[i].type == FAKE_IP && strchr(values[i].value, '.'));
        /* A check of two digits is right by chance under one key in a hundred. */
        for (unsigned tries = 0; tries < 6 && !replaced; tries++) {
            struct keys *own = keys;
            keys = keys_random();
            struct bytes again = sanitize(policy_builtin(), JSON, buffer_bytes(&first));
            assert_true(fake_is(keys_recognition(keys), values[i].type, between(again, "\":\"", "\"}")));
            replaced = !bytes_equal(again, buffer_bytes(&first));
            keys_free(keys);
            keys = own;
        }
        assert_true(replaced);
        buffer_free(&first);
    }
}

static void test_the_policy_says_of_which_looks_there_are_fakes(void **state)
{
    (void)state;
    struct policy *policy = NULL;
    struct error err;
    assert_int_equal(
        policy_yaml_read("p", BYTES_LITERAL("version: 1\ndetect: {card: hash, iban: off}\n"), &policy, &err),
        0);
    struct bytes body = sanitize(
        policy, JSON, BYTES_LITERAL("{\"pan\":\"4111111111111111\",\"iban\":\"DE89370400440532013000\"}"));
    assert_true(pseudonym_is(keys_recognition(keys), between(body, "pan\":\"", "\"")));
    assert_true(pseudonym_is(keys_recognition(keys), between(body, "iban\":\"", "\"")));
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_with_a_look_becomes_one_fake_wherever_it_stands),
        cmocka_unit_test(test_dates_of_birth_become_dates),
        cmocka_unit_test(test_numbers_of_json_stay_numbers_and_forms_have_the_same_fake),
        cmocka_unit_test(test_what_has_no_such_look_becomes_a_pseudonym),
        cmocka_unit_test(test_fakes_of_other_keys_are_replaced),
        cmocka_unit_test(test_the_policy_says_of_which_looks_there_are_fakes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
