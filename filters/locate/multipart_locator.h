/* Values in multipart bodies (RFC 2046 §5.1), form-data (RFC 7578) above all. A part whose name is sensitive becomes
 * a pseudonym; text under another name and parts of a type that has a locator are looked into; the content of every
 * other part (files, text without a name, anything with a transfer coding) is left out, and what is left is still a
 * multipart body. Strict: delimiters and header lines end with CRLF, nothing but white space stands before the first
 * delimiter and after the last. */
#ifndef FILTERS_LOCATE_MULTIPART_LOCATOR_H
#define FILTERS_LOCATE_MULTIPART_LOCATOR_H

#include "filters/locate/body_locator.h"

#define MULTIPART_PARTS_MAX 1024

/* Returns the boundary in the Content-Type value |type|, a part of it, or nothing where there is not exactly one that
 * is well-formed. */
struct bytes multipart_boundary(struct bytes type);

/* Appends |text| to |out| with sensitive values replaced. Of a beginning, the part that is not certain to be whole
 * leaves its header lines at most. Returns BODY_REASON_NONE; PARTS, where content was left out; or SYNTAX or LIMIT,
 * where |out| is to be thrown away. */
enum body_reason multipart_locate(struct locator *locator, struct bytes boundary, enum body_extent extent,
                                  struct bytes text, struct buffer *out);

#endif
