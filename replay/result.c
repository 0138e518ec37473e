#include "replay/result.h"

#include "common/http1_head.h"

#include <assert.h>
#include <string.h>

static const char *const outcome_names[] = {
#define X(name, text) text,
    RESULT_OUTCOMES(X)
#undef X
};
static const char *const transport_names[] = {
#define X(name, text) text,
    TRANSPORT_ERRORS(X)
#undef X
};
static const char *const reason_names[] = {
#define X(name, text) text,
    UNSENT_REASONS(X)
#undef X
};
static const char *const flag_names[] = {
#define X(name, text) text,
    RESULT_FLAGS(X)
#undef X
};

_Static_assert(RESULT_FLAG_COUNT <= 64, "flags are kept in 64 bits");

const char *result_outcome_name(enum result_outcome outcome)
{
    assert(outcome < RESULT_OUTCOME_COUNT);
    return outcome_names[outcome];
}

const char *transport_error_name(enum transport_error error)
{
    assert(error < TRANSPORT_ERROR_COUNT);
    return transport_names[error];
}

bool transport_is_opening(enum transport_error error)
{
    return error == TRANSPORT_CONNECT_REFUSED || error == TRANSPORT_CONNECT_TIMEOUT ||
           error == TRANSPORT_CONNECT_FAILED || error == TRANSPORT_TLS || error == TRANSPORT_TLS_TIMEOUT;
}

const char *unsent_reason_name(enum unsent_reason reason)
{
    assert(reason < UNSENT_REASON_COUNT);
    return reason_names[reason];
}

const char *result_flag_name(unsigned bit)
{
    assert(bit < RESULT_FLAG_COUNT);
    return flag_names[bit];
}

static uint64_t span_ns(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

uint64_t result_service_ns(const struct result *result)
{
    return result->outcome == RESULT_ANSWERED ? span_ns(result->sent_first_ns, result->done_ns) : 0;
}

uint64_t result_response_ns(const struct result *result)
{
    return result->outcome == RESULT_ANSWERED ? span_ns(result->intended_ns, result->done_ns) : 0;
}

uint64_t result_ttfb_ns(const struct result *result)
{
    return result->first_byte_ns ? span_ns(result->sent_last_ns, result->first_byte_ns) : 0;
}

/* When it should have been sent, were there a connection. */
static uint64_t due_of(const struct result *result)
{
    return result->eligible_ns > result->intended_ns ? result->eligible_ns : result->intended_ns;
}

uint64_t result_ended_after_ns(const struct result *result)
{
    return span_ns(result->sent_first_ns ? result->sent_first_ns : due_of(result), result->done_ns);
}

uint64_t result_send_lag_ns(const struct result *result)
{
    uint64_t due_ns = due_of(result);
    if (result->slot_ns > due_ns)
        due_ns = result->slot_ns;
    return span_ns(due_ns, result->sent_first_ns);
}

uint64_t result_flags_of_answer(uint16_t status, struct bytes head, uint32_t interim_count)
{
    struct http1_field field;
    uint64_t flags = interim_count ? RESULT_FLAG(INTERIM) : 0;
    switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return flags | RESULT_FLAG(REDIRECTED);
    case 429:
    case 503:
        return flags | (http1_find_field(head, "Retry-After", &field) ? RESULT_FLAG(RETRY_AFTER) : 0);
    default:
        return flags;
    }
}

/* The record: a version, then varints in this order, then three or four texts as length and bytes. Enumerations are
 * stored by number, and those numbers only ever grow at their end. Instants are stored by their distance from the one
 * before, which takes two or three bytes instead of five or six. Version 1 had them as they are. */
#define RESULT_VERSION_FIRST  1
#define RESULT_VERSION_PLAIN  2
#define RESULT_VERSION_DETAIL 3 /* with a fourth text, the detail of a failure */
#define RESULT_RECORD_VERSION                                                                                \
    4 /* with that, and what was before: attempts, and of the first of them instant, error and status */
#define RESULT_TEXTS   4
#define RETRY_NUMBERS  4
#define RESULT_NUMBERS 21
#define VARINT_MAX     10
/* The numbers that are instants: intended_ns itself, and those that follow it but for the two durations. */
#define FIRST_INSTANT 12
#define IS_INSTANT(i) ((i) >= FIRST_INSTANT && (i) != 15 && (i) != 16)

static void numbers_of(const struct result *result, uint64_t numbers[RESULT_NUMBERS])
{
    const uint64_t values[RESULT_NUMBERS] = {
        result->exchange,
        result->session,
        result->iteration,
        result->outcome,
        result->transport,
        result->reason,
        result->flags,
        result->original_status,
        result->original_service_ns,
        result->original_ttfb_ns,
        result->status,
        result->response_bytes,
        result->intended_ns,
        result->eligible_ns,
        result->slot_ns,
        result->connect_ns,
        result->tls_ns,
        result->sent_first_ns,
        result->sent_last_ns,
        result->first_byte_ns,
        result->done_ns,
    };
    memcpy(numbers, values, sizeof values);
}

/* 0: it did not happen; else 1 + the distance from |before|, the sign in the lowest bit. Both are below 2^62. */
static uint64_t distance_of(uint64_t at_ns, uint64_t before_ns)
{
    if (at_ns == 0)
        return 0;
    return at_ns >= before_ns ? ((at_ns - before_ns) << 1) + 1 : ((before_ns - at_ns) << 1) + 2;
}

