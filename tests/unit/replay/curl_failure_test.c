/* What libcurl's failures are called, by phase. */
#include "replay/sender/curl_failure.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check(struct curl_failure failure, enum transport_error error, const char *detail)
{
    const char *got = NULL;
    if (!failure.text)
        failure.text = "";
    assert_string_equal(transport_error_name(curl_failure_kind(&failure, &got)), transport_error_name(error));
    assert_non_null(got);
    if (!strstr(got, detail))
        fail_msg("'%s' does not say '%s'", got, detail);
}

static void test_failures_before_the_request(void **state)
{
    (void)state;
    check((struct curl_failure){.code = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED},
          TRANSPORT_CONNECT_REFUSED, "refused");
    check((struct curl_failure){.code = CURLE_COULDNT_CONNECT, .os_errno = ETIMEDOUT},
          TRANSPORT_CONNECT_TIMEOUT, "timed out");
    check((struct curl_failure){.code = CURLE_COULDNT_CONNECT, .os_errno = EHOSTUNREACH},
          TRANSPORT_CONNECT_FAILED, "route");
    check((struct curl_failure){.code = CURLE_PEER_FAILED_VERIFICATION,
                                .tls = true,
                                .verify_result = X509_V_ERR_CERT_HAS_EXPIRED},
          TRANSPORT_TLS, "expired");
    check((struct curl_failure){.code = CURLE_PEER_FAILED_VERIFICATION,
                                .tls = true,
                                .verify_result = X509_V_ERR_UNSPECIFIED},
          TRANSPORT_TLS, "mismatch");
    check((struct curl_failure){.code = CURLE_SSL_CONNECT_ERROR,
                                .tls = true,
                                .text = "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number"},
          TRANSPORT_TLS, "wrong version number");
    check((struct curl_failure){.code = CURLE_SSL_CONNECT_ERROR, .tls = true}, TRANSPORT_TLS, "closed");
}

static void test_failures_of_proxies(void **state)
{
    (void)state;
    check((struct curl_failure){.code = CURLE_RECV_ERROR, .tls = true, .proxy_status = 407},
          TRANSPORT_CONNECT_FAILED, "(407)");
    check((struct curl_failure){.code = CURLE_COULDNT_CONNECT, .proxy_status = 502}, TRANSPORT_CONNECT_FAILED,
          "(502)");
    check((struct curl_failure){.code = CURLE_PROXY, .proxy_code = CURLPX_REPLY_CONNECTION_REFUSED},
          TRANSPORT_CONNECT_REFUSED, "says the proxy");
    check((struct curl_failure){.code = CURLE_PROXY, .proxy_code = CURLPX_REPLY_NOT_ALLOWED},
          TRANSPORT_CONNECT_FAILED, "forbids");
    check((struct curl_failure){.code = CURLE_PROXY, .proxy_code = CURLPX_USER_REJECTED},
          TRANSPORT_CONNECT_FAILED, "password");
}

static void test_failures_of_a_request_that_was_begun(void **state)
{
    (void)state;
#define BEGUN .established = true
    check((struct curl_failure){.code = CURLE_GOT_NOTHING, BEGUN}, TRANSPORT_CLOSED, "closed");
    check((struct curl_failure){.code = CURLE_RECV_ERROR, BEGUN, .os_errno = ECONNRESET}, TRANSPORT_RESET,
          "reset");
    check((struct curl_failure){.code = CURLE_SEND_ERROR, BEGUN, .os_errno = EPIPE}, TRANSPORT_RESET, "pipe");
    check((struct curl_failure){.code = CURLE_ABORTED_BY_CALLBACK, BEGUN, .retried = true}, TRANSPORT_CLOSED,
          "closed");
    check((struct curl_failure){.code = CURLE_HTTP2_STREAM, BEGUN, .http2 = true}, TRANSPORT_RESET, "stream");
    check((struct curl_failure){.code = CURLE_HTTP2_STREAM, BEGUN, .http2 = true, .begun = true},
          TRANSPORT_INCOMPLETE, "stream");
    check((struct curl_failure){.code = CURLE_OUT_OF_MEMORY, BEGUN}, TRANSPORT_MALFORMED, "over the limit");
    check((struct curl_failure){.code = CURLE_PARTIAL_FILE, BEGUN, .begun = true}, TRANSPORT_INCOMPLETE,
          "closed");
    check((struct curl_failure){.code = CURLE_RECV_ERROR, BEGUN, .begun = true, .os_errno = ECONNRESET},
          TRANSPORT_INCOMPLETE, "reset");
    check((struct curl_failure){.code = CURLE_UNSUPPORTED_PROTOCOL,
                                BEGUN,
                                .text = "Received HTTP/0.9 when not allowed"},
          TRANSPORT_MALFORMED, "status line");
    check((struct curl_failure){.code = CURLE_RECV_ERROR,
                                BEGUN,
                                .begun = true,
                                .text = "Malformed encoding found in chunked-encoding"},
          TRANSPORT_MALFORMED, "chunked");
    check((struct curl_failure){.code = CURLE_HTTP2, BEGUN, .http2 = true}, TRANSPORT_MALFORMED, "HTTP/2");
    check(
        (struct curl_failure){
            .code = CURLE_RECV_ERROR,
            BEGUN,
            .tls = true,
            .text = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required"},
        TRANSPORT_TLS, "certificate required");
    check((struct curl_failure){.code = CURLE_SEND_FAIL_REWIND, BEGUN}, TRANSPORT_SEND, "rewind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_before_the_request),
        cmocka_unit_test(test_failures_of_proxies),
        cmocka_unit_test(test_failures_of_a_request_that_was_begun),
    };
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL); /* as libcurl */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
