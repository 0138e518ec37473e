#include "capture/hops.h"

#include "common/clock.h"
#include "common/http1_head.h"
#include "common/mem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SERVERS_MAX  32
#define SETS         512 /* a power of two */
#define WAYS         16
#define PER_SECOND   2000
#define PAIRS_MIN    20
#define OUTER_SHARE  0.5
#define INNER_SHARE  0.8
#define REVERSED_MAX 0.1 /* of the pairs that go forward */

/* An exchange of the near past. */
struct seen {
    uint64_t fingerprint;
    uint64_t first_ns, last_ns; /* last_ns 0: the place is free */
    uint64_t connection;
    uint64_t client;
    uint8_t server;
    uint8_t inner_server; /* where |counted| */
    bool has_inner;       /* is the outer exchange of a pair */
    bool has_outer;       /* is the inner exchange of a pair */
    bool crowded;         /* overlaps another of its fingerprint at its server */
    bool counted;         /* its pair counts only as long as it is not crowded */
};

struct hops {
    uint64_t (*client_of)(void *arg, const struct address *address);
    void *arg;
    struct address servers[SERVERS_MAX];
    uint64_t host[SERVERS_MAX]; /* the server as a client */
    uint64_t asked[SERVERS_MAX];
    uint64_t pairs[SERVERS_MAX][SERVERS_MAX]; /* outer, inner */
    size_t server_count;
    uint64_t second; /* the one that |looked_at| counts in */
    unsigned looked_at;
    uint8_t key[crypto_shorthash_KEYBYTES];
    struct buffer scratch;
    struct seen table[SETS][WAYS];
};

struct hops *hops_create(uint64_t (*client_of)(void *arg, const struct address *address), void *arg)
{
    struct hops *hops = xcalloc(1, sizeof *hops);
    hops->client_of = client_of;
    hops->arg = arg;
    crypto_shorthash_keygen(hops->key);
    return hops;
}

static bool same_address(const struct address *a, const struct address *b)
{
    return a->port == b->port && a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Returns the server's number, SERVERS_MAX where it finds no place. */
static size_t server_of(struct hops *hops, const struct address *server)
{
    size_t at = 0;
    while (at < hops->server_count && !same_address(&hops->servers[at], server))
        at++;
    if (at == hops->server_count && at < SERVERS_MAX) {
        hops->servers[hops->server_count++] = *server;
        hops->host[at] = hops->client_of(hops->arg, server);
    }
    return at;
}

/* Returns whether this exchange is one of those of its second that are looked at. */
static bool look_at(struct hops *hops, uint64_t now_ns)
{
    if (now_ns / NS_PER_S != hops->second) {
        hops->second = now_ns / NS_PER_S;
        hops->looked_at = 0;
    }
    return hops->looked_at < PER_SECOND && ++hops->looked_at;
}

static uint64_t fingerprint_of(struct hops *hops, const struct exchange *exchange)
{
    static const char *const passed_on[] = {"User-Agent", "Cookie", "Authorization", "Content-Type",
                                            "Accept"};
    struct bytes head = buffer_bytes(&exchange->request.head);
    struct http1_request_line line;
    struct http1_field field;
    buffer_clear(&hops->scratch);
    if (http1_request_line(head, &line)) {
        buffer_append_bytes(&hops->scratch, line.method);
        buffer_append_byte(&hops->scratch, ' ');
        buffer_append_bytes(&hops->scratch, line.target);
    }
    buffer_append_varint(&hops->scratch, exchange->request.body.wire_bytes);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        if (http1_find_field(head, passed_on[i], &field))
            buffer_append_bytes(&hops->scratch, field.value);
        buffer_append_byte(&hops->scratch, '\n');
    }
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, hops->scratch.data, hops->scratch.size, hops->key);
    return hash;
}

static bool encloses(const struct seen *outer, const struct seen *inner)
{
    return outer->first_ns <= inner->first_ns && outer->last_ns >= inner->last_ns &&
           (outer->first_ns != inner->first_ns || outer->last_ns != inner->last_ns);
}

