/* Values in a body, by its media type. The types that can be sanitized are those that have a locator. */
#ifndef FILTERS_LOCATE_BODY_LOCATOR_H
#define FILTERS_LOCATE_BODY_LOCATOR_H

#include "filters/locate/locate.h"

/* What a body is said to be. */
enum media {
    MEDIA_JSON,
    MEDIA_JSON_LINES,
    MEDIA_FORM, /* application/x-www-form-urlencoded */
    MEDIA_MULTIPART,
    MEDIA_TEXT, /* text/plain: no locator, but for a value in a form */
    MEDIA_NONE, /* nothing is said: JSON where it looks like it */
    MEDIA_OTHER,
};

struct body_type {
    enum media media;
    struct bytes boundary; /* of MEDIA_MULTIPART; borrowed; empty where there is none that is well-formed */
};

/* How much of a body there is. */
enum body_extent {
    BODY_WHOLE,
    BODY_BEGINNING, /* it was cut: what is not certain to be whole at its end is left out */
};

/* Returns what the Content-Type value |type| names; the boundary is a part of it. */
struct body_type body_type_of(struct bytes type);

/* Appends |text|, a body of |type| without content coding, to |out| with sensitive values replaced. Returns
 * BODY_REASON_NONE; PARTS, where parts of it had to be left out; or why it cannot be kept (TYPE, SYNTAX, LIMIT), where
 * |out| is to be thrown away. */
enum body_reason body_locate(struct locator *locator, struct body_type type, enum body_extent extent,
                             struct bytes text, struct buffer *out);

#endif
