/* reassembly.h alone: pieces in any order come out in order, and the work for it does not grow with their number
 * squared. Work is counted in steps, not in time. */
#include "capture/tcp/reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PIECES 4096

struct stream {
    struct budget budget;
    struct reassembly_shared shared;
    struct reassembly direction;
};

static void start(struct stream *stream)
{
    *stream = (struct stream){.budget = {.limit_bytes = 1 << 24}};
    stream->shared = (struct reassembly_shared){
        .budget = &stream->budget, .direction_bytes = 1 << 24, .direction_pieces = PIECES, .random = 99};
    reassembly_start(&stream->direction, UINT32_MAX - 100);
}

/* Offers |size| bytes of the stream from its place |at|, and stores what is new. */
static void offer(struct stream *stream, uint32_t at, uint32_t size)
{
    static uint8_t bytes[3 * PIECES];
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((at + i) * 7);
    struct reassembly_piece piece = {.offset = reassembly_offset(&stream->direction, UINT32_MAX - 100 + at),
                                     .data = {bytes, size}};
    struct reassembly_piece rest;
    bool conflict;
    if (reassembly_offer(&stream->direction, &stream->shared, &piece, &rest, &conflict) !=
        REASSEMBLY_DUPLICATE)
        assert_true(reassembly_store(&stream->direction, &stream->shared, &rest));
    assert_false(conflict);
}

/* Takes all that is in order; returns how many bytes. */
static uint32_t drain(struct stream *stream)
{
    uint32_t at = 0;
    const struct reassembly_piece *piece;
    while ((piece = reassembly_front(&stream->direction))) {
        for (size_t i = 0; i < piece->data.size; i++)
            assert_int_equal(piece->data.data[i], (uint8_t)((at + i) * 7));
        at += (uint32_t)piece->data.size;
        reassembly_advance(&stream->direction, piece);
        reassembly_pop(&stream->direction, &stream->shared);
    }
    assert_int_equal(stream->budget.used_bytes, 0);
    return at;
}

static uint32_t shuffled[PIECES];

static void shuffle(void)
{
    srand(5);
    for (uint32_t i = 0; i < PIECES; i++)
        shuffled[i] = i;
    for (uint32_t i = PIECES - 1; i > 0; i--) {
        uint32_t other = (uint32_t)rand() % (i + 1), kept = shuffled[i];
        shuffled[i] = shuffled[other];
        shuffled[other] = kept;
    }
}

/* |order|: 0 in order, 1 backwards, 2 at random, 3 from both ends to the middle, 4 from the middle outwards. */
static uint32_t place_of(unsigned order, uint32_t i)
{
    uint32_t inwards = i % 2 ? PIECES - 1 - i / 2 : i / 2;
    switch (order) {
    case 0:
        return i;
    case 1:
        return PIECES - 1 - i;
    case 2:
        return shuffled[i];
    case 3:
        return inwards;
    default:
        return i % 2 ? PIECES / 2 - 1 - i / 2 : PIECES / 2 + i / 2;
    }
}

static void test_reassembly_no_order_costs_more_than_log_n_steps_a_piece(void **state)
{
    (void)state;
    shuffle();
    for (unsigned order = 0; order < 5; order++) {
        struct stream stream;
        start(&stream);
        for (uint32_t i = 0; i < PIECES; i++)
            offer(&stream, 3 * place_of(order, i), 3);
        assert_int_equal(drain(&stream), 3 * PIECES);
        assert_in_range(stream.shared.steps, 1, PIECES * 12 * 8);
    }
}

static void test_reassembly_copies_behind_many_pieces_cost_log_n_steps(void **state)
{
    (void)state;
    struct stream stream;
    start(&stream);
    for (uint32_t i = 0; i < PIECES - 1; i++)
        offer(&stream, 3 + 2 * i, 1); /* holes everywhere */
    uint64_t before = stream.shared.steps;
    for (uint32_t i = 0; i < 10000; i++)
        offer(&stream, 3 + 2 * (i * 7 % (PIECES - 1)), 1);
    assert_in_range(stream.shared.steps - before, 1, 10000 * 12 * 8);
    offer(&stream, 0, 2 * PIECES + 1); /* fills them all */
    assert_int_equal(drain(&stream), 2 * PIECES + 1);
}

static void test_reassembly_cut_packet_costs_no_more_than_what_was_captured(void **state)
{
    (void)state;
    struct stream stream;
    start(&stream);
    for (uint32_t i = 0; i < PIECES - 100; i++)
        offer(&stream, 3 + 2 * i, 1);
    uint64_t before = stream.shared.steps;
    for (uint32_t i = 0; i < 1000; i++) { /* each says that it had all of them, and shows one byte */
        struct reassembly_piece piece = {
            .offset = stream.direction.next + 1, .data = BYTES_LITERAL("\7"), .cut_bytes = 2 * PIECES};
        struct reassembly_piece rest;
        bool conflict;
        assert_int_equal(reassembly_offer(&stream.direction, &stream.shared, &piece, &rest, &conflict),
                         REASSEMBLY_EARLY);
        assert_true(reassembly_store(&stream.direction, &stream.shared, &rest));
    }
    assert_in_range(stream.shared.steps - before, 1, 1000 * 100);
    reassembly_done(&stream.direction, &stream.shared);
    assert_int_equal(stream.budget.used_bytes, 0);
}

static void test_reassembly_piece_costs_what_it_says(void **state)
{
    (void)state;
    struct stream stream;
    start(&stream);
    offer(&stream, 1000, 1);
    assert_int_equal(stream.budget.used_bytes, REASSEMBLY_PIECE_OVERHEAD + 1);
    assert_true(REASSEMBLY_PIECE_OVERHEAD <= 128);
    reassembly_done(&stream.direction, &stream.shared);
    assert_int_equal(stream.budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reassembly_no_order_costs_more_than_log_n_steps_a_piece),
        cmocka_unit_test(test_reassembly_copies_behind_many_pieces_cost_log_n_steps),
        cmocka_unit_test(test_reassembly_cut_packet_costs_no_more_than_what_was_captured),
        cmocka_unit_test(test_reassembly_piece_costs_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
