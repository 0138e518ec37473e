/* Rewrites: expressions say where they are wrong; each part is rewritten in its place and nothing else changes; what cannot be
 * rewritten truthfully fails; each rule counts the requests that it touched. */
#include "filters/rewrite/rewrite.h"

#include "filters/rewrite/substitution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rewriter *rules_of(enum rewrite_place place, enum rewrite_action action, const char *name,
                                 const char *value)
{
    struct rewriter *rewriter = rewriter_create();
    struct error err = {0};
    const struct rewrite_rule rule = {
        .place = place, .action = action, .name = bytes_of(name), .value = bytes_of(value)};
    if (rewriter_add(rewriter, &rule, &err) != 0)
        fail_msg("%s", err.text);
    return rewriter;
}

static void refuse(enum rewrite_place place, enum rewrite_action action, const char *name, const char *value,
                   const char *says)
{
    struct rewriter *rewriter = rewriter_create();
    struct error err = {0};
    const struct rewrite_rule rule = {
        .place = place, .action = action, .name = bytes_of(name), .value = bytes_of(value)};
    assert_int_equal(rewriter_add(rewriter, &rule, &err), -1);
    if (!strstr(err.text, says))
        fail_msg("'%s' does not say '%s'", err.text, says);
    assert_int_equal(rewriter_count(rewriter), 0);
    rewriter_free(rewriter);
}

typedef enum rewrite_verdict (*part_fn)(struct rewriter *, struct bytes, struct buffer *);

/* NULL as |wanted|: it stays. Frees |rewriter|. */
static void expect(struct rewriter *rewriter, part_fn part, const char *text, const char *wanted)
{
    struct buffer out = {0};
    rewriter_begin(rewriter);
    enum rewrite_verdict verdict = part(rewriter, bytes_of(text), &out);
    rewriter_count_request(rewriter);
    assert_int_equal(verdict, wanted ? REWRITE_CHANGED : REWRITE_SAME);
    assert_int_equal(rewriter_touched(rewriter, 0), wanted ? 1 : 0);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, wanted ? wanted : "");
    buffer_free(&out);
    rewriter_free(rewriter);
}

static void expect_path(const char *expression, const char *target, const char *wanted)
{
    expect(rules_of(REWRITE_PATH, REWRITE_SUBSTITUTE, "", expression), rewriter_target, target, wanted);
}

static void test_rewrite_path_by_groups_and_flags(void **state)
{
    (void)state;
    expect_path("s#^/v1/users/(\\d+)#/v2/accounts/$1#", "/v1/users/77/x?u=/v1/users/1",
                "/v2/accounts/77/x?u=/v1/users/1");
    expect_path("s#a#b#", "/a/a", "/b/a");
    expect_path("s#a#b#g", "/a/A/a", "/b/A/b");
    expect_path("s#a#b#gi", "/a/A", "/b/b");
    expect_path("s|/(?<year>\\d{4})/(\\d\\d)|/${2}/${year}$0|", "/2026/11", "/11/2026/2026/11");
    expect_path("s/\\/a\\//\\/\\$1$$\\\\\\//", "/a/b", "/$1$\\/b");
    expect_path("s#(x)|/y#/\\1z#", "/y", "/z");
    expect_path("s|/a\\|b|/c|", "/a|b", "/c");
}

static void test_rewrite_path_is_left_alone(void **state)
{
    (void)state;
    expect_path("s#nowhere#b#", "/a?nowhere", NULL);
    expect_path("s#.#/#", "*", NULL);
    expect_path("s#^a#b#g", "/aa", NULL);
}

static void fail_target(const char *expression, const char *target)
{
    struct rewriter *rewriter = rules_of(REWRITE_PATH, REWRITE_SUBSTITUTE, "", expression);
    struct buffer out = {0};
    rewriter_begin(rewriter);
    assert_int_equal(rewriter_target(rewriter, bytes_of(target), &out), REWRITE_FAILED);
    assert_int_equal(rewriter_touched(rewriter, 0), 0);
    buffer_free(&out);
    rewriter_free(rewriter);
}

static void test_rewrite_gives_up_on_what_explodes_or_makes_no_path(void **state)
{
    (void)state;
    char target[2002];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[2000] = '!';
    target[2001] = 0;
    fail_target("s#^/(a+)+$#/b#", target);
    fail_target("s#a#b#g", target); /* more than it may replace */
    fail_target("s#(a+)#$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1#",
                target);
    fail_target("s#^/##", "/a"); /* does not begin with '/' any more */
    fail_target("s#.*##", "/a");
    fail_target("s#$#$0#", "/a b");
}

