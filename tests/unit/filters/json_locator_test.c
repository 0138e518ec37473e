/* The JSON locator, which remembers what it met and looks at many bytes together, against the plain one, on documents with
 * the same few shapes again and again, laid out in different ways, and on what becomes of them by changes of bytes. */
#include "filters/locate/json_locator.h"
#include "tests/unit/filters/json_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state = 1;

static unsigned below(unsigned limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % limit;
}

#define PICK(list) list[below(sizeof(list) / sizeof(list)[0])]

/* atom_fn: all of the atom is to be seen in what comes out. */
static void replace(void *arg, const struct atom *atom, struct buffer *out)
{
    (void)arg;
    buffer_printf(out, "<%d %d ", atom->place, atom->decision.class);
    buffer_append_bytes(out, atom->name);
    buffer_append_text(out, " ");
    buffer_append_bytes(out, atom->value);
    buffer_append_text(out, ">");
}

static void put_space(struct buffer *out, unsigned layout, unsigned depth)
{
    if (layout == 2)
        buffer_printf(out, "\n%*s", (int)depth * 2, "");
    else if (layout == 3 && below(8) == 0)
        buffer_append_text(out, below(2) ? "\t" : "\r\n");
}

static void put_plain_value(struct buffer *out)
{
    static const char *const values[] = {
        "\"password\"",
        "\"user.\\u0070in\"",
        "\"phone number\"",
        "1",
        "0",
        "-12",
        "3.25",
        "-0.5e+10",
        "1E9",
        "123456789012345",
        "1234567890123456",
        "12345678901234.5",
        "98765432109876.54321",
        "true",
        "false",
        "null",
        "\"\"",
        "\"ab\"",
        "\"red boots\"",
        "\"fifteen letters\"",
        "\"sixteen letters.\"",
        "\"\xc3\xa4\xff in it\"",
        "\"a text that is a good deal longer than sixteen bytes, and than thirty-two\"",
        "\"https://shop.example/x?token=abc&y=1\"",
        "\"a=b\"",
        "\"tab\\there\"",
        "\"\\u2014 \\ud83d\\ude00 \\ud800\"",
        "\"{\\\"password\\\":\\\"x\\\",\\\"n\\\":[1]}\"",
        "\"ends in a backslash \\\\\"",
        "01",
        "1.",
        "-",
        "tru",
    };
    buffer_append_text(out, below(40) ? values[below(29)] : PICK(values));
}

static void put_value(struct buffer *out, unsigned layout, unsigned depth);

static void put_object(struct buffer *out, unsigned layout, unsigned depth, unsigned shape)
{
    static const char *const shapes[][5] = {
        {"sku", "name", "price", "in_stock"},
        {"id", "email", "password", "card", "items"},
        {"line", "a name of thirty-two letters, yes", "pin", "name"},
        {"a name that is longer than thirty-two letters", "x", "tok\\u0065n", "", "user"},
        {"value", "label", "newValue", "v", "k"},
    };
    buffer_append_byte(out, '{');
    for (unsigned i = 0; i < 5 && shapes[shape][i]; i++) {
        if (below(12) == 0)
            break;
        if (i > 0)
            buffer_append_byte(out, ',');
        put_space(out, layout, depth);
        buffer_printf(out, "\"%s\":%s", shapes[shape][i], layout ? " " : "");
        put_value(out, layout, depth + 1);
    }
    put_space(out, layout, depth);
    buffer_append_byte(out, '}');
}

static void put_value(struct buffer *out, unsigned layout, unsigned depth)
{
    unsigned kind = depth > 5 ? 9 : below(10), shape = below(5);
    if (kind == 0) {
        put_object(out, layout, depth, shape);
    } else if (kind == 1 || depth == 0) {
        buffer_append_byte(out, '[');
        for (unsigned count = below(6); count > 0; count--) {
            put_space(out, layout, depth);
            if (shape == 3)
                put_value(out, layout, depth + 1);
            else
                put_object(out, layout, depth + 1, shape);
            if (count > 1)
                buffer_append_byte(out, ',');
            if (layout == 1)
                buffer_append_byte(out, ' ');
        }
        buffer_append_byte(out, ']');
    } else {
        put_plain_value(out);
    }
}

