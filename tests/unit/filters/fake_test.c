/* Fakes: each type gives values of its shape that are valid and nobody's; the same value the same one, however it is spelled; made again they
 * stay; a forged one with a check is replaced; another key gives others; detectors leave them alone. */
#include "filters/strategy/strategy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys, *others;
static struct detector detector;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    others = keys_random();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    detector_done(&detector);
    keys_free(keys);
    keys_free(others);
    return 0;
}

static bool is_ours(void *arg, enum detect_class class, struct bytes value)
{
    return strategy_is_ours(arg, class, value);
}

/* Returns the fake in a text of its own, which the next sixteen calls leave alone; "" where there is none. */
static const char *fake_under(const struct keys *under, enum fake_type type, const char *value)
{
    static char texts[16][512];
    static unsigned next;
    char *text = texts[next++ % 16];
    struct buffer out = {0};
    bool made = fake_make(under, type, bytes_of(value), (struct bytes){0}, &out);
    assert_true(out.size < sizeof texts[0]);
    assert_true(made || out.size == 0);
    if (out.size > 0)
        memcpy(text, out.data, out.size);
    text[out.size] = 0;
    buffer_free(&out);
    return text;
}

static const char *fake_of(enum fake_type type, const char *value)
{
    return fake_under(keys, type, value);
}

/* Digits of a shape: '9' any digit, 'a' any lower-case letter, 'A' a capital, 'x' a hexadecimal digit; others stand for themselves. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *text && *shape; text++, shape++) {
        bool fits = *shape == '9'   ? *text >= '0' && *text <= '9'
                    : *shape == 'a' ? *text >= 'a' && *text <= 'z'
                    : *shape == 'A' ? *text >= 'A' && *text <= 'Z'
                    : *shape == 'x' ? strchr("0123456789abcdef", *text) != NULL
                    : *shape == 'X' ? strchr("0123456789ABCDEF", *text) != NULL
                                    : *text == *shape;
        if (!fits)
            return false;
    }
    return *text == *shape;
}

static const struct {
    enum fake_type type;
    const char *value, *shape; /* NULL: of no fixed size */
    bool checked;              /* carries a check: a forged one is told */
} rows[] = {
    {FAKE_EMAIL, "alice@shop.example", NULL, true},
    {FAKE_EMAIL, "not an address", NULL, true},
    {FAKE_NAME, "Alice Liddell", "Aaaaaaaaaa Aaaaaaaaaa", true},
    {FAKE_NAME, "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", "Aaaaaaaaaaaaaaa", true},
    {FAKE_STREET,
     "Hauptstra\xc3\x9f"
     "e 5a",
     NULL, true},
    {FAKE_PHONE, "+1 212 867 5309", "+1 999 555 0199", false},
    {FAKE_PHONE, "(212) 867-5309", "(999) 555-0199", false},
    {FAKE_PHONE, "867-5309", "555-0199", false},
    {FAKE_PHONE, "+4915112345678", "+19995550199", false},
    {FAKE_PHONE, "030 1234567", "(none)", false},
    {FAKE_ZIP, "90210", "00999", false},
    {FAKE_ZIP, "90210-1234", "00999-9999", false},
    {FAKE_ZIP, "SW1A 1AA", "QA9A 9AA", false},
    {FAKE_ZIP, "1017 ab", "0099 aa", false},
    {FAKE_CARD, "4111 1111 1111 1111", "9999 9999 9999 9999", true},
    {FAKE_CARD, "378282246310005", "999999999999999", true},
    {FAKE_CARD, "501800000009", "999999999999", true},
    {FAKE_IBAN, "DE89 3704 0044 0532 0130 00", "DE99 0000 9999 9999 9999 99", true},
    {FAKE_IBAN, "gb82west12345698765432", "gb99aaaa99999999999999", true},
    {FAKE_IBAN, "NO9386011117947", "NO9900009999999", true},
    {FAKE_IP, "93.184.216.34", NULL, false},
    {FAKE_IP, "2a02:2e0:3fe:1001:302::", NULL, true},
    {FAKE_MAC, "af:ed:5b:af:fa:c1", "02:xx:xx:xx:xx:xx", true},
    {FAKE_MAC, "AF-ED-5B-AF-FA-C1", "02-XX-XX-XX-XX-XX", true},
    {FAKE_UUID, "9f1c2b7e-3d4a-1f5b-8c6d-7e8f9a0b1c2d", "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx", true},
    {FAKE_DIGITS, "12345", "10000", false},
    {FAKE_DIGITS, "000123456789", "999999999999", true},
    {FAKE_DIGITS, "4111111111111111", "9999999999999999", true},
    {FAKE_DIGITS, "12345678901234567890123456789012", "99999999999999999999999999999999", true},
    {FAKE_DATE, "1987-05-12", NULL, false},
    {FAKE_DATE, "12.05.1987", NULL, false},
    {FAKE_DATE, "5/12/1987", NULL, false},
    {FAKE_DATE, "2000-02-29T23:59:59.123Z", NULL, false},
    {FAKE_SSN, "078-05-1120", "999-99-9999", true},
    {FAKE_SSN, "078051120", "999999999", true},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void test_a_fake_has_its_shape_and_made_again_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *fake = fake_of(rows[i].type, rows[i].value);
        if (rows[i].shape && strcmp(rows[i].shape, "(none)") != 0 && !has_shape(fake, rows[i].shape))
            fail_msg("%s of '%s' is '%s'", fake_type_name(rows[i].type), rows[i].value, fake);
        assert_true(*fake);
        assert_string_not_equal(fake, rows[i].value);
        assert_string_equal(fake_of(rows[i].type, rows[i].value), fake);
        assert_true(fake_is(keys_recognition(keys), rows[i].type, bytes_of(fake)));
        assert_string_equal(fake_of(rows[i].type, fake), fake);
    }
}