static void test_rewrite_expressions_say_where_they_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "wanted s#PATTERN#REPLACEMENT#"},
        {"x#a#b#", "at character 1 "},
        {"saabac", "at character 2 "},
        {"s#a", "the separator is missing at character 4 "},
        {"s#a#b", "the separator is missing at character 6 "},
        {"s##b#", "the pattern is empty at character 3 "},
        {"s#a(b#c#", "parenthesis at character 6 "},
        {"s#\\#(#c#", "parenthesis at character 6 "},
        {"s#a#b#x", "unknown flag, there are g and i, at character 7 "},
        {"s#a#$1#", "no such group, at character 5 "},
        {"s#(a)#${two}#", "no such group, at character 7 "},
        {"s#a#x$#", "at character 6 "},
        {"s#a#x\\n#", "at character 6 "},
        {"s#a#/b c#", "cannot stand in a path, at character 7 "},
        {"s#a#/b?c#", "cannot stand in a path, at character 7 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuse(REWRITE_PATH, REWRITE_SUBSTITUTE, "", cases[i].text, cases[i].says);
}

static void test_rewrite_refuses_what_is_not_to_be_rewritten(void **state)
{
    (void)state;
    refuse(REWRITE_HEADER, REWRITE_SET, "content-length", "5", "follows what is sent");
    refuse(REWRITE_HEADER, REWRITE_REMOVE, "Transfer-Encoding", "", "follows what is sent");
    refuse(REWRITE_HEADER, REWRITE_SET, "X-Rehearse-Run", "mine", "follows what is sent");
    refuse(REWRITE_HEADER, REWRITE_REMOVE, "Host", "", "--host");
    refuse(REWRITE_HEADER, REWRITE_REMOVE, "content-encoding", "", "stays");
    refuse(REWRITE_HEADER, REWRITE_SET, "a b", "", "character 2 ");
    refuse(REWRITE_HEADER, REWRITE_SET, "a", "b\r\nc: d", "character 2 ");
    refuse(REWRITE_HEADER, REWRITE_SET, "", "b", "no header");
    refuse(REWRITE_QUERY, REWRITE_SET, "", "b", "no parameter");
    refuse(REWRITE_JSON, REWRITE_SET, "user", "1", "begins with '$'");
    struct rewriter *rewriter = rewriter_create();
    struct error err = {0};
    assert_int_equal(rewriter_add_header_line(rewriter, "no colon", &err), -1);
    assert_int_equal(rewriter_add_query_pair(rewriter, "no sign", &err), -1);
    rewriter_free(rewriter);
}

static void expect_query(enum rewrite_action action, const char *value, const char *target,
                         const char *wanted)
{
    expect(rules_of(REWRITE_QUERY, action, "a", value), rewriter_target, target, wanted);
}

static void test_rewrite_query_in_its_place(void **state)
{
    (void)state;
    expect_query(REWRITE_SET, "n&w", "/p?x=%41&a=1&y", "/p?x=%41&a=n%26w&y");
    expect_query(REWRITE_SET, "1", "/p?%61&b&a=3&a", "/p?%61=1&b");
    expect_query(REWRITE_SET, "1", "/p", "/p?a=1");
    expect_query(REWRITE_SET, "1", "/p?", "/p?&a=1");
    expect_query(REWRITE_SET, "1", "/p?A=2&", "/p?A=2&&a=1");
    expect_query(REWRITE_REMOVE, "", "/p?a=1&b=%20&a", "/p?b=%20");
    expect_query(REWRITE_REMOVE, "", "/p?a=1", "/p");
    expect_query(REWRITE_REMOVE, "", "/p?b=1", NULL);
    expect_query(REWRITE_SUBSTITUTE, "s#b c#d/e#", "/p?a=b+c&a=%62%20c&a=x&a&z",
                 "/p?a=d%2Fe&a=d%2Fe&a=x&a&z");
    expect_query(REWRITE_SUBSTITUTE, "s#b#c#", "/p?z=b&a", NULL);
}

