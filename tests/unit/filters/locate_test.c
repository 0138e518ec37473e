/* Locators with a replacement that can be read: "R." and the decoded value with odd bytes as '_'. */
#include "filters/locate/cookie_locator.h"
#include "filters/locate/header_locator.h"
#include "filters/locate/json_locator.h"
#include "filters/locate/label_locator.h"
#include "filters/locate/locate.h"
#include "filters/locate/urlencoded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void replace(void *arg, const struct atom *atom, struct buffer *out)
{
    (void)arg;
    assert_int_not_equal(atom->decision.class, POLICY_PUBLIC);
    if (atom->decision.class == POLICY_EMPTIED)
        return;
    if (atom->value.size >= 2 && memcmp(atom->value.data, "R.", 2) == 0) {
        buffer_append_bytes(out, atom->value);
        return;
    }
    if (atom->value.size > 0)
        buffer_append_text(out, "R.");
    for (size_t i = 0; i < atom->value.size; i++) {
        uint8_t byte = atom->value.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        buffer_append_byte(out, word ? byte : '_');
    }
}

enum syntax { QUERY, FORM, URL, TARGET, JSON, LINES, HEADER };

static enum json_locate_result locate(enum syntax syntax, const char *header, struct bytes in,
                                      struct buffer *out)
{
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    enum json_locate_result result = JSON_LOCATED;
    buffer_clear(out);
    switch (syntax) {
    case QUERY:
        pairs_locate(&locator, LINK_PLACE_QUERY, in, out);
        break;
    case FORM:
        pairs_locate(&locator, LINK_PLACE_FORM, in, out);
        break;
    case URL:
    case TARGET:
        url_locate(&locator, in, syntax == TARGET, out);
        break;
    case JSON:
        result = json_locate(&locator, in, JSON_LOCATE_ONE, out);
        break;
    case LINES:
        result = json_locate(&locator, in, JSON_LOCATE_MANY, out);
        break;
    case HEADER:
        header_locate(&locator, policy_of_header(locator.policy, NULL, POLICY_IN_HEADER, bytes_of(header)),
                      bytes_of(header), in, out);
        break;
    }
    assert_int_equal(locator.pool_used, 0);
    locator_done(&locator);
    return result;
}