/* The text lies at the end of memory of its own, so that nothing can be read beyond it unseen. */
static void assert_same(struct locator *locator, struct bytes text, enum json_locate_count count,
                        bool beginning)
{
    struct locator fresh = {.policy = policy_builtin(), .replace = replace, .detects = locator->detects};
    struct buffer expected = {0}, out = {0};
    uint8_t *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    text.data = copy;
    enum json_locate_result wanted = json_plain_locate(&fresh, text, count, beginning, &expected);
    enum json_locate_result result = beginning ? json_locate_beginning(locator, text, count, &out)
                                               : json_locate(locator, text, count, &out);
    bool same = result == wanted &&
                (wanted != JSON_LOCATED || bytes_equal(buffer_bytes(&out), buffer_bytes(&expected)));
    if (!same)
        print_error("count %d, beginning %d: %d not %d\n%.*s\n%.*s\n%.*s\n", count, beginning, result, wanted,
                    (int)text.size, (const char *)text.data, (int)out.size, (const char *)out.data,
                    (int)expected.size, (const char *)expected.data);
    assert_true(same);
    assert_int_equal(locator->pool_used, 0);
    free(copy);
    buffer_free(&out);
    buffer_free(&expected);
    locator_done(&fresh);
}

static void assert_same_all_ways(struct locator *locator, struct bytes text)
{
    for (int way = 0; way < 4; way++)
        assert_same(locator, text, way & 1 ? JSON_LOCATE_MANY : JSON_LOCATE_ONE, way & 2);
}

static void mutate(struct buffer *text)
{
    static const char bytes[] = "{}[],:\"\\ \n0-.eut=\x01\x1f";
    size_t at = below((unsigned)text->size);
    switch (below(4)) {
    case 0:
        text->data[at] = below(4) ? (uint8_t)bytes[below(sizeof bytes)] : (uint8_t)below(256);
        break;
    case 1:
        memmove(text->data + at, text->data + at + 1, text->size - at - 1);
        text->size--;
        break;
    case 2: {
        const uint8_t *close = memchr(text->data + at, below(2) ? '}' : ',', text->size - at);
        if (close && below(2))
            at = (size_t)(close - text->data);
        buffer_append_byte(text, 0);
        memmove(text->data + at + 1, text->data + at, text->size - at - 1);
        text->data[at] = (uint8_t)bytes[below(sizeof bytes)];
        break;
    }
    default:
        text->size = at + 1;
    }
}

static void test_json_locator_gives_what_the_plain_one_gives(void **unused)
{
    (void)unused;
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct buffer text = {0}, changed = {0};
    for (int document = 0; document < 1500; document++) {
        buffer_clear(&text);
        unsigned layout = below(4);
        for (unsigned values = below(8) ? 1 : 3; values > 0; values--) {
            put_value(&text, layout, below(4) ? 0 : 1);
            if (values > 1)
                buffer_append_byte(&text, '\n');
        }
        assert_same_all_ways(&locator, buffer_bytes(&text));
        for (int changes = 0; changes < 12 && text.size > 0; changes++) {
            buffer_clear(&changed);
            buffer_append_bytes(&changed, buffer_bytes(&text));
            for (unsigned more = below(4) ? 1 : 3; more > 0 && changed.size > 0; more--)
                mutate(&changed);
            int way = changes % 4;
            assert_same(&locator, buffer_bytes(&changed), way & 1 ? JSON_LOCATE_MANY : JSON_LOCATE_ONE,
                        way & 2);
        }
    }
    buffer_free(&changed);
    buffer_free(&text);
    locator_done(&locator);
}

