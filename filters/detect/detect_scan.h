/* One look over a text: from trigger to trigger, with a detector at each. What detect.h offers is made of it. */
#ifndef FILTERS_DETECT_DETECT_SCAN_H
#define FILTERS_DETECT_DETECT_SCAN_H

#include "filters/detect/contact_detectors.h"
#include "filters/detect/detect.h"

/* The state of a scan. A scan either collects findings (|detector| is set), or only asks whether there may be one: then it ends at the
 * first, and runs that may be coded are not decoded where that needs memory. */
struct scan {
    struct bytes text;
    uint32_t classes, hints;
    unsigned depth;            /* of codings around |text| */
    struct detector *detector; /* NULL: asks */
    bool members;          /* |text| is JSON, and whoever reads it looks at the names of members by himself */
    struct detection *ret; /* sorted, not overlapping */
    size_t max, count;
    bool stopped; /* found more than fit, or, when asking, one */
    /* Up to where runs were looked at as a whole; what begins before is done. */
    size_t tokens_done, schemes_done, random_done, digits_done, colons_done, keys_done;
    size_t coded_done[WRAPPING_COUNT];
    struct authority authority;
};

/* Looks at |scan->text| from |from| on. Returns the offset of the trigger that ended an asking scan, else the size of the text. */
size_t scan_run(struct scan *scan, size_t from);
/* Looks at all of the text where the name of the field calls for it. */
void scan_named(struct scan *scan);
/* Returns whether |coded|, which would be a finding of |class|, decodes to a value of ours, or to two of them with a colon between. */
bool scan_is_ours(struct scan *scan, enum detect_class class, enum wrapping wrapping, struct bytes coded);
/* Adds a finding, if its class is looked for and it is not one of ours. Where it overlaps others, that which begins first stays, of those the
 * longest, made longer where they reach over its end. */
void scan_add(struct scan *scan, enum detect_class class, enum wrapping wrapping, size_t offset, size_t size);

/* For unwrap.c: an escape or the like of a local |wrapping| stands at |at|: decodes the region around it and looks inside. */
void unwrap_region(struct scan *scan, enum wrapping wrapping, size_t at);
/* A run of base64 characters around [start, end), which are token characters: looks for coded text in it, in base64 and hexadecimal. */
void unwrap_run(struct scan *scan, size_t start, size_t end);

#endif
