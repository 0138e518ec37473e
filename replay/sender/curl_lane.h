/* What the two halves of the sender on libcurl share: curl_sender.c, which moves lanes and connections, and curl_lane.c, which
 * tells libcurl what to send and hears from it. */
#ifndef REPLAY_SENDER_CURL_LANE_H
#define REPLAY_SENDER_CURL_LANE_H

#include "common/keymap.h"
#include "replay/proxy.h"
#include "replay/sender/curl_answer.h"
#include "replay/sender/curl_failure.h"
#include "replay/sender/curl_loop.h"
#include "replay/sender/curl_request.h"
#include "replay/sender/deadlines.h"
#include "replay/sender/stream.h"

#include <event2/event_struct.h>
#include <stddef.h>

/* Connections of one multi handle; of those one line of HTTP/2 may take so many. */
#define CURL_CONNECTIONS_MAX   128
#define CURL_HTTP2_CONNECTIONS 6
#define CURL_NOWHERE           UINT64_MAX

struct curl_sender {
    struct sender base;
    struct event_base *loop;
    const struct target *target;
    const struct proxy *proxy;
    enum sender_http2 http2;
    struct sender_settings settings;
    struct curl_way way;
    struct deviations *deviations;
    char *url;      /* that libcurl is told: scheme, name for TLS, port */
    char *absolute; /* of |way| */
    size_t next_source, next_proxy;
    struct deadlines connects;
    struct deadlines requests;
    struct keymap lines; /* HTTP/2: by group */
    struct {
        struct curl_loop *loop;
        size_t lines;
    } * loops;
    size_t loop_count;
};

/* A connection, or the place of one, and the lanes that share it. The share handle exists while libcurl has or makes the
 * connection; |stream| while we have it. */
struct curl_line {
    struct curl_sender *sender;
    struct keymap_key key;
    const struct target_address *target_address;
    const struct target_address *address; /* to connect to: the proxy's, where there is one */
    struct curl_loop *loop;
    size_t loop_index;
    struct curl_lane *first;
    unsigned open; /* lanes that are not CLOSED */

    struct stream stream; /* connected, or being so; not handed over yet */
    bool connecting;
    struct event writable;
    struct sender_opening opening;

    CURLSH *share;
    unsigned sockets; /* that libcurl has open */
    int fd;           /* the last of those */
    struct event closed;
    bool watched;
    struct event look;     /* for those that wait (curl_waiting.h) */
    uint64_t free_mono_ns; /* connected, or done with the last request */
    uint64_t carried;      /* requests on the connection that is open */
};

enum curl_step {
    CURL_STEP_NONE,
    CURL_STEP_WAITING, /* for TCP */
    CURL_STEP_RUNNING, /* the transfer is added to the multi handle */
};

/* BUSY exactly while |done| is owed. */
struct curl_lane {
    struct sender_lane base;
    struct curl_sender *sender;
    struct curl_line *line;
    struct curl_lane *next, *previous; /* of the line */
    CURL *transfer;
    struct curl_slist *connect_to, *resolve;
    enum curl_step step;

    sender_opened_fn opened;
    void *opened_arg;
    sender_done_fn done;
    void *done_arg;
    struct curl_request request;
    struct curl_answer answer;
    struct sender_outcome outcome;
    uint64_t fired_mono_ns;
    bool waited;         /* for the connection, when it was fired */
    bool tls_late;       /* opened ahead, as far as TCP goes */
    bool established;    /* the connection is there, the request is being sent */
    bool retried;        /* libcurl wanted to send it again */
    bool stream_refused; /* HTTP/2: the target did not look at it */
    uint64_t connection,
        stream; /* likewise: where the request is, as libcurl numbers them; CURL_NOWHERE: not known */
    bool made_connection; /* for this request */
    bool handed_over;     /* and it was ours */
    bool answered_early;  /* HTTP/2: completely, and the request is not sent yet */
    bool upgrades;        /* would ask for HTTP/2 if the connection were not there; it is */
    bool begin_anew;      /* it was not, or has no room */
    bool is_anew;         /* it is meant to be */
    unsigned tries;
    bool is_connected; /* the socket that libcurl asks about is */
    size_t content_given;
    bool content_ended;
    bool had_trailers; /* the request before */
    curl_off_t uploaded;
    uint64_t uploaded_mono_ns; /* when that last grew */
    char error_text[CURL_ERROR_SIZE];

    uint64_t end_after_ns; /* of the request; 0 once |lasting| runs */
    struct event lasting;  /* in the place of the request's deadline, up to: */
    uint64_t lasting_until_ns;
    struct event deferred; /* what is to be told from the loop */
    enum transport_error deferred_error;
    const char *deferred_detail;
    struct deadline connect_deadline;
    struct deadline request_deadline;
};

#define CURL_LANE_OF(member, pointer)                                                                        \
    ((struct curl_lane *)((char *)(pointer)-offsetof(struct curl_lane, member)))

/* Closes the connection; no lane of the line may have a transfer under way. */
void curl_line_drop(struct curl_line *line);
/* Looks again after |wait_ns| whether the response lasts too long. */
void curl_lane_let_last(struct curl_lane *lane, uint64_t wait_ns);
/* Has |error| (NONE: it is open) told from the loop. */
void curl_lane_defer(struct curl_lane *lane, enum transport_error error, const char *detail);
/* Takes the transfer out of the multi handle and adds it again. */
void curl_lane_begin_again(struct curl_lane *lane);
/* Makes |lane|'s transfer, and tells libcurl what holds for all requests of it. */
void curl_lane_set_up(struct curl_lane *lane);
/* Frees what that made; the transfer is not under way. */
void curl_lane_tear_down(struct curl_lane *lane);
/* Tells it the one in |lane->request|. */
void curl_lane_set_request(struct curl_lane *lane);

#endif
