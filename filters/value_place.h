/* Where a value stands, in words that tell nothing of the value: for those who report on values and must not print them. */
#ifndef FILTERS_VALUE_PLACE_H
#define FILTERS_VALUE_PLACE_H

#include "filters/detect/detect.h"
#include "filters/sanitize.h"

#define VALUE_PLACE_NAME_MAX 64

/* Appends |name|, which is safe to print then: what is no ordinary word of at most VALUE_PLACE_NAME_MAX characters, or looks like a value
 * itself, becomes "?". |detector| is scratch. */
void value_place_name(struct detector *detector, struct bytes name, struct buffer *out);
/* Returns "start-line", "header", "body" or "trailer". Static. */
const char *value_place_part(enum sanitize_part part);
/* Appends where |event| is: "request.header.Referer query.token", "response.body json.email". What has no place inside its part (|whole|) is told
 * by the part alone. */
void value_place_text(struct detector *detector, const struct sanitize_event *event, bool whole,
                      struct buffer *out);
/* Appends the same as members of a JSON object: side, part, and where there are such field, place, name. */
void value_place_json(struct detector *detector, const struct sanitize_event *event, bool whole,
                      struct buffer *out);

#endif
