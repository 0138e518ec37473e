/* Accounts of the target, for the users of the recording: names and passwords that take the place of recorded ones in logins, and tokens for those who had logged
 * in before the capture began. Read-only once made; threads share it. */
#ifndef REPLAY_STATE_ACCOUNTS_H
#define REPLAY_STATE_ACCOUNTS_H

#include "common/exchange.h"
#include "replay/linker.h"

#define ACCOUNTS_MAX           100000
#define ACCOUNTS_OVERRIDES_MAX 16 /* of one request */

/* A token by the name that `inspect --links` gives it: of a header, cookie or field. */
struct account_token {
    char *name;
    char *value;
};

/* Texts owned; NULL: not given. */
struct account {
    bool for_all; /* of every user that has none of its own */
    uint8_t tag
        [LINK_TAG_SIZE]; /* else identity of the pseudonym of the user's name, or of the token that it shows */
    char *name;
    char *password;
    struct account_token *tokens;
    size_t token_count;
};

struct accounts;
struct accounts *accounts_create(void);
/* Accepts NULL. Wipes the secrets. */
void accounts_free(struct accounts *accounts);
/* Takes |account|, whose texts it owns then. Returns false where there is one for that user already, or too many. */
bool accounts_add(struct accounts *accounts, const struct account *account);

/* Returns whether |link| is a password in a request. */
bool accounts_is_password(const struct link *link);
/* Returns the account to log in with for who shows a credential in |exchange|, whose links were followed, that no answer gave out; NULL where there is none, or one with
 * that token. */
const struct account *accounts_login_for(const struct accounts *accounts, const struct exchange *exchange);

/* Finds what takes the place of what the request of |exchange|, whose links were followed, carries: in a login the user's name and password, those of |account|
 * where it is not NULL; tokens that no answer of the recording gave out. Values are borrowed. Costs a look at the links where there is neither. */
size_t accounts_apply(const struct accounts *accounts, const struct account *account,
                      const struct exchange *exchange, const uint8_t *recognition_key,
                      struct linker_override ret_overrides[ACCOUNTS_OVERRIDES_MAX]);

#endif
