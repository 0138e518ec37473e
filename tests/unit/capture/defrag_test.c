/* defrag.h: datagrams come together in any order, keep first copies, are given up where IPv6 forbids an overlap,
 * and wait within limits of number and time; every fragment is counted once. */
#include "capture/net/defrag.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct bench {
    struct defrag *defrag;
    struct datagram datagram;
    uint64_t now_ns;
    uint64_t taken;
    uint32_t id;
    uint8_t family;
};

static void bench_start(struct bench *bench, struct defrag_settings settings)
{
    static const uint8_t key[16] = {1};
    settings.hash_key = key;
    *bench =
        (struct bench){.defrag = defrag_create(&settings), .now_ns = NS_PER_S, .id = 1, .family = AF_INET};
}

/* Ends the test: all fragments that were taken stand in the counts. */
static void bench_end(struct bench *bench)
{
    const struct defrag_counts *counts = defrag_counts(bench->defrag);
    assert_int_equal(bench->taken, counts->joined + counts->lost + counts->overlapping + counts->waiting);
    defrag_free(bench->defrag);
}

/* Takes |text| at |offset|, of which |cut| bytes at the end were not captured. */
static enum net_verdict put_cut(struct bench *bench, uint32_t offset, const char *text, bool more, size_t cut)
{
    size_t size = strlen(text) - cut;
    uint8_t *own = malloc(size ? size : 1); /* ASan sees every byte past it */
    memcpy(own, text, size);
    struct fragment fragment = {
        .key = {.id = bench->id, .family = bench->family},
        .offset_bytes = offset,
        .more = more,
        .next = offset == 0 ? 6 : 99,
        .bytes = {own, size},
        .wire_bytes = strlen(text),
        .wall_ns = bench->now_ns,
    };
    defrag_release(bench->defrag);
    enum net_verdict verdict = defrag_take(bench->defrag, &fragment, &bench->datagram);
    if (verdict != NET_MALFORMED)
        bench->taken++;
    free(own);
    return verdict;
}

static enum net_verdict put(struct bench *bench, uint32_t offset, const char *text, bool more)
{
    return put_cut(bench, offset, text, more, 0);
}

static void expect(const struct bench *bench, const char *text)
{
    assert_int_equal(bench->datagram.bytes.size, strlen(text));
    assert_int_equal(bench->datagram.wire_bytes, strlen(text));
    assert_memory_equal(bench->datagram.bytes.data, text, strlen(text));
    assert_int_equal(bench->datagram.next, 6);
}

static void test_defrag_any_order(void **state)
{
    (void)state;
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const char *const parts[] = {"aaaaaaaa", "bbbbbbbbcccccccc", "ddd"};
    static const uint32_t offsets[] = {0, 8, 24};
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    for (unsigned family = 0; family < 2; family++) {
        bench.family = family ? AF_INET6 : AF_INET;
        for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
            for (unsigned k = 0; k < 3; k++) {
                unsigned part = orders[i][k];
                assert_int_equal(put(&bench, offsets[part], parts[part], part < 2),
                                 k == 2 ? NET_NEXT : NET_PENDING);
            }
            expect(&bench, "aaaaaaaabbbbbbbbccccccccddd");
            bench.id++;
        }
    }
    assert_int_equal(defrag_counts(bench.defrag)->joined, 36);
    bench_end(&bench);
}

static void test_defrag_copies_and_late_copies_begin_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    for (unsigned family = 0; family < 2; family++) {
        bench.family = family ? AF_INET6 : AF_INET;
        put(&bench, 0, "aaaaaaaa", true);
        assert_int_equal(put(&bench, 0, "aaaaaaaa", true), NET_PENDING);
        assert_int_equal(put(&bench, 8, "bbb", false), NET_NEXT);
        expect(&bench, "aaaaaaaabbb");
        assert_int_equal(put(&bench, 8, "bbb", false), NET_PENDING);
        assert_int_equal(put(&bench, 0, "aaaaaaaa", true), NET_PENDING);
    }
    assert_int_equal(defrag_counts(bench.defrag)->waiting, 0);
    assert_int_equal(defrag_counts(bench.defrag)->joined, 10);
    bench_end(&bench);
}

static void test_defrag_numbers_are_used_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    put(&bench, 0, "aaaaaaaa", true);
    put(&bench, 8, "bbb", false);
    assert_int_equal(put(&bench, 0, "AAAAAAAA", true), NET_PENDING);
    assert_int_equal(put(&bench, 8, "BBBB", false), NET_NEXT);
    expect(&bench, "AAAAAAAABBBB");
    bench_end(&bench);
}

