/* Blocks that are held stay as they are; memory that nobody holds is used again, and not hoarded. */
#include "common/segment/block_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct held_block *take(struct block_pool *pool, const char *text)
{
    struct held_block *block = block_pool_take(pool, 2);
    buffer_clear(&block->raw);
    buffer_append_text(&block->raw, text);
    return block;
}

static void test_block_pool_never_gives_out_what_is_held(void **state)
{
    (void)state;
    struct block_pool pool = {0};
    struct held_block *blocks[10];
    for (size_t i = 0; i < 10; i++) {
        blocks[i] = take(&pool, "held");
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(blocks[i], blocks[k]);
    }
    held_block_hold(blocks[3]);
    held_block_release(blocks[3]);
    assert_ptr_not_equal(take(&pool, "more"), blocks[3]); /* held once more than it was let go of */
    assert_int_equal(pool.held_bytes, 40);
    assert_true(bytes_equal(buffer_bytes(&blocks[3]->raw), BYTES_LITERAL("held")));
    block_pool_free(&pool);
}

static void test_block_pool_uses_memory_again_and_keeps_little_to_spare(void **state)
{
    (void)state;
    struct block_pool pool = {0};
    struct held_block *blocks[10];
    for (size_t i = 0; i < 10; i++)
        blocks[i] = take(&pool, "held");
    assert_int_equal(pool.count, 10);
    for (size_t i = 0; i < 10; i++)
        held_block_release(blocks[i]);
    held_block_release(NULL);
    for (size_t i = 0; i < 100; i++)
        held_block_release(take(&pool, "one at a time"));
    assert_true(pool.count <= 3);
    assert_int_equal(pool.held_bytes, 0);
    block_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_pool_never_gives_out_what_is_held),
        cmocka_unit_test(test_block_pool_uses_memory_again_and_keeps_little_to_spare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
