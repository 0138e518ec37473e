/* The header lines of a part of a multipart body (RFC 2046 §5.1, RFC 7578 §4), and the parameters that such lines
 * carry. Strict: what two readers could take apart in two ways is malformed. */
#ifndef FILTERS_LOCATE_PART_HEAD_H
#define FILTERS_LOCATE_PART_HEAD_H

#include "filters/locate/body_locator.h"

#define PART_HEAD_LINES_MAX 64

/* One ";name=value"; views into the header value. */
struct parameter {
    struct bytes name;
    struct bytes value; /* without its quotes */
};

/* Takes the next parameter from |rest|, which is what follows a type up to the end. Returns false at the end, where
 * |rest| is then empty, and at what is no parameter, where it is not. */
bool parameter_next(struct bytes *rest, struct parameter *ret_parameter);

/* What a part is said to be. Views into its lines. */
struct part_head {
    struct bytes name; /* of Content-Disposition, as it stands */
    bool named;
    bool file;       /* it has a file name, empty or not */
    bool typed;      /* it has a Content-Type */
    bool encoded;    /* by a transfer or content coding, or in a character set that is no superset of ASCII */
    bool has_length; /* it has a Content-Length */
    struct body_type type;
};

/* Reads |lines|, each ended by CRLF, without the empty line. Returns false where they are malformed or too many. */
bool part_head_read(struct bytes lines, struct part_head *ret_head);
/* Appends |lines|, which part_head_read has accepted, with file names and what the policy calls sensitive replaced.
 * |length| (may be NULL) takes the place of a Content-Length. */
void part_head_locate(struct locator *locator, struct bytes lines, const size_t *length, struct buffer *out);

#endif
