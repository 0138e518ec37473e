/* The sanitizer: takes an exchange as it was seen and leaves nothing in it that the policy calls sensitive.
 * What it cannot understand it removes, leaving length and reason. On the way it notes the credentials that
 * the exchange issues and uses (links), and flags digests and signatures of what it changed (stale). A pure core: no files, no
 * clocks. */
#ifndef FILTERS_SANITIZE_H
#define FILTERS_SANITIZE_H

#include "common/exchange.h"
#include "filters/key.h"
#include "filters/policy/policy.h"

struct sanitizer;

/* Returns owned state. |policy| and |keys| are borrowed and live as long as it. One thread at a time. */
struct sanitizer *sanitizer_create(const struct policy *policy, const struct keys *keys);
/* Frees; NULL is allowed. */
void sanitizer_free(struct sanitizer *sanitizer);
/* Returns whether |value| is one that the sanitizer put in place of another, under the same recognition key: it is left as it is. */
bool sanitizer_is_ours(const struct sanitizer *sanitizer, struct bytes value);
/* The same of one that detectors of |class| find. */
bool sanitizer_is_ours_as(const struct sanitizer *sanitizer, enum detect_class class, struct bytes value);
/* Says whether bodies of requests and of responses that are dropped, cut by sanitizing, or grow beyond 16 MiB by it
 * shall get a digest; at first both do. */
void sanitizer_set_digests(struct sanitizer *sanitizer, bool requests, bool responses);
/* Says that what comes next may hold pseudonyms that are valid under |recognition_key| (NULL: none), of former keys: where one of them stands as a value, it is taken for the
 * pseudonym that rekey_text makes of it. Borrowed until the next call. */
void sanitizer_set_former(struct sanitizer *sanitizer, const uint8_t *recognition_key);
/* What an observer is told of. */
enum sanitize_step {
    SANITIZE_VALUE, /* a value was decided on: by a rule, its name, what detectors found, or because it is unclear */
    SANITIZE_LINE,    /* a line that could not be understood is left out; |value| is the line */
    SANITIZE_REMOVED, /* a rule takes out |name| with its |value|: a header line, cookie, parameter, part or member (of JSON as it stands) */
    SANITIZE_BODY, /* a body is done with; |reason| is why not all of it is kept, |value| the body as it came, without content
                         coding as far as that can be undone */
};
enum sanitize_part { SANITIZE_IN_START_LINE, SANITIZE_IN_HEADER, SANITIZE_IN_BODY, SANITIZE_IN_TRAILER };

/* One step. Views are borrowed for the call. */
struct sanitize_event {
    enum sanitize_step step;
    enum link_kind side;      /* LINK_USES: of the request */
    enum sanitize_part part;  /* of the message */
    struct bytes field;       /* of a header line or trailer: its name */
    struct bytes name, value; /* decoded */
    enum body_reason reason;
    /* Of a value: */
    enum link_place place;
    struct policy_decision decision;
    enum strategy_kind strategy;
    enum fake_type fake;           /* where it is STRATEGY_FAKE */
    const struct detection *found; /* what the detectors found it to be; NULL: they did not decide */
    bool unclear;                  /* what stands inside could not be told apart */
    struct bytes replacement;      /* equal to |value| where it stays */
};
typedef void sanitize_observer_fn(void *arg, const struct sanitize_event *event);

/* Tells |observer| (NULL: nobody) of each step from now on. What detectors look at more than once, until nothing more is found, is told of each
 * time: later on with what stands there by then. */
void sanitizer_observe(struct sanitizer *sanitizer, sanitize_observer_fn *observer, void *arg);
/* Tells the observer of each value in |text|, a body or a part of one that has no locator, which a lenient reader could find there: in parameters, URLs and JSON, and by
 * its look. It may be called from the observer at SANITIZE_BODY. */
void sanitizer_look_into(struct sanitizer *sanitizer, struct bytes text);
/* Sanitizes |exchange| in place and adds its links. A body's |coded| must tell whether its content is still
 * content-coded. Sanitizing again changes nothing. */
void sanitize_exchange(struct sanitizer *sanitizer, struct exchange *exchange);
/* Adds the links that sanitize_exchange would add and changes nothing else. */
void sanitize_links_only(struct sanitizer *sanitizer, struct exchange *exchange);

#endif
