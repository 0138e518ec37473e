/* What the readers of capture file formats have in common: they take the bytes that are there (a window that begins where the last
 * call ended) and say what is in them. Pure: no I/O, no allocation per packet. */
#ifndef CAPTURE_FILE_CAPTURE_READ_H
#define CAPTURE_FILE_CAPTURE_READ_H

#include "capture/net/frame.h"

#include <stddef.h>
#include <stdint.h>

/* The largest record or block: what lies over it is damage, not a packet. */
#define CAPTURE_RECORD_MAX (UINT32_C(16) << 20)

enum capture_read {
    CAPTURE_READ_PACKET,  /* |frame| is set */
    CAPTURE_READ_NOTHING, /* |used| bytes held something else, read over */
    CAPTURE_READ_MORE,    /* give a window of |wanted| bytes, more than this one had */
    CAPTURE_READ_DAMAGED, /* not what the format allows; the reader says what */
};

/* What a call found. */
struct capture_record {
    size_t used;            /* bytes of the window that are done with (PACKET, NOTHING) */
    size_t wanted;          /* bytes needed (MORE), at most CAPTURE_RECORD_MAX */
    struct net_frame frame; /* PACKET: lies inside the window */
};

/* Reads an unsigned number of the file's byte order, |swapped| where that is not this machine's. */
static inline uint16_t capture_read_u16(const uint8_t *at, int swapped)
{
    uint16_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
}
static inline uint32_t capture_read_u32(const uint8_t *at, int swapped)
{
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}
static inline uint64_t capture_read_u64(const uint8_t *at, int swapped)
{
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap64(value) : value;
}

#endif
