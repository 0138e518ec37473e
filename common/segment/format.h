/* The bytes of a segment file outside its blocks' frames, as FORMAT.md specifies them: file header, block
 * header, index entry, footer. No I/O. All integers are little-endian. */
#ifndef COMMON_SEGMENT_FORMAT_H
#define COMMON_SEGMENT_FORMAT_H

#include "common/segment/origins.h"
#include "common/segment/segment.h"

#define FORMAT_VERSION           1
#define FORMAT_FEATURES_KNOWN    0u /* incompatible feature bits that this reader knows */
#define FORMAT_FILE_HEADER_SIZE  64
#define FORMAT_PROPERTIES_MAX    (UINT32_C(4) << 20)
#define FORMAT_BLOCK_HEADER_SIZE 72
#define FORMAT_INDEX_ENTRY_SIZE  40
#define FORMAT_FOOTER_SIZE       80
#define FORMAT_MARKER_SIZE       8
#define FORMAT_BLOCK_RAW_MAX     (UINT32_C(16) << 20) /* of several records together */
#define FORMAT_RECORD_OVERHEAD   30                   /* three varints */
#define FORMAT_FRAME_RAW_MAX     (SEGMENT_RECORD_MAX + FORMAT_RECORD_OVERHEAD)
#define FORMAT_FRAME_STORED_MAX  (FORMAT_FRAME_RAW_MAX + FORMAT_FRAME_RAW_MAX / 128 + 1024)

extern const uint8_t format_block_marker[FORMAT_MARKER_SIZE];

/* What reading a file header can say. */
enum format_verdict {
    FORMAT_OK,
    FORMAT_NOT_SEGMENT, /* does not begin with the magic, or is shorter than a header */
    FORMAT_VERSION_NEW, /* a later version */
    FORMAT_FEATURE_NEW, /* needs a feature that this reader does not know */
    FORMAT_DAMAGED,     /* a checksum or a length is wrong */
};

/* Appends the file header and its properties. |origins|, which the copy at the end of a file holds, are left out where they are NULL or
 * not all are known. */
void format_write_header(const struct segment_header *header, const struct origins *origins,
                         struct buffer *out);
/* Reads a file header from the front of |view|, which may go on after it. On FORMAT_OK |ret_header| holds
 * owned strings and |ret_size| the header's length. Otherwise both are untouched. */
enum format_verdict format_read_header(struct bytes view, struct segment_header *ret_header,
                                       size_t *ret_size);
/* Adds the origins that stand in |header|, which format_read_header takes and which ends with its properties. Returns false where it says
 * nothing of them. */
bool format_read_origins(struct bytes header, struct origins *origins);
/* Returns the length of the header and properties that begin at |fixed| (FORMAT_FILE_HEADER_SIZE bytes), or 0
 * where its checksum is wrong. */
size_t format_header_length(const uint8_t *fixed);

/* One block's header. |id| below is the first 8 bytes of the segment id: a block of another file, or one
 * forged inside captured bytes, is not taken for one of this file. */
struct format_block {
    uint32_t record_count;
    uint64_t sequence; /* of the block in its file, from 0 */
    uint64_t min_ns;
    uint64_t max_ns;
    uint32_t meta_raw;
    uint32_t meta_stored;
    uint32_t payload_raw; /* 0: there is no payload frame */
    uint32_t payload_stored;
    uint32_t meta_crc; /* over the stored bytes */
    uint32_t payload_crc;
};

void format_write_block(const struct format_block *block, const uint8_t *id, struct buffer *out);
/* Returns false where |bytes| (FORMAT_BLOCK_HEADER_SIZE of them) are no block header of this file or break a
 * cap. */
bool format_read_block(const uint8_t *bytes, const uint8_t *id, struct format_block *ret_block);
/* Returns the length of a whole block with its header. */
uint64_t format_block_length(const struct format_block *block);

/* Where a block stands. */
struct format_entry {
    uint64_t offset; /* of its header in the file */
    uint64_t min_ns;
    uint64_t max_ns;
    uint64_t length; /* with its header */
    uint32_t record_count;
};

void format_write_entry(const struct format_entry *entry, struct buffer *out);
void format_read_entry(const uint8_t *bytes, struct format_entry *ret_entry);

/* The end of a sealed file. */
struct format_footer {
    uint64_t header_offset; /* copy of the file header */
    uint64_t index_offset;
    uint64_t block_count;
    uint64_t record_count;
    uint64_t min_ns; /* 0 and 0 without records */
    uint64_t max_ns;
    uint32_t index_crc;
};

void format_write_footer(const struct format_footer *footer, const uint8_t *id, struct buffer *out);
/* Reads the last FORMAT_FOOTER_SIZE bytes of a file of |file_size| bytes. Returns false where they are no
 * footer or contradict the file's size. |ret_id| (8 bytes, may be NULL) receives the id it names. */
bool format_read_footer(const uint8_t *bytes, uint64_t file_size, struct format_footer *ret_footer,
                        uint8_t *ret_id);

#endif
