/* Writes a large synthetic capture: keep-alive JSON exchanges over many interleaved connections, with some
 * pipelining, chunked bodies, reordered and retransmitted segments. Same arguments, same bytes.
 *
 *     make_pcap COUNT FILE.pcap [TRUTH.tsv] [BODY_BYTES]
 *
 * TRUTH.tsv gets one line an exchange in order of request time: time in ns, method, path, status, request and
 * response body bytes. */
#include "common/buffer.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS     64 /* at the same time */
#define PER_CONNECTION  20
#define SEGMENT_BYTES   1448
#define STEP_NS         12000
#define FIRST_TIME_NS   UINT64_C(1760000000000000000)
#define SERVER_PORT     8080
#define REORDER_ONE_IN  100
#define RETRANS_ONE_IN  100
#define CHUNKED_ONE_IN  5
#define PIPELINE_ONE_IN 20
#define PIPELINE_DEPTH  3

struct connection {
    uint32_t number;
    uint16_t port;
    uint32_t client_seq;
    uint32_t server_seq;
    unsigned left; /* exchanges to come */
};

struct generator {
    FILE *pcap;
    FILE *truth;
    uint64_t now_ns;
    uint64_t random;
    uint64_t made;
    uint64_t count;
    uint32_t connections_made;
    size_t body_bytes;
    struct connection connections[CONNECTIONS];
    struct buffer request;
    struct buffer response;
    struct buffer body;
};

static uint64_t next_random(struct generator *g)
{
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return g->random;
}

static bool one_in(struct generator *g, unsigned n)
{
    return next_random(g) % n == 0;
}

static uint32_t sum16(const uint8_t *data, size_t size, uint32_t sum)
{
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)(data[i] << 8 | data[i + 1]);
    if (size & 1)
        sum += (uint32_t)data[size - 1] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* Writes one TCP segment over IPv4 and Ethernet, and lets time go on. */
static void write_segment(struct generator *g, const struct connection *c, bool from_client, uint32_t seq,
                          uint32_t ack, uint8_t tcp_flags, const uint8_t *data, size_t size)
{
    uint8_t packet[54 + SEGMENT_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t *ip = packet + 14, *tcp = packet + 34;
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(40 + size));
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    uint32_t client = UINT32_C(0x0a000000) | (c->number & 0xffffff), server = UINT32_C(0xc0000201);
    put32(ip + 12, from_client ? client : server);
    put32(ip + 16, from_client ? server : client);
    put16(ip + 10, fold(sum16(ip, 20, 0)));
    put16(tcp, from_client ? c->port : SERVER_PORT);
    put16(tcp + 2, from_client ? SERVER_PORT : c->port);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 0x50;
    tcp[13] = tcp_flags;
    put16(tcp + 14, 65535);
    if (size)
        memcpy(tcp + 20, data, size);
    uint32_t pseudo = sum16(ip + 12, 8, IPPROTO_TCP + 20 + (uint32_t)size);
    put16(tcp + 16, fold(sum16(tcp, 20 + size, pseudo)));
    uint32_t record[4] = {(uint32_t)(g->now_ns / 1000000000), (uint32_t)(g->now_ns % 1000000000),
                          (uint32_t)(54 + size), (uint32_t)(54 + size)};
    fwrite(record, sizeof record, 1, g->pcap);
    fwrite(packet, 54 + size, 1, g->pcap);
    g->now_ns += STEP_NS / 4 + next_random(g) % STEP_NS;
}

static void open_connection(struct generator *g, struct connection *c)
{
    *c = (struct connection){.number = ++g->connections_made,
                             .port = (uint16_t)(1024 + g->connections_made % 60000),
                             .client_seq = (uint32_t)next_random(g),
                             .server_seq = (uint32_t)next_random(g),
                             .left = PER_CONNECTION};
    write_segment(g, c, true, c->client_seq++, 0, 0x02, NULL, 0);
    write_segment(g, c, false, c->server_seq++, c->client_seq, 0x12, NULL, 0);
    write_segment(g, c, true, c->client_seq, c->server_seq, 0x10, NULL, 0);
}

