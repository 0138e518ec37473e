/* Reading a whole head in one pass, where nothing about it is odd: what nearly all real heads are. Used by http1.c; what
 * this declines is read line by line, and where it accepts, that would have come to the same (tests/fuzz/http1_fuzz.c). */
#ifndef COMMON_HTTP1_FAST_H
#define COMMON_HTTP1_FAST_H

#include "common/http1.h"
#include "common/http1_length.h"
#include "common/http1_start.h"

struct http1_fast_head {
    size_t size; /* of the head, its empty line included */
    struct http1_start_line start;
    struct http1_length length;
    uint32_t initials; /* of http1_message */
};

/* Reads the head that |data| begins with. Returns false where it is not all there, has a defect, is over a limit, is a
 * request whose target is not a path, or an interim response. */
bool http1_fast_read(struct bytes data, bool request, const struct http1_limits *limits,
                     struct http1_fast_head *ret_head);

#endif
