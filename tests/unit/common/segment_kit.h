/* What the segment tests share: numbered records whose content follows from their number, and folders. */
#ifndef TESTS_UNIT_COMMON_SEGMENT_KIT_H
#define TESTS_UNIT_COMMON_SEGMENT_KIT_H

#include "common/segment/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kit_record {
    uint64_t start_ns;
    uint32_t number;
    uint32_t payload_size;
};

/* Returns an owned path of a new temporary folder. */
char *kit_folder(void);
/* Removes a folder with what it holds and frees |path|. */
void kit_remove(char *path);
/* Returns |count| owned records with start times that run forward with disorder and repetitions. */
struct kit_record *kit_records(size_t count, unsigned seed);
/* Writes records into |folder| and seals; folder and, where 0, the kind of |options| are filled in. Asserts
 * success. */
void kit_write(const char *folder, const struct kit_record *records, size_t count,
               struct segment_writer_options options);
bool kit_record_matches(const struct kit_record *record, struct bytes meta);
bool kit_payload_matches(const struct kit_record *record, struct bytes payload);
/* Returns the record number that |meta| tells, or UINT32_MAX where it is not as it was written. */
uint32_t kit_number(struct bytes meta);
/* Returns the owned path of the first segment in |folder|. */
char *kit_only_segment(const char *folder);

#endif
