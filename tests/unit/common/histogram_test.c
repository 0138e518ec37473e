#include "common/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_histogram_buckets_cover_every_value_once(void **state)
{
    (void)state;
    uint64_t next = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        uint64_t low = histogram_bucket_low(bucket), high = histogram_bucket_high(bucket);
        assert_true(low == next);
        assert_int_equal(histogram_bucket(low), bucket);
        assert_int_equal(histogram_bucket(high), bucket);
        /* the middle is at most 0.39 % away from every value in the bucket */
        assert_true((double)(high - low) / 2 <= 0.0039063 * (double)(low ? low : 1));
        next = high + 1;
    }
    assert_true(next == HISTOGRAM_LIMIT);
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static uint64_t any_value(unsigned *seed)
{
    return ((uint64_t)rand_r(seed) << 16 ^ (uint64_t)rand_r(seed)) >> (rand_r(seed) % 44);
}

static void test_histogram_quantiles_against_sorted_values(void **state)
{
    (void)state;
    static const uint32_t quantiles[] = {0, 1, 50000, 90000, 99000, 99900, 100000};
    static uint64_t values[5000];
    unsigned seed = 3;
    for (size_t count = 1; count <= 5000; count = count * 3 + 1) {
        struct histogram histogram = {0};
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            values[i] = any_value(&seed) % HISTOGRAM_LIMIT;
            sum += values[i];
            histogram_record(&histogram, values[i]);
        }
        qsort(values, count, sizeof values[0], by_value);
        assert_true(histogram.sum == sum && histogram.count == count);
        assert_true(histogram.min == values[0] && histogram.max == values[count - 1]);
        for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
            uint64_t rank = ((uint64_t)count * quantiles[i] + 99999) / 100000;
            double exact = (double)values[rank ? rank - 1 : 0];
            double got = (double)histogram_quantile(&histogram, quantiles[i]);
            assert_true(got >= exact * (1 - 0.0039063) && got <= exact * (1 + 0.0039063));
        }
        histogram_free(&histogram);
    }
}

static void test_histogram_over_the_limit_keeps_exact_maximum(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_record(&histogram, 5);
    histogram_record(&histogram, HISTOGRAM_LIMIT + 77);
    histogram_record(&histogram, HISTOGRAM_LIMIT);
    histogram_record_ns(&histogram, 1999);
    assert_int_equal(histogram.over, 2);
    assert_true(histogram.max == HISTOGRAM_LIMIT + 77 && histogram.min == 1);
    assert_true(histogram_quantile(&histogram, 99000) == HISTOGRAM_LIMIT + 77);
    histogram_free(&histogram);
    assert_true(histogram_quantile(&histogram, 50000) == 0);
}

static void encode(const struct histogram *histogram, struct buffer *out)
{
    buffer_clear(out);
    histogram_encode(histogram, out);
}

static void test_histogram_merge_of_any_split_and_order_gives_same_bytes(void **state)
{
    (void)state;
    unsigned seed = 11;
    struct buffer whole_bytes = {0}, merged_bytes = {0};
    for (int round = 0; round < 20; round++) {
        struct histogram whole = {0}, parts[5] = {{0}}, merged = {0};
        for (int i = 0; i < 2000; i++) {
            uint64_t value = any_value(&seed);
            histogram_record(&whole, value);
            histogram_record(&parts[rand_r(&seed) % 5], value);
        }
        int first = rand_r(&seed) % 5;
        for (int i = 0; i < 5; i++) {
            /* by way of their stored form */
            struct buffer stored = {0};
            histogram_encode(&parts[(first + i * 2) % 5], &stored);
            struct bytes view = buffer_bytes(&stored);
            struct histogram read = {0};
            assert_true(histogram_decode(&view, &read));
            assert_int_equal(view.size, 0);
            histogram_merge(&merged, &read);
            histogram_free(&read);
            buffer_free(&stored);
        }
        encode(&whole, &whole_bytes);
        encode(&merged, &merged_bytes);
        assert_int_equal(whole_bytes.size, merged_bytes.size);
        assert_memory_equal(whole_bytes.data, merged_bytes.data, whole_bytes.size);
        histogram_free(&whole);
        histogram_free(&merged);
        for (int i = 0; i < 5; i++)
            histogram_free(&parts[i]);
    }
    buffer_free(&whole_bytes);
    buffer_free(&merged_bytes);
}

static void test_histogram_decode_takes_only_its_own_form(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    for (uint64_t value = 1; value < 4000; value = value * 3 / 2 + 1)
        histogram_record(&histogram, value);
    struct buffer stored = {0}, again = {0};
    histogram_encode(&histogram, &stored);
    for (size_t size = 0; size < stored.size; size++) {
        struct bytes cut = bytes_make(stored.data, size);
        struct histogram read = {0};
        assert_false(histogram_decode(&cut, &read));
    }
    unsigned seed = 5;
    for (int i = 0; i < 20000; i++) {
        struct buffer bent = {0};
        buffer_append_bytes(&bent, buffer_bytes(&stored));
        bent.data[(size_t)rand_r(&seed) % bent.size] ^= (uint8_t)(1 << rand_r(&seed) % 8);
        struct bytes view = buffer_bytes(&bent);
        struct histogram read = {0};
        if (histogram_decode(&view,
                             &read)) { /* then it is a histogram, whole and canonical in what it says */
            uint64_t last = histogram_quantile(&read, 100000);
            assert_true(last == read.max);
            encode(&read, &again);
            histogram_free(&read);
        }
        buffer_free(&bent);
    }
    histogram_free(&histogram);
    buffer_free(&stored);
    buffer_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_buckets_cover_every_value_once),
        cmocka_unit_test(test_histogram_quantiles_against_sorted_values),
        cmocka_unit_test(test_histogram_over_the_limit_keeps_exact_maximum),
        cmocka_unit_test(test_histogram_merge_of_any_split_and_order_gives_same_bytes),
        cmocka_unit_test(test_histogram_decode_takes_only_its_own_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
