/* Writes captures of attacks on a recorder's memory, with good traffic passing by. Same arguments, same bytes.
 *
 *     make_attack half-open COUNT FILE.pcap TRUTH.tsv     COUNT handshakes that are answered and go no further
 *     make_attack syn-flood COUNT FILE.pcap TRUTH.tsv     COUNT SYNs from anywhere, answered by nobody
 *     make_attack far-ahead COUNT FILE.pcap TRUTH.tsv     COUNT connections that each send one byte far ahead
 *     make_attack endless-head MIB FILE.pcap TRUTH.tsv    one head that never ends, of MIB mebibytes, and 255 smaller ones
 *
 * Beside each hundred packets of the attack passes one exchange of good traffic: 64 connections at a time, 20 exchanges
 * each. TRUTH.tsv gets a line for each: method, path, status. */
#include "common/buffer.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD_CONNECTIONS 64
#define GOOD_EXCHANGES   20
#define ATTACK_PER_GOOD  100
#define SERVER_PORT      8080
#define STEP_NS          2000
#define FIRST_TIME_NS    UINT64_C(1760000000000000000)
#define HEADS            256
#define LINE_BYTES       1200

enum tcp_bit { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

struct peer {
    uint32_t ip;
    uint16_t port;
    uint32_t client_seq;
    uint32_t server_seq;
    unsigned left; /* exchanges to come; 0: not connected */
};

struct generator {
    FILE *pcap;
    FILE *truth;
    uint64_t now_ns;
    uint64_t attack_packets;
    uint64_t exchanges;
    uint32_t clients; /* good ones so far */
    struct peer good[GOOD_CONNECTIONS];
};

static FILE *open_for_writing(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    setvbuf(file, NULL, _IOFBF, 1 << 20);
    return file;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* Writes a segment between client |ip|:|port| and the server. */
static void put_packet(struct generator *g, uint32_t ip, uint16_t port, bool from_server, uint8_t flags,
                       uint32_t seq, uint32_t ack, struct bytes payload)
{
    static const uint8_t server_ip[4] = {10, 200, 0, 1};
    uint8_t frame[54] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
    uint8_t *network = frame + 14, *tcp = frame + 34;
    put16(network + 2, (uint32_t)(40 + payload.size));
    network[8] = 64;
    network[9] = 6;
    memcpy(network + (from_server ? 12 : 16), server_ip, 4);
    put32(network + (from_server ? 16 : 12), ip);
    put16(tcp, from_server ? SERVER_PORT : port);
    put16(tcp + 2, from_server ? port : SERVER_PORT);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 0x50;
    tcp[13] = flags;
    put16(tcp + 14, 65535);
    uint32_t size = (uint32_t)(sizeof frame + payload.size);
    uint32_t record[4] = {(uint32_t)(g->now_ns / 1000000000), (uint32_t)(g->now_ns % 1000000000), size, size};
    fwrite(record, sizeof record, 1, g->pcap);
    fwrite(frame, sizeof frame, 1, g->pcap);
    if (payload.size)
        fwrite(payload.data, payload.size, 1, g->pcap);
    g->now_ns += STEP_NS;
}

static void connect_peer(struct generator *g, struct peer *peer)
{
    uint32_t number = g->clients++;
    *peer = (struct peer){
        .ip = UINT32_C(0x0a640000) + number / 50000,
        .port = (uint16_t)(10000 + number % 50000),
        .client_seq = number * 7919,
        .server_seq = number * 104729,
        .left = GOOD_EXCHANGES,
    };
    put_packet(g, peer->ip, peer->port, false, SYN, peer->client_seq++, 0, (struct bytes){0});
    put_packet(g, peer->ip, peer->port, true, SYN | ACK, peer->server_seq++, peer->client_seq,
               (struct bytes){0});
    put_packet(g, peer->ip, peer->port, false, ACK, peer->client_seq, peer->server_seq, (struct bytes){0});
}

static void say(struct generator *g, struct peer *peer, bool from_server, const char *text)
{
    struct bytes payload = bytes_of(text);
    uint32_t *seq = from_server ? &peer->server_seq : &peer->client_seq;
    put_packet(g, peer->ip, peer->port, from_server, PSH | ACK, *seq,
               from_server ? peer->client_seq : peer->server_seq, payload);
    *seq += (uint32_t)payload.size;
}

static void good_exchange(struct generator *g)
{
    struct peer *peer = &g->good[g->exchanges % GOOD_CONNECTIONS];
    if (peer->left == 0)
        connect_peer(g, peer);
    char text[512];
    bool found = g->exchanges % 10 != 9;
    snprintf(text, sizeof text,
             "GET /items/%" PRIu64 " HTTP/1.1\r\nHost: shop.example\r\nAccept: application/json\r\n\r\n",
             g->exchanges);
    say(g, peer, false, text);
    snprintf(
        text, sizeof text,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n{\"item\":\"%021" PRIu64
        "\"}",
        found ? "200 OK" : "404 Not Found", g->exchanges);
    say(g, peer, true, text);
    fprintf(g->truth, "GET\t/items/%" PRIu64 "\t%d\n", g->exchanges, found ? 200 : 404);
    g->exchanges++;
    if (--peer->left > 0)
        return;
    put_packet(g, peer->ip, peer->port, false, FIN | ACK, peer->client_seq++, peer->server_seq,
               (struct bytes){0});
    put_packet(g, peer->ip, peer->port, true, FIN | ACK, peer->server_seq++, peer->client_seq,
               (struct bytes){0});
    put_packet(g, peer->ip, peer->port, false, ACK, peer->client_seq, peer->server_seq, (struct bytes){0});
}

/* Writes a packet of the attack, and now and then good traffic. */
static void attack(struct generator *g, const struct peer *peer, bool from_server, uint8_t flags,
                   uint32_t seq, uint32_t ack, struct bytes payload)
{
    put_packet(g, peer->ip, peer->port, from_server, flags, seq, ack, payload);
    if (++g->attack_packets % ATTACK_PER_GOOD == 0)
        good_exchange(g);
}

static struct peer attacker(uint64_t number)
{
    return (struct peer){.ip = UINT32_C(0xc6120000) + (uint32_t)(number / 60000),
                         .port = (uint16_t)(1024 + number % 60000),
                         .client_seq = (uint32_t)(number * 2654435761u),
                         .server_seq = (uint32_t)(number * 40503u)};
}

static void shake_hands(struct generator *g, const struct peer *peer, bool completely)
{
    attack(g, peer, false, SYN, peer->client_seq, 0, (struct bytes){0});
    attack(g, peer, true, SYN | ACK, peer->server_seq, peer->client_seq + 1, (struct bytes){0});
    if (completely)
        attack(g, peer, false, ACK, peer->client_seq + 1, peer->server_seq + 1, (struct bytes){0});
}

static void half_open(struct generator *g, uint64_t count)
{
    for (uint64_t number = 0; number < count; number++) {
        struct peer peer = attacker(number);
        shake_hands(g, &peer, number % 4 == 0); /* some complete the handshake and say nothing */
    }
}

static void syn_flood(struct generator *g, uint64_t count)
{
    for (uint64_t number = 0; number < count; number++) {
        struct peer peer = attacker(number * 0x9e3779b1 % (UINT64_C(60000) * 60000));
        attack(g, &peer, false, SYN, peer.client_seq, 0, (struct bytes){0});
    }
}

static void far_ahead(struct generator *g, uint64_t count)
{
    for (uint64_t number = 0; number < count; number++) {
        struct peer peer = attacker(number);
        shake_hands(g, &peer, true);
        attack(g, &peer, false, PSH | ACK,
               peer.client_seq + 1 + 100000 + (uint32_t)(number * 7919 % 900000000), peer.server_seq + 1,
               BYTES_LITERAL("x"));
    }
}

static void endless_head(struct generator *g, uint64_t mebibytes)
{
    static char line[LINE_BYTES + 1];
    snprintf(line, sizeof line, "X-Filler: %01188d\r\n", 0);
    struct peer peers[HEADS];
    for (unsigned i = 0; i < HEADS; i++) {
        peers[i] = attacker(i);
        shake_hands(g, &peers[i], true);
        struct bytes begin = BYTES_LITERAL("GET / HTTP/1.1\r\n");
        attack(g, &peers[i], false, PSH | ACK, peers[i].client_seq + 1, peers[i].server_seq + 1, begin);
        peers[i].client_seq += 1 + (uint32_t)begin.size;
    }
    uint64_t lines = (mebibytes << 20) / LINE_BYTES;
    for (uint64_t number = 0; number < lines; number++) {
        for (unsigned turn = 0; turn < 2; turn++) { /* the first one, and one of the others */
            struct peer *peer = &peers[turn ? 1 + number % (HEADS - 1) : 0];
            attack(g, peer, false, PSH | ACK, peer->client_seq, peer->server_seq + 1,
                   bytes_make(line, LINE_BYTES));
            peer->client_seq += LINE_BYTES;
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(struct generator *g, uint64_t count);
    } kinds[] = {{"half-open", half_open},
                 {"syn-flood", syn_flood},
                 {"far-ahead", far_ahead},
                 {"endless-head", endless_head}};
    for (size_t i = 0; argc == 5 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        struct generator *g = xcalloc(1, sizeof *g);
        g->pcap = open_for_writing(argv[3]);
        g->truth = open_for_writing(argv[4]);
        g->now_ns = FIRST_TIME_NS;
        uint32_t header[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 1}; /* pcap with nanoseconds, Ethernet */
        fwrite(header, sizeof header, 1, g->pcap);
        kinds[i].make(g, strtoull(argv[2], NULL, 10));
        int failed = fclose(g->pcap) != 0;
        failed |= fclose(g->truth) != 0;
        free(g);
        return failed;
    }
    fprintf(stderr,
            "usage: make_attack half-open|syn-flood|far-ahead|endless-head COUNT FILE.pcap TRUTH.tsv\n");
    return 2;
}
