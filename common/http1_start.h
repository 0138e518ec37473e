/* Judging how an HTTP/1 message begins: start lines. Used by http1.c. Every answer depends on the bytes alone, never on how they were cut. */
#ifndef COMMON_HTTP1_START_H
#define COMMON_HTTP1_START_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum http1_start {
    HTTP1_START_MORE,    /* cannot be told yet */
    HTTP1_START_MESSAGE, /* begins a message */
    HTTP1_START_JUNK,    /* begins none */
    HTTP1_START_HTTP09,  /* a request line without version */
    HTTP1_START_OTHER,   /* another protocol */
};

struct http1_start_line {
    uint64_t defects;     /* MESSAGE_DEFECT bits */
    uint16_t status;      /* responses: 100 to 999, or 0 */
    bool http11;          /* the version is HTTP/1.1 or later */
    const char *protocol; /* with HTTP1_START_OTHER: its name */
};

/* How far the beginning of a request line was looked at, so that no byte is looked at again when more arrive.
 * Zero-initialised is the beginning. */
struct http1_scan {
    size_t at;   /* bytes that will do */
    size_t word; /* where the first word begins, once |in_word| */
    bool in_word;
    bool past; /* the first word is complete */
};

/* Judges the beginning of a line that is not complete: MORE, or JUNK where no continuation can begin a
 * message. |strict|: only a start line that is hardly anything else will do (resuming after junk or a hole). |scan| is of the same
 * line with fewer bytes, or of none. */
enum http1_start http1_request_begins(struct bytes prefix, bool strict, struct http1_scan *scan);
enum http1_start http1_response_begins(struct bytes prefix, bool strict);

/* Judges a complete line, its end included. Never returns MORE. */
enum http1_start http1_request_judge(struct bytes line, bool strict, struct http1_start_line *ret_line);
enum http1_start http1_response_judge(struct bytes line, bool strict, struct http1_start_line *ret_line);

/* Returns whether the cut start line |line| holds a whole method and target, or a whole status code: enough
 * to say what the message was. */
bool http1_request_known(struct bytes line);
bool http1_response_known(struct bytes line, uint16_t *ret_status);

/* Returns the number of bytes (at most 4) of junk before "HTTP/" in |prefix|, as browsers pass over; 0 where
 * there are none or it does not follow. */
size_t http1_response_slop(struct bytes prefix);

#endif