static void test_a_forged_fake_is_replaced(void **state)
{
    (void)state;
    unsigned forged = 0, stayed = 0;
    for (size_t i = 0; i < ROWS; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s", fake_of(rows[i].type, rows[i].value));
        for (size_t at = 0; rows[i].checked && text[at]; at++) {
            char was = text[at];
            text[at] = was == '7' ? '3' : was >= '0' && was <= '9' ? '7' : was == 'b' ? 'd' : 'b';
            forged++;
            stayed += strcmp(fake_of(rows[i].type, text), text) == 0;
            text[at] = was;
        }
        /* Whoever has no recognition key makes those of another. */
        if (rows[i].checked) {
            const char *foreign = fake_under(others, rows[i].type, rows[i].value);
            forged++;
            stayed += strcmp(fake_of(rows[i].type, foreign), foreign) == 0;
        }
    }
    assert_true(forged > 200);
    assert_true(stayed <= 12); /* one is expected: of cards one in a thousand is right by chance */
}

static void test_spelling_does_not_count(void **state)
{
    (void)state;
    assert_string_equal(fake_of(FAKE_CARD, "4111-1111-1111-1111") + 15,
                        fake_of(FAKE_CARD, "4111111111111111") + 12);
    assert_string_equal(fake_of(FAKE_IP, "2A02:2e0:3fe:1001:302:0::"),
                        fake_of(FAKE_IP, "2a02:2e0:3fe:1001:302::"));
    assert_string_equal(fake_of(FAKE_SSN, "078 05 1120") + 7, fake_of(FAKE_SSN, "078051120") + 5);
    char upper[64];
    const char *lower = fake_of(FAKE_UUID, "9f1c2b7e-3d4a-1f5b-8c6d-7e8f9a0b1c2d");
    snprintf(upper, sizeof upper, "%s", fake_of(FAKE_UUID, "9F1C2B7E-3D4A-1F5B-8C6D-7E8F9A0B1C2D"));
    assert_true(bytes_equal_nocase(bytes_of(upper), bytes_of(lower)));
    assert_string_not_equal(upper, lower);
    assert_memory_equal(fake_of(FAKE_DATE, "12.05.1987") + 6, fake_of(FAKE_DATE, "1987-05-12"), 4);
}

