/* The core that takes a request's bytes apart for libcurl, which wants method, target, header lines and content each by
 * itself, and notes in what it will deviate from them. No I/O. */
#ifndef REPLAY_SENDER_CURL_REQUEST_H
#define REPLAY_SENDER_CURL_REQUEST_H

#include "replay/sender/deviations.h"
#include "replay/sender/sender.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of the way to the target changes how a request is written. Borrowed. */
struct curl_way {
    bool http2;
    const char *absolute; /* "http://authority", put before the target for a proxy that forwards; else NULL */
};

/* A request as libcurl takes it. Zero-initialised is empty; reused over requests; its texts hold until the next build. */
struct curl_request {
    const char *method;
    const char *target;
    struct curl_slist *fields;   /* header lines, with those that keep libcurl from adding its own */
    struct curl_slist *trailers; /* "name: value" */
    bool http10;
    bool is_head;
    bool has_body; /* there is content to send, or a chunked body that is empty */
    bool chunked;
    struct bytes content; /* without chunked framing; borrowed from the request where it is in one piece */
    uint32_t deviations;  /* DEVIATION bits */

    struct buffer text;   /* of all the texts */
    struct buffer joined; /* content of several chunks */
    struct curl_slist *nodes;
    size_t node_count, node_capacity;
};

/* Takes |request| apart, borrowing its bytes. */
void curl_request_build(struct curl_request *built, const struct sender_request *request,
                        const struct curl_way *way);
void curl_request_free(struct curl_request *built);

#endif
