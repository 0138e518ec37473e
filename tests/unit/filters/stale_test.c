/* Digests and signatures: flagged where sanitizing changed them or what they cover, whatever carries them; not flagged where all that they
 * cover is as it was; and flags stay once sanitized traffic is sanitized again. */
#include "filters/policy/policy_yaml.h"
#include "filters/sanitize.h"

#include "common/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define QD EXCHANGE_FLAG(REQUEST_DIGEST_STALE)
#define QS EXCHANGE_FLAG(REQUEST_SIGNATURE_STALE)
#define RD EXCHANGE_FLAG(RESPONSE_DIGEST_STALE)
#define RS EXCHANGE_FLAG(RESPONSE_SIGNATURE_STALE)

static struct keys *keys;
static struct policy *keeping; /* digests and signatures stay as they are */
static struct exchange exchange;

static const char *const kept_names[] = {
    "digest",
    "content-digest",
    "repr-digest",
    "content-md5",
    "x-amz-content-sha256",
    "x-amz-checksum-crc32",
    "x-goog-hash",
    "authorization",
    "stripe-signature",
    "x-hub-signature-256",
    "x-shopify-hmac-sha256",
    "signature",
    "x-twilio-signature",
    "dpop",
};

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    struct buffer text = {0};
    struct error err = {0};
    buffer_append_text(&text, "version: 1\nsanitize:\n");
    for (size_t i = 0; i < sizeof kept_names / sizeof kept_names[0]; i++)
        buffer_printf(&text, "  - {locate: header.%s, strategy: preserve}\n", kept_names[i]);
    buffer_append_text(&text, "  - {locate: query.X-Amz-Signature, strategy: preserve}\n");
    if (policy_yaml_read("p.yaml", buffer_bytes(&text), &keeping, &err) != 0)
        fail_msg("%s", err.text);
    buffer_free(&text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_free(&exchange);
    policy_free(keeping);
    keys_free(keys);
    return 0;
}

static void set_message(struct message *message, const char *start, const char *lines, struct bytes body)
{
    buffer_clear(&message->head);
    buffer_clear(&message->body.content);
    buffer_printf(&message->head, "%s\r\nContent-Type: application/json\r\n%s\r\n", start, lines);
    buffer_append_bytes(&message->body.content, body);
    message->body.state = body.size ? BODY_KEPT : BODY_EMPTY;
    message->body.coded = true;
}

/* Returns the flags of stale digests and signatures of an exchange, sanitized once and, which must not matter, twice. */
static uint64_t flags_of(const struct policy *policy)
{
    struct sanitizer *sanitizer = sanitizer_create(policy, keys);
    sanitize_exchange(sanitizer, &exchange);
    uint64_t flags = exchange.flags & (QD | QS | RD | RS);
    sanitize_exchange(sanitizer, &exchange);
    assert_int_equal(exchange.flags & (QD | QS | RD | RS), flags);
    sanitizer_free(sanitizer);
    return flags;
}

static uint64_t flags_of_request(const struct policy *policy, const char *start, const char *lines,
                                 const char *body)
{
    exchange_clear(&exchange);
    set_message(&exchange.request, start, lines, bytes_of(body));
    return flags_of(policy);
}

#define SECRET "{\"password\":\"abcdefgh\"}"
#define PUBLIC "{\"quantity\":3}"

static void test_what_covers_a_changed_body_is_flagged(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t flag;
    } cases[] = {
        {"Digest: sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n", QD},
        {"Content-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n", QD},
        {"Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n", QD},
        {"content-md5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n", QD},
        {"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\n", QD},
        {"x-amz-checksum-crc32: AAAAAA==\r\n", QD},
        {"X-Goog-Hash: crc32c=AAAAAA==\r\n", QD},
        {"X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\r\n",
         QS},
        {"Stripe-Signature: "
         "t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd\r\n",
         QS},
        {"X-Shopify-Hmac-Sha256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n", QS},
        {"X-Twilio-Signature: 0/KCTR6DLpKmkAf8muzZqo1nDgQ=\r\n", QS},
        {"Signature: sig1=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n", QS},
        {"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request, "
         "SignedHeaders=host, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n",
         QS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s", cases[i].line);
        /* Kept as they are, and what they cover changes. */
        assert_int_equal(flags_of_request(keeping, "POST / HTTP/1.1", cases[i].line, SECRET), cases[i].flag);
        /* Nothing changes. */
        assert_int_equal(flags_of_request(keeping, "POST / HTTP/1.1", cases[i].line, PUBLIC), 0);
        /* The built-in policy replaces them. */
        assert_int_equal(flags_of_request(policy_builtin(), "POST / HTTP/1.1", cases[i].line, PUBLIC),
                         cases[i].flag);
    }
    assert_int_equal(flags_of_request(policy_builtin(), "POST / HTTP/1.1", "", SECRET), 0);
    assert_int_equal(flags_of_request(policy_builtin(), "POST / HTTP/1.1",
                                      "Authorization: Bearer abcdefghijklmnop\r\n", SECRET),
                     0);
}

