/* state/plain_credentials.h: what links name is found where it stands in clear, and is linked by its value across places. */
#include "replay/state/plain_credentials.h"

#include "common/coding.h"
#include "replay/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t tag[LINK_TAG_SIZE];

static void fill(struct exchange *exchange, const char *request, const char *response)
{
    const char *ends[] = {strstr(request, "\r\n\r\n") + 4, strstr(response, "\r\n\r\n") + 4};
    buffer_append(&exchange->request.head, request, (size_t)(ends[0] - request));
    buffer_append_text(&exchange->request.body.content, ends[0]);
    exchange->request.body.framing = *ends[0] ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
    buffer_append(&exchange->response.head, response, (size_t)(ends[1] - response));
    buffer_append_text(&exchange->response.body.content, ends[1]);
    exchange->flags = EXCHANGE_FLAG(UNSANITIZED);
}

/* plain_credentials_fn */
static void note(void *arg, enum link_place place, struct bytes value)
{
    struct buffer *out = arg;
    buffer_printf(out, "%s:", link_place_name(place));
    buffer_append_bytes(out, value);
    buffer_append_byte(out, ' ');
}

static void test_credentials_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        enum link_place place;
        const char *name;
    } links[] = {{LINK_PLACE_HEADER, "Authorization"},
                 {LINK_PLACE_HEADER, "X-Token"},
                 {LINK_PLACE_QUERY, "key"},
                 {LINK_PLACE_QUERY, "key"},
                 {LINK_PLACE_JSON, "token"},
                 {LINK_PLACE_COOKIE, "sid"},
                 {LINK_PLACE_HEADER, "X-None"},
                 {LINK_PLACE_FORM, "?"}};
    struct exchange exchange = {0};
    struct buffer out = {0};
    fill(&exchange,
         "POST /x?a=1&key=k1&key=k2 HTTP/1.1\r\nauthorization: Bearer  ab.c=\r\nX-Token: t1\r\nCookie: "
         "sid=s\r\n\r\n{\"token\":\"j\\u0031\"}",
         "HTTP/1.1 200 OK\r\n\r\n");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        exchange_add_link(&exchange, LINK_USES, links[i].place, links[i].name, tag);
    exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_QUERY, "a", tag);
    plain_credentials_each(&exchange, note, &out);
    buffer_append_byte(&out, 0);
    assert_string_equal((char *)out.data, "header:ab.c= header:t1 query:k1 query:k2 json:j\\u0031 ");
    buffer_free(&out);
    exchange_free(&exchange);
}

/* Builds |request|, which carries a credential in |place| under |name|, and compares it with |wanted|. */
static void expect(struct linker *linker, const struct linker_context *context, const char *request,
                   enum link_place place, const char *name, const char *wanted)
{
    struct exchange exchange = {0};
    struct request made = {0};
    const struct request_rules rules = {.base_path = "", .run_id = "r"};
    struct buffer sent = {0};
    fill(&exchange, request, "HTTP/1.1 200 OK\r\n\r\n");
    exchange_add_link(&exchange, LINK_USES, place, name, tag);
    assert_int_equal(request_build(&made, &rules, linker, context, &exchange), UNSENT_NONE);
    buffer_append(&sent, made.head.data, made.head.size - strlen("X-Rehearse-Run: r\r\n\r\n"));
    buffer_append_text(&sent, "\r\n");
    buffer_append_bytes(&sent, buffer_bytes(&made.body));
    buffer_append_byte(&sent, 0);
    assert_string_equal((char *)sent.data, wanted ? wanted : request);
    buffer_free(&sent);
    request_free(&made);
    exchange_free(&exchange);
}

static void test_credentials_are_linked_by_value(void **state)
{
    (void)state;
    const uint8_t key[SEGMENT_KEY_SIZE] = {0};
    const struct linker_context context = {.session = 1, .recognition_key = key};
    struct linker *linker = linker_create(0, "");
    struct exchange login = {0};
    expect(linker, &context, "GET /x HTTP/1.1\r\nAuthorization: Bearer ab.c/d+e==\r\nB: 1\r\n\r\n",
           LINK_PLACE_HEADER, "Authorization", NULL);
    fill(&login, "POST /login HTTP/1.1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"token\":\"ab.c\\/d+e==\"}");
    exchange_add_link(&login, LINK_ISSUES, LINK_PLACE_JSON, "token", tag);
    assert_true(linker_wants_recorded_body(&login));
    assert_true(linker_learn(linker, &context, &login, BYTES_LITERAL("HTTP/1.1 200 OK\r\n\r\n"),
                             BYTES_LITERAL("{\"token\":\"new\\/+&\"}")));
    expect(linker, &context, "GET /x HTTP/1.1\r\nAuthorization: Bearer ab.c/d+e==\r\nB: 1\r\n\r\n",
           LINK_PLACE_HEADER, "Authorization",
           "GET /x HTTP/1.1\r\nAuthorization: Bearer new/+&\r\nB: 1\r\n\r\n");
    expect(linker, &context, "GET /x?token=ab.c%2Fd%2Be== HTTP/1.1\r\n\r\n", LINK_PLACE_QUERY, "token",
           "GET /x?token=new%2F%2B%26 HTTP/1.1\r\n\r\n");
    expect(linker, &context,
           "POST /x HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
           "22\r\n\r\n{\"token\":\"ab.c/d+e==\"}",
           LINK_PLACE_JSON, "token",
           "POST /x HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
           "18\r\n\r\n{\"token\":\"new/+&\"}");
    expect(linker, &context, "GET /x HTTP/1.1\r\nAuthorization: Bearer another\r\n\r\n", LINK_PLACE_HEADER,
           "Authorization", NULL);
    exchange_clear(&login);
    fill(&login, "POST /login HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nAuthorization: Bearer another\r\n\r\n");
    exchange_add_link(&login, LINK_ISSUES, LINK_PLACE_HEADER, "Authorization", tag);
    linker_learn(linker, &context, &login,
                 BYTES_LITERAL("HTTP/1.1 200 OK\r\nAuthorization: Bearer fresh\r\n\r\n"), (struct bytes){0});
    expect(linker, &context, "GET /x?token=another HTTP/1.1\r\n\r\n", LINK_PLACE_QUERY, "token",
           "GET /x?token=fresh HTTP/1.1\r\n\r\n");
    /* An answer that was recorded as it came, with its coding. */
    exchange_clear(&login);
    fill(&login, "POST /login HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    buffer_clear(&login.response.body.content);
    assert_int_equal(coding_encode(BYTES_LITERAL("gzip"), BYTES_LITERAL("{\"token\":\"packed\"}"),
                                   &login.response.body.content),
                     CODING_OK);
    login.response.body.coded = true;
    exchange_add_link(&login, LINK_ISSUES, LINK_PLACE_JSON, "token", tag);
    linker_learn(linker, &context, &login, BYTES_LITERAL("HTTP/1.1 200 OK\r\n\r\n"),
                 BYTES_LITERAL("{\"token\":\"loose\"}"));
    expect(linker, &context, "GET /x?token=packed HTTP/1.1\r\n\r\n", LINK_PLACE_QUERY, "token",
           "GET /x?token=loose HTTP/1.1\r\n\r\n");
    exchange_free(&login);
    linker_free(linker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials_are_found_by_name),
        cmocka_unit_test(test_credentials_are_linked_by_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
