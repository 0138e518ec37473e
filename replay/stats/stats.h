/* Statistics: results in, figures of the whole run and of each endpoint out. Additions only, so that results
 * may come in any order, and partial statistics merge in any grouping, with the same outcome (as long as no
 * cap is hit; what a cap hides is counted). */
#ifndef REPLAY_STATS_STATS_H
#define REPLAY_STATS_STATS_H

#include "common/histogram.h"
#include "replay/diff.h"
#include "replay/result.h"
#include "replay/stats/pace.h"

#include <stddef.h>

#define STATS_ENDPOINTS_MAX   1000 /* more are grouped as "(other)" */
#define STATS_TRANSITIONS_MAX 256  /* status pairs of one endpoint; more are counted in |transitions_over| */
#define STATS_EXAMPLES        5
#define STATS_FAILURES_MAX    64
#define STATS_DETAIL_SIZE     96
#define STATS_WAIT_NS         UINT64_C(1000000) /* shorter waits are not counted */

/* The exchanges with the highest keys, best first; equal keys: lowest id first. */
struct examples {
    struct {
        uint64_t key;
        uint64_t exchange;
    } items[STATS_EXAMPLES];
    size_t count;
};

/* How often one status became another. */
struct transition {
    uint16_t original; /* 0: the recording holds none */
    uint16_t replayed; /* 0: no answer */
    enum transport_error transport;
    enum diff diff;
    uint64_t count;
    struct examples examples; /* lowest ids */
};

/* In what contents differ (replay/content.h), by the result's flag. */
#define CONTENT_DIFFERENCES(X)                                                                               \
    X(CONTENT_TYPE)                                                                                          \
    X(LOCATION)                                                                                              \
    X(COOKIES)                                                                                               \
    X(JSON_SHAPE)                                                                                            \
    X(JSON_VALUES)                                                                                           \
    X(JSON_SENSITIVE)
enum content_difference {
#define X(name) DIFFERS_##name,
    CONTENT_DIFFERENCES(X)
#undef X
        CONTENT_DIFFERENCE_COUNT
};
/* Returns the flag's name. Static. */
const char *content_difference_name(enum content_difference difference);

/* The figures of one endpoint, or of the run. */
struct figures {
    uint64_t results;
    uint64_t ramp_up; /* fired while the pace went up: in none of what follows but the next two */
    uint64_t ramp_up_answered, ramp_up_unconnected;
    uint64_t sent; /* answered + failed */
    uint64_t answered;
    uint64_t failed;
    uint64_t late;
    uint64_t errors; /* failed, or answered with 5xx */
    uint64_t unreplayable;
    uint64_t not_sent;
    uint64_t not_sent_late; /* of those, given up for a delay of the replayer's own */
    uint64_t deferred;      /* waited for what they depend on, longer than STATS_WAIT_NS */
    uint64_t blocked;       /* waited for a connection or at a cap, as long */
    uint64_t pairs;         /* both sides known, credentials known */
    uint64_t status_changed;
    uint64_t worse;
    uint64_t better;
    uint64_t credentials_unknown;
    uint64_t no_original;
    uint64_t transport[TRANSPORT_ERROR_COUNT];
    uint64_t interim, redirected, retry_after, stream_ended; /* answers, by the result's flags */
    uint64_t retried, retries,
        retried_answered;       /* requests tried again, how often in all, answered in the end */
    uint64_t defective, filled; /* fired, likewise */
    uint64_t by_ttfb;           /* comparable pairs whose latencies are those of the first byte */
    uint64_t unreplayable_reason[UNSENT_REASON_COUNT];
    uint64_t not_sent_reason[UNSENT_REASON_COUNT];
    struct histogram original; /* over pairs that answered with the same class, as the next two */
    struct histogram service;
    struct histogram response;
    struct histogram response_unlagged; /* less the send lag */
    struct histogram
        connect; /* over the connections that were made for a request, retries of the kernel included */
    struct histogram tls;      /* over their TLS handshakes */
    struct histogram send_lag; /* over everything that was sent */
    struct examples slowest;   /* by service time */
    uint64_t content_compared, json_compared;
    uint64_t content_differs; /* in anything */
    struct {
        uint64_t count;
        struct examples examples; /* lowest ids */
    } differs[CONTENT_DIFFERENCE_COUNT];
    struct transition *transitions;
    size_t transition_count;
    uint64_t transitions_over;
};

struct endpoint_figures {
    char *name;
    struct figures figures;
};

/* How often requests failed in one way. */
struct failure {
    enum transport_error transport;
    char detail[STATS_DETAIL_SIZE];
    uint64_t count;
    uint64_t shortest_ns, longest_ns; /* it took, result_ended_after_ns */
    struct examples examples;         /* lowest ids */
};

struct stats;

/* Returns owned statistics that tell at most |limit| endpoints apart (0: STATS_ENDPOINTS_MAX). */
struct stats *stats_create(size_t limit);
void stats_free(struct stats *stats);
/* Counts |result|. */
void stats_add(struct stats *stats, const struct result *result);
/* Adds everything that |from| counted. */
void stats_merge(struct stats *stats, const struct stats *from);

/* Returns whether no cap was hit, so that the same results in another order would have come to the same. */
bool stats_is_whole(struct stats *stats);
/* Figures of the whole run, borrowed until the next addition. The transitions stand in order of status. */
const struct figures *stats_total(struct stats *stats);
/* Returns the ways in which requests failed, in order of transport and detail, borrowed until the next addition; at most STATS_FAILURES_MAX, what
 * is over has an empty detail. */
const struct failure *stats_failures(const struct stats *stats, size_t *ret_count);
/* Returns the pace of the whole run, borrowed. */
const struct pace *stats_pace(const struct stats *stats);
/* Returns the endpoints in order of name, borrowed until the next addition. */
const struct endpoint_figures *stats_endpoints(struct stats *stats, size_t *ret_count);
/* Returns the endpoint called |name|, or NULL. */
const struct figures *stats_endpoint(const struct stats *stats, const char *name);
/* Returns how many results were grouped as "(other)" because of the limit. */
uint64_t stats_other(const struct stats *stats);

/* Offers an exchange to |examples|. */
void examples_offer(struct examples *examples, uint64_t key, uint64_t exchange);

#endif