static void test_what_has_not_the_shape_has_no_fake(void **state)
{
    (void)state;
    static const struct {
        enum fake_type type;
        const char *value;
    } wrong[] = {
        {FAKE_PHONE, "12345"},
        {FAKE_PHONE, "+49 170 x"},
        {FAKE_ZIP, "12"},
        {FAKE_CARD, "41111"},
        {FAKE_IBAN, "DE8937040044053201300"},
        {FAKE_IBAN, "XX893704004405"},
        {FAKE_IP, "1.2.3.4:80"},
        {FAKE_IP, "300.1.1.1"},
        {FAKE_MAC, "af:ed"},
        {FAKE_UUID, "9f1c2b7e3d4a1f5b8c6d7e8f9a0b1c2d"},
        {FAKE_DIGITS, "12x"},
        {FAKE_DATE, "1987-13-01"},
        {FAKE_DATE, "1987-02-29"},
        {FAKE_DATE, "12 May 1987"},
        {FAKE_DATE, "9999-12-31"},
        {FAKE_SSN, "12345678"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct strategy strategy = {.kind = STRATEGY_FAKE, .fake = wrong[i].type};
        struct buffer out = {0}, again = {0};
        assert_string_equal(fake_of(wrong[i].type, wrong[i].value), "");
        strategy_apply(&strategy, keys, bytes_of(wrong[i].value), (struct bytes){0}, &out);
        assert_true(pseudonym_is(keys_recognition(keys), buffer_bytes(&out)));
        strategy_apply(&strategy, keys, buffer_bytes(&out), (struct bytes){0}, &again);
        assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
        buffer_free(&out);
        buffer_free(&again);
    }
}

/* Returns whether |text| reads as what detectors of some class find and did not put there, beside any name. */
static void expect_nothing_found(const char *text, const char *name)
{
    struct detection found[8];
    detector.is_ours = is_ours;
    detector.is_ours_arg = (void *)keys_recognition(keys);
    if (detect_find(&detector, bytes_of(text), bytes_of(name), DETECT_ALL, found, 8) != 0)
        fail_msg("'%s' is a finding: %s", text, detect_class_name(found[0].class));
}

static void test_detectors_leave_fakes_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (unsigned n = 0; n < 500; n++) {
            /* Many fakes each: of many keys. */
            char text[600];
            struct keys *was = keys;
            keys = keys_random();
            snprintf(text, sizeof text, "%s", fake_of(rows[i].type, rows[i].value));
            expect_nothing_found(text, "note");
            keys_free(keys);
            keys = was;
        }
    /* Beside the names that call for a look at any number. */
    expect_nothing_found(fake_of(FAKE_SSN, "078051120"), "ssn");
    expect_nothing_found(fake_of(FAKE_DIGITS, "078051120"), "ssn");
    expect_nothing_found(fake_of(FAKE_PHONE, "030 1234567"), "phone");
}

