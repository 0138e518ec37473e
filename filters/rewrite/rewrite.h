/* What a replay changes in requests because somebody asked for it: header lines, the path, parameters of the query, the host, members of
 * JSON bodies. A core: knows of the parts of a request, and of nothing that sends one.
 *
 * Rules of one part apply in the order in which they were added, each to what the one before it left. A rule that cannot be applied
 * truthfully (its pattern hit a limit, the outcome is no path or no header value, the body is not the JSON that it claims to be) fails the
 * request. For each rule it is counted how many requests it touched. */
#ifndef FILTERS_REWRITE_REWRITE_H
#define FILTERS_REWRITE_REWRITE_H

#include "common/buffer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

#define REWRITE_RULES_MAX 256

enum rewrite_place {
    REWRITE_PATH, /* of the request target, up to '?', as it is sent (percent-coded) */
    REWRITE_HOST, /* the recorded one; where it matches, it is sent instead of any other */
    REWRITE_QUERY,
    REWRITE_HEADER,
    REWRITE_JSON,
};

enum rewrite_action {
    REWRITE_SET,        /* QUERY, HEADER: in its place, or added at the end; JSON: where it is */
    REWRITE_REMOVE,     /* QUERY, HEADER */
    REWRITE_SUBSTITUTE, /* QUERY (decoded), HEADER, PATH, HOST; JSON: strings */
};

struct rewrite_rule {
    enum rewrite_place place;
    enum rewrite_action action;
    struct bytes name; /* of a header or parameter (decoded), or a JSON path */
    struct bytes
        value; /* SET: the value (JSON: as JSON text); SUBSTITUTE: the expression, see substitution.h */
};

/* Rules, compiled, with the counts of what they touched. One thread at a time. */
struct rewriter;

enum rewrite_verdict {
    REWRITE_SAME, /* nothing was appended */
    REWRITE_CHANGED,
    REWRITE_FAILED, /* the request is not to be fired; nothing useful was appended */
};

/* Returns owned, without rules. */
struct rewriter *rewriter_create(void);
/* Returns an owned copy of the rules, with counts of its own, for another thread. */
struct rewriter *rewriter_copy(const struct rewriter *rewriter);
/* NULL is allowed. */
void rewriter_free(struct rewriter *rewriter);

/* Adds |rule| (copied). On failure |err| says what is wrong, without any value. Framing and X-Rehearse-Run cannot be rewritten. */
int rewriter_add(struct rewriter *rewriter, const struct rewrite_rule *rule, struct error *err);
/* Adds SET of a header as "Name: value", or of a parameter as "name=value". */
int rewriter_add_header_line(struct rewriter *rewriter, const char *text, struct error *err);
int rewriter_add_query_pair(struct rewriter *rewriter, const char *text, struct error *err);
/* Adds all of |other|'s rules. Returns -1 where they are too many. */
int rewriter_add_all(struct rewriter *rewriter, const struct rewriter *other, struct error *err);

/* Returns how many rules there are; |rewriter| may be NULL. */
size_t rewriter_count(const struct rewriter *rewriter);
/* Appends words for rule |index|: what it rewrites, expressions of paths and hosts, never a value. */
void rewriter_describe(const struct rewriter *rewriter, size_t index, struct buffer *out);
/* Returns how many requests it touched. */
uint64_t rewriter_touched(const struct rewriter *rewriter, size_t index);

/* A request: begin, the parts in any order, and, where it is to be fired, count. */
void rewriter_begin(struct rewriter *rewriter);
void rewriter_count_request(struct rewriter *rewriter);
/* Tells whether header lines called |name| are set or removed, so that what stands in them is of no account. */
bool rewriter_discards(const struct rewriter *rewriter, struct bytes name);
/* Rewrites path and query of |target|, which begins with '/'; another stays. Appends to |out|. */
enum rewrite_verdict rewriter_target(struct rewriter *rewriter, struct bytes target, struct buffer *out);
enum rewrite_verdict rewriter_host(struct rewriter *rewriter, struct bytes host, struct buffer *out);
/* Rewrites header lines: |head| is a start line and lines, without the empty one. */
enum rewrite_verdict rewriter_head(struct rewriter *rewriter, struct bytes head, struct buffer *out);
/* Rewrites |trailers|, header lines alone: as those of the head, but a line that is to be set is not added to them. */
enum rewrite_verdict rewriter_trailers(struct rewriter *rewriter, struct bytes trailers, struct buffer *out);
/* Returns whether there are rules on JSON. */
bool rewriter_wants_json(const struct rewriter *rewriter);
/* Rewrites a JSON body without content coding. */
enum rewrite_verdict rewriter_json(struct rewriter *rewriter, struct bytes text, struct buffer *out);

#endif
