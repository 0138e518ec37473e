/* The auditor: what is left in an exchange is found in every place, and what sanitizing has put there is not. */
#include "filters/auditor.h"

#include "filters/policy/policy_yaml.h"
#include "filters/value_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct exchange exchange;
static struct buffer found; /* a line a finding */
static struct detector detector;

static void put(void *arg, const struct audit_finding *finding)
{
    (void)arg;
    buffer_printf(&found, "%s %s ", finding->class, finding->by);
    value_place_text(&detector, finding->event, finding->whole, &found);
    if (finding->wrapping != WRAPPING_NONE)
        buffer_printf(&found, " in %s", wrapping_name(finding->wrapping));
    if (finding->rule)
        buffer_printf(&found, " rule %s", finding->rule);
    buffer_printf(&found, "%s%s\n", finding->in_name ? " name" : "", finding->preserved ? " preserved" : "");
}

static void fill(struct message *message, const char *head, const char *body)
{
    buffer_append_text(&message->head, head);
    buffer_append_text(&message->body.content, body);
    message->body.state = *body ? BODY_KEPT : BODY_EMPTY;
    message->body.wire_bytes = strlen(body);
}

static void make(const char *request, const char *request_body, const char *response,
                 const char *response_body)
{
    exchange_clear(&exchange);
    fill(&exchange.request, request, request_body);
    fill(&exchange.response, response, response_body);
}

/* Returns what is found in the exchange that was made, recorded under |policy| (NULL: with --unsanitized). */
static const char *audit(const struct policy *policy)
{
    struct segment_header header = {.sanitized = policy != NULL,
                                    .policy = policy ? (char *)policy_text(policy) : NULL};
    bool understood;
    memcpy(header.recognition_key, keys_recognition(keys), SEGMENT_KEY_SIZE);
    if (policy)
        memcpy(header.policy_hash, policy_hash(policy), SEGMENT_HASH_SIZE);
    struct auditor *auditor = auditor_create(&header, policy_builtin(), &understood);
    assert_true(understood);
    assert_true(auditor_fits(auditor, &header));
    buffer_clear(&found);
    size_t count = auditor_look(auditor, &exchange, put, NULL), lines = 0;
    for (size_t i = 0; i < found.size; i++)
        lines += found.data[i] == '\n';
    assert_int_equal(count, lines);
    auditor_free(auditor);
    buffer_append_byte(&found, 0);
    return (const char *)found.data;
}

static struct policy *policy_of(const char *yaml)
{
    struct policy *policy = NULL;
    struct error err = {0};
    assert_int_equal(policy_yaml_read("test", bytes_of(yaml), &policy, &err), 0);
    return policy;
}

static void sanitize(const struct policy *policy)
{
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    sanitize_exchange(sanitizer, &exchange);
    sanitizer_free(sanitizer);
}

