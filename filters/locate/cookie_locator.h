/* Values in Cookie and Set-Cookie (RFC 6265). */
#ifndef FILTERS_LOCATE_COOKIE_LOCATOR_H
#define FILTERS_LOCATE_COOKIE_LOCATOR_H

#include "filters/locate/locate.h"

/* Appends the Cookie |value| with the value of every cookie replaced; quotes stay. What has no name is
 * replaced as a whole. */
void cookies_locate(struct locator *locator, struct bytes value, struct buffer *out);
/* Appends the Set-Cookie |value| with the cookie's value replaced; attributes stay where they are what
 * RFC 6265 says. */
void set_cookie_locate(struct locator *locator, struct bytes value, struct buffer *out);

#endif
