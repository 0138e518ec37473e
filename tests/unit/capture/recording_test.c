/* The queue between packets and disk, and the recording on top of it: every exchange that is put is written, lost and
 * counted, or shed and counted. */
#include "capture/batch_queue.h"
#include "capture/recording.h"
#include "common/exchange_codec.h"
#include "common/segment/merge.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/rehearse-recording.XXXXXX";

static void fill(struct exchange *exchange, uint64_t number, size_t body)
{
    char head[200];
    int size =
        snprintf(head, sizeof head, "GET /%llu HTTP/1.1\r\nHost: a\r\n\r\n", (unsigned long long)number);
    exchange->id = number;
    exchange->status = 200;
    exchange->request.first_ns = exchange->request.last_ns = number;
    exchange->response.first_ns = exchange->response.last_ns = number + 1;
    buffer_append(&exchange->request.head, head, (size_t)size);
    buffer_append_text(&exchange->response.head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
    if (body == 0)
        return;
    buffer_append_text(&exchange->response.body.content, "[\"");
    for (size_t i = 0; i < body; i++)
        buffer_append_byte(&exchange->response.body.content, (uint8_t)('a' + i % 26));
    buffer_append_text(&exchange->response.body.content, "\"]");
    exchange->response.body.state = BODY_KEPT;
    exchange->response.body.framing = BODY_FRAMING_LENGTH;
    exchange->response.body.wire_bytes = exchange->response.body.content.size;
}

static struct recording *open_recording(const struct keys *keys, const char *name, unsigned threads,
                                        bool live)
{
    struct recording_options options = {
        .writer = {.folder = name, .keys = keys}, .threads = threads, .queue_bytes = 1 << 20, .live = live};
    struct recording *recording;
    struct error err = {0};
    assert_int_equal(recording_open(&options, &recording, &err), 0);
    return recording;
}

static void test_batch_takes_the_exchange_and_gives_an_empty_one(void **state)
{
    (void)state;
    struct exchange_batch batch = {0};
    struct exchange exchange = {0};
    for (uint64_t i = 0; i < 200; i++) {
        fill(&exchange, i, 10);
        exchange_batch_add(&batch, &exchange);
        assert_int_equal(exchange.request.head.size, 0);
        assert_int_equal(exchange.status, 0);
    }
    assert_int_equal(batch.count, 200);
    assert_int_equal(batch.exchanges[150].id, 150);
    assert_true(batch.bytes > 200 * 60);
    for (size_t i = 0; i < batch.capacity; i++)
        exchange_free(&batch.exchanges[i]);
    free(batch.exchanges);
    exchange_free(&exchange);
}

static void test_queue_gives_no_batch_where_all_are_under_way(void **state)
{
    (void)state;
    struct batch_queue *queue = batch_queue_create(2);
    struct exchange_batch *first = batch_queue_take(queue, false);
    struct exchange_batch *second = batch_queue_take(queue, false);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(batch_queue_take(queue, false));
    assert_int_equal(batch_queue_backlog(queue), 0);
    batch_queue_submit(queue, second);
    assert_int_equal(batch_queue_backlog(queue), 4);
    batch_queue_submit(queue, first);
    assert_int_equal(batch_queue_backlog(queue), 8);
    assert_ptr_equal(batch_queue_next(queue), second);
    batch_queue_give_back(queue, second);
    assert_ptr_equal(batch_queue_take(queue, true), second);
    batch_queue_close(queue);
    assert_ptr_equal(batch_queue_next(queue), first);
    assert_null(batch_queue_next(queue));
    batch_queue_give_back(queue, first);
    batch_queue_give_back(queue, second);
    batch_queue_free(queue);
}

static void test_batch_given_back_keeps_little_memory(void **state)
{
    (void)state;
    struct batch_queue *queue = batch_queue_create(1);
    struct exchange_batch *batch = batch_queue_take(queue, false);
    struct exchange exchange = {0};
    for (unsigned i = 0; i < 8; i++) {
        fill(&exchange, i, 1 << 20);
        exchange_batch_add(batch, &exchange);
    }
    batch_queue_give_back(queue, batch);
    batch = batch_queue_take(queue, false);
    assert_int_equal(batch->count, 0);
    for (size_t i = 0; i < batch->capacity; i++)
        assert_true(batch->exchanges[i].response.body.content.capacity <= 8192);
    batch_queue_give_back(queue, batch);
    batch_queue_free(queue);
    exchange_free(&exchange);
}

/* Reads the traffic in order; returns the number of exchanges, and checks that ids ascend by one from 0. */
static uint64_t read_back(const char *name)
{
    struct merge *merge;
    struct error err = {0};
    assert_int_equal(merge_open(&name, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    struct exchange exchange = {0};
    struct merge_record record;
    uint64_t count = 0;
    while (merge_next(merge, &record) == MERGE_RECORD) {
        assert_true(exchange_decode(record.meta, &exchange));
        assert_int_equal(exchange.id, count);
        count++;
    }
    exchange_free(&exchange);
    merge_close(merge);
    return count;
}

static void record_many(unsigned threads)
{
    char name[64];
    snprintf(name, sizeof name, "%s/many%u", folder, threads);
    struct keys *keys = keys_random();
    struct recording *recording = open_recording(keys, name, threads, false);
    struct exchange exchange = {0};
    for (uint64_t i = 0; i < 20000; i++) {
        fill(&exchange, i, i % 7 == 0 ? 2000 : 0);
        assert_true(recording_put(recording, &exchange));
        if (i % 5000 == 4999)
            recording_rotate(recording);
    }
    struct error err = {0};
    assert_int_equal(recording_finish(recording, &err), 0);
    struct recording_totals totals;
    recording_totals(recording, &totals);
    assert_int_equal(totals.counts.written, 20000);
    assert_int_equal(totals.counts.lost + totals.shed, 0);
    assert_int_equal(totals.counts.bodies_kept, 2858);
    recording_free(recording);
    exchange_free(&exchange);
    keys_free(keys);
    assert_int_equal(read_back(name), 20000);
}

static void test_recording_writes_all_in_one_thread(void **state)
{
    (void)state;
    record_many(1);
}

static void test_recording_writes_all_in_four_threads(void **state)
{
    (void)state;
    record_many(4);
}

static void test_recording_hands_over_what_waits_for_a_second(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "%s/age", folder);
    struct keys *keys = keys_random();
    struct recording *recording = open_recording(keys, name, 1, true);
    struct exchange exchange = {0};
    fill(&exchange, 0, 0);
    assert_true(recording_put(recording, &exchange));
    recording_tick(recording, 1000);
    recording_tick(recording, UINT64_C(1000001000));
    struct recording_totals totals = {0};
    for (unsigned i = 0; i < 10000 && totals.counts.written == 0; i++) {
        usleep(1000);
        recording_totals(recording, &totals);
    }
    assert_int_equal(totals.counts.written, 1);
    assert_int_equal(recording_finish(recording, NULL), 0);
    recording_free(recording);
    exchange_free(&exchange);
    keys_free(keys);
}

static int make_folder(void **state)
{
    (void)state;
    return sodium_init() < 0 || !mkdtemp(folder) ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_takes_the_exchange_and_gives_an_empty_one),
        cmocka_unit_test(test_queue_gives_no_batch_where_all_are_under_way),
        cmocka_unit_test(test_batch_given_back_keeps_little_memory),
        cmocka_unit_test(test_recording_writes_all_in_one_thread),
        cmocka_unit_test(test_recording_writes_all_in_four_threads),
        cmocka_unit_test(test_recording_hands_over_what_waits_for_a_second),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
