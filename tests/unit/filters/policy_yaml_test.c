/* Policies in YAML: the built-in one, printed and read back, decides the same; every mistake is told with its line and a hint; rules decide in
 * their order, before names, and the sanitizer does what they say. */
#include "filters/policy/policy_yaml.h"

#include "filters/policy/policy_print.h"
#include "filters/pseudonym.h"
#include "filters/rewrite/rewrite.h"
#include "filters/sanitize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct policy *read_policy(const char *text)
{
    struct policy *policy = NULL;
    struct error err = {0};
    if (policy_yaml_read("p.yaml", bytes_of(text), &policy, &err) != 0)
        fail_msg("%s", err.text);
    return policy;
}

static void test_the_default_policy_printed_and_read_back_decides_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {
        "code",
        "password",
        "user",
        "username",
        "X-Api-Key",
        "Cookie",
        "authorization",
        "sku",
        "id",
        "pin",
        "key",
        "Set-Cookie",
        "tokenType",
        "user[password]",
        "",
        "Accept",
        "x-my-token",
        "session",
        "card.cvc",
        "Host",
        "Forwarded",
        "email",
        "access-control-allow-credentials",
        "Link",
        "mysessionidx",
        "cvv",
    };
    struct buffer text = {0};
    policy_print_default(&text);
    buffer_append_byte(&text, 0);
    struct policy *policy = read_policy((const char *)text.data);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (unsigned bit = 0; bit < POLICY_PLACES_COUNT; bit++) {
            enum policy_place place = (enum policy_place)(1u << bit);
            bool header = place & POLICY_IN_HEADERS;
            struct bytes name = bytes_of(names[i]);
            struct policy_decision built_in = header ? policy_of_header(policy_builtin(), NULL, place, name)
                                                     : policy_of_name(policy_builtin(), NULL, place, name);
            struct policy_decision read = header ? policy_of_header(policy, NULL, place, name)
                                                 : policy_of_name(policy, NULL, place, name);
            assert_int_equal(built_in.class, read.class);
            assert_int_equal(built_in.shape, read.shape);
            assert_int_equal(built_in.scalar_only, read.scalar_only);
            assert_int_equal(read.rule, POLICY_NO_RULE);
        }
    }
    assert_int_equal(policy_detect_classes(policy), policy_detect_classes(policy_builtin()));
    policy_free(policy);
    buffer_free(&text);
}

struct mistake {
    const char *text;
    const char *message;
};

static void check_mistakes(const struct mistake *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct policy *policy = NULL;
        struct error err = {0};
        if (policy_yaml_read("p.yaml", bytes_of(rows[i].text), &policy, &err) == 0)
            fail_msg("taken: %s", rows[i].text);
        if (!strstr(err.text, rows[i].message))
            fail_msg("'%s' says '%s', wanted '%s'", rows[i].text, err.text, rows[i].message);
        assert_int_equal(err.kind, ERROR_USAGE);
    }
}

