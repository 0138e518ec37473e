/* Sessions: which exchanges belong to one user. Fed with exchanges in order of start time, it joins
 * connections by the credentials that exchanges issue and use (link.identity), and splits a pooled connection
 * that carries several users.
 *
 * Rule: an exchange that uses an identity belongs to the session where that identity was issued, or first
 * used. One that only issues an identity belongs to its connection's own session where that has no identity
 * yet, else begins a new one. Any other belongs to its connection's own session, or, from where that has carried
 * several identities, is one by itself: nobody can tell whose it was. All identities that an exchange issues or uses
 * then name its session. */
#ifndef FILTERS_SESSION_H
#define FILTERS_SESSION_H

#include "common/exchange.h"

enum session_mode { SESSION_AUTO, SESSION_CONNECTION, SESSION_COOKIE, SESSION_HEADER, SESSION_NONE };

struct sessions;

/* Returns owned state for |mode|; |name| is the cookie or header for those modes, else NULL. At most |limit|
 * identities and connections are remembered each (0: 1,000,000); past it new ones are not joined and are
 * counted. */
struct sessions *sessions_create(enum session_mode mode, const char *name, size_t limit);
void sessions_free(struct sessions *sessions);
/* Has what will be looked up for |exchange|, one of the next, come near; nothing else. */
void sessions_expect(const struct sessions *sessions, const struct exchange *exchange);
/* Returns the session id of |exchange|. SESSION_NONE gives each exchange its own. */
uint64_t sessions_of(struct sessions *sessions, const struct exchange *exchange);
/* Returns whether the connection of the exchange that sessions_of saw last is a pooled one: it has carried several identities by then. */
bool sessions_pooled(const struct sessions *sessions);
/* Returns how many identities or connections found no room. */
uint64_t sessions_overflow(const struct sessions *sessions);

#endif
