/* The parser of http1.h inside: its state, and what its parts share. For http1.c and http1_begin.c alone. */
#ifndef COMMON_HTTP1_PARSER_H
#define COMMON_HTTP1_PARSER_H

#include "common/http1.h"
#include "common/http1_chunked.h"
#include "common/http1_start.h"

enum http1_state {
    STATE_START,    /* before or in a start line */
    STATE_HEAD,     /* in the lines after it */
    STATE_LENGTH,   /* in a body of |left| bytes */
    STATE_CHUNKED,  /* in a chunked body */
    STATE_TRAILERS, /* after its last chunk */
    STATE_CLOSE,    /* in a body that the end of the stream ends */
    STATE_PASS,     /* over the content of a 100, |left| bytes */
    STATE_MAYBE,    /* at the beginning of a body, or of the next message, if the one before answers HEAD */
    STATE_SKIP,     /* until the next segment */
    STATE_STOPPED,
    STATE_OPAQUE,
};

/* Places of one start line to look at again if it is none; beyond it later ones are passed over. */
#define HTTP1_PLACES_MAX 8

struct http1_place {
    size_t at; /* > 0 */
    uint64_t packet_ns;
};

/* The head being read stands in |held|, or, as long as it lies in the bytes being fed, is the view |local|.
 * Its bytes (|head_bytes| on the wire) are counted when it is known what they are. */
struct http1 {
    enum http1_side side;
    struct http1_handler handler;
    struct http1_limits limits;
    enum http1_state state;
    bool midstream;
    bool unasked;
    bool identified;  /* the stream's first bytes were looked at */
    bool resuming;    /* only a well-formed start line will do */
    bool skipped;     /* junk since the last message */
    bool behind_hole; /* what is skipped may be the rest of a message: no junk */
    bool in_message;  /* head was emitted, end was not */
    bool any_message; /* of this stream */
    bool stop_after;  /* framing cannot be trusted beyond this message */
    bool doubtful;    /* a length that depends on who reads it: goes on all later messages */
    bool lost_framing;
    const char *protocol; /* static */
    uint64_t packet_ns;
    struct buffer held;
    struct bytes local;
    struct http1_scan scan; /* of the start line, as long as it is not complete */
    size_t line_start;      /* in the head: where its last line begins */
    uint64_t head_bytes;    /* of the head on the wire */
    size_t fields;
    size_t extra_kept; /* bytes kept beyond the limit */
    bool over;         /* the head is over its limit */
    bool line_kept;    /* the line before was kept */
    bool line_dropped; /* the rest of this line is passed over */
    bool line_folded;  /* and it belongs to the one before */
    struct http1_place
        places[HTTP1_PLACES_MAX]; /* resuming: where in |held| later segments begin, in order */
    unsigned place_count;
    struct http1_start_line start;
    struct http1_message message;
    bool maybe_head;             /* its body may not be there: what it answers was not seen */
    enum http1_state body_state; /* in STATE_MAYBE: if there is a body */
    size_t matched;              /* bytes that agree with the beginning of a status line */
    uint64_t matched_ns;         /* packet time of the first */
    uint64_t left;               /* of a body by length, or of a 100's content to pass over */
    struct http1_chunked chunked;
    struct http1_counts counts;
};

/* Notes that the packet of this moment carried bytes of the message. One that was sent again, or overtaken, completes it though
 * others hold its last bytes. */
static inline void http1_parser_stamp(struct http1 *parser)
{
    if (parser->packet_ns > parser->message.last_ns)
        parser->message.last_ns = parser->packet_ns;
}

/* Returns the head so far, borrowed until bytes are fed. */
struct bytes http1_parser_view(const struct http1 *parser);
/* Makes the head stand in |held|. */
void http1_parser_hold(struct http1 *parser);
/* Adds bytes that follow the head so far. */
void http1_parser_extend(struct http1 *parser, struct bytes more);
void http1_parser_clear_head(struct http1 *parser);
/* Begins to look for the next message. */
void http1_parser_begin(struct http1 *parser);
/* Notes that bytes were no message. */
void http1_parser_note_junk(struct http1 *parser);
/* Gives up what was read of a head: it is no message. */
void http1_parser_drop(struct http1 *parser);
/* Skips to the next segment, and then to a well-formed start line. */
void http1_parser_skip(struct http1 *parser);

/* Ends the message whose head was emitted. */
void http1_parser_end(struct http1 *parser, bool complete);
void http1_parser_body(struct http1 *parser, struct bytes content);
/* Tells that |bytes| of the body were lost. */
void http1_parser_lose(struct http1 *parser, uint64_t bytes);

#endif
