/* The result: what became of one recorded exchange in a replay. Stored as segment records of kind
 * SEGMENT_RESULTS. */
#ifndef REPLAY_RESULT_H
#define REPLAY_RESULT_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of the request. */
#define RESULT_OUTCOMES(X)                                                                                   \
    X(ANSWERED, "answered")         /* a final response arrived */                                           \
    X(FAILED, "failed")             /* fired; |transport| says how it failed */                              \
    X(UNREPLAYABLE, "unreplayable") /* cannot be fired truthfully; |reason| */                               \
    X(NOT_SENT, "not_sent")         /* could have been fired, was not; |reason| */
enum result_outcome {
#define X(name, text) RESULT_##name,
    RESULT_OUTCOMES(X)
#undef X
        RESULT_OUTCOME_COUNT
};

/* How a fired request failed. */
#define TRANSPORT_ERRORS(X)                                                                                  \
    X(NONE, "none")                                                                                          \
    X(CONNECT_REFUSED, "connect_refused")                                                                    \
    X(CONNECT_TIMEOUT, "connect_timeout")                                                                    \
    X(CONNECT_FAILED, "connect_failed") /* unreachable, no descriptor, ... */                                \
    X(TLS, "tls")                                                                                            \
    X(SEND, "send")                                                                                          \
    X(RESET, "reset")               /* reset before the response began */                                    \
    X(INCOMPLETE, "incomplete")     /* closed or reset inside the response */                                \
    X(MALFORMED, "malformed")       /* not HTTP */                                                           \
    X(TIMEOUT, "timeout")           /* no byte of the response in time */                                    \
    X(CLOSED, "closed")             /* closed before the response began */                                   \
    X(TLS_TIMEOUT, "tls_timeout")   /* no end of the handshake in time */                                    \
    X(SEND_TIMEOUT, "send_timeout") /* the target did not take all of the request in time */                 \
    X(BODY_TIMEOUT, "body_timeout") /* the response began, and did not end in time */
enum transport_error {
#define X(name, text) TRANSPORT_##name,
    TRANSPORT_ERRORS(X)
#undef X
        TRANSPORT_ERROR_COUNT
};

/* Why a request was not fired. */
#define UNSENT_REASONS(X)                                                                                    \
    X(NONE, "none")                                                                                          \
    X(BODY_CUT, "body_cut")                                                                                  \
    X(BODY_DROPPED, "body_dropped")                                                                          \
    X(UPGRADE, "upgrade")                                                                                    \
    X(CONNECT, "connect")                                                                                    \
    X(FLAGGED, "flagged")       /* it has a defect, and --fire-flagged is not given */                       \
    X(INCOMPLETE, "incomplete") /* the recording does not hold all of the request */                         \
    X(HEADER_WITHHELD, "header_withheld")                                                                    \
    X(DURATION, "duration")                                                                                  \
    X(COUNT, "count")                                                                                        \
    X(INTERRUPTED, "interrupted")                                                                            \
    X(ABORTED, "aborted")                                                                                    \
    X(REWRITE_FAILED, "rewrite_failed") /* a rewrite hit its limits, or made no request */                   \
    X(MAX_LAG, "max_lag")               /* its turn came later than --max-lag allows */                      \
    X(DEFECT_LOST, "defect_lost")       /* a defect of which the recording does not keep the bytes */
enum unsent_reason {
#define X(name, text) UNSENT_##name,
    UNSENT_REASONS(X)
#undef X
        UNSENT_REASON_COUNT
};

