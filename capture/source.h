/* Packets: from capture files (merged by time) or live from an interface. The only part of the
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
    SOURCE_IDLE, /* nothing came for a moment: live, or from a pipe */
    SOURCE_END,  /* files: all read, as far as they were whole */
};

/* What happened to the source so far. Of files only the drops are told, as pcapng files tell them. */
struct source_events {
    uint64_t dropped_kernel;    /* packets, for lack of room in the ring */
    uint64_t dropped_interface; /* packets, by the interface or its driver */
    uint64_t interface_lost;    /* times that the interface went away, or down */
    uint64_t interface_away_ns; /* for how long together */
    uint64_t clock_steps;       /* times that the wall clock was set */
};

/* What the user wishes of a live capture by a signal to the parent. */
enum source_wish {
    SOURCE_WISH_NONE,
    SOURCE_WISH_ROTATE, /* SIGHUP: a new segment */
    SOURCE_WISH_REPORT, /* SIGUSR1: the ledger so far */
};

/* Opens |count| capture files (pcap, pcapng; also compressed with gzip or zstd; "-" is standard input). |filter| (may be NULL) is a
 * BPF expression that also looks behind VLAN tags. Fails on the first file that is missing, empty or no capture, and where |filter| makes
 * no sense for a file's first link type. A link type that cannot be decoded is for the decoder to count. */
int source_open_files(const char *const *paths, size_t count, const char *filter, struct source **ret_source,
                      struct error *err);
/* Opens what the parent process sends over |channel| (live/channel.h), borrowed for the source's life. */
int source_open_live(int channel, struct source **ret_source, struct error *err);
/* Gets the next packet. A file that is damaged ends there, see source_damage. Live it waits 100 ms at most, and an end that the parent asks for
 * becomes stop_requested (common/stop.h). */
enum source_status source_next(struct source *source, struct net_frame *ret_frame);
/* Returns what happened so far. */
struct source_events source_events(struct source *source);
/* Returns a wish that was not granted yet, each once. */
enum source_wish source_wish(struct source *source);
/* Returns the time now, as packets are stamped: the wall clock's, as if it had never been set while the source is open. */
uint64_t source_now_ns(const struct source *source);
/* Returns how much of the room for packets is taken by those that wait to be got, in eighths; 0 for files. */
unsigned source_backlog(const struct source *source);
/* Returns the text about the first file that could not be read to its end, borrowed; NULL where all were. */
const char *source_damage(const struct source *source);
void source_free(struct source *source);

#endif
