#include "replay/result.h"

#include <assert.h>

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

uint64_t result_send_lag_ns(const struct result *result)
{
    uint64_t due_ns = result->intended_ns;
    if (result->eligible_ns > due_ns)
        due_ns = result->eligible_ns;
    if (result->slot_ns > due_ns)
        due_ns = result->slot_ns;
    return span_ns(due_ns, result->sent_first_ns);
}

/* The record: a version, then varints in this order, then three texts as length and bytes. Enumerations are
 * stored by number, and those numbers only ever grow at their end. */
#define RESULT_RECORD_VERSION 1
#define RESULT_NUMBERS        21

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
    for (size_t i = 0; i < RESULT_NUMBERS; i++)
        numbers[i] = values[i];
}

void result_encode(const struct result *result, struct buffer *meta)
{
    uint64_t numbers[RESULT_NUMBERS];
    numbers_of(result, numbers);
    buffer_append_byte(meta, RESULT_RECORD_VERSION);
    for (size_t i = 0; i < RESULT_NUMBERS; i++)
        buffer_append_varint(meta, numbers[i]);
    const struct bytes texts[] = {result->method, result->target, result->endpoint};
    for (size_t i = 0; i < 3; i++) {
        buffer_append_varint(meta, texts[i].size);
        buffer_append_bytes(meta, texts[i]);
    }
}

static bool take_text(struct bytes *meta, struct bytes *ret_text)
{
    uint64_t size;
    return bytes_take_varint(meta, &size) && size <= meta->size && bytes_take(meta, (size_t)size, ret_text);
}

bool result_decode(struct bytes meta, struct result *result)
{
    uint64_t numbers[RESULT_NUMBERS];
    struct bytes version;
    struct result read = {0};
    if (!bytes_take(&meta, 1, &version) || version.data[0] != RESULT_RECORD_VERSION)
        return false;
    for (size_t i = 0; i < RESULT_NUMBERS; i++)
        if (!bytes_take_varint(&meta, &numbers[i]))
            return false;
    if (!take_text(&meta, &read.method) || !take_text(&meta, &read.target) ||
        !take_text(&meta, &read.endpoint) || meta.size)
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
