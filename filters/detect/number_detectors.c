#include "filters/detect/number_detectors.h"

#include "filters/detect/detect_chars.h"

#define CARD_DIGITS_MAX 19

/* Which first digits (as the first six of a number) come with which lengths: bit n of |lengths| is n digits. */
struct issuer {
    uint32_t first, last, lengths;
};

#define LENGTH(count)        (UINT32_C(1) << (count))
#define FROM_TO(first, last) ((LENGTH((last) + 1) - 1) & ~(LENGTH(first) - 1))

static const struct issuer issuers[] = {
    {60400, 60499, FROM_TO(12, 19)},                        /* Maestro */
    {180000, 180099, LENGTH(15)},                           /* JCB, old */
    {213100, 213199, LENGTH(15)},                           /* JCB, old */
    {220000, 220499, FROM_TO(16, 19)},                      /* Mir */
    {222100, 272099, LENGTH(16)},                           /* Mastercard */
    {300000, 305999, FROM_TO(14, 19)},                      /* Diners Club */
    {309500, 309599, FROM_TO(14, 19)},                      /* Diners Club */
    {340000, 349999, LENGTH(15)},                           /* American Express */
    {350000, 359999, FROM_TO(16, 19)},                      /* JCB, and what is held for it */
    {360000, 369999, FROM_TO(14, 19)},                      /* Diners Club */
    {370000, 379999, LENGTH(15)},                           /* American Express */
    {380000, 399999, FROM_TO(14, 19)},                      /* Diners Club */
    {400000, 499999, LENGTH(13) | LENGTH(16) | LENGTH(19)}, /* Visa */
    {500000, 509999, FROM_TO(12, 19)},                      /* Maestro, Elo, Verve */
    {510000, 559999, LENGTH(16)},                           /* Mastercard */
    {560000, 589999, FROM_TO(12, 19)},                      /* Maestro */
    {601100, 601199, FROM_TO(16, 19)},                      /* Discover */
    {606282, 606282, LENGTH(16)},                           /* Hipercard */
    {608000, 609999, LENGTH(16)},                           /* RuPay */
    {620000, 629999, FROM_TO(16, 19)},                      /* UnionPay */
    {630400, 630499, FROM_TO(12, 19)},                      /* Maestro */
    {636000, 639999, FROM_TO(16, 19)},                      /* InterPayment, Elo */
    {644000, 659999, FROM_TO(16, 19)},                      /* Discover */
    {670000, 679999, FROM_TO(12, 19)},                      /* Maestro */
    {810000, 819999, FROM_TO(16, 19)},                      /* UnionPay */
    {979200, 979299, LENGTH(16)},                           /* Troy */
};

static bool issuer_fits(const uint8_t *digits, size_t count)
{
    uint32_t first = 0;
    for (unsigned i = 0; i < 6; i++)
        first = first * 10 + (digits[i] - '0');
    for (size_t i = 0; i < sizeof issuers / sizeof issuers[0]; i++)
        if (first >= issuers[i].first && first <= issuers[i].last)
            return issuers[i].lengths & LENGTH(count);
    return false;
}

static bool luhn_fits(const uint8_t *digits, size_t count)
{
    static const uint8_t doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digits[i] - '0';
        sum += (count - i) % 2 ? digit : doubled[digit];
    }
    return sum % 10 == 0;
}

bool card_is_valid(const uint8_t *digits, size_t count)
{
    return count >= 12 && count <= CARD_DIGITS_MAX && issuer_fits(digits, count) && luhn_fits(digits, count);
}

/* Whether a number may begin at |at|: not inside a word or a decimal fraction. */
static bool number_starts(struct bytes text, size_t at)
{
    return value_starts(text, at) &&
           !(at >= 2 && text.data[at - 1] == '.' && char_is(text.data[at - 2], CHAR_DIGIT));
}

static bool number_ends(struct bytes text, size_t at)
{
    return value_ends(text, at) &&
           !(at + 1 < text.size && text.data[at] == '.' && char_is(text.data[at + 1], CHAR_DIGIT));
}