static void close_connection(struct generator *g, struct connection *c)
{
    write_segment(g, c, true, c->client_seq++, c->server_seq, 0x11, NULL, 0);
    write_segment(g, c, false, c->server_seq++, c->client_seq, 0x11, NULL, 0);
    write_segment(g, c, true, c->client_seq, c->server_seq, 0x10, NULL, 0);
}

/* Sends |data| in segments; the first of a message always comes first and in order, so that its time is the
 * truth. */
static void send_stream(struct generator *g, struct connection *c, bool from_client,
                        const struct buffer *data)
{
    uint32_t *seq = from_client ? &c->client_seq : &c->server_seq;
    uint32_t ack = from_client ? c->server_seq : c->client_seq;
    for (size_t at = 0; at < data->size;) {
        size_t size = data->size - at < SEGMENT_BYTES ? data->size - at : SEGMENT_BYTES;
        size_t second = data->size - at - size < SEGMENT_BYTES ? data->size - at - size : SEGMENT_BYTES;
        uint32_t here = *seq + (uint32_t)at;
        if (at > 0 && second > 0 && one_in(g, REORDER_ONE_IN)) {
            write_segment(g, c, from_client, here + (uint32_t)size, ack, 0x18, data->data + at + size,
                          second);
            write_segment(g, c, from_client, here, ack, 0x18, data->data + at, size);
            at += size + second;
            continue;
        }
        write_segment(g, c, from_client, here, ack, 0x18, data->data + at, size);
        if (one_in(g, RETRANS_ONE_IN))
            write_segment(g, c, from_client, here, ack, 0x18, data->data + at, size);
        at += size;
    }
    *seq += (uint32_t)data->size;
}

static void make_body(struct generator *g, size_t wanted)
{
    buffer_clear(&g->body);
    buffer_printf(&g->body, "{\"id\":%" PRIu64 ",\"email\":\"user%" PRIu64 "@mail.example\",\"items\":[",
                  g->made, next_random(g) % 5000);
    while (g->body.size + 80 < wanted)
        buffer_printf(&g->body,
                      "{\"sku\":\"%08" PRIx64 "\",\"price\":%" PRIu64 ".%02" PRIu64 ",\"in_stock\":true},",
                      next_random(g) & 0xffffffff, next_random(g) % 400, next_random(g) % 100);
    buffer_append_text(&g->body, "{}]}");
}

static void make_request(struct generator *g, const struct connection *c, size_t *ret_body)
{
    uint64_t id = next_random(g) % 20000;
    bool post = one_in(g, 8);
    *ret_body = 0;
    buffer_printf(&g->request,
                  "%s /api/v1/%s/%" PRIu64 "?page=%" PRIu64 " HTTP/1.1\r\nHost: shop.example\r\n",
                  post ? "POST" : "GET", post ? "orders" : "items", id, next_random(g) % 9);
    buffer_printf(
        &g->request,
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36\r\n"
        "Accept: application/json\r\nAccept-Language: en\r\nAuthorization: Bearer token-of-user-%u-%016x\r\n",
        c->number, c->number * 2654435761u);
    if (post) {
        make_body(g, 300);
        *ret_body = g->body.size;
        buffer_printf(&g->request, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                      g->body.size);
        buffer_append_bytes(&g->request, buffer_bytes(&g->body));
    } else {
        buffer_append_text(&g->request, "\r\n");
    }
}

