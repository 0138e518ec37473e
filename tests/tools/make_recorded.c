/* make_recorded FOLDER [--unsanitized | KEY_FILE]
 *
 * Writes a traffic folder as a capture would, through the sanitizer, from exchanges on standard input. Each is
 * a line of numbers and the bytes that they count, one after another:
 *
 *     AT_US CONNECTION STATUS LATENCY_US REQUEST_HEAD REQUEST_BODY TRAILERS RESPONSE_HEAD RESPONSE_BODY
 *
 * Bodies are as seen, without chunked framing. STATUS 0: no response was seen. */
#include "common/http1_head.h"
#include "filters/traffic_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_NS UINT64_C(1700000000000000000)

static int die(const char *text)
{
    fprintf(stderr, "make_recorded: %s\n", text);
    return 3;
}

static bool take(struct buffer *buffer, uint64_t size)
{
    buffer_reserve(buffer, (size_t)size);
    if (fread(buffer->data + buffer->size, 1, (size_t)size, stdin) != size)
        return false;
    buffer->size += (size_t)size;
    return true;
}

static void set_body(struct message *message)
{
    struct http1_field field;
    struct body *body = &message->body;
    struct bytes head = buffer_bytes(&message->head);
    body->wire_bytes = body->content.size;
    body->state = body->content.size ? BODY_KEPT : BODY_EMPTY;
    body->coded = http1_find_field(head, "Content-Encoding", &field);
    if (http1_find_field(head, "Transfer-Encoding", &field))
        body->framing = BODY_FRAMING_CHUNKED;
    else if (http1_find_field(head, "Content-Length", &field))
        body->framing = BODY_FRAMING_LENGTH;
}

/* Reads one exchange. Returns 1, 0 at the end, or -1. */
static int read_exchange(struct exchange *exchange)
{
    uint64_t number[9];
    for (size_t i = 0; i < 9; i++)
        if (scanf("%" SCNu64, &number[i]) != 1)
            return i == 0 && feof(stdin) ? 0 : -1;
    if (getchar() != '\n')
        return -1;
    uint64_t at_ns = START_NS + number[0] * 1000;
    exchange->connection = number[1] + 1000;
    exchange->client = number[1] + 5000;
    exchange->server = (struct address){.family = AF_INET, .ip = {192, 0, 2, 10}, .port = 80};
    exchange->status = (uint16_t)number[2];
    exchange->request.first_ns = exchange->request.last_ns = at_ns;
    if (exchange->status)
        exchange->response.first_ns = exchange->response.last_ns = at_ns + number[3] * 1000;
    else
        exchange->flags |= EXCHANGE_FLAG(NO_RESPONSE);
    if (!take(&exchange->request.head, number[4]) || !take(&exchange->request.body.content, number[5]) ||
        !take(&exchange->request.trailers, number[6]) || !take(&exchange->response.head, number[7]) ||
        !take(&exchange->response.body.content, number[8]))
        return -1;
    set_body(&exchange->request);
    set_body(&exchange->response);
    return 1;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    bool unsanitized = argc > 2 && strcmp(argv[2], "--unsanitized") == 0;
    struct keys *keys = NULL;
    struct error key_err = {0};
    if (argc > 2 && !unsanitized && keys_load(argv[2], &keys, &key_err) != 0)
        return die(key_err.text);
    if (!keys)
        keys = keys_random();
    struct traffic_writer *writer = NULL;
    struct exchange exchange = {0};
    int got;
    if (argc < 2 || argv[1][0] == '-')
        return die("no folder");
    const struct traffic_writer_options options = {
        .folder = argv[1], .keys = keys, .unsanitized = unsanitized};
    if (traffic_writer_open(&options, &writer, &err))
        return die(err.text);
    struct traffic_lane *lane = traffic_lane_create(writer);
    for (uint64_t id = 1; (got = read_exchange(&exchange)) > 0; id++) {
        exchange.id = id;
        if (traffic_lane_put(lane, &exchange, &err))
            return die(err.text);
        exchange_clear(&exchange);
    }
    exchange_free(&exchange);
    if (traffic_lane_flush(lane, &err))
        return die(err.text);
    traffic_lane_free(lane);
    if (traffic_writer_close(writer, NULL, &err))
        return die(err.text);
    keys_free(keys);
    return got < 0 ? die("damaged input") : 0;
}
