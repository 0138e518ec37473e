/* select.h: what expressions mean, what is judged early, and what is said of wrong ones. */
#include "common/select.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct exchange sample(void)
{
    struct exchange exchange = {
        .connection = 0x0123456789abcdef,
        .client = 0xfeed,
        .server = {.family = AF_INET, .ip = {10, 0, 0, 5}, .port = 8080},
        .status = 503,
        .flags = EXCHANGE_FLAG(PIPELINED),
        .request = {.first_ns = 1000000000, .last_ns = 1010000000, .defects = MESSAGE_DEFECT(BARE_LF)},
        .response = {.first_ns = 1060000000, .last_ns = 1210000000},
    };
    buffer_append_text(
        &exchange.request.head,
        "POST /api/items/7?sort=a%20b&tag=x&tag=y+z&empty= HTTP/1.1\r\nHost: Shop.Example:8080\r\n"
        "Authorization: Bearer abc\r\nX-Many: one\r\nx-many: two\r\n"
        "Cookie: sid=\"s3cret\"; theme=dark\r\nCookie: late=1\r\n\r\n");
    buffer_append_text(&exchange.response.head,
                       "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\n\r\n");
    exchange.request.body.wire_bytes = 2048;
    exchange.response.body.wire_bytes = 100;
    return exchange;
}

