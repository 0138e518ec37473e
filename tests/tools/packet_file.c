#include "tests/tools/packet_file.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM       ((size_t)1 << 20)
#define FRAME_MAX  1600
#define NS_A_S     UINT64_C(1000000000)
#define LINK_BYTES 14
#define IP_BYTES   20

struct packet_file {
    int fd;
    int failure; /* errno of the first write that failed */
    uint16_t ip_id;
    size_t size;
    uint8_t data[ROOM + FRAME_MAX];
};

static void flush(struct packet_file *file)
{
    for (size_t at = 0; at < file->size && file->failure == 0;) {
        ssize_t written = write(file->fd, file->data + at, file->size - at);
        if (written < 0 && errno != EINTR)
            file->failure = errno;
        at += written > 0 ? (size_t)written : 0;
    }
    file->size = 0;
}

struct packet_file *packet_file_create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    struct packet_file *file = xcalloc(1, sizeof *file);
    file->fd = fd;
    const uint32_t header[6] = {0xa1b23c4d, 0x00040002, 0, 0, 262144, 1 /* Ethernet */};
    memcpy(file->data, header, sizeof header);
    file->size = sizeof header;
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
    put16(at + 2, value);
}

/* The one's complement sum (RFC 1071) of |size| bytes in memory order, not folded. */
static uint64_t sum_of(const uint8_t *data, size_t size)
{
    uint64_t sum = 0;
    uint32_t word;
    for (; size >= 4; size -= 4, data += 4) {
        memcpy(&word, data, 4);
        sum += word;
    }
    word = 0;
    memcpy(&word, data, size);
    return sum + word;
}

static void put_checksum(uint8_t *at, uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t folded = (uint16_t)~sum;
    memcpy(at, &folded, 2);
}

/* Timestamps on every segment, what else is agreed on with SYN. Returns the bytes of options. */
static size_t put_options(uint8_t *at, const struct packet *packet)
{
    static const uint8_t syn[10] = {2, 4, 5, 0xb4, 4, 2, 8, 10};
    static const uint8_t any[4] = {1, 1, 8, 10};
    bool opens = packet->flags & PACKET_SYN;
    size_t size = opens ? 8 : 4;
    memcpy(at, opens ? syn : any, size);
    put32(at + size, packet->stamp);
    put32(at + size + 4, packet->echo);
    size += 8;
    if (!opens)
        return size;
    memcpy(at + size, (const uint8_t[4]){1, 3, 3, 7}, 4);
    return size + 4;
}

void packet_file_write(struct packet_file *file, const struct packet *packet)
{
    static const uint8_t link[LINK_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t *record = file->data + file->size, *frame = record + 16;
    uint8_t *ip = frame + LINK_BYTES, *tcp = ip + IP_BYTES;
    memcpy(frame, link, LINK_BYTES);
    memset(ip, 0, IP_BYTES + 20);
    size_t tcp_head = 20 + put_options(tcp + 20, packet), tcp_bytes = tcp_head + packet->payload.size;
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(IP_BYTES + tcp_bytes));
    put16(ip + 4, ++file->ip_id);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    put32(ip + 12, packet->from.ip);
    put32(ip + 16, packet->to.ip);
    put_checksum(ip + 10, sum_of(ip, IP_BYTES));
    put16(tcp, packet->from.port);
    put16(tcp + 2, packet->to.port);
    put32(tcp + 4, packet->seq);
    put32(tcp + 8, packet->flags & PACKET_ACK ? packet->ack : 0);
    tcp[12] = (uint8_t)(tcp_head << 2);
    tcp[13] = packet->flags;
    put16(tcp + 14, 502);
    if (packet->payload.size)
        memcpy(tcp + tcp_head, packet->payload.data, packet->payload.size);
    uint8_t pseudo[4] = {0, IPPROTO_TCP};
    put16(pseudo + 2, (uint32_t)tcp_bytes);
    put_checksum(tcp + 16, sum_of(ip + 12, 8) + sum_of(pseudo, 4) + sum_of(tcp, tcp_bytes));
    uint32_t size = (uint32_t)(LINK_BYTES + IP_BYTES + tcp_bytes);
    const uint32_t head[4] = {(uint32_t)(packet->time_ns / NS_A_S), (uint32_t)(packet->time_ns % NS_A_S),
                              size, size};
    memcpy(record, head, sizeof head);
    file->size += sizeof head + size;
    if (file->size > ROOM)
        flush(file);
}

int packet_file_close(struct packet_file *file)
{
    flush(file);
    int failure = file->failure;
    if (close(file->fd) != 0 && failure == 0)
        failure = errno;
    free(file);
    errno = failure;
    return failure ? -1 : 0;
}
