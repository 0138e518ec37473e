/* Compares recorded traffic with make_pcap's truth: every exchange, every byte.
 *
 *     check_truth [--no-bodies] TRUTH.tsv TRAFFIC [SHOWN]
 *
 * An exchange whose bytes were all captured must be there once, with its heads, its bodies, its status, its four times and its
 * sizes; where the built-in policy replaces a value, something else must stand in its place. An exchange that the capture lacks
 * bytes of may be missing or incomplete; what is there must be its own, and a message with a hole must not pass for whole. One
 * that is there whole, and of which nothing says what answers it (traffic_settled.h), must be there without response or with its own.
 * Where nothing was lost, all must come in the order of the truth. --no-bodies: they were not wanted (--bodies none).
 * The first SHOWN (10) differences are named.
 *
 * The last line is counts as name=number. Ends with 1 where anything is not as it must be. */
#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "common/segment/merge.h"
#include "tests/tools/traffic_truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_INTO 16384 /* bytes of a body that is not kept */

/* A row of the truth while it is compared. */
struct row {
    struct truth_row truth;
    uint64_t place; /* in the order of the truth */
    bool seen;
};

struct check {
    bool no_bodies;
    struct traffic_plan plan;
    struct truth_totals totals;
    struct row *rows; /* by number */
    uint64_t place;   /* of the next exchange */
    uint64_t last_ns;
    struct exchange exchange;
    struct traffic_exchange wanted;
    uint64_t recorded, untouched, touched;                /* exchanges */
    uint64_t unsettled;                                   /* untouched, and nothing says what answers them */
    uint64_t wrong, crossed, invented, twice, disordered; /* must be none */
    uint64_t missing, missing_untouched, unanswered_touched; /* the second must be none */
    uint64_t shown, shown_max;
};

static void complain(struct check *check, uint64_t number, const char *what)
{
    if (check->shown++ < check->shown_max)
        printf("exchange %" PRIu64 ": %s\n", number, what);
}

static bool fail_with(const char **ret_what, const char *what)
{
    *ret_what = what;
    return false;
}

/* ---- bytes with values that were replaced ---- */

/* Takes |literal| from the front of |got|. */
static bool take_literal(struct bytes *got, struct bytes literal)
{
    struct bytes part;
    return bytes_take(got, literal.size, &part) && memcmp(part.data, literal.data, literal.size) == 0;
}

static bool same_part(struct bytes got, const struct traffic_part *want, const char **ret_what)
{
    struct bytes rest = buffer_bytes(&want->bytes), piece;
    size_t at = 0;
    for (size_t i = 0; i < want->span_count; i++) {
        const struct traffic_span *span = &want->spans[i];
        bytes_take(&rest, span->offset - at, &piece);
        if (!take_literal(&got, piece))
            return fail_with(ret_what, "bytes before a sensitive value");
        bytes_take(&rest, span->size, &piece);
        at = span->offset + span->size;
        if (got.size >= piece.size && memcmp(got.data, piece.data, piece.size) == 0)
            return fail_with(ret_what, "a sensitive value stands in clear");
        const uint8_t *end = memchr(got.data, rest.data[0], got.size);
        if (!end)
            return fail_with(ret_what, "bytes after a sensitive value");
        bytes_take(&got, (size_t)(end - got.data), &piece);
    }
    return bytes_equal(got, rest) || fail_with(ret_what, "bytes");
}

/* ---- messages ---- */

static bool same_message(const struct check *check, const struct message *got,
                         const struct traffic_message *want, const uint64_t *times_ns, const char **ret_what)
{
    const struct body *body = &got->body;
    if (got->first_ns != times_ns[0] || got->last_ns != times_ns[1])
        return fail_with(ret_what, "times");
    if (got->defects || got->withheld_lines || got->trailers.size)
        return fail_with(ret_what, "defects");
    if (!same_part(buffer_bytes(&got->head), &want->head, ret_what))
        return false;
    if (body->wire_bytes != want->wire_bytes)
        return fail_with(ret_what, "body bytes");
    if (want->wire_bytes == 0 ? body->state != BODY_EMPTY
                              : body->state != (check->no_bodies ? BODY_DROPPED : BODY_KEPT))
        return fail_with(ret_what, "body state");
    return check->no_bodies || want->wire_bytes == 0 ||
           same_part(buffer_bytes(&body->content), &want->body, ret_what);
}

