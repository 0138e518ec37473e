/* What an HTTP/1 parser made of a stream, as text, so that a table can say what is expected and every way of cutting the
 * stream can be held against it. */
#ifndef TESTS_UNIT_COMMON_HTTP1_TRANSCRIPT_H
#define TESTS_UNIT_COMMON_HTTP1_TRANSCRIPT_H

#include "common/http1.h"

/* One packet, or a hole. */
struct http1_step {
    const char *data; /* NULL: none left, unless |gap| */
    size_t size;
    uint64_t gap; /* bytes lost */
};
#define PACKET(text)                                                                                         \
    {                                                                                                        \
        (text), sizeof(text) - 1, 0                                                                          \
    }
#define HOLE(bytes)                                                                                          \
    {                                                                                                        \
        NULL, 0, (bytes)                                                                                     \
    }

struct http1_case {
    const char *name; /* begins with the number in the list of 90 */
    enum http1_side side;
    enum http1_answers answers; /* of responses */
    struct http1_limits limits;
    bool midstream;
    bool reset; /* the stream ends by reset */
    struct http1_step steps[8];
    const char *expected;
};

/* How to cut each packet: whole, one byte at a time, or once at an offset of the stream. */
#define CUT_NONE  SIZE_MAX
#define CUT_BYTES (SIZE_MAX - 1)

/* Runs |c| with |cut| and writes the transcript into |ret_text| (cleared first): a line for each message
 * "start line|framing size|defects|state|content", then "mode[ protocol] recorded+skipped+opaque". Fails the test where
 * events come in a wrong order or the counts do not balance. */
void http1_transcript(const struct http1_case *c, size_t cut, struct buffer *ret_text);
/* Holds |c| against its expected transcript, whole, byte by byte, and cut at every offset. */
void http1_check_case(const struct http1_case *c);

#endif