static size_t make_response(struct generator *g, unsigned status)
{
    make_body(g, g->body_bytes / 2 + next_random(g) % g->body_bytes);
    buffer_clear(&g->response);
    buffer_printf(&g->response, "HTTP/1.1 %u %s\r\nServer: sample\r\nContent-Type: application/json\r\n",
                  status, status == 200 ? "OK" : "Not Found");
    if (one_in(g, CHUNKED_ONE_IN)) {
        buffer_append_text(&g->response, "Transfer-Encoding: chunked\r\n\r\n");
        for (size_t at = 0; at < g->body.size;) {
            size_t size = g->body.size - at < 700 ? g->body.size - at : 700;
            buffer_printf(&g->response, "%zx\r\n", size);
            buffer_append(&g->response, g->body.data + at, size);
            buffer_append_text(&g->response, "\r\n");
            at += size;
        }
        buffer_append_text(&g->response, "0\r\n\r\n");
    } else {
        buffer_printf(&g->response, "Content-Length: %zu\r\n\r\n", g->body.size);
        buffer_append_bytes(&g->response, buffer_bytes(&g->body));
    }
    return g->body.size;
}

/* One turn of a connection: a request and its response, or a few pipelined ones. */
static void exchange(struct generator *g, struct connection *c)
{
    unsigned depth = c->left >= PIPELINE_DEPTH && one_in(g, PIPELINE_ONE_IN) ? PIPELINE_DEPTH : 1;
    struct {
        uint64_t time_ns;
        char start[80];
        size_t body;
    } sent[PIPELINE_DEPTH];
    for (unsigned i = 0; i < depth; i++) {
        buffer_clear(&g->request);
        make_request(g, c, &sent[i].body);
        sent[i].time_ns = g->now_ns;
        size_t line =
            (size_t)((uint8_t *)memchr(g->request.data, '\r', g->request.size) - g->request.data) - 9;
        snprintf(sent[i].start, sizeof sent[i].start, "%.*s", (int)line, (const char *)g->request.data);
        *strchr(sent[i].start, ' ') = '\t';
        send_stream(g, c, true, &g->request);
    }
    for (unsigned i = 0; i < depth; i++) {
        unsigned status = one_in(g, 50) ? 404 : 200;
        size_t body = make_response(g, status);
        send_stream(g, c, false, &g->response);
        if (g->truth)
            fprintf(g->truth, "%" PRIu64 "\t%s\t%u\t%zu\t%zu\n", sent[i].time_ns, sent[i].start, status,
                    sent[i].body, body);
        g->made++;
    }
    write_segment(g, c, true, c->client_seq, c->server_seq, 0x10, NULL, 0);
    c->left -= depth;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: make_pcap COUNT FILE.pcap [TRUTH.tsv|-] [BODY_BYTES]\n");
        return 2;
    }
    struct generator *g = xcalloc(1, sizeof *g);
    g->count = strtoull(argv[1], NULL, 10);
    g->pcap = fopen(argv[2], "wb");
    g->truth = argc > 3 && strcmp(argv[3], "-") != 0 ? fopen(argv[3], "w") : NULL;
    g->body_bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : 1100;
    g->now_ns = FIRST_TIME_NS;
    g->random = 88172645463325252u;
    if (!g->pcap || g->body_bytes == 0) {
        fprintf(stderr, "make_pcap: %s cannot be written\n", argv[2]);
        return 3;
    }
    const uint32_t header[6] = {0xa1b23c4d, 0x00040002, 0, 0, 262144, 1};
    fwrite(header, sizeof header, 1, g->pcap);
    while (g->made < g->count) {
        struct connection *c = &g->connections[next_random(g) % CONNECTIONS];
        if (c->left == 0) {
            if (c->number)
                close_connection(g, c);
            open_connection(g, c);
        }
        exchange(g, c);
    }
    printf("%" PRIu64 " exchanges on %u connections\n", g->made, g->connections_made);
    int status = fclose(g->pcap) || (g->truth && fclose(g->truth)) ? 3 : 0;
    buffer_free(&g->request);
    buffer_free(&g->response);
    buffer_free(&g->body);
    free(g);
    return status;
}
