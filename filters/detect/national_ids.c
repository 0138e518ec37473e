#include "filters/detect/national_ids.h"

#include "filters/detect/detect_chars.h"
#include "filters/detect/detect_names.h"

#define DIGITS_MAX 12

/* Sum of digits times weights. */
static int weighted(const uint8_t *digits, const int8_t *weights, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += digits[i] * weights[i];
    return sum;
}

static bool verhoeff_fits(const uint8_t *digits, size_t count)
{
    static const uint8_t permute[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                           "9453126870", "4286573901", "2793806415", "7046913258"};
    unsigned check = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = permute[i % 8][digits[count - 1 - i]] - '0';
        /* The dihedral group of order ten. */
        if (check < 5)
            check = digit < 5 ? (check + digit) % 5 : 5 + (check + digit) % 5;
        else
            check = digit < 5 ? 5 + (check + 5 - digit) % 5 : (check + 5 - digit % 5) % 5;
    }
    return check == 0;
}

static bool nhs_fits(const uint8_t *digits)
{
    static const int8_t weights[9] = {10, 9, 8, 7, 6, 5, 4, 3, 2};
    int check = 11 - weighted(digits, weights, 9) % 11;
    return (check == 11 ? 0 : check) == digits[9];
}

static bool pesel_fits(const uint8_t *digits)
{
    static const int8_t weights[11] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    return weighted(digits, weights, 11) % 10 == 0;
}

static bool cpf_fits(const uint8_t *digits)
{
    static const int8_t weights[11] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0};
    int first = weighted(digits, weights + 1, 9) * 10 % 11, second = weighted(digits, weights, 10) * 10 % 11;
    bool same = true;
    for (unsigned i = 1; i < 11; i++)
        same = same && digits[i] == digits[0];
    return !same && first % 10 == digits[9] && second % 10 == digits[10];
}

static bool portuguese_nif_fits(const uint8_t *digits)
{
    static const int8_t weights[8] = {9, 8, 7, 6, 5, 4, 3, 2};
    int check = 11 - weighted(digits, weights, 8) % 11;
    return (check >= 10 ? 0 : check) == digits[8];
}

static bool tfn_fits(const uint8_t *digits, size_t count)
{
    static const int8_t nine[9] = {1, 4, 3, 7, 5, 8, 6, 9, 10}, eight[8] = {10, 7, 8, 4, 6, 3, 5, 1};
    return (count == 9 && weighted(digits, nine, 9) % 11 == 0) ||
           (count == 8 && weighted(digits, eight, 8) % 11 == 0);
}

static bool bsn_fits(const uint8_t *digits, size_t count)
{
    static const int8_t weights[9] = {9, 8, 7, 6, 5, 4, 3, 2, -1};
    return count == 9 && weighted(digits, weights, 9) % 11 == 0;
}

/* DNI: eight digits and a letter; NIE: X, Y or Z instead of the first digit. */
static bool spanish_nif_fits(uint8_t lead, const uint8_t *digits, size_t count, uint8_t letter)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    unsigned value = 0;
    if (count != (lead ? 7u : 8u) || (lead && (lead < 'x' || lead > 'z')))
        return false;
    if (lead)
        value = lead - 'x';
    for (size_t i = 0; i < count; i++)
        value = value * 10 + digits[i];
    return (letter & 0xdf) == letters[value % 23];
}

bool national_id_fits(struct bytes value, uint32_t hints)
{
    uint8_t digits[DIGITS_MAX], lead = 0, letter = 0;
    size_t count = 0, any = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (char_is(byte, CHAR_DIGIT) && count < DIGITS_MAX && !letter) {
            digits[count++] = byte - '0';
            any |= byte - '0';
        } else if (char_is(byte, CHAR_UPPER | CHAR_LOWER) && count == 0 && !lead) {
            lead = byte | 0x20;
        } else if (char_is(byte, CHAR_UPPER | CHAR_LOWER) && count > 0 && !letter) {
            letter = byte;
        } else if (byte != ' ' && byte != '-' && byte != '.' && byte != '/') {
            return false;
        }
    }
    if (any == 0)
        return false;
    if (letter)
        return (hints & HINT_NIF) && spanish_nif_fits(lead, digits, count, letter);
    if (lead)
        return false;
    return ((hints & HINT_AADHAAR) && count == 12 && digits[0] > 1 && verhoeff_fits(digits, 12)) ||
           ((hints & HINT_NHS) && count == 10 && nhs_fits(digits)) ||
           ((hints & HINT_PESEL) && count == 11 && pesel_fits(digits)) ||
           ((hints & HINT_CPF) && count == 11 && cpf_fits(digits)) ||
           ((hints & HINT_NIF) && count == 9 && portuguese_nif_fits(digits)) ||
           ((hints & HINT_TFN) && tfn_fits(digits, count)) || ((hints & HINT_BSN) && bsn_fits(digits, count));
}
