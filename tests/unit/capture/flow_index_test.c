/* flow_index.h and siphash.h: whatever is added, moved and removed, each entry is found under its key and stands in
 * its list in order; memory is that of the entries that are there. */
#include "capture/tcp/flow_index.h"

#include "capture/tcp/flow_state.h"
#include "capture/tcp/siphash.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 3000

static const uint8_t secret[FLOW_INDEX_KEY_SIZE] = {7, 1, 9};

static struct flow_key key_of(uint32_t number)
{
    struct flow_key key = {.port = {80, (uint16_t)(number % 50)}, .family = AF_INET};
    memcpy(key.ip[0], &number, sizeof number);
    if (number % 3 == 0) {
        key.family = AF_INET6;
        key.ip[1][15] = 1;
    }
    return key;
}

static void test_siphash_is_that_of_libsodium(void **state)
{
    (void)state;
    uint64_t words[5];
    for (size_t count = 0; count <= 5; count++) {
        for (size_t i = 0; i < count; i++)
            words[i] = 0x0123456789abcdef * (i + 1);
        uint64_t wanted;
        crypto_shorthash((unsigned char *)&wanted, (const unsigned char *)words, count * 8, secret);
        assert_int_equal(siphash(words, count, secret, 2, 4), wanted);
    }
}

/* Checks that each list holds what |where| says, in order of |stamp|. */
static void check(const struct flow_index *index, const int *where, const uint32_t *stamp)
{
    uint32_t found = 0;
    for (unsigned list = 0; list < FLOW_LISTS; list++) {
        uint32_t before = 0, count = 0;
        for (uint32_t at = index->lists[list].oldest; at != FLOW_INDEX_NONE;
             at = flow_index_at(index, at)->newer) {
            uint32_t number;
            memcpy(&number, flow_index_at(index, at)->key.ip[0], sizeof number);
            assert_int_equal(where[number], list);
            assert_true(stamp[number] > before);
            before = stamp[number];
            count++;
        }
        assert_int_equal(count, index->lists[list].count);
        found += count;
    }
    assert_int_equal(found, index->count);
}

static void test_index_holds_what_was_added_and_not_removed(void **state)
{
    (void)state;
    static int where[KEYS];
    static uint32_t stamp[KEYS];
    static struct flow flows[KEYS];
    struct budget budget = {.limit_bytes = 1 << 30};
    struct flow_index index;
    flow_index_init(&index, &budget, secret);
    memset(where, -1, sizeof where);
    srand(1);
    unsigned hits = 0, found_kin = 0;
    for (uint32_t turn = 1; turn < 60000; turn++) {
        uint32_t number = (uint32_t)rand() % (turn / 20000 == 1 ? 50 : KEYS); /* shrinks in between */
        struct flow_key key = key_of(number);
        uint32_t hash = flow_index_hash(&index, &key);
        uint32_t at = flow_index_find(&index, &key, hash);
        enum flow_list list = (enum flow_list)(rand() % FLOW_LISTS);
        uint32_t recalled = flow_index_recall(&index, &key); /* whatever came and went since */
        assert_true(recalled == at || recalled == FLOW_INDEX_NONE);
        hits += recalled != FLOW_INDEX_NONE;
        assert_int_equal(at != FLOW_INDEX_NONE, where[number] >= 0);
        if (at == FLOW_INDEX_NONE) {
            at = flow_index_add(&index, &key, hash, list);
            flow_index_at(&index, at)->flow = &flows[number];
            flows[number].entry = at;
        } else if (rand() % 2 == 0) {
            flow_index_move(&index, at, list);
        } else {
            flow_index_remove(&index, at);
            where[number] = -1;
            continue;
        }
        where[number] = (int)list;
        stamp[number] = turn;
        assert_int_equal(flows[number].entry, flow_index_find(&index, &key, hash));
        flow_index_remember(&index, &key, at);
        assert_int_equal(flow_index_recall(&index, &key), at);
        struct flow_key elsewhere = key;
        elsewhere.scope++;
        uint32_t kin = flow_index_find_kin(&index, &elsewhere); /* forgotten where another has its place */
        assert_true(kin == at || kin == FLOW_INDEX_NONE);
        found_kin += kin != FLOW_INDEX_NONE;
        if (turn % 1000 == 0)
            check(&index, where, stamp);
        if (turn % 20000 == 0) { /* nearly all go */
            while (index.count > 10) {
                memcpy(&number, flow_index_at(&index, index.count / 2)->key.ip[0], sizeof number);
                flow_index_remove(&index, index.count / 2);
                where[number] = -1;
            }
            assert_true(budget.used_bytes < 64 << 10);
        }
    }
    while (index.count > 0)
        flow_index_remove(&index, 0);
    flow_index_done(&index);
    assert_int_equal(budget.used_bytes, 0);
    assert_true(hits > 8000); /* nearly all of those while there are few */
    assert_true(found_kin > 8000);
}

static void test_index_slots_do_not_grow_beyond_the_budget(void **state)
{
    (void)state;
    struct budget budget = {.limit_bytes = 100000};
    struct flow_index index;
    flow_index_init(&index, &budget, secret);
    uint32_t number = 0;
    for (; flow_index_has_room(&index); number++) {
        struct flow_key key = key_of(number);
        flow_index_add(&index, &key, flow_index_hash(&index, &key), LIST_QUIET);
    }
    assert_int_equal(number, 2048 / 16 * 15);
    while (index.count > 0)
        flow_index_remove(&index, index.lists[LIST_QUIET].oldest);
    flow_index_done(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_siphash_is_that_of_libsodium),
        cmocka_unit_test(test_index_holds_what_was_added_and_not_removed),
        cmocka_unit_test(test_index_slots_do_not_grow_beyond_the_budget),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
