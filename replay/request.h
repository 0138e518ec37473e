/* The bytes of a request: as recorded, except where the table "What a replay changes in a request" of CLI.md
 * says otherwise. A core without input or output. */
#ifndef REPLAY_REQUEST_H
#define REPLAY_REQUEST_H

#include "common/buffer.h"
#include "common/exchange.h"
#include "replay/linker.h"

#include <stdbool.h>
#include <stddef.h>

/* A header that --set-header sets. */
struct request_header {
    struct bytes name;
    struct bytes value;
};

/* What holds for a whole run. Borrowed by whoever builds requests; read-only, shared by threads. */
struct request_rules {
    const char *host;      /* value of Host; NULL: as recorded */
    const char *origin;    /* "https://host" that takes the place of the recorded host in Origin and Referer;
                              NULL: as recorded */
    const char *base_path; /* put before the path; "" or "/prefix" */
    const char *run_id;    /* value of X-Rehearse-Run */
    bool pooled;           /* Connection: close is taken out */
    bool verbatim;         /* identifiers stay as recorded */
    const struct request_header *set_headers;
    size_t set_header_count;
};

/* A request ready for a sender. Zero-initialised is empty; reused over requests. */
struct request {
    struct buffer head;
    struct buffer body; /* framed */
    bool method_is_head;
    bool expect_continue; /* and there is a body to hold back */
    bool close;           /* Connection: close is sent */
    bool conditional;     /* If-None-Match or If-Modified-Since, unlinked */
    struct linker_found found;
    struct buffer scratch[3];
    struct buffer place; /* scratch: the target of something created */
    struct buffer set;   /* scratch: which of the rules' set_headers stand in the head */
};

/* Builds |exchange|'s request into |request|. Returns false where the body's content coding cannot be applied
 * again. */
bool request_build(struct request *request, const struct request_rules *rules, struct linker *linker,
                   const struct linker_context *context, const struct exchange *exchange);
void request_free(struct request *request);

/* Parses "Name: value" into |ret_header|, whose views borrow from |text|. Returns false where the name is no token or one
 * that may not be set (framing, X-Rehearse-Run), or the value holds control bytes. */
bool request_parse_header(const char *text, struct request_header *ret_header);

#endif