static void make_full(void)
{
    make("POST /me%40host.org?a=4111111111111111&token=abc HTTP/1.1\r\nCookie: sid=1234\r\n"
         "X-Note: bWVAaG9zdC5vcmcgaXMgbWU=\r\nContent-Type: application/json\r\n\r\n",
         "{\"a\":\"GB82 WEST 1234 5698 7654 32\",\"password\":\"x\",\"me@host.org\":1,\"n\":378282246310005}",
         "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "<p>token=abc me@host.org\nfine\n");
}

static void test_audit_finds_values_in_every_place(void **state)
{
    (void)state;
    make_full();
    assert_string_equal(audit(NULL), "email look request.start-line path\n"
                                     "card look request.start-line query.a\n"
                                     "credential name request.start-line query.token\n"
                                     "credential name request.header.Cookie cookie.sid\n"
                                     "email look request.header.X-Note in base64\n"
                                     "iban look request.body json.a\n"
                                     "password name request.body json.password\n"
                                     "email look request.body json\n"
                                     "card look request.body json.n\n"
                                     "credential name response.body body.?\n");
}

static void test_audit_finds_nothing_in_what_is_sanitized(void **state)
{
    (void)state;
    make_full();
    sanitize(policy_builtin());
    assert_string_equal(audit(policy_builtin()), "");
}

static void test_audit_goes_by_the_key_of_the_segment(void **state)
{
    (void)state;
    make("GET /?token=abc HTTP/1.1\r\n\r\n", "", "", "");
    sanitize(policy_builtin());
    struct keys *others = keys;
    keys = keys_random();
    assert_string_equal(audit(policy_builtin()), "credential name request.start-line query.token\n");
    keys_free(keys);
    keys = others;
    assert_string_equal(audit(policy_builtin()), "");
}

static void test_audit_knows_what_the_recorded_policy_does(void **state)
{
    (void)state;
    struct policy *policy =
        policy_of("version: 1\nsanitize:\n  - {locate: 'json:$.password', strategy: mask, keep_last: 2}\n"
                  "  - {locate: query.cvv, strategy: hash}\n"
                  "  - {locate: header.X-Mail, strategy: preserve}\n"
                  "  - {locate: header.X-Gone, strategy: remove}\n"
                  "  - {locate: query.nick, strategy: hash}\n");
    static const char head[] =
        "POST /?cvv=123&nick=joe HTTP/1.1\r\nX-Mail: write to me@host.org\r\nX-Gone: 1\r\n"
        "Content-Type: application/json\r\n\r\n";
    make(head, "{\"password\":\"abcdef\"}", "", "");
    sanitize(policy);
    assert_string_equal(audit(policy), "email look request.header.X-Mail preserved\n");
    make(head, "{\"password\":\"abcdef\"}", "", "");
    assert_string_equal(audit(policy), "personal rule request.start-line query.cvv rule query.cvv\n"
                                       "personal rule request.start-line query.nick rule query.nick\n"
                                       "not-removed rule request.header.X-Gone rule header.X-Gone\n"
                                       "personal rule request.body json.password rule json:$.password\n"
                                       "email look request.header.X-Mail preserved\n");
    policy_free(policy);
}

static void test_audit_looks_at_names_and_at_lines_that_are_none(void **state)
{
    (void)state;
    make("GET / HTTP/1.1\r\nX-AKIAIOSFODNN7EXAMPLE: 1\r\nno colon me@host.org\r\n\r\n", "",
         "HTTP/1.1 200 me@host.org\r\n\r\n", "");
    const char *text = audit(NULL);
    assert_non_null(strstr(text, "email look request.header\n"));
    assert_non_null(strstr(text, "email look response.start-line\n"));
    assert_non_null(strstr(text, "provider-token look request.header.? name\n"));
    assert_null(strstr(text, "AKIA"));
}

static void test_audit_of_a_text_with_many_values_finds_each(void **state)
{
    (void)state;
    struct buffer body = {0};
    for (int i = 0; i < 300; i++)
        buffer_printf(&body, "me%d@host.org ", i);
    buffer_append_byte(&body, 0);
    make("POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n", (const char *)body.data, "", "");
    audit(NULL);
    size_t lines = 0;
    for (size_t i = 0; i < found.size; i++)
        lines += found.data[i] == '\n';
    assert_int_equal(lines, 300);
    buffer_free(&body);
}

int main(void)
{
    keys = keys_random();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audit_finds_values_in_every_place),
        cmocka_unit_test(test_audit_finds_nothing_in_what_is_sanitized),
        cmocka_unit_test(test_audit_goes_by_the_key_of_the_segment),
        cmocka_unit_test(test_audit_knows_what_the_recorded_policy_does),
        cmocka_unit_test(test_audit_looks_at_names_and_at_lines_that_are_none),
        cmocka_unit_test(test_audit_of_a_text_with_many_values_finds_each),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    keys_free(keys);
    exchange_free(&exchange);
    buffer_free(&found);
    detector_done(&detector);
    return failed;
}
