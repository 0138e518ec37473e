/* Compares what the target answered with what was recorded, beyond the status: the type of the content, where it redirects to, which
 * cookies it sets, and JSON. The target's answer is sanitized first, as a capture would have done; what comes out is flags, and never a value.
 *
 * With the key of the traffic, equal values are equal pseudonyms, and sensitive values compare. Without it they compare by
 * presence and type. Values that differ by nature (dates, counters) differ here too: flags are for people to look at. */
#ifndef REPLAY_CONTENT_H
#define REPLAY_CONTENT_H

#include "common/exchange.h"
#include "filters/key.h"
#include "filters/policy/policy.h"
#include "replay/result.h"

/* How much of a body is looked at; longer ones are not compared. A capture keeps no longer ones, either, unless told to. */
#define CONTENT_BODY_MAX ((size_t)1 << 20)

/* How sensitive values compare. */
enum content_sensitive {
    CONTENT_BY_PSEUDONYM, /* under the key of the traffic; of traffic recorded with --unsanitized, under any */
    CONTENT_BY_PRESENCE,
};
/* Returns "by pseudonym", ... Static. */
const char *content_sensitive_name(enum content_sensitive sensitive);

/* What is compared with; borrowed, shared by threads. */
struct content_settings {
    const struct policy *policy; /* the recorded one */
    const struct keys *keys;     /* CONTENT_BY_PRESENCE: with the traffic's recognition key */
    enum content_sensitive sensitive;
    bool unsanitized; /* what was recorded is sanitized, too, before it is compared */
    const uint8_t
        *policy_hash; /* of the traffic: what was recorded under another policy or key is not compared */
    const uint8_t *recognition_key;
};

/* One thread's state. */
struct content_judge;
struct content_judge *content_judge_create(const struct content_settings *settings);
/* NULL is allowed. */
void content_judge_free(struct content_judge *judge);

/* Compares the answer (|head|; |body| as transferred, |whole|: all of it) with that of |exchange|, which was recorded under the settings' policy and
 * key. |turned| (no data: the body as it is) is the body without content coding, in which what the target gave out was turned back into what was recorded. Returns RESULT_FLAG(CONTENT_COMPARED) and a flag for each difference; 0 where the recording holds no head. */
uint64_t content_compare(struct content_judge *judge, const struct exchange *exchange, struct bytes head,
                         struct bytes body, bool whole, struct bytes turned);

#endif
