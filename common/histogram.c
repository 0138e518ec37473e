#include "common/histogram.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT_VERSION 1

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

unsigned histogram_bucket(uint64_t value_us)
{
    assert(value_us < HISTOGRAM_LIMIT);
    if (value_us < HISTOGRAM_ROW)
        return (unsigned)value_us;
    unsigned shift = 63U - (unsigned)__builtin_clzll(value_us) - HISTOGRAM_BITS;
    return HISTOGRAM_ROW * (shift + 1) + (unsigned)(value_us >> shift) - HISTOGRAM_ROW;
}

uint64_t histogram_bucket_low(unsigned bucket)
{
    if (bucket < HISTOGRAM_ROW)
        return bucket;
    unsigned shift = bucket / HISTOGRAM_ROW - 1;
    return (uint64_t)(bucket % HISTOGRAM_ROW + HISTOGRAM_ROW) << shift;
}

uint64_t histogram_bucket_high(unsigned bucket)
{
    unsigned shift = bucket < HISTOGRAM_ROW ? 0 : bucket / HISTOGRAM_ROW - 1;
    return histogram_bucket_low(bucket) + (UINT64_C(1) << shift) - 1;
}

static uint64_t *row_of(struct histogram *histogram, unsigned row)
{
    if (!histogram->rows[row])
        histogram->rows[row] = xcalloc(HISTOGRAM_ROW, sizeof *histogram->rows[row]);
    return histogram->rows[row];
}

static void add_bucket(struct histogram *histogram, unsigned bucket, uint64_t count)
{
    uint64_t *cell = &row_of(histogram, bucket / HISTOGRAM_ROW)[bucket % HISTOGRAM_ROW];
    *cell = add_saturated(*cell, count);
}

void histogram_record(struct histogram *histogram, uint64_t value_us)
{
    if (value_us >= HISTOGRAM_LIMIT)
        histogram->over++;
    else
        add_bucket(histogram, histogram_bucket(value_us), 1);
    if (histogram->count == 0 || value_us < histogram->min)
        histogram->min = value_us;
    if (value_us > histogram->max)
        histogram->max = value_us;
    histogram->count++;
    histogram->sum = add_saturated(histogram->sum, value_us);
}

void histogram_record_ns(struct histogram *histogram, uint64_t value_ns)
{
    histogram_record(histogram, value_ns / NS_PER_US);
}

void histogram_merge(struct histogram *histogram, const struct histogram *from)
{
    if (from->count == 0)
        return;
    for (unsigned row = 0; row < HISTOGRAM_ROWS; row++) {
        if (!from->rows[row])
            continue;
        uint64_t *cells = row_of(histogram, row);
        for (unsigned i = 0; i < HISTOGRAM_ROW; i++)
            cells[i] = add_saturated(cells[i], from->rows[row][i]);
    }
    if (histogram->count == 0 || from->min < histogram->min)
        histogram->min = from->min;
    if (from->max > histogram->max)
        histogram->max = from->max;
    histogram->over = add_saturated(histogram->over, from->over);
    histogram->count = add_saturated(histogram->count, from->count);
    histogram->sum = add_saturated(histogram->sum, from->sum);
}

uint64_t histogram_at_rank(const struct histogram *histogram, uint64_t rank)
{
    if (histogram->count == 0)
        return 0;
    if (rank <= 1)
        return histogram->min;
    if (rank >= histogram->count)
        return histogram->max;
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        const uint64_t *row = histogram->rows[bucket / HISTOGRAM_ROW];
        if (!row) {
            bucket += HISTOGRAM_ROW - 1;
            continue;
        }
        seen = add_saturated(seen, row[bucket % HISTOGRAM_ROW]);
        if (seen < rank)
            continue;
        uint64_t low = histogram_bucket_low(bucket), high = histogram_bucket_high(bucket);
        uint64_t middle = low + (high - low) / 2;
        return middle < histogram->min ? histogram->min : middle > histogram->max ? histogram->max : middle;
    }
    return histogram->max;
}

