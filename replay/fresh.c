#include "replay/fresh.h"

#include <string.h>

#define LONG_PART 8
#define NAME(text)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

bool fresh_is_header(struct bytes name)
{
    static const struct bytes names[] = {
        NAME("Idempotency-Key"),    NAME("X-Idempotency-Key"),   NAME("X-Request-ID"),
        NAME("Request-Id"),         NAME("X-Correlation-ID"),    NAME("Correlation-Id"),
        NAME("X-Trace-Id"),         NAME("traceparent"),         NAME("b3"),
        NAME("X-B3-TraceId"),       NAME("X-B3-SpanId"),         NAME("X-B3-ParentSpanId"),
        NAME("X-Amzn-Trace-Id"),    NAME("uber-trace-id"),       NAME("X-Cloud-Trace-Context"),
        NAME("x-datadog-trace-id"), NAME("x-datadog-parent-id"),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_equal_nocase(name, names[i]))
            return true;
    return false;
}

static uint64_t stir(uint64_t state, uint64_t value)
{
    state = (state ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 29;
    state *= UINT64_C(0xbf58476d1ce4e5b9);
    return state ^ (state >> 32);
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_alnum(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* The set a part's characters are moved within. */
static const char *alphabet_of(bool lower_hex, bool upper_hex, uint8_t byte)
{
    if (lower_hex != upper_hex)
        return lower_hex ? "0123456789abcdef" : "0123456789ABCDEF";
    if (is_digit(byte))
        return "0123456789";
    return byte >= 'a' ? "abcdefghijklmnopqrstuvwxyz" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
}

static void append_part(struct bytes part, uint64_t state, struct buffer *out)
{
    bool lower_hex = true, upper_hex = true; /* both: a decimal number */
    for (size_t i = 0; i < part.size; i++) {
        uint8_t byte = part.data[i];
        lower_hex = lower_hex && (is_digit(byte) || (byte >= 'a' && byte <= 'f'));
        upper_hex = upper_hex && (is_digit(byte) || (byte >= 'A' && byte <= 'F'));
    }
    bool number = lower_hex && upper_hex && part.size > 1;
    for (size_t i = 0; i < part.size; i++) {
        uint8_t byte = part.data[i];
        if (number && i == 0) { /* a decimal keeps its first digit, and so its range */
            buffer_append_byte(out, byte);
        } else {
            const char *alphabet = alphabet_of(lower_hex, upper_hex, byte);
            size_t size = strlen(alphabet), at = (size_t)(strchr(alphabet, byte) - alphabet);
            buffer_append_byte(out, (uint8_t)alphabet[(at + state % size) % size]);
        }
        state = stir(state, byte);
    }
}

static size_t part_size(struct bytes value, size_t from)
{
    size_t end = from;
    while (end < value.size && is_alnum(value.data[end]))
        end++;
    return end - from;
}

void fresh_append(struct bytes value, const char *run_id, uint32_t iteration, struct buffer *out)
{
    uint64_t key = stir(UINT64_C(0x5265686561727365), iteration);
    for (const char *at = run_id; *at; at++)
        key = stir(key, (uint8_t)*at);
    size_t longest = 0;
    for (size_t i = 0; i < value.size; i++) {
        size_t size = part_size(value, i);
        if (size > longest)
            longest = size;
        i += size;
    }
    for (size_t i = 0; i < value.size;) {
        size_t size = part_size(value, i);
        if (size == 0)
            buffer_append_byte(out, value.data[i++]);
        else if (size < LONG_PART && longest >= LONG_PART)
            buffer_append(out, value.data + i, size);
        else
            append_part((struct bytes){value.data + i, size}, stir(key, size), out);
        i += size;
    }
}
