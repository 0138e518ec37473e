/* Compressed files, undone as a stream: gzip (RFC 1952, members one behind the other) and zstd (RFC 8878, frames one behind the
 * other, skippable ones between them). Pure: bytes in, bytes out. */
#ifndef CAPTURE_FILE_DECOMPRESSOR_H
#define CAPTURE_FILE_DECOMPRESSOR_H

#include "common/buffer.h"

#include <stdbool.h>

#define DECOMPRESSOR_MAGIC_BYTES 4

struct decompressor;

/* Returns the decompressor for a file that begins with |head| (DECOMPRESSOR_MAGIC_BYTES or less), owned; NULL where it is neither
 * gzip nor zstd. */
struct decompressor *decompressor_create(struct bytes head);
/* Undoes |input| (moved past what was taken) into |output|, |output_size| > 0 bytes; |ret_written| is how many of them were filled.
 * Returns false where the input is damaged, see decompressor_damage. True with nothing written means that it wants more input. What is
 * decompressed holds as much memory as the format's window: 32 KiB of gzip, at most 128 MiB of zstd. */
bool decompressor_run(struct decompressor *decompressor, struct bytes *input, uint8_t *output,
                      size_t output_size, size_t *ret_written);
/* Returns whether the input so far ends where a member or frame ends: a file that stops elsewhere was cut. */
bool decompressor_is_whole(const struct decompressor *decompressor);
/* Returns why decompressor_run returned false, borrowed, one line. */
const char *decompressor_damage(const struct decompressor *decompressor);
/* NULL is allowed. */
void decompressor_free(struct decompressor *decompressor);

#endif
