/* Packets from capture files, merged by time: the next packet is always the earliest of those that stand next in their files, so that
 * the order within a file stays, also where its times step back. */
#ifndef CAPTURE_FILE_SOURCE_H
#define CAPTURE_FILE_SOURCE_H

#include "capture/source.h"

struct file_source;

/* Opens |count| files, see source_open_files. */
int file_source_open(const char *const *paths, size_t count, const char *filter,
                     struct file_source **ret_source, struct error *err);
/* Gets the next packet: SOURCE_PACKET, SOURCE_END, or SOURCE_IDLE where a pipe keeps the others waiting. */
enum source_status file_source_next(struct file_source *source, struct net_frame *ret_frame);
/* Returns the text about the first file that could not be read to its end, borrowed; NULL where all were. */
const char *file_source_damage(const struct file_source *source);
/* Returns the drops that the files tell of, summed; nothing else. */
struct source_events file_source_events(const struct file_source *source);
/* NULL is allowed. */
void file_source_free(struct file_source *source);

#endif