static void test_rules_that_can_never_match_are_told(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"version: 1\n---\nversion: 1", "p.yaml:2: a second document begins"},
        {"version: 1\nsanitize:\n- {locate: [], strategy: hash}", "p.yaml:3: locate: the list is empty"},
        {"version: 1\nselect:\n  keep: []", "p.yaml:3: keep: the list is empty"},
        {"version: 1\nnames:\n- {class: personal, in: [], names: [a]}", "p.yaml:3: in: the list is empty"},
        {"version: 1\nnames:\n- {class: personal, in: [json], stems: []}",
         "p.yaml:3: names: the list is empty"},
        {"version: 1\nnames:\n- {class: personal, in: [json, query], names: [a_b]}\n- {class: public, in: "
         "[json], names: [c, aB]}",
         "p.yaml:4: can never match: the same name stands before"},
        {"version: 1\nnames:\n- {class: personal, in: [json], shape: list, names: [a]}",
         "p.yaml:3: shape goes with names of headers only"},
        {"version: 1\nsanitize:\n- {locate: body, strategy: preserve}\n- {locate: response.body, strategy: "
         "remove}",
         "p.yaml:4: locate response.body: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: [request.body, response.body], strategy: remove}\n- {locate: "
         "body, strategy: preserve}",
         "p.yaml:4: locate body: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: body, strategy: preserve}\n- {locate: form.a, strategy: hash}",
         "p.yaml:4: locate form.a: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'json:$.a', strategy: hash}\n- {locate: response.body, strategy: "
         "preserve}",
         "p.yaml:4: locate response.body: the rule in line 3 locates values in bodies"},
        {"version: 1\nsanitize:\n- {locate: [request.header.Cookie, response.header.Set-Cookie], strategy: "
         "hash}\n- {locate: cookie.a, strategy: mask}",
         "p.yaml:4: locate cookie.a: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'path:/a/{b}/...', strategy: hash}\n- {locate: 'path:/a/{c}', "
         "strategy: mask}",
         "p.yaml:4: locate path:/a/{c}: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'path:/*/{b}/{c}', strategy: hash}\n- {locate: 'path:/a/{c}/d', "
         "strategy: mask}",
         "p.yaml:4: locate path:/a/{c}/d: can never match: the rule in line 3"},
    };
    check_mistakes(rows, sizeof rows / sizeof rows[0]);
}

