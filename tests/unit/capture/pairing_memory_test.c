/* The memory of pairing.h: what an idle connection costs, that all that is held is charged and given back, and that
 * bodies are cut where open exchanges would take more than their share. */
#include "capture/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IDLE_BYTES_MAX    1600 /* as capture/README.md states */
#define WAITING_BYTES_MAX 512

struct world {
    struct budget memory;
    struct pairing_pool *pool;
    unsigned done;
    enum body_reason reason; /* of the last exchange's request body */
    size_t kept;
};

static void on_done(void *arg, struct exchange *exchange)
{
    struct world *world = arg;
    world->done++;
    world->reason = exchange->request.body.reason;
    world->kept = exchange->request.body.content.size;
}

static void start(struct world *world, uint64_t limit_bytes)
{
    *world = (struct world){.memory = {.limit_bytes = limit_bytes}};
    world->pool = pairing_pool_create(
        &(struct pairing_settings){.done = on_done, .arg = world, .budget = &world->memory});
}

static struct pairing *connect_one(struct world *world)
{
    return pairing_create(world->pool, &(struct pairing_connection){.connection = 1});
}

static void say(struct pairing *pairing, enum pairing_side side, const char *text)
{
    pairing_feed(pairing, side, bytes_of(text), 1, true);
}

static void finish(struct world *world)
{
    assert_int_equal(world->memory.used_bytes, 0);
    pairing_pool_free(world->pool);
}

static void test_idle_connection_costs_at_most_what_is_stated(void **state)
{
    (void)state;
    struct world world;
    start(&world, 1 << 30);
    assert_true(pairing_base_bytes() <= IDLE_BYTES_MAX);
    struct pairing *pairing = connect_one(&world);
    assert_int_equal(world.memory.used_bytes, pairing_base_bytes());
    char large[20000];
    for (unsigned turn = 0; turn < 3; turn++) { /* heads in two segments, one of them large */
        snprintf(large, sizeof large, "GET /%0*d", turn == 1 ? 15000 : 1, 0);
        say(pairing, PAIRING_CLIENT, large);
        say(pairing, PAIRING_CLIENT, " HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_true(world.memory.used_bytes <=
                    pairing_base_bytes() + WAITING_BYTES_MAX + (turn > 0 ? 33000 : 200));
        say(pairing, PAIRING_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    assert_int_equal(world.done, 3);
    assert_true(world.memory.used_bytes <= pairing_base_bytes() + 64); /* and room for a small head */
    pairing_free(pairing);
    finish(&world);
}

static void test_endless_head_is_charged_and_bounded(void **state)
{
    (void)state;
    struct world world;
    start(&world, 1 << 30);
    struct pairing *pairing = connect_one(&world);
    say(pairing, PAIRING_CLIENT, "GET / HTTP/1.1\r\n");
    char line[1000];
    snprintf(line, sizeof line, "X: %0900d\r\n", 0);
    for (unsigned i = 0; i < 8000; i++)
        say(pairing, PAIRING_CLIENT, line);
    assert_in_range(world.memory.used_bytes, 256 << 10, 600 << 10);
    pairing_finish(pairing, false, 1);
    assert_int_equal(world.done, 1);
    pairing_free(pairing);
    finish(&world);
}

static void test_bodies_are_cut_where_open_exchanges_take_half(void **state)
{
    (void)state;
    struct world world;
    start(&world, 1 << 20);
    struct pairing *pairings[100];
    static char body[16385];
    memset(body, 'x', 16384);
    for (unsigned i = 0; i < 100; i++) {
        pairings[i] = connect_one(&world);
        say(pairings[i], PAIRING_CLIENT, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 32768\r\n\r\n");
        say(pairings[i], PAIRING_CLIENT, body);
    }
    assert_true(world.memory.used_bytes <= (1 << 19) + 100 * (IDLE_BYTES_MAX + WAITING_BYTES_MAX + 128));
    for (unsigned i = 0; i < 100; i++) {
        say(pairings[i], PAIRING_CLIENT, body);
        say(pairings[i], PAIRING_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert_int_equal(world.done, i + 1);
        assert_int_equal(world.reason, world.kept == 32768 ? BODY_REASON_NONE : BODY_REASON_MEMORY);
        pairing_free(pairings[i]);
    }
    const struct pairing_counts *counts = pairing_pool_counts(world.pool);
    assert_int_equal(counts->bodies_cut, counts->bodies_cut_memory);
    assert_int_equal(counts->bodies_kept + counts->bodies_cut, 100);
    assert_true(counts->bodies_cut > 0);
    finish(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_connection_costs_at_most_what_is_stated),
        cmocka_unit_test(test_endless_head_is_charged_and_bounded),
        cmocka_unit_test(test_bodies_are_cut_where_open_exchanges_take_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
