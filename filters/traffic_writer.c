#include "filters/traffic_writer.h"

#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "filters/links.h"
#include "filters/policy/policy.h"
#include "filters/rekey.h"
#include "filters/sanitize.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What both bodies of an exchange may have together, so that it fits in a record. */
#define BODIES_MAX (SEGMENT_RECORD_MAX - 64)
/* Beyond this a block takes nothing more: what its records hold besides heads and bodies fits in the rest. */
#define BLOCK_FULL (FORMAT_BLOCK_RAW_MAX / 2)

struct traffic_writer {
    struct segment_writer *segments;
    const struct policy *policy;
    const struct keys *keys;
    enum traffic_bodies wanted;
    const struct sampling *sampling;
    bool unsanitized;
    int level;
    struct block_pause pause;
};

struct traffic_lane {
    struct traffic_writer *writer;
    struct sanitizer *sanitizer;
    struct block_builder *block;
    struct block_frames frames; /* of the block that was compressed */
    size_t compressed;          /* records in them; 0: none */
    struct origins origins;     /* of the block */
    struct traffic_counts counts;
    struct buffer meta;
    struct links_former links; /* of an exchange that was stored before */
    struct buffer scratch;
};

static struct segment_writer_options segment_options(const struct traffic_writer_options *options,
                                                     const struct policy *policy)
{
    static const uint8_t no_id[sizeof options->capture_id];
    struct segment_writer_options segments = {
        .folder = options->folder,
        .level = options->level,
        .resumes = options->resumes,
        .header = {.kind = SEGMENT_EXCHANGES,
                   .sanitized = !options->unsanitized,
                   .writer = (char *)"rehearse " REHEARSE_VERSION,
                   .policy = options->unsanitized ? NULL : (char *)policy_text(policy)},
    };
    if (memcmp(options->capture_id, no_id, sizeof no_id) == 0)
        randombytes_buf(segments.header.capture_id, sizeof segments.header.capture_id);
    else
        memcpy(segments.header.capture_id, options->capture_id, sizeof segments.header.capture_id);
    if (!options->unsanitized)
        memcpy(segments.header.policy_hash, policy_hash(policy), SEGMENT_HASH_SIZE);
    memcpy(segments.header.key_id, keys_id(options->keys), SEGMENT_KEY_ID_SIZE);
    memcpy(segments.header.recognition_key, keys_recognition(options->keys), SEGMENT_KEY_SIZE);
    return segments;
}

int traffic_writer_open(const struct traffic_writer_options *options, struct traffic_writer **ret_writer,
                        struct error *err)
{
    const struct policy *policy = options->policy ? options->policy : policy_builtin();
    struct segment_writer_options segments = segment_options(options, policy);
    struct segment_writer *opened;
    if (segment_writer_open(&segments, &opened, err) != 0)
        return -1;
    struct traffic_writer *writer = xcalloc(1, sizeof *writer);
    writer->segments = opened;
    writer->policy = policy;
    writer->keys = options->keys;
    writer->wanted = options->bodies;
    writer->sampling = options->sampling;
    writer->unsanitized = options->unsanitized;
    writer->level = options->level;
    writer->pause = options->pause;
    *ret_writer = writer;
    return 0;
}

/* A body as seen is coded where its head names a coding. */
static void mark_coded(struct message *message)
{
    struct http1_field field;
    message->body.coded = message->body.content.size > 0 &&
                          http1_find_field(buffer_bytes(&message->head), "Content-Encoding", &field);
}

static void drop_body(struct body *body, enum body_reason reason)
{
    if (body->state == BODY_EMPTY)
        return;
    body->state = BODY_DROPPED;
    body->reason = reason;
    body->coded = false;
    buffer_clear(&body->content);
}

/* Drops the larger body, then the other, until both fit in a record: pseudonyms make a body longer than it was seen, and nothing
 * that a client sends may end the recording. */
static void fit_bodies(struct body *request, struct body *response)
{
    while (request->content.size + response->content.size > BODIES_MAX)
        drop_body(request->content.size > response->content.size ? request : response, BODY_REASON_LIMIT);
    request->digested &= request->state != BODY_KEPT; /* one that is kept needs none */
    response->digested &= response->state != BODY_KEPT;
}

