/* How inspect shows one exchange. Each function appends text to |out|. Captured bytes are escaped for the format they are
 * put in; only raw gives them as they are. */
#ifndef FILTERS_VERBS_INSPECT_FORMAT_H
#define FILTERS_VERBS_INSPECT_FORMAT_H

#include "common/exchange.h"
#include "filters/verbs/link_groups.h"

/* What is shown. */
struct inspect_item {
    const struct exchange *exchange; /* with its bodies where they are needed */
    uint64_t session;
    bool bodies; /* json: the bodies' content too */
    const struct link_groups
        *links;        /* json, table: what the exchange gives out and carries, and from where; NULL: not */
    bool body_damaged; /* the bodies could not be read */
};

/* One JSON object and a newline (CLI.md, "inspect --format json"). */
void inspect_json(const struct inspect_item *item, struct buffer *out);
/* The heading of the table, and one line (with --links further, indented ones). */
void inspect_table_head(struct buffer *out);
void inspect_table(const struct inspect_item *item, struct buffer *out);
/* The messages as bytes, each after a line that says what follows. */
void inspect_raw(const struct inspect_item *item, struct buffer *out);
/* A command for a POSIX shell that sends the request with curl, and comments on what it cannot send. */
void inspect_curl(const struct inspect_item *item, struct buffer *out);

/* Returns the host that the request names: its Host field, else the authority of an absolute target; may be empty. */
struct bytes inspect_host(const struct exchange *exchange);
/* Appends the digest of |body|, which has one, in hex. */
void inspect_digest(const struct body *body, struct buffer *out);

#endif
