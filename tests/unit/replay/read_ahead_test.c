/* Reading ahead: every record once and in order, whatever the stretch; what follows on a connection is known as far as the stretch goes. */
#include "replay/read_ahead.h"

#include "common/exchange_codec.h"
#include "tests/unit/replay/traffic_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 1000

/* Exchange |id|: connections take turns. */
static void fill(struct exchange *exchange, uint64_t id)
{
    char body[64];
    exchange_clear(exchange);
    exchange->id = id;
    exchange->connection = id < 900 ? id % 7 : 100;
    exchange->request.first_ns = 1000 + id;
    exchange->request.body.state = BODY_KEPT;
    buffer_append_text(&exchange->request.head, "GET / HTTP/1.1\r\n\r\n");
    snprintf(body, sizeof body, "body of %llu", (unsigned long long)id);
    buffer_append_text(&exchange->request.body.content, body);
}

static int write_traffic(void **state)
{
    (void)state;
    traffic_kit_write(fill, COUNT, 3000);
    return 0;
}

static int remove_traffic(void **state)
{
    (void)state;
    return traffic_kit_remove();
}

/* Whether nothing of |id|'s connection follows within |stretch|. */
static bool is_last(uint64_t id, uint64_t stretch)
{
    uint64_t next = id >= 900 ? id + 1 : id + 7 < 900 ? id + 7 : COUNT;
    return next >= COUNT || next > id + stretch;
}

/* Reads it all with |stretch| records ahead. */
static void read_all(struct read_ahead *ahead, struct merge *merge, uint64_t stretch)
{
    struct exchange exchange = {0}, wanted = {0};
    struct read_ahead_record read;
    struct bytes payload;
    for (uint64_t id = 0; id < COUNT; id++) {
        assert_int_equal(read_ahead_next(ahead, &read), MERGE_RECORD);
        assert_true(exchange_decode(read.record.meta, &exchange));
        assert_int_equal(exchange.id, id);
        assert_int_equal(read.record.start_ns, 1000 + id);
        assert_true(merge_payload_at(merge, &read.place, &payload));
        assert_true(exchange_decode_payload(payload, &exchange));
        fill(&wanted, id);
        assert_true(bytes_equal(buffer_bytes(&exchange.request.body.content),
                                buffer_bytes(&wanted.request.body.content)));
        /* what is given was in the stretch itself, so that this reaches one less behind it */
        assert_int_equal(read.last_of_connection, is_last(id, stretch - 1));
    }
    assert_int_equal(read_ahead_next(ahead, &read), MERGE_END);
    exchange_free(&exchange);
    exchange_free(&wanted);
}

static void test_read_ahead_gives_all_in_order_with_any_stretch(void **state)
{
    (void)state;
    static const uint64_t stretches[] = {1, 2, 7, 8, 9, 64, 999, 1000, 5000};
    for (size_t i = 0; i < sizeof stretches / sizeof stretches[0]; i++) {
        struct merge *merge = traffic_kit_open();
        struct read_ahead *ahead = read_ahead_create(merge, stretches[i], 0);
        read_all(ahead, merge, stretches[i]);
        read_ahead_rewind(ahead);
        read_all(ahead, merge, stretches[i]);
        read_ahead_free(ahead);
        merge_close(merge);
    }
}

static void test_read_ahead_gives_what_can_be_held(void **state)
{
    (void)state;
    struct merge *merge = traffic_kit_open();
    struct read_ahead *ahead = read_ahead_create(merge, 10, 0);
    struct read_ahead_record first, other;
    struct exchange exchange = {0};
    struct held_block *last = NULL;
    assert_int_equal(read_ahead_next(ahead, &first), MERGE_RECORD);
    held_block_hold(first.block);
    while (read_ahead_next(ahead, &other) == MERGE_RECORD)
        last = other.block;
    assert_ptr_not_equal(last, first.block); /* there are several blocks */
    read_ahead_rewind(ahead);
    while (read_ahead_next(ahead, &other) == MERGE_RECORD)
        assert_ptr_not_equal(other.block, first.block);
    assert_true(exchange_decode_borrowed(first.record.meta, &exchange));
    assert_int_equal(exchange.id, 0);
    held_block_release(first.block);
    exchange_free(&exchange);
    read_ahead_free(ahead);
    merge_close(merge);
}

static void test_read_ahead_shows_what_it_holds_and_keeps_it(void **state)
{
    (void)state;
    struct merge *merge = traffic_kit_open();
    struct read_ahead *ahead = read_ahead_create(merge, 10, 0);
    struct read_ahead_record read;
    struct merge_record shown;
    bool all = true;
    assert_true(read_ahead_show(ahead, 9, &shown, &all));
    assert_int_equal(shown.start_ns, 1009);
    assert_false(read_ahead_show(ahead, 10, &shown, &all));
    assert_false(all);
    assert_int_equal(read_ahead_next(ahead, &read), MERGE_RECORD);
    assert_int_equal(read.record.start_ns, 1000);
    assert_true(read_ahead_show(ahead, 0, &shown, &all));
    assert_int_equal(shown.start_ns, 1001);
    read_ahead_rewind(ahead);
    read_all(ahead, merge, 10);
    assert_false(read_ahead_show(ahead, 0, &shown, &all));
    assert_true(all);
    read_ahead_free(ahead);
    merge_close(merge);
}

static uint64_t watched;

static void watch(struct bytes meta, void *arg)
{
    struct exchange exchange = {0};
    (void)arg;
    assert_true(exchange_decode(meta, &exchange));
    assert_int_equal(exchange.id, watched++ % COUNT);
    exchange_free(&exchange);
}

static void test_read_ahead_tells_of_each_record_when_it_is_read(void **state)
{
    (void)state;
    struct merge *merge = traffic_kit_open();
    struct read_ahead *ahead = read_ahead_create(merge, 10, 0);
    struct read_ahead_record read;
    read_ahead_watch(ahead, watch, NULL);
    assert_int_equal(read_ahead_next(ahead, &read), MERGE_RECORD);
    assert_int_equal(watched, 10);
    read_ahead_rewind(ahead);
    watched = 0;
    read_all(ahead, merge, 10);
    assert_int_equal(watched, COUNT);
    read_ahead_free(ahead);
    merge_close(merge);
}

static void test_read_ahead_keeps_to_its_bytes(void **state)
{
    (void)state;
    struct merge *merge = traffic_kit_open();
    struct read_ahead *ahead = read_ahead_create(merge, 0, 1); /* one record at a time */
    read_all(ahead, merge, 1);
    read_ahead_free(ahead);
    merge_close(merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_ahead_gives_all_in_order_with_any_stretch),
        cmocka_unit_test(test_read_ahead_gives_what_can_be_held),
        cmocka_unit_test(test_read_ahead_shows_what_it_holds_and_keeps_it),
        cmocka_unit_test(test_read_ahead_tells_of_each_record_when_it_is_read),
        cmocka_unit_test(test_read_ahead_keeps_to_its_bytes),
    };
    return cmocka_run_group_tests(tests, write_traffic, remove_traffic);
}