static void test_rewrite_host(void **state)
{
    (void)state;
    expect(rules_of(REWRITE_HOST, REWRITE_SUBSTITUTE, "", "s#^(.*)\\.prod\\.example#$1.stage.example#"),
           rewriter_host, "shop.prod.example:81", "shop.stage.example:81");
    expect(rules_of(REWRITE_HOST, REWRITE_SUBSTITUTE, "", "s#x#y#"), rewriter_host, "shop", NULL);
    refuse(REWRITE_HOST, REWRITE_SUBSTITUTE, "", "s#x#a/b#", "cannot stand in a host");
}

static void expect_head(enum rewrite_action action, const char *name, const char *value, const char *lines,
                        const char *wanted)
{
    char head[256], out[256];
    snprintf(head, sizeof head, "GET / HTTP/1.1\r\n%s", lines);
    snprintf(out, sizeof out, "GET / HTTP/1.1\r\n%s", wanted ? wanted : "");
    expect(rules_of(REWRITE_HEADER, action, name, value), rewriter_head, head, wanted ? out : NULL);
}

static void test_rewrite_headers_keep_place_and_case(void **state)
{
    (void)state;
    expect_head(REWRITE_SET, "X-One", "new", "A: 1\r\nx-oNE:old\r\nB: 2\r\nX-One: b\r\n",
                "A: 1\r\nx-oNE: new\r\nB: 2\r\n");
    expect_head(REWRITE_SET, "X-One", "", "A: 1\r\n", "A: 1\r\nX-One: \r\n");
    expect_head(REWRITE_REMOVE, "x-one", "", "X-One:a\r\nA:1\r\nX-ONE: b\r\n c\r\n", "A:1\r\n");
    expect_head(REWRITE_REMOVE, "x-one", "", "A: 1\r\n", NULL);
    expect_head(REWRITE_SUBSTITUTE, "referer", "s#//([^/]*)#//$1.test#", "A: 1\r\nReFerer:\t http://x/y \r\n",
                "A: 1\r\nReFerer:\t http://x.test/y \r\n");
    expect_head(REWRITE_SUBSTITUTE, "A", "s#^$#b#", "A:\r\nB:\r\n", "A:b\r\nB:\r\n");
    struct rewriter *rewriter = rules_of(REWRITE_HEADER, REWRITE_SUBSTITUTE, "A", "s# ##");
    struct buffer out = {0};
    assert_int_equal(rewriter_head(rewriter, bytes_of("GET / HTTP/1.1\r\nA: x\r\n b: y\r\n"), &out),
                     REWRITE_FAILED); /* the folded line would be a header */
    assert_false(rewriter_discards(rewriter, BYTES_LITERAL("A")));
    buffer_free(&out);
    rewriter_free(rewriter);
}

static void expect_json(enum rewrite_action action, const char *path, const char *value, const char *text,
                        const char *wanted)
{
    expect(rules_of(REWRITE_JSON, action, path, value), rewriter_json, text, wanted);
}

static void test_rewrite_json_keeps_every_other_byte(void **state)
{
    (void)state;
    expect_json(REWRITE_SET, "$.user.id", "\"x\"", " { \"n\" : 1.50e1, \"user\":{\"id\" : 7 ,\"k\":[ ]} }\n",
                " { \"n\" : 1.50e1, \"user\":{\"id\" : \"x\" ,\"k\":[ ]} }\n");
    expect_json(REWRITE_SET, "$.a", "null", "{\"a\":{\"a\":[1,{}]},\"\\u0061\":\"\"}",
                "{\"a\":null,\"\\u0061\":null}");
    expect_json(REWRITE_SET, "$.items[*].n", "0", "{\"items\":[{\"n\":1},{\"m\":2},{\"n\":-3.0}]}",
                "{\"items\":[{\"n\":0},{\"m\":2},{\"n\":0}]}");
    expect_json(REWRITE_SET, "$..n", "0", "{\"n\":1}\n{\"x\":[{\"n\":true}]}\n",
                "{\"n\":0}\n{\"x\":[{\"n\":0}]}\n");
    expect_json(REWRITE_SET, "$[1]", "9", "[1,2,3]", "[1,9,3]");
    expect_json(REWRITE_SUBSTITUTE, "$.url", "s#//prod\\.#//stage.#",
                "{\"url\":\"http:\\/\\/prod.x\\/\\\"\\u00e9\",\"b\":\"//prod.\"}",
                "{\"url\":\"http://stage.x/\\\"\u00e9\",\"b\":\"//prod.\"}");
    expect_json(REWRITE_SUBSTITUTE, "$.*", "s#1#2#", "{\"a\":1,\"b\":[\"1\"]}", NULL);
    expect_json(REWRITE_SET, "$.z", "1", "{\"a\":1}", NULL);
    expect_json(REWRITE_SET, "$.z", "1", "", NULL);
}

