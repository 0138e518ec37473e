#include "filters/strategy/fake_kinds.h"

#include "filters/pseudonym.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

static bool email_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    pseudonym_make_email(keys, value, out);
    return true;
}

static bool email_is(const uint8_t *recognition_key, struct bytes value)
{
    return pseudonym_is(recognition_key, value) && memchr(value.data, '@', value.size);
}

/* Dates are made by another function: they have a subject. */
static const struct {
    const char *name, *domain, *known_by;
    bool (*make)(const struct keys *keys, struct bytes value, struct buffer *out);
    bool (*is)(const uint8_t *recognition_key, struct bytes value);
} types[FAKE_TYPES] = {
    [FAKE_EMAIL] = {"email", "2^128", "64 bits of keyed check", email_make, email_is},
    [FAKE_NAME] = {"name", "2^32, of one word 2^24", "32 bits of keyed check, of one word 24", fake_name_make,
                   fake_name_is},
    [FAKE_STREET] = {"street", "2^36", "24 bits of keyed check", fake_street_make, fake_street_is},
    [FAKE_PHONE] = {"phone", "27,200, of seven digits 100", "range: 555-01xx, which nobody has",
                    fake_phone_make, fake_phone_is},
    [FAKE_ZIP] = {"zip", "500, else 10 or 26 a sign",
                  "range: 00000 to 00499, 00... or Q..., of which some are in use outside the US",
                  fake_zip_make, fake_zip_is},
    [FAKE_CARD] = {"card", "10^(n-8) of n digits", "3 digits of keyed check after 9999", fake_card_make,
                   fake_card_is},
    [FAKE_IBAN] = {"iban", "10^5 to 10^18, by country", "2 to 6 signs of keyed check", fake_iban_make,
                   fake_iban_is},
    [FAKE_IP] = {"ip", "IPv4: 762, IPv6: 2^56", "IPv4: range of RFC 5737, IPv6: 40 bits of keyed check",
                 fake_ip_make, fake_ip_is},
    [FAKE_MAC] = {"mac", "2^20", "20 bits of keyed check", fake_mac_make, fake_mac_is},
    [FAKE_UUID] = {"uuid", "2^74", "48 bits of keyed check", fake_uuid_make, fake_uuid_is},
    [FAKE_DIGITS] = {"digits", "10^(n-n/2) of n digits, of fewer than six 1",
                     "n/2 digits of keyed check, at most 9; of fewer than six: 1 and zeros", fake_number_make,
                     fake_number_is},
    [FAKE_DATE] = {"date", "366 offsets", "range: 1698 to 1899, of which nobody lives", NULL, NULL},
    [FAKE_SSN] = {"ssn", "485,100", "2 digits of keyed check in a range that is never given out",
                  fake_ssn_make, fake_ssn_is},
};

const char *fake_type_name(enum fake_type type)
{
    return types[type].name;
}

const char *fake_type_domain(enum fake_type type)
{
    return types[type].domain;
}

const char *fake_type_known_by(enum fake_type type)
{
    return types[type].known_by;
}

bool fake_make(const struct keys *keys, enum fake_type type, struct bytes value, struct bytes subject,
               struct buffer *out)
{
    if (value.size == 0)
        return true;
    if (fake_is(keys_recognition(keys), type, value)) {
        buffer_append_bytes(out, value);
        return true;
    }
    if (type == FAKE_DATE)
        return fake_date_make(keys, value, subject, out);
    return (value.size <= FAKE_VALUE_MAX || type == FAKE_EMAIL) && types[type].make(keys, value, out);
}

bool fake_is(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum fake_type type, struct bytes value)
{
    if (value.size == 0 || value.size > FAKE_VALUE_MAX)
        return false;
    return type == FAKE_DATE ? fake_date_is(value) : types[type].is(recognition_key, value);
}

struct fake_draw fake_draw_begin(const struct keys *keys, enum fake_type type, struct bytes value)
{
    uint8_t seed[KEYS_TAG_SIZE];
    uint64_t words[2];
    _Static_assert(sizeof words == sizeof seed, "all of the seed");
    keys_fake(keys, (uint8_t)type, value, seed);
    memcpy(words, seed, sizeof words);
    return (struct fake_draw){.left = (unsigned __int128)be64toh(words[0]) << 64 | be64toh(words[1])};
}

uint64_t fake_check(const uint8_t *recognition_key, enum fake_type type, const void *part, size_t size)
{
    uint8_t text[1 + FAKE_VALUE_MAX], hash[crypto_shorthash_BYTES];
    uint64_t check;
    _Static_assert(2 * crypto_shorthash_KEYBYTES == SEGMENT_KEY_SIZE, "pseudonyms have the first half");
    text[0] = (uint8_t)type;
    memcpy(text + 1, part, size);
    crypto_shorthash(hash, text, size + 1, recognition_key + crypto_shorthash_KEYBYTES);
    memcpy(&check, hash, sizeof check);
    return be64toh(check);
}

bool fake_digits_of(struct bytes value, const char *others, struct fake_digits *ret_digits)
{
    ret_digits->count = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        bool digit = byte >= '0' && byte <= '9';
        if (digit ? ret_digits->count == FAKE_DIGITS_MAX : byte == 0 || !strchr(others, byte))
            return false;
        if (digit)
            ret_digits->digits[ret_digits->count++] = byte;
    }
    return ret_digits->count > 0;
}

void fake_digits_put(struct bytes value, const uint8_t *digits, struct buffer *out)
{
    for (size_t i = 0; i < value.size; i++) {
        bool digit = value.data[i] >= '0' && value.data[i] <= '9';
        buffer_append_byte(out, digit ? *digits++ : value.data[i]);
    }
}

void fake_digits_write(uint64_t number, size_t count, uint8_t *ret_digits)
{
    while (count-- > 0) {
        ret_digits[count] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}
