#include "capture/recorder.h"

#include "capture/pairing.h"
#include "common/mem.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define GLANCE_BYTES ((uint64_t)16 << 10)

struct recorder {
    struct recorder_options options;
    struct recording *recording;
    struct pairing_pool *pool;
    struct ledger found; /* not_http counts */
    uint64_t put;        /* exchanges given to the recording */
    uint64_t past_count;
    struct http_ports ports;
    uint64_t unselected; /* by what the head of the request did not tell */
    uint64_t sampled_out;
    struct hops *hops;
    uint64_t next_id;
};

/* A connection as the handler's callbacks get it. */
struct recorded_connection {
    struct recorder *recorder;
    struct pairing *pairing; /* NULL: of a server that is not wanted */
};

/* Judges an exchange by the head of its request. */
static enum pairing_wish judge_request(void *arg, const struct exchange *exchange)
{
    struct recorder *recorder = arg;
    struct select *select = recorder->options.select;
    const struct sampling *sampling = recorder->options.recording.writer.sampling;
    http_ports_add(&recorder->ports, exchange->server.port);
    if (select && select_judge(select, exchange, SELECT_KNOWN_HEAD) == SELECT_NO)
        return PAIRING_UNWANTED;
    /* What is selected only later is not counted as sampled out before. */
    if (sampling && sampling_by_head(sampling) && (!select || select_by_head(select)) &&
        sampling_judge(sampling, exchange) == SAMPLING_OUT)
        return PAIRING_SAMPLED_OUT;
    return PAIRING_WANTED;
}

/* Whether a complete exchange, of which judge_request thought well, is to be recorded; counts what is not. */
static bool wants_exchange(struct recorder *recorder, const struct exchange *exchange)
{
    struct select *select = recorder->options.select;
    const struct sampling *sampling = recorder->options.recording.writer.sampling;
    if (select && !select_by_head(select) && select_judge(select, exchange, SELECT_KNOWN_ALL) == SELECT_NO) {
        recorder->unselected++;
        return false;
    }
    hops_see(recorder->hops, exchange);
    if (sampling && sampling_judge(sampling, exchange) == SAMPLING_OUT) {
        recorder->sampled_out++;
        return false;
    }
    return true;
}

static void put(void *arg, struct exchange *exchange)
{
    struct recorder *recorder = arg;
    if (!wants_exchange(recorder, exchange))
        return;
    if (recorder->options.count && recorder->put >= recorder->options.count) {
        recorder->past_count++;
        return;
    }
    exchange->id = recorder->next_id++;
    recorder->put += recording_put(recorder->recording, exchange);
}

static uint64_t opaque_address(const struct recorder *recorder, const struct address *address)
{
    uint8_t data[17] = {address->family};
    memcpy(data + 1, address->ip, address->family == AF_INET ? 4 : 16);
    return keys_opaque_id(recorder->options.recording.writer.keys, data, sizeof data);
}

static uint64_t client_of(void *arg, const struct address *source)
{
    return opaque_address(arg, source);
}

/* Returns how much of a body that is |kept| or not is taken: of one that is dropped in the end only as much as its credentials and ids are
 * looked for in. */
static uint64_t body_bytes(const struct recorder_options *options, bool kept)
{
    return kept || options->max_body_bytes < GLANCE_BYTES ? options->max_body_bytes : GLANCE_BYTES;
}

int recorder_open(const struct recorder_options *options, struct recorder **ret_recorder, struct error *err)
{
    static const enum traffic_bodies wanted[] = {[RECORDER_BODIES_NONE] = TRAFFIC_BODIES_NONE,
                                                 [RECORDER_BODIES_REQUEST] = TRAFFIC_BODIES_REQUEST,
                                                 [RECORDER_BODIES_ALL] = TRAFFIC_BODIES_ALL};
    struct recording *recording;
    struct recording_options recording_options = options->recording;
    recording_options.writer.bodies =
        wanted[options->bodies]; /* dropped there, after their credentials were noted */
    if (recording_open(&recording_options, &recording, err) != 0)
        return -1;
    struct recorder *recorder = xcalloc(1, sizeof *recorder);
    recorder->options = *options;
    recorder->recording = recording;
    recorder->hops = hops_create(client_of, recorder);
    recorder->next_id = (uint64_t)randombytes_random() << 32 | 1;
    recorder->pool = pairing_pool_create(&(struct pairing_settings){
        .done = put,
        .judge = judge_request,
        .arg = recorder,
        .client_of = client_of,
        .max_body_bytes = body_bytes(options, options->bodies != RECORDER_BODIES_NONE),
        .max_response_body_bytes = body_bytes(options, options->bodies == RECORDER_BODIES_ALL),
        .digest_keys = {options->bodies != RECORDER_BODIES_NONE ? options->recording.writer.keys : NULL,
                        options->bodies == RECORDER_BODIES_ALL ? options->recording.writer.keys : NULL},
        .skip_header = options->keep_replays ? "" : NULL,
        .budget = options->memory,
    });
    *ret_recorder = recorder;
    return 0;
}

