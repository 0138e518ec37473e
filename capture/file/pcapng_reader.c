#include "capture/file/pcapng_reader.h"

#include "capture/file/link_types.h"
#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define WALL_NS_MAX      ((uint64_t)INT64_MAX)
#define DECIMALS_MAX     19 /* 10^19 is the largest power of ten in 64 bits */
#define BITS_MAX         63

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 2, /* obsolete */
    BLOCK_SIMPLE = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_ENHANCED = 6,
    BLOCK_SECTION = PCAPNG_READER_MAGIC,
};

/* Of each block: type and length before its body, the length again behind it. */
enum { BLOCK_HEAD_BYTES = 8, BLOCK_TAIL_BYTES = 4 };

enum option_code {
    OPTION_END = 0,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_TSOFFSET = 14,
    OPTION_ISB_IFDROP = 5,
    OPTION_ISB_OSDROP = 7,
};

/* How an interface's packets are to be read. */
struct pcapng_interface {
    int dlt;
    uint32_t snaplen; /* 0: none */
    bool binary;      /* time counts 2^-|bits| s, else 1 / |units_per_s| s */
    unsigned bits;
    uint64_t units_per_s;
    uint64_t ns_per_unit;  /* where that is a whole number, else 0 */
    uint64_t plain_stamps; /* a time below this is its nanoseconds by one multiplication */
    int64_t offset_s;      /* added to every time */
    uint64_t dropped_interface;
    uint64_t dropped_kernel;
};

/* Block types of the obsolete and the enhanced packet differ in the first words only. */
struct packet_place {
    uint32_t interface;
    uint64_t stamp;
    uint32_t captured;
    uint32_t wire;
    struct bytes rest; /* of the body: packet, padding, options */
};

static enum capture_read damaged(struct pcapng_reader *reader, const char *why)
{
    reader->damage = why;
    return CAPTURE_READ_DAMAGED;
}

static uint32_t u32_at(const struct pcapng_reader *reader, const uint8_t *at)
{
    return capture_read_u32(at, reader->swapped);
}

static uint16_t u16_at(const struct pcapng_reader *reader, const uint8_t *at)
{
    return capture_read_u16(at, reader->swapped);
}

/* Seconds and a part of one in, with the interface's offset; what no clock of ours can hold ends at its limits. */
static uint64_t join_time(const struct pcapng_interface *interface, uint64_t seconds, uint64_t part_ns)
{
    int64_t whole;
    if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, interface->offset_s, &whole))
        return seconds > INT64_MAX || interface->offset_s > 0 ? WALL_NS_MAX : 0;
    if (whole < 0)
        return 0;
    if ((uint64_t)whole >= WALL_NS_MAX / NS_PER_S)
        return WALL_NS_MAX;
    return (uint64_t)whole * NS_PER_S + part_ns;
}

static uint64_t wall_ns(const struct pcapng_interface *interface, uint64_t stamp)
{
    if (stamp < interface->plain_stamps)
        return stamp * interface->ns_per_unit;
    uint64_t seconds, part_ns;
    if (interface->binary) {
        seconds = stamp >> interface->bits;
        uint64_t part = stamp & ((UINT64_C(1) << interface->bits) - 1);
        part_ns = (uint64_t)(((unsigned __int128)part * NS_PER_S) >> interface->bits);
    } else {
        seconds = stamp / interface->units_per_s;
        uint64_t part = stamp % interface->units_per_s;
        part_ns = interface->ns_per_unit
                      ? part * interface->ns_per_unit
                      : (uint64_t)((unsigned __int128)part * NS_PER_S / interface->units_per_s);
    }
    return join_time(interface, seconds, part_ns);
}

static bool set_resolution(struct pcapng_interface *interface, uint8_t value)
{
    unsigned exponent = value & 0x7f;
    interface->binary = value & 0x80;
    if (interface->binary ? exponent > BITS_MAX : exponent > DECIMALS_MAX)
        return false;
    interface->bits = exponent;
    interface->units_per_s = 1;
    for (unsigned i = 0; i < exponent && !interface->binary; i++)
        interface->units_per_s *= 10;
    interface->ns_per_unit = interface->binary ? 0 : NS_PER_S / interface->units_per_s;
    return true;
}

/* Takes the next option from |options|. Returns false at their end, with |ret_whole| saying whether they ended well. */
static bool take_option(const struct pcapng_reader *reader, struct bytes *options, unsigned *ret_code,
                        struct bytes *ret_value, bool *ret_whole)
{
    *ret_whole = true;
    if (options->size == 0)
        return false;
    *ret_whole = options->size >= 4;
    if (!*ret_whole)
        return false;
    *ret_code = u16_at(reader, options->data);
    size_t size = u16_at(reader, options->data + 2);
    if (*ret_code == OPTION_END)
        return false;
    size_t padded = (size + 3) & ~(size_t)3;
    *ret_whole = padded <= options->size - 4;
    if (!*ret_whole)
        return false;
    *ret_value = bytes_make(options->data + 4, size);
    *options = bytes_make(options->data + 4 + padded, options->size - 4 - padded);
    return true;
}