static struct select *compile(const char *text)
{
    struct select *select = NULL;
    struct select_span span;
    struct error err = {0};
    if (select_compile(text, &select, &span, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return select;
}

static enum select_verdict judge(const char *text, const struct exchange *exchange, enum select_known known)
{
    struct select *select = compile(text);
    enum select_verdict verdict = select_judge(select, exchange, known);
    select_free(select);
    return verdict;
}

static void test_select_each_field_and_operator(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool yes;
    } table[] = {
        {"method == POST", true},
        {"method == post", false},
        {"method != GET", true},
        {"method in (GET, POST)", true},
        {"method not in (GET, POST)", false},
        {"path == /api/items/7", true},
        {"path ~ '^/api/'", true},
        {"path ~ \"items/\\d+$\"", true},
        {"path ~ ^/API/", false},
        {"path ~ '(?i)^/API/'", true},
        {"path !~ admin", true},
        {"target == '/api/items/7?sort=a%20b&tag=x&tag=y+z&empty='", true},
        {"host == shop.example", true},
        {"host == SHOP.example", true},
        {"host ~ '\\.example$'", true},
        {"host == shop.example:8080", false},
        {"query.sort == 'a b'", true},
        {"query.tag == x", true},
        {"query.tag == 'y z'", true},
        {"query.tag != x", false},
        {"query.tag != w", true},
        {"query.empty", true},
        {"query.empty == ''", true},
        {"query.none", false},
        {"query.none != x", true},
        {"cookie.sid == s3cret", true},
        {"cookie.SID", false},
        {"cookie.theme in (light, dark)", true},
        {"cookie.late == 1", true},
        {"request.header.Authorization", true},
        {"request.header.authorization ~ '^Bearer '", true},
        {"request.header.X-Many == two", true},
        {"request.header.X-Many == three", false},
        {"request.header.Content-Type", false},
        {"response.header.content-type ~ '^text/html'", true},
        {"status", true},
        {"status == 503", true},
        {"status == 5xx", true},
        {"status != 5XX", false},
        {"status in (404, 5xx)", true},
        {"status not in (2xx, 3xx)", true},
        {"status < 503", false},
        {"status <= 503", true},
        {"status > 499", true},
        {"status >= 504", false},
        {"latency == 210ms", true},
        {"latency > 0.2s", true},
        {"latency < 200ms", false},
        {"ttfb >= 50ms", true},
        {"ttfb > 50ms", false},
        {"request.bytes == 2K", true},
        {"response.bytes < 1K", true},
        {"response.bytes > 100", false},
        {"server == 10.0.0.5", true},
        {"server == 10.0.0.5:8080", true},
        {"server == 10.0.0.5:80", false},
        {"server == 10.0.0.0/24", true},
        {"server in (192.168.0.0/16, 10.0.0.0/8:8080)", true},
        {"server != 10.0.0.0/24", false},
        {"server == 2001:db8::/32", false},
        {"server == ::ffff:10.0.0.5", true},
        {"client == feed", true},
        {"connection == 0123456789ABCDEF", true},
        {"connection == 1", false},
        {"flag == pipelined", true},
        {"flag == no_response", false},
        {"flag in (conflict, pipelined)", true},
        {"flag", true},
        {"defect == bare_lf", true},
        {"defect == obs_fold", false},
        {"defect", true},
        {"!defect", false},
        {"not defect or status", true},
        {"method == POST&&status==5xx", true},
        {"method == POST and not (status == 2xx or status == 3xx)", true},
        {"status == 2xx || status == 5xx && method == GET", false},
        {"(status == 5xx || status == 2xx) && method == GET", false},
        {"status == 5xx || status == 2xx && method == GET", true},
        {"!(status == 5xx && (method == GET || method == POST))", false},
        {"! ! status", true},
    };
    struct exchange exchange = sample();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (judge(table[i].text, &exchange, SELECT_KNOWN_ALL) != (table[i].yes ? SELECT_YES : SELECT_NO))
            fail_msg("%s", table[i].text);
    exchange_free(&exchange);
}

static void test_select_without_response_nothing_of_it_is_equal(void **state)
{
    (void)state;
    struct exchange exchange = sample();
    exchange.status = 0;
    exchange.response.first_ns = exchange.response.last_ns = 0;
    static const char *const no[] = {"status",         "status == 503",  "status < 600", "latency",
                                     "latency >= 0ms", "response.bytes", "ttfb < 1000s"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_int_equal(judge(no[i], &exchange, SELECT_KNOWN_ALL), SELECT_NO);
    assert_int_equal(judge("status != 200", &exchange, SELECT_KNOWN_ALL), SELECT_YES);
    assert_int_equal(judge("request.bytes > 1K", &exchange, SELECT_KNOWN_ALL), SELECT_YES);
    exchange_free(&exchange);
}

static void test_select_targets_of_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *text;
    } table[] = {
        {"GET http://u:p@Shop.example:81/a/b?x=1 HTTP/1.1\r\nHost: other\r\n\r\n",
         "host == shop.example && path == /a/b && query.x == 1"},
        {"GET http://shop.example?x=1 HTTP/1.1\r\n\r\n",
         "host == shop.example && path == '' && query.x == 1"},
        {"GET /x?u=http://y/z HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
         "host == [2001:db8::1] && path == /x && query.u == http://y/z"},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "path == * && host == a"},
        {"CONNECT shop.example:443 HTTP/1.1\r\n\r\n", "host == shop.example && path == ''"},
        {"GET /a#frag?x=1 HTTP/1.1\r\n\r\n", "path == /a && !query.x && !host"},
        {"GET", "method == GET && path == '' && !host"},
        {"GET /?a%5B0%5D=%4a%zz%4&b HTTP/1.0\r\n\r\n", "query.a[0] == 'J%zz%4' && query.b == ''"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct exchange exchange = {0};
        buffer_append_text(&exchange.request.head, table[i].head);
        if (judge(table[i].text, &exchange, SELECT_KNOWN_HEAD) != SELECT_YES)
            fail_msg("%s: %s", table[i].head, table[i].text);
        exchange_free(&exchange);
    }
}

static void test_select_judges_early_what_the_head_decides(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum select_verdict verdict;
    } table[] = {
        {"method == GET", SELECT_NO},
        {"method == POST", SELECT_YES},
        {"status == 5xx", SELECT_LATER},
        {"!status", SELECT_LATER},
        {"method == GET && status == 5xx", SELECT_NO},
        {"status == 5xx && method == GET", SELECT_NO},
        {"method == POST && status == 5xx", SELECT_LATER},
        {"method == POST || status == 5xx", SELECT_YES},
        {"status == 5xx || method == POST", SELECT_YES},
        {"method == GET || status == 5xx", SELECT_LATER},
        {"!(method == POST || status == 5xx)", SELECT_NO},
        {"request.bytes > 1", SELECT_LATER},
        {"flag || defect", SELECT_LATER},
    };
    struct exchange exchange = sample();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (judge(table[i].text, &exchange, SELECT_KNOWN_HEAD) != table[i].verdict)
            fail_msg("%s", table[i].text);
    struct select *head = compile("method == GET && server == 10.0.0.1"), *more = compile("!host || ttfb");
    assert_true(select_by_head(head));
    assert_false(select_by_head(more));
    select_free(head);
    select_free(more);
    exchange_free(&exchange);
}

