#include "tests/tools/traffic_text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PUT(buffer, literal) buffer_append(buffer, literal, sizeof(literal) - 1)

const struct bytes traffic_continue = {(const uint8_t *)"HTTP/1.1 100 Continue\r\n\r\n", 25};

static const char *const words[64] = {
    "amber",  "boots",   "canvas", "delta",  "ember",   "fabric", "garden", "harbor", "iron",   "jacket",
    "kettle", "lantern", "maple",  "nylon",  "ocean",   "paper",  "quartz", "river",  "saddle", "timber",
    "urban",  "velvet",  "walnut", "yellow", "zinc",    "autumn", "basket", "copper", "dusk",   "eastern",
    "frost",  "granite", "hollow", "island", "juniper", "knit",   "linen",  "marble", "north",  "olive",
    "pebble", "quiet",   "rustic", "silver", "tweed",   "under",  "violet", "winter", "yard",   "zephyr",
    "azure",  "birch",   "cedar",  "denim",  "early",   "flint",  "grove",  "heavy",  "indigo", "jade",
    "kind",   "light",   "mossy",  "narrow"};

static const char *const hosts[4] = {"shop.example", "shop.example", "api.shop.example",
                                     "m.shop.example:8080"};

struct random {
    uint64_t state;
};

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint64_t traffic_hash(uint64_t seed, uint64_t number, uint64_t salt)
{
    return mix(mix(seed * UINT64_C(0x9e3779b97f4a7c15) + salt) + number * UINT64_C(0xd1342543de82ef95));
}

static uint64_t next(struct random *random)
{
    return mix(random->state += UINT64_C(0x9e3779b97f4a7c15));
}

static bool one_in(struct random *random, unsigned n)
{
    return next(random) % n == 0;
}

/* ---- small writers: bodies are made a million times ---- */

static void put_text(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text));
}

static void put_decimal(struct buffer *out, uint64_t value)
{
    char text[20];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    buffer_append(out, text + at, sizeof text - at);
}

static void put_hex(struct buffer *out, uint64_t value, size_t digits)
{
    char text[16];
    for (size_t i = digits; i-- > 0; value >>= 4)
        text[i] = "0123456789abcdef"[value & 15];
    buffer_append(out, text, digits);
}

static void put_price(struct buffer *out, uint64_t random)
{
    put_decimal(out, random % 400);
    buffer_append_byte(out, '.');
    put_decimal(out, 10 + random / 400 % 90);
}

static void put_words(struct buffer *out, uint64_t random, size_t count)
{
    for (size_t i = 0; i < count; i++, random >>= 6) {
        if (i)
            buffer_append_byte(out, ' ');
        put_text(out, words[random & 63]);
    }
}

static void begin_span(struct traffic_part *part)
{
    assert(part->span_count < TRAFFIC_SPANS_MAX);
    part->spans[part->span_count].offset = (uint32_t)part->bytes.size;
}

static void end_span(struct traffic_part *part)
{
    struct traffic_span *span = &part->spans[part->span_count++];
    span->size = (uint32_t)part->bytes.size - span->offset;
}

/* ---- JSON ---- */

static void put_email(struct traffic_part *part, uint64_t user)
{
    PUT(&part->bytes, "\"email\":\"");
    begin_span(part);
    put_text(&part->bytes, words[user & 63]);
    buffer_append_byte(&part->bytes, '.');
    put_decimal(&part->bytes, user % 5000);
    PUT(&part->bytes, "@mail.example");
    end_span(part);
    PUT(&part->bytes, "\",");
}

