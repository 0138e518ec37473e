/* make_traffic FOLDER [--count N] [--seed N] [--connections N] [--gap-us N] [--server PORT] [--start-ns N]
 *              [--block-bytes N]
 * make_traffic FOLDER --lines [--server PORT] [--start-ns N]
 *
 * Writes a traffic folder for tests, without a capture: generated exchanges (GET of items, searches, JSON orders by POST),
 * or, with --lines, one exchange for each line on standard input of tab-separated parts:
 *
 *     AT_US CONNECTION METHOD TARGET STATUS LATENCY_US [REQUEST_BODY [RESPONSE_BODY]]
 *
 * AT_US counts from --start-ns. STATUS 0: no response was seen. Equal arguments write equal exchanges. */
#include "common/clock.h"
#include "common/exchange_codec.h"
#include "common/mem.h"
#include "common/segment/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    uint64_t count, seed, connections, gap_us, server, start_ns, block_bytes;
    bool lines;
};

struct plan {
    uint64_t at_us, connection, status, latency_us;
    const char *method, *target, *request_body, *response_body;
};

static struct exchange exchange;
static struct buffer meta, payload;
static uint64_t written;

static void die(const struct error *err)
{
    fprintf(stderr, "make_traffic: %s\n", err->text);
    exit(3);
}

static void set_body(struct body *body, const char *text)
{
    buffer_append_text(&body->content, text);
    body->wire_bytes = body->content.size;
    body->state = body->content.size ? BODY_KEPT : BODY_EMPTY;
    body->framing = body->content.size ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
}

static void put(struct segment_writer *writer, const struct settings *settings, const struct plan *plan)
{
    exchange_clear(&exchange);
    exchange.id = settings->seed * 1000003 + ++written;
    exchange.connection = UINT64_C(0xc0ffee0000000000) + plan->connection;
    exchange.client = UINT64_C(0xbeef000000000000) + plan->connection;
    exchange.server =
        (struct address){.family = AF_INET, .ip = {192, 0, 2, 10}, .port = (uint16_t)settings->server};
    struct message *request = &exchange.request, *response = &exchange.response;
    set_body(&request->body, plan->request_body);
    buffer_printf(&request->head,
                  "%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: make-traffic\r\nX-Number: %llu\r\n",
                  plan->method, plan->target, (unsigned long long)written);
    if (request->body.content.size)
        buffer_printf(&request->head, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                      request->body.content.size);
    buffer_append_text(&request->head, "\r\n");
    request->first_ns = settings->start_ns + plan->at_us * NS_PER_US;
    request->last_ns = request->first_ns + 2000;
    if (plan->status) {
        exchange.status = (uint16_t)plan->status;
        set_body(&response->body, plan->response_body);
        buffer_printf(&response->head,
                      "HTTP/1.1 %llu Status\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                      (unsigned long long)plan->status, response->body.content.size);
        response->first_ns = request->first_ns + plan->latency_us * 900;
        response->last_ns = request->first_ns + plan->latency_us * 1000;
    } else {
        exchange.flags |= EXCHANGE_FLAG(NO_RESPONSE);
    }
    buffer_clear(&meta);
    buffer_clear(&payload);
    exchange_encode(&exchange, &meta, &payload);
    struct error err = {0};
    if (segment_writer_append(writer, request->first_ns, buffer_bytes(&meta), buffer_bytes(&payload), &err))
        die(&err);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void generate(struct segment_writer *writer, const struct settings *settings)
{
    uint64_t random = settings->seed;
    for (uint64_t i = 0; i < settings->count; i++) {
        char target[96], request_body[96] = "", response_body[128];
        uint64_t pick = next_random(&random);
        struct plan plan = {.at_us = i * settings->gap_us + pick % (settings->gap_us + 1),
                            .connection = next_random(&random) % settings->connections,
                            .status = pick % 50 == 0 ? 404 : 200,
                            .latency_us = 300 + next_random(&random) % 2000,
                            .method = "GET",
                            .target = target,
                            .request_body = request_body,
                            .response_body = response_body};
        snprintf(response_body, sizeof response_body, "{\"number\":%llu,\"pick\":%llu}",
                 (unsigned long long)i, (unsigned long long)pick);
        if (pick % 10 < 6) {
            snprintf(target, sizeof target, "/items/%llu", (unsigned long long)(pick % 97));
        } else if (pick % 10 < 8) {
            snprintf(target, sizeof target, "/search?q=thing%llu", (unsigned long long)(pick % 13));
        } else {
            snprintf(target, sizeof target, "/orders");
            snprintf(request_body, sizeof request_body, "{\"item\":%llu,\"count\":2}",
                     (unsigned long long)(pick % 97));
            plan.method = "POST";
            plan.status = 201;
        }
        put(writer, settings, &plan);
    }
}

static void read_lines(struct segment_writer *writer, const struct settings *settings)
{
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size; (size = getline(&line, &capacity, stdin)) > 0;) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        const char *parts[8] = {"", "", "", "", "0", "0", "", ""};
        char *rest = line;
        size_t count = 0;
        while (count < 8 && rest)
            parts[count++] = strsep(&rest, "\t");
        if (count < 6) {
            fprintf(stderr, "make_traffic: a line has too few parts\n");
            exit(2);
        }
        put(writer, settings,
            &(struct plan){.at_us = strtoull(parts[0], NULL, 10),
                           .connection = strtoull(parts[1], NULL, 10),
                           .method = parts[2],
                           .target = parts[3],
                           .status = strtoull(parts[4], NULL, 10),
                           .latency_us = strtoull(parts[5], NULL, 10),
                           .request_body = parts[6],
                           .response_body = parts[7]});
    }
    free(line);
}

