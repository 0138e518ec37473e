#include "replay/sender/curl_answer.h"

#include "common/http1_head.h"

#define MAX_INTERIM    100 /* more than any server means to send */
#define MAX_HEAD_BYTES (256 * 1024)
#define KEPT_BYTES     65536 /* memory that is kept between answers */

static void trim(struct buffer *buffer)
{
    if (buffer->capacity > KEPT_BYTES)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

void curl_answer_begin(struct curl_answer *answer, size_t want_body_bytes)
{
    trim(&answer->head);
    trim(&answer->body);
    *answer = (struct curl_answer){.max_head_bytes = answer->max_head_bytes,
                                   .want_body_bytes = want_body_bytes,
                                   .head = answer->head,
                                   .body = answer->body};
}

static bool refuse(struct curl_answer *answer, const char *why)
{
    answer->refused = why;
    return false;
}

static bool take_status(struct curl_answer *answer, struct bytes line, uint64_t now)
{
    struct http1_status_line parts;
    uint64_t status = 0;
    buffer_clear(&answer->head);
    answer->begun = true;
    answer->first_byte_mono_ns = now;
    if (!http1_status_line(line, &parts) || !bytes_to_u64(parts.status, &status) || status < 100 ||
        status > 999)
        return refuse(answer, "not a status code");
    answer->status = (uint16_t)status;
    return true;
}

/* The head is complete: the final one, or one that is passed over. */
static bool end_head(struct curl_answer *answer)
{
    if (answer->status / 100 != 1 || answer->status == 101) {
        struct http1_field length;
        answer->head_done = true;
        answer->has_length = http1_find_field(buffer_bytes(&answer->head), "Content-Length", &length) &&
                             bytes_to_u64(length.value, &answer->length);
        return true;
    }
    answer->begun = false;
    answer->first_byte_mono_ns = 0;
    answer->status = 0;
    buffer_clear(&answer->head);
    return ++answer->interim_count <= MAX_INTERIM || refuse(answer, "too many interim responses");
}

bool curl_answer_line(struct curl_answer *answer, struct bytes line, uint64_t now)
{
    uint64_t most = answer->max_head_bytes ? answer->max_head_bytes : MAX_HEAD_BYTES;
    answer->bytes_seen += line.size;
    if (answer->head_done)
        return true; /* a trailer */
    if (answer->head.size == 0 && !take_status(answer, line, now))
        return false;
    if (answer->head.size + line.size > most)
        return refuse(answer, "response head over the limit");
    buffer_append_bytes(&answer->head, line);
    bool is_empty = line.size <= 2 && line.data[0] != ' ' && (line.data[0] == '\r' || line.data[0] == '\n');
    return !is_empty || end_head(answer);
}

void curl_answer_body(struct curl_answer *answer, struct bytes part)
{
    size_t room = answer->want_body_bytes - answer->body.size;
    answer->bytes_seen += part.size;
    answer->body_bytes += part.size;
    buffer_append(&answer->body, part.data, part.size < room ? part.size : room);
}

bool curl_answer_is_complete(const struct curl_answer *answer)
{
    return answer->head_done && answer->has_length && answer->body_bytes >= answer->length;
}

void curl_answer_fill(const struct curl_answer *answer, struct sender_outcome *outcome)
{
    outcome->status = answer->head_done ? answer->status : 0;
    outcome->interim_count = answer->interim_count;
    outcome->response_bytes_seen = answer->bytes_seen;
    outcome->body_bytes = answer->body_bytes;
    outcome->head = answer->head_done ? buffer_bytes(&answer->head) : (struct bytes){0};
    outcome->body = buffer_bytes(&answer->body);
    outcome->first_byte_mono_ns = answer->begun ? answer->first_byte_mono_ns : 0;
}

void curl_answer_free(struct curl_answer *answer)
{
    buffer_free(&answer->head);
    buffer_free(&answer->body);
}
