#include "common/unreplayable.h"

#include "common/http1_head.h"

/* Of these the recording keeps other bytes than there were: framing is taken off bodies, a head that is too long is not kept whole, and
 * of two hosts one takes the target's name. */
#define DEFECTS_LOST                                                                                         \
    (MESSAGE_DEFECT(CODING_UNKNOWN) | MESSAGE_DEFECT(CODING_REPEATED) | MESSAGE_DEFECT(CHUNK_SIZE) |         \
     MESSAGE_DEFECT(CHUNK_EXTENSION) | MESSAGE_DEFECT(CHUNK_LINE) | MESSAGE_DEFECT(CHUNK_END) |              \
     MESSAGE_DEFECT(START_LINE_CUT) | MESSAGE_DEFECT(HEAD_FIELDS) | MESSAGE_DEFECT(HOST_AMBIGUOUS))

/* What stands in the head as it was, and may be read otherwise by another server than by the one recorded. */
#define DEFECTS_KEPT                                                                                         \
    (MESSAGE_DEFECT(BARE_LF) | MESSAGE_DEFECT(BARE_CR) | MESSAGE_DEFECT(METHOD_CASE) |                       \
     MESSAGE_DEFECT(METHOD_BYTES) | MESSAGE_DEFECT(VERSION) | MESSAGE_DEFECT(DELIMITER) |                    \
     MESSAGE_DEFECT(TARGET_FORM) | MESSAGE_DEFECT(OBS_FOLD) | MESSAGE_DEFECT(FIELD_SPACE) |                  \
     MESSAGE_DEFECT(FIELD_NAME) | MESSAGE_DEFECT(FIELD_NO_COLON) | MESSAGE_DEFECT(FIELD_VALUE) |             \
     MESSAGE_DEFECT(FIELD_FIRST) | MESSAGE_DEFECT(LENGTH_AND_CHUNKED) | MESSAGE_DEFECT(LENGTH_INVALID) |     \
     MESSAGE_DEFECT(LENGTH_CONFLICT) | MESSAGE_DEFECT(LENGTH_REPEATED) | MESSAGE_DEFECT(LENGTH_ZEROS) |      \
     MESSAGE_DEFECT(CODING_LIST) | MESSAGE_DEFECT(CODING_HTTP10))

bool unreplayable_is_flagged(const struct exchange *exchange)
{
    return exchange->request.defects & DEFECTS_KEPT;
}

enum unreplayable unreplayable_judge(const struct exchange *exchange)
{
    const struct message *request = &exchange->request;
    struct bytes head = buffer_bytes(&request->head);
    struct http1_request_line line;
    struct http1_field field;
    if (!head.size || !http1_request_line(head, &line) || !line.target.size || !line.version.size)
        return UNREPLAYABLE_INCOMPLETE;
    if (bytes_equal_nocase(line.method, BYTES_LITERAL("CONNECT")) ||
        (exchange->flags & EXCHANGE_FLAG(CONNECT)))
        return UNREPLAYABLE_CONNECT;
    if ((exchange->flags & EXCHANGE_FLAG(UPGRADE)) || http1_find_field(head, "Upgrade", &field))
        return UNREPLAYABLE_UPGRADE;
    if (request->withheld_lines)
        return UNREPLAYABLE_HEADER_WITHHELD;
    if (request->defects & DEFECTS_LOST)
        return UNREPLAYABLE_DEFECT_LOST;
    /* HEAD_CUT may be the response's; a request's is one of these, or a defect above */
    if (exchange->flags & (EXCHANGE_FLAG(REQUEST_GAP) | EXCHANGE_FLAG(REQUEST_INCOMPLETE)))
        return UNREPLAYABLE_INCOMPLETE;
    if (request->body.state == BODY_CUT)
        return UNREPLAYABLE_BODY_CUT;
    if (request->body.state == BODY_DROPPED && request->body.wire_bytes)
        return UNREPLAYABLE_BODY_DROPPED;
    return unreplayable_is_flagged(exchange) ? UNREPLAYABLE_FLAGGED : UNREPLAYABLE_NONE;
}
