/* Segments: the one file format of rehearse, for exchanges and for results. FORMAT.md beside this file
 * specifies it.
 *
 * A folder holds segments of one kind. A record is a start time, metadata and a payload, both opaque here;
 * exchange_codec.h and the replayer's result.h give them meaning. */
#ifndef COMMON_SEGMENT_SEGMENT_H
#define COMMON_SEGMENT_SEGMENT_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

enum segment_kind { SEGMENT_EXCHANGES = 1, SEGMENT_RESULTS = 2 };

/* A record's metadata, and its payload, may each have this many bytes at most. */
#define SEGMENT_RECORD_MAX    (UINT32_C(64) << 20)
#define SEGMENT_LEVEL_DEFAULT 1 /* of zstd */

#define SEGMENT_HASH_SIZE   32
#define SEGMENT_KEY_SIZE    32
#define SEGMENT_KEY_ID_SIZE 8

/* What a segment says of itself. Owned strings are released by segment_header_free. */
struct segment_header {
    enum segment_kind kind;
    bool sanitized; /* false: recorded with --unsanitized */
    uint64_t created_wall_ns;
    uint8_t segment_id[16]; /* random; set by the writer */
    uint8_t capture_id[16]; /* same for all segments of one capture or run */
    char *writer;           /* program and version */
    char *policy;           /* text of the policy, or NULL */
    uint8_t policy_hash[SEGMENT_HASH_SIZE];
    uint8_t key_id[SEGMENT_KEY_ID_SIZE];       /* names the master key without telling it */
    uint8_t recognition_key[SEGMENT_KEY_SIZE]; /* tells that a string is a pseudonym; nothing else */
};

/* Releases the strings that |header| owns and zeroes it. */
void segment_header_free(struct segment_header *header);

/* Returns what a folder of |kind| is called in messages: "traffic", "a run", else "something unknown".
 * Static. */
const char *segment_kind_name(enum segment_kind kind);

#endif
