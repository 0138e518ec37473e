/* The bytes of a request: as recorded, except where the table "What a replay changes in a request" of CLI.md
 * says otherwise. A core without input or output. */
#ifndef REPLAY_REQUEST_H
#define REPLAY_REQUEST_H

#include "common/buffer.h"
#include "common/exchange.h"
#include "common/http1_head.h"
#include "filters/rewrite/rewrite.h"
#include "replay/linker.h"
#include "replay/repeated_lines.h"
#include "replay/result.h"

#include <stdbool.h>
#include <stddef.h>

struct accounts;
struct link_values;

/* What holds for a whole run. Borrowed by whoever builds requests; read-only but for the rewriter, of which each thread has its own. */
struct request_rules {
    const char *host;      /* value of Host; NULL: as recorded */
    const char *scheme;    /* of the target, for the recorded host in Origin and Referer; NULL: as recorded */
    const char *base_path; /* put before the path; "" or "/prefix" */
    const char *run_id;    /* value of X-Rehearse-Run */
    bool pooled;           /* Connection: close is taken out */
    bool verbatim;         /* identifiers stay as recorded */
    struct link_values *values;      /* of links that were asked for; each thread has its own; NULL: none */
    const struct accounts *accounts; /* for logins, and for who had logged in before; NULL: none */
    struct bytes bearer;             /* value of Authorization; no data: as recorded */
    struct rewriter *rewriter;       /* what else is to be rewritten; NULL: nothing */
};

/* A request ready for a sender. Zero-initialised is empty; reused over requests. */
struct request {
    struct buffer head;
    struct buffer body;             /* framed */
    struct http1_request_line line; /* as recorded; borrowed from the exchange */
    bool method_is_head;
    bool expect_continue; /* and there is a body to hold back */
    bool close;           /* Connection: close is sent */
    bool conditional;     /* If-None-Match or If-Modified-Since, unlinked */
    struct linker_found found;
    struct repeated_lines lines;
    struct buffer scratch[3];
    struct buffer target[3]; /* scratch: the target of something created, linked, rewritten */
    struct buffer host;      /* scratch: the recorded one, rewritten */
};

/* Builds |exchange|'s request into |request|. Returns UNSENT_NONE; UNSENT_BODY_DROPPED where the body's content coding cannot be applied
 * again; UNSENT_REWRITE_FAILED where a rewrite cannot be applied truthfully. */
enum unsent_reason request_build(struct request *request, const struct request_rules *rules,
                                 struct linker *linker, const struct linker_context *context,
                                 const struct exchange *exchange);
void request_free(struct request *request);

#endif