static void count_body(struct traffic_counts *counts, const struct body *body)
{
    switch (body->state) {
    case BODY_EMPTY:
        break;
    case BODY_KEPT:
        counts->bodies_kept++;
        break;
    case BODY_CUT:
        counts->bodies_cut++;
        break;
    case BODY_DROPPED:
        counts->bodies_dropped[body->reason]++;
        break;
    }
}

int traffic_writer_rotate(struct traffic_writer *writer, struct error *err)
{
    return segment_writer_rotate(writer->segments, err);
}

int traffic_writer_close(struct traffic_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err)
{
    if (!writer)
        return 0;
    int status = segment_writer_close(writer->segments, ret_totals, err);
    free(writer);
    return status;
}

void traffic_counts_add(struct traffic_counts *into, const struct traffic_counts *from)
{
    into->written += from->written;
    into->lost += from->lost;
    into->sampled_out += from->sampled_out;
    into->bodies_kept += from->bodies_kept;
    into->bodies_cut += from->bodies_cut;
    for (unsigned i = 0; i < BODY_REASON_COUNT; i++)
        into->bodies_dropped[i] += from->bodies_dropped[i];
    for (unsigned i = 0; i < UNREPLAYABLE_COUNT; i++)
        into->unreplayable[i] += from->unreplayable[i];
    for (unsigned i = 0; i < EXCHANGE_FLAG_COUNT; i++)
        into->flags[i] += from->flags[i];
}

struct traffic_lane *traffic_lane_create(struct traffic_writer *writer)
{
    struct traffic_lane *lane = xcalloc(1, sizeof *lane);
    lane->writer = writer;
    lane->sanitizer = sanitizer_create(writer->policy, writer->keys);
    sanitizer_set_digests(lane->sanitizer, writer->wanted != TRAFFIC_BODIES_NONE,
                          writer->wanted == TRAFFIC_BODIES_ALL);
    lane->block = block_builder_create(writer->level ? writer->level : SEGMENT_LEVEL_DEFAULT);
    block_builder_set_pause(lane->block, writer->pause);
    return lane;
}

static void count_flags(struct traffic_counts *counts, uint64_t flags)
{
    for (unsigned bit = 0; flags >> bit != 0; bit++)
        counts->flags[bit] += flags >> bit & 1;
}

/* Leaves out the bodies that are not wanted, and what does not fit. */
static void fit(const struct traffic_writer *writer, struct exchange *exchange)
{
    if (writer->wanted == TRAFFIC_BODIES_NONE)
        drop_body(&exchange->request.body, BODY_REASON_NOT_WANTED);
    if (writer->wanted != TRAFFIC_BODIES_ALL)
        drop_body(&exchange->response.body, BODY_REASON_NOT_WANTED);
    fit_bodies(&exchange->request.body, &exchange->response.body);
}

static void sanitize(struct traffic_lane *lane, struct exchange *exchange)
{
    const struct traffic_writer *writer = lane->writer;
    if (writer->unsanitized) {
        mark_coded(&exchange->request);
        mark_coded(&exchange->response);
        exchange->flags |= EXCHANGE_FLAG(UNSANITIZED);
        sanitize_links_only(lane->sanitizer, exchange);
    } else {
        exchange->request.body.coded = exchange->response.body.coded =
            true; /* as far as the heads name a coding */
        sanitize_exchange(lane->sanitizer, exchange);
    }
    fit(writer, exchange);
}

/* Sanitizes an exchange that is stored in a segment of another master key where |former|, its recognition key, is not NULL, and was |sanitized| or not. */
static void sanitize_stored(struct traffic_lane *lane, const uint8_t *former, bool sanitized,
                            struct exchange *exchange)
{
    sanitizer_set_former(lane->sanitizer, sanitized ? former : NULL);
    sanitizer_set_digests(lane->sanitizer, !sanitized, !sanitized);
    exchange->flags &= ~EXCHANGE_FLAG(UNSANITIZED);
    const uint8_t *key = sanitized ? keys_recognition(lane->writer->keys) : NULL;
    links_take(exchange, key, &lane->links);
    sanitize_exchange(lane->sanitizer, exchange);
    links_give_back(exchange, key, &lane->links);
    fit(lane->writer, exchange);
}

