/* URLs inside a request's own values: where one names a place that was created, it names the target's. A URL is the whole of a string in JSON, or of a value in a query
 * or form (percent-coded), and begins with '/', or with http(s):// and the recorded host; what stands in other texts is left. Pure. */
#ifndef REPLAY_STATE_URL_PLACES_H
#define REPLAY_STATE_URL_PLACES_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Finds the created place that |path| names at its front, |ret_size| bytes of it, and where that is at the target. */
typedef bool url_places_find_fn(void *arg, struct bytes path, size_t *ret_size, struct bytes *ret_actual);

/* Splits "scheme://authority/rest". Returns false where |url| has no "://" near its front. */
bool url_split(struct bytes url, struct bytes *ret_authority, struct bytes *ret_rest);
/* Returns |authority| without the port that is the scheme's own. */
struct bytes url_plain_authority(struct bytes authority);

struct url_places {
    url_places_find_fn *find;
    void *arg;
    struct bytes host; /* the recorded one; no data: URLs with a host are left */
};

/* Appends |json| to |out| with places replaced. Returns how many were; none: nothing is appended. */
size_t url_places_in_json(const struct url_places *places, struct bytes json, struct buffer *out);
/* The same for name=value pairs, separated by '&'. */
size_t url_places_in_pairs(const struct url_places *places, struct bytes pairs, struct buffer *out);

#endif
