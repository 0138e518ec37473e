/* The auditor: what in a recorded exchange still looks like a secret or personal data. A pure core.
 *
 * It lets the sanitizer work on the exchange as stored, with the recognition key of its segment and without keeping what comes of it, and reports every value
 * that would be replaced: what would stay is a pseudonym or a fake of this traffic, or was emptied. Twice: once under the policy that the
 * traffic was recorded with, where that is not the one that the audit goes by, so that values are known which it masks, and such as it should have replaced; then under
 * the one that the audit goes by. What the sanitizer does not look into, because it would not keep it, the detectors look at as it stands; and at names. */
#ifndef FILTERS_AUDITOR_H
#define FILTERS_AUDITOR_H

#include "common/exchange.h"
#include "common/segment/segment.h"
#include "filters/policy/policy.h"
#include "filters/sanitize.h"

struct auditor;

/* Views are borrowed for the call. */
struct audit_finding {
    const struct sanitize_event *event; /* where it stands; its value is never to be printed */
    bool whole;                         /* no more is known of the place than the part of the message */
    const char *class; /* of a detector ("email") or of a name ("credential"), "unclear", or "not-removed" */
    const char *by;    /* "look", "name", "rule" */
    const char *rule;  /* the location that a rule of the recorded policy has; NULL */
    enum wrapping wrapping; /* the coding that it has inside its value */
    bool in_name;           /* it stands in a name, not in a value */
    bool preserved;         /* a rule of the recorded policy preserves the values of this place */
};
typedef void audit_fn(void *arg, const struct audit_finding *finding);

/* Returns owned state for exchanges of segments with |header|'s recognition key and policy. |policy| is what the audit goes by, borrowed. |ret_understood|
 * becomes whether the recorded policy can be read, where there is one. */
struct auditor *auditor_create(const struct segment_header *header, const struct policy *policy,
                               bool *ret_understood);
/* Frees; NULL is allowed. */
void auditor_free(struct auditor *auditor);
/* Returns whether exchanges of a segment with |header| can be given to |auditor|. */
bool auditor_fits(const struct auditor *auditor, const struct segment_header *header);
/* Reports what is found in |exchange|, whose bodies are as stored, to |report|: each value once for each place. Adds links to |exchange| and changes nothing
 * else. Returns the number of findings. */
size_t auditor_look(struct auditor *auditor, struct exchange *exchange, audit_fn *report, void *arg);
/* Returns how many lines and bodies there were so far that a sanitizer would not keep, as it cannot tell what in them is what: of these the auditor sees what looks like something,
 * and no more. */
uint64_t auditor_unread(const struct auditor *auditor);

#endif
