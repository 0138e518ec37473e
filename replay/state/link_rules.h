/* Links that somebody asked for: a value that answers of one endpoint give out (a header line, a cookie, a JSON member, what a pattern finds in the body) is put
 * into later requests of the same session (a header line, a parameter of the query, a field of a form, a JSON member, a cookie). */
#ifndef REPLAY_STATE_LINK_RULES_H
#define REPLAY_STATE_LINK_RULES_H

#include "common/error.h"
#include "common/exchange.h"
#include "filters/rewrite/rewrite.h"
#include "replay/linker.h"

#define LINK_RULES_MAX 64

enum extract_place { EXTRACT_HEADER, EXTRACT_COOKIE, EXTRACT_JSON, EXTRACT_BODY };
enum inject_place { INJECT_HEADER, INJECT_QUERY, INJECT_FORM, INJECT_JSON, INJECT_COOKIE };

/* METHOD /path of requests: "*" for any method; in the path "*" or "{name}" is any segment, "..." at its end any number of them. */
struct link_endpoint {
    struct bytes method, path;
};

/* Texts are copied by link_rules_add. */
struct link_rule {
    struct link_endpoint from;
    enum extract_place extract;
    struct bytes source; /* a name, a JSON path, or a pattern whose first group (or all of it) is the value */
    struct link_endpoint
        into; /* no method: every request; so it is for cookies, which replace recorded ones of that name */
    enum inject_place inject;
    struct bytes sink; /* a name, or a JSON path */
};

struct link_rules;
struct link_rules *link_rules_create(void);
/* Accepts NULL. */
void link_rules_free(struct link_rules *rules);
int link_rules_add(struct link_rules *rules, const struct link_rule *rule, struct error *err);
/* Returns an owned copy, for another thread. */
struct link_rules *link_rules_copy(const struct link_rules *rules);
/* Splits "GET /path". Returns false where it is none. */
bool link_endpoint_parse(struct bytes text, struct link_endpoint *ret_endpoint);

/* What a thread knows of its sessions; borrows the rules, which no one else may use meanwhile: each thread has its own. */
struct link_values;
/* |limit| sessions are remembered, the oldest forgotten; 0: 1,000,000. */
struct link_values *link_values_create(struct link_rules *rules, size_t limit);
/* Accepts NULL. */
void link_values_free(struct link_values *values);
/* Returns whether an answer's body is wanted, |request| being its request's head. */
bool link_values_want_body(const struct link_values *values, struct bytes request);
/* Learns from an answer to the request |request| (its head) in |context|; |body| without content coding. Cookies go to |linker|. */
void link_values_learn(struct link_values *values, struct linker *linker,
                       const struct linker_context *context, struct bytes request, struct bytes head,
                       struct bytes body);

/* What is to be put into a request. */
struct link_injection {
    struct rewriter *rewriter; /* header, query, JSON; NULL: nothing */
    struct rewriter *form;     /* the body as a query; NULL: nothing */
};
/* Finds what is to be put into the request |request|; borrowed until the next call. Returns false where there is nothing. */
bool link_values_injection(struct link_values *values, const struct linker_context *context,
                           struct bytes request, struct link_injection *ret_injection);

#endif