static void test_rewrite_json_fails_on_what_is_none(void **state)
{
    (void)state;
    static const char *const cases[] = {"{\"a\":1",    "{\"a\":01}", "{\"a\":1,}", "a=1",
                                        "{\"a\":tru}", "{a:1}",      "[1 2]",      "{\"a\" 1}",
                                        "\"cut",       "[1,2}",      "]"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rewriter *rewriter = rules_of(REWRITE_JSON, REWRITE_SET, "$.a", "1");
        struct buffer out = {0};
        assert_int_equal(rewriter_json(rewriter, bytes_of(cases[i]), &out), REWRITE_FAILED);
        buffer_free(&out);
        rewriter_free(rewriter);
    }
    struct rewriter *rewriter = rules_of(REWRITE_JSON, REWRITE_SET, "$.a", "1");
    struct buffer deep = {0}, out = {0};
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&deep, '[');
    assert_int_equal(rewriter_json(rewriter, buffer_bytes(&deep), &out), REWRITE_FAILED);
    buffer_free(&deep);
    buffer_free(&out);
    rewriter_free(rewriter);
}

static void test_rewrite_rules_apply_in_order_and_count_requests_once(void **state)
{
    (void)state;
    struct rewriter *first = rules_of(REWRITE_PATH, REWRITE_SUBSTITUTE, "", "s#a#b#g");
    struct error err = {0};
    struct buffer out = {0};
    const struct rewrite_rule next = {
        .place = REWRITE_PATH, .action = REWRITE_SUBSTITUTE, .value = BYTES_LITERAL("s#b#c#")};
    assert_int_equal(rewriter_add(first, &next, &err), 0);
    assert_int_equal(rewriter_add_query_pair(first, "t=secret", &err), 0);
    assert_int_equal(rewriter_add_header_line(first, "X-Token:  secret ", &err), 0);
    struct rewriter *rewriter = rewriter_copy(first);
    rewriter_free(first);
    for (int i = 0; i < 3; i++) {
        rewriter_begin(rewriter);
        buffer_clear(&out);
        rewriter_target(rewriter, BYTES_LITERAL("/a/a"), &out);
        if (i < 2)
            rewriter_count_request(rewriter); /* the third was not fired */
        assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("/c/b?t=secret")));
    }
    assert_int_equal(rewriter_touched(rewriter, 0), 2);
    assert_int_equal(rewriter_touched(rewriter, 1), 2);
    assert_int_equal(rewriter_touched(rewriter, 2), 2);
    assert_int_equal(rewriter_touched(rewriter, 3), 0);
    buffer_clear(&out);
    for (size_t i = 0; i < rewriter_count(rewriter); i++) {
        rewriter_describe(rewriter, i, &out);
        buffer_append_byte(&out, '\n');
    }
    assert_true(bytes_equal(
        buffer_bytes(&out),
        BYTES_LITERAL("rewrite path s#a#b#g\nrewrite path s#b#c#\nset query t\nset header X-Token\n")));
    assert_true(rewriter_discards(rewriter, BYTES_LITERAL("x-token")));
    buffer_free(&out);
    rewriter_free(rewriter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rewrite_path_by_groups_and_flags),
        cmocka_unit_test(test_rewrite_path_is_left_alone),
        cmocka_unit_test(test_rewrite_gives_up_on_what_explodes_or_makes_no_path),
        cmocka_unit_test(test_rewrite_expressions_say_where_they_are_wrong),
        cmocka_unit_test(test_rewrite_refuses_what_is_not_to_be_rewritten),
        cmocka_unit_test(test_rewrite_query_in_its_place),
        cmocka_unit_test(test_rewrite_host),
        cmocka_unit_test(test_rewrite_headers_keep_place_and_case),
        cmocka_unit_test(test_rewrite_json_keeps_every_other_byte),
        cmocka_unit_test(test_rewrite_json_fails_on_what_is_none),
        cmocka_unit_test(test_rewrite_rules_apply_in_order_and_count_requests_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
