#include "capture/digests.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#define END_TEXT_SIZE (INET6_ADDRSTRLEN + 8)

struct digest_connection {
    FILE *to;
    struct flow_info info;
    uint64_t bytes[2];
    uint64_t gap_bytes[2];
    crypto_hash_sha256_state state[2];
};

static void *open_connection(void *arg, const struct flow_info *info)
{
    struct digest_connection *connection = xcalloc(1, sizeof *connection);
    connection->to = arg;
    connection->info = *info;
    crypto_hash_sha256_init(&connection->state[FLOW_CLIENT]);
    crypto_hash_sha256_init(&connection->state[FLOW_SERVER]);
    return connection;
}

static void take_data(void *arg, enum flow_side side, struct bytes data, uint64_t packet_ns,
                      bool segment_start)
{
    (void)packet_ns;
    (void)segment_start;
    struct digest_connection *connection = arg;
    connection->bytes[side] += data.size;
    crypto_hash_sha256_update(&connection->state[side], data.data, data.size);
}

static void take_gap(void *arg, enum flow_side side, uint64_t bytes, uint64_t packet_ns)
{
    (void)packet_ns;
    ((struct digest_connection *)arg)->gap_bytes[side] += bytes;
}

static void take_mark(void *arg, enum flow_side side, enum flow_mark mark)
{
    (void)arg;
    (void)side;
    (void)mark;
}

static void take_end(void *arg, enum flow_side side, uint64_t packet_ns)
{
    (void)arg;
    (void)side;
    (void)packet_ns;
}

static void format_end(const struct address *address, char text[END_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN];
    if (address->family == AF_INET)
        snprintf(text, END_TEXT_SIZE, "%03u.%03u.%03u.%03u.%05u", address->ip[0], address->ip[1],
                 address->ip[2], address->ip[3], address->port);
    else
        snprintf(text, END_TEXT_SIZE, "%s.%05u", inet_ntop(AF_INET6, address->ip, ip, sizeof ip),
                 address->port);
}

static void close_connection(void *arg, bool clean, uint64_t packet_ns)
{
    (void)clean;
    (void)packet_ns;
    struct digest_connection *connection = arg;
    char ends[2][END_TEXT_SIZE];
    format_end(&connection->info.client, ends[FLOW_CLIENT]);
    format_end(&connection->info.server, ends[FLOW_SERVER]);
    for (unsigned side = 0; side < 2; side++) {
        uint8_t hash[crypto_hash_sha256_BYTES];
        char hex[2 * sizeof hash + 1];
        crypto_hash_sha256_final(&connection->state[side], hash);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        if (connection->bytes[side] + connection->gap_bytes[side] > 0)
            fprintf(connection->to, "%s-%s\t%s\t%" PRIu64 "\t%s\t%" PRIu64 "\n", ends[side], ends[!side],
                    side == FLOW_CLIENT ? "request" : "response", connection->bytes[side], hex,
                    connection->gap_bytes[side]);
    }
    free(connection);
}

struct flow_handler digests_handler(FILE *to)
{
    return (struct flow_handler){
        .arg = to,
        .open = open_connection,
        .data = take_data,
        .gap = take_gap,
        .mark = take_mark,
        .end = take_end,
        .close = close_connection,
    };
}
