/* Values in JSON text (RFC 8259): a tokenizer of our own that copies every byte outside replaced values, and
 * never turns a number into a double. Strict: what is not JSON is not located in. */
#ifndef FILTERS_LOCATE_JSON_LOCATOR_H
#define FILTERS_LOCATE_JSON_LOCATOR_H

#include "filters/locate/locate.h"

#define JSON_LOCATE_DEPTH_MAX 64

enum json_locate_count {
    JSON_LOCATE_ONE,  /* one value */
    JSON_LOCATE_MANY, /* any number of values, white space between (NDJSON) */
};

enum json_locate_result {
    JSON_LOCATED,
    JSON_NOT_JSON, /* or cut; |out| is then to be thrown away */
    JSON_TOO_DEEP, /* likewise */
};

/* Appends |text| to |out| with the values of sensitive members replaced: strings by strings, numbers, true
 * and false by quoted pseudonyms of their text; null stays. Below a sensitive name every scalar is replaced.
 * A string that is all of the text and long enough for a token is one. What looks sensitive in the name of a member is replaced, too. */
enum json_locate_result json_locate(struct locator *locator, struct bytes text, enum json_locate_count count,
                                    struct buffer *out);
/* As json_locate on the beginning of a text that was cut: what is not certain to be whole at the end (a string, a
 * number, a word) is left out, the rest appended as far as it goes. */
enum json_locate_result json_locate_beginning(struct locator *locator, struct bytes text,
                                              enum json_locate_count count, struct buffer *out);

#endif