static void parse(int argc, char **argv, struct settings *settings)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {{"--count", &settings->count},
                   {"--seed", &settings->seed},
                   {"--connections", &settings->connections},
                   {"--gap-us", &settings->gap_us},
                   {"--server", &settings->server},
                   {"--start-ns", &settings->start_ns},
                   {"--block-bytes", &settings->block_bytes}};
    for (int i = 2; i < argc; i++) {
        bool known = strcmp(argv[i], "--lines") == 0;
        settings->lines |= known;
        for (size_t k = 0; !known && k < sizeof numbers / sizeof numbers[0]; k++)
            if (strcmp(argv[i], numbers[k].name) == 0 && i + 1 < argc) {
                *numbers[k].value = strtoull(argv[++i], NULL, 10);
                known = true;
            }
        if (!known) {
            fprintf(stderr, "make_traffic: what is '%s'?\n", argv[i]);
            exit(2);
        }
    }
    if (settings->connections == 0)
        settings->connections = 1;
}

int main(int argc, char **argv)
{
    struct settings settings = {.count = 100,
                                .seed = 1,
                                .connections = 8,
                                .gap_us = 1000,
                                .server = 8080,
                                .start_ns = UINT64_C(1763629200000000000)};
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_traffic FOLDER [options]; the head of make_traffic.c explains them\n");
        return 2;
    }
    parse(argc, argv, &settings);
    struct segment_writer_options options = {.folder = argv[1],
                                             .block_bytes = settings.block_bytes,
                                             .header = {.kind = SEGMENT_EXCHANGES,
                                                        .sanitized = true,
                                                        .writer = (char[]){"make_traffic"},
                                                        .capture_id = {(uint8_t)settings.seed}}};
    struct segment_writer *writer;
    struct error err = {0};
    if (segment_writer_open(&options, &writer, &err))
        die(&err);
    if (settings.lines)
        read_lines(writer, &settings);
    else
        generate(writer, &settings);
    if (segment_writer_close(writer, NULL, &err))
        die(&err);
    exchange_free(&exchange);
    buffer_free(&meta);
    buffer_free(&payload);
    return 0;
}