static uint64_t instant_of(uint64_t distance, uint64_t before_ns)
{
    if (distance == 0)
        return 0;
    distance--;
    return distance & 1 ? before_ns - distance / 2 : before_ns + distance / 2;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

void result_encode(const struct result *result, struct buffer *meta)
{
    const struct bytes texts[RESULT_TEXTS] = {result->method, result->target, result->endpoint,
                                              result->detail};
    bool retried = result->retries > 0, detailed = retried || result->detail.size > 0;
    size_t text_count = detailed ? RESULT_TEXTS : RESULT_TEXTS - 1, text_bytes = 0;
    uint64_t numbers[RESULT_NUMBERS], before_ns = 0;
    numbers_of(result, numbers);
    for (size_t i = 0; i < text_count; i++)
        text_bytes += VARINT_MAX + texts[i].size;
    buffer_reserve(meta, 1 + (RESULT_NUMBERS + RETRY_NUMBERS) * VARINT_MAX + text_bytes);
    uint8_t *at = meta->data + meta->size;
    *at++ = retried ? RESULT_RECORD_VERSION : detailed ? RESULT_VERSION_DETAIL : RESULT_VERSION_PLAIN;
    for (size_t i = 0; i < RESULT_NUMBERS; i++) {
        uint64_t number = numbers[i];
        if (IS_INSTANT(i)) {
            number = distance_of(numbers[i], before_ns);
            before_ns = numbers[i] ? numbers[i] : before_ns;
        }
        at = put_varint(at, number);
    }
    for (size_t i = 0; i < text_count; i++) {
        at = put_varint(at, texts[i].size);
        if (texts[i].size)
            memcpy(at, texts[i].data, texts[i].size);
        at += texts[i].size;
    }
    if (retried) {
        at = put_varint(at, result->retries);
        at = put_varint(at, result->first_sent_ns);
        at = put_varint(at, result->first_transport);
        at = put_varint(at, result->first_status);
    }
    meta->size = (size_t)(at - meta->data);
}

static bool take_text(struct bytes *meta, struct bytes *ret_text)
{
    uint64_t size;
    return bytes_take_varint(meta, &size) && size <= meta->size && bytes_take(meta, (size_t)size, ret_text);
}

static bool take_numbers(struct bytes *meta, uint64_t numbers[RESULT_NUMBERS])
{
    struct bytes version;
    uint64_t before_ns = 0;
    if (!bytes_take(meta, 1, &version) || version.data[0] < RESULT_VERSION_FIRST ||
        version.data[0] > RESULT_RECORD_VERSION)
        return false;
    for (size_t i = 0; i < RESULT_NUMBERS; i++) {
        if (!bytes_take_varint(meta, &numbers[i]))
            return false;
        if (!IS_INSTANT(i) || version.data[0] == RESULT_VERSION_FIRST)
            continue;
        numbers[i] = instant_of(numbers[i], before_ns);
        before_ns = numbers[i] ? numbers[i] : before_ns;
    }
    return true;
}

static bool take_retries(struct bytes *meta, struct result *read)
{
    uint64_t numbers[RETRY_NUMBERS];
    for (size_t i = 0; i < RETRY_NUMBERS; i++)
        if (!bytes_take_varint(meta, &numbers[i]))
            return false;
    if (numbers[0] > UINT32_MAX || numbers[2] >= TRANSPORT_ERROR_COUNT || numbers[3] > UINT16_MAX)
        return false;
    read->retries = (uint32_t)numbers[0];
    read->first_sent_ns = numbers[1];
    read->first_transport = (enum transport_error)numbers[2];
    read->first_status = (uint16_t)numbers[3];
    return true;
}

bool result_decode(struct bytes meta, struct result *result)
{
    uint64_t numbers[RESULT_NUMBERS];
    struct result read = {0};
    bool retried = meta.size && meta.data[0] == RESULT_RECORD_VERSION;
    bool detailed = retried || (meta.size && meta.data[0] == RESULT_VERSION_DETAIL);
    if (!take_numbers(&meta, numbers))
        return false;
    if (!take_text(&meta, &read.method) || !take_text(&meta, &read.target) ||
        !take_text(&meta, &read.endpoint) || (detailed && !take_text(&meta, &read.detail)) ||
        (retried && !take_retries(&meta, &read)) || meta.size)
        return false;
    if (numbers[2] > UINT32_MAX || numbers[3] >= RESULT_OUTCOME_COUNT ||
        numbers[4] >= TRANSPORT_ERROR_COUNT || numbers[5] >= UNSENT_REASON_COUNT || numbers[7] > UINT16_MAX ||
        numbers[10] > UINT16_MAX)
        return false;
    read.exchange = numbers[0];
    read.session = numbers[1];
    read.iteration = (uint32_t)numbers[2];
    read.outcome = (enum result_outcome)numbers[3];
    read.transport = (enum transport_error)numbers[4];
    read.reason = (enum unsent_reason)numbers[5];
    read.flags = numbers[6];
    read.original_status = (uint16_t)numbers[7];
    read.original_service_ns = numbers[8];
    read.original_ttfb_ns = numbers[9];
    read.status = (uint16_t)numbers[10];
    read.response_bytes = numbers[11];
    read.intended_ns = numbers[12];
    read.eligible_ns = numbers[13];
    read.slot_ns = numbers[14];
    read.connect_ns = numbers[15];
    read.tls_ns = numbers[16];
    read.sent_first_ns = numbers[17];
    read.sent_last_ns = numbers[18];
    read.first_byte_ns = numbers[19];
    read.done_ns = numbers[20];
    *result = read;
    return true;
}
