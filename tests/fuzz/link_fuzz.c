/* Property: decoding any frames of any link type, one after the other, ends each in a verdict, reads nothing past
 * them, counts each once, and gives segments whose payload lies in the frame or is as long as it says. Input:
 * frames of a byte that picks the link type, one that was cut off, one for the seconds gone by, two of length
 * (big-endian), and the bytes. */
#include "capture/net/decoder.h"
#include "capture/net/link.h"
#include "common/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER 5

/* DLT_EN10MB, NULL, LOOP, RAW, SLL, SLL2, PPP and its kin, MPLS, NFLOG and others; 147 is none. */
static const int types[] = {1,   0,   108, 12,  101, 228, 229, 113, 276, 9,   50,  51,  166,
                            204, 104, 107, 219, 239, 226, 117, 109, 105, 127, 163, 119, 147};

static void check_segment(const struct tcp_segment *segment, struct bytes frame)
{
    static volatile uint8_t sink;
    assert(segment->payload.size <= segment->payload_wire_bytes);
    assert(segment->source.family != 0 && segment->source.family == segment->destination.family);
    bool inside = segment->payload.data >= frame.data && segment->payload.data <= frame.data + frame.size;
    assert(!inside || segment->payload.data + segment->payload.size <= frame.data + frame.size);
    for (size_t i = 0; i < segment->payload.size; i++)
        sink ^= segment->payload.data[i]; /* ASan sees what was put together of fragments */
}

static void check_balance(struct decoder *decoder)
{
    const struct decoder_counts *counts = decoder_counts(decoder);
    uint64_t sum = counts->segments + counts->fragments_joined - counts->datagrams;
    for (unsigned i = 0; i < NET_VERDICT_COUNT; i++)
        sum += counts->not_decoded[i];
    for (size_t i = 0; i < counts->link_count; i++)
        sum += counts->links[i].packets;
    assert(counts->frames == sum);
}

/* Takes one frame from the front of |data|; returns the bytes that it used. */
static size_t take(struct decoder *decoder, const uint8_t *data, size_t size, uint64_t *wall_ns)
{
    size_t length = (size_t)data[3] << 8 | data[4];
    if (length > size - HEADER)
        length = size - HEADER;
    uint8_t *own = malloc(length ? length : 1); /* its own memory: ASan sees every byte past it */
    memcpy(own, data + HEADER, length);
    *wall_ns += data[2] * NS_PER_S;
    const struct net_frame frame = {
        .bytes = {own, length},
        .wire_bytes = length + data[1],
        .wall_ns = *wall_ns,
        .dlt = types[data[0] % (sizeof types / sizeof types[0])],
        .vlan = data[0] & 0x80 ? NET_FRAME_VLAN | 5 : 0,
    };
    struct tcp_segment segment;
    enum net_verdict verdict = decoder_take(decoder, &frame, &segment);
    assert(verdict != NET_NEXT && (verdict == NET_PENDING || net_verdict_name(verdict)[0] != 0));
    assert((verdict == NET_LINK) == !link_known(frame.dlt));
    if (verdict == NET_TCP)
        check_segment(&segment, frame.bytes);
    free(own);
    return HEADER + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[16] = {1};
    struct decoder *decoder =
        decoder_create(&(struct decoder_settings){.fragments = {.datagrams_max = 16, .hash_key = key}});
    uint64_t wall_ns = NS_PER_S;
    while (size >= HEADER) {
        size_t used = take(decoder, data, size, &wall_ns);
        data += used;
        size -= used;
    }
    check_balance(decoder);
    decoder_free(decoder);
    return 0;
}
