#include "tests/unit/capture/pcap_kit.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static void put(struct buffer *to, enum kit_order order, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        buffer_append_byte(to, (uint8_t)(value >> 8 * (order == KIT_LITTLE ? i : size - 1 - i)));
}

void kit_u16(struct buffer *to, enum kit_order order, unsigned value)
{
    put(to, order, value, 2);
}

void kit_u32(struct buffer *to, enum kit_order order, uint32_t value)
{
    put(to, order, value, 4);
}

void kit_u64(struct buffer *to, enum kit_order order, uint64_t value)
{
    put(to, order, value, 8);
}

void kit_pcap(struct buffer *to, enum kit_order order, uint32_t magic, uint32_t snaplen, uint32_t link)
{
    kit_u32(to, order, magic);
    kit_u16(to, order, 2);
    kit_u16(to, order, 4);
    kit_u64(to, order, UINT64_C(0xffffffff00000007)); /* a time zone and figures, which mean nothing */
    kit_u32(to, order, snaplen);
    kit_u32(to, order, link);
}

void kit_record(struct buffer *to, enum kit_order order, uint32_t seconds, uint32_t part, uint32_t wire,
                struct bytes frame)
{
    kit_u32(to, order, seconds);
    kit_u32(to, order, part);
    kit_u32(to, order, (uint32_t)frame.size);
    kit_u32(to, order, wire);
    buffer_append_bytes(to, frame);
}

void kit_block(struct buffer *to, enum kit_order order, uint32_t type, struct bytes body)
{
    uint32_t padding = -(uint32_t)body.size & 3;
    uint32_t size = 12 + (uint32_t)body.size + padding;
    kit_u32(to, order, type);
    kit_u32(to, order, size);
    buffer_append_bytes(to, body);
    for (; padding > 0; padding--)
        buffer_append_byte(to, 0);
    kit_u32(to, order, size);
}

static void put_block(struct buffer *to, enum kit_order order, uint32_t type, struct buffer *body)
{
    kit_block(to, order, type, buffer_bytes(body));
    buffer_free(body);
}

void kit_section(struct buffer *to, enum kit_order order)
{
    struct buffer body = {0};
    kit_u32(&body, order, 0x1a2b3c4d);
    kit_u16(&body, order, 1);
    kit_u16(&body, order, 0);
    kit_u64(&body, order, UINT64_MAX);
    put_block(to, order, 0x0a0d0d0a, &body);
}

void kit_interface(struct buffer *to, enum kit_order order, unsigned link, uint32_t snaplen,
                   unsigned resolution, int64_t offset_s)
{
    struct buffer body = {0};
    kit_u16(&body, order, link);
    kit_u16(&body, order, 0);
    kit_u32(&body, order, snaplen);
    if (resolution) {
        kit_u16(&body, order, 9);
        kit_u16(&body, order, 1);
        buffer_append(&body, (uint8_t[4]){(uint8_t)resolution}, 4);
    }
    if (offset_s) {
        kit_u16(&body, order, 14);
        kit_u16(&body, order, 8);
        kit_u64(&body, order, (uint64_t)offset_s);
    }
    if (resolution || offset_s)
        kit_u32(&body, order, 0);
    put_block(to, order, 1, &body);
}

void kit_enhanced(struct buffer *to, enum kit_order order, uint32_t interface, uint64_t stamp, uint32_t wire,
                  struct bytes frame)
{
    struct buffer body = {0};
    kit_u32(&body, order, interface);
    kit_u32(&body, order, (uint32_t)(stamp >> 32));
    kit_u32(&body, order, (uint32_t)stamp);
    kit_u32(&body, order, (uint32_t)frame.size);
    kit_u32(&body, order, wire);
    buffer_append_bytes(&body, frame);
    put_block(to, order, 6, &body);
}

int kit_file(struct bytes data, char *ret_path)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data.data, data.size) == (ssize_t)data.size);
    snprintf(ret_path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

void kit_gzip(struct buffer *to, struct bytes plain)
{
    z_stream stream = {.next_in = (Bytef *)plain.data, .avail_in = (uInt)plain.size};
    int status = deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    assert(status == Z_OK);
    size_t bound = deflateBound(&stream, (uLong)plain.size);
    buffer_reserve(to, bound);
    stream.next_out = to->data + to->size;
    stream.avail_out = (uInt)bound;
    status = deflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END);
    to->size += stream.total_out;
    deflateEnd(&stream);
}

void kit_zstd(struct buffer *to, struct bytes plain)
{
    size_t bound = ZSTD_compressBound(plain.size);
    buffer_reserve(to, bound);
    size_t size = ZSTD_compress(to->data + to->size, bound, plain.data, plain.size, 3);
    assert(!ZSTD_isError(size));
    to->size += size;
}