static void test_what_covers_a_changed_target_or_head_is_flagged(void **state)
{
    (void)state;
    static const char aws[] =
        "Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=00ff00ff00ff00ff00ff\r\n";
    static const char twilio[] = "X-Twilio-Signature: 0/KCTR6DLpKmkAf8muzZqo1nDgQ=\r\n";
    static const char hub[] = "X-Hub-Signature-256: sha256=00ff00ff00ff00ff\r\n";
    static const char proof[] =
        "DPoP: eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.eyJqdGkiOiItQndDM0VTIn0.AAAAAAAA\r\n";
    char lines[512];
    static const char secret[] = "POST /?token=abcdefgh HTTP/1.1";
    assert_int_equal(flags_of_request(keeping, secret, aws, PUBLIC), QS);
    assert_int_equal(flags_of_request(keeping, secret, twilio, PUBLIC), QS);
    assert_int_equal(flags_of_request(keeping, secret, proof, PUBLIC), QS);
    assert_int_equal(flags_of_request(keeping, secret, hub, PUBLIC), 0);
    snprintf(lines, sizeof lines, "%sX-Api-Key: abcdefghijkl\r\n", aws);
    assert_int_equal(flags_of_request(keeping, "POST / HTTP/1.1", lines, PUBLIC), QS);
    snprintf(lines, sizeof lines, "%sX-Api-Key: abcdefghijkl\r\n", hub);
    assert_int_equal(flags_of_request(keeping, "POST / HTTP/1.1", lines, PUBLIC), 0);
    /* Presigned URLs. */
    assert_int_equal(flags_of_request(policy_builtin(),
                                      "GET /o?X-Amz-Date=20130524T000000Z&X-Amz-Signature=00ff00ff HTTP/1.1",
                                      "", ""),
                     QS);
    assert_int_equal(flags_of_request(keeping,
                                      "GET /o?X-Amz-Date=20130524T000000Z&X-Amz-Signature=00ff00ff HTTP/1.1",
                                      "", ""),
                     0);
    assert_int_equal(flags_of_request(keeping,
                                      "GET /o?X-Amz-Credential=AKIDEXAMPLE&X-Amz-Signature=00ff00ff HTTP/1.1",
                                      "", ""),
                     QS);
}

static uint64_t flags_of_response(const char *lines, struct bytes body)
{
    exchange_clear(&exchange);
    set_message(&exchange.request, "GET / HTTP/1.1", "", (struct bytes){0});
    set_message(&exchange.response, "HTTP/1.1 200 OK", lines, body);
    return flags_of(keeping);
}

static void test_an_etag_is_flagged_where_the_content_changed(void **state)
{
    (void)state;
    assert_int_equal(flags_of_response("ETag: \"33a64df5\"\r\n", bytes_of(SECRET)), RD);
    assert_int_equal(flags_of_response("ETag: \"33a64df5\"\r\n", bytes_of(PUBLIC)), 0);
    /* Also where the line is remembered. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(flags_of_response("ETag: \"33a64df5\"\r\n", bytes_of(SECRET)), RD);
    assert_int_equal(flags_of_response("Signature: sig1=:AAAA:\r\n", bytes_of(SECRET)), RS);
}

static void test_a_digest_of_a_coded_body_is_flagged_where_the_coding_is_undone(void **state)
{
    (void)state;
    struct buffer coded = {0};
    assert_int_equal(coding_encode(BYTES_LITERAL("gzip"), BYTES_LITERAL(PUBLIC), &coded), CODING_OK);
    assert_int_equal(flags_of_response("Content-Encoding: gzip\r\nContent-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n",
                                       buffer_bytes(&coded)),
                     RD);
    assert_int_equal(
        flags_of_response("Content-Encoding: gzip\r\nETag: \"33a64df5\"\r\n", buffer_bytes(&coded)), 0);
    buffer_free(&coded);
}

static void test_a_digest_in_the_trailers_is_flagged(void **state)
{
    (void)state;
    exchange_clear(&exchange);
    set_message(&exchange.request, "POST / HTTP/1.1", "", bytes_of(SECRET));
    buffer_append_text(&exchange.request.trailers, "Content-Digest: sha-256=:AAAA:\r\n");
    assert_int_equal(flags_of(keeping), QD);
    exchange_clear(&exchange);
    set_message(&exchange.request, "POST / HTTP/1.1", "", bytes_of(PUBLIC));
    buffer_append_text(&exchange.request.trailers, "Content-Digest: sha-256=:AAAA:\r\n");
    assert_int_equal(flags_of(keeping), 0);
}

static void test_nothing_is_flagged_where_nothing_is_changed(void **state)
{
    (void)state;
    exchange_clear(&exchange);
    set_message(&exchange.request, "POST /?token=a HTTP/1.1", "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n",
                bytes_of(SECRET));
    struct sanitizer *sanitizer = sanitizer_create(policy_builtin(), keys);
    sanitize_links_only(sanitizer, &exchange);
    assert_int_equal(exchange.flags, 0);
    sanitizer_free(sanitizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_covers_a_changed_body_is_flagged),
        cmocka_unit_test(test_what_covers_a_changed_target_or_head_is_flagged),
        cmocka_unit_test(test_an_etag_is_flagged_where_the_content_changed),
        cmocka_unit_test(test_a_digest_of_a_coded_body_is_flagged_where_the_coding_is_undone),
        cmocka_unit_test(test_a_digest_in_the_trailers_is_flagged),
        cmocka_unit_test(test_nothing_is_flagged_where_nothing_is_changed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
