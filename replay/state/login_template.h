/* A login as the recording has one, to log in users who had done so before the capture began: the first request with a password whose answer gave out a credential,
 * and where what it gave out was shown later. */
#ifndef REPLAY_STATE_LOGIN_TEMPLATE_H
#define REPLAY_STATE_LOGIN_TEMPLATE_H

#include "common/exchange.h"
#include "common/segment/merge.h"

struct login_template;

/* Looks at the first |most| (0: 200,000) exchanges of |merge|, and as many behind a login found there, and rewinds it: a large folder is begun as
 * quickly as a small one. Returns owned; NULL where they hold no login that can be sent. */
struct login_template *login_template_find(struct merge *merge, size_t most);
/* Accepts NULL. */
void login_template_free(struct login_template *template);

/* Makes |ret_login| (empty) a login whose answer gives out what |shown|, whose links were followed, shows and no answer gave out before; it ends when |shown|
 * begins. Returns false where none of that is what such a login gives out. */
bool login_template_make(const struct login_template *template, const struct exchange *shown,
                         struct exchange *ret_login);

#endif