static void put_line(struct buffer *out, struct random *random, unsigned kind)
{
    uint64_t r = next(random);
    if (kind == 0) {
        PUT(out, "{\"sku\":\"");
        put_hex(out, r, 8);
        PUT(out, "\",\"name\":\"");
        put_words(out, r >> 32, 2);
        PUT(out, "\",\"price\":");
        put_price(out, r >> 8);
        PUT(out, ",\"in_stock\":true},");
    } else if (kind == 1) {
        PUT(out, "{\"line\":");
        put_decimal(out, r % 100);
        PUT(out, ",\"quantity\":");
        put_decimal(out, 1 + (r >> 8) % 9);
        PUT(out, ",\"price\":");
        put_price(out, r >> 16);
        PUT(out, ",\"gift\":false,\"note\":null},");
    } else {
        PUT(out, "{\"heading\":\"");
        put_words(out, r, 3);
        PUT(out, "\",\"text\":\"");
        put_words(out, r >> 4, 10);
        PUT(out, ", \\u2014 ");
        put_words(out, r >> 11, 8);
        PUT(out, ".\"},");
    }
}

/* A JSON document of about |wanted| bytes that names the exchange. */
static void make_document(struct traffic_part *part, struct random *random, uint64_t number, uint64_t wanted)
{
    static const char *const lists[3] = {"\"items\":[", "\"lines\":[", "\"sections\":["};
    uint64_t r = next(random);
    unsigned kind = r % 20 < 12 ? 0 : r % 20 < 17 ? 1 : 2;
    PUT(&part->bytes, "{\"id\":");
    put_decimal(&part->bytes, number);
    PUT(&part->bytes, ",\"title\":\"");
    put_words(&part->bytes, r >> 8, 3);
    PUT(&part->bytes, "\",");
    if (kind == 1) { /* an order: somebody made it */
        put_email(part, r >> 20);
        PUT(&part->bytes, "\"phone\":\"");
        begin_span(part);
        PUT(&part->bytes, "+44 20 7946 0");
        put_decimal(&part->bytes, 100 + (r >> 33) % 900);
        end_span(part);
        PUT(&part->bytes, "\",");
    }
    put_text(&part->bytes, lists[kind]);
    while (part->bytes.size + 80 < wanted)
        put_line(&part->bytes, random, kind);
    PUT(&part->bytes, "{}]}");
}

/* ---- the request ---- */

/* Whose credential a connection carries, and which. */
static void put_credentials(const struct traffic_plan *plan, struct traffic_exchange *exchange)
{
    struct traffic_part *head = &exchange->request.head;
    uint64_t user = traffic_hash(plan->seed, exchange->connection, 1);
    if (user % 10 < 4) {
        PUT(&head->bytes, "Authorization: Bearer ");
        begin_span(head);
        PUT(&head->bytes, "eyJhbGciOiJkaXIifQ.");
        put_hex(&head->bytes, user, 16);
        buffer_append_byte(&head->bytes, '.');
        put_hex(&head->bytes, mix(user), 16);
        end_span(head);
        PUT(&head->bytes, "\r\n");
    } else if (user % 10 < 9 && exchange->number % plan->per_connection > 0) { /* set by the first answer */
        PUT(&head->bytes, "Cookie: session=");
        begin_span(head);
        put_hex(&head->bytes, user, 16);
        put_hex(&head->bytes, mix(user), 16);
        end_span(head);
        PUT(&head->bytes, "\r\n");
    }
}

static void make_start_line(struct traffic_exchange *exchange, struct random *random, const char *path)
{
    struct buffer *out = &exchange->request.head.bytes;
    put_text(out, exchange->method);
    buffer_append_byte(out, ' ');
    size_t at = out->size;
    put_text(out, path);
    put_decimal(out, exchange->number);
    PUT(out, "?page=");
    put_decimal(out, next(random) % 9);
    PUT(out, "&sort=price");
    size_t size = out->size - at;
    assert(size < sizeof exchange->target);
    memcpy(exchange->target, out->data + at, size);
    exchange->target[size] = '\0';
    PUT(out, " HTTP/1.1\r\nHost: ");
    put_text(out, exchange->host);
    PUT(out, "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
             "Safari/537.36\r\n"
             "Accept: application/json\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\n");
}

