/* The core that says what a failure of libcurl means for a request: one of the kinds that every sender tells apart. */
#ifndef REPLAY_SENDER_CURL_FAILURE_H
#define REPLAY_SENDER_CURL_FAILURE_H

#include "replay/result.h"

#include <curl/curl.h>
#include <stdbool.h>

/* What is known of a transfer that ended with |code|. */
struct curl_failure {
    CURLcode code;
    bool tls;           /* the target is https */
    bool established;   /* the connection was there, and the request begun */
    bool begun;         /* a byte of the final response was seen */
    bool sent;          /* all of the request was sent */
    bool retried;       /* libcurl would have sent the request again */
    bool http2;         /* on a connection of HTTP/2 */
    long os_errno;      /* of the last failure of the system, or 0 */
    long verify_result; /* OpenSSL's, of the target's certificate */
    long proxy_status;  /* with which a proxy answered CONNECT, or 0 */
    long proxy_code;    /* CURLproxycode */
    const char *text;   /* of libcurl's error buffer */
};

/* Returns the kind of |failure|; |ret_detail| is static text that says more. */
enum transport_error curl_failure_kind(const struct curl_failure *failure, const char **ret_detail);

#endif