static void test_defrag_ipv4_overlap_keeps_first_bytes(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    put(&bench, 8, "bbbbbbbbcccccccc", true);
    put(&bench, 0, "AAAAAAAAXXXXXXXX", true);
    assert_int_equal(put(&bench, 16, "YYYYYYYYdddd", false), NET_NEXT);
    expect(&bench, "AAAAAAAAbbbbbbbbccccccccdddd");
    bench_end(&bench);
}

static void test_defrag_ipv4_contradictions_are_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    put(&bench, 8, "bbb", false);
    assert_int_equal(put(&bench, 8, "bbbb", false), NET_MALFORMED);    /* another end */
    assert_int_equal(put(&bench, 8, "bbbbbbbb", true), NET_MALFORMED); /* more behind the end */
    assert_int_equal(put(&bench, 16, "cccccccc", true), NET_MALFORMED);
    assert_int_equal(put(&bench, 0, "aaaaaaaa", true), NET_NEXT);
    expect(&bench, "aaaaaaaabbb");
    bench.id++;
    put(&bench, 16, "cccccccc", true);
    assert_int_equal(put(&bench, 8, "bbb", false), NET_MALFORMED); /* an end before what is there */
    assert_int_equal(put(&bench, 0, "", false), NET_MALFORMED);
    assert_int_equal(put(&bench, 0, "aaa", true), NET_MALFORMED);
    assert_int_equal(put(&bench, 65528, "aaaaaaaa", false), NET_MALFORMED); /* past the largest datagram */
    assert_int_equal(put(&bench, 65528, "aaaaaaa", false), NET_PENDING);
    bench.id++;
    put(&bench, 0, "aaaaaaaaxx", true); /* Linux takes the multiple of eight */
    assert_int_equal(put(&bench, 8, "bbb", false), NET_NEXT);
    expect(&bench, "aaaaaaaabbb");
    bench_end(&bench);
}

static void test_defrag_ipv6_overlap_gives_the_datagram_up(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset;
        const char *text;
        bool more;
    } cases[] = {
        {0, "AAAAAAAA", true},         /* another text */
        {0, "aaaaaaaabbbbbbbb", true}, /* the same one, and more */
        {8, "bbbbbbbbcccccccc", true}, /* behind the end */
        {8, "bb", false},              /* another end */
        {0, "aaaaaaaa", false},        /* an end before what is there */
    };
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    bench.family = AF_INET6;
    uint64_t overlapping = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench.id++;
        put(&bench, 0, "aaaaaaaa", true);
        put(&bench, 16, "cccc", false);
        assert_int_equal(put(&bench, cases[i].offset, cases[i].text, cases[i].more), NET_PENDING);
        assert_int_equal(put(&bench, 8, "bbbbbbbb", true),
                         NET_PENDING); /* what comes later is given up, too */
        overlapping += 4;
        assert_int_equal(defrag_counts(bench.defrag)->overlapping, overlapping);
    }
    assert_int_equal(put(&bench, 0, "aaa", true), NET_MALFORMED);
    bench_end(&bench);
}

static void test_defrag_snaplen_cuts_the_datagram(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    put_cut(&bench, 0, "aaaaaaaabbbbbbbb", true, 5);
    assert_int_equal(put(&bench, 16, "cccc", false), NET_NEXT);
    assert_int_equal(bench.datagram.bytes.size, 11);
    assert_int_equal(bench.datagram.wire_bytes, 20);
    assert_memory_equal(bench.datagram.bytes.data, "aaaaaaaabbb", 11);
    bench.id++;
    put(&bench, 16, "cccccccc", true);
    put_cut(&bench, 0, "aaaaaaaabbbbbbbbCCCCCCCC", true, 12); /* an overlap that was cut, too */
    assert_int_equal(put(&bench, 24, "dd", false), NET_NEXT);
    assert_int_equal(bench.datagram.bytes.size, 12);
    assert_int_equal(bench.datagram.wire_bytes, 26);
    bench_end(&bench);
}

static void test_defrag_oldest_goes_at_the_limit(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){.datagrams_max = 16});
    for (bench.id = 1; bench.id <= 17; bench.id++)
        put(&bench, 0, "aaaaaaaa", true);
    assert_int_equal(defrag_counts(bench.defrag)->lost, 1);
    assert_int_equal(defrag_counts(bench.defrag)->waiting, 16);
    bench.id = 2; /* still there */
    assert_int_equal(put(&bench, 8, "b", false), NET_NEXT);
    bench.id = 1; /* was given up; whole datagrams go first now */
    assert_int_equal(put(&bench, 8, "b", false), NET_PENDING);
    assert_int_equal(defrag_counts(bench.defrag)->lost, 1);
    bench_end(&bench);
}