/* Whose answer stands in |exchange|: the ETag tells; UINT64_MAX where it was not captured. */
static uint64_t answer_of(const struct exchange *exchange)
{
    struct http1_field field;
    uint64_t number;
    bool told = http1_find_field(buffer_bytes(&exchange->response.head), "ETag", &field) &&
                traffic_number(field.value, &number);
    return told ? number : UINT64_MAX;
}

/* Whether sanitizing changes what the ETag of |response| covers. */
static bool tag_gets_stale(const struct traffic_message *response)
{
    return response->wire_bytes > 0 && response->body.span_count > 0;
}

/* Whether |exchange|'s flag that the ETag is stale is right. A body that is not kept is looked into at its beginning only. */
static bool same_staleness(const struct check *check, const struct exchange *exchange)
{
    const struct traffic_message *response = &check->wanted.response;
    bool stale = exchange->flags & EXCHANGE_FLAG(RESPONSE_DIGEST_STALE),
         gets_stale = tag_gets_stale(response);
    return stale == gets_stale || (check->no_bodies && gets_stale && response->wire_bytes > LOOKED_INTO);
}

/* An exchange of which everything was captured. */
static bool check_untouched(struct check *check, const struct row *row, const char **ret_what)
{
    const uint64_t allowed = EXCHANGE_FLAG(PIPELINED) | EXCHANGE_FLAG(INTERIM) |
                             EXCHANGE_FLAG(EARLY_RESPONSE) |
                             (row->truth.lost & TRUTH_START ? EXCHANGE_FLAG(MIDSTREAM) : 0);
    const uint64_t stale = EXCHANGE_FLAG(RESPONSE_DIGEST_STALE);
    const struct exchange *exchange = &check->exchange;
    const uint64_t *times_ns = row->truth.times_ns;
    if (exchange->flags & EXCHANGE_FLAG(NO_RESPONSE))
        return fail_with(ret_what, "no response");
    if ((exchange->flags & ~allowed & ~stale) || !same_staleness(check, exchange))
        return fail_with(ret_what, "flags");
    if (exchange->interim != check->wanted.expects && !(row->truth.lost & TRUTH_INTERIM))
        return fail_with(ret_what, "interim responses");
    return exchange->status == check->wanted.status
               ? same_message(check, &exchange->request, &check->wanted.request, times_ns, ret_what) &&
                     same_message(check, &exchange->response, &check->wanted.response,
                                  times_ns + TRUTH_RESPONSE_FIRST, ret_what)
               : fail_with(ret_what, "status");
}

static bool whole(const struct body *body)
{
    return body->state == BODY_KEPT || body->state == BODY_EMPTY;
}