static void test_select_quotes(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    buffer_append_text(&exchange.request.head, "GET /it's\"\\ HTTP/1.1\r\n\r\n");
    static const char *const yes[] = {
        "path == '/it\\'s\"\\\\' || path ~ 's\"\\\\$'",
        "path ~ \"it's\\\"\\\\\"",
        "path ~ 'it\\'s'",
        "path ~ \"it's\" and path ~ '\"' and path !~ 'x'",
    };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (judge(yes[i], &exchange, SELECT_KNOWN_ALL) != SELECT_YES)
            fail_msg("%s", yes[i]);
    exchange_free(&exchange);
}

static void test_select_a_pattern_that_explodes_is_counted_and_not_found(void **state)
{
    (void)state;
    struct exchange exchange = {0};
    buffer_append_text(&exchange.request.head, "GET /");
    for (unsigned i = 0; i < 5000; i++)
        buffer_append_byte(&exchange.request.head, 'a');
    buffer_append_text(&exchange.request.head, "! HTTP/1.1\r\n\r\n");
    struct select *select = compile("path ~ '^/(a|aa|a+)+$' || method == GET");
    assert_int_equal(select_judge(select, &exchange, SELECT_KNOWN_ALL), SELECT_YES);
    assert_int_equal(select_gave_up(select), 1);
    select_free(select);
    exchange_free(&exchange);
}

static void test_select_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
        size_t start, size;
    } table[] = {
        {"", "column 1: a field is missing here, as method, path or status", 0, 0},
        {"stauts == 500", "column 1: there is no field 'stauts'; did you mean 'status'?", 0, 6},
        {"method == GET && url == /x", "column 18: there is no field 'url'; did you mean 'path'?", 17, 3},
        {"cookie == 1", "column 1: there is no field 'cookie'; did you mean 'cookie.NAME'?", 0, 6},
        {"blah",
         "column 1: there is no field 'blah'; there are method, path, host, status, latency, "
         "request.header.NAME, "
         "...",
         0, 4},
        {"status = 200", "column 8: there is no operator '='; write ==", 7, 1},
        {"path =~ x", "column 6: there is no operator '=~'; write ~", 5, 2},
        {"status & path", "column 8: there is no operator '&'; write &&", 7, 1},
        {"path contains x", "column 6: there is no operator 'contains'; write ~", 5, 8},
        {"status 200", "column 8: wanted an operator (== != < <= > >= ~ !~ in) before '200'", 7, 3},
        {"status ==", "column 10: a value is missing here; values with signs in them need quotes", 9, 0},
        {"status == 20x", "column 11: '20x': wanted a status as 404, or a class as 5xx", 10, 3},
        {"status > 4xx", "column 10: a class of statuses goes with == != in; write 499", 9, 3},
        {"status ~ 2", "column 8: status is no text; it goes with == != in < <= > >=", 7, 1},
        {"path < x", "column 6: path has no order; it goes with == != in ~ !~", 5, 1},
        {"query.x < 1", "column 9: query.NAME has no order; it goes with == != in ~ !~", 8, 1},
        {"latency > 100", "column 11: '100': wanted a time with its unit, as 250us, 100ms or 1.5s", 10, 3},
        {"request.bytes > 1T", "column 17: '1T': wanted a size as 512, 4K or 1M", 16, 2},
        {"server == shop",
         "column 11: 'shop': wanted an address as 192.0.2.7, 192.0.2.7:80, 192.0.2.0/24 or [2001:db8::1]:80",
         10, 4},
        {"flag == pipelinde", "column 9: 'pipelinde': no such flag; did you mean 'pipelined'?", 8, 9},
        {"defect == zzz", "column 11: 'zzz': no such defect; rehearse-select(7) lists them", 10, 3},
        {"connection == xyz",
         "column 15: 'xyz': wanted an id of up to 16 hexadecimal digits, as inspect shows it", 14, 3},
        {"path == 'x", "column 9: this quote is not closed", 8, 1},
        {"(path", "column 1: this parenthesis is not closed", 0, 1},
        {"path)", "column 5: wanted && or || before ')'", 4, 1},
        {"status in 200", "column 11: a list is missing here; write in (A, B)", 10, 3},
        {"status in (200 404)", "column 16: wanted , or ) in the list", 15, 3},
        {"status in ()", "column 12: a value is missing here; values with signs in them need quotes", 11, 1},
        {"path ~ 'a('", "column 11: the regular expression: missing closing parenthesis", 10, 1},
        {"path ~ 'ä' && x",
         "column 15: there is no field 'x'; there are method, path, host, status, latency, "
         "request.header.NAME, ...",
         15, 1},
        {"path == a\nb", "column 11: wanted && or || before 'b'", 10, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct select *select = NULL;
        struct select_span span = {0};
        struct error err = {0};
        assert_int_equal(select_compile(table[i].text, &select, &span, &err), -1);
        assert_int_equal(err.kind, ERROR_USAGE);
        if (strcmp(err.text, table[i].error) != 0 || span.start != table[i].start ||
            span.size != table[i].size)
            fail_msg("%s\ngot    %s (%zu+%zu)\nwanted %s", table[i].text, err.text, span.start, span.size,
                     table[i].error);
    }
}

