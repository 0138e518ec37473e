/* The servers of all traffic: from the ends of sealed segments without a look at the records, and from the records where an end does not say
 * it. */
#include "replay/recorded_servers.h"

#include "common/exchange_codec.h"
#include "common/segment/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static char folder[] = "/tmp/rehearse-servers.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static struct segment_writer *open_writer(void)
{
    struct segment_writer *writer;
    struct error err = {0};
    char name[] = "test";
    const struct segment_writer_options options = {.folder = folder,
                                                   .header = {.kind = SEGMENT_EXCHANGES, .writer = name}};
    assert_int_equal(segment_writer_open(&options, &writer, &err), 0);
    return writer;
}

/* Metadata of an exchange with the server at |port|. */
static void encode(uint16_t port, struct buffer *meta)
{
    struct buffer payload = {0};
    struct exchange exchange = {.id = port,
                                .server = {.family = AF_INET, .ip = {127, 0, 0, 1}, .port = port}};
    buffer_append_text(&exchange.request.head, "GET / HTTP/1.1\r\n\r\n");
    exchange_encode(&exchange, meta, &payload);
    buffer_free(&payload);
    exchange_free(&exchange);
}

/* A sealed segment whose record is of |port|; |told| is what its end says, NULL: nothing. */
static void write_segment(uint16_t port, const struct origins *told)
{
    struct segment_writer *writer = open_writer();
    struct block_builder *builder = block_builder_create(1);
    struct block_frames frames;
    struct error err = {0};
    struct buffer meta = {0};
    encode(port, &meta);
    block_builder_add(builder, 1, buffer_bytes(&meta), (struct bytes){0});
    block_builder_finish(builder, &frames);
    frames.origins = told;
    assert_int_equal(segment_writer_put(writer, &frames, &err), 0);
    assert_int_equal(segment_writer_close(writer, NULL, &err), 0);
    block_builder_free(builder);
    buffer_free(&meta);
}

struct met {
    unsigned ports[16];
    size_t count;
    uint16_t refused; /* port; 0: none */
};

static int meet(const struct address *server, void *arg, struct error *err)
{
    struct met *met = arg;
    met->ports[met->count++] = server->port;
    return server->port == met->refused ? error_set(err, ERROR_USAGE, "no") : 0;
}

static bool has_met(const struct met *met, unsigned port)
{
    for (size_t i = 0; i < met->count; i++)
        if (met->ports[i] == port)
            return true;
    return false;
}

static int walk(struct met *met)
{
    const char *path = folder;
    struct error err = {0};
    struct merge *merge;
    assert_int_equal(merge_open(&path, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    int status = recorded_servers_each(merge, meet, met, &err);
    merge_close(merge);
    return status;
}

static void test_servers_of_all_segments_are_met(void **state)
{
    (void)state;
    struct origins told = {0};
    for (uint16_t port = 1; port <= 2; port++) {
        const struct address server = {.family = AF_INET, .ip = {127, 0, 0, 1}, .port = port};
        origins_add(&told, &server);
    }
    write_segment(9, &told); /* the end is believed, the record not looked at */
    write_segment(3, NULL);
    write_segment(3, NULL);
    struct met met = {0};
    assert_int_equal(walk(&met), 0);
    assert_int_equal(met.count, 3);
    assert_true(has_met(&met, 1) && has_met(&met, 2) && has_met(&met, 3));

    struct met refusing = {.refused = 3};
    assert_int_equal(walk(&refusing), -1);

    struct segment_writer *writer = open_writer(); /* one that is being written */
    struct buffer meta = {0};
    struct error err = {0};
    encode(4, &meta);
    assert_int_equal(segment_writer_append(writer, 1, buffer_bytes(&meta), (struct bytes){0}, &err), 0);
    assert_int_equal(segment_writer_tick(writer, 1, &err), 0);
    assert_int_equal(segment_writer_tick(writer, UINT64_C(1) << 40, &err), 0);
    struct met open = {0};
    assert_int_equal(walk(&open), 0);
    assert_int_equal(open.count, 4);
    assert_true(has_met(&open, 4));
    segment_writer_close(writer, NULL, &err);
    buffer_free(&meta);
    origins_free(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_servers_of_all_segments_are_met, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