/* After the whole document is known by heart, each piece of it, and each with any one structural byte made another. */
static void test_json_locator_is_strict_with_what_it_knows_by_heart(void **unused)
{
    (void)unused;
    static const char document[] =
        "[{\"sku\":\"12345678\",\"price\":3.25,\"gift\":false},{\"sku\":\"2\",\"price\":4,\"gift\":true},"
        "{\"sku\":\"3\",\"price\":5,\"gift\":null,\"in\":{\"sku\":\"4\",\"price\":6,\"gift\":true},"
        "\"password\":7},"
        "{\"sku\":\"12345678\",\"price\":3.25,\"gift\":false, \"padding\":\"so that there is room at the end "
        "of it\"}]";
    static const char swaps[] = "{}[],:\"x ";
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct bytes text = BYTES_LITERAL(document);
    for (size_t at = 0; at < text.size; at++) {
        assert_same_all_ways(&locator, text);
        assert_same_all_ways(&locator, bytes_make(text.data, at));
        for (size_t i = 0; i + 1 < sizeof swaps; i++) {
            char changed[sizeof document];
            memcpy(changed, document, sizeof document);
            changed[at] = swaps[i];
            assert_same(&locator, bytes_make(changed, text.size), JSON_LOCATE_ONE, false);
        }
    }
    locator_done(&locator);
}

static void test_json_locator_learns_no_sibling_outside_an_array(void **unused)
{
    (void)unused;
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    static const char *const documents[] = {
        "[{\"a\":1},{\"a\":1},{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}]",
        "{\"a\":1},{\"a\":1},{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}",
        "{\"b\":{\"a\":1},{\"a\":1},{\"a\":1},{\"a\":\"padding padding padding padding padding\"}}",
        "{\"b\":{},{\"a\":1},{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}}",
        "{\"b\":{\"a\":\"x=y\"},{\"a\":1},\"a\":\"padding padding padding padding padding padding\"}",
        "{\"b\":[{\"a\":\"x=y\"},{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}]}",
        "[{\"a\":1},{\"a\":1,},{\"a\":\"padding padding padding padding padding padding\"}]",
        "[{\"a\":1},{,\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}]",
        "[{\"a\":1},,{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}]",
        "[{\"a\":1}{\"a\":1},{\"a\":1},{\"a\":\"padding padding padding padding padding padding\"}]",
        "[{\"a\":1},\"a\":1,{\"a\":\"padding padding padding padding padding padding padding\"}]",
    };
    for (size_t i = 1; i < sizeof documents / sizeof documents[0]; i++)
        for (int way = 0; way < 4; way++) {
            enum json_locate_count count = way & 1 ? JSON_LOCATE_MANY : JSON_LOCATE_ONE;
            assert_same(&locator, bytes_of(documents[0]), count, way & 2); /* it is fresh in memory */
            assert_same(&locator, bytes_of(documents[i]), count, way & 2);
        }
    locator_done(&locator);
}

static void test_json_locator_looks_where_an_escape_may_hide_something(void **unused)
{
    (void)unused;
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    static const char *const strings[] = {
        "a\\u003db",
        "token\\u003Dxyz",
        "\\u007b\\u0022password\\u0022\\u003a1}",
        "{\\u0022password\\u0022\\u003a1}",
        "\\u2014{\\\"password\\\":1}",
        "\\u2014",
        "a \\u2014 token",
        "\\u2014 token=abc",
        "\\u0020{\\\"pin\\\":1}",
        "https\\u003a//shop.example/?token\\u003da",
        "\\ud800\\u003d",
        "\\u00e4",
        "\\t[\\\"a\\\"]",
    };
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        for (unsigned place = 0; place < 3; place++) {
            static const char *const before[] = {"\"", "{\"note\":\"", "[\""}, *const after[] = {"\"", "\"}",
                                                                                                 "\"]"};
            buffer_clear(&text);
            buffer_printf(&text, "%s%s%s", before[place], strings[i], after[place]);
            assert_same_all_ways(&locator, buffer_bytes(&text));
        }
    buffer_free(&text);
    locator_done(&locator);
}

