#include "tests/unit/filters/detect_kit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS "0123456789"
#define UPPERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWERS "abcdefghijklmnopqrstuvwxyz"
#define WORD   DIGITS UPPERS LOWERS
#define HEX    DIGITS "abcdef"

uint32_t kit_draw(struct kit *kit, uint32_t below)
{
    kit->state ^= kit->state << 13;
    kit->state ^= kit->state >> 7;
    kit->state ^= kit->state << 17;
    return (uint32_t)((kit->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static void put(struct kit *kit, struct buffer *out, const char *alphabet, unsigned count)
{
    uint32_t size = (uint32_t)strlen(alphabet);
    while (count-- > 0)
        buffer_append_byte(out, (uint8_t)alphabet[kit_draw(kit, size)]);
}

#define PICK(kit, list) ((list)[kit_draw((kit), sizeof(list) / sizeof(list)[0])])

static const char *const firsts[] = {"john",     "Mary", "li.wei", "anna-maria", "o.brien",
                                     "jean_luc", "x",    "SVEN",   "fatima",     "noor"};
static const char *const lasts[] = {"doe", "Smith",  "garcia", "mueller", "Ivanova",
                                    "tan", "okafor", "silva",  "berg",    "kaur"};
static const char *const hosts[] = {"example.org",         "mail.example.net", "gmail.test",
                                    "shop.example.co.uk",  "UNI.EXAMPLE.EDU",  "x-y.example.io",
                                    "firma.example.travel"};

static void put_email(struct kit *kit, struct buffer *out)
{
    buffer_append_text(out, PICK(kit, firsts));
    if (kit_draw(kit, 2))
        buffer_printf(out, ".%s", PICK(kit, lasts));
    if (kit_draw(kit, 3) == 0)
        buffer_printf(out, "+%s", PICK(kit, lasts));
    if (kit_draw(kit, 2))
        put(kit, out, DIGITS, 1 + kit_draw(kit, 4));
    buffer_printf(out, "@%s", PICK(kit, hosts));
}

/* Public test ranges of the brands, with their lengths and usual groups. */
static const struct {
    const char *prefix;
    unsigned length, groups[5];
} brands[] = {
    {"4", 16, {4, 4, 4, 4}},       {"51", 16, {4, 4, 4, 4}},   {"55", 16, {4, 4, 4, 4}},
    {"2221", 16, {4, 4, 4, 4}},    {"2720", 16, {4, 4, 4, 4}}, {"34", 15, {4, 6, 5}},
    {"37", 15, {4, 6, 5}},         {"6011", 16, {4, 4, 4, 4}}, {"65", 16, {4, 4, 4, 4}},
    {"3530", 16, {4, 4, 4, 4}},    {"36", 14, {4, 6, 4}},      {"305", 14, {4, 6, 4}},
    {"4", 19, {4, 4, 4, 4, 3}},    {"4", 13, {4, 4, 5}},       {"62", 16, {4, 4, 4, 4}},
    {"62", 19, {4, 4, 4, 4, 3}},   {"6304", 12, {4, 4, 4}},    {"5018", 12, {4, 4, 4}},
    {"6759", 19, {4, 4, 4, 4, 3}}, {"2200", 16, {4, 4, 4, 4}},
};

static uint8_t luhn_digit(const uint8_t *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i] - '0';
        if (i % 2 == 0)
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return (uint8_t)('0' + (10 - sum % 10) % 10);
}

static void put_card(struct kit *kit, struct buffer *out)
{
    unsigned brand = kit_draw(kit, sizeof brands / sizeof brands[0]);
    struct buffer digits = {0};
    buffer_append_text(&digits, brands[brand].prefix);
    put(kit, &digits, DIGITS, brands[brand].length - 1 - (unsigned)digits.size);
    buffer_append_byte(&digits, luhn_digit(digits.data, digits.size));
    const char *separators[] = {"", "", " ", "-"};
    const char *separator = PICK(kit, separators);
    size_t at = 0;
    for (unsigned i = 0; i < 5 && brands[brand].groups[i]; i++) {
        if (i)
            buffer_append_text(out, separator);
        buffer_append(out, digits.data + at, brands[brand].groups[i]);
        at += brands[brand].groups[i];
    }
    assert(at == digits.size);
    buffer_free(&digits);
}

/* The form of a country's BBAN: n digits, a letters, c either. */
static const char *const ibans[] = {"DEnnnnnnnnnnnnnnnnnn",
                                    "GBaaaannnnnnnnnnnnnn",
                                    "FRnnnnnnnnnncccccccccccnn",
                                    "NOnnnnnnnnnnn",
                                    "ESnnnnnnnnnnnnnnnnnnnn",
                                    "NLaaaannnnnnnnnn",
                                    "CHnnnnncccccccccccc",
                                    "ITannnnnnnnnncccccccccccc",
                                    "PLnnnnnnnnnnnnnnnnnnnnnnnn",
                                    "MTaaaannnnncccccccccccccccccc",
                                    "BEnnnnnnnnnnnn",
                                    "SEnnnnnnnnnnnnnnnnnnnn"};

static void put_iban(struct kit *kit, struct buffer *out)
{
    const char *form = PICK(kit, ibans);
    char text[40];
    size_t size = strlen(form);
    for (size_t i = 2; i < size; i++) {
        const char *alphabet = form[i] == 'n' ? DIGITS : form[i] == 'a' ? UPPERS : DIGITS UPPERS;
        text[i] = alphabet[kit_draw(kit, (uint32_t)strlen(alphabet))];
    }
    unsigned remainder = 0;
    char tail[] = {form[0], form[1], '0', '0'};
    for (size_t i = 2; i < size + 4; i++) {
        char c = i < size ? text[i] : tail[i - size];
        remainder = c >= 'A' ? (remainder * 100 + (unsigned)(c - 'A') + 10) % 97
                             : (remainder * 10 + (unsigned)(c - '0')) % 97;
    }
    char all[48];
    snprintf(all, sizeof all, "%c%c%02u%.*s", form[0], form[1], 98 - remainder, (int)(size - 2), text + 2);
    bool spaced = kit_draw(kit, 3) == 0, lower = kit_draw(kit, 3) == 0;
    for (size_t i = 0; all[i]; i++) {
        if (spaced && i > 0 && i % 4 == 0)
            buffer_append_byte(out, ' ');
        buffer_append_byte(out, (uint8_t)(lower && all[i] >= 'A' ? all[i] | 0x20 : all[i]));
    }
}

static void put_ssn(struct kit *kit, struct buffer *out, const char **ret_name)
{
    unsigned area = 1 + kit_draw(kit, 899), group = 1 + kit_draw(kit, 99), serial = 1 + kit_draw(kit, 9999);
    if (kit_draw(kit, 8) == 0) {
        area = 900 + kit_draw(kit, 100);
        group = 70 + kit_draw(kit, 19);
    }
    area = area == 666 ? 667 : area;
    const char *separators[] = {"-", "-", " ", ""};
    const char *separator = PICK(kit, separators);
    *ret_name = *separator ? "" : "customer_ssn";
    buffer_printf(out, "%03u%s%02u%s%04u", area, separator, group, separator, serial);
}

static void put_phone(struct kit *kit, struct buffer *out, const char **ret_name)
{
    switch (kit_draw(kit, 6)) {
    case 0:
        buffer_printf(out, "+1%u%03u%04u", 200 + kit_draw(kit, 800), kit_draw(kit, 1000),
                      kit_draw(kit, 10000));
        break;
    case 1:
        buffer_printf(out, "+44 20 %04u %04u", kit_draw(kit, 10000), kit_draw(kit, 10000));
        break;
    case 2:
        buffer_printf(out, "+1 (%u) %03u-%04u", 200 + kit_draw(kit, 800), kit_draw(kit, 1000),
                      kit_draw(kit, 10000));
        break;
    case 3:
        buffer_printf(out, "+49-151-%07u", kit_draw(kit, 10000000));
        break;
    case 4:
        buffer_printf(out, "+91%010u", 700000000 + kit_draw(kit, 99999999));
        break;
    default:
        *ret_name = "homePhone";
        buffer_printf(out, "(%u) %03u-%04u", 200 + kit_draw(kit, 800), kit_draw(kit, 1000),
                      kit_draw(kit, 10000));
    }
}

static void put_ipv6(struct kit *kit, struct buffer *out)
{
    unsigned skip = kit_draw(kit, 3) ? 2 + kit_draw(kit, 4) : 8,
             length = skip < 8 ? 1 + kit_draw(kit, 7 - skip) : 0;
    const char *alphabet = kit_draw(kit, 4) ? HEX : DIGITS "ABCDEF";
    buffer_append_text(out, kit_draw(kit, 2) ? "2001" : "fd0b");
    for (unsigned i = 1; i < 8; i++) {
        if (i >= skip && i < skip + length) {
            if (i == skip)
                buffer_append_text(out, "::");
            continue;
        }
        if (i != skip + length || length == 0)
            buffer_append_byte(out, ':');
        put(kit, out, alphabet, 1 + kit_draw(kit, 4));
    }
}

static unsigned weigh(const char *digits, const char *weights)
{
    unsigned sum = 0;
    for (size_t i = 0; weights[i]; i++)
        sum += (unsigned)(digits[i] - '0') * (unsigned)(weights[i] - '0');
    return sum;
}

static void put_national(struct kit *kit, struct buffer *out, const char **ret_name)
{
    char digits[16] = "";
    for (;;) {
        unsigned kind = kit_draw(kit, 5);
        for (unsigned i = 0; i < 12; i++)
            digits[i] = (char)('1' + kit_draw(kit, 9));
        unsigned check;
        switch (kind) {
        case 0: /* NHS: weights 10 to 2 */
            check = 11 - (weigh(digits, "987654321") + weigh(digits, "111111111")) % 11;
            if (check == 10)
                continue;
            *ret_name = "nhs_number";
            buffer_printf(out, "%.3s %.3s %.3s%u", digits, digits + 3, digits + 6, check % 11);
            return;
        case 1:
            *ret_name = "pesel";
            buffer_printf(out, "%.10s%u", digits, (10 - weigh(digits, "1379137913") % 10) % 10);
            return;
        case 2: /* BSN */
            check = weigh(digits, "98765432") % 11;
            if (check == 10)
                continue;
            *ret_name = "bsn";
            buffer_printf(out, "%.8s%u", digits, check);
            return;
        case 3: /* DNI */
            *ret_name = "dni";
            digits[8] = 0;
            buffer_printf(out, "%s%c", digits, "TRWAGMYFPDXBNJZSQVHLCKE"[strtoul(digits, NULL, 10) % 23]);
            return;
        default: /* TFN */
            digits[8] = '0';
            for (check = 0; check < 10; check++) {
                digits[8] = (char)('0' + check);
                if ((weigh(digits, "14375869") + check * 10) % 11 == 0)
                    break;
            }
            if (check == 10)
                continue;
            *ret_name = "taxFileNumber";
            buffer_printf(out, "%.9s", digits);
            return;
        }
    }
}

static void put_base64(struct buffer *out, bool url, bool pad, struct bytes plain)
{
    const char *alphabet = url ? UPPERS LOWERS DIGITS "-_" : UPPERS LOWERS DIGITS "+/";
    for (size_t i = 0; i < plain.size; i += 3) {
        uint32_t word = (uint32_t)plain.data[i] << 16;
        word |= i + 1 < plain.size ? (uint32_t)plain.data[i + 1] << 8 : 0;
        word |= i + 2 < plain.size ? plain.data[i + 2] : 0;
        for (unsigned j = 0; j < 4; j++)
            if (i + j <= plain.size)
                buffer_append_byte(out, (uint8_t)alphabet[word >> (18 - 6 * j) & 63]);
            else if (pad)
                buffer_append_byte(out, '=');
    }
}

static void put_jwt(struct kit *kit, struct buffer *out)
{
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                                          "{\"alg\":\"RS256\",\"kid\":\"a1\"}",
                                          "{\"typ\":\"JWT\",\"alg\":\"ES256\"}", "{\"alg\":\"none\"}"};
    struct buffer claims = {0};
    put_base64(out, true, false, bytes_of(PICK(kit, headers)));
    buffer_printf(&claims, "{\"sub\":\"%u\",\"iat\":17%u,\"name\":\"%s\"}", kit_draw(kit, 1000000),
                  10000000 + kit_draw(kit, 1000000), PICK(kit, firsts));
    buffer_append_byte(out, '.');
    put_base64(out, true, false, buffer_bytes(&claims));
    buffer_append_byte(out, '.');
    put(kit, out, WORD "-_", 43);
    buffer_free(&claims);
}

static void put_basic(struct kit *kit, struct buffer *out)
{
    struct buffer plain = {0};
    buffer_append_text(&plain, PICK(kit, firsts));
    buffer_append_byte(&plain, ':');
    put(kit, &plain, WORD "!#$%&*:@/", 4 + kit_draw(kit, 16));
    buffer_append_text(out, "Basic ");
    put_base64(out, false, true, buffer_bytes(&plain));
    buffer_free(&plain);
}

static void put_auth(struct kit *kit, struct buffer *out)
{
    static const char *const schemes[] = {"Bearer ", "Negotiate ", "NTLM ", "bearer "};
    switch (kit_draw(kit, 4)) {
    case 0:
        buffer_append_text(out, "Digest username=\"");
        buffer_append_text(out, PICK(kit, firsts));
        buffer_append_text(out, "\", realm=\"shop\", response=\"");
        put(kit, out, HEX, 32);
        buffer_append_text(out, "\"");
        break;
    case 1:
        buffer_append_text(out, "AWS4-HMAC-SHA256 Credential=AKID");
        put(kit, out, UPPERS DIGITS, 16);
        buffer_append_text(out,
                           "/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=");
        put(kit, out, HEX, 64);
        break;
    default:
        buffer_append_text(out, PICK(kit, schemes));
        put(kit, out, WORD, 24 + kit_draw(kit, 40));
    }
}

static void put_private_key(struct kit *kit, struct buffer *out)
{
    static const char *const labels[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY",
                                         "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"};
    const char *label = PICK(kit, labels);
    buffer_printf(out, "-----BEGIN %s-----\n", label);
    for (unsigned i = 0; i < 3; i++) {
        put(kit, out, WORD "+/", 64);
        buffer_append_byte(out, '\n');
    }
    buffer_printf(out, "-----END %s-----", label);
}

static const struct {
    const char *prefix, *alphabet;
    unsigned length;
} tokens[] = {
    {"AKIA", UPPERS DIGITS, 16},
    {"ASIA", UPPERS DIGITS, 16},
    {"AIza", WORD "-_", 35},
    {"ghp_", WORD, 36},
    {"gho_", WORD, 36},
    {"github_pat_", WORD "_", 82},
    {"glpat-", WORD "-_", 20},
    {"xoxb-123456789012-", WORD, 30},
    {"xoxp-", WORD "-", 60},
    {"xapp-1-", WORD, 60},
    {"sk_"
     "live_",
     WORD, 24},
    {"rk_"
     "live_",
     WORD, 24},
    {"whsec_", WORD, 32},
    {"SG."
     "abcdefghijklmnopqrstuv.",
     WORD "-_", 43},
    {"npm_", WORD, 36},
    {"pypi-AgEIcHlwaS5vcmc", WORD "-_", 60},
    {"dop_v1_", HEX, 64},
    {"shpat_", HEX, 32},
    {"sk-ant-api03-", WORD "-_", 80},
    {"sk-proj-", WORD, 48},
    {"hf_", UPPERS LOWERS, 34},
    {"hvs.", WORD, 24},
    {"AC", HEX, 32},
    {"110201543:AA", WORD "-_", 33},
    {"ya29.", WORD "-_", 60},
    {"glsa_", WORD, 32},
};

static void put_token(struct kit *kit, struct buffer *out)
{
    unsigned kind = kit_draw(kit, sizeof tokens / sizeof tokens[0]);
    buffer_append_text(out, tokens[kind].prefix);
    put(kit, out, tokens[kind].alphabet, tokens[kind].length - 1);
    put(kit, out, strcmp(tokens[kind].alphabet, HEX) == 0 ? HEX : UPPERS DIGITS,
        1); /* never ends with a dash */
}

static void put_url(struct kit *kit, struct buffer *out)
{
    static const char *const schemes[] = {"postgres", "mysql", "mongodb+srv", "redis",
                                          "amqp",     "https", "ftp",         "smtp"};
    buffer_printf(out, "%s://%s:", PICK(kit, schemes), PICK(kit, lasts));
    put(kit, out, WORD "!$*-_.", 6 + kit_draw(kit, 14));
    buffer_printf(out, "@db%u.internal:5432/app", kit_draw(kit, 100));
}

static void put_random(struct kit *kit, struct buffer *out, const char **ret_name)
{
    static const char *const names[] = {"api_key", "clientSecret", "X-Auth-Token", "aws_secret_access_key",
                                        "db.password"};
    *ret_name = PICK(kit, names);
    put(kit, out, kit_draw(kit, 2) ? WORD : HEX, 24 + kit_draw(kit, 20));
}

void kit_value(struct kit *kit, enum detect_class class, struct buffer *value, const char **ret_name)
{
    buffer_clear(value);
    *ret_name = "";
    switch (class) {
    case DETECT_EMAIL:
        put_email(kit, value);
        break;
    case DETECT_CARD:
        put_card(kit, value);
        break;
    case DETECT_IBAN:
        put_iban(kit, value);
        break;
    case DETECT_SSN:
        put_ssn(kit, value, ret_name);
        break;
    case DETECT_PHONE:
        put_phone(kit, value, ret_name);
        break;
    case DETECT_IPV4:
        buffer_printf(value, "%u.%u.%u.%u", 1 + (127 + kit_draw(kit, 222)) % 223, kit_draw(kit, 256),
                      kit_draw(kit, 256), 2 + kit_draw(kit, 253));
        break;
    case DETECT_IPV6:
        put_ipv6(kit, value);
        break;
    case DETECT_MAC:
        for (unsigned i = 0, dash = kit_draw(kit, 2); i < 6; i++) {
            if (i)
                buffer_append_byte(value, dash ? '-' : ':');
            put(kit, value, HEX, 2);
        }
        break;
    case DETECT_NATIONAL_ID:
        put_national(kit, value, ret_name);
        break;
    case DETECT_JWT:
        put_jwt(kit, value);
        break;
    case DETECT_BASIC:
        put_basic(kit, value);
        break;
    case DETECT_AUTH:
        put_auth(kit, value);
        break;
    case DETECT_PRIVATE_KEY:
        put_private_key(kit, value);
        break;
    case DETECT_PROVIDER_TOKEN:
        put_token(kit, value);
        break;
    case DETECT_URL_CREDENTIAL:
        put_url(kit, value);
        break;
    case DETECT_HIGH_ENTROPY:
    case DETECT_NAMES:
        put_random(kit, value, ret_name);
        break;
    }
}

const char *kit_coding_name(enum kit_coding coding)
{
    static const char *const names[KIT_CODINGS] = {"plain",
                                                   "percent",
                                                   "percent all",
                                                   "double percent",
                                                   "form",
                                                   "base64",
                                                   "base64 +1",
                                                   "base64 +2",
                                                   "base64url",
                                                   "hex",
                                                   "JSON \\u",
                                                   "HTML",
                                                   "quoted-printable",
                                                   "soft breaks",
                                                   "UTF-16",
                                                   "base64 in percent"};
    return names[coding];
}

static bool is_unreserved(uint8_t byte)
{
    return byte && strchr(WORD "-._~", byte);
}

static void put_percent(struct buffer *out, struct bytes value, bool all, bool plus)
{
    for (size_t i = 0; i < value.size; i++)
        if (plus && value.data[i] == ' ')
            buffer_append_byte(out, '+');
        else if (!all && is_unreserved(value.data[i]))
            buffer_append_byte(out, value.data[i]);
        else
            buffer_printf(out, "%%%02X", value.data[i]);
}

static void put_shifted(struct kit *kit, struct buffer *out, struct bytes value, unsigned shift)
{
    struct buffer plain = {0};
    put(kit, &plain, " ,;\"", shift);
    buffer_append_bytes(&plain, value);
    put(kit, &plain, " ,;\"", shift);
    put_base64(out, false, true, buffer_bytes(&plain));
    buffer_free(&plain);
}

void kit_wrap(struct kit *kit, enum kit_coding coding, struct bytes value, struct buffer *out)
{
    struct buffer inner = {0};
    bool other = kit_draw(kit, 2);
    switch (coding) {
    case KIT_PERCENT:
    case KIT_PERCENT_ALL:
        put_percent(out, value, coding == KIT_PERCENT_ALL, false);
        break;
    case KIT_DOUBLE_PERCENT:
        put_percent(&inner, value, false, false);
        put_percent(out, buffer_bytes(&inner), false, false);
        break;
    case KIT_FORM:
        put_percent(out, value, false, true);
        break;
    case KIT_BASE64:
    case KIT_BASE64URL:
        put_base64(out, coding == KIT_BASE64URL, coding == KIT_BASE64, value);
        break;
    case KIT_BASE64_SHIFT1:
    case KIT_BASE64_SHIFT2:
        put_shifted(kit, out, value, coding == KIT_BASE64_SHIFT1 ? 1 : 2);
        break;
    case KIT_BASE64_PERCENT:
        put_base64(&inner, false, true, value);
        put_percent(out, buffer_bytes(&inner), true, false);
        break;
    default:
        for (size_t i = 0; i < value.size; i++) {
            uint8_t byte = value.data[i];
            if (coding == KIT_HEX)
                buffer_printf(out, other ? "%02x" : "%02X", byte);
            else if (coding == KIT_JSON)
                buffer_printf(out, "\\u%04x", byte);
            else if (coding == KIT_HTML)
                buffer_printf(out, other ? "&#%u;" : "&#x%x;", byte);
            else if (coding == KIT_QUOTED)
                buffer_printf(out, "=%02X", byte);
            else if (coding == KIT_UTF16 && !other)
                buffer_append_byte(out, 0);
            if (coding == KIT_QUOTED_BROKEN && i % 5 == 4)
                buffer_append_text(out, "=\r\n");
            if (coding == KIT_PLAIN || coding == KIT_QUOTED_BROKEN || coding == KIT_UTF16)
                buffer_append_byte(out, byte);
            if (coding == KIT_UTF16 && other)
                buffer_append_byte(out, 0);
        }
    }
    buffer_free(&inner);
}

static const char *const control_names[KIT_CONTROLS] = {
    "UUID",
    "ETag",
    "MD5, SHA-1",
    "SHA-256",
    "SHA in base64",
    "timestamp",
    "tracking number",
    "order id of 16 digits",
    "version",
    "float",
    "colour",
    "image in base64",
    "words",
    "User-Agent",
    "URL",
    "id of 12 letters and digits",
};

const char *kit_control_name(unsigned kind)
{
    return control_names[kind];
}

static void put_uuid(struct kit *kit, struct buffer *out)
{
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    for (unsigned i = 0; i < 5; i++) {
        if (i)
            buffer_append_byte(out, '-');
        put(kit, out, HEX, groups[i]);
    }
}

static void put_time(struct kit *kit, struct buffer *out)
{
    unsigned month = 1 + kit_draw(kit, 12), day = 1 + kit_draw(kit, 28), hour = kit_draw(kit, 24),
             minute = kit_draw(kit, 60);
    switch (kit_draw(kit, 5)) {
    case 0:
        buffer_printf(out, "2026-%02u-%02uT%02u:%02u:%02u.%06uZ", month, day, hour, minute, kit_draw(kit, 60),
                      kit_draw(kit, 1000000));
        break;
    case 1:
        buffer_printf(out, "17%08u%03u", kit_draw(kit, 100000000), kit_draw(kit, 1000));
        break;
    case 2:
        buffer_printf(out, "2026-%02u-%02u %02u:%02u:%02u+02:00", month, day, hour, minute,
                      kit_draw(kit, 60));
        break;
    case 3:
        buffer_printf(out, "Sat, %02u Nov 2026 %02u:%02u:%02u GMT", day, hour, minute, kit_draw(kit, 60));
        break;
    default:
        buffer_printf(out, "2026%02u%02u%02u%02u%02u", month, day, hour, minute, kit_draw(kit, 60));
    }
}

static void put_tracking(struct kit *kit, struct buffer *out)
{
    switch (kit_draw(kit, 3)) {
    case 0:
        buffer_append_text(out, "1Z");
        put(kit, out, UPPERS DIGITS, 16);
        break;
    case 1:
        put(kit, out, DIGITS, 12);
        break;
    default:
        put(kit, out, UPPERS, 2);
        put(kit, out, DIGITS, 9);
        buffer_append_text(out, "DE");
    }
}

void kit_control(struct kit *kit, unsigned kind, struct buffer *value, const char **ret_name)
{
    static const char *const names[KIT_CONTROLS] = {
        "id",      "etag",  "md5",    "sha256", "digest", "created_at", "tracking", "order_id",
        "version", "ratio", "colour", "image",  "text",   "user_agent", "url",      "sku"};
    struct buffer raw = {0};
    buffer_clear(value);
    *ret_name = kit_draw(kit, 2) ? names[kind] : "";
    switch (kind) {
    case 0:
        put_uuid(kit, value);
        break;
    case 1:
        buffer_append_text(value, kit_draw(kit, 2) ? "W/\"" : "\"");
        put(kit, value, kit_draw(kit, 2) ? HEX : WORD "-_", 16 + kit_draw(kit, 20));
        buffer_append_text(value, "\"");
        break;
    case 2:
        put(kit, value, HEX, kit_draw(kit, 2) ? 32 : 40);
        break;
    case 3:
        put(kit, value, HEX, 64);
        break;
    case 4:
    case 11:
        for (unsigned i = kind == 4 ? 32 : 600; i > 0; i--)
            buffer_append_byte(&raw, (uint8_t)kit_draw(kit, 256));
        buffer_append_text(value, kind == 4 ? "sha-256=:" : "data:image/png;base64,iVBORw0KGgoA");
        put_base64(value, false, true, buffer_bytes(&raw));
        break;
    case 5:
        put_time(kit, value);
        break;
    case 6:
        put_tracking(kit, value);
        break;
    case 7:
        put(kit, value, DIGITS + 1, 1);
        put(kit, value, DIGITS, 15);
        break;
    case 8:
        buffer_printf(value, kit_draw(kit, 2) ? "%u.%u.%u" : "v%u.%u.%u.%u", kit_draw(kit, 20),
                      kit_draw(kit, 40), kit_draw(kit, 200), kit_draw(kit, 100));
        break;
    case 9:
        buffer_printf(value, "%s%u.%u%u", kit_draw(kit, 2) ? "" : "-", kit_draw(kit, 1000),
                      kit_draw(kit, 100000000), kit_draw(kit, 100000000));
        break;
    case 10:
        buffer_append_byte(value, '#');
        put(kit, value, HEX, kit_draw(kit, 2) ? 6 : 8);
        break;
    case 12:
        for (unsigned i = 0; i < 8; i++)
            buffer_printf(value, "%s%s", i ? " " : "", i % 2 ? PICK(kit, firsts) : PICK(kit, lasts));
        break;
    case 13:
        buffer_printf(value,
                      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%u.0.%u.%u Safari/537.36",
                      kit_draw(kit, 200), kit_draw(kit, 9000), kit_draw(kit, 250));
        break;
    case 14:
        buffer_printf(value, "https://shop%u.example.org/%s/%s?page=%u&sort=%s", kit_draw(kit, 100),
                      PICK(kit, lasts), PICK(kit, firsts), kit_draw(kit, 100), PICK(kit, lasts));
        break;
    default:
        put(kit, value, UPPERS DIGITS, 12);
    }
    buffer_free(&raw);
}