uint32_t recorder_connection_bytes(void)
{
    return (uint32_t)(sizeof(struct recorded_connection) + BUDGET_BLOCK_BYTES + pairing_base_bytes());
}

static uint64_t opaque_connection(const struct recorder *recorder, const struct flow_info *info)
{
    uint8_t data[2 * 19 + 8] = {0};
    const struct address *ends[2] = {&info->client, &info->server};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *at = data + (size_t)i * 19;
        at[0] = ends[i]->family;
        memcpy(at + 1, ends[i]->ip, 16);
        memcpy(at + 17, &ends[i]->port, 2);
    }
    memcpy(data + 38, &info->first_ns, 8);
    return keys_opaque_id(recorder->options.recording.writer.keys, data, sizeof data);
}

static void *open_connection(void *arg, const struct flow_info *info)
{
    struct recorder *recorder = arg;
    struct recorded_connection *connection = xmalloc(sizeof *connection);
    if (recorder->options.memory)
        budget_charge(recorder->options.memory, sizeof *connection + BUDGET_BLOCK_BYTES);
    connection->recorder = recorder;
    connection->pairing = NULL;
    /* Packets were taken because one end is a wanted server; here it is the client, as a proxy's is behind it. */
    if (recorder->options.servers.count > 0 &&
        !address_ranges_hold(&recorder->options.servers, &info->server)) {
        recorder->found.connections_other_server++;
        return connection;
    }
    connection->pairing =
        pairing_create(recorder->pool, &(struct pairing_connection){
                                           .connection = opaque_connection(recorder, info),
                                           .client = opaque_address(recorder, &info->client),
                                           .server = info->server,
                                           .midstream = info->midstream,
                                           .server_midstream = info->server_midstream,
                                       });
    return connection;
}

static enum pairing_side pairing_side_of(enum flow_side side)
{
    return side == FLOW_CLIENT ? PAIRING_CLIENT : PAIRING_SERVER;
}

static void take_data(void *arg, enum flow_side side, struct bytes data, uint64_t packet_ns,
                      bool segment_start)
{
    struct recorded_connection *connection = arg;
    if (!connection->pairing) {
        connection->recorder->found.bytes_skipped += data.size;
        return;
    }
    pairing_feed(connection->pairing, pairing_side_of(side), data, packet_ns, segment_start);
}

static void take_gap(void *arg, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    struct recorded_connection *connection = arg;
    if (connection->pairing)
        pairing_gap(connection->pairing, pairing_side_of(side), bytes, packet_ns);
}

static void take_mark(void *arg, enum flow_side side, enum flow_mark mark)
{
    struct recorded_connection *connection = arg;
    if (connection->pairing)
        pairing_mark(connection->pairing, pairing_side_of(side),
                     mark == FLOW_CONFLICT ? EXCHANGE_FLAG(CONFLICT) : EXCHANGE_FLAG(URGENT));
}

static void take_end(void *arg, enum flow_side side, uint64_t packet_ns)
{
    struct recorded_connection *connection = arg;
    if (connection->pairing)
        pairing_end(connection->pairing, pairing_side_of(side), true, packet_ns);
}

static void close_connection(void *arg, bool clean, uint64_t packet_ns)
{
    struct recorded_connection *connection = arg;
    if (connection->pairing) {
        pairing_finish(connection->pairing, clean, packet_ns);
        const char *protocol = pairing_protocol(connection->pairing);
        if (protocol)
            ledger_add_protocol(&connection->recorder->found, protocol);
        pairing_free(connection->pairing);
    }
    if (connection->recorder->options.memory)
        budget_release(connection->recorder->options.memory, sizeof *connection + BUDGET_BLOCK_BYTES);
    free(connection);
}