uint64_t histogram_rank(uint64_t count, uint32_t q)
{
    unsigned __int128 scaled = (unsigned __int128)count * q + 99999;
    uint64_t rank = (uint64_t)(scaled / 100000);
    return rank < 1 ? 1 : rank;
}

uint64_t histogram_quantile(const struct histogram *histogram, uint32_t q)
{
    return histogram_at_rank(histogram, histogram_rank(histogram->count, q));
}

static uint64_t cell_at(const struct histogram *histogram, unsigned bucket)
{
    const uint64_t *row = histogram->rows[bucket / HISTOGRAM_ROW];
    return row ? row[bucket % HISTOGRAM_ROW] : 0;
}

void histogram_encode(const struct histogram *histogram, struct buffer *out)
{
    unsigned used = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        used += cell_at(histogram, bucket) > 0;
    buffer_append_varint(out, LAYOUT_VERSION);
    buffer_append_varint(out, histogram->count);
    buffer_append_varint(out, histogram->sum);
    buffer_append_varint(out, histogram->min);
    buffer_append_varint(out, histogram->max);
    buffer_append_varint(out, histogram->over);
    buffer_append_varint(out, used);
    unsigned next = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        uint64_t count = cell_at(histogram, bucket);
        if (count == 0)
            continue;
        buffer_append_varint(out, bucket - next);
        buffer_append_varint(out, count);
        next = bucket + 1;
    }
}

/* Whether the exact figures fit the buckets: |first| and |last| are the first and last that hold a value. */
static bool is_consistent(const struct histogram *histogram, uint64_t counted, unsigned used, unsigned first,
                          unsigned last)
{
    if (counted != histogram->count)
        return false;
    if (histogram->count == 0)
        return histogram->sum == 0 && histogram->min == 0 && histogram->max == 0;
    if (histogram->min > histogram->max || histogram->sum < histogram->max ||
        (histogram->count == 1 && (histogram->min != histogram->max || histogram->sum != histogram->max)))
        return false;
    if (used > 0 ? histogram->min >= HISTOGRAM_LIMIT || histogram_bucket(histogram->min) != first
                 : histogram->min < HISTOGRAM_LIMIT)
        return false;
    return histogram->over > 0 ? histogram->max >= HISTOGRAM_LIMIT
                               : histogram->max < HISTOGRAM_LIMIT && histogram_bucket(histogram->max) == last;
}

static bool decode_parts(struct bytes *view, struct histogram *histogram)
{
    uint64_t version, used;
    if (!bytes_take_varint(view, &version) || version != LAYOUT_VERSION ||
        !bytes_take_varint(view, &histogram->count) || !bytes_take_varint(view, &histogram->sum) ||
        !bytes_take_varint(view, &histogram->min) || !bytes_take_varint(view, &histogram->max) ||
        !bytes_take_varint(view, &histogram->over) || !bytes_take_varint(view, &used) ||
        used > HISTOGRAM_BUCKETS)
        return false;
    uint64_t counted = histogram->over, next = 0, first = 0;
    for (uint64_t i = 0; i < used; i++) {
        uint64_t skip, count;
        if (!bytes_take_varint(view, &skip) || !bytes_take_varint(view, &count) || count == 0 ||
            skip >= HISTOGRAM_BUCKETS - next)
            return false;
        if (i == 0)
            first = skip;
        add_bucket(histogram, (unsigned)(next + skip), count);
        counted = add_saturated(counted, count);
        next += skip + 1;
    }
    return is_consistent(histogram, counted, (unsigned)used, (unsigned)first,
                         (unsigned)(next ? next - 1 : 0));
}

bool histogram_decode(struct bytes *view, struct histogram *ret_histogram)
{
    struct bytes rest = *view;
    struct histogram histogram = {0};
    if (!decode_parts(&rest, &histogram)) {
        histogram_free(&histogram);
        return false;
    }
    *view = rest;
    *ret_histogram = histogram;
    return true;
}

void histogram_free(struct histogram *histogram)
{
    for (unsigned row = 0; row < HISTOGRAM_ROWS; row++)
        free(histogram->rows[row]);
    memset(histogram, 0, sizeof *histogram);
}
