#include "replay/sender/curl_failure.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* Returns OpenSSL's reason in libcurl's text, as in "OpenSSL SSL_read: error:0A00045C:SSL routines::...", NULL where it names none. */
static const char *tls_reason(const char *text)
{
    const char *at = strstr(text, "error:");
    if (!at)
        return NULL;
    unsigned long code = strtoul(at + 6, NULL, 16);
    return code ? ERR_reason_error_string(code) : NULL;
}

static const char *verify_reason(const struct curl_failure *failure)
{
    long result = failure->verify_result; /* UNSPECIFIED is libcurl's value for none */
    bool named = result != X509_V_OK && result != X509_V_ERR_UNSPECIFIED;
    return X509_verify_cert_error_string(named ? result : X509_V_ERR_HOSTNAME_MISMATCH);
}

static const char *proxy_answer(long status)
{
    switch (status) {
    case 401:
    case 407:
        return "the proxy wants a user and password (407)";
    case 403:
        return "the proxy forbids the target (403)";
    case 502:
        return "the proxy could not reach the target (502)";
    case 503:
        return "the proxy could not reach the target (503)";
    case 504:
        return "the proxy could not reach the target (504)";
    default:
        return "the proxy refused the tunnel";
    }
}

static enum transport_error socks_failure(long code, const char **ret_detail)
{
    switch (code) {
    case CURLPX_REPLY_CONNECTION_REFUSED:
        *ret_detail = "refused, says the proxy";
        return TRANSPORT_CONNECT_REFUSED;
    case CURLPX_REPLY_HOST_UNREACHABLE:
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
        *ret_detail = "unreachable, says the proxy";
        return TRANSPORT_CONNECT_FAILED;
    case CURLPX_REPLY_NOT_ALLOWED:
        *ret_detail = "the proxy forbids the target";
        return TRANSPORT_CONNECT_FAILED;
    case CURLPX_REPLY_TTL_EXPIRED:
        *ret_detail = "not reached in time, says the proxy";
        return TRANSPORT_CONNECT_TIMEOUT;
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
        *ret_detail = "the proxy wants another user and password";
        return TRANSPORT_CONNECT_FAILED;
    case CURLPX_REQUEST_FAILED:
        *ret_detail = "the proxy could not reach the target";
        return TRANSPORT_CONNECT_FAILED;
    case CURLPX_CLOSED:
        *ret_detail = "closed by the proxy";
        return TRANSPORT_CONNECT_FAILED;
    default:
        *ret_detail = "the proxy failed";
        return TRANSPORT_CONNECT_FAILED;
    }
}

static const char *system_reason(const struct curl_failure *failure)
{
    return failure->os_errno ? strerrordesc_np((int)failure->os_errno) : curl_easy_strerror(failure->code);
}

/* Before the request was begun. */
static enum transport_error opening_failure(const struct curl_failure *failure, const char **ret_detail)
{
    if (failure->code == CURLE_PEER_FAILED_VERIFICATION) {
        *ret_detail = verify_reason(failure);
        return TRANSPORT_TLS;
    }
    if (failure->code == CURLE_PROXY)
        return socks_failure(failure->proxy_code, ret_detail);
    if (failure->proxy_status >= 300) {
        *ret_detail = proxy_answer(failure->proxy_status);
        return TRANSPORT_CONNECT_FAILED;
    }
    switch (failure->code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        *ret_detail = tls_reason(failure->text);
        if (!*ret_detail)
            *ret_detail = failure->os_errno ? strerrordesc_np((int)failure->os_errno)
                                            : "closed by the target in the TLS handshake";
        return TRANSPORT_TLS;
    default:
        break;
    }
    *ret_detail = system_reason(failure);
    if (failure->code == CURLE_COULDNT_CONNECT)
        return failure->os_errno == ECONNREFUSED ? TRANSPORT_CONNECT_REFUSED
               : failure->os_errno == ETIMEDOUT  ? TRANSPORT_CONNECT_TIMEOUT
                                                 : TRANSPORT_CONNECT_FAILED;
    return failure->tls ? TRANSPORT_TLS : TRANSPORT_CONNECT_FAILED;
}

/* The connection, or the stream, ended. */
static enum transport_error gone(const struct curl_failure *failure, const char **ret_detail)
{
    bool reset = failure->os_errno == ECONNRESET || failure->os_errno == EPIPE || failure->http2;
    *ret_detail = failure->http2 ? "the target ended the stream or its connection"
                  : !reset
                      ? failure->begun ? "closed by the target inside its answer" : "closed by the target"
                  : failure->begun ? "reset by the target"
                                   : strerrordesc_np((int)failure->os_errno);
    return failure->begun ? TRANSPORT_INCOMPLETE : reset ? TRANSPORT_RESET : TRANSPORT_CLOSED;
}

static enum transport_error malformed(const struct curl_failure *failure, const char **ret_detail)
{
    *ret_detail = failure->http2                         ? "not HTTP/2"
                  : failure->code == CURLE_OUT_OF_MEMORY ? "response head over the limit"
                  : strstr(failure->text, "HTTP/0.9")    ? "no status line"
                  : strstr(failure->text, "chunk")       ? "bad chunked framing"
                  : strstr(failure->text, "Length")      ? "bad Content-Length"
                                                         : curl_easy_strerror(failure->code);
    return TRANSPORT_MALFORMED;
}

enum transport_error curl_failure_kind(const struct curl_failure *failure, const char **ret_detail)
{
    if (!failure->established)
        return opening_failure(failure, ret_detail);
    if (failure->retried)
        return gone(failure, ret_detail);
    const char *tls = failure->tls ? tls_reason(failure->text) : NULL;
    switch (failure->code) {
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
        return gone(failure, ret_detail);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
        if (tls) {
            *ret_detail = tls;
            return TRANSPORT_TLS;
        }
        if (strstr(failure->text, "chunk"))
            return malformed(failure, ret_detail);
        return gone(failure, ret_detail);
    case CURLE_HTTP2:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY: /* a header line over libcurl's limit */
        return malformed(failure, ret_detail);
    default:
        *ret_detail = system_reason(failure);
        return failure->begun ? TRANSPORT_INCOMPLETE : TRANSPORT_SEND;
    }
}