static enum capture_read take_section(struct pcapng_reader *reader, struct bytes body)
{
    if (body.size < 16)
        return damaged(reader, "a section header that is too short");
    if (u16_at(reader, body.data + 4) != 1)
        return damaged(reader, "a version of pcapng that is not known");
    for (size_t i = 0; i < reader->interface_count; i++) {
        reader->dropped_interface += reader->interfaces[i].dropped_interface;
        reader->dropped_kernel += reader->interfaces[i].dropped_kernel;
    }
    reader->interface_count = 0;
    reader->in_section = true;
    return CAPTURE_READ_NOTHING;
}

static const char *take_interface_options(const struct pcapng_reader *reader, struct bytes options,
                                          struct pcapng_interface *interface)
{
    unsigned code;
    struct bytes value;
    bool whole;
    while (take_option(reader, &options, &code, &value, &whole)) {
        if (code == OPTION_IF_TSRESOL) {
            if (value.size != 1 || !set_resolution(interface, value.data[0]))
                return "an interface of an impossible time resolution";
        } else if (code == OPTION_IF_TSOFFSET) {
            if (value.size != 8)
                return "an interface of an impossible time offset";
            interface->offset_s = (int64_t)capture_read_u64(value.data, reader->swapped);
        }
    }
    return whole ? NULL : "options that reach past their block";
}

static enum capture_read take_interface(struct pcapng_reader *reader, struct bytes body)
{
    if (body.size < 8)
        return damaged(reader, "an interface description that is too short");
    if (reader->interface_count == PCAPNG_READER_INTERFACES_MAX)
        return damaged(reader, "more than 65536 interfaces");
    struct pcapng_interface interface = {.dlt = link_types_dlt(u16_at(reader, body.data)),
                                         .snaplen = u32_at(reader, body.data + 4)};
    set_resolution(&interface, 6);
    const char *why = take_interface_options(reader, bytes_make(body.data + 8, body.size - 8), &interface);
    if (why)
        return damaged(reader, why);
    if (interface.ns_per_unit && interface.offset_s == 0)
        interface.plain_stamps = WALL_NS_MAX / interface.ns_per_unit;
    if (reader->interface_count == reader->interface_capacity) {
        reader->interface_capacity = reader->interface_capacity ? 2 * reader->interface_capacity : 4;
        reader->interfaces =
            xrealloc(reader->interfaces, reader->interface_capacity * sizeof *reader->interfaces);
    }
    reader->interfaces[reader->interface_count++] = interface;
    if (!reader->any_interface) {
        reader->any_interface = true;
        reader->first_dlt = interface.dlt;
    }
    return CAPTURE_READ_NOTHING;
}

static enum capture_read take_statistics(struct pcapng_reader *reader, struct bytes body)
{
    if (body.size < 12)
        return damaged(reader, "statistics that are too short");
    uint32_t number = u32_at(reader, body.data);
    if (number >= reader->interface_count)
        return damaged(reader, "statistics of an interface that is not described");
    struct pcapng_interface *interface = &reader->interfaces[number];
    struct bytes options = bytes_make(body.data + 12, body.size - 12), value;
    unsigned code;
    bool whole;
    while (
        take_option(reader, &options, &code, &value, &whole)) { /* the counts run on: the last ones say all */
        if (code == OPTION_ISB_IFDROP && value.size == 8)
            interface->dropped_interface = capture_read_u64(value.data, reader->swapped);
        else if (code == OPTION_ISB_OSDROP && value.size == 8)
            interface->dropped_kernel = capture_read_u64(value.data, reader->swapped);
    }
    return whole ? CAPTURE_READ_NOTHING : damaged(reader, "options that reach past their block");
}

static enum capture_read give_packet(struct pcapng_reader *reader, const struct packet_place *place,
                                     struct capture_record *ret_record)
{
    if (place->interface >= reader->interface_count)
        return damaged(reader, "a packet of an interface that is not described");
    if (place->captured > place->rest.size)
        return damaged(reader, "a packet that reaches past its block");
    const struct pcapng_interface *interface = &reader->interfaces[place->interface];
    reader->last_wall_ns = wall_ns(interface, place->stamp);
    ret_record->frame = (struct net_frame){
        .bytes = {place->rest.data, place->captured},
        .wire_bytes = place->wire < place->captured ? place->captured : place->wire,
        .wall_ns = reader->last_wall_ns,
        .dlt = interface->dlt,
    };
    return CAPTURE_READ_PACKET;
}