static void test_defrag_memory_is_limited(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        uint32_t datagrams, room;
    } cases[] = {
        {0, 0, 251}, {UINT64_C(2) << 20, 0, 31}, {1, 0, 16}, {0, 20, 20}, {UINT64_C(1) << 20, 20, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench;
        bench_start(&bench, (struct defrag_settings){.bytes_max = cases[i].bytes,
                                                     .datagrams_max = cases[i].datagrams});
        for (bench.id = 1; defrag_counts(bench.defrag)->lost == 0; bench.id++)
            put(&bench, 0, "aaaaaaaa", true);
        assert_int_equal(defrag_counts(bench.defrag)->waiting, cases[i].room);
        bench_end(&bench);
    }
}

static void test_defrag_time_runs_out(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    put(&bench, 0, "aaaaaaaa", true);
    bench.now_ns += 29 * NS_PER_S;
    put(&bench, 8, "bbbbbbbb", true); /* time counts from the first one */
    bench.now_ns += 2 * NS_PER_S;
    assert_int_equal(put(&bench, 16, "c", false), NET_PENDING);
    assert_int_equal(defrag_counts(bench.defrag)->lost, 2);
    bench.now_ns -= 20 * NS_PER_S; /* a step back gives nothing up */
    assert_int_equal(put(&bench, 0, "aaaaaaaaaaaaaaaa", true), NET_NEXT);
    bench_end(&bench);
}

static void test_defrag_keys_keep_datagrams_apart(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    const struct defrag_key keys[] = {
        {.id = 1},
        {.id = 2},
        {.id = 1, .scope = 1},
        {.id = 1, .family = AF_INET6},
        {.id = 1, .protocol = 6},
        {.id = 1, .depth = 1},
        {.source = {1}, .id = 1},
        {.destination = {1}, .id = 1},
    };
    for (unsigned turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            char text[] = "-------x";
            text[0] = (char)('a' + i);
            const struct fragment fragment = {
                .key = keys[i],
                .offset_bytes = turn * 8,
                .more = turn == 0,
                .bytes = bytes_make(text, 8),
                .wire_bytes = 8,
            };
            struct datagram datagram;
            defrag_release(bench.defrag);
            assert_int_equal(defrag_take(bench.defrag, &fragment, &datagram), turn ? NET_NEXT : NET_PENDING);
            bench.taken++;
            if (turn) {
                assert_int_equal(datagram.bytes.data[0], 'a' + i);
                assert_int_equal(datagram.bytes.data[8], 'a' + i);
            }
        }
    bench_end(&bench);
}

static void test_defrag_smallest_pieces_of_the_largest_datagram(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench, (struct defrag_settings){0});
    for (uint32_t offset = 65528; offset > 0; offset -= 8) { /* the last one first */
        assert_int_equal(put(&bench, offset, offset == 65528 ? "zzzzzzz" : "aaaaaaaa", offset < 65528),
                         NET_PENDING);
        if (offset % 800 == 0)
            put(&bench, offset, offset == 65528 ? "zzzzzzz" : "aaaaaaaa", offset < 65528);
    }
    assert_int_equal(put(&bench, 0, "aaaaaaaa", true), NET_NEXT);
    assert_int_equal(bench.datagram.bytes.size, 65535);
    for (size_t i = 0; i < 65535; i++)
        assert_int_equal(bench.datagram.bytes.data[i], i < 65528 ? 'a' : 'z');
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defrag_any_order),
        cmocka_unit_test(test_defrag_copies_and_late_copies_begin_nothing),
        cmocka_unit_test(test_defrag_numbers_are_used_again),
        cmocka_unit_test(test_defrag_ipv4_overlap_keeps_first_bytes),
        cmocka_unit_test(test_defrag_ipv4_contradictions_are_refused),
        cmocka_unit_test(test_defrag_ipv6_overlap_gives_the_datagram_up),
        cmocka_unit_test(test_defrag_snaplen_cuts_the_datagram),
        cmocka_unit_test(test_defrag_oldest_goes_at_the_limit),
        cmocka_unit_test(test_defrag_memory_is_limited),
        cmocka_unit_test(test_defrag_time_runs_out),
        cmocka_unit_test(test_defrag_keys_keep_datagrams_apart),
        cmocka_unit_test(test_defrag_smallest_pieces_of_the_largest_datagram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