static void test_mistakes_are_told_with_line_and_hint(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"", "p.yaml: is empty"},
        {"a: [", "p.yaml:2: no YAML"},
        {"- a", "p.yaml:1: a policy: wanted keys"},
        {"extends: none", "p.yaml:1: no 'version: 1'"},
        {"version: 2", "p.yaml:1: version: wanted 1"},
        {"version: 0", "p.yaml:1: version: wanted 1"},
        {"version: 1\nsanitise: []", "p.yaml:2: unknown key 'sanitise'; did you mean 'sanitize'?"},
        {"version: 1\nversion: 1", "p.yaml:2: 'version' stands here a second time"},
        {"version: 1\nextends: nothing", "p.yaml:2: unknown base 'nothing'; there is default, none"},
        {"version: 1\nsanitize:\n- strategy: hash", "p.yaml:3: no 'locate'"},
        {"version: 1\nsanitize:\n- locate: query.a", "p.yaml:3: no 'strategy'"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: hsh",
         "p.yaml:4: unknown strategy 'hsh'; did you mean 'hash'?"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: hash\n  keep_first: 2",
         "p.yaml:5: keep_first and keep_last go with"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: mask\n  keep_first: x",
         "p.yaml:5: keep_first: wanted"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: fake",
         "p.yaml:4: no 'type' says what the fake"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: fake\n  type: crd",
         "p.yaml:5: unknown type 'crd'; did you mean 'card'?"},
        {"version: 1\nsanitize:\n- locate: query.a\n  strategy: hash\n  type: card",
         "p.yaml:5: type goes with 'strategy: fake'"},
        {"version: 1\nsanitize:\n- {locate: body, strategy: fake, type: name}",
         "a body is preserved or removed"},
        {"version: 1\ndetect:\n  jwt: fake", "p.yaml:3: no 'type' says what the fake"},
        {"version: 1\ndetect:\n  card: {strategy: fake, type: car}", "did you mean 'card'?"},
        {"version: 1\nsanitize:\n- locate: qery.a\n  strategy: hash", "p.yaml:3: locate qery.a: no location"},
        {"version: 1\nsanitize:\n- locate: query.-\n  strategy: hash", "p.yaml:3: locate query.-: no name"},
        {"version: 1\nsanitize:\n- locate: request.header.Set-Cookie\n  strategy: hash",
         "p.yaml:3: locate request.header.Set-Cookie: can never match"},
        {"version: 1\nsanitize:\n- locate: header.Content-Length\n  strategy: hash", "frames the message"},
        {"version: 1\nsanitize:\n- {locate: query.A-b, strategy: hash}\n- {locate: query.ab, strategy: mask}",
         "p.yaml:4: locate query.ab: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'query.x*', strategy: hash}\n- {locate: query.xy, strategy: "
         "mask}",
         "p.yaml:4: locate query.xy: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'json:$.a', strategy: hash}\n- {locate: 'json:$.a.b', strategy: "
         "preserve}",
         "p.yaml:4: locate json:$.a.b: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'json:$..a', strategy: hash}\n- {locate: 'json:$.x.a', strategy: "
         "mask}",
         "p.yaml:4: locate json:$.x.a: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'json:$.a[*].b', strategy: hash}\n- {locate: 'json:$.a[0].b', "
         "strategy: mask}",
         "p.yaml:4: locate json:$.a[0].b: can never match: the rule in line 3"},
        {"version: 1\nsanitize:\n- {locate: 'json:user', strategy: hash}", "a JSON path begins with '$'"},
        {"version: 1\nsanitize:\n- {locate: 'json:$.a[', strategy: hash}",
         "p.yaml:3: locate json:$.a[: wanted a number"},
        {"version: 1\nsanitize:\n- {locate: 'json:$', strategy: hash}", "locate 'body' instead"},
        {"version: 1\nsanitize:\n- {locate: 'path:/a/b', strategy: hash}",
         "no segment of the path is in braces"},
        {"version: 1\nsanitize:\n- {locate: 'path:/a/{b}', strategy: 'null'}", "cannot be empty or go"},
        {"version: 1\nsanitize:\n- {locate: body, strategy: hash}", "a body is preserved or removed"},
        {"version: 1\ndetect:\n  emial: off", "p.yaml:3: unknown key 'emial'; did you mean 'email'?"},
        {"version: 1\ndetect:\n  email: preserve", "p.yaml:3: what stays is not looked for"},
        {"version: 1\nselect:\n  keep: 'status = 5'", "p.yaml:3: "},
        {"version: 1\nsample: {percent: 101}", "p.yaml:2: percent: wanted"},
        {"version: 1\nsample: {percent: 1, by: luck}", "p.yaml:2: by: wanted session"},
        {"version: 1\nnames:\n- {class: public, in: query}", "p.yaml:3: wanted 'class', 'in' and either"},
        {"version: 1\nrewrite:\n- {pth: s#a#b#}", "p.yaml:3: unknown key 'pth'; did you mean 'path'?"},
        {"version: 1\nrewrite:\n- path: s#(#b#",
         "p.yaml:3: path: missing closing parenthesis at character 4 "},
        {"version: 1\nrewrite:\n- {path: s#a#b#, set: x}", "p.yaml:3: path takes the expression itself"},
        {"version: 1\nrewrite:\n- {header: A, query: b, set: x}",
         "p.yaml:3: 'query' and 'header' in one rule"},
        {"version: 1\nrewrite:\n- header: A", "p.yaml:3: a rule has one of set, remove, replace"},
        {"version: 1\nrewrite:\n- set: A", "p.yaml:3: a rule has one of path, host, query, header, json"},
        {"version: 1\nrewrite:\n- header: A\n  set: x\n  remove: true", "p.yaml:5: 'set' and 'remove'"},
        {"version: 1\nrewrite:\n- {header: Content-Length, set: 1}", "p.yaml:3: set: Content-Length is not"},
        {"version: 1\nrewrite:\n- {header: A, set: [1]}", "p.yaml:3: set: wanted one value"},
        {"version: 1\nrewrite:\n- {header: A, remove: false}", "p.yaml:3: 'remove' is true"},
        {"version: 1\nrewrite:\n- {json: $.a, remove: true}", "can be set to null"},
        {"version: 1\nrewrite:\n- {json: a, set: 1}", "a JSON path begins with '$'"},
        {"version: 1\nrewrite: yes", "p.yaml:2: rewrite: wanted a list"},
        {"{version: 1, rewrite: []}", "on lines of its own"},
        {"version: 1\rrewrite: []", "on lines of its own"},
        {"version: 1\nnames:\n- {class: publik, in: query, names: a}", "did you mean 'public'?"},
    };
    check_mistakes(rows, sizeof rows / sizeof rows[0]);
}

static struct keys *keys;
static struct exchange exchange;

