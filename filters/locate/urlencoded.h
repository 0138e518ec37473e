/* Values in URLs and in application/x-www-form-urlencoded text: userinfo, path parameters, query, fragment,
 * form fields (RFC 3986, WHATWG URL §5). */
#ifndef FILTERS_LOCATE_URLENCODED_H
#define FILTERS_LOCATE_URLENCODED_H

#include "filters/locate/locate.h"

/* Appends |text|, which is name=value pairs separated by '&', with sensitive values replaced. |place| is
 * LINK_PLACE_QUERY, LINK_PLACE_FORM or what the pairs were found in. */
void pairs_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out);
/* Returns whether |text| can be what a form body holds: escaped pairs and nothing else. */
bool form_is_plausible(struct locator *locator, struct bytes text);
/* Appends |url|, absolute or relative, with sensitive values replaced. |authority| says that one without
 * scheme and slash may begin with userinfo (CONNECT, Host). */
void url_locate(struct locator *locator, struct bytes url, bool authority, struct buffer *out);
/* Returns whether |text| begins as an absolute URL, "//authority" or "/path" does. */
bool url_has_start(struct bytes text);
/* Appends the replacement of the percent-coded |raw| in its own coding. */
void percent_atom(struct locator *locator, enum link_place place, struct policy_decision decision,
                  struct bytes name, struct bytes raw, bool plus, struct buffer *out);

#endif