/* Returns whether |exchange|, sanitized now, is left out; counts it if so. */
static bool is_sampled_out(struct traffic_lane *lane, enum sampling_verdict verdict,
                           const struct exchange *exchange)
{
    bool out = verdict == SAMPLING_OUT ||
               (verdict != SAMPLING_IN && !sampling_keeps_links(lane->writer->sampling, verdict, exchange));
    lane->counts.sampled_out += out;
    return out;
}

static enum sampling_verdict judge(const struct traffic_lane *lane, const struct exchange *exchange)
{
    const struct sampling *sampling = lane->writer->sampling;
    return sampling ? sampling_judge(sampling, exchange) : SAMPLING_IN;
}

/* Puts |exchange| into the block. |flags| are those that it had before. */
static int put(struct traffic_lane *lane, const struct exchange *exchange, uint64_t flags, struct error *err)
{
    count_body(&lane->counts, &exchange->request.body);
    count_body(&lane->counts, &exchange->response.body);
    lane->counts.unreplayable[unreplayable_judge(exchange)]++;
    count_flags(&lane->counts, exchange->flags & ~flags);
    int status = 0;
    size_t held = block_builder_bytes(lane->block);
    size_t most = exchange->request.head.size + exchange->response.head.size +
                  exchange->request.body.content.size + exchange->response.body.content.size;
    if (held > 0 && held + most > BLOCK_FULL)
        status = traffic_lane_flush(lane, err);
    struct buffer *payload = block_builder_payload(lane->block);
    size_t before = payload->size;
    buffer_clear(&lane->meta);
    exchange_encode(exchange, &lane->meta, payload);
    origins_add(&lane->origins, &exchange->server);
    block_builder_add_appended(lane->block, exchange->request.first_ns, buffer_bytes(&lane->meta),
                               payload->size - before);
    return status;
}

int traffic_lane_put(struct traffic_lane *lane, struct exchange *exchange, struct error *err)
{
    enum sampling_verdict verdict = judge(lane, exchange);
    uint64_t flags = exchange->flags | EXCHANGE_FLAG(UNSANITIZED);
    sanitize(lane, exchange);
    return is_sampled_out(lane, verdict, exchange) ? 0 : put(lane, exchange, flags, err);
}

int traffic_lane_put_stored(struct traffic_lane *lane, const struct segment_header *header,
                            struct exchange *exchange, struct error *err)
{
    const struct keys *keys = lane->writer->keys;
    bool same = memcmp(header->recognition_key, keys_recognition(keys), SEGMENT_KEY_SIZE) == 0;
    bool sanitized = header->sanitized && !(exchange->flags & EXCHANGE_FLAG(UNSANITIZED));
    uint64_t flags = exchange->flags;
    if (!same)
        rekey_exchange(header->recognition_key, keys, sanitized, exchange, &lane->scratch);
    enum sampling_verdict verdict = judge(lane, exchange);
    sanitize_stored(lane, same ? NULL : header->recognition_key, sanitized, exchange);
    return is_sampled_out(lane, verdict, exchange) ? 0 : put(lane, exchange, flags, err);
}

void traffic_lane_compress(struct traffic_lane *lane)
{
    assert(lane->compressed == 0);
    lane->compressed = block_builder_count(lane->block);
    if (lane->compressed > 0)
        block_builder_finish(lane->block, &lane->frames);
}

int traffic_lane_flush(struct traffic_lane *lane, struct error *err)
{
    if (lane->compressed == 0)
        traffic_lane_compress(lane);
    size_t count = lane->compressed;
    if (count == 0)
        return 0;
    lane->compressed = 0;
    lane->frames.origins = &lane->origins;
    int status = segment_writer_put(lane->writer->segments, &lane->frames, err);
    origins_clear(&lane->origins);
    *(status == 0 ? &lane->counts.written : &lane->counts.lost) += count;
    return status;
}

void traffic_lane_take_counts(struct traffic_lane *lane, struct traffic_counts *ret_counts)
{
    *ret_counts = lane->counts;
    lane->counts = (struct traffic_counts){0};
}

void traffic_lane_free(struct traffic_lane *lane)
{
    if (!lane)
        return;
    sanitizer_free(lane->sanitizer);
    block_builder_free(lane->block);
    origins_free(&lane->origins);
    buffer_free(&lane->meta);
    links_former_done(&lane->links);
    buffer_free(&lane->scratch);
    free(lane);
}
