#include "capture/file/pcap_reader.h"

#include "capture/file/link_types.h"
#include "common/clock.h"

#define MAGIC_US         UINT32_C(0xa1b2c3d4)
#define MAGIC_NS         UINT32_C(0xa1b23c4d)
#define MAGIC_KUZNETZOV  UINT32_C(0xa1b2cd34)
#define RECORD_BYTES     16
#define RECORD_BYTES_MAX 24               /* Kuznetzov: interface, protocol and kind behind the lengths */
#define CAPTURED_MAX     (256u << 10)     /* what libpcap itself would write at most */
#define LINK_TYPE_MASK   UINT32_C(0xffff) /* above it stand the bytes of frame check sequence */

bool pcap_reader_knows(uint32_t magic)
{
    switch (magic) {
    case MAGIC_US:
    case MAGIC_NS:
    case MAGIC_KUZNETZOV:
        return true;
    default:
        magic = __builtin_bswap32(magic);
        return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_KUZNETZOV;
    }
}

/* Versions differ in which of the two lengths of a record comes first. */
static const char *take_version(struct pcap_reader *reader, unsigned major, unsigned minor)
{
    bool data_general = major == 543 && minor == 0; /* DG/UX */
    if (!data_general && (major != 2 || minor > 4))
        return "a version of pcap that is not known";
    reader->lengths_swapped = data_general || minor < 3;
    reader->lengths_uncertain = !data_general && minor == 3;
    return NULL;
}

const char *pcap_reader_start(const uint8_t *header, struct pcap_reader *ret_reader)
{
    uint32_t magic = capture_read_u32(header, false);
    bool swapped = magic != MAGIC_US && magic != MAGIC_NS && magic != MAGIC_KUZNETZOV;
    magic = capture_read_u32(header, swapped);
    uint32_t snaplen = capture_read_u32(header + 16, swapped);
    struct pcap_reader reader = {
        .swapped = swapped,
        .header_bytes = magic == MAGIC_KUZNETZOV ? RECORD_BYTES_MAX : RECORD_BYTES,
        .ns_per_fraction = magic == MAGIC_NS ? 1 : NS_PER_US,
        .captured_max = snaplen > CAPTURED_MAX ? snaplen : CAPTURED_MAX,
        .dlt = link_types_dlt((uint16_t)(capture_read_u32(header + 20, swapped) & LINK_TYPE_MASK)),
    };
    if (reader.captured_max > CAPTURE_RECORD_MAX - RECORD_BYTES_MAX)
        reader.captured_max = CAPTURE_RECORD_MAX - RECORD_BYTES_MAX;
    const char *why =
        take_version(&reader, capture_read_u16(header + 4, swapped), capture_read_u16(header + 6, swapped));
    if (!why)
        *ret_reader = reader;
    return why;
}

enum capture_read pcap_reader_next(struct pcap_reader *reader, struct bytes window,
                                   struct capture_record *ret_record)
{
    const uint8_t *at = window.data;
    if (window.size < reader->header_bytes) {
        ret_record->wanted = reader->header_bytes;
        return CAPTURE_READ_MORE;
    }
    uint32_t seconds = capture_read_u32(at, reader->swapped);
    uint32_t fraction = capture_read_u32(at + 4, reader->swapped);
    uint32_t captured = capture_read_u32(at + 8, reader->swapped);
    uint32_t wire = capture_read_u32(at + 12, reader->swapped);
    if (reader->lengths_swapped || (reader->lengths_uncertain && captured > wire)) {
        uint32_t first = captured;
        captured = wire;
        wire = first;
    }
    if (captured > reader->captured_max) {
        reader->damage = "a packet of a length that no capture has";
        return CAPTURE_READ_DAMAGED;
    }
    if (window.size - reader->header_bytes < captured) {
        ret_record->wanted = (size_t)reader->header_bytes + captured;
        return CAPTURE_READ_MORE;
    }
    ret_record->used = (size_t)reader->header_bytes + captured;
    ret_record->frame = (struct net_frame){
        .bytes = {at + reader->header_bytes, captured},
        .wire_bytes = wire < captured ? captured : wire,
        .wall_ns = seconds * NS_PER_S + (uint64_t)fraction * reader->ns_per_fraction,
        .dlt = reader->dlt,
    };
    return CAPTURE_READ_PACKET;
}
