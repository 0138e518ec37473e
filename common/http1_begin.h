/* How a message begins, for http1.c: collects the lines of a head, decides whether they are one and where the body
 * ends, and emits it. */
#ifndef COMMON_HTTP1_BEGIN_H
#define COMMON_HTTP1_BEGIN_H

#include "common/http1_parser.h"

/* Takes one line of a head, or what is there of it, from the front of |data|. In STATE_START and STATE_HEAD. */
void http1_begin_feed(struct http1 *parser, struct bytes *data);
/* Emits what is certain of a head that a |hole| (the start line may be cut too) or the end of the stream cut.
 * Returns false where it is too little to be a message. */
bool http1_begin_cut(struct http1 *parser, bool hole);
/* Takes what was read for a response that has no status line (HTTP/0.9), if it is the first thing in a stream and a
 * request waits for it. Returns whether it did. */
bool http1_begin_without_status(struct http1 *parser);
/* Returns whether |line| is nothing but its line end. */
bool http1_begin_is_empty(struct bytes line);

#endif
