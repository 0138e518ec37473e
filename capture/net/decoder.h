/* Frames in, TCP segments out: goes through the layers of a frame, into tunnels (eight at most in each other) and
 * fragments. Pure: no I/O, time comes with the packets. Nothing is silent: a frame ends as a segment or is
 * counted by what it is. */
#ifndef CAPTURE_NET_DECODER_H
#define CAPTURE_NET_DECODER_H

#include "capture/net/defrag.h"
#include "capture/net/frame.h"
#include "capture/net/ip.h"
#include "capture/net/verdict.h"

#include <stddef.h>
#include <stdint.h>

#define DECODER_LINKS_MAX 16

struct decoder_settings {
    struct defrag_settings fragments;
};

/* Frames of a link type that cannot be decoded. */
struct decoder_link {
    int dlt;
    uint64_t packets;
};

/* frames = segments + sum of not_decoded + of links + datagrams' other fragments: fragments_joined - datagrams. */
struct decoder_counts {
    uint64_t frames;
    uint64_t segments;         /* given out */
    uint64_t fragments_joined; /* of datagrams that were put together */
    uint64_t datagrams;        /* that were put together */
    uint64_t not_decoded[NET_VERDICT_COUNT];
    uint64_t decapsulated[NET_TUNNEL_COUNT];      /* tunnel headers stepped over */
    struct decoder_link links[DECODER_LINKS_MAX]; /* the last one takes what finds no place: LINK_OTHER */
    size_t link_count;
};

struct decoder;

/* Returns an owned decoder. */
struct decoder *decoder_create(const struct decoder_settings *settings);
/* Decodes the next frame. Returns NET_TCP with |ret_segment| set: its payload is borrowed from the frame, or until
 * the next call where it was put together of fragments; then the frame is the one that made it whole. Else
 * NET_PENDING for a fragment that waits, or why not, which is counted. */
enum net_verdict decoder_take(struct decoder *decoder, const struct net_frame *frame,
                              struct tcp_segment *ret_segment);
/* Returns the counts so far, borrowed until the next call; fragments that still wait count as not decoded. */
const struct decoder_counts *decoder_counts(struct decoder *decoder);
/* NULL is allowed. */
void decoder_free(struct decoder *decoder);

#endif
