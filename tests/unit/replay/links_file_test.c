/* What a file of --links may say, and what is said of what it may not; values that go from answers into requests; accounts in logins and tokens for who had logged in
 * before. */
#include "replay/state/links_file.h"

#include "filters/key.h"
#include "filters/policy/policy.h"
#include "filters/pseudonym.h"
#include "filters/sanitize.h"
#include "replay/request.h"
#include "replay/state/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct linker *linker;
static struct lineage *lineage;
static struct linker_context context;
static struct links_file file;
static struct request_rules rules;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    linker = linker_create(0, "");
    lineage = lineage_create(0);
    context = (struct linker_context){.session = 1, .recognition_key = keys_recognition(keys)};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    link_values_free(rules.values);
    rules = (struct request_rules){0};
    links_file_done(&file);
    lineage_free(lineage);
    linker_free(linker);
    keys_free(keys);
    return 0;
}

static void load(const char *text)
{
    struct error err = {0};
    if (links_file_read("f", bytes_of(text), keys_recognition(keys), &file, &err))
        fail_msg("%s", err.text);
    rules = (struct request_rules){.base_path = "", .run_id = "r", .accounts = file.accounts};
    if (file.rules)
        rules.values = link_values_create(file.rules, 0);
}

static void refuse(const char *text, const char *wrong)
{
    struct error err = {0};
    struct links_file none;
    assert_int_equal(links_file_read("f", bytes_of(text), keys_recognition(keys), &none, &err), -1);
    if (!strstr(err.text, wrong))
        fail_msg("'%s' is not in '%s'", wrong, err.text);
    assert_null(strstr(err.text, "geheim"));
}

static void test_links_file_says_what_is_wrong(void **state)
{
    (void)state;
    refuse("linkz: []", "f:1:");
    refuse("links:\n- extract: {from: GET /a, json: $.a}\n", "f:2: a link has 'extract' and 'inject'");
    refuse("links:\n- extract: {json: $.a}\n  inject: {header: A}", "f:2: extract: 'from' is missing");
    refuse("links:\n- extract: {from: /a, json: $.a}\n  inject: {header: A}", "wanted a method and a path");
    refuse("links:\n- extract: {from: GET /a, json: a}\n  inject: {header: A}", "not a path like");
    refuse("links:\n- extract: {from: GET /a, body: '('}\n  inject: {header: A}", "at character");
    refuse("links:\n- extract: {from: GET /a, json: $.a, header: B}\n  inject: {header: A}",
           "'header' and 'json' in one");
    refuse("links:\n- extract: {from: GET /a, json: $.a}\n  inject: {into: GET /b}",
           "header, query, form, json, cookie");
    refuse("links:\n- extract: {from: GET /a, json: $.a}\n  inject: {header: Content-Length}", "f:2:");
    refuse("links:\n- extract: {from: GET /a, json: $.a}\n  inject: {into: GET /b, cookie: c}",
           "exclude each other");
    refuse("credentials:\n- name: geheim\n  user: jo", "not a pseudonym of this traffic");
    refuse("credentials:\n- {}", "an account has 'name', 'password' or 'tokens'");
    refuse("credentials:\n- tokens: [geheim]", "wanted names and values");
    refuse("credentials:\n- tokens: {sid: \"geheim\\r\\nX-Other: 1\"}", "f:2: tokens: a line end");
    refuse("links: 3", "f:1: links: wanted a list");
    refuse("", "f: is empty; wanted `links:` or `credentials:`");
    refuse("credentials:\n- password: geheim\n- password: geheim2", "f:3: a second account without 'user'");
}

static void sanitized(struct exchange *exchange, const char *request, const char *answer)
{
    static uint64_t now_ns = 1000;
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    const char *texts[] = {request, answer};
    struct message *messages[] = {&exchange->request, &exchange->response};
    for (size_t i = 0; i < 2; i++) {
        const char *end = strstr(texts[i], "\r\n\r\n") + 4;
        buffer_append(&messages[i]->head, texts[i], (size_t)(end - texts[i]));
        buffer_append_text(&messages[i]->body.content, end);
        messages[i]->body.wire_bytes = strlen(end);
        messages[i]->body.state = *end ? BODY_KEPT : BODY_EMPTY;
        messages[i]->body.framing = *end ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
        messages[i]->first_ns = messages[i]->last_ns = now_ns++;
    }
    exchange->status = 200;
    sanitize_exchange(sanitizer, exchange);
    sanitizer_free(sanitizer);
    lineage_follow(lineage, context.session, exchange);
}

/* What is sent of |request| is |wanted|, without the run's line. */
static void expect(const char *request, const char *wanted)
{
    struct exchange exchange = {.id = 1};
    struct request made = {0};
    struct buffer sent = {0};
    sanitized(&exchange, request, "HTTP/1.1 200 OK\r\n\r\n");
    assert_int_equal(request_build(&made, &rules, linker, &context, &exchange), UNSENT_NONE);
    const struct bytes mark = BYTES_LITERAL("X-Rehearse-Run: r\r\n");
    struct bytes head = buffer_bytes(&made.head);
    const uint8_t *run = memmem(head.data, head.size, mark.data, mark.size);
    assert_non_null(run);
    buffer_append(&sent, head.data, (size_t)(run - head.data));
    buffer_append_text(&sent, "\r\n");
    buffer_append_bytes(&sent, buffer_bytes(&made.body));
    buffer_append_byte(&sent, 0);
    assert_string_equal((char *)sent.data, wanted);
    buffer_free(&sent);
    request_free(&made);
    exchange_free(&exchange);
}

