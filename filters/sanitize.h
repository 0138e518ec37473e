/* The sanitizer: takes an exchange as it was seen and leaves nothing in it that the policy calls sensitive.
 * What it cannot understand it removes, leaving length and reason. On the way it notes the credentials that
 * the exchange issues and uses (links). A pure core: no files, no clocks. */
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
/* Says whether bodies of requests and of responses that are dropped, cut by sanitizing, or grow beyond 16 MiB by it
 * shall get a digest; at first both do. */
void sanitizer_set_digests(struct sanitizer *sanitizer, bool requests, bool responses);
/* Sanitizes |exchange| in place and adds its links. A body's |coded| must tell whether its content is still
 * content-coded. Sanitizing again changes nothing. */
void sanitize_exchange(struct sanitizer *sanitizer, struct exchange *exchange);
/* Adds the links that sanitize_exchange would add and changes nothing else. */
void sanitize_links_only(struct sanitizer *sanitizer, struct exchange *exchange);

#endif
