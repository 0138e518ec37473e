#include "replay/sender/tls.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct tls_context {
    SSL_CTX *ssl_ctx;
    char *server_name;
    bool name_is_address;
};

static bool is_address(const char *name)
{
    uint8_t parsed[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, parsed) == 1 || inet_pton(AF_INET6, name, parsed) == 1;
}

/* Returns the text of the oldest error in OpenSSL's queue, which it empties. */
static const char *queued_failure(void)
{
    unsigned long code = ERR_get_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return text ? text : "TLS failure";
}

static int load_trust(struct tls_context *context, const char *ca_file, bool insecure, struct error *err)
{
    if (insecure) {
        SSL_CTX_set_verify(context->ssl_ctx, SSL_VERIFY_NONE, NULL);
        return 0;
    }
    SSL_CTX_set_verify(context->ssl_ctx, SSL_VERIFY_PEER, NULL);
    if (ca_file && SSL_CTX_load_verify_file(context->ssl_ctx, ca_file) != 1)
        return error_set(err, ERROR_USAGE, "cannot load certificates from %s: %s", ca_file, queued_failure());
    if (!ca_file && SSL_CTX_set_default_verify_paths(context->ssl_ctx) != 1)
        return error_set(err, ERROR_IO, "cannot load the system's certificates: %s", queued_failure());
    return 0;
}

int tls_context_create(const char *server_name, const char *ca_file, bool insecure,
                       struct tls_context **ret_context, struct error *err)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    struct tls_context *context = xcalloc(1, sizeof *context);
    context->server_name = xstrdup(server_name);
    context->name_is_address = is_address(server_name);
    context->ssl_ctx = SSL_CTX_new(TLS_client_method());
    if (!context->ssl_ctx) {
        error_set(err, ERROR_IO, "cannot set up TLS: %s", queued_failure());
        goto fail;
    }
    SSL_CTX_set_mode(context->ssl_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Servers in the wild close without close_notify; the framing of HTTP tells a cut body. */
    SSL_CTX_set_options(context->ssl_ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(context->ssl_ctx, 1); /* one recv(2) for a record, not two */
    SSL_CTX_set_alpn_protos(context->ssl_ctx, alpn, sizeof alpn - 1);
    if (load_trust(context, ca_file, insecure, err) < 0)
        goto fail;
    *ret_context = context;
    return 0;
fail:
    tls_context_free(context);
    return -1;
}

void tls_context_free(struct tls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl_ctx);
    free(context->server_name);
    free(context);
}

SSL *tls_session_create(struct tls_context *context, int fd)
{
    SSL *session = SSL_new(context->ssl_ctx);
    if (!session)
        return NULL;
    bool named = context->name_is_address
                     ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), context->server_name) == 1
                     : SSL_set_tlsext_host_name(session, context->server_name) == 1 &&
                           SSL_set1_host(session, context->server_name) == 1;
    if (!named || SSL_set_fd(session, fd) != 1) {
        ERR_clear_error();
        SSL_free(session);
        return NULL;
    }
    SSL_set_connect_state(session);
    return session;
}

const char *tls_failure(SSL *session)
{
    long verified = SSL_get_verify_result(session);
    if (verified != X509_V_OK && SSL_get_verify_mode(session) != SSL_VERIFY_NONE) {
        ERR_clear_error();
        return X509_verify_cert_error_string(verified);
    }
    return queued_failure();
}
