/* How fast bodies go through the sanitizer on one core, with the built-in policy: megabytes of JSON a second.
 *
 *     sanitize_bench [FILE.json | SIZE] [SECONDS]
 *
 * FILE holds one JSON document. Without one, the documents are those of generated captures, of about SIZE bytes (65536).
 * Beside it stand memcpy and zstd -1 of the same bytes, one after the other in five rounds of SECONDS (0.5) each; the best
 * round of each counts. */
#include "filters/sanitize.h"
#include "tests/tools/traffic_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define ROUNDS    5
#define DOCUMENTS 64

struct bench {
    struct buffer bodies[DOCUMENTS];
    size_t count;
    size_t size; /* of all bodies */
    size_t kept; /* of them, once sanitized */
    struct sanitizer *sanitizer;
    struct exchange exchange;
    ZSTD_CCtx *zstd;
    struct buffer room;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void sanitize_one(struct bench *bench, const struct buffer *body)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    struct message *message = &bench->exchange.response;
    exchange_clear(&bench->exchange);
    buffer_append_text(&message->head, head);
    buffer_append_bytes(&message->body.content, buffer_bytes(body));
    message->body.state = BODY_KEPT;
    sanitize_exchange(bench->sanitizer, &bench->exchange);
    bench->kept += message->body.state == BODY_KEPT ? message->body.content.size : 0;
}

static void copy_one(struct bench *bench, const struct buffer *body)
{
    memcpy(bench->room.data, body->data, body->size);
    __asm__ volatile("" ::"r"(bench->room.data) : "memory"); /* the copy is wanted */
}

static void compress_one(struct bench *bench, const struct buffer *body)
{
    size_t size =
        ZSTD_compressCCtx(bench->zstd, bench->room.data, bench->room.capacity, body->data, body->size, 1);
    if (ZSTD_isError(size))
        abort();
}

/* Returns megabytes a second of one round. */
static double measure(struct bench *bench, double seconds,
                      void (*one)(struct bench *bench, const struct buffer *body))
{
    double begin = now(), took;
    size_t turns = 0;
    do {
        for (size_t i = 0; i < bench->count; i++)
            one(bench, &bench->bodies[i]);
        turns++;
        took = now() - begin;
    } while (took < seconds);
    return (double)(bench->size * turns) / took / 1e6;
}

static bool read_document(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    uint8_t part[65536];
    for (size_t size; (size = fread(part, 1, sizeof part, file)) > 0;)
        buffer_append(&bench->bodies[0], part, size);
    fclose(file);
    bench->count = 1;
    return true;
}

static void make_documents(struct bench *bench, uint64_t size)
{
    struct traffic_plan plan = {.seed = 1,
                                .count = 1000000,
                                .body_min = size,
                                .body_max = size,
                                .per_connection = TRAFFIC_PER_CONNECTION};
    struct traffic_exchange made = {0};
    for (uint64_t number = 0; number < 10000 && bench->count < DOCUMENTS; number++) {
        traffic_make(&plan, number, &made);
        struct bytes body = buffer_bytes(&made.response.body.bytes);
        if (made.status == 200 && body.size >= size / 2)
            buffer_append_bytes(&bench->bodies[bench->count++], body);
    }
    traffic_free(&made);
}

/* Returns whether all bodies were kept. */
static bool run(struct bench *bench, double seconds)
{
    double sanitize = 0, copy = 0, zstd = 0;
    size_t largest = 0;
    for (size_t i = 0; i < bench->count; i++) {
        bench->size += bench->bodies[i].size;
        largest = bench->bodies[i].size > largest ? bench->bodies[i].size : largest;
    }
    buffer_reserve(&bench->room, ZSTD_compressBound(largest));
    for (size_t i = 0; i < bench->count; i++)
        sanitize_one(bench, &bench->bodies[i]);
    bool kept = bench->count > 0 && bench->kept >= bench->size / 2;
    for (int round = 0; round < ROUNDS; round++) {
        double figures[] = {measure(bench, seconds, sanitize_one), measure(bench, seconds, copy_one),
                            measure(bench, seconds, compress_one)};
        sanitize = figures[0] > sanitize ? figures[0] : sanitize;
        copy = figures[1] > copy ? figures[1] : copy;
        zstd = figures[2] > zstd ? figures[2] : zstd;
    }
    printf("%zu documents, %zu bytes: sanitize %.0f MB/s, memcpy %.0f MB/s, zstd -1 %.0f MB/s%s\n",
           bench->count, bench->size, sanitize, copy, zstd, kept ? "" : " (bodies were dropped)");
    return kept;
}

int main(int argc, char **argv)
{
    struct bench bench = {.zstd = ZSTD_createCCtx()};
    struct keys *keys = keys_random();
    bench.sanitizer = sanitizer_create(policy_builtin(), keys);
    uint64_t size = 65536;
    bool number = argc < 2 || (bytes_to_u64(bytes_of(argv[1]), &size) && size >= 64);
    if (number)
        make_documents(&bench, size);
    else if (!read_document(&bench, argv[1]))
        perror(argv[1]);
    bool kept = bench.count > 0 && run(&bench, argc > 2 ? strtod(argv[2], NULL) : 0.5);
    sanitizer_free(bench.sanitizer);
    keys_free(keys);
    exchange_free(&bench.exchange);
    for (size_t i = 0; i < bench.count; i++)
        buffer_free(&bench.bodies[i]);
    buffer_free(&bench.room);
    ZSTD_freeCCtx(bench.zstd);
    return kept ? 0 : 1;
}
