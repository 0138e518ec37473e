/* Numbers with check digits or a fixed shape: payment cards, IBANs, US social security numbers, phone numbers.
 *
 * Each function returns the size of the number that begins at |at| of |text|, or 0 where none does. All look at most 64 bytes
 * ahead. */
#ifndef FILTERS_DETECT_NUMBER_DETECTORS_H
#define FILTERS_DETECT_NUMBER_DETECTORS_H

#include "common/buffer.h"

#include <stdbool.h>

/* A payment card number (ISO/IEC 7812): 12 to 19 digits together, or in groups with one kind of separator (space or dash),
 * of an issuer that gives numbers of this length, with a right Luhn digit. */
size_t card_at(struct bytes text, size_t at);
/* Returns whether |digits|, which are |count| decimal digits, are a payment card number. */
bool card_is_valid(const uint8_t *digits, size_t count);
/* An IBAN (ISO 13616) in any case, together or in groups of four: the length of its country, mod 97. */
size_t iban_at(struct bytes text, size_t at);
/* A US SSN or ITIN with separators: areas and groups that are given out. */
size_t ssn_at(struct bytes text, size_t at);
/* The same without separators: nine digits. */
size_t ssn_bare_at(struct bytes text, size_t at);
/* A phone number with '+', a country code and 8 to 15 digits (E.164), which blanks, dots, dashes and parentheses may part. */
size_t phone_at(struct bytes text, size_t at);
/* Returns whether all of |value| can be a phone number: 7 to 15 digits and what people put between them. */
bool phone_is_plausible(struct bytes value);

#endif
