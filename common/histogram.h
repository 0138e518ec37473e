/* Histograms of latencies that merge exactly (ARCHITECTURE, decision 11): one fixed log-linear layout, unit
 * 1 us, 7 significant bits, values to 2^32 us.
 *
 *     value v < 128:  bucket v
 *     else:           s = floor(log2 v) - 7, bucket 128 * (s + 1) + (v >> s) - 128
 *
 * A bucket is at most 2^-7 of its values wide and is reported by its middle, so a quantile is off by at most
 * 0.39 %. Count, sum, minimum and maximum are exact (the sum saturates at 2^64 - 1). Larger values are
 * counted apart and have the exact maximum. Merging is integer addition: any order, any grouping, same bytes.
 *
 * Memory: a row of 128 buckets is allocated when its first value comes, so a typical latency costs a few KiB
 * and recording allocates nothing once warm. */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_BITS    7
#define HISTOGRAM_ROW     (1U << HISTOGRAM_BITS)
#define HISTOGRAM_ROWS    26U
#define HISTOGRAM_BUCKETS (HISTOGRAM_ROWS * HISTOGRAM_ROW)
#define HISTOGRAM_LIMIT   (UINT64_C(1) << 32) /* first value that is counted apart */

/* Zero-initialised is empty and valid; histogram_free releases. */
struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t min; /* 0 while empty */
    uint64_t max;
    uint64_t over;                  /* values of HISTOGRAM_LIMIT and more */
    uint64_t *rows[HISTOGRAM_ROWS]; /* NULL: all zero */
};

void histogram_record(struct histogram *histogram, uint64_t value_us);
/* As histogram_record for nanoseconds, rounded down to microseconds. */
void histogram_record_ns(struct histogram *histogram, uint64_t value_ns);
/* Adds all of |from| to |histogram|. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/* Returns the value of rank |rank|, 1 to count, within 0.39 %; exact for the first and last. 0 while empty. */
uint64_t histogram_at_rank(const struct histogram *histogram, uint64_t rank);
/* Returns the quantile |q| in parts of 100,000 (99,900: p999) by nearest rank: rank ceil(q n / 100,000), at
 * least 1. 0 while empty. */
uint64_t histogram_quantile(const struct histogram *histogram, uint32_t q);
/* Returns the rank that a quantile has among |count| values. */
uint64_t histogram_rank(uint64_t count, uint32_t q);

/* Appends the canonical form: equal contents give equal bytes. */
void histogram_encode(const struct histogram *histogram, struct buffer *out);
/* Takes one histogram from the front of |view| into the empty |ret_histogram|. Returns false, both unchanged,
 * where the bytes are not the canonical form of a histogram. */
bool histogram_decode(struct bytes *view, struct histogram *ret_histogram);
void histogram_free(struct histogram *histogram);

/* Layout, for tests. */
unsigned histogram_bucket(uint64_t value_us);
uint64_t histogram_bucket_low(unsigned bucket);
uint64_t histogram_bucket_high(unsigned bucket); /* inclusive */

#endif
