/* Who may use the shop: the user file, and the sessions that a login opens. */
#ifndef SAMPLES_SHOP_LOGIN_H
#define SAMPLES_SHOP_LOGIN_H

#include <stddef.h>
#include <stdint.h>

#define LOGIN_TTL_S   1800
#define SESSION_LINES 16 /* distinct items in a cart */

/* A logged-in user. Reached by its bearer token or its cookie, both random, until it expires or its slot is
 * needed again. The cart belongs to the session. */
struct session {
    size_t user;
    uint64_t expires_s; /* CLOCK_MONOTONIC */
    struct {
        int item;
        int quantity;
    } cart[SESSION_LINES];
    size_t cart_lines;
};

struct logins;

/* Reads "user:password" lines from |path|. Returns owned state, or NULL after a message on standard error. */
struct logins *logins_open(const char *path);
void logins_free(struct logins *logins);

struct call;
struct answer;
/* POST /login {"user","password"}: 200 with a token and a cookie, or 401. */
void login_answer(struct call *call, struct answer *answer);
/* Returns the session that the request's token or cookie names, borrowed until the next login; or NULL, with
 * |answer| set to 401. */
struct session *login_session(struct call *call, struct answer *answer);

#endif