struct flow_handler recorder_handler(struct recorder *recorder)
{
    return (struct flow_handler){
        .arg = recorder,
        .open = open_connection,
        .data = take_data,
        .gap = take_gap,
        .mark = take_mark,
        .end = take_end,
        .close = close_connection,
    };
}

void recorder_tick(struct recorder *recorder, uint64_t now_mono_ns)
{
    recording_tick(recorder->recording, now_mono_ns);
}

void recorder_rotate(struct recorder *recorder)
{
    recording_rotate(recorder->recording);
}

bool recorder_is_done(const struct recorder *recorder)
{
    return (recorder->options.count && recorder->put >= recorder->options.count) ||
           recording_failed(recorder->recording);
}

uint64_t recorder_recorded(const struct recorder *recorder)
{
    return recorder->put;
}

unsigned recorder_backlog(const struct recorder *recorder)
{
    return recording_backlog(recorder->recording);
}

int recorder_finish(struct recorder *recorder, struct error *err)
{
    return recording_finish(recorder->recording, err);
}

void recorder_account(struct recorder *recorder, struct ledger *ledger)
{
    const struct pairing_counts *counts = pairing_pool_counts(recorder->pool);
    struct recording_totals totals;
    recording_totals(recorder->recording, &totals);
    ledger->bytes_recorded += counts->bytes_recorded;
    ledger->bytes_skipped += counts->bytes_skipped + recorder->found.bytes_skipped;
    ledger->connections_other_server += recorder->found.connections_other_server;
    http_ports_sort(&recorder->ports);
    ledger->ports = recorder->ports;
    ledger->bytes_opaque += counts->bytes_opaque;
    ledger->connections_proxied += counts->connections_proxied;
    ledger->connections_tunnelled += counts->connections_tunnelled;
    ledger->requests_seen += counts->requests_seen;
    ledger->requests_recorded += recorder->put - totals.counts.lost - totals.counts.sampled_out;
    ledger->requests_sampled_out +=
        counts->requests_sampled_out + recorder->sampled_out + totals.counts.sampled_out;
    ledger_add_filtered(ledger, LEDGER_FILTER_REPLAY, counts->requests_filtered);
    ledger_add_filtered(ledger, LEDGER_FILTER_SELECT, counts->requests_unwanted + recorder->unselected);
    ledger_add_filtered(ledger, LEDGER_FILTER_PAST_COUNT, recorder->past_count);
    ledger->responses_seen += counts->responses_seen;
    ledger->responses_paired += counts->responses_paired;
    ledger->responses_orphaned += counts->responses_orphaned;
    ledger->responses_interim += counts->responses_interim;
    ledger->bodies_kept += totals.counts.bodies_kept;
    ledger->bodies_cut += totals.counts.bodies_cut;
    ledger->bodies_cut_memory += counts->bodies_cut_memory;
    for (unsigned i = 0; i < BODY_REASON_COUNT; i++)
        ledger->body_dropped[i] += totals.counts.bodies_dropped[i];
    ledger->lost[LEDGER_LOSS_DISK] += totals.counts.lost;
    ledger->lost[LEDGER_LOSS_QUEUE] += totals.shed;
    ledger->lost[LEDGER_LOSS_HTTP09] += counts->requests_lost_http09;
    ledger->lost[LEDGER_LOSS_UNCONFIRMED] += counts->requests_lost_unconfirmed;
    for (unsigned i = 0; i < EXCHANGE_FLAG_COUNT; i++)
        ledger->flags[i] += counts->flags[i] + totals.counts.flags[i];
    for (unsigned i = 0; i < MESSAGE_DEFECT_COUNT; i++) {
        ledger->request_defects[i] += counts->request_defects[i];
        ledger->response_defects[i] += counts->response_defects[i];
    }
    for (unsigned i = UNREPLAYABLE_NONE + 1; i < UNREPLAYABLE_COUNT; i++)
        ledger->unreplayable[i] += totals.counts.unreplayable[i];
    memcpy(ledger->not_http, recorder->found.not_http, sizeof ledger->not_http);
    ledger->not_http_count = recorder->found.not_http_count;
}

bool recorder_find_hops(const struct recorder *recorder, struct hops_finding *ret_finding)
{
    return hops_find(recorder->hops, ret_finding);
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder)
        return;
    recording_free(recorder->recording);
    pairing_pool_free(recorder->pool);
    hops_free(recorder->hops);
    free(recorder);
}
