/* Writes a run as a replay would, for tests of the report: make_run FOLDER SEED COUNT [part PARTS]. The results
 * are those of exchanges 1 to COUNT of which this part holds every PARTS-th; equal seeds give equal results. */
#include "common/clock.h"
#include "common/segment/writer.h"
#include "replay/result.h"
#include "replay/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct result make_result(uint64_t exchange, unsigned seed)
{
    static const char *const endpoints[] = {"GET /items/{id}", "GET /search", "POST /orders", "GET /"};
    unsigned random = seed ^ (unsigned)(exchange * 2654435761U);
    const uint64_t start_ns = NS_PER_S + exchange * NS_PER_MS;
    const char *endpoint = endpoints[exchange % 4];
    struct result result = {
        .exchange = exchange,
        .method = bytes_of("GET"),
        .target = bytes_of("/"),
        .endpoint = bytes_of(endpoint),
        .original_status = 200,
        .original_service_ns = (500 + (uint64_t)rand_r(&random) % 500) * NS_PER_US,
        .outcome = RESULT_ANSWERED,
        .status = 200,
        .intended_ns = start_ns,
        .sent_first_ns = start_ns + 10 * NS_PER_US,
        .sent_last_ns = start_ns + 11 * NS_PER_US,
    };
    result.first_byte_ns = result.sent_last_ns + (400 + (uint64_t)rand_r(&random) % 700) * NS_PER_US;
    result.done_ns = result.first_byte_ns + 20 * NS_PER_US;
    if (seed % 2 == 1 && exchange % 4 == 0 && exchange % 5 == 0) /* an odd seed plants a regression */
        result.status = 500;
    return result;
}

static int write_results(const char *folder, unsigned seed, uint64_t count, uint64_t part, uint64_t parts,
                         uint64_t *ret_written, struct error *err)
{
    struct segment_writer *writer;
    char name[] = "make_run";
    const struct segment_writer_options options = {
        .folder = folder,
        .header = {.kind = SEGMENT_RESULTS, .sanitized = true, .writer = name},
        .block_bytes = 4096};
    struct buffer meta = {0};
    int status = segment_writer_open(&options, &writer, err);
    if (status != 0)
        return status;
    for (uint64_t exchange = 1; exchange <= count && status == 0; exchange++) {
        if (exchange % parts != part)
            continue;
        struct result result = make_result(exchange, seed);
        buffer_clear(&meta);
        result_encode(&result, &meta);
        status =
            segment_writer_append(writer, result.intended_ns, buffer_bytes(&meta), (struct bytes){0}, err);
        ++*ret_written;
    }
    buffer_free(&meta);
    if (segment_writer_close(writer, NULL, status == 0 ? err : NULL) != 0)
        status = -1;
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: make_run FOLDER SEED COUNT [PART PARTS]\n");
        return 2;
    }
    struct error err = {0};
    uint64_t part = argc > 5 ? strtoull(argv[4], NULL, 10) : 0,
             parts = argc > 5 ? strtoull(argv[5], NULL, 10) : 1;
    char id[32];
    snprintf(id, sizeof id, "run-%s-%llu", argv[2], (unsigned long long)part);
    struct run_info run = {.run_id = id,
                           .target = (char *)"http://127.0.0.1:1",
                           .speed = 1,
                           .threads = 1,
                           .loop = 1,
                           .started_wall_ns = NS_PER_S,
                           .ended_wall_ns = 2 * NS_PER_S,
                           .elapsed_ns = NS_PER_S};
    if (write_results(argv[1], (unsigned)atoi(argv[2]), strtoull(argv[3], NULL, 10), part, parts, &run.read,
                      &err) != 0 ||
        run_info_save(argv[1], &run, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}