/* Sanitizes a request of |head| and |body| as |policy| says and compares what is left; "#" in what is wanted stands for a pseudonym. */
static void check(const char *policy_text, const char *head, const char *body, const char *wanted_head,
                  const char *wanted_body)
{
    struct policy *policy = read_policy(policy_text);
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head, head);
    buffer_append_text(&exchange.request.body.content, body);
    exchange.request.body.state = *body ? BODY_KEPT : BODY_EMPTY;
    for (int round = 0; round < 2; round++) { /* the second changes nothing */
        sanitize_exchange(sanitizer, &exchange);
        const struct buffer *parts[] = {&exchange.request.head, &exchange.request.body.content};
        const char *wanted[] = {wanted_head, wanted_body};
        for (int i = 0; i < 2; i++) {
            struct buffer plain = {0};
            for (size_t at = 0; at < parts[i]->size; at++) {
                bool pseudonym = parts[i]->size - at >= PSEUDONYM_CORE_SIZE &&
                                 pseudonym_is(keys_recognition(keys),
                                              bytes_make(parts[i]->data + at, PSEUDONYM_CORE_SIZE));
                buffer_append_byte(&plain, pseudonym ? '#' : parts[i]->data[at]);
                at += pseudonym ? PSEUDONYM_CORE_SIZE - 1 : 0;
            }
            buffer_append_byte(&plain, 0);
            if (strcmp((const char *)plain.data, wanted[i]) != 0)
                fail_msg("%s\n'%s' became\n'%s', wanted\n'%s'", policy_text, i ? body : head,
                         (const char *)plain.data, wanted[i]);
            buffer_free(&plain);
        }
    }
    sanitizer_free(sanitizer);
    policy_free(policy);
}

#define JSON  "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
#define FORM  "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
#define RULES "version: 1\nsanitize:\n"

static void test_rules_locate_by_name(void **state)
{
    (void)state;
    check(RULES "- {locate: request.header.X-Customer, strategy: hash}\n- {locate: header.X-Secret*, "
                "strategy: remove}",
          "GET / HTTP/1.1\r\nX-Customer: 7\r\nX-Secret-A: b\r\nX-B: c\r\n\r\n", "",
          "GET / HTTP/1.1\r\nX-Customer: #\r\nX-B: c\r\n\r\n", "");
    check(RULES "- {locate: query.q, strategy: mask, keep_first: 1, keep_last: 2}",
          "GET /?q=abcdefg&r=1&q=ab HTTP/1.1\r\nHost: h\r\n\r\n", "",
          "GET /?q=a%2A%2A%2A%2Afg&r=1&q=%2A%2A HTTP/1.1\r\nHost: h\r\n\r\n", "");
    check(RULES "- {locate: [form.a, 'json:$..a'], strategy: 'null'}", FORM, "a=1&b=2", FORM, "a=&b=2");
    check(RULES "- {locate: cookie.theme, strategy: preserve}",
          "GET / HTTP/1.1\r\nCookie: theme=dark; sid=1\r\n\r\n", "",
          "GET / HTTP/1.1\r\nCookie: theme=dark; sid=#\r\n\r\n", "");
    check(RULES "- {locate: header.Authorization, strategy: hash}",
          "GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\n", "",
          "GET / HTTP/1.1\r\nAuthorization: Bearer #\r\n\r\n", "");
}

static bool is_fake_in(const struct buffer *text, const char *before, enum fake_type type)
{
    const uint8_t *start = memmem(text->data, text->size, before, strlen(before));
    assert_non_null(start);
    start += strlen(before);
    const uint8_t *end = start;
    while (end < text->data + text->size && !strchr("\"&,}\r", *end))
        end++;
    return fake_is(keys_recognition(keys), type, bytes_make(start, (size_t)(end - start)));
}