static enum capture_read take_packet(struct pcapng_reader *reader, struct bytes body, bool enhanced,
                                     struct capture_record *ret_record)
{
    if (body.size < 20)
        return damaged(reader, "a packet block that is too short");
    const uint8_t *at = body.data;
    const struct packet_place place = {
        .interface = enhanced ? u32_at(reader, at) : u16_at(reader, at),
        .stamp = (uint64_t)u32_at(reader, at + 4) << 32 | u32_at(reader, at + 8),
        .captured = u32_at(reader, at + 12),
        .wire = u32_at(reader, at + 16),
        .rest = {at + 20, body.size - 20},
    };
    return give_packet(reader, &place, ret_record);
}

/* How much was captured is not written down: it is what the snapshot length allows. */
static enum capture_read take_simple(struct pcapng_reader *reader, struct bytes body,
                                     struct capture_record *ret_record)
{
    if (body.size < 4)
        return damaged(reader, "a packet block that is too short");
    if (reader->interface_count == 0)
        return damaged(reader, "a packet of an interface that is not described");
    uint32_t wire = u32_at(reader, body.data);
    struct bytes rest = bytes_make(body.data + 4, body.size - 4);
    if (rest.size > wire)
        rest.size = wire;
    if (reader->interfaces[0].snaplen > 0 && rest.size > reader->interfaces[0].snaplen)
        rest.size = reader->interfaces[0].snaplen;
    ret_record->frame = (struct net_frame){
        .bytes = rest,
        .wire_bytes = wire,
        .wall_ns = reader->last_wall_ns,
        .dlt = reader->interfaces[0].dlt,
    };
    return CAPTURE_READ_PACKET;
}

static enum capture_read take_block(struct pcapng_reader *reader, uint32_t type, struct bytes body,
                                    struct capture_record *ret_record)
{
    switch (type) {
    case BLOCK_ENHANCED:
        return take_packet(reader, body, true, ret_record);
    case BLOCK_PACKET:
        return take_packet(reader, body, false, ret_record);
    case BLOCK_SIMPLE:
        return take_simple(reader, body, ret_record);
    case BLOCK_SECTION:
        return take_section(reader, body);
    case BLOCK_INTERFACE:
        return take_interface(reader, body);
    case BLOCK_STATISTICS:
        return take_statistics(reader, body);
    default:
        return CAPTURE_READ_NOTHING;
    }
}

static enum capture_read want(struct capture_record *ret_record, size_t size)
{
    ret_record->wanted = size;
    return CAPTURE_READ_MORE;
}

enum capture_read pcapng_reader_next(struct pcapng_reader *reader, struct bytes window,
                                     struct capture_record *ret_record)
{
    if (window.size < BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES)
        return want(ret_record, BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES);
    const uint8_t *at = window.data;
    uint32_t type = u32_at(reader, at);
    if (type == BLOCK_SECTION) { /* the same in both orders; what follows says which one it is */
        uint32_t magic = capture_read_u32(at + 8, false);
        if (magic != BYTE_ORDER_MAGIC && magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
            return damaged(reader, "a section of no byte order");
        reader->swapped = magic != BYTE_ORDER_MAGIC;
    } else if (!reader->in_section) {
        return damaged(reader, "no section header");
    }
    uint32_t size = u32_at(reader, at + 4);
    if (size < BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES || size > CAPTURE_RECORD_MAX || size % 4 != 0)
        return damaged(reader, "a block of an impossible length");
    if (window.size < size)
        return want(ret_record, size);
    if (u32_at(reader, at + size - BLOCK_TAIL_BYTES) != size)
        return damaged(reader, "a block whose two lengths differ");
    ret_record->used = size;
    struct bytes body = {at + BLOCK_HEAD_BYTES, size - BLOCK_HEAD_BYTES - BLOCK_TAIL_BYTES};
    return take_block(reader, type, body, ret_record);
}

struct pcapng_drops pcapng_reader_drops(const struct pcapng_reader *reader)
{
    struct pcapng_drops drops = {reader->dropped_interface, reader->dropped_kernel};
    for (size_t i = 0; i < reader->interface_count; i++) {
        drops.interface += reader->interfaces[i].dropped_interface;
        drops.kernel += reader->interfaces[i].dropped_kernel;
    }
    return drops;
}

void pcapng_reader_done(struct pcapng_reader *reader)
{
    free(reader->interfaces);
    *reader = (struct pcapng_reader){0};
}