/* An exchange that the capture lacks bytes of. */
static bool check_touched(struct check *check, const struct row *row, const char **ret_what)
{
    const struct exchange *exchange = &check->exchange;
    const struct truth_row *truth = &row->truth;
    const uint64_t requests = TRUTH_REQUEST_HEAD | TRUTH_REQUEST_BODY;
    const uint64_t cut = EXCHANGE_FLAG(HEAD_CUT), answers = TRUTH_RESPONSE_HEAD | TRUTH_RESPONSE_BODY;
    const uint64_t request_cut = cut | EXCHANGE_FLAG(REQUEST_GAP) | EXCHANGE_FLAG(REQUEST_INCOMPLETE);
    const uint64_t answer_cut = cut | EXCHANGE_FLAG(RESPONSE_GAP) | EXCHANGE_FLAG(RESPONSE_INCOMPLETE);
    if (!(truth->lost & requests) &&
        !same_message(check, &exchange->request, &check->wanted.request, truth->times_ns, ret_what))
        return false;
    if ((truth->lost & requests) && !(exchange->flags & request_cut))
        return fail_with(ret_what, "a request with a hole passes for whole");
    if ((truth->lost & TRUTH_REQUEST_BODY) && whole(&exchange->request.body))
        return fail_with(ret_what, "a request body with a hole passes for whole");
    if (!exchange_has_response(exchange)) {
        check->unanswered_touched++;
        return true;
    }
    if (!(truth->lost & answers))
        return same_message(check, &exchange->response, &check->wanted.response,
                            truth->times_ns + TRUTH_RESPONSE_FIRST, ret_what);
    if (exchange->status != check->wanted.status)
        return fail_with(ret_what, "status of a response with a hole");
    if (truth->times_ns[TRUTH_RESPONSE_FIRST] &&
        exchange->response.first_ns != truth->times_ns[TRUTH_RESPONSE_FIRST])
        return fail_with(ret_what, "first time of a response with a hole");
    if (!(exchange->flags & answer_cut))
        return fail_with(ret_what, "a response with a hole passes for whole");
    if ((truth->lost & TRUTH_RESPONSE_BODY) && whole(&exchange->response.body))
        return fail_with(ret_what, "a response body with a hole passes for whole");
    return true;
}

/* ---- the traffic ---- */

/* Finds the request that |exchange| has only the beginning of a line of: one that lost bytes of its head, by its time. */
static bool find_cut(const struct check *check, uint64_t *ret_number)
{
    const struct message *request = &check->exchange.request;
    if (!(request->defects & MESSAGE_DEFECT(START_LINE_CUT)))
        return false;
    for (uint64_t number = 0; number < check->plan.count; number++) {
        const struct row *row = &check->rows[number];
        *ret_number = number;
        if ((row->truth.lost & TRUTH_REQUEST_HEAD) && !row->seen &&
            row->truth.times_ns[TRUTH_REQUEST_FIRST] == request->first_ns)
            return true;
    }
    return false;
}

/* Finds which request stands in the exchange. */
static bool find_number(const struct check *check, uint64_t *ret_number)
{
    struct http1_request_line line;
    *ret_number = UINT64_MAX;
    if (!http1_request_line(buffer_bytes(&check->exchange.request.head), &line))
        return find_cut(check, ret_number);
    return traffic_number(line.target, ret_number) && *ret_number < check->plan.count &&
           bytes_equal(line.target, bytes_of(check->rows[*ret_number].truth.target));
}

static void check_exchange(struct check *check)
{
    const struct exchange *exchange = &check->exchange;
    uint64_t number;
    check->recorded++;
    if (!find_number(check, &number)) {
        check->invented++;
        complain(check, number, "was never asked");
        return;
    }
    struct row *row = &check->rows[number];
    if (row->seen) {
        check->twice++;
        complain(check, number, "is there twice");
        return;
    }
    row->seen = true;
    bool order = exchange->request.first_ns >= check->last_ns &&
                 (check->totals.packets_lost || row->place == check->place);
    if (!order && check->disordered++ == 0)
        complain(check, number, "is out of order");
    check->place = row->place + 1;
    check->last_ns = exchange->request.first_ns;
    uint64_t answer = answer_of(exchange);
    if (answer != UINT64_MAX && answer != number) {
        check->crossed++;
        complain(check, number, "has the answer to another request");
        return;
    }
    traffic_make(&check->plan, number, &check->wanted);
    const char *what = "";
    bool lenient = row->truth.lost & (TRUTH_TOUCHED | TRUTH_UNSETTLED);
    bool right = lenient ? check_touched(check, row, &what) : check_untouched(check, row, &what);
    if (!right) {
        check->wrong++;
        complain(check, number, what);
    }
}

