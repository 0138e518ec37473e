/* The classic format of capture files, pcap (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds, the versions 2.0 to
 * 2.4, and the longer record headers of Kuznetzov's libpcap. Pure, see capture_read.h. */
#ifndef CAPTURE_FILE_PCAP_READER_H
#define CAPTURE_FILE_PCAP_READER_H

#include "capture/file/capture_read.h"
#include "common/buffer.h"

#include <stdbool.h>

#define PCAP_READER_HEADER_BYTES 24 /* at the file's beginning */

/* A file under way. Filled by pcap_reader_start; no pointers, nothing to free. */
struct pcap_reader {
    bool swapped;             /* not this machine's byte order */
    bool lengths_swapped;     /* the two lengths of a record stand the other way round (before 2.3) */
    bool lengths_uncertain;   /* they may (2.3): the smaller is the captured one */
    uint32_t header_bytes;    /* of a record */
    uint32_t ns_per_fraction; /* what the second part of a time counts */
    uint32_t captured_max;    /* more captured bytes than this are damage */
    int dlt;
    const char *damage; /* why the last call said DAMAGED; a literal */
};

/* Returns whether a file that begins with |magic| (its first four bytes, read in this machine's order) is pcap. */
bool pcap_reader_knows(uint32_t magic);
/* Reads the header of a file: |header| holds PCAP_READER_HEADER_BYTES that pcap_reader_knows. Returns NULL with |ret_reader|
 * filled, else why it cannot be read, a literal. */
const char *pcap_reader_start(const uint8_t *header, struct pcap_reader *ret_reader);
/* Finds the record that |window| begins with: PACKET, MORE or DAMAGED. More than 256 KiB captured are damage, unless the file's
 * own snapshot length is larger (libpcap's rule). */
enum capture_read pcap_reader_next(struct pcap_reader *reader, struct bytes window,
                                   struct capture_record *ret_record);

#endif
