/* The sender over TLS: whom it trusts, what it asks for, and that large bodies pass both ways. */
#include "tests/unit/replay/sender_kit.h"

#include "common/clock.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE (3U << 20)
#define OK2   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static EVP_PKEY *key;
static X509 *certificate; /* for shop.test, signed by itself */
static char ca_file[] = "/tmp/rehearse_ca_XXXXXX";

static int set_up(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"shop.test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:shop.test");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    int fd = mkstemp(ca_file);
    FILE *file = fdopen(fd, "w");
    PEM_write_X509(file, certificate);
    return fclose(file);
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return unlink(ca_file);
}

/* What the server saw. */
struct tls_script {
    int requests;
    bool large;    /* reads and answers LARGE bytes */
    bool silent;   /* accepts and says nothing */
    char name[64]; /* SNI */
    bool body_equal;
    bool notified; /* close_notify came */
};

static uint8_t large_byte(size_t i)
{
    return (uint8_t)(i * 2654435761U >> 11);
}

static bool tls_read_head(SSL *session)
{
    char last[4] = {0}, byte;
    while (SSL_read(session, &byte, 1) == 1) {
        memmove(last, last + 1, 3);
        last[3] = byte;
        if (memcmp(last, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static void exchange_large(SSL *session, struct tls_script *script)
{
    uint8_t *body = malloc(LARGE);
    size_t size = 0;
    for (int got = 1; size < LARGE && got > 0; size += got > 0 ? (size_t)got : 0)
        got = SSL_read(session, body + size, (int)(LARGE - size));
    script->body_equal = size == LARGE;
    for (size_t i = 0; i < size; i++)
        script->body_equal = script->body_equal && body[i] == large_byte(i);
    char head[80];
    int head_size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", LARGE);
    SSL_write(session, head, head_size);
    SSL_write(session, body, LARGE);
    free(body);
}

static void script_tls(int listener, void *arg)
{
    struct tls_script *script = arg;
    struct buffer unused = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    SSL *session = SSL_new(context);
    int fd = server_accept(listener);
    SSL_set_fd(session, fd);
    if (script->silent) {
        server_read_body(fd, 1 << 20, &unused);
    } else if (SSL_accept(session) == 1) {
        const char *name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
        snprintf(script->name, sizeof script->name, "%s", name ? name : "");
        for (; tls_read_head(session); script->requests++) {
            if (script->large)
                exchange_large(session, script);
            else
                SSL_write(session, OK2, sizeof OK2 - 1);
        }
        script->notified = SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN;
    }
    ERR_clear_error();
    SSL_free(session);
    SSL_CTX_free(context);
    close(fd);
    buffer_free(&unused);
}

static void connect_to(struct script_server *server, struct client *client, struct tls_script *script,
                       const struct sender_settings *settings)
{
    char url[64];
    server_start(server, script_tls, script);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", server->port);
    client_init(client, url, settings);
}

static void finish(struct script_server *server, struct client *client)
{
    client_done(client);
    server_join(server);
}

static void test_tls_verifies_by_default(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct tls_script script = {0};
    struct sender_settings settings = {.tls_server_name = "shop.test"};
    connect_to(&server, &client, &script, &settings);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_TLS);
    assert_non_null(strstr(outcome->detail, "self-signed"));
    assert_true(outcome->closed && outcome->sent_first_mono_ns == 0);
    finish(&server, &client);
    assert_int_equal(script.requests, 0);
}

static void test_tls_trusts_a_given_ca_and_sends_the_name(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct tls_script script = {0};
    struct sender_settings settings = {.tls_server_name = "shop.test", .tls_ca_file = ca_file};
    connect_to(&server, &client, &script, &settings);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_int_equal(outcome->status, 200);
    assert_true(outcome->connect_ns > 0 && outcome->tls_ns > 0);
    assert_true(outcome->connect_start_mono_ns + outcome->connect_ns + outcome->tls_ns <=
                outcome->slot_mono_ns);
    outcome = client_get(&client, GET);
    assert_true(outcome->reused && outcome->tls_ns == 0);
    assert_true(bytes_equal(outcome->body, BYTES_LITERAL("ok")));
    finish(&server, &client);
    assert_int_equal(script.requests, 2);
    assert_string_equal(script.name, "shop.test");
    assert_true(script.notified);
}

static void test_tls_refuses_another_name(void **state)
{
    (void)state;
    static const char *const names[] = {"other.test", NULL}; /* NULL: the address of the URL */
    for (int i = 0; i < 2; i++) {
        struct script_server server;
        struct client client;
        struct tls_script script = {0};
        struct sender_settings settings = {.tls_server_name = names[i], .tls_ca_file = ca_file};
        connect_to(&server, &client, &script, &settings);
        const struct sender_outcome *outcome = client_get(&client, GET);
        assert_int_equal(outcome->error, TRANSPORT_TLS);
        assert_non_null(strstr(outcome->detail, "mismatch"));
        finish(&server, &client);
    }
}

static void test_tls_insecure_trusts_anyone(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct tls_script script = {0};
    struct sender_settings settings = {.tls_insecure = true};
    connect_to(&server, &client, &script, &settings);
    assert_int_equal(client_get(&client, GET)->error, TRANSPORT_NONE);
    finish(&server, &client);
    assert_string_equal(script.name, ""); /* no SNI for an address */
}

static void test_tls_carries_large_bodies_both_ways(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct tls_script script = {.large = true};
    struct sender_settings settings = {.tls_insecure = true};
    char head[80];
    uint8_t *body = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        body[i] = large_byte(i);
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nContent-Length: %u\r\n\r\n", LARGE);
    struct sender_request request = {.head = bytes_of(head), .body = {body, LARGE}, .want_body_bytes = LARGE};
    connect_to(&server, &client, &script, &settings);
    for (int i = 0; i < 2; i++) {
        const struct sender_outcome *outcome = client_ask(&client, &request);
        assert_int_equal(outcome->error, TRANSPORT_NONE);
        assert_int_equal(outcome->body_bytes, LARGE);
        assert_true(bytes_equal(outcome->body, request.body));
    }
    finish(&server, &client);
    assert_true(script.body_equal);
    free(body);
}

static void test_tls_handshake_times_out(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct tls_script script = {.silent = true};
    struct sender_settings settings = {.tls_insecure = true, .connect_timeout_ns = 50 * NS_PER_MS};
    connect_to(&server, &client, &script, &settings);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_TLS_TIMEOUT);
    assert_non_null(strstr(outcome->detail, "TLS"));
    finish(&server, &client);
}

static void script_plain(int listener, void *arg)
{
    (void)arg;
    int fd = server_accept(listener);
    server_write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    close(fd);
}

static void test_tls_tells_a_target_that_speaks_plain_http(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    char url[64];
    server_start(&server, script_plain, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", server.port);
    client_init(&client, url, &(struct sender_settings){.tls_insecure = true});
    assert_int_equal(client_get(&client, GET)->error, TRANSPORT_TLS);
    finish(&server, &client);
}

static void test_tls_tells_a_missing_ca_file(void **state)
{
    (void)state;
    struct target *target = NULL;
    struct sender *sender = NULL;
    struct error err = {0};
    assert_int_equal(target_parse("https://127.0.0.1", &target, &err), 0);
    struct sender_settings settings = {.target = target, .tls_ca_file = "/nonexistent.pem"};
    assert_int_equal(sender_create(&SENDER_UNDER_TEST, &settings, &sender, &err), -1);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "/nonexistent.pem"));
    target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_verifies_by_default),
        cmocka_unit_test(test_tls_trusts_a_given_ca_and_sends_the_name),
        cmocka_unit_test(test_tls_refuses_another_name),
        cmocka_unit_test(test_tls_insecure_trusts_anyone),
        cmocka_unit_test(test_tls_carries_large_bodies_both_ways),
        cmocka_unit_test(test_tls_handshake_times_out),
        cmocka_unit_test(test_tls_tells_a_target_that_speaks_plain_http),
        cmocka_unit_test(test_tls_tells_a_missing_ca_file),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
