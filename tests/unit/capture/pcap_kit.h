/* Capture files made by hand, for the tests of their readers. */
#ifndef TESTS_UNIT_CAPTURE_PCAP_KIT_H
#define TESTS_UNIT_CAPTURE_PCAP_KIT_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Which end of a number comes first. */
enum kit_order { KIT_LITTLE, KIT_BIG };

void kit_u16(struct buffer *to, enum kit_order order, unsigned value);
void kit_u32(struct buffer *to, enum kit_order order, uint32_t value);
void kit_u64(struct buffer *to, enum kit_order order, uint64_t value);

/* pcap: the file's header, and a record with a header of four words. */
void kit_pcap(struct buffer *to, enum kit_order order, uint32_t magic, uint32_t snaplen, uint32_t link);
void kit_record(struct buffer *to, enum kit_order order, uint32_t seconds, uint32_t part, uint32_t wire,
                struct bytes frame);

/* pcapng: one block around |body|, padded to four bytes. */
void kit_block(struct buffer *to, enum kit_order order, uint32_t type, struct bytes body);
void kit_section(struct buffer *to, enum kit_order order);
/* An interface; |resolution| is if_tsresol, |offset_s| if_tsoffset (0: neither option is written). */
void kit_interface(struct buffer *to, enum kit_order order, unsigned link, uint32_t snaplen,
                   unsigned resolution, int64_t offset_s);
void kit_enhanced(struct buffer *to, enum kit_order order, uint32_t interface, uint64_t stamp, uint32_t wire,
                  struct bytes frame);

/* Writes |data| to a file in memory and returns its path in |ret_path| (64 bytes); the descriptor is closed with the test. */
int kit_file(struct bytes data, char *ret_path);
/* Compresses into |to|, behind what it holds. */
void kit_gzip(struct buffer *to, struct bytes plain);
void kit_zstd(struct buffer *to, struct bytes plain);

#endif