static void set_crowded(struct hops *hops, struct seen *seen)
{
    if (seen->counted)
        hops->pairs[seen->server][seen->inner_server]--;
    seen->counted = false;
    seen->crowded = true;
}

static void pair(struct hops *hops, struct seen *outer, struct seen *inner)
{
    outer->has_inner = true;
    inner->has_outer = true;
    bool proven = inner->client == hops->host[outer->server];
    if (!proven && (outer->crowded || inner->crowded))
        return;
    outer->counted = !proven;
    outer->inner_server = inner->server;
    hops->pairs[outer->server][inner->server]++;
}

/* Compares |seen| with those like it, and returns where to keep it. */
static struct seen *compare(struct hops *hops, struct seen *seen)
{
    struct seen *set = hops->table[seen->fingerprint & (SETS - 1)];
    struct seen *inner = NULL, *outer = NULL, *oldest = &set[0];
    for (struct seen *other = set; other < set + WAYS; other++) {
        if (other->last_ns < oldest->last_ns)
            oldest = other;
        if (other->last_ns == 0 || other->fingerprint != seen->fingerprint ||
            other->connection == seen->connection)
            continue;
        if (other->server == seen->server) {
            if (other->last_ns > seen->first_ns && other->first_ns < seen->last_ns) {
                set_crowded(hops, other);
                seen->crowded = true;
            }
        } else if (encloses(seen, other) && !other->has_outer) {
            /* The one that began first fits the fewest of the outer ones to come. */
            if (!inner || other->first_ns < inner->first_ns)
                inner = other;
        } else if (encloses(other, seen) && !other->has_inner) {
            outer = other;
        }
    }
    if (inner)
        pair(hops, seen, inner);
    else if (outer)
        pair(hops, outer, seen);
    return oldest;
}

void hops_see(struct hops *hops, const struct exchange *exchange)
{
    uint64_t last_ns = exchange->response.last_ns;
    if (last_ns == 0 || (exchange->flags & (EXCHANGE_FLAG(UPGRADE) | EXCHANGE_FLAG(CONNECT))))
        return;
    size_t server = server_of(hops, &exchange->server);
    if (hops->server_count < 2 || server == SERVERS_MAX || !look_at(hops, last_ns))
        return;
    hops->asked[server]++;
    struct seen seen = {
        .fingerprint = fingerprint_of(hops, exchange),
        .first_ns = exchange->request.first_ns,
        .last_ns = last_ns,
        .connection = exchange->connection,
        .client = exchange->client,
        .server = (uint8_t)server,
    };
    *compare(hops, &seen) = seen;
}

/* Judges whether |inner| is asked by |outer|. */
static bool is_behind(const struct hops *hops, size_t outer, size_t inner)
{
    double pairs = (double)hops->pairs[outer][inner];
    return pairs > 0 && pairs >= INNER_SHARE * (double)hops->asked[inner] &&
           (double)hops->pairs[inner][outer] <= REVERSED_MAX * pairs;
}

bool hops_find(const struct hops *hops, struct hops_finding *ret_finding)
{
    struct hops_finding best = {0};
    for (size_t outer = 0; outer < hops->server_count; outer++) {
        struct hops_finding finding = {.outer = hops->servers[outer]};
        uint64_t most = 0;
        for (size_t inner = 0; inner < hops->server_count; inner++) {
            if (inner == outer || !is_behind(hops, outer, inner))
                continue;
            finding.pairs += hops->pairs[outer][inner];
            finding.inner_count++;
            if (hops->pairs[outer][inner] > most) {
                most = hops->pairs[outer][inner];
                finding.inner = hops->servers[inner];
            }
        }
        if (finding.pairs < PAIRS_MIN || finding.pairs <= best.pairs)
            continue;
        finding.share_pct = 100.0 * (double)finding.pairs / (double)hops->asked[outer];
        if (finding.share_pct >= 100 * OUTER_SHARE)
            best = finding;
    }
    if (best.pairs > 0)
        *ret_finding = best;
    return best.pairs > 0;
}

void hops_free(struct hops *hops)
{
    if (!hops)
        return;
    buffer_free(&hops->scratch);
    free(hops);
}
