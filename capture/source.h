/* Packets: from capture files (merged by time) or live from an interface, by libpcap. The only part of the
 * packet path that does I/O. */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "capture/net/frame.h"
#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

struct source;

enum source_status {
    SOURCE_PACKET,
    SOURCE_IDLE,  /* live: nothing came for a moment */
    SOURCE_END,   /* files: all read, as far as they were whole */
    SOURCE_ERROR, /* live: the interface failed */
};

/* What libpcap counted (zero for files). */
struct source_drops {
    uint64_t kernel;    /* for lack of room in the ring */
    uint64_t interface; /* by the interface or its driver */
};

/* Opens |count| capture files (pcap, pcapng; "-" is standard input). |filter| (may be NULL) is a BPF
 * expression that also looks behind VLAN tags. Fails on the first file that is missing, empty, no capture or
 * of a link type that cannot be decoded. */
int source_open_files(const char *const *paths, size_t count, const char *filter, struct source **ret_source,
                      struct error *err);
/* What to capture live: TCP segments from or to |ports| that also match |filter| (may be NULL). */
struct source_live_options {
    const char *interface; /* "lo" and "any" included */
    const uint16_t *ports;
    size_t port_count;
    const char *filter;
    uint64_t ring_bytes; /* the kernel's buffer */
};

/* Opens an interface for live capture. What |options| points to is borrowed for the source's life. */
int source_open_live(const struct source_live_options *options, struct source **ret_source,
                     struct error *err);
/* Gets the next packet. A file that is damaged ends there, see source_damage. Live it waits 100 ms at most. */
enum source_status source_next(struct source *source, struct net_frame *ret_frame, struct error *err);
/* Reads libpcap's counters. */
struct source_drops source_drops(struct source *source);
/* Returns the text about the first file that could not be read to its end, borrowed; NULL where all were. */
const char *source_damage(const struct source *source);
/* Returns the smallest snapshot length among the files (262144 live). */
int source_snaplen(const struct source *source);
void source_free(struct source *source);

#endif
