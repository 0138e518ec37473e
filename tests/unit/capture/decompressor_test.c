#include "capture/file/decompressor.h"
#include "tests/unit/capture/pcap_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN_BYTES 3000

static uint8_t plain_bytes[PLAIN_BYTES];

static struct bytes plain(void)
{
    return bytes_make(plain_bytes, sizeof plain_bytes);
}

/* Something between text and noise, the same each time. */
static int make_plain(void **state)
{
    (void)state;
    uint32_t number = 1;
    for (size_t i = 0; i < sizeof plain_bytes; i++) {
        number = number * 1664525 + 1013904223;
        plain_bytes[i] = number >> 28 ? (uint8_t)("request "[i % 8]) : (uint8_t)(number >> 16);
    }
    return 0;
}

/* Undoes |packed|, given |step| bytes at a time, taking |room| at a time. Returns false where it is damaged. */
static bool undo(struct bytes packed, size_t step, size_t room, struct buffer *ret_plain, bool *ret_whole)
{
    struct decompressor *decompressor = decompressor_create(packed);
    assert_non_null(decompressor);
    bool good = true;
    uint8_t *output = malloc(room);
    buffer_clear(ret_plain);
    for (size_t given = 0; good; given += step) {
        size_t size = given >= packed.size ? 0 : packed.size - given < step ? packed.size - given : step;
        uint8_t *copy = malloc(size); /* ASan sees every byte past it */
        if (size > 0)
            memcpy(copy, packed.data + given, size);
        struct bytes input = bytes_make(copy, size);
        size_t written;
        do {
            good = decompressor_run(decompressor, &input, output, room, &written);
            assert_in_range(written, 0, room);
            buffer_append(ret_plain, output, written);
        } while (good && written > 0);
        assert_true(!good || input.size == 0);
        free(copy);
        if (size == 0)
            break;
    }
    *ret_whole = decompressor_is_whole(decompressor);
    if (!good)
        assert_true(decompressor_damage(decompressor)[0] != 0);
    decompressor_free(decompressor);
    free(output);
    return good;
}

static void check(const struct buffer *packed)
{
    struct buffer got = {0};
    static const size_t steps[] = {1, 2, 7, 100, 100000}, rooms[] = {1, 13, 100000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
            bool whole;
            assert_true(undo(buffer_bytes(packed), steps[i], rooms[k], &got, &whole));
            assert_true(whole);
            assert_true(bytes_equal(buffer_bytes(&got), plain()));
        }
    buffer_free(&got);
}

static struct bytes part(size_t begin, size_t end)
{
    return bytes_make(plain_bytes + begin, end - begin);
}

static void test_decompressor_gzip_members_and_padding(void **state)
{
    (void)state;
    struct buffer packed = {0};
    kit_gzip(&packed, plain());
    check(&packed);
    buffer_clear(&packed);
    kit_gzip(&packed, part(0, 1000));
    kit_gzip(&packed, part(1000, 1000));
    kit_gzip(&packed, part(1000, PLAIN_BYTES));
    check(&packed);
    for (size_t i = 0; i < 20; i++) /* as tapes and block devices fill up */
        buffer_append_byte(&packed, 0);
    check(&packed);
    buffer_free(&packed);
}

static void test_decompressor_zstd_frames(void **state)
{
    (void)state;
    struct buffer packed = {0};
    kit_zstd(&packed, plain());
    check(&packed);
    buffer_clear(&packed);
    kit_u32(&packed, KIT_LITTLE, 0x184d2a50); /* skippable frames, as pzstd writes them */
    kit_u32(&packed, KIT_LITTLE, 4);
    buffer_append_bytes(&packed, BYTES_LITERAL("size"));
    kit_zstd(&packed, part(0, 1000));
    kit_u32(&packed, KIT_LITTLE, 0x184d2a5f);
    kit_u32(&packed, KIT_LITTLE, 0);
    kit_zstd(&packed, part(1000, PLAIN_BYTES));
    check(&packed);
    buffer_free(&packed);
}

/* Whatever is cut off, what comes out is a beginning of the content, and the end is known to be none. */
static void test_decompressor_cut_anywhere_keeps_the_beginning(void **state)
{
    (void)state;
    for (int zstd = 0; zstd < 2; zstd++) {
        struct buffer packed = {0}, got = {0};
        if (zstd)
            kit_zstd(&packed, plain());
        else
            kit_gzip(&packed, plain());
        for (size_t size = DECOMPRESSOR_MAGIC_BYTES; size < packed.size; size++) {
            bool whole;
            assert_true(undo(bytes_make(packed.data, size), 64, 500, &got, &whole));
            assert_false(whole);
            assert_true(got.size <= PLAIN_BYTES);
            assert_memory_equal(got.data ? got.data : plain_bytes, plain_bytes, got.size);
        }
        buffer_free(&packed);
        buffer_free(&got);
    }
}

static void test_decompressor_damage_is_named(void **state)
{
    (void)state;
    struct buffer packed = {0}, got = {0};
    bool whole;
    kit_gzip(&packed, plain());
    packed.data[packed.size - 6] ^= 1; /* of the checksum */
    assert_false(undo(buffer_bytes(&packed), 100, 500, &got, &whole));
    assert_true(bytes_equal(buffer_bytes(&got), plain()));
    buffer_clear(&packed);
    kit_gzip(&packed, plain());
    buffer_append_text(&packed, "something else");
    assert_false(undo(buffer_bytes(&packed), 100, 500, &got, &whole));
    assert_true(bytes_equal(buffer_bytes(&got), plain()));
    buffer_clear(&packed);
    kit_gzip(&packed, plain());
    buffer_append(&packed, "\0\0\x1f\x8b\x08", 5); /* a member behind padding is none */
    assert_false(undo(buffer_bytes(&packed), 100, 500, &got, &whole));
    buffer_clear(&packed);
    kit_zstd(&packed, plain());
    buffer_append_text(&packed, "something else");
    assert_false(undo(buffer_bytes(&packed), 100, 500, &got, &whole));
    assert_true(bytes_equal(buffer_bytes(&got), plain()));
    buffer_clear(&packed);
    kit_zstd(&packed, plain());
    packed.data[4] |= 4; /* now it says that a checksum follows, which is wrong */
    buffer_append_text(&packed, "sum?");
    assert_false(undo(buffer_bytes(&packed), 100000, 100000, &got, &whole));
    assert_true(bytes_equal(buffer_bytes(&got), plain()));
    buffer_clear(&packed);
    kit_zstd(&packed, plain());
    memset(packed.data + 30, 0xff, 40);
    assert_false(undo(buffer_bytes(&packed), 100, 500, &got, &whole));
    buffer_free(&packed);
    buffer_free(&got);
}

static void test_decompressor_is_not_made_for_anything_else(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "", "\x1f", "\x1f\x8b", "\x1f\x8b\x07!", "\x28\xb5\x2f", "\xd4\xc3\xb2\xa1", "BZh9"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        assert_null(decompressor_create(bytes_of(heads[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decompressor_gzip_members_and_padding),
        cmocka_unit_test(test_decompressor_zstd_frames),
        cmocka_unit_test(test_decompressor_cut_anywhere_keeps_the_beginning),
        cmocka_unit_test(test_decompressor_damage_is_named),
        cmocka_unit_test(test_decompressor_is_not_made_for_anything_else),
    };
    return cmocka_run_group_tests(tests, make_plain, NULL);
}