static void make_request(const struct traffic_plan *plan, struct traffic_exchange *exchange,
                         struct random *random)
{
    static const char *const paths[4] = {"/api/v1/items/", "/api/v1/orders/", "/api/v1/articles/",
                                         "/api/v1/items/"};
    struct traffic_message *request = &exchange->request;
    unsigned kind = next(random) % 200;
    bool posts = kind < 26, puts = kind >= 26 && kind < 30;
    exchange->method = posts ? "POST" : puts ? "PUT" : kind < 32 ? "DELETE" : kind < 34 ? "HEAD" : "GET";
    exchange->status = kind == 31 ? 204 : 200;
    if (kind >= 34)
        exchange->status = kind < 38 ? 404 : kind < 42 ? 304 : kind == 42 ? 500 : 200;
    exchange->host = hosts[traffic_hash(plan->seed, exchange->connection, 2) & 3];
    exchange->expects = kind == 0;
    exchange->last = exchange->number % plan->per_connection == plan->per_connection - 1 ||
                     exchange->number + 1 == plan->count;
    exchange->closes = exchange->last && traffic_hash(plan->seed, exchange->connection, 3) % 8 == 0;
    make_start_line(exchange, random, posts || puts ? "/api/v1/orders/" : paths[next(random) & 3]);
    put_credentials(plan, exchange);
    struct buffer *head = &request->head.bytes;
    if (posts || puts) {
        make_document(&request->body, random, exchange->number, 200 + next(random) % 400);
        buffer_append_bytes(&request->wire, buffer_bytes(&request->body.bytes));
        request->wire_bytes = request->body.bytes.size;
        PUT(head, "Content-Type: application/json\r\nContent-Length: ");
        put_decimal(head, request->wire_bytes);
        PUT(head, "\r\n");
    }
    if (exchange->expects)
        PUT(head, "Expect: 100-continue\r\n");
    if (exchange->status == 304) {
        PUT(head, "If-None-Match: \"n-");
        put_decimal(head, exchange->number);
        PUT(head, "\"\r\n");
    }
    if (exchange->closes)
        PUT(head, "Connection: close\r\n");
    PUT(head, "\r\n");
}

/* ---- the response ---- */

static void gzip(struct bytes plain, struct buffer *out)
{
    static z_stream stream; /* kept: setting one up costs more than a small body */
    if (!stream.state) {
        int set_up = deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
        assert(set_up == Z_OK);
        (void)set_up;
    }
    deflateReset(&stream);
    buffer_reserve(out, deflateBound(&stream, plain.size));
    stream.next_in = (Bytef *)(uintptr_t)plain.data;
    stream.avail_in = (uInt)plain.size;
    stream.next_out = out->data + out->size;
    stream.avail_out = (uInt)(out->capacity - out->size);
    int done = deflate(&stream, Z_FINISH);
    assert(done == Z_STREAM_END);
    (void)done;
    out->size = out->capacity - stream.avail_out;
}

static void put_chunks(struct bytes content, struct random *random, struct buffer *out)
{
    struct bytes part;
    while (content.size > 0) {
        size_t size = 200 + next(random) % 8000;
        bytes_take(&content, size < content.size ? size : content.size, &part);
        char line[24];
        buffer_append(out, line, (size_t)snprintf(line, sizeof line, "%zx\r\n", part.size));
        buffer_append_bytes(out, part);
        PUT(out, "\r\n");
    }
    PUT(out, "0\r\n\r\n");
}

static const char *reason(unsigned status)
{
    switch (status) {
    case 200:
        return "200 OK\r\n";
    case 204:
        return "204 No Content\r\n";
    case 304:
        return "304 Not Modified\r\n";
    case 404:
        return "404 Not Found\r\n";
    default:
        return "500 Internal Server Error\r\n";
    }
}

static void make_response_body(const struct traffic_plan *plan, struct traffic_exchange *exchange,
                               struct random *random)
{
    static struct buffer coded; /* as above */
    struct traffic_message *response = &exchange->response;
    struct buffer *head = &response->head.bytes;
    make_document(&response->body, random, exchange->number,
                  plan->body_min + next(random) % (plan->body_max - plan->body_min + 1));
    struct bytes content = buffer_bytes(&response->body.bytes);
    PUT(head, "Content-Type: application/json\r\n");
    if (one_in(random, 30)) {
        buffer_clear(&coded);
        gzip(content, &coded);
        content = buffer_bytes(&coded);
        PUT(head, "Content-Encoding: gzip\r\n");
    }
    response->wire_bytes = content.size;
    if (one_in(random, 5)) {
        PUT(head, "Transfer-Encoding: chunked\r\n");
        put_chunks(content, random, &response->wire);
    } else {
        PUT(head, "Content-Length: ");
        put_decimal(head, content.size);
        PUT(head, "\r\n");
        buffer_append_bytes(&response->wire, content);
    }
}