static int read_truth(struct check *check, const char *path)
{
    struct truth_reader *reader = truth_open(path, &check->plan);
    if (!reader) {
        fprintf(stderr, "check_truth: %s is no truth\n", path);
        return -1;
    }
    check->rows = xcalloc(check->plan.count, sizeof *check->rows);
    struct truth_row truth;
    uint64_t count = 0;
    for (; truth_next(reader, &truth, &check->totals) && truth.number < check->plan.count; count++) {
        check->rows[truth.number] = (struct row){.truth = truth, .place = count};
        *(truth.lost & TRUTH_TOUCHED ? &check->touched : &check->untouched) += 1;
        check->unsettled += !(truth.lost & TRUTH_TOUCHED) && (truth.lost & TRUTH_UNSETTLED);
    }
    truth_close(reader);
    if (count == check->plan.count && check->totals.packets > 0)
        return 0;
    fprintf(stderr, "check_truth: %s is not whole\n", path);
    return -1;
}

static int read_traffic(struct check *check, const char *path)
{
    struct error err = {0};
    struct merge *merge;
    if (merge_open(&path, 1, SEGMENT_EXCHANGES, 0, &merge, &err) != 0) {
        fprintf(stderr, "check_truth: %s\n", err.text);
        return -1;
    }
    struct merge_record record;
    struct bytes payload;
    while (merge_next(merge, &record) == MERGE_RECORD) {
        if (exchange_decode(record.meta, &check->exchange) && merge_payload(merge, &payload) &&
            exchange_decode_payload(payload, &check->exchange)) {
            check_exchange(check);
        } else {
            check->wrong++;
            complain(check, UINT64_MAX, "a damaged record");
        }
    }
    const struct merge_damage *damage = merge_damage(merge);
    check->wrong += damage->blocks_damaged + damage->segments_refused;
    merge_close(merge);
    return 0;
}

static void count_missing(struct check *check)
{
    for (uint64_t i = 0; i < check->plan.count; i++) {
        const struct row *row = &check->rows[i];
        if (row->seen)
            continue;
        check->missing++;
        if (row->truth.lost & TRUTH_TOUCHED)
            continue;
        check->missing_untouched++;
        complain(check, i, "was captured whole and is missing");
    }
}

static bool print_counts(const struct check *check)
{
    uint64_t bad = check->wrong + check->crossed + check->invented + check->twice + check->disordered +
                   check->missing_untouched;
    printf("exchanges=%" PRIu64 " recorded=%" PRIu64 " untouched=%" PRIu64 " touched=%" PRIu64
           " unsettled=%" PRIu64 " wrong=%" PRIu64 " crossed=%" PRIu64 " invented=%" PRIu64 " twice=%" PRIu64
           " disordered=%" PRIu64 " missing=%" PRIu64 " missing_untouched=%" PRIu64
           " unanswered_touched=%" PRIu64 " packets_lost=%" PRIu64 " holes=%" PRIu64
           " holes_hiding_a_head=%" PRIu64 " bytes_lost=%" PRIu64 "\n",
           check->plan.count, check->recorded, check->untouched, check->touched, check->unsettled,
           check->wrong, check->crossed, check->invented, check->twice, check->disordered, check->missing,
           check->missing_untouched, check->unanswered_touched, check->totals.packets_lost,
           check->totals.holes, check->totals.holes_hiding, check->totals.bytes_lost);
    return bad == 0;
}

int main(int argc, char **argv)
{
    struct check check = {.no_bodies = argc > 1 && strcmp(argv[1], "--no-bodies") == 0};
    argc -= check.no_bodies;
    argv += check.no_bodies;
    check.shown_max = argc == 4 ? strtoull(argv[3], NULL, 10) : 10;
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: check_truth [--no-bodies] TRUTH.tsv TRAFFIC [SHOWN]\n");
        return 2;
    }
    bool right = false;
    if (read_truth(&check, argv[1]) == 0 && read_traffic(&check, argv[2]) == 0) {
        count_missing(&check);
        right = print_counts(&check);
    }
    exchange_free(&check.exchange);
    traffic_free(&check.wanted);
    free(check.rows);
    return right ? 0 : 1;
}