static void test_dates_of_one_subject_keep_what_is_between_them(void **state)
{
    (void)state;
    static const char *const dates[] = {"1987-05-12", "1987-05-13", "1987-12-31", "1988-01-01"};
    unsigned differ = 0;
    for (unsigned subject = 0; subject < 20; subject++) {
        struct buffer moved[4] = {0};
        char who[8];
        snprintf(who, sizeof who, "%u", subject);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(fake_make(keys, FAKE_DATE, bytes_of(dates[i]), bytes_of(who), &moved[i]));
            buffer_append_byte(&moved[i], 0);
        }
        unsigned last = 0;
        for (unsigned i = 0; i < 4; i++) {
            const char *text = (const char *)moved[i].data;
            unsigned year, month, day;
            assert_int_equal(sscanf(text, "%4u-%2u-%2u", &year, &month, &day), 3);
            assert_true(year >= 1698 && year <= 1899 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
            if (i == 1) /* the next day: of the same month, or the first of another */
                assert_true(day == last + 1 || day == 1);
            last = day;
        }
        differ += strcmp((char *)moved[0].data, fake_of(FAKE_DATE, dates[0])) != 0;
        for (unsigned i = 0; i < 4; i++)
            buffer_free(&moved[i]);
    }
    assert_true(differ >= 15);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As many values as the square root of the domain are apart, or nearly. */
static void test_domains_are_as_large_as_they_say(void **state)
{
    (void)state;
    static const struct {
        enum fake_type type;
        const char *format;
        unsigned count, least;
    } domains[] = {
        {FAKE_EMAIL, "u%u@h.example", 3000, 3000},
        {FAKE_NAME, "Alice %u", 3000, 2998},
        {FAKE_NAME, "A%u", 1000, 990},
        {FAKE_STREET, "%u High Street", 3000, 2999},
        {FAKE_PHONE, "+491511%07u", 3000, 2780}, /* of 27,200: 2,841 expected */
        {FAKE_ZIP, "9%04u", 3000, 480},          /* of 500, nearly all */
        {FAKE_CARD, "411111%010u", 3000, 2998},
        {FAKE_IP, "93.184.8.%u", 256, 180}, /* of 762: 217 expected */
        {FAKE_IP, "2a02::%u", 3000, 3000},
        {FAKE_MAC, "aa:bb:cc:00:%02u:01", 100, 99},
        {FAKE_UUID, "9f1c2b7e-3d4a-4f5b-8c6d-%012u", 3000, 3000},
        {FAKE_DIGITS, "%012u", 1000, 980},
        {FAKE_SSN, "123-45-%04u", 3000, 2960}, /* of 485,100: 2,991 expected */
    };
    for (size_t row = 0; row < sizeof domains / sizeof domains[0]; row++) {
        char **texts = calloc(domains[row].count, sizeof *texts);
        for (unsigned i = 0; i < domains[row].count; i++) {
            char value[64];
            _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
                snprintf(value, sizeof value, domains[row].format, i);
            _Pragma("GCC diagnostic pop") texts[i] = strdup(fake_of(domains[row].type, value));
        }
        qsort(texts, domains[row].count, sizeof *texts, by_text);
        unsigned apart = 1;
        for (unsigned i = 1; i < domains[row].count; i++)
            apart += strcmp(texts[i - 1], texts[i]) != 0;
        if (apart < domains[row].least)
            fail_msg("%s: %u apart of %u", fake_type_name(domains[row].type), apart, domains[row].count);
        for (unsigned i = 0; i < domains[row].count; i++)
            free(texts[i]);
        free(texts);
    }
}

static void test_another_key_gives_others(void **state)
{
    (void)state;
    unsigned same = 0;
    for (size_t i = 0; i < ROWS; i++)
        same += strcmp(fake_of(rows[i].type, rows[i].value),
                       fake_under(others, rows[i].type, rows[i].value)) == 0;
    assert_true(same <= 12); /* five digits have one; the small domains may agree by chance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fake_has_its_shape_and_made_again_stays),
        cmocka_unit_test(test_a_forged_fake_is_replaced),
        cmocka_unit_test(test_spelling_does_not_count),
        cmocka_unit_test(test_what_has_not_the_shape_has_no_fake),
        cmocka_unit_test(test_detectors_leave_fakes_alone),
        cmocka_unit_test(test_dates_of_one_subject_keep_what_is_between_them),
        cmocka_unit_test(test_domains_are_as_large_as_they_say),
        cmocka_unit_test(test_another_key_gives_others),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
