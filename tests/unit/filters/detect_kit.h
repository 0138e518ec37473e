/* Values of each class and values that are no secret, drawn from a seed, and codings to wrap them in: made here without the code under test. */
#ifndef TESTS_UNIT_FILTERS_DETECT_KIT_H
#define TESTS_UNIT_FILTERS_DETECT_KIT_H

#include "common/buffer.h"
#include "filters/detect/detect.h"

/* A generator of its own: the same seed gives the same values on every machine. Not 0. */
struct kit {
    uint64_t state;
};

/* Returns a number below |below|. */
uint32_t kit_draw(struct kit *kit, uint32_t below);
/* Writes a value of |class| to |value|, and to |name| (NUL-terminated, static) that of the field it needs, "" where it needs none. */
void kit_value(struct kit *kit, enum detect_class class, struct buffer *value, const char **ret_name);

/* Codings as the leak test has them. */
enum kit_coding {
    KIT_PLAIN,
    KIT_PERCENT,        /* what must be escaped in a query */
    KIT_PERCENT_ALL,    /* every byte */
    KIT_DOUBLE_PERCENT, /* twice */
    KIT_FORM,           /* blanks as '+' */
    KIT_BASE64,         /* alone */
    KIT_BASE64_SHIFT1,  /* after one other byte, and before one */
    KIT_BASE64_SHIFT2,
    KIT_BASE64URL, /* without padding */
    KIT_HEX,
    KIT_JSON,          /* every character as \u */
    KIT_HTML,          /* every character as a reference, decimal or hexadecimal */
    KIT_QUOTED,        /* every byte */
    KIT_QUOTED_BROKEN, /* soft line breaks only */
    KIT_UTF16,         /* little-endian or big-endian */
    KIT_BASE64_PERCENT,
    KIT_CODINGS,
};
const char *kit_coding_name(enum kit_coding coding);
/* Appends |value| coded to |out|. */
void kit_wrap(struct kit *kit, enum kit_coding coding, struct bytes value, struct buffer *out);

/* Kinds of values that are no secret. */
#define KIT_CONTROLS 16
const char *kit_control_name(unsigned kind);
void kit_control(struct kit *kit, unsigned kind, struct buffer *value, const char **ret_name);

#endif
