/* Text inside base64 and hexadecimal runs: coded ASCII has a form that random characters and words rarely have, so that it is seen without
 * decoding. */
#ifndef FILTERS_DETECT_CODED_TEXT_H
#define FILTERS_DETECT_CODED_TEXT_H

#include "common/buffer.h"

#include <stdbool.h>

/* The fewest characters of a run that are looked at: what stands for seven bytes. */
#define CODED_BASE64_LEAST 10
#define CODED_HEX_LEAST    14

/* Looks in |text| from |from| to |end|, which are base64 characters of either alphabet, for the next stretch of quads that stands for
 * printable ASCII, if one quad begins at |from|. Returns false where there is none; else where it begins and where it ends (the last quad may be
 * cut). To go on, give the end rounded up to a whole quad; for other alignments begin one, two and three characters later. */
bool coded_base64_next(struct bytes text, size_t from, size_t end, size_t *ret_start, size_t *ret_end);
/* The same for hexadecimal digits, of which one pair begins at |from| and which may stand for tabs and ends of lines too; go on at the end, and for the other alignment one later. */
bool coded_hex_next(struct bytes text, size_t from, size_t end, size_t *ret_start, size_t *ret_end);

#endif
