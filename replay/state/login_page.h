/* Whether an answer sends its client to a login page: told by the names that such pages have. Pure. */
#ifndef REPLAY_STATE_LOGIN_PAGE_H
#define REPLAY_STATE_LOGIN_PAGE_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Returns whether |status| and |head| (status line to empty line) are a redirect whose Location names a login page: a segment of its path that holds
 * "login", "logon", "signin" and the like, or is "auth", "sso", "authorize", "saml", "oauth" and the like. */
bool login_page_follows(uint16_t status, struct bytes head);

#endif
