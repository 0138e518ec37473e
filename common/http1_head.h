/* Reading the head of an HTTP/1 message kept as bytes (RFC 9112 §2 to §5), tolerant of what real traffic
 * holds: views into the bytes, nothing copied, nothing judged (judging is http1.h's work). */
#ifndef COMMON_HTTP1_HEAD_H
#define COMMON_HTTP1_HEAD_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Parts of a request line, split at its first and last run of SP and HTAB. |version| is empty where there is
 * none. */
struct http1_request_line {
    struct bytes method;
    struct bytes target;
    struct bytes version; /* "HTTP/1.1" */
};

/* Parts of a status line. */
struct http1_status_line {
    struct bytes version;
    struct bytes status; /* as sent; three digits where it is well-formed */
    struct bytes reason; /* may be empty */
};

/* One header line. */
struct http1_field {
    struct bytes line; /* the whole line with its line end and any folded lines that follow */
    struct bytes name; /* as sent; empty where the line has no colon or begins with it */
    struct bytes
        value;  /* without surrounding white space; folded lines stand in it as they are on the wire */
    bool split; /* false: the line has no colon or no name; it cannot be told what it holds */
};

/* Reads the first line of |head|. Returns false where it is empty. Views borrow from |head|. */
bool http1_request_line(struct bytes head, struct http1_request_line *ret_line);
/* Reads the first line of |head|. Returns false where it does not begin with "HTTP/". */
bool http1_status_line(struct bytes head, struct http1_status_line *ret_line);

/* Returns what follows the first line: the header lines up to and including the empty line. Also fits where
 * |head| ends early. For trailers kept without a start line, pass them to http1_next_field directly. */
struct bytes http1_fields(struct bytes head);
/* Takes the next header line from the front of |fields|. Returns false at the empty line or the end. Lines
 * end with CRLF or LF; a line that begins with SP or HTAB belongs to the one before it (obs-fold). */
bool http1_next_field(struct bytes *fields, struct http1_field *ret_field);
/* Finds the first field called |name| (without case). Returns false where there is none. */
bool http1_find_field(struct bytes head, const char *name, struct http1_field *ret_field);

/* Takes the next element of a comma-separated |list| (RFC 9110 §5.6.1), trimmed; empty elements are passed
 * over. Commas in quoted strings do not separate. Returns false at the end. */
bool http1_next_element(struct bytes *list, struct bytes *ret_element);
/* Returns whether |list| holds the token |token|, without case; parameters after ';' are ignored. */
bool http1_list_has(struct bytes list, const char *token);

#endif