static void test_fakes_take_the_place_of_values(void **state)
{
    (void)state;
    check(RULES "- {locate: 'json:$..code', strategy: fake, type: digits}", JSON,
          "{\"code\":12345,\"a\":[{\"code\":\"678\"},{\"code\":\"x\"}]}", JSON,
          "{\"code\":10000,\"a\":[{\"code\":\"100\"},{\"code\":\"#\"}]}");
    check("version: 1\notherwise: keep\ndetect:\n  national-id: {strategy: fake, type: digits}\n  email: "
          "fake\n",
          FORM, "note=alice%40shop.example&b=2", FORM, "note=#%40example.com&b=2");
    struct policy *policy = read_policy(RULES "- {locate: field.born, strategy: fake, type: date}\n"
                                              "- {locate: field.who, strategy: fake, type: name}\n"
                                              "- {locate: field.pan, strategy: fake, type: card}\n");
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    static const char body[] = "{\"born\":\"1987-05-12\",\"who\":\"Alice Liddell\",\"pan\":4111111111111111}";
    exchange_clear(&exchange);
    buffer_append_text(&exchange.request.head,
                       "POST /?born=1987-05-12 HTTP/1.1\r\nAuthorization: Bearer 0123456789abcdef0123\r\n"
                       "Content-Type: application/json\r\n\r\n");
    buffer_append_text(&exchange.request.body.content, body);
    exchange.request.body.state = BODY_KEPT;
    sanitize_exchange(sanitizer, &exchange);
    const struct buffer *text = &exchange.request.body.content;
    assert_true(is_fake_in(text, "\"born\":\"", FAKE_DATE));
    assert_true(is_fake_in(text, "\"who\":\"", FAKE_NAME));
    assert_true(is_fake_in(text, "\"pan\":", FAKE_CARD)); /* a number stays one */
    /* The query comes before the credential that says whose date it is, and is moved by as much. */
    assert_memory_equal(exchange.request.head.data + strlen("POST /?born="),
                        text->data + strlen("{\"born\":\""), 10);
    sanitizer_free(sanitizer);
    policy_free(policy);
}

static void test_rules_locate_by_json_path(void **state)
{
    (void)state;
    check(RULES "- {locate: 'json:$.user.note', strategy: hash}", JSON,
          "{\"note\":\"a\",\"user\":{\"note\":\"b\",\"x\":{\"note\":\"c\"}}}", JSON,
          "{\"note\":\"a\",\"user\":{\"note\":\"#\",\"x\":{\"note\":\"c\"}}}");
    check(
        RULES
        "- {locate: 'json:$.items[*].id', strategy: hash}\n- {locate: 'json:$.items[1].n', strategy: 'null'}",
        JSON, "{\"items\":[{\"id\":1,\"n\":2},{\"id\":3,\"n\":4},{\"n\":5,\"id\":6}],\"id\":7}", JSON,
        "{\"items\":[{\"id\":\"#\",\"n\":2},{\"id\":\"#\",\"n\":\"\"},{\"n\":5,\"id\":\"#\"}],\"id\":7}");
    check(RULES "- {locate: 'json:$.a..b', strategy: hash}", JSON,
          "{\"a\":{\"c\":[{\"b\":1}],\"b\":2},\"b\":3}", JSON,
          "{\"a\":{\"c\":[{\"b\":\"#\"}],\"b\":\"#\"},\"b\":3}");
    check(RULES "- {locate: 'json:$.keep', strategy: preserve}", JSON,
          "{\"keep\":{\"n\":4111111111111111,\"m\":\"a@example.org\"},\"m\":\"a@example.org\"}", JSON,
          "{\"keep\":{\"n\":4111111111111111,\"m\":\"a@example.org\"},\"m\":\"#@example.com\"}");
    check(RULES "- {locate: 'json:$[*]', strategy: hash}", JSON, "[\"a\",[\"b\"],{\"c\":1}]", JSON,
          "[\"#\",[\"#\"],{\"c\":\"#\"}]");
}

