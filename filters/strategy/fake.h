/* Fakes: values that stand in place of others, have their shape, are valid, and are nobody's. Made with a key of their own from
 * the value alone, so that a value has one fake of a type wherever it stands (of dates: one for each subject). Spelling does not
 * count: numbers by their digits, addresses by their bytes, UUIDs without case.
 *
 * Those with room for it carry a check, made with the recognition key: one that is right is left alone, a forged one is
 * replaced like any other value (one that is guessed stays: of n digits or bits of check one in 10^n or 2^n).
 *
 * The others (phone, zip, IPv4, dates, digits fewer than six) lie in a range in which there is nobody, and are known by it: whatever lies there is left
 * alone, whoever wrote it. There is no other way: their ranges are so small that a check would leave too few values to tell
 * people apart, and to map what lies in the range once more would change it each time that traffic is sanitized. So a client can choose
 * such a value and have it stand in the traffic. It is nobody's, and tells nothing, but two equal ones need not have been one value.
 *
 * What detectors find is never a fake of the class.
 *
 *     type    of                              becomes                                domain             recognised by
 *     email   anything                        pseudonym@example.com                  2^128              64 bits of check
 *     name    anything; of one word one       two words of ten letters that can      2^32, of one word  32 bits of check, of
 *                                             be spoken (of one word: fifteen)       2^24               one word 24
 *     street  anything                        number, a word of fifteen, "Street"    2^36               24 bits of check
 *     phone   7 to 15 digits, +-./() between  area code, 555, 01dd                   27,200; of seven   range: 555-01dd is
 *                                                                                    digits 100         given to nobody
 *     zip     3 to 10 letters and digits      5 digits: 00000 to 00499; else 00...,  500; else          range: in use by
 *                                             or Q... of letters                     10 or 26 a sign    no post office of the US
 *     card    12 to 19 digits                 9999 (ISO/IEC 7812: national use, of   10^(n-8)           3 digits of check
 *                                             no country), Luhn digit
 *     iban    mod 97, country known           country and length stay, bank 0000     10^5 (NO) to       2 to 6 signs of check
 *                                             or XXXX, mod 97                        10^18
 *     ip      IPv4                            192.0.2/24, 198.51.100/24,             762                range: RFC 5737
 *                                             203.0.113/24
 *             IPv6                            2001:db8::/32                          2^56               40 bits of check
 *     mac     EUI-48 in any notation          02:..., locally administered           2^20               20 bits of check
 *     uuid    8-4-4-4-12                      version 4                              2^74               48 bits of check
 *     digits  1 to 32, blanks - between       as many: of n half of them, at most    10^(n-n/2), about; n/2 digits of check, at
 *                                             9, are the check; of fewer than six    of fewer than      most 9; one of 10^(n/2)
 *                                             1000...                                six 1              stays as it is
 *     date    1900 to 2099, year-month-day,   200 years and 1 to 366 days earlier,   366 offsets        range: 1698 to 1899,
 *             day.month.year, month/day/year  by the subject; time of day stays                         nobody lives
 *     ssn     nine digits                     9dd-dd-dddd with a group of 01 to 49   485,100            2 digits of check, in a
 *                                             (never given out)                                         range
 *
 * What has not the form that its type is of is no fake's business: the caller makes it a pseudonym. A pure core. */
#ifndef FILTERS_STRATEGY_FAKE_H
#define FILTERS_STRATEGY_FAKE_H

#include "common/buffer.h"
#include "filters/key.h"

#include <stdbool.h>

enum fake_type {
    FAKE_EMAIL,
    FAKE_NAME,
    FAKE_STREET,
    FAKE_PHONE,
    FAKE_ZIP,
    FAKE_CARD,
    FAKE_IBAN,
    FAKE_IP,
    FAKE_MAC,
    FAKE_UUID,
    FAKE_DIGITS,
    FAKE_DATE,
    FAKE_SSN,
};
#define FAKE_TYPES     13
#define FAKE_VALUE_MAX 256 /* longer values have no form */

/* Returns "email", "name", ... Static. */
const char *fake_type_name(enum fake_type type);
/* Returns how many fakes of |type| there are, and how one is recognised, as the table says. Static. */
const char *fake_type_domain(enum fake_type type);
const char *fake_type_known_by(enum fake_type type);
/* Appends the fake of |value| to |out|; |value| itself where it is one already, or empty. |subject| tells whom a date is about; where it is
 * empty, the date itself does. Returns false, with |out| as it was, where |value| has not the form of |type|. */
bool fake_make(const struct keys *keys, enum fake_type type, struct bytes value, struct bytes subject,
               struct buffer *out);
/* Returns whether all of |value| is a fake of |type|: carries a check that is right under |recognition_key|, or lies in the range of the type. */
bool fake_is(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum fake_type type, struct bytes value);

#endif
