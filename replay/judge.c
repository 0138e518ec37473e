#include "replay/judge.h"

#include "common/clock.h"
#include "common/http1_head.h"
#include "common/unreplayable.h"

#include <string.h>

#define EVENT_STREAM "text/event-stream"

enum unsent_reason judge_exchange(const struct exchange *exchange, const struct judge_wishes *wishes,
                                  uint64_t *ret_flags)
{
    static const enum unsent_reason reasons[UNREPLAYABLE_COUNT] = {
#define X(name, text) [UNREPLAYABLE_##name] = UNSENT_##name,
        UNREPLAYABLE_REASONS(X)
#undef X
    };
    enum unreplayable reason = unreplayable_judge(exchange);
    if (reason == UNREPLAYABLE_NONE || !wishes)
        return reasons[reason];
    uint64_t flags = 0;
    bool lacks_body = reason == UNREPLAYABLE_BODY_CUT || reason == UNREPLAYABLE_BODY_DROPPED;
    if (lacks_body && wishes->fill_bodies && exchange->request.body.wire_bytes <= JUDGE_FILL_MAX) {
        flags |= RESULT_FLAG(FILLED);
        reason = unreplayable_is_flagged(exchange) ? UNREPLAYABLE_FLAGGED : UNREPLAYABLE_NONE;
    }
    if (reason == UNREPLAYABLE_FLAGGED && wishes->fire_flagged) {
        flags |= RESULT_FLAG(DEFECTIVE);
        reason = UNREPLAYABLE_NONE;
    }
    if (reason == UNREPLAYABLE_NONE && ret_flags)
        *ret_flags |= flags;
    return reasons[reason];
}

void judge_fill(struct exchange *exchange)
{
    struct body *body = &exchange->request.body;
    size_t size = (size_t)body->wire_bytes;
    struct http1_field type;
    buffer_clear(&body->content);
    buffer_reserve(&body->content, size);
    memset(body->content.data, 'x', size);
    body->content.size = size;
    body->state = BODY_KEPT;
    body->coded = true; /* its length is that of what was transferred */
    if (size >= 2 && http1_find_field(buffer_bytes(&exchange->request.head), "Content-Type", &type) &&
        memmem(type.value.data, type.value.size, "json", 4))
        body->content.data[0] = body->content.data[size - 1] = '"';
}

bool judge_by_ttfb(const struct exchange *exchange)
{
    const struct message *response = &exchange->response;
    struct http1_field type;
    bool open_ended =
        response->body.framing == BODY_FRAMING_CHUNKED || response->body.framing == BODY_FRAMING_CLOSE;
    if (!open_ended || exchange->status / 100 != 2)
        return false;
    uint64_t lasted_ns = response->last_ns > response->first_ns ? response->last_ns - response->first_ns : 0;
    if (lasted_ns >= NS_PER_S && lasted_ns / 10 >= exchange_ttfb_ns(exchange) &&
        response->body.wire_bytes <
            (uint64_t)((double)lasted_ns / (double)NS_PER_S * JUDGE_TRICKLE_BYTES_PER_S))
        return true;
    return http1_find_field(buffer_bytes(&response->head), "Content-Type", &type) &&
           type.value.size >= sizeof EVENT_STREAM - 1 &&
           bytes_equal_nocase(bytes_make(type.value.data, sizeof EVENT_STREAM - 1),
                              BYTES_LITERAL(EVENT_STREAM));
}