/* What a rule locates it locates with all inside: the earlier rule holds, and each before names. */
static void test_a_rule_on_an_object_holds_for_what_is_inside(void **state)
{
    (void)state;
    check(RULES "- {locate: 'json:$.a', strategy: 'null'}", JSON,
          "{\"a\":{\"email\":\"b\",\"x\":[{\"password\":\"c\",\"n\":1}]},\"email\":\"b\"}", JSON,
          "{\"a\":{\"email\":\"\",\"x\":[{\"password\":\"\",\"n\":\"\"}]},\"email\":\"#\"}");
    check(RULES "- {locate: 'json:$.a', strategy: hash}\n- {locate: field.b, strategy: preserve}\n- {locate: "
                "field.c, strategy: preserve}",
          JSON, "{\"a\":{\"b\":\"x\"},\"b\":\"y\"}", JSON, "{\"a\":{\"b\":\"#\"},\"b\":\"y\"}");
    check(RULES "- {locate: 'json:$.a.b', strategy: preserve}\n- {locate: 'json:$.a', strategy: hash}", JSON,
          "{\"a\":{\"b\":{\"n\":1},\"c\":\"z\"}}", JSON, "{\"a\":{\"b\":{\"n\":1},\"c\":\"#\"}}");
    check(RULES "- {locate: 'json:$.l', strategy: 'null'}\n- {locate: 'json:$..d..e', strategy: preserve}",
          JSON, "{\"l\":[{\"d\":{\"e\":1}}],\"d\":{\"e\":2}}", JSON,
          "{\"l\":[{\"d\":{\"e\":\"\"}}],\"d\":{\"e\":2}}");
    /* Never kept, even hashed; and inside what is preserved, names hold. */
    check(RULES "- {locate: 'json:$.a', strategy: hash}", JSON, "{\"a\":{\"cvv\":\"123\"}}", JSON,
          "{\"a\":{\"cvv\":\"\"}}");
    check(RULES "- {locate: 'json:$.a', strategy: preserve}\n- {locate: 'json:$.a.b', strategy: 'null'}",
          JSON, "{\"a\":{\"password\":\"x\",\"b\":\"y\",\"c\":\"z\"}}", JSON,
          "{\"a\":{\"password\":\"#\",\"b\":\"\",\"c\":\"z\"}}");
    /* All inside what is preserved stays, whatever else becomes of what nothing locates. */
    check("version: 1\notherwise: hash\nsanitize:\n- {locate: 'json:$.a', strategy: preserve}", JSON,
          "{\"a\":{\"b\":\"y\",\"c\":{\"d\":1}},\"e\":\"f\"}", JSON,
          "{\"a\":{\"b\":\"y\",\"c\":{\"d\":1}},\"e\":\"#\"}");
}

static void test_rules_locate_segments_of_paths(void **state)
{
    (void)state;
    check(RULES "- {locate: 'path:/users/{id}/...', strategy: hash}",
          "GET /users/7/cart?users=7 HTTP/1.1\r\nHost: h\r\nReferer: http://h/users/7\r\n\r\n", "",
          "GET /users/#/cart?users=7 HTTP/1.1\r\nHost: h\r\nReferer: http://h/users/#\r\n\r\n", "");
    check(RULES "- {locate: 'path:/a/*/{b}', strategy: mask, keep_last: 1}",
          "GET /a/x/y%2Fzz HTTP/1.1\r\nHost: h\r\n\r\n", "",
          "GET /a/x/%2A%2A%2Az HTTP/1.1\r\nHost: h\r\n\r\n", "");
}

static void test_rules_on_bodies_and_detectors(void **state)
{
    (void)state;
    const char *text = "POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n";
    check(RULES "- {locate: request.body, strategy: preserve}", text, "a@example.org", text, "a@example.org");
    check(RULES "- {locate: body, strategy: remove}", JSON, "{\"a\":1}", JSON, "");
    check("version: 1\ndetect: {email: off, card: hash}", JSON,
          "{\"note\":\"a@example.org 4111111111111111\"}", JSON, "{\"note\":\"a@example.org #\"}");
    check("version: 1\ndetect: {email: {strategy: mask, keep_last: 4}}", JSON,
          "{\"note\":\"to a@example.org\"}", JSON, "{\"note\":\"to *********.org\"}");
}