/* Flags of a result. */
#define RESULT_FLAGS(X)                                                                                      \
    X(LATE, "late")           /* send lag over 1 ms */                                                       \
    X(REUSED, "reused")       /* on a connection that had carried another request */                         \
    X(REOPENED, "reopened")   /* its recorded connection had been closed by the target */                    \
    X(PIPELINED, "pipelined") /* pipelined in the recording, sent one by one */                              \
    X(EARLY_RESPONSE, "early_response")                                                                      \
    X(LINKED, "linked")     /* a recorded credential was replaced by what the target issued */               \
    X(UNLINKED, "unlinked") /* carries a pseudonym for which the target issued nothing */                    \
    X(LOGIN_OK, "login_ok") /* this session obtained a credential from the target */                         \
    X(CREDENTIALS_UNKNOWN,                                                                                   \
      "credentials_unknown") /* 401, 403 or a login page, original not, and no login worked, or none can */  \
    X(CONNECTION_WAIT, "connection_wait")     /* waited for a connection because of a cap */                 \
    X(CONDITIONAL_EQUAL, "conditional_equal") /* 200 against 304 on an unlinked validator */                 \
    X(CONTENT_COMPARED, "content_compared")   /* beyond the status, see content.h; these differ: */          \
    X(CONTENT_TYPE, "content_type")                                                                          \
    X(LOCATION, "location")                                                                                  \
    X(COOKIES, "cookies")                                                                                    \
    X(JSON_COMPARED, "json_compared")                                                                        \
    X(JSON_SHAPE, "json_shape")                                                                              \
    X(JSON_VALUES, "json_values")                                                                            \
    X(JSON_SENSITIVE, "json_sensitive")                                                                      \
    X(LINK_TIMEOUT, "link_timeout") /* did not wait longer for the answer whose value it uses */             \
    X(RAMP_UP, "ramp_up")           /* sent while the pace went up: not judged */                            \
    X(INTERIM, "interim")           /* 1xx came before the answer */                                         \
    X(REDIRECTED, "redirected")     /* answered with 301, 302, 303, 307 or 308; not followed */              \
    X(RETRY_AFTER, "retry_after")   /* answered with 429 or 503, and when to ask again; not done */          \
    X(DEFECTIVE, "defective")       /* fired with the recorded defect: --fire-flagged */                     \
    X(FILLED, "filled")             /* fired with filler for a body: --fill-bodies; not compared */          \
    X(BY_TTFB, "by_ttfb") /* an event stream or a long poll: its latency is that of its first byte */        \
    X(STREAM_ENDED,                                                                                          \
      "stream_ended")     /* the replayer ended such an answer, which lasted as long as recorded */          \
    X(RETRIED, "retried") /* tried again by --retry; instants and status are the last attempt's */
enum result_flag {
#define X(name, text) RESULT_FLAG_BIT_##name,
    RESULT_FLAGS(X)
#undef X
        RESULT_FLAG_COUNT
};
#define RESULT_FLAG(name) (UINT64_C(1) << RESULT_FLAG_BIT_##name)

const char *result_outcome_name(enum result_outcome outcome);
const char *transport_error_name(enum transport_error error);
/* Returns whether |error| is one of making the connection, TLS included. */
bool transport_is_opening(enum transport_error error);
const char *unsent_reason_name(enum unsent_reason reason);
const char *result_flag_name(unsigned bit);

/* One result. Views borrow from whoever made the result (an exchange, or the record it was decoded from). */
struct result {
    uint64_t exchange; /* id of the recorded exchange */
    uint64_t session;
    uint32_t iteration; /* --loop, from 0 */
    struct bytes method;
    struct bytes target;   /* as recorded */
    struct bytes endpoint; /* METHOD /template, see common/endpoint.h */

    uint16_t original_status;     /* 0: no response was recorded */
    uint64_t original_service_ns; /* first request byte to last response byte */
    uint64_t original_ttfb_ns;

    enum result_outcome outcome;
    enum transport_error transport;
    struct bytes detail; /* what is known of |transport|, for people: the reason of a TLS failure, ... */
    enum unsent_reason reason;
    uint64_t flags;          /* RESULT_FLAG bits */
    uint16_t status;         /* 0: none */
    uint64_t response_bytes; /* body as transferred */

    /* Instants in nanoseconds since the run's start (monotonic); 0 where it did not happen. */
    uint64_t intended_ns; /* the schedule */
    uint64_t eligible_ns; /* what it depends on was answered */
    uint64_t slot_ns;     /* a connection was free */
    uint64_t connect_ns;  /* duration of connecting for this request (TCP), 0 where one was there */
    uint64_t tls_ns;      /* duration of its TLS handshake */
    uint64_t sent_first_ns;
    uint64_t sent_last_ns;
    uint64_t first_byte_ns;
    uint64_t done_ns;

    /* With the flag RETRIED. */
    uint32_t retries;       /* attempts before this one */
    uint64_t first_sent_ns; /* of the first attempt; 0: nothing of it was sent */
    enum transport_error first_transport;
    uint16_t first_status;
};

/* first byte sent to last byte received; 0 without a response. Compared with original_service_ns. */
uint64_t result_service_ns(const struct result *result);
/* intended to last byte received; 0 without a response. */
uint64_t result_response_ns(const struct result *result);
/* last request byte to first response byte, never below 0. */
uint64_t result_ttfb_ns(const struct result *result);
/* How long it took to end: from its first byte, or where none was sent from when it should have been, to its end. */
uint64_t result_ended_after_ns(const struct result *result);
/* sent - max(intended, eligible, slot): the replayer's own error. */
uint64_t result_send_lag_ns(const struct result *result);

/* Returns the flags that tell more of an answer with |status|, |head| (status line to empty line) and so many interim ones before it. */
uint64_t result_flags_of_answer(uint16_t status, struct bytes head, uint32_t interim_count);

/* Appends the record's metadata form. */
void result_encode(const struct result *result, struct buffer *meta);
/* Reads it back; views borrow from |meta|. Returns false where |meta| is not a result. */
bool result_decode(struct bytes meta, struct result *result);

#endif
