/* National identity numbers with check digits. Many other numbers pass such a check, so they are looked for only where the name of the field
 * says so. */
#ifndef FILTERS_DETECT_NATIONAL_IDS_H
#define FILTERS_DETECT_NATIONAL_IDS_H

#include "common/buffer.h"

#include <stdbool.h>

/* Returns whether all of |value| (blanks, dashes, dots and slashes between are fine) is a number that |hints| (enum detect_hint) name:
 * Aadhaar (Verhoeff), NHS (mod 11), PESEL, CPF (two digits), Spain's NIF and NIE (mod 23) and Portugal's NIF (mod 11), TFN, BSN. */
bool national_id_fits(struct bytes value, uint32_t hints);

#endif
