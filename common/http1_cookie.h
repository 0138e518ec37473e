/* Reading Cookie and Set-Cookie values (RFC 6265 §4), tolerant: views, nothing copied. */
#ifndef COMMON_HTTP1_COOKIE_H
#define COMMON_HTTP1_COOKIE_H

#include "common/buffer.h"

#include <stdbool.h>

struct http1_cookie {
    struct bytes name;
    struct bytes value; /* without surrounding quotes */
};

/* Takes the next name=value from the front of |list|, the value of a Cookie field; what has no '=' is passed over.
 * Returns false at the end. Of a Set-Cookie value, the first is the cookie and the others are its attributes. */
bool http1_next_cookie(struct bytes *list, struct http1_cookie *ret_cookie);

#endif
