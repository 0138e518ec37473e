/* Rewriting members of JSON text, found by path; every byte outside of them stays as it is. */
#ifndef FILTERS_REWRITE_JSON_REWRITE_H
#define FILTERS_REWRITE_JSON_REWRITE_H

#include "filters/policy/json_path.h"
#include "filters/rewrite/substitution.h"

#define JSON_REWRITE_DEPTH_MAX 64

/* What is done where |paths| end. Borrowed. */
struct json_rewrite {
    const struct json_paths *paths;
    struct substitution
        *substitution;  /* on the text of strings; NULL: |value| takes the place of any value */
    struct bytes value; /* JSON */
    struct buffer *scratch[2];
};

enum json_rewrite_verdict {
    JSON_REWRITE_NONE, /* the path leads nowhere, or to nothing that matches */
    JSON_REWRITE_DONE,
    JSON_REWRITE_GAVE_UP, /* a limit of the substitution was hit */
    JSON_REWRITE_NO_JSON, /* the text is not JSON, or deeper than JSON_REWRITE_DEPTH_MAX */
};

/* Appends |text|, any number of JSON values, to |out| with the rewrite done; what was appended is to be thrown away unless
 * JSON_REWRITE_DONE. */
enum json_rewrite_verdict json_rewrite(const struct json_rewrite *rewrite, struct bytes text,
                                       struct buffer *out);
/* Returns whether |text| is one JSON number, true, false or null, and nothing else. */
bool json_rewrite_is_plain(struct bytes text);

#endif
