/* What the name of a field says of the value under it: for detectors that look at a value only where its name calls for it. */
#ifndef FILTERS_DETECT_DETECT_NAMES_H
#define FILTERS_DETECT_DETECT_NAMES_H

#include "common/buffer.h"

enum detect_hint {
    HINT_KEY = 1 << 0, /* a key, token or secret */
    HINT_PHONE = 1 << 1,
    HINT_SSN = 1 << 2,
    HINT_AADHAAR = 1 << 3,
    HINT_NHS = 1 << 4,
    HINT_PESEL = 1 << 5,
    HINT_CPF = 1 << 6,
    HINT_NIF = 1 << 7, /* Spain's NIF, DNI and NIE, Portugal's NIF */
    HINT_TFN = 1 << 8,
    HINT_BSN = 1 << 9,
    /* Says that a value is not something. */
    HINT_VERSION = 1 << 10, /* dotted numbers are no addresses */
};
/* Hints that make a detector look at a value that has no trigger. */
#define HINTS_LOOK (HINT_VERSION - 1)

/* Returns the hints of |name|, or'ed; 0 of most. Letters and digits count, without case; words are told apart by other
 * characters and by capitals ("homePhone", "home_phone"). */
uint32_t detect_name_hints(struct bytes name);

#endif