static void test_otherwise_names_what_stays(void **state)
{
    (void)state;
    check("version: 1\notherwise: hash\nsanitize:\n- {locate: ['json:$.ok', header.Accept, query.page], "
          "strategy: preserve}",
          "POST /?page=1&q=x HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-A: b\r\nContent-Type: "
          "application/json\r\n\r\n",
          "{\"ok\":1,\"b\":{\"c\":\"d\"},\"e\":[2]}",
          "POST /?page=1&q=# HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-A: #\r\nContent-Type: "
          "application/json\r\n\r\n",
          "{\"ok\":1,\"b\":{\"c\":\"#\"},\"e\":[\"#\"]}");
}

static void test_select_and_sample_are_read(void **state)
{
    (void)state;
    struct policy *policy =
        read_policy("version: 1\nselect:\n  keep: [method == GET, status == 5xx]\n  drop: path ~ '^/health'\n"
                    "sample: {percent: 12.5, by: 'header:X-User'}\n");
    assert_string_equal(policy_select(policy),
                        "((method == GET) || (status == 5xx)) && !((path ~ '^/health'))");
    assert_true(policy_sample_pct(policy) == 12.5);
    assert_string_equal(policy_sample_by(policy), "header:X-User");
    policy_free(policy);
}

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

static void test_rewrites_are_read_and_not_kept_in_the_text(void **state)
{
    (void)state;
    struct policy *policy = read_policy("version: 1\n"
                                        "rewrite: # for staging\n"
                                        "- path: s#^/v1#/v2#\n"
                                        "- header: X-Token\n"
                                        "  set: secret-1\n"
                                        "- {query: key, set: secret-2}\n"
                                        "- {header: X-Debug, remove: true}\n"
                                        "- {json: $.a, set: 5}\n"
                                        "- {json: $.b, set: '5'}\n"
                                        "- {json: $.c, set: secret-3}\n"
                                        "- {json: $.url, replace: s#prod#stage#}\n"
                                        "- host: s#prod#stage#\n"
                                        "\n"
                                        "extends: none\n");
    const struct rewriter *rewrites = policy_rewrites(policy);
    struct buffer out = {0};
    assert_int_equal(rewriter_count(rewrites), 9);
    struct rewriter *rewriter = rewriter_copy(rewrites);
    assert_int_equal(
        rewriter_json(rewriter, BYTES_LITERAL("{\"a\":1,\"b\":1,\"c\":1,\"url\":\"prod\"}"), &out),
        REWRITE_CHANGED);
    assert_true(bytes_equal(buffer_bytes(&out),
                            BYTES_LITERAL("{\"a\":5,\"b\":\"5\",\"c\":\"secret-3\",\"url\":\"stage\"}")));
    rewriter_free(rewriter);
    buffer_free(&out);
    assert_string_equal(policy_text(policy), "version: 1\n\n\n\n\n\n\n\n\n\n\n\n\nextends: none\n");
    policy_free(read_policy(policy_text(policy)));
    policy_free(policy);
    policy =
        read_policy("extends: none\r\nversion: 1\r\nrewrite:\r\n- {header: A, set: secret}\r\n# secret\r\n");
    assert_null(strstr(policy_text(policy), "secret"));
    policy_free(policy);
    policy = read_policy("version: 1\n");
    assert_null(policy_rewrites(policy));
    policy_free(policy);
}

static enum policy_class class_of(const struct policy *policy, const uint8_t *recognition_key,
                                  const char *name)
{
    return policy_of_name(policy, recognition_key, POLICY_IN_JSON, bytes_of(name)).class;
}

/* A name that was replaced may by chance hold a stem: it is no longer the one that the policy means. What only looks like a pseudonym is a
 * name like any other. */
