/* Content codings (RFC 9110 §8.4): gzip and x-gzip, deflate (zlib, and raw as sent in the wild), br, zstd,
 * identity, and lists of them. */
#ifndef COMMON_CODING_H
#define COMMON_CODING_H

#include "common/buffer.h"

enum coding_result {
    CODING_OK,
    CODING_UNKNOWN, /* a coding we do not know */
    CODING_DAMAGED, /* not what the coding says, wrong checksum, bytes after its end */
    CODING_CUT,     /* ends early */
    CODING_LIMIT,   /* more output than |max_bytes|, or too many layers (over 3) */
};

/* Undoes the codings of |list| (a Content-Encoding value; empty is identity) on |data| into |ret_plain|
 * (cleared first, and empty unless CODING_OK). Empty |data| is empty in every coding. */
enum coding_result coding_decode(struct bytes list, struct bytes data, size_t max_bytes,
                                 struct buffer *ret_plain);
/* As coding_decode on data that was cut: what it holds is undone as far as it goes, up to |max_bytes|, and CODING_OK
 * whether it ends early or not; no checksum need have been seen. */
enum coding_result coding_decode_beginning(struct bytes list, struct bytes data, size_t max_bytes,
                                           struct buffer *ret_plain);
/* Applies the codings of |list| to |plain| into |ret_coded| (cleared first). CODING_UNKNOWN where it cannot. */
enum coding_result coding_encode(struct bytes list, struct bytes plain, struct buffer *ret_coded);

#endif