static void make_response(const struct traffic_plan *plan, struct traffic_exchange *exchange,
                          struct random *random)
{
    struct traffic_message *response = &exchange->response;
    struct traffic_part *head = &response->head;
    PUT(&head->bytes, "HTTP/1.1 ");
    put_text(&head->bytes, reason(exchange->status));
    PUT(&head->bytes,
        "Server: sample\r\nDate: Thu, 09 Oct 2025 08:53:20 GMT\r\nCache-Control: no-cache\r\nETag: \"n-");
    put_decimal(&head->bytes, exchange->number);
    PUT(&head->bytes, "\"\r\n");
    if (exchange->number % plan->per_connection == 0) {
        uint64_t user = traffic_hash(plan->seed, exchange->connection, 1);
        PUT(&head->bytes, "Set-Cookie: session=");
        begin_span(head);
        put_hex(&head->bytes, user, 16);
        put_hex(&head->bytes, mix(user), 16);
        end_span(head);
        PUT(&head->bytes, "; Path=/; HttpOnly\r\n");
    }
    if (strcmp(exchange->method, "HEAD") == 0) {
        PUT(&head->bytes, "Content-Type: application/json\r\nContent-Length: ");
        put_decimal(&head->bytes, plan->body_min);
        PUT(&head->bytes, "\r\n");
    } else if (exchange->status != 204 && exchange->status != 304) {
        make_response_body(plan, exchange, random);
    }
    if (exchange->closes)
        PUT(&head->bytes, "Connection: close\r\n");
    PUT(&head->bytes, "\r\n");
}

/* ---- both ---- */

static void clear_message(struct traffic_message *message)
{
    buffer_clear(&message->head.bytes);
    buffer_clear(&message->body.bytes);
    buffer_clear(&message->wire);
    message->head.span_count = message->body.span_count = 0;
    message->wire_bytes = 0;
}

void traffic_make(const struct traffic_plan *plan, uint64_t number, struct traffic_exchange *exchange)
{
    struct random random = {traffic_hash(plan->seed, number, 0)};
    clear_message(&exchange->request);
    clear_message(&exchange->response);
    exchange->number = number;
    exchange->connection = number / plan->per_connection;
    make_request(plan, exchange, &random);
    make_response(plan, exchange, &random);
}

static void free_message(struct traffic_message *message)
{
    buffer_free(&message->head.bytes);
    buffer_free(&message->body.bytes);
    buffer_free(&message->wire);
}

void traffic_free(struct traffic_exchange *exchange)
{
    free_message(&exchange->request);
    free_message(&exchange->response);
}

bool traffic_number(struct bytes text, uint64_t *ret_number)
{
    static const char *const before[4] = {"/items/", "/orders/", "/articles/", "\"n-"};
    for (size_t i = 0; i < 4; i++) {
        size_t size = strlen(before[i]), digits = 0;
        const uint8_t *mark = memmem(text.data, text.size, before[i], size);
        if (!mark)
            continue;
        struct bytes rest = {mark + size, (size_t)(text.data + text.size - mark) - size};
        while (digits < rest.size && rest.data[digits] >= '0' && rest.data[digits] <= '9')
            digits++;
        rest.size = digits;
        return bytes_to_u64(rest, ret_number);
    }
    return false;
}

bool traffic_parse_body(const char *text, struct traffic_plan *plan)
{
    char *end;
    plan->body_min = plan->body_max = strtoull(text, &end, 10);
    if (*end == '-')
        plan->body_max = strtoull(end + 1, &end, 10);
    return *end == '\0' && plan->body_min >= 64 && plan->body_max >= plan->body_min &&
           plan->body_max <= UINT64_C(1) << 25;
}
