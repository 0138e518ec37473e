#include "filters/traffic_writer.h"

#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "filters/policy.h"
#include "filters/sanitize.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* What both bodies of an exchange may have together, so that it fits in a record. */
#define BODIES_MAX (SEGMENT_RECORD_MAX - 64)

struct traffic_writer {
    struct segment_writer *segments;
    struct sanitizer *sanitizer;
    struct traffic_writer_bodies bodies;
    enum traffic_bodies wanted;
    bool unsanitized;
    struct buffer meta;
    struct buffer payload;
};

static struct segment_writer_options segment_options(const struct traffic_writer_options *options,
                                                     const struct policy *policy)
{
    static const uint8_t no_id[sizeof options->capture_id];
    struct segment_writer_options segments = {
        .folder = options->folder,
        .level = options->level,
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
    const struct policy *policy = policy_builtin();
    struct segment_writer_options segments = segment_options(options, policy);
    struct segment_writer *opened;
    if (segment_writer_open(&segments, &opened, err) != 0)
        return -1;
    struct traffic_writer *writer = xcalloc(1, sizeof *writer);
    writer->segments = opened;
    writer->sanitizer = sanitizer_create(policy, options->keys);
    writer->wanted = options->bodies;
    sanitizer_set_digests(writer->sanitizer, writer->wanted != TRAFFIC_BODIES_NONE,
                          writer->wanted == TRAFFIC_BODIES_ALL);
    writer->unsanitized = options->unsanitized;
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
}

static void count_body(struct traffic_writer *writer, const struct body *body)
{
    switch (body->state) {
    case BODY_EMPTY:
        break;
    case BODY_KEPT:
        writer->bodies.kept++;
        break;
    case BODY_CUT:
        writer->bodies.cut++;
        break;
    case BODY_DROPPED:
        writer->bodies.dropped[body->reason]++;
        break;
    }
}

int traffic_writer_put(struct traffic_writer *writer, struct exchange *exchange, struct error *err)
{
    mark_coded(&exchange->request);
    mark_coded(&exchange->response);
    if (writer->unsanitized) {
        exchange->flags |= EXCHANGE_FLAG(UNSANITIZED);
        sanitize_links_only(writer->sanitizer, exchange);
    } else {
        sanitize_exchange(writer->sanitizer, exchange);
    }
    if (writer->wanted == TRAFFIC_BODIES_NONE)
        drop_body(&exchange->request.body, BODY_REASON_NOT_WANTED);
    if (writer->wanted != TRAFFIC_BODIES_ALL)
        drop_body(&exchange->response.body, BODY_REASON_NOT_WANTED);
    fit_bodies(&exchange->request.body, &exchange->response.body);
    count_body(writer, &exchange->request.body);
    count_body(writer, &exchange->response.body);
    buffer_clear(&writer->meta);
    buffer_clear(&writer->payload);
    exchange_encode(exchange, &writer->meta, &writer->payload);
    return segment_writer_append(writer->segments, exchange->request.first_ns, buffer_bytes(&writer->meta),
                                 buffer_bytes(&writer->payload), err);
}

int traffic_writer_tick(struct traffic_writer *writer, uint64_t now_mono_ns, struct error *err)
{
    return segment_writer_tick(writer->segments, now_mono_ns, err);
}

const struct traffic_writer_bodies *traffic_writer_bodies(const struct traffic_writer *writer)
{
    return &writer->bodies;
}

int traffic_writer_close(struct traffic_writer *writer, struct segment_writer_totals *ret_totals,
                         struct error *err)
{
    if (!writer)
        return 0;
    int status = segment_writer_close(writer->segments, ret_totals, err);
    sanitizer_free(writer->sanitizer);
    buffer_free(&writer->meta);
    buffer_free(&writer->payload);
    free(writer);
    return status;
}
