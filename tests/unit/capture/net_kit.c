#include "tests/unit/capture/net_kit.h"

void kit_bytes(struct kit_frame *frame, const void *payload, size_t size)
{
    frame->size = 0;
    kit_put(frame, payload, size);
}

void kit_tcp(struct kit_frame *frame)
{
    static const char segment[] = "\x10\0\0\x50\0\0\0\1\0\0\0\2\x50\x18\1\0\0\0\0\0GET";
    kit_bytes(frame, segment, sizeof segment - 1);
}

void kit_put(struct kit_frame *frame, const void *header, size_t size)
{
    assert_true(frame->size + size <= sizeof frame->bytes);
    memmove(frame->bytes + size, frame->bytes, frame->size);
    memcpy(frame->bytes, header, size);
    frame->size += size;
}

void kit_ipv4(struct kit_frame *frame, uint8_t protocol)
{
    size_t total = frame->size + 20;
    const uint8_t header[20] = {
        0x45, 0, (uint8_t)(total >> 8), (uint8_t)total, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0,
        2,    2};
    kit_put(frame, header, sizeof header);
}

void kit_ipv6(struct kit_frame *frame, uint8_t next)
{
    uint8_t header[40] = {0x60, [4] = (uint8_t)(frame->size >> 8), (uint8_t)frame->size, next, 64};
    memcpy(header + 8, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    memcpy(header + 24, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
    kit_put(frame, header, sizeof header);
}

void kit_udp(struct kit_frame *frame, uint16_t source, uint16_t destination)
{
    size_t length = frame->size + 8;
    const uint8_t header[8] = {(uint8_t)(source >> 8), (uint8_t)source,        (uint8_t)(destination >> 8),
                               (uint8_t)destination,   (uint8_t)(length >> 8), (uint8_t)length};
    kit_put(frame, header, sizeof header);
}

void kit_ethernet(struct kit_frame *frame, uint16_t type)
{
    const uint8_t header[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, (uint8_t)(type >> 8), (uint8_t)type};
    kit_put(frame, header, sizeof header);
}

static enum net_verdict take_part(struct decoder *decoder, int dlt, const struct kit_frame *frame,
                                  size_t size, uint64_t wire_bytes, uint64_t wall_ns,
                                  struct tcp_segment *ret_segment)
{
    static uint8_t payload[1 << 17];
    uint8_t *own = malloc(size ? size : 1); /* its own memory: ASan sees every byte past it */
    memcpy(own, frame->bytes, size);
    const struct net_frame net_frame = {
        .bytes = {own, size},
        .wire_bytes = wire_bytes,
        .wall_ns = wall_ns,
        .dlt = dlt,
    };
    enum net_verdict verdict = decoder_take(decoder, &net_frame, ret_segment);
    if (verdict == NET_TCP) { /* the frame is freed: keep what it was */
        assert_true(ret_segment->payload.size <= ret_segment->payload_wire_bytes);
        assert_true(ret_segment->payload.size <= sizeof payload);
        memcpy(payload, ret_segment->payload.data, ret_segment->payload.size);
        ret_segment->payload.data = payload;
    }
    free(own);
    return verdict;
}

enum net_verdict kit_take(struct decoder *decoder, int dlt, const struct kit_frame *frame, uint64_t wall_ns,
                          struct tcp_segment *ret_segment)
{
    return take_part(decoder, dlt, frame, frame->size, frame->size, wall_ns, ret_segment);
}

enum net_verdict kit_decode(int dlt, const struct kit_frame *frame, struct tcp_segment *ret_segment)
{
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    struct tcp_segment segment;
    enum net_verdict verdict =
        kit_take(decoder, dlt, frame, KIT_WALL_NS, ret_segment ? ret_segment : &segment);
    decoder_free(decoder);
    return verdict;
}

static uint32_t check(struct decoder *decoder, int dlt, const struct kit_frame *frame)
{
    struct tcp_segment segment;
    assert_int_equal(kit_take(decoder, dlt, frame, KIT_WALL_NS, &segment), NET_TCP);
    assert_int_equal(segment.source.port, 4096);
    assert_int_equal(segment.destination.port, 80);
    assert_int_equal(segment.sequence, 1);
    assert_int_equal(segment.acknowledgement, 2);
    assert_int_equal(segment.flags, TCP_PSH | TCP_ACK);
    assert_int_equal(segment.payload_wire_bytes, 3);
    assert_int_equal(segment.payload.size, 3);
    assert_memory_equal(segment.payload.data, "GET", 3);
    for (size_t size = 0; size < frame->size - 3; size++) {
        struct tcp_segment ignored;
        assert_int_not_equal(take_part(decoder, dlt, frame, size, frame->size, KIT_WALL_NS, &ignored),
                             NET_TCP);
        assert_int_not_equal(take_part(decoder, dlt, frame, size, size, KIT_WALL_NS, &ignored), NET_TCP);
    }
    return segment.scope;
}

uint32_t kit_check(int dlt, const struct kit_frame *frame)
{
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    uint32_t scope = check(decoder, dlt, frame);
    decoder_free(decoder);
    return scope;
}

uint32_t kit_check_tunnel(int dlt, const struct kit_frame *frame, enum net_tunnel tunnel)
{
    struct decoder *decoder = decoder_create(&(struct decoder_settings){0});
    uint32_t scope = check(decoder, dlt, frame);
    assert_true(decoder_counts(decoder)->decapsulated[tunnel] > 0);
    decoder_free(decoder);
    return scope;
}