static void answer(const char *request, const char *head, const char *body)
{
    link_values_learn(rules.values, linker, &context, bytes_of(request), bytes_of(head), bytes_of(body));
}

#define OK   "HTTP/1.1 200 OK\r\n\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"

static void test_links_file_rules_carry_values(void **state)
{
    (void)state;
    load("links:\n"
         "- extract: {from: 'GET /form/{id}', body: 'name=\"csrf\" value=\"([^\"]*)\"'}\n"
         "  inject: {into: POST /submit, form: csrf}\n"
         "- extract: {from: '* /api/...', json: '$.page.next[0]'}\n"
         "  inject: {into: GET /list, query: cursor}\n"
         "- {extract: {from: GET /start, header: X-Nonce}, inject: {into: PUT /doc, json: $.nonce}}\n"
         "- {extract: {from: GET /start, header: X-Nonce}, inject: {header: X-Reply}}\n"
         "- {extract: {from: GET /start, cookie: a}, inject: {cookie: b}}\n");
    assert_true(link_values_want_body(rules.values, bytes_of("GET /form/7 HTTP/1.1\r\n\r\n")));
    assert_false(link_values_want_body(rules.values, bytes_of("GET /start HTTP/1.1\r\n\r\n")));
    expect("GET /list?cursor=old HTTP/1.1\r\n\r\n",
           "GET /list?cursor=old HTTP/1.1\r\n\r\n"); /* nothing yet */
    answer("GET /form/7?x HTTP/1.1\r\n\r\n", OK, "<input name=\"csrf\" value=\"a&b\">");
    answer("POST /form/7 HTTP/1.1\r\n\r\n", OK, "<input name=\"csrf\" value=\"wrong\">");
    answer("GET /api/v1/things HTTP/1.1\r\n\r\n", OK, "{\"page\":{\"next\":[\"n\\u00e9\"]}}");
    expect("POST /submit HTTP/1.1\r\n" FORM "Content-Length: 10\r\n\r\nx=1&csrf=2",
           "POST /submit HTTP/1.1\r\n" FORM "Content-Length: 14\r\n\r\nx=1&csrf=a%26b");
    expect("GET /list?cursor=old&n=1 HTTP/1.1\r\n\r\n", "GET /list?cursor=n%C3%A9&n=1 HTTP/1.1\r\n\r\n");
    answer("GET /start HTTP/1.1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nx-nonce: q\"1\r\nSet-Cookie: a=cc; Path=/\r\n\r\n", "");
    expect("PUT /doc HTTP/1.1\r\n" JSON "Content-Length: 13\r\n\r\n{\"nonce\":\"0\"}",
           "PUT /doc HTTP/1.1\r\n" JSON "Content-Length: 16\r\nX-Reply: q\"1\r\n\r\n{\"nonce\":\"q\\\"1\"}");
    expect("GET /x HTTP/1.1\r\nCookie: b=2\r\n\r\n",
           "GET /x HTTP/1.1\r\nCookie: b=cc\r\nX-Reply: q\"1\r\n\r\n");
    context.session = 2; /* another session has none of it */
    expect("GET /list?cursor=old HTTP/1.1\r\n\r\n", "GET /list?cursor=old HTTP/1.1\r\n\r\n");
}

static void test_links_file_accounts(void **state)
{
    (void)state;
    struct buffer name = {0}, text = {0};
    pseudonym_make(keys, BYTES_LITERAL("jo@shop.example"), &name, NULL);
    buffer_append_text(&text, "credentials:\n- user: '");
    buffer_append_bytes(&text, buffer_bytes(&name));
    buffer_append_text(&text, "'\n  name: tester\n  password: \"pa\\\"ss\"\n"
                              "- {name: any@one, password: one for all, tokens: {sid: cookie-of-mine, "
                              "authorization: bearer-of-mine}}\n");
    buffer_append_byte(&text, 0);
    load((char *)text.data);
    expect("POST /login HTTP/1.1\r\n" JSON
           "Content-Length: 50\r\n\r\n{\"email\":\"jo@shop.example\",\"password\":\"geheimnis\"} ",
           "POST /login HTTP/1.1\r\n" JSON
           "Content-Length: 39\r\n\r\n{\"email\":\"tester\",\"password\":\"pa\\\"ss\"} ");
    expect("POST /login HTTP/1.1\r\n" FORM "Content-Length: 24\r\n\r\nuser=al&password=geheim1",
           "POST /login HTTP/1.1\r\n" FORM
           "Content-Length: 39\r\n\r\nuser=any%40one&password=one%20for%20all");
    expect("GET /basic HTTP/1.1\r\nAuthorization: Basic YWw6Z2VoZWltMQ==\r\n\r\n",
           "GET /basic HTTP/1.1\r\nAuthorization: Basic YW55QG9uZTpvbmUgZm9yIGFsbA==\r\n\r\n");
    expect("GET /me HTTP/1.1\r\nCookie: sid=geheimgeheimgeheim\r\nAuthorization: Bearer "
           "geheimgeheimgeheim2\r\n\r\n",
           "GET /me HTTP/1.1\r\nCookie: sid=cookie-of-mine\r\nAuthorization: Bearer bearer-of-mine\r\n\r\n");
    assert_int_equal(lineage_logged_in_before(lineage), 1);
    buffer_free(&name);
    buffer_free(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_links_file_says_what_is_wrong),
        TEST(test_links_file_rules_carry_values),
        TEST(test_links_file_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
