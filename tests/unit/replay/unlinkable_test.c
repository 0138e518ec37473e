/* What a client computes anew for each request is told by its name, as it is recorded; a token that an answer gave out is none of it, nor is an ordinary credential. */
#include "replay/state/unlinkable.h"

#include "filters/key.h"
#include "filters/policy/policy.h"
#include "filters/sanitize.h"
#include "replay/state/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keys *keys;
static struct sanitizer *sanitizer;
static struct lineage *lineage;

static int set_up(void **state)
{
    (void)state;
    keys = keys_random();
    sanitizer = sanitizer_create(policy_builtin(), keys);
    lineage = lineage_create(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lineage_free(lineage);
    sanitizer_free(sanitizer);
    keys_free(keys);
    return 0;
}

static void fill(struct message *message, const char *head, const char *body, uint64_t now_ns)
{
    buffer_append_text(&message->head, head);
    buffer_append_text(&message->body.content, body);
    message->body.wire_bytes = strlen(body);
    message->body.state = *body ? BODY_KEPT : BODY_EMPTY;
    message->body.framing = *body ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
    message->first_ns = message->last_ns = now_ns;
}

/* Returns what the request is found to carry, once sanitized; |answer| is the body of what it is answered. */
static unsigned of(const char *target, const char *lines, const char *body, const char *answer)
{
    static uint64_t now_ns = 1000;
    struct exchange exchange = {.id = now_ns, .status = 200};
    char head[2048];
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: h\r\n%s\r\n", target, lines);
    fill(&exchange.request, head, body, now_ns++);
    fill(&exchange.response, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", answer, now_ns++);
    sanitize_exchange(sanitizer, &exchange);
    lineage_follow(lineage, 1, &exchange);
    exchange_free(&exchange);
    return lineage_unlinkable(lineage);
}

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"

static void test_unlinkable_by_name(void **state)
{
    (void)state;
    assert_int_equal(of("/",
                        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, "
                        "Signature=fe5f80f77d5fa3beca038a248ff027d0\r\n",
                        "", ""),
                     UNLINKABLE_BIT(SIGV4));
    assert_int_equal(of("/f?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc9", "", "", ""),
                     UNLINKABLE_BIT(SIGV4));
    assert_int_equal(of("/", "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a\r\n" JSON,
                        "{\"email\":\"a@b.example\"}", ""),
                     UNLINKABLE_BIT(HMAC));
    assert_int_equal(of("/",
                        "Authorization: DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp\r\nDPoP: "
                        "eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJqdGkiOiIxIn0.c2ln\r\n",
                        "", ""),
                     UNLINKABLE_BIT(DPOP));
    assert_int_equal(of("/",
                        "Authorization: Digest username=\"M\", nonce=\"dcd98b7102dd2f0e\", "
                        "response=\"6629fae49393a05397450978507c4ef1\"\r\n",
                        "", ""),
                     UNLINKABLE_BIT(DIGEST));
    assert_int_equal(of("/", "Authorization: NTLM TlRMTVNTUAADAAAAGAAYAEgAAAAY\r\n", "", ""),
                     UNLINKABLE_BIT(NTLM));
    assert_int_equal(of("/", "Authorization: Negotiate YIIZPgYGKwYBBQUCoIIZMjCCGS6g\r\n", "", ""),
                     UNLINKABLE_BIT(NTLM));
    assert_int_equal(
        of("/token", FORM, "grant_type=authorization_code&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r", ""),
        UNLINKABLE_BIT(PKCE));
    assert_int_equal(of("/form", FORM, "n=1&csrfmiddlewaretoken=Yv2sPnX8mKq4ZtLw7RbHcD9fGjA3eU5i", ""),
                     UNLINKABLE_BIT(CSRF));
    assert_int_equal(of("/mfa", JSON, "{\"otp\":\"492039\"}", ""), UNLINKABLE_BIT(TOTP));
    const uint64_t *counts = lineage_unlinkables(lineage);
    for (unsigned i = 0; i < UNLINKABLE_COUNT; i++)
        assert_int_equal(counts[i], i == UNLINKABLE_SIGV4 || i == UNLINKABLE_NTLM ? 2 : 1);
}

static void test_unlinkable_is_not_what_is_linked(void **state)
{
    (void)state;
    assert_int_equal(of("/form", "", "", "{\"csrf_token\":\"0123456789abcdef0123456789\"}"), 0);
    assert_int_equal(of("/form", "X-CSRF-Token: 0123456789abcdef0123456789\r\n", "", ""), 0);
    assert_int_equal(of("/form", "X-CSRF-Token: 9999999999abcdef0123456789\r\n", "", ""),
                     UNLINKABLE_BIT(CSRF));
    assert_int_equal(
        of("/", "Authorization: Bearer 0123456789abcdef0123\r\nCookie: sid=0123456789abcdef0123\r\n", "", ""),
        0);
    assert_int_equal(of("/login", JSON, "{\"user\":\"jo\",\"password\":\"geheim\"}", ""), 0);
    assert_int_equal(of("/", "", "", ""), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_unlinkable_by_name),
        TEST(test_unlinkable_is_not_what_is_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