static void check(enum syntax syntax, const char *header, const char *before, const char *after)
{
    struct buffer once = {0}, twice = {0};
    assert_int_equal(locate(syntax, header, bytes_of(before), &once), JSON_LOCATED);
    buffer_append_byte(&once, 0);
    assert_string_equal((char *)once.data, after);
    once.size--;
    locate(syntax, header, buffer_bytes(&once), &twice);
    assert_true(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
    buffer_free(&once);
    buffer_free(&twice);
}

static void test_pairs(void **state)
{
    (void)state;
    static const char *const same[] = {"", "a", "a=1&b=2&&c", "page=2&q=a%20b+c", "=x", "a==", "colour=%zz"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        check(QUERY, NULL, same[i], same[i]);
    check(QUERY, NULL, "token=abc&x=1", "token=R.abc&x=1");
    check(QUERY, NULL, "x=1&ACCESS-token=a%62c", "x=1&ACCESS-token=R.abc");
    check(QUERY, NULL, "%74oken=a+b", "%74oken=R.a_b");
    check(QUERY, NULL, "%2574oken=a", "%2574oken=R.a");
    check(QUERY, NULL, "user[password]=x;y", "user[password]=R.x_y");
    check(QUERY, NULL, "a=1;token=x", "a=1;token=R.x");
    check(QUERY, NULL, "key=x&code=y&state=z", "key=R.x&code=R.y&state=R.z");
    check(FORM, NULL, "key=x&code=y", "key=x&code=R.y");
    check(FORM, NULL, "cvv=123&card.pin=9&pin=%31", "cvv=&card.pin=&pin=");
    check(QUERY, NULL, "next=https%3A%2F%2Fh%2F%3Ftoken%3Dx", "next=https%3A%2F%2Fh%2F%3Ftoken%3DR.x");
    check(QUERY, NULL, "q=%7B%22token%22%3A%22x%22%7D", "q=%7B%22token%22%3A%22R.x%22%7D");
    check(QUERY, NULL, "next=https%253A%252F%252Fh%252F%253Ftoken%253Dx",
          "next=https%253A%252F%252Fh%252F%253Ftoken%253DR.x");
    check(QUERY, NULL, "q=%257B%2522token%2522%253A%2522x%2522%257D",
          "q=%257B%2522token%2522%253A%2522R.x%2522%257D");
    check(QUERY, NULL, "q={\"token\":\"x\"", "q=R.__token___x_");       /* inner JSON that is cut */
    check(QUERY, NULL, "a=b=c=d=e=f=token=x", "a=b=c=d=e=R.f_token_x"); /* too deep */
}

static void test_urls(void **state)
{
    (void)state;
    check(TARGET, NULL, "/a/b?x=1#y", "/a/b?x=1#y");
    check(TARGET, NULL, "*", "*");
    check(TARGET, NULL, "/a?token=x#access_token=y&z=1", "/a?token=R.x#access_token=R.y&z=1");
    check(TARGET, NULL, "/a;jsessionid=x/b;v=1?y", "/a;jsessionid=R.x/b;v=1?y");
    check(TARGET, NULL, "http://u:p%40@h:8/a?sig=x", "http://R.u:R.p_@h:8/a?sig=R.x");
    check(TARGET, NULL, "u:p@h:443", "R.u:R.p@h:443");
    check(TARGET, NULL, "h:443", "h:443");
    check(URL, NULL, "//u@h/", "//R.u@h/");
    check(URL, NULL, "https://u:p/s@h/x", "https://R.u:R.p_s@h/x");
    check(URL, NULL, "/users/a@b.example/x", "/users/a@b.example/x");
    check(TARGET, NULL, "\\a@b\\;token=x", "R._a@b\\;token=R.x"); /* what follows a host is no part of it */
    check(URL, NULL, "/a?b=1?token=x", "/a?b=1?token=R.x");
    check(URL, NULL, "/#/route?token=x", "/#/route?token=R.x");
}

static void test_json(void **state)
{
    (void)state;
    static const char *const same[] = {"{}",
                                       "[]",
                                       " [1, 2.50 ,-0e+9,true ,null,\"\\u00e9\\n\"] ",
                                       "{\"price\": 12345678901234567890.10}",
                                       "{\"a\":{\"b\":[{}]}}\n",
                                       "\"short\"",
                                       "{\"token\":null,\"password\":\"\"}",
                                       "{\"t\":\"a = b\"}"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        check(JSON, NULL, same[i], same[i]);
    check(JSON, NULL, "{ \"token\" : \"x\\u0079\", \"n\": 1.0}", "{ \"token\" : \"R.xy\", \"n\": 1.0}");
    check(JSON, NULL, "{\"\\u0074oken\":12.50}", "{\"\\u0074oken\":\"R.12_50\"}");
    check(JSON, NULL, "{\"secret\":[1,{\"a\":true,\"b\":null},\"x\"]}",
          "{\"secret\":[\"R.1\",{\"a\":\"R.true\",\"b\":null},\"R.x\"]}");
    check(JSON, NULL, "{\"cvv\":123,\"cvc\":\"9\",\"secret\":{\"pin\":1}}",
          "{\"cvv\":\"\",\"cvc\":\"\",\"secret\":{\"pin\":\"\"}}");
    check(JSON, NULL, "{\"user\":{\"id\":7},\"b\":{\"user\":\"u\"}}",
          "{\"user\":{\"id\":7},\"b\":{\"user\":\"R.u\"}}");
    check(JSON, NULL, "{\"s\":\"{\\\"token\\\":\\\"x\\\"}\"}", "{\"s\":\"{\\\"token\\\":\\\"R.x\\\"}\"}");
    check(JSON, NULL, "{\"u\":\"https:\\/\\/h\\/?token=x\"}", "{\"u\":\"https://h/?token=R.x\"}");
    check(JSON, NULL, "\"0123456789abcdef\"", "\"R.0123456789abcdef\"");
    check(JSON, NULL, "\xef\xbb\xbf{\"pwd\":\"x\"}", "\xef\xbb\xbf{\"pwd\":\"R.x\"}");
    check(LINES, NULL, "{\"pwd\":1}\n{\"pwd\":2}\n", "{\"pwd\":\"R.1\"}\n{\"pwd\":\"R.2\"}\n");
}

/* A member says of another what it is, before it or behind it, and only of values. */
static void test_pairs_of_members(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"name\":\"colour\",\"value\":\"x\"}",
        "{\"status\":\"pass\",\"value\":1}",
        "{\"name\":\"password\",\"min\":8}",
        "[{\"name\":\"password\"},{\"value\":\"x\"}]",
        "[{},{\"value\":\"x\"}]",
        "{\"a\":{\"name\":\"token\"},\"value\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        check(JSON, NULL, same[i], same[i]);
    check(JSON, NULL, "{\"name\":\"password\",\"value\":\"x\"}", "{\"name\":\"password\",\"value\":\"R.x\"}");
    check(JSON, NULL, "[{\"a\":1},{ \"newValue\" : 7, \"b\":[{}],\"fieldName\":\"p\\u0077d\"}]",
          "[{\"a\":1},{ \"newValue\" : \"R.7\", \"b\":[{}],\"fieldName\":\"p\\u0077d\"}]");
    check(JSON, NULL,
          "[{\"k\":\"a\",\"v\":\"x\"},{\"k\":\"user.token\",\"v\":[\"x\",{\"b\":\"y\"}]},{\"k\":\"c\",\"v\":"
          "\"x\"}]",
          "[{\"k\":\"a\",\"v\":\"x\"},{\"k\":\"user.token\",\"v\":[\"R.x\",{\"b\":\"R.y\"}]},{\"k\":\"c\","
          "\"v\":\"x\"}]");
    check(JSON, NULL, "{\"id\":\"cvv\",\"values\":[\"1\",2]}", "{\"id\":\"cvv\",\"values\":[\"\",\"\"]}");
    check(JSON, NULL, "{\"secret\":[{\"key\":\"cvv\",\"val\":\"1\"}]}",
          "{\"secret\":[{\"key\":\"R.cvv\",\"val\":\"\"}]}");
    check(JSON, NULL, "{\"name\":\"user\",\"value\":{\"a\":\"x\"}}",
          "{\"name\":\"user\",\"value\":{\"a\":\"R.x\"}}");
}

/* Of a beginning, what would say what the value is may be cut off: it ends before the value. */
static void test_pairs_of_members_that_are_cut(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"value\":\"x\",\"na", "{\"value\":"},
        {"{\"name\":\"colour\",\"value\":\"x\",\"b", "{\"name\":\"colour\",\"value\":"},
        {"{\"name\":\"token\",\"value\":\"x\",\"b\":1", "{\"name\":\"token\",\"value\":\"R.x\",\"b\":"},
        {"[{\"value\":\"x\",\"name\":\"c\"},{\"a\":", "[{\"value\":\"x\",\"name\":\"c\"},{\"a\":"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct locator locator = {.policy = policy_builtin(), .replace = replace};
        struct buffer out = {0};
        assert_int_equal(json_locate_beginning(&locator, bytes_of(rows[i][0]), JSON_LOCATE_ONE, &out),
                         JSON_LOCATED);
        buffer_append_byte(&out, 0);
        assert_string_equal((char *)out.data, rows[i][1]);
        buffer_free(&out);
        locator_done(&locator);
    }
}

/* Values after a label in running text. */
static void test_labels(void **state)
{
    (void)state;
    static const char *const same[] = {
        "10:20",
        "user:email read:token",
        "https://h/x: y",
        "urn:ietf:params:oauth:token-type:jwt",
        "password",
        "password: ",
        "password: null, token: $t",
        "query($password: String!) { login(password: $password) { token: id } }",
        "\"pin\": {",
        "note: x",
    };
    static const char *const rows[][2] = {
        {"my password: x, and", "my password: R.x, and"},
        {"password:x", "password:R.x"},
        {"failed: {\"password\":\"a\\\"b\",\"n\":1}", "failed: {\"password\":\"R.a__b\",\"n\":1}"},
        {"{\\\"token\\\": \\\"x\\\"}", "{\\\"token\\\": \\\"R.x\\\"}"},
        {"{'password': 'x'}", "{'password': 'R.x'}"},
        {"mutation{login(email:\"a\",password:\"b\",pin:1)}",
         "mutation{login(email:\"R.a\",password:\"R.b\",pin:null)}"},
        {"mutation{a(token:\"\"\"b\"c\"\"\")}", "mutation{a(token:\"\"\"R.b_c\"\"\")}"},
        {"curl -H 'Authorization: Bearer x' -H 'X-Api-Key: y'",
         "curl -H 'Authorization: R.Bearer_x' -H 'X-Api-Key: R.y'"},
        {"Cookie: a=1; b=2\nX: 1", "Cookie: R.a_1__b_2\nX: 1"},
        {"cvv: 123 x", "cvv: null x"},
        {"cvv: \"\" x", "cvv: \"\" x"},
        {"password: \"x", "password: \"R.x"},
    };
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_false(labels_locate(&locator, LINK_PLACE_JSON, bytes_of(same[i]), &out));
        assert_true(bytes_equal(buffer_bytes(&out), bytes_of(same[i])));
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(labels_may_be(bytes_of(rows[i][0])));
        labels_locate(&locator, LINK_PLACE_JSON, bytes_of(rows[i][0]), &out);
        buffer_append_byte(&out, 0);
        assert_string_equal((char *)out.data, rows[i][1]);
    }
    assert_false(labels_locate(&locator, LINK_PLACE_JSON, (struct bytes){0}, &out));
    assert_int_equal(out.size, 0);
    buffer_free(&out);
    locator_done(&locator);
    check(JSON, NULL, "{\"m\":\"see password: x\"}", "{\"m\":\"see password: R.x\"}");
    check(QUERY, NULL, "q=password%3A+x", "q=password%3A%20R.x");
    check(HEADER, "X-Log", "password: x", "password: R.x");
}

/* A megabyte of each takes a moment, or longer than a test may. */
static void test_no_text_of_labels_is_quadratic(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "cookie:{ ", "cookie:a ", "cookie: {",   "password: null, ", "a:b:",         "password : :",
        ":",         "\\\\\"",    "token: \\\"", "'token':",         "token:\"\"\"", "pin: ' "};
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    struct buffer text = {0}, out = {0};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        buffer_clear(&text);
        while (text.size < 1024 * 1024)
            buffer_append_text(&text, patterns[i]);
        labels_locate(&locator, LINK_PLACE_JSON, buffer_bytes(&text), &out);
        assert_true(out.size > 0);
    }
    buffer_free(&text);
    buffer_free(&out);
    locator_done(&locator);
}

