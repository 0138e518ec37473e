/* block.h: what is compressed in pieces, with pauses between, comes back as it was, also where it cannot be made smaller. */
#include "common/segment/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zstd.h>

static void count_pause(void *arg)
{
    (*(unsigned *)arg)++;
}

/* Makes a block of one record with |size| bytes of payload, random or all alike, and reads it back. Returns the pauses. */
static unsigned round_trip(size_t size, bool random)
{
    struct buffer payload = {0}, meta = {0}, raw = {0};
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(&payload, random ? (uint8_t)(rand() >> 7) : 'a');
    buffer_append_text(&meta, "meta");
    unsigned pauses = 0;
    struct block_builder *builder = block_builder_create(1);
    struct block_pause pause = {count_pause, &pauses};
    block_builder_set_pause(builder, pause);
    block_builder_add(builder, 7, buffer_bytes(&meta), buffer_bytes(&payload));
    struct block_frames frames;
    block_builder_finish(builder, &frames);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    assert_true(block_decompress(context, (struct block_pause){0}, frames.meta, frames.block.meta_crc,
                                 frames.block.meta_raw, &raw));
    assert_true(block_check(&frames.block, buffer_bytes(&raw)));
    if (size > 0) {
        for (int paused = 0; paused < 2; paused++) {
            unsigned made = 0;
            assert_true(block_decompress(
                context, paused ? (struct block_pause){count_pause, &made} : (struct block_pause){0},
                frames.payload, frames.block.payload_crc, frames.block.payload_raw, &raw));
            assert_true(bytes_equal(buffer_bytes(&raw), buffer_bytes(&payload)));
            assert_true(!paused || made >= size / 131072);
        }
        unsigned made = 0;
        assert_false(block_decompress(context, (struct block_pause){count_pause, &made}, frames.payload,
                                      frames.block.payload_crc ^ 1, frames.block.payload_raw, &raw));
    }
    ZSTD_freeDCtx(context);
    block_builder_free(builder);
    buffer_free(&payload);
    buffer_free(&meta);
    buffer_free(&raw);
    return pauses;
}

static void test_what_is_compressed_with_pauses_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 32767, 32768, 32769, 65536, 300000, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned pauses = round_trip(sizes[i], false);
        assert_true(pauses >= 1 + sizes[i] / 65536);
        assert_int_equal(round_trip(sizes[i], true), pauses);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_compressed_with_pauses_comes_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