/* A member under one of a few names that say nothing, or call for a look, with a value that detectors find, nearly find or do not. */
static void put_detected_member(struct buffer *out)
{
    static const char *const names[] = {"note",
                                        "sku",
                                        "text",
                                        "at",
                                        "home_fax",
                                        "mobile",
                                        "dni",
                                        "ver",
                                        "key",
                                        "nh\\u0073",
                                        "jo@example.org",
                                        "jo\\u0040example.org",
                                        "4111 1111 1111 1111",
                                        "dc:title",
                                        "token=abcdefgh",
                                        "https://jo:secret@h/",
                                        "see https://h/?token=abc",
                                        "{\\\"token\\\":\\\"a b\\\"}",
                                        "@type",
                                        "198.51.100.7",
                                        "am8ucGVuQGV4YW1wbGUub3Jn",
                                        "q8Zr2LwX9vT4bN6mK1pY",
                                        "jo@",
                                        "x=",
                                        "a\\tb"};
    static const char *const values[] = {
        "\"write to jo@example.org, please\"",
        "\"jo\\u0040example.org\"",
        "\"am8ucGVuQGV4YW1wbGUub3Jn\"",
        "\"jo%40example.org\"",
        "\"@\"",
        "\"jo@\"",
        "\"4111 1111 1111 1111\"",
        "4111111111111111",
        "-4111111111111111",
        "4111111111111112",
        "\"078-05-1120\"",
        "\"GB82 WEST 1234 5698 7654 32\"",
        "\"at 198.51.100.7 or 2001:db8::7\"",
        "\"1.2.3.4\"",
        "\"+49 30 901820\"",
        "\"030 901820\"",
        "30901820",
        "\"12345678Z\"",
        "9434765919",
        "\"Bearer abcdefgh12345678\"",
        "\"Basic am86cGFzcw==\"",
        "\"ghp_0123456789abcdefghijABCDEFGHIJ012345\"",
        "\"q8Zr2LwX9vT4bN6mK1pY\"",
        "\"postgres:\\/\\/jo:pa55@db/x\"",
        "\"2026-11-28T07:30:00Z\"",
        "\"red boots\"",
        "12.5",
        "true",
        "null",
        "\"\\u0034111111111111111\"",
    };
    buffer_printf(out, "\"%s\":%s", PICK(names), PICK(values));
}

/* What stands right before a value, and right after it, is never of the same value: what is found must not depend on where it lies. */
static void test_json_locator_finds_what_the_plain_one_finds(void **unused)
{
    (void)unused;
    struct locator locator = {.policy = policy_builtin(), .replace = replace, .detects = DETECT_ALL};
    struct buffer text = {0};
    for (int document = 0; document < 200; document++) {
        static const char *const between[] = {",", ", ", " ,\n  ", "},{", "}, {"};
        buffer_clear(&text);
        const char *joint = PICK(between);
        buffer_append_text(&text, "[{");
        for (unsigned members = 1 + below(12); members > 0; members--) {
            put_detected_member(&text);
            if (members > 1)
                buffer_append_text(&text, joint);
        }
        buffer_append_text(&text, "}]");
        assert_same_all_ways(&locator, buffer_bytes(&text));
        for (int changes = 0; changes < 4 && text.size > 0; changes++) {
            mutate(&text);
            assert_same(&locator, buffer_bytes(&text), JSON_LOCATE_ONE, changes & 1);
        }
    }
    buffer_free(&text);
    locator_done(&locator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_locator_gives_what_the_plain_one_gives),
        cmocka_unit_test(test_json_locator_finds_what_the_plain_one_finds),
        cmocka_unit_test(test_json_locator_is_strict_with_what_it_knows_by_heart),
        cmocka_unit_test(test_json_locator_looks_where_an_escape_may_hide_something),
        cmocka_unit_test(test_json_locator_learns_no_sibling_outside_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