static void test_no_stem_is_looked_for_inside_a_pseudonym_that_checks(void **state)
{
    (void)state;
    static const char forged[] = "rhx62esfdejh3passwordkt5zo3hxsrfelrsluyq4a";
    struct policy *policy = read_policy(
        "version: 1\nextends: none\nnames:\n- {class: password, in: json, stems: [zz, password]}\n");
    struct keys *own = keys_random(), *others = keys_random();
    const uint8_t *key = keys_recognition(own), *other_key = keys_recognition(others);
    struct buffer core = {0};
    char value[24], name[200];
    for (unsigned i = 0; i == 0 || !strstr((const char *)core.data, "zz"); i++) {
        buffer_clear(&core);
        snprintf(value, sizeof value, "%u", i);
        pseudonym_make(own, bytes_of(value), &core, NULL);
        buffer_append_byte(&core, 0);
    }
    const char *ours = (const char *)core.data;
    assert_int_equal(class_of(policy, key, ours), POLICY_PUBLIC);
    assert_int_equal(class_of(policy, other_key, ours), POLICY_PASSWORD);
    assert_int_equal(class_of(policy, NULL, ours), POLICY_PASSWORD);
    snprintf(name, sizeof name, "password of %s", ours);
    assert_int_equal(class_of(policy, key, name), POLICY_PASSWORD);
    snprintf(name, sizeof name, "%s[password]", ours);
    assert_int_equal(class_of(policy, key, name), POLICY_PASSWORD);
    snprintf(name, sizeof name, "%.41s", ours); /* too short for one */
    assert_int_equal(class_of(policy, key, name), strstr(name, "zz") ? POLICY_PASSWORD : POLICY_PUBLIC);
    assert_int_equal(sizeof forged - 1, PSEUDONYM_CORE_SIZE);
    assert_int_equal(class_of(policy, key, forged), POLICY_PASSWORD);
    buffer_free(&core);
    keys_free(others);
    keys_free(own);
    policy_free(policy);
}

/* However long a name is, all of it is looked at for stems and '*'; and a pseudonym is one wherever it stands. */
static void test_stems_and_stars_are_looked_for_in_all_of_a_long_name(void **state)
{
    (void)state;
    struct policy *policy =
        read_policy("version: 1\nsanitize:\n- {locate: json:$..keep, strategy: preserve}\n- {locate: "
                    "'field.*badge', strategy: hash}\n");
    struct keys *own = keys_random();
    struct buffer core = {0};
    char name[1100];
    pseudonym_make(own, BYTES_LITERAL("x"), &core, NULL);
    for (size_t size = 0; size <= 600; size++) {
        memset(name, 'n', size);
        strcpy(name + size, size % 2 ? "Pass-Word" : "access_token");
        assert_int_equal(class_of(policy_builtin(), NULL, name),
                         size % 2 ? POLICY_PASSWORD : POLICY_CREDENTIAL);
        strcpy(name + size, "badge");
        assert_int_equal(policy_of_name(policy, NULL, POLICY_IN_JSON, bytes_of(name)).rule, 2);
        strcpy(name + size, "badges");
        assert_int_equal(policy_of_name(policy, NULL, POLICY_IN_JSON, bytes_of(name)).rule, POLICY_NO_RULE);
        snprintf(name + size, sizeof name - size, "%.*spasswd", (int)core.size, (const char *)core.data);
        assert_int_equal(class_of(policy_builtin(), keys_recognition(own), name), POLICY_PASSWORD);
    }
    buffer_free(&core);
    keys_free(own);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_default_policy_printed_and_read_back_decides_the_same),
        cmocka_unit_test(test_mistakes_are_told_with_line_and_hint),
        cmocka_unit_test(test_rules_that_can_never_match_are_told),
        cmocka_unit_test(test_rules_locate_by_name),
        cmocka_unit_test(test_fakes_take_the_place_of_values),
        cmocka_unit_test(test_rules_locate_by_json_path),
        cmocka_unit_test(test_a_rule_on_an_object_holds_for_what_is_inside),
        cmocka_unit_test(test_rules_locate_segments_of_paths),
        cmocka_unit_test(test_rules_on_bodies_and_detectors),
        cmocka_unit_test(test_otherwise_names_what_stays),
        cmocka_unit_test(test_select_and_sample_are_read),
        cmocka_unit_test(test_no_stem_is_looked_for_inside_a_pseudonym_that_checks),
        cmocka_unit_test(test_stems_and_stars_are_looked_for_in_all_of_a_long_name),
        cmocka_unit_test(test_rewrites_are_read_and_not_kept_in_the_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
