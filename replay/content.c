#include "replay/content.h"

#include "common/endpoint.h"
#include "common/http1_cookie.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "filters/locate/body_locator.h"
#include "filters/pseudonym.h"
#include "filters/sanitize.h"
#include "replay/json_outline.h"

#include <stdlib.h>

struct content_judge {
    const struct content_settings *settings;
    struct sanitizer *sanitizer;
    struct exchange live;     /* the answer, sanitized */
    struct exchange original; /* what was recorded, where that is sanitized here */
    struct json_outline recorded, answered;
    struct buffer text[2];
};

const char *content_sensitive_name(enum content_sensitive sensitive)
{
    static const char *const names[] = {"by pseudonym", "by presence and type"};
    return names[sensitive];
}

struct content_judge *content_judge_create(const struct content_settings *settings)
{
    struct content_judge *judge = xcalloc(1, sizeof *judge);
    judge->settings = settings;
    judge->sanitizer = sanitizer_create(settings->policy, settings->keys);
    sanitizer_set_digests(judge->sanitizer, false, false);
    return judge;
}

void content_judge_free(struct content_judge *judge)
{
    if (!judge)
        return;
    sanitizer_free(judge->sanitizer);
    exchange_free(&judge->live);
    exchange_free(&judge->original);
    json_outline_free(&judge->recorded);
    json_outline_free(&judge->answered);
    buffer_free(&judge->text[0]);
    buffer_free(&judge->text[1]);
    free(judge);
}

static struct bytes value_of(struct bytes head, const char *name)
{
    struct http1_field field;
    return http1_find_field(head, name, &field) ? field.value : (struct bytes){0};
}

/* Without parameters. */
static struct bytes media_of(struct bytes head)
{
    struct bytes type = value_of(head, "Content-Type");
    const uint8_t *end = type.size ? memchr(type.data, ';', type.size) : NULL;
    return bytes_trim(end ? bytes_make(type.data, (size_t)(end - type.data)) : type);
}

/* The template of the path that a Location leads to: hosts are other ones by nature, and ids are new. */
static void put_location(struct bytes head, struct buffer *out)
{
    struct bytes location = value_of(head, "Location");
    buffer_clear(out);
    if (location.size)
        endpoint_append(BYTES_LITERAL("GET"), location, out);
}

/* The names of the cookies that are set, each with a line end, in the order of |head|. */
static bool next_cookie(struct bytes *fields, struct bytes *ret_name)
{
    struct http1_field field;
    struct http1_cookie cookie;
    while (http1_next_field(fields, &field)) {
        if (!field.split || !bytes_equal_nocase(field.name, BYTES_LITERAL("Set-Cookie")))
            continue;
        struct bytes value = field.value;
        if (!http1_next_cookie(&value, &cookie))
            continue;
        *ret_name = cookie.name;
        return true;
    }
    return false;
}

#define COOKIES_MAX 100 /* of one answer; more are not looked for */

/* Whether each cookie that |head| sets is set by |other|, too. */
static bool cookies_in(struct bytes head, struct bytes other)
{
    struct bytes fields = http1_fields(head), name, wanted;
    for (unsigned i = 0; i < COOKIES_MAX && next_cookie(&fields, &wanted); i++) {
        struct bytes rest = http1_fields(other);
        bool found = false;
        for (unsigned k = 0; k < COOKIES_MAX && !found && next_cookie(&rest, &name); k++)
            found = bytes_equal(name, wanted);
        if (!found)
            return false;
    }
    return true;
}

static enum json_outline_value judge_string(void *arg, struct bytes value)
{
    struct content_judge *judge = arg;
    struct pseudonym_found found;
    if (!pseudonym_find(keys_recognition(judge->settings->keys), value, 0, &found) &&
        !sanitizer_is_ours(judge->sanitizer, value))
        return JSON_OUTLINE_PLAIN;
    return judge->settings->sensitive == CONTENT_BY_PSEUDONYM ? JSON_OUTLINE_IS_SENSITIVE
                                                              : JSON_OUTLINE_PRESENT;
}

