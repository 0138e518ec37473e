/* Which exchange gave a value out, and which carry it: groups of links, as inspect shows them. An id belongs to the exchange that created
 * it only where no earlier one referred to it. One thread. */
#ifndef FILTERS_VERBS_LINK_GROUPS_H
#define FILTERS_VERBS_LINK_GROUPS_H

#include "common/exchange.h"

struct link_groups;

/* Returns owned. At most |limit| values are remembered (0: 1,000,000); later ones are counted and left out. */
struct link_groups *link_groups_create(size_t limit);
/* Frees; NULL is allowed. */
void link_groups_free(struct link_groups *groups);
/* Adds the links of |exchange|, the next in order of start. */
void link_groups_add(struct link_groups *groups, const struct exchange *exchange);
/* Finds the exchange that gave out what |link|, which carries something, carries. */
bool link_groups_issuer(const struct link_groups *groups, const struct link *link, uint64_t *ret_id);
/* Appends a line for each value that was given out and carried later, and how many were not carried. */
void link_groups_print(const struct link_groups *groups, struct buffer *out);
/* Returns how many values found no room. */
uint64_t link_groups_overflow(const struct link_groups *groups);

#endif