/* The last group of a UUID: hexadecimal groups before it, dashes between. */
static bool in_uuid(struct bytes text, size_t at)
{
    if (at < 24)
        return false;
    for (size_t i = 0; i < 24; i++) {
        uint8_t byte = text.data[at - 24 + i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? byte != '-' : !char_is(byte, CHAR_HEX))
            return false;
    }
    return true;
}

size_t card_at(struct bytes text, size_t at)
{
    if (!number_starts(text, at))
        return 0;
    uint8_t digits[CARD_DIGITS_MAX];
    size_t count = 0, found = 0, group = 0, end = at;
    uint8_t separator = 0;
    bool grouped = false;
    while (end < text.size && count < CARD_DIGITS_MAX) {
        uint8_t byte = text.data[end];
        if (char_is(byte, CHAR_DIGIT)) {
            digits[count++] = byte;
            group++;
            end++;
            if (grouped && group > 7)
                return found;
            if (count >= 12 && !char_at(text, end, CHAR_DIGIT) && number_ends(text, end) &&
                card_is_valid(digits, count))
                found = end - at;
            continue;
        }
        /* Groups are of three to seven digits, the last one of any number up to seven. */
        if ((byte != ' ' && byte != '-') || !char_at(text, end + 1, CHAR_DIGIT) || group < 3 || group > 7 ||
            (grouped && byte != separator))
            break;
        separator = byte;
        grouped = true;
        group = 0;
        end++;
    }
    return found && !grouped && in_uuid(text, at) ? 0 : found;
}

/* Country and length (ISO 13616 registry, and those that use the format without being in it). */
static const char iban_countries[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ2"
                                     "7DK18DO28EE20EG29ES24FI18FK18FO18FR27"
                                     "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB2"
                                     "8LC32LI21LT20LU20LV21LY25MA28MC27MD24"
                                     "ME22MG27MK19ML28MN20MR27MT31MU30MZ25NI28NL18NO15OM23PK24PL28PS29PT25QA2"
                                     "9RO24RS22RU33SA24SC31SD18SE24SI19SK24"
                                     "SM27SN28SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30AO25BF28BJ28CF27CG2"
                                     "7CI28CM27CV25DZ26GA27GQ27GW25IR26KM27"
                                     "NE28TD27TG28";

static size_t iban_length(uint8_t first, uint8_t second)
{
    for (const char *row = iban_countries; *row; row += 4)
        if (row[0] == first && row[1] == second)
            return (size_t)(row[2] - '0') * 10 + (size_t)(row[3] - '0');
    return 0;
}

/* The remainder of the number that a character of an IBAN adds two or one decimal digits to. */
static unsigned mod97_add(unsigned remainder, uint8_t byte)
{
    if (char_is(byte, CHAR_DIGIT))
        return (remainder * 10 + (byte - '0')) % 97;
    return (remainder * 100 + (unsigned)(char_lower(byte) - 'a') + 10) % 97;
}

size_t iban_at(struct bytes text, size_t at)
{
    if (text.size - at < 15 || !char_is(text.data[at], CHAR_UPPER | CHAR_LOWER) ||
        !char_is(text.data[at + 2], CHAR_DIGIT) || !char_is(text.data[at + 3], CHAR_DIGIT) ||
        !char_is(text.data[at + 1], CHAR_UPPER | CHAR_LOWER) || !value_starts(text, at))
        return 0;
    size_t length = iban_length(text.data[at] & 0xdf, text.data[at + 1] & 0xdf);
    if (length == 0)
        return 0;
    uint8_t head[4];
    size_t end = at, count = 0;
    unsigned remainder = 0;
    while (count < length) {
        if (count > 0 && count % 4 == 0 && end < text.size &&
            (text.data[end] == ' ' || text.data[end] == '-'))
            end++;
        if (!char_at(text, end, CHAR_WORD))
            return 0;
        if (count < 4)
            head[count] = text.data[end];
        else
            remainder = mod97_add(remainder, text.data[end]);
        count++;
        end++;
    }
    for (unsigned i = 0; i < 4; i++)
        remainder = mod97_add(remainder, head[i]);
    return remainder == 1 && value_ends(text, end) ? end - at : 0;
}

static unsigned digits_value(const uint8_t *digits, size_t count)
{
    unsigned value = 0;
    while (count-- > 0)
        value = value * 10 + (*digits++ - '0');
    return value;
}

/* Areas that are given out: an SSN's, or the 9xx of an ITIN with one of its groups. */
static bool ssn_is_valid(unsigned area, unsigned group, unsigned serial)
{
    if (group == 0 || serial == 0)
        return false;
    if (area >= 900)
        return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) ||
               (group >= 94 && group <= 99);
    return area != 0 && area != 666;
}

