#include "replay/sender/failure_advice.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>

#define VERIFY_CODES 100 /* of OpenSSL; those that it does not have get another text */

static bool says(const char *detail, const char *text)
{
    return text && strcmp(detail, text) == 0;
}

static bool says_tls(const char *detail, int reason)
{
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
    return says(detail, ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason)));
}

static bool is_name(const char *detail)
{
    return says(detail, X509_verify_cert_error_string(X509_V_ERR_HOSTNAME_MISMATCH)) ||
           says(detail, X509_verify_cert_error_string(X509_V_ERR_IP_ADDRESS_MISMATCH));
}

static bool is_date(const char *detail)
{
    return says(detail, X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED)) ||
           says(detail, X509_verify_cert_error_string(X509_V_ERR_CERT_NOT_YET_VALID));
}

/* From TLS 1.3 on there is an alert for it; before, any handshake may have failed for it, or for another reason. */
static bool asks_for_certificate(const char *detail)
{
    return says_tls(detail, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
}

static bool is_certificate(const char *detail)
{
    for (long code = X509_V_OK + 1; code < VERIFY_CODES; code++)
        if (says(detail, X509_verify_cert_error_string(code)))
            return true;
    return false;
}

bool failure_is_own(const char *detail)
{
    static const int wants[] = {EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM};
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++)
        if (says(detail, strerrordesc_np(wants[i])))
            return true;
    return false;
}

const char *failure_advice(const char *detail)
{
    if (is_name(detail))
        return "; --sni NAME if its certificate is for another name, or --insecure not to verify it";
    if (is_date(detail))
        return "; renew it, see to the clocks, or --insecure not to verify it";
    if (asks_for_certificate(detail))
        return "; the target wants to see a client's certificate: --cert FILE, and --key FILE";
    if (is_certificate(detail))
        return "; --ca-file FILE with the certificate that signed the target's, or --insecure not to verify "
               "it";
    if (says_tls(detail, SSL_R_WRONG_VERSION_NUMBER) || says_tls(detail, SSL_R_HTTP_REQUEST))
        return "; what listens there seems not to speak TLS: is it an http:// target?";
    if (says(detail, strerrordesc_np(EADDRNOTAVAIL)))
        return "; the local ports are used up: --source-ip for more, or --connections N to share";
    if (failure_is_own(detail))
        return "; raise what this machine allows (ulimit -n), or --connections N to share";
    return "";
}
