/* Ids that services give out to what they create: how their names and values look, and where they stand. One rule for all who follow them
 * from the response that gave one out to the requests that carry it. Pure; views into what is given. */
#ifndef COMMON_ID_LIKE_H
#define COMMON_ID_LIKE_H

#include "common/buffer.h"

#define ID_LIKE_SIZE_MAX 64
#define ID_LIKE_STRONG   6 /* characters; a shorter one may be many things */

/* Returns whether |name| is one of a field that holds an id: "id", "uuid", "guid", "uid", "oid", and what ends so behind '_', '-', '.', '[' or as
 * a word of its own in "orderId". */
bool id_like_name(struct bytes name);
/* The same for a header name, of which those that number requests, not things, are none (X-Request-Id, X-Correlation-Id and their kin). */
bool id_like_header(struct bytes name);
/* Returns whether |value| may be an id: letters, digits, '-' and '_', a digit among them, ID_LIKE_SIZE_MAX at most. */
bool id_like_value(struct bytes value);
/* Returns whether a segment of a path may be one: so, and no version ("v2"). */
bool id_like_segment(struct bytes segment);

/* Finds the path in the value of a Location: without scheme and authority, a '/' at its end, query and fragment. Returns false where there is none but "/", or
 * one that ends in "//" or is longer than 8192 bytes. */
bool id_like_location_path(struct bytes location, struct bytes *ret_path);

/* Finds the last segment of the path in a Location that is like an id; behind it nothing but words may stand ("/jobs/17/status"). */
bool id_like_in_location(struct bytes location, struct bytes *ret_path, struct bytes *ret_id);

/* Takes the next "/segment" from the front of |path|, which a query or fragment ends. Returns false at the end. */
bool id_like_next_segment(struct bytes *path, struct bytes *ret_segment);
/* Takes the next name=value from the front of |pairs|, separated by '&'. Returns false at the end. */
bool id_like_next_pair(struct bytes *pairs, struct bytes *ret_name, struct bytes *ret_value);
/* Finds in JSON from |from| on the next member whose name is like an id's and whose value, a string or a number, is like an id: only
 * what is not escaped. Need not be valid as a whole. Returns where to go on, or 0 where there is none. */
size_t id_like_next_member(struct bytes json, size_t from, struct bytes *ret_name, struct bytes *ret_value);

#endif
