#include "tests/unit/replay/traffic_kit.h"

#include "common/exchange_codec.h"
#include "common/segment/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char folder[] = "/tmp/rehearse-traffic.XXXXXX";

void traffic_kit_write(traffic_kit_fill_fn *fill, uint64_t count, size_t block_bytes)
{
    struct error err = {0};
    struct segment_writer *writer;
    char name[] = "test";
    const struct segment_writer_options options = {
        .folder = folder, .header = {.kind = SEGMENT_EXCHANGES, .writer = name}, .block_bytes = block_bytes};
    struct exchange exchange = {0};
    struct buffer meta = {0}, payload = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(segment_writer_open(&options, &writer, &err), 0);
    for (uint64_t id = 0; id < count; id++) {
        fill(&exchange, id);
        buffer_clear(&meta);
        buffer_clear(&payload);
        exchange_encode(&exchange, &meta, &payload);
        assert_int_equal(segment_writer_append(writer, exchange.request.first_ns, buffer_bytes(&meta),
                                               buffer_bytes(&payload), &err),
                         0);
    }
    assert_int_equal(segment_writer_close(writer, NULL, &err), 0);
    buffer_free(&meta);
    buffer_free(&payload);
    exchange_free(&exchange);
}

struct merge *traffic_kit_open(void)
{
    const char *path = folder;
    struct error err = {0};
    struct merge *merge;
    assert_int_equal(merge_open(&path, 1, SEGMENT_EXCHANGES, 0, &merge, &err), 0);
    return merge;
}

int traffic_kit_remove(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}
