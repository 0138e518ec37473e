#include "common/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static const char *const lists[] = {
    "gzip", "x-gzip", "Deflate", "br", "zstd", "", "identity", "gzip, br", "zstd, identity, gzip , deflate"};

static void make_plain(struct buffer *plain, size_t size)
{
    buffer_clear(plain);
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(plain, (uint8_t)((i * 7 + i / 256) & 0x3f));
}

static void test_encode_then_decode_gives_the_same(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 100, 70000};
    struct buffer plain = {0}, coded = {0}, back = {0};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t j = 0; j < 3; j++) {
            make_plain(&plain, sizes[j]);
            assert_int_equal(coding_encode(bytes_of(lists[i]), buffer_bytes(&plain), &coded), CODING_OK);
            assert_int_equal(coding_decode(bytes_of(lists[i]), buffer_bytes(&coded), sizes[j], &back),
                             CODING_OK);
            assert_true(bytes_equal(buffer_bytes(&plain), buffer_bytes(&back)));
        }
    }
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&back);
}

static void test_cut_at_any_byte_is_cut(void **state)
{
    (void)state;
    struct buffer plain = {0}, coded = {0}, back = {0};
    make_plain(&plain, 300);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(coding_encode(bytes_of(lists[i]), buffer_bytes(&plain), &coded), CODING_OK);
        for (size_t size = 1; size < coded.size; size++)
            assert_int_equal(coding_decode(bytes_of(lists[i]), bytes_make(coded.data, size), 100000, &back),
                             CODING_CUT);
        buffer_append_text(&coded, "more");
        assert_int_equal(coding_decode(bytes_of(lists[i]), buffer_bytes(&coded), 100000, &back),
                         CODING_DAMAGED);
        assert_int_equal(back.size, 0);
    }
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&back);
}

static void test_beginning_is_undone_as_far_as_it_goes(void **state)
{
    (void)state;
    struct buffer plain = {0}, coded = {0}, back = {0};
    for (unsigned i = 0, random = 1; i < 40000; i++, random = random * 1103515245 + 12345)
        buffer_append_byte(&plain, "0123456789abcdef"[random >> 28]);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct bytes list = bytes_of(lists[i]);
        assert_int_equal(coding_encode(list, buffer_bytes(&plain), &coded), CODING_OK);
        size_t before = 0;
        for (size_t size = 0; size <= coded.size; size += size < 40 || size + 40 > coded.size ? 1 : 37) {
            assert_int_equal(coding_decode_beginning(list, bytes_make(coded.data, size), 100000, &back),
                             CODING_OK);
            assert_true(back.size >= before && back.size <= plain.size);
            assert_true(back.size == 0 || memcmp(back.data, plain.data, back.size) == 0);
            before = back.size;
        }
        assert_int_equal(before, plain.size);
        coding_decode_beginning(list, buffer_bytes(&coded), 1000, &back);
        assert_true(back.size == 1000 ||
                    (back.size < 1000 && i >= 7)); /* a limit inside lists is one for each */
        assert_true(back.size == 0 || memcmp(back.data, plain.data, back.size) == 0);
    }
    /* bytes that no stream begins with are damage, not an end */
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(
            coding_decode_beginning(bytes_of(lists[i]), BYTES_LITERAL("<html>plain</html>"), 100, &back),
            CODING_DAMAGED);
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&back);
}

static void test_more_than_the_limit(void **state)
{
    (void)state;
    struct buffer plain = {0}, coded = {0}, back = {0};
    for (size_t i = 0; i < 1000000; i++)
        buffer_append_byte(&plain, 0);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_int_equal(coding_encode(bytes_of(lists[i]), buffer_bytes(&plain), &coded), CODING_OK);
        assert_int_equal(coding_decode(bytes_of(lists[i]), buffer_bytes(&coded), 999999, &back),
                         CODING_LIMIT);
        assert_int_equal(back.size, 0);
        assert_true(back.capacity <= 2 * 1100000);
        assert_int_equal(coding_decode(bytes_of(lists[i]), buffer_bytes(&coded), 1000000, &back), CODING_OK);
    }
    assert_int_equal(coding_decode(bytes_of("gzip,gzip,gzip,gzip"), buffer_bytes(&coded), 10, &back),
                     CODING_LIMIT);
    buffer_free(&plain);
    buffer_free(&coded);
    buffer_free(&back);
}

static void test_unknown_and_wrong(void **state)
{
    (void)state;
    struct buffer out = {0};
    assert_int_equal(coding_decode(BYTES_LITERAL("lzma"), BYTES_LITERAL("x"), 10, &out), CODING_UNKNOWN);
    assert_int_equal(coding_encode(BYTES_LITERAL("gzip, lzma"), BYTES_LITERAL("x"), &out), CODING_UNKNOWN);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(coding_decode(bytes_of(lists[i]), BYTES_LITERAL("<html>plain</html>"), 100, &out),
                         CODING_DAMAGED);
    assert_int_equal(coding_decode(BYTES_LITERAL("gzip"), (struct bytes){0}, 10, &out), CODING_OK);
    buffer_free(&out);
}

static void test_gzip_members_checksum_and_raw_deflate(void **state)
{
    (void)state;
    struct buffer one = {0}, two = {0}, out = {0};
    assert_int_equal(coding_encode(BYTES_LITERAL("gzip"), BYTES_LITERAL("hello "), &one), CODING_OK);
    assert_int_equal(coding_encode(BYTES_LITERAL("gzip"), BYTES_LITERAL("world"), &two), CODING_OK);
    buffer_append_bytes(&one, buffer_bytes(&two));
    assert_int_equal(coding_decode(BYTES_LITERAL("gzip"), buffer_bytes(&one), 100, &out), CODING_OK);
    assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("hello world")));
    two.data[two.size - 6] ^= 1; /* in the CRC */
    assert_int_equal(coding_decode(BYTES_LITERAL("gzip"), buffer_bytes(&two), 100, &out), CODING_DAMAGED);
    z_stream stream = {0};
    uint8_t raw[64];
    deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (Bytef *)"raw raw raw";
    stream.avail_in = 11;
    stream.next_out = raw;
    stream.avail_out = sizeof raw;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(coding_decode(BYTES_LITERAL("deflate"), bytes_make(raw, stream.total_out), 100, &out),
                     CODING_OK);
    assert_true(bytes_equal(buffer_bytes(&out), BYTES_LITERAL("raw raw raw")));
    deflateEnd(&stream);
    buffer_free(&one);
    buffer_free(&two);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_then_decode_gives_the_same),
        cmocka_unit_test(test_cut_at_any_byte_is_cut),
        cmocka_unit_test(test_beginning_is_undone_as_far_as_it_goes),
        cmocka_unit_test(test_more_than_the_limit),
        cmocka_unit_test(test_unknown_and_wrong),
        cmocka_unit_test(test_gzip_members_checksum_and_raw_deflate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