static void test_json_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "{",          "{\"a\"}", "{\"a\":}", "[1,]",      "{\"a\":1,}", "01",
        "1.",       "-",          "1e",      "tru",      "\"a",       "\"\\x\"",    "\"\\u12g4\"",
        "\"\n\"",   "{a:1}",      "{}{}",    "[1 2]",    "'a'",       "\"\\",       "nul",
        "{\"a\":1", "[\"token\"", "/**/ {}", "\"\\u12",  "{\"a\" 1}", "NaN",        "+1"};
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(locate(JSON, NULL, bytes_of(bad[i]), &out), JSON_NOT_JSON);
    assert_int_equal(locate(JSON, NULL, bytes_make("{}\0", 3), &out), JSON_NOT_JSON);
    struct buffer deep = {0};
    for (int i = 0; i < JSON_LOCATE_DEPTH_MAX + 1; i++)
        buffer_append_byte(&deep, '[');
    assert_int_equal(locate(JSON, NULL, buffer_bytes(&deep), &out), JSON_TOO_DEEP);
    deep.size--;
    for (int i = 0; i < JSON_LOCATE_DEPTH_MAX; i++)
        buffer_append_byte(&deep, ']');
    assert_int_equal(locate(JSON, NULL, buffer_bytes(&deep), &out), JSON_LOCATED);
    assert_true(bytes_equal(buffer_bytes(&deep), buffer_bytes(&out)));
    buffer_free(&deep);
    buffer_free(&out);
}

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before, *after;
    } rows[] = {
        {"Accept", "text/html;q=0.9", "text/html;q=0.9"},
        {"Access-Control-Allow-Credentials", "true", "true"},
        {"Authorization", "Bearer abc", "Bearer R.abc"},
        {"proxy-authorization", "bearer  abc", "bearer  R.abc"},
        {"Authorization", "abc", "R.abc"},
        {"Authorization", "Odd abc", "R.Odd_abc"},
        {"Authorization", "Basic dXNlcjpwYXNz", "Basic Ui51c2VyOlIucGFzcw=="},
        {"Authorization", "Basic dXNlcg==", "Basic R.dXNlcg__"},
        {"Authorization", "Basic !!", "Basic R.__"},
        {"Authorization", "Digest username=\"u\", response=\"r\"", "Digest R.username__u___response__r_"},
        {"Cookie", "a=1; b=\"x y\" ;c=%31;d", "a=R.1; b=\"R.x_y\" ;c=R.1;R.d"},
        {"Cookie", "a=1; cvv:2=3", "a=R.1; cvv:null=R.3"}, /* it is still a name */
        {"Set-Cookie", "sid=x; Path=/a; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure",
         "sid=R.x; Path=/a; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure"},
        {"Set-Cookie", "a=1; Path=/, sid=x; odd=y; z", "a=R.1; Path=R.___sid_x; odd=R.y; R.z"},
        {"X-Api-Key", "abc", "R.abc"},
        {"x_auth_token", "abc", "R.abc"},
        {"X-Forwarded-For", "1.2.3.4, 5.6.7.8", "R.1_2_3_4, R.5_6_7_8"},
        {"Forwarded", "for=\"[::1]\";proto=https;by=x, for=y", "for=\"R.___1_\";proto=https;by=R.x, for=R.y"},
        {"WWW-Authenticate", "Digest realm=\"a, b\", nonce=\"x\"", "Digest realm=\"a, b\", nonce=\"R.x\""},
        {"WWW-Authenticate", "Negotiate abc==", "Negotiate R.abc__"},
        {"WWW-Authenticate", "Bearer", "Bearer"},
        {"Referer", "http://h/p?token=x", "http://h/p?token=R.x"},
        {"Location", "/cb#id_token=x", "/cb#id_token=R.x"},
        {"Link", "</a?token=x>; rel=next, </b>", "</a?token=R.x>; rel=next, </b>"},
        {"Refresh", "5; URL=/a?token=x", "5; URL=/a?token=R.x"},
        {"Content-MD5", "abc", "R.abc"},
        {"X-Debug", "password=x", "password=R.x"},
        {"X-Json", "{\"token\":\"x\"}", "{\"token\":\"R.x\"}"},
        {"Host", "u:p@h", "R.u:R.p@h"},
        {"Set-Cookie", "a=1; Path=/x;token=y; Path=/a@b", "a=R.1; Path=/x;token=R.y; Path=/a@b"},
        {"Basic-Note", "Basic: a, password: b c", "Basic: a, password: R.b c"},
        {"Host", "h:8080", "h:8080"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(HEADER, rows[i].name, rows[i].before, rows[i].after);
}

static void test_forms_that_are_none(void **state)
{
    (void)state;
    struct locator locator = {.policy = policy_builtin(), .replace = replace};
    static const char *const bad[] = {
        "{\"token\":\"x\"}", "secret", "c2VjcmV0=a\n", "YWJj==", "a=1&b", "=x", "a=b c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(form_is_plausible(&locator, bytes_of(bad[i])));
    static const char *const good[] = {"", "a=", "a=1&b=&c=%00+x", "a=1&&b=2", "a[b]=1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(form_is_plausible(&locator, bytes_of(good[i])));
    locator_done(&locator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_that_is_none_is_refused),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_no_text_of_labels_is_quadratic),
        cmocka_unit_test(test_pairs_of_members),
        cmocka_unit_test(test_pairs_of_members_that_are_cut),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_forms_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
