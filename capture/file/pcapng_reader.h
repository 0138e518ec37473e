/* The newer format of capture files, pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces of different link
 * types and time resolutions, enhanced, simple and obsolete packets, the interfaces' own counts of what they dropped. Names,
 * secrets, custom and unknown blocks are read over. Pure, see capture_read.h. */
#ifndef CAPTURE_FILE_PCAPNG_READER_H
#define CAPTURE_FILE_PCAPNG_READER_H

#include "capture/file/capture_read.h"
#include "common/buffer.h"

#include <stdbool.h>

#define PCAPNG_READER_MAGIC          UINT32_C(0x0a0d0d0a) /* a file's first four bytes, the same in both byte orders */
#define PCAPNG_READER_INTERFACES_MAX 65536                /* in a section; more are damage */

struct pcapng_interface;

/* A file under way. Zero-initialised is at the file's beginning; pcapng_reader_done frees what it holds. */
struct pcapng_reader {
    bool in_section;
    bool swapped;                        /* not this machine's byte order; may differ by section */
    struct pcapng_interface *interfaces; /* of this section */
    size_t interface_count;
    size_t interface_capacity;
    int first_dlt; /* link type of the file's first interface (where |any_interface|) */
    bool any_interface;
    uint64_t last_wall_ns;      /* simple packets carry no time: they take the one before */
    uint64_t dropped_interface; /* as sections that are over counted it; see pcapng_reader_drops */
    uint64_t dropped_kernel;
    const char *damage; /* why the last call said DAMAGED; a literal */
};

/* What the capturing machine said that it lost. */
struct pcapng_drops {
    uint64_t interface; /* isb_ifdrop of all interfaces */
    uint64_t kernel;    /* isb_osdrop */
};

/* Finds the block that |window| begins with: PACKET, NOTHING, MORE or DAMAGED. */
enum capture_read pcapng_reader_next(struct pcapng_reader *reader, struct bytes window,
                                     struct capture_record *ret_record);
/* Sums what the interface statistics blocks so far said. */
struct pcapng_drops pcapng_reader_drops(const struct pcapng_reader *reader);
/* Frees the interfaces; the reader is at a file's beginning again. */
void pcapng_reader_done(struct pcapng_reader *reader);

#endif
