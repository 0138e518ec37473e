/* Property: any bytes as a gate are taken or refused with one printable line; any bytes as method and target give a
 * short printable endpoint; any bytes as a stored histogram are refused, or read back to a consistent one that
 * stores to the same bytes; any values recorded in one come out in order, within its bounds and its error. */
#include "common/endpoint.h"
#include "common/histogram.h"
#include "replay/gates.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_gate(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    struct gate gate;
    struct error err = {0};
    if (gate_parse(text, &gate, &err) == 0) {
        assert(gate.value >= 0);
        assert(strnlen(gate.endpoint, sizeof gate.endpoint) < size);
        assert(memchr(gate.endpoint, '\0', sizeof gate.endpoint));
    } else {
        assert(err.kind == ERROR_USAGE);
        for (const char *c = err.text; *c; c++)
            assert(*c >= 0x20 && *c < 0x7f);
    }
    free(text);
}

static void try_endpoint(const uint8_t *data, size_t size)
{
    size_t split = size ? data[0] % size : 0;
    struct buffer out = {0};
    endpoint_append(bytes_make(data, split), bytes_make(size ? data + split : NULL, size - split), &out);
    assert(out.size <= ENDPOINT_SIZE_MAX);
    for (size_t i = 0; i < out.size; i++)
        assert(out.data[i] >= 0x20 && out.data[i] < 0x7f);
    buffer_free(&out);
}

static void try_histogram(const uint8_t *data, size_t size)
{
    struct bytes view = bytes_make(data, size);
    struct histogram histogram = {0};
    if (!histogram_decode(&view, &histogram))
        return;
    assert(histogram_quantile(&histogram, 100000) == histogram.max);
    assert(histogram_quantile(&histogram, 0) == histogram.min);
    struct buffer again = {0}, third = {0};
    histogram_encode(&histogram, &again);
    struct histogram reread = {0};
    struct bytes reader = buffer_bytes(&again);
    assert(histogram_decode(&reader, &reread) && reader.size == 0);
    histogram_encode(&reread, &third);
    assert(bytes_equal(buffer_bytes(&again), buffer_bytes(&third)));
    histogram_merge(&reread, &histogram);
    histogram_free(&reread);
    histogram_free(&histogram);
    buffer_free(&again);
    buffer_free(&third);
}

static int compare_values(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Records the values that the bytes spell, each a shift and a byte, some in a second histogram that is merged. */
static void record(const uint8_t *data, size_t size)
{
    static uint64_t values[256];
    struct histogram all = {0}, part = {0}, other = {0};
    size_t count = 0;
    for (size_t i = 0; i + 2 < size && count < sizeof values / sizeof *values; i += 3) {
        uint64_t value = ((uint64_t)data[i + 1] << 8 | data[i + 2]) << data[i] % 24;
        values[count++] = value;
        histogram_record_ns(&all, value * 1000 + data[i]);
        histogram_record(data[i] & 128 ? &part : &other, value);
        if (value < HISTOGRAM_LIMIT) {
            unsigned bucket = histogram_bucket(value);
            assert(histogram_bucket_low(bucket) <= value && value <= histogram_bucket_high(bucket));
        }
    }
    qsort(values, count, sizeof *values, compare_values);
    for (size_t rank = 1; rank <= count; rank++) {
        uint64_t exact = values[rank - 1], got = histogram_at_rank(&all, rank);
        uint64_t off = got > exact ? got - exact : exact - got;
        assert(exact >= HISTOGRAM_LIMIT || off <= exact / 256 + 1);
    }
    histogram_merge(&part, &other);
    struct buffer one = {0}, two = {0};
    histogram_encode(&all, &one);
    histogram_encode(&part, &two);
    assert(all.count == count && bytes_equal(buffer_bytes(&one), buffer_bytes(&two)));
    try_histogram(one.data, one.size);
    buffer_free(&one);
    buffer_free(&two);
    histogram_free(&all);
    histogram_free(&part);
    histogram_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    try_gate(data, size);
    try_endpoint(data, size);
    try_histogram(data, size);
    record(data, size);
    return 0;
}