static bool is_json(struct bytes head)
{
    enum media media = body_type_of(value_of(head, "Content-Type")).media;
    return media == MEDIA_JSON || media == MEDIA_JSON_LINES;
}

static uint64_t compare_json(struct content_judge *judge, const struct body *recorded,
                             const struct body *answered)
{
    uint64_t flags = 0;
    if (recorded->state != BODY_KEPT || recorded->coded || answered->state != BODY_KEPT || answered->coded ||
        !json_outline_take(&judge->recorded, buffer_bytes(&recorded->content), judge_string, judge) ||
        !json_outline_take(&judge->answered, buffer_bytes(&answered->content), judge_string, judge))
        return 0;
    flags |= RESULT_FLAG(JSON_COMPARED);
    if (!json_outline_same(&judge->recorded, &judge->answered, JSON_OUTLINE_SHAPE))
        flags |= RESULT_FLAG(JSON_SHAPE);
    if (!json_outline_same(&judge->recorded, &judge->answered, JSON_OUTLINE_VALUES))
        flags |= RESULT_FLAG(JSON_VALUES);
    if (!json_outline_same(&judge->recorded, &judge->answered, JSON_OUTLINE_SENSITIVE))
        flags |= RESULT_FLAG(JSON_SENSITIVE);
    return flags;
}

/* Makes |made| a response as a capture would have stored it. */
static void sanitize(struct content_judge *judge, struct bytes head, struct bytes content,
                     const struct body *body, struct exchange *made)
{
    struct message *response = &made->response;
    exchange_clear(made);
    buffer_append_bytes(&response->head, head);
    buffer_append_bytes(&response->body.content, content);
    response->body.framing = BODY_FRAMING_LENGTH;
    response->body.wire_bytes = body->wire_bytes;
    response->body.state = body->state;
    response->body.reason = body->reason;
    response->body.coded = body->coded;
    sanitize_exchange(judge->sanitizer, made);
}

static void take_answer(struct content_judge *judge, struct bytes head, struct bytes content, bool whole,
                        bool coded)
{
    const struct body body = {
        .wire_bytes = content.size,
        .state = !content.size ? BODY_EMPTY
                 : whole       ? BODY_KEPT
                               : BODY_DROPPED,
        .reason = whole ? BODY_REASON_NONE : BODY_REASON_TOO_LARGE,
        .coded = coded && value_of(head, "Content-Encoding").size > 0,
    };
    sanitize(judge, head, whole ? content : (struct bytes){0}, &body, &judge->live);
}

/* Returns the recorded response, sanitized. */
static const struct message *recorded_of(struct content_judge *judge, const struct exchange *exchange)
{
    const struct message *response = &exchange->response;
    if (!judge->settings->unsanitized)
        return response;
    sanitize(judge, buffer_bytes(&response->head), buffer_bytes(&response->body.content), &response->body,
             &judge->original);
    return &judge->original.response;
}

uint64_t content_compare(struct content_judge *judge, const struct exchange *exchange, struct bytes head,
                         struct bytes body, bool whole, struct bytes turned)
{
    uint64_t flags = RESULT_FLAG(CONTENT_COMPARED);
    if (!exchange->response.head.size || !head.size)
        return 0;
    take_answer(judge, head, turned.data ? turned : body, whole, !turned.data);
    const struct message *original = recorded_of(judge, exchange), *live = &judge->live.response;
    struct bytes recorded = buffer_bytes(&original->head), answered = buffer_bytes(&live->head);
    put_location(recorded, &judge->text[0]);
    put_location(answered, &judge->text[1]);
    if (!bytes_equal_nocase(media_of(recorded), media_of(answered)))
        flags |= RESULT_FLAG(CONTENT_TYPE);
    if (!bytes_equal(buffer_bytes(&judge->text[0]), buffer_bytes(&judge->text[1])))
        flags |= RESULT_FLAG(LOCATION);
    if (!cookies_in(recorded, answered) || !cookies_in(answered, recorded))
        flags |= RESULT_FLAG(COOKIES);
    if (is_json(recorded) && is_json(answered))
        flags |= compare_json(judge, &original->body, &live->body);
    return flags;
}