static int compile_repeated(const char *before, const char *middle, const char *after, unsigned times)
{
    struct buffer text = {0};
    for (unsigned i = 0; i < times; i++)
        buffer_append_text(&text, before);
    buffer_append_text(&text, middle);
    for (unsigned i = 0; i < times; i++)
        buffer_append_text(&text, after);
    buffer_append_byte(&text, '\0');
    struct select *select = NULL;
    struct select_span span;
    struct exchange exchange = sample();
    int result = select_compile((const char *)text.data, &select, &span, NULL);
    if (result == 0)
        select_judge(select, &exchange, SELECT_KNOWN_ALL);
    select_free(select);
    exchange_free(&exchange);
    buffer_free(&text);
    return result;
}

static void test_select_has_limits(void **state)
{
    (void)state;
    assert_int_equal(compile_repeated("(", "flag", ")", SELECT_DEPTH), 0);
    assert_int_equal(compile_repeated("(", "flag", ")", SELECT_DEPTH + 1), -1);
    assert_int_equal(compile_repeated("flag||defect&&(", "flag", ")", SELECT_DEPTH), 0);
    assert_int_equal(compile_repeated("!", "flag", "", SELECT_DEPTH + 1), -1);
    assert_int_equal(compile_repeated("flag&&", "flag", "", SELECT_TEST_MAX - 1), 0);
    assert_int_equal(compile_repeated("flag&&", "flag", "", SELECT_TEST_MAX), -1);
    assert_int_equal(compile_repeated("!!!!!!!!!!!!!!!!!!!!!!flag||", "flag", "", SELECT_TEST_MAX - 1), -1);
    assert_int_equal(compile_repeated("path in (a,b,c,d,e,f) or ", "flag", "", SELECT_TEST_MAX - 1), -1);
    assert_int_equal(compile_repeated(" ", "flag", " ", SELECT_TEXT_MAX), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select_each_field_and_operator),
        cmocka_unit_test(test_select_without_response_nothing_of_it_is_equal),
        cmocka_unit_test(test_select_targets_of_every_form),
        cmocka_unit_test(test_select_judges_early_what_the_head_decides),
        cmocka_unit_test(test_select_quotes),
        cmocka_unit_test(test_select_a_pattern_that_explodes_is_counted_and_not_found),
        cmocka_unit_test(test_select_says_what_is_wrong),
        cmocka_unit_test(test_select_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