size_t ssn_at(struct bytes text, size_t at)
{
    if (text.size - at < 11 || !number_starts(text, at))
        return 0;
    const uint8_t *data = text.data + at;
    for (size_t i = 0; i < 11; i++)
        if (i == 3 || i == 6 ? data[i] != data[3] || (data[i] != '-' && data[i] != ' ')
                             : !char_is(data[i], CHAR_DIGIT))
            return 0;
    /* Not a part of a longer number with dashes. */
    if (!number_ends(text, at + 11) ||
        (at + 12 < text.size && data[11] == '-' && char_is(data[12], CHAR_DIGIT)) ||
        (at >= 2 && data[-1] == '-' && char_is(data[-2], CHAR_DIGIT)))
        return 0;
    return ssn_is_valid(digits_value(data, 3), digits_value(data + 4, 2), digits_value(data + 7, 4)) ? 11 : 0;
}

size_t ssn_bare_at(struct bytes text, size_t at)
{
    if (text.size - at < 9 || !number_starts(text, at) || !number_ends(text, at + 9))
        return 0;
    const uint8_t *data = text.data + at;
    for (size_t i = 0; i < 9; i++)
        if (!char_is(data[i], CHAR_DIGIT))
            return 0;
    return ssn_is_valid(digits_value(data, 3), digits_value(data + 3, 2), digits_value(data + 5, 4)) ? 9 : 0;
}

/* Returns whether country codes begin with the two digits (ITU-T E.164, list of codes assigned). */
static bool country_is_given(const uint8_t *digits)
{
    unsigned first = digits_value(digits, 2);
    return first >= 10 && first != 28 && first != 83 && first != 89;
}

/* Returns whether |count| digits with |dots| dots and |others| other separators between them may be a number with '+'. A signed
 * decimal has one dot, and fewer digits than a number written "+49.1701234567" (RFC 5733). */
static bool phone_fits(const uint8_t *digits, size_t count, unsigned dots, unsigned others)
{
    if (count < 8 || (dots == 1 && others == 0 && count < 10) || !country_is_given(digits))
        return false;
    return digits[0] != '1' || (count == 11 && digits[1] >= '2');
}

size_t phone_at(struct bytes text, size_t at)
{
    if (text.size - at < 9 || text.data[at] != '+' || !char_is(text.data[at + 1], CHAR_DIGIT) ||
        text.data[at + 1] == '0' || !value_starts(text, at))
        return 0;
    uint8_t digits[15];
    size_t count = 0, found = 0;
    unsigned between = 0, dots = 0, others = 0;
    for (size_t end = at + 1; end < text.size && end - at < 40; end++) {
        uint8_t byte = text.data[end];
        if (char_is(byte, CHAR_DIGIT)) {
            if (count == sizeof digits)
                break; /* too long for one: what came before the last blank may be it */
            digits[count++] = byte;
            if (number_ends(text, end + 1) && !char_at(text, end + 1, CHAR_DIGIT) &&
                phone_fits(digits, count, dots, others))
                found = end + 1 - at;
            between = 0;
            continue;
        }
        if ((byte != ' ' && byte != '-' && byte != '.' && byte != '(' && byte != ')' && byte != '/') ||
            ++between > 2)
            break;
        dots += byte == '.';
        others += byte != '.';
    }
    return found;
}

bool phone_is_plausible(struct bytes value)
{
    size_t digits = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (char_is(byte, CHAR_DIGIT))
            digits++;
        else if (byte == 0 || !strchr(" +-./()", byte))
            return false;
    }
    return digits >= 7 && digits <= 15 && value.size <= 40;
}
