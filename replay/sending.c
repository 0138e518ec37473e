#include "replay/sending.h"

#include "common/log.h"
#include "common/mem.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* Returns the option that the sender on libcurl alone knows; NULL: none is given. */
static const char *needs_curl(const struct sending *sending)
{
    return sending->http2       ? "--http2"
           : sending->prior     ? "--http2-prior-knowledge"
           : sending->proxy_url ? "--proxy"
           : sending->cert_file ? "--cert"
                                : NULL;
}

static int check_http2(const struct sending *sending, const struct target *target, struct error *err)
{
    if (sending->http2 && sending->prior)
        return error_set(err, ERROR_USAGE, "--http2 and --http2-prior-knowledge exclude each other");
    if (sending->http2 && !target->tls)
        return error_set(err, ERROR_USAGE,
                         "--http2 is agreed on in TLS and needs an https:// target; without TLS there is "
                         "--http2-prior-knowledge");
    return 0;
}

/* Nobody is there to be asked. */
static int give_no_passphrase(char *to, int size, int writing, void *arg)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

/* Reads what is shown to the target, as each connection will. */
static int read_certificate(const struct sending *sending, struct error *err)
{
    const char *key_file = sending->key_file ? sending->key_file : sending->cert_file;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int status = 0;
    if (!context)
        return error_set(err, ERROR_IO, "--cert: no memory for TLS");
    SSL_CTX_set_default_passwd_cb(context, give_no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, sending->cert_file) != 1)
        status = error_set(err, ERROR_USAGE, "--cert %s: no certificate in PEM", sending->cert_file);
    else if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1)
        status = error_set(err, ERROR_USAGE,
                           "--key %s: no private key in PEM without a passphrase that belongs to %s",
                           key_file, sending->cert_file);
    SSL_CTX_free(context);
    ERR_clear_error();
    return status;
}

static int check_certificate(const struct sending *sending, const struct target *target, struct error *err)
{
    if (sending->key_file && !sending->cert_file)
        return error_set(err, ERROR_USAGE, "--key needs --cert");
    if (sending->cert_file && !target->tls)
        return error_set(err, ERROR_USAGE, "--cert needs an https:// target");
    if (sending->cert_file && access(sending->cert_file, R_OK) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "--cert %s", sending->cert_file);
    if (sending->key_file && access(sending->key_file, R_OK) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "--key %s", sending->key_file);
    return sending->cert_file ? read_certificate(sending, err) : 0;
}

int sending_check(struct sending *sending, const struct target *target, struct error *err)
{
    const char *needs = needs_curl(sending);
    if (sending->choice == SENDING_HTTP1 && needs)
        return error_set(err, ERROR_USAGE, "%s needs --sender curl", needs);
    if (check_http2(sending, target, err) || check_certificate(sending, target, err))
        return -1;
    if (sending->proxy_url && target->is_unix)
        return error_set(err, ERROR_USAGE, "--proxy: no proxy leads to a unix socket");
    if (sending->proxy_url && proxy_parse(sending->proxy_url, &sending->proxy, err))
        return -1;
    if (sending->choice == SENDING_AUTO)
        sending->choice = needs ? SENDING_CURL : SENDING_HTTP1;
    return 0;
}

/* socks4 can carry no other. */
static int keep_v4(struct target *target, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < target->address_count; i++)
        if (target->addresses[i].sockaddr.ss_family == AF_INET)
            target->addresses[kept++] = target->addresses[i];
    target->address_count = kept;
    return kept ? 0 : error_set(err, ERROR_USAGE, "--proxy: socks4 needs a target with an IPv4 address");
}

int sending_resolve(const struct sending *sending, struct target *target, struct error *err)
{
    struct error unknown = {0};
    const struct proxy *proxy = sending->proxy;
    if (!proxy)
        return target_resolve(target, err);
    if (target_resolve(proxy->place, err))
        return error_prefix(err, "--proxy");
    if (target_resolve(target, proxy_resolves(proxy) ? &unknown : err) == 0)
        return proxy->kind == PROXY_SOCKS4 ? keep_v4(target, err) : 0;
    if (!proxy_resolves(proxy))
        return -1;
    log_warning(
        "%s; the proxy is to, and nothing compares its addresses with those that must not be fired at",
        unknown.text);
    target_set_unknown(target);
    return 0;
}

const struct sender_ops *sending_fill(const struct sending *sending, struct sender_settings *settings)
{
    if (!sending || sending->choice != SENDING_CURL)
        return &sender_http1;
    settings->http2 = sending->prior ? SENDER_HTTP2_PRIOR : sending->http2 ? SENDER_HTTP2_ALPN : SENDER_HTTP1;
    settings->proxy = sending->proxy;
    settings->tls_cert_file = sending->cert_file;
    settings->tls_key_file = sending->key_file;
    return &sender_curl;
}

char *sending_describe(const struct sending *sending)
{
    if (sending->choice != SENDING_CURL)
        return xstrdup("http1");
    const char *version = sending->http2   ? ", HTTP/2 by ALPN"
                          : sending->prior ? ", HTTP/2 by prior knowledge"
                                           : ", HTTP/1.1";
    return xasprintf("libcurl %s%s%s%s%s", curl_version_info(CURLVERSION_NOW)->version, version,
                     sending->cert_file ? ", with a client certificate" : "",
                     sending->proxy ? ", through " : "", sending->proxy ? sending->proxy->place->url : "");
}

void sending_note(const struct sending *sending, struct deviations *deviations, struct run_info *info)
{
    for (unsigned i = 0; sending->choice == SENDING_CURL && i < DEVIATION_COUNT; i++) {
        uint64_t count = atomic_load(&deviations->counts[i]);
        if (!count)
            continue;
        run_rewrites_add(&info->deviations, bytes_of(deviation_name((enum deviation)i)));
        info->deviations.items[info->deviations.count - 1].touched = count;
    }
}

void sending_done(struct sending *sending)
{
    proxy_free(sending->proxy);
    sending->proxy = NULL;
}
