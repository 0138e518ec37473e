/* Finds sensitive values by what they look like: in any text, wherever it stands, also where they are wrapped in another
 * coding. A pure core.
 *
 * How: a scan looks at sixteen bytes at a time for what every value of a class has (an '@', a long run of digits, three dots
 * between digits, a run of token characters with digits or capitals, an escape). Only from such triggers do the
 * detectors of the classes start; each looks a bounded way back and ahead, or takes a run once. Work is linear in the
 * text. Runs that may be coded are decoded and looked at in the same way, two deep. */
#ifndef FILTERS_DETECT_DETECT_H
#define FILTERS_DETECT_DETECT_H

#include "common/buffer.h"
#include "filters/detect/detect_names.h"
#include "filters/detect/wrapping.h"

#include <stdbool.h>

enum detect_class {
    DETECT_EMAIL,
    DETECT_CARD,  /* payment card: 12 to 19 digits, issuer range, Luhn */
    DETECT_IBAN,  /* ISO 13616: length of the country, mod 97 */
    DETECT_SSN,   /* US social security number or ITIN */
    DETECT_PHONE, /* E.164 with '+'; others by the name of the field */
    DETECT_IPV4,
    DETECT_IPV6,
    DETECT_MAC,            /* EUI-48 */
    DETECT_NATIONAL_ID,    /* by check digit and the name of the field */
    DETECT_JWT,            /* RFC 7519; JWE too */
    DETECT_BASIC,          /* the base64 of "user:password" after "Basic" (RFC 7617) */
    DETECT_AUTH,           /* what stands after another authentication scheme */
    DETECT_PRIVATE_KEY,    /* PEM, OpenSSH, PGP, age */
    DETECT_PROVIDER_TOKEN, /* by the fixed prefix of a provider */
    DETECT_URL_CREDENTIAL, /* user, and password, in scheme://user:password@ (each a finding) */
    DETECT_HIGH_ENTROPY,   /* 3.5 bits a character beside the name of a key */
    DETECT_NAMES, /* not sensitive by its look: base64 or hexadecimal of parameters or JSON, with names that may be */
};
#define DETECT_CLASSES    16 /* but for DETECT_NAMES, which nobody looks for who does not decide on names */
#define DETECT_DIGITS_MIN 12 /* digits alone, fewer than these, are nothing whose name hints at nothing */
#define DETECT_WORD_MIN   10 /* nor are letters, digits, '-' and '_' alone, fewer than these */
#define DETECT_ALL        ((UINT32_C(1) << DETECT_CLASSES) - 1)
#define DETECT_BIT(class) (UINT32_C(1) << (class))
#define DETECT_ALL_NAMES  (DETECT_ALL | DETECT_BIT(DETECT_NAMES))

/* Returns "email", "card", ... Static. */
const char *detect_class_name(enum detect_class class);

/* A run of the text that was given. Decoded it is the value where the wrapping is local (wrapping_is_local). With
 * base64 it is the whole coded run, and the value stands somewhere in what it decodes to; with two codings it decodes to
 * what holds the inner one. DETECT_BASIC is base64 by itself. */
struct detection {
    enum detect_class class;
    enum wrapping wrapping;
    bool
        merged; /* of overlapping runs of base64, of which no single one is left: it holds the value, but is not in its form */
    size_t offset, size;
};

/* Findings inside one decoded run. More of them are more than fit. */
#define DETECT_INNER_MAX 256
#define DETECT_DEPTH_MAX 2

/* Zero it and set the first two; a detector belongs to one thread. */
struct detector {
    /* Whether |value| (decoded), which would be a finding of |class|, is one that we put there: a pseudonym or a fake. May be NULL. */
    bool (*is_ours)(void *arg, enum detect_class class, struct bytes value);
    void *is_ours_arg;
    /* Scratch, which keeps its memory. */
    struct buffer decoded[DETECT_DEPTH_MAX];
    struct detection inner[DETECT_DEPTH_MAX][DETECT_INNER_MAX];
};

/* Wipes and releases the scratch memory. */
void detector_done(struct detector *detector);

/* Returns whether detect_find could find anything in |text| under a name that hints at nothing (detect_name_hints gives 0).
 * |text| is a value, of any syntax. */
bool detect_may_find(struct bytes text);
/* For JSON as it stands: returns an offset at or after |from| that lies inside the first string or number in which detect_find could find something
 * under a name that hints at nothing, or text.size where there is none. A value that ends before that offset needs no look, unless the hints of its
 * name call for one (HINTS_LOOK). */
size_t detect_next(struct bytes text, size_t from);

/* For text that is cut at '=' and '&' and at other bytes that are part of no value: returns where the beginning of |text| ends of whose parts
 * detect_may_find is false for each. It may end earlier than need be. */
size_t detect_calm(struct bytes text);

/* Finds values of |classes| (DETECT_BIT of each, or'ed) in |text|, which stands under |name| (may be empty). Writes at most
 * |max| findings to |ret|, in order, not overlapping, leftmost first and of those the longest. Returns their number; a
 * number over |max| means that there are more than fit, and what was written is then not all: fail closed. */
size_t detect_find(struct detector *detector, struct bytes text, struct bytes name, uint32_t classes,
                   struct detection *ret, size_t max);

#endif
