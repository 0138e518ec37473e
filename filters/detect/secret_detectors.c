#include "filters/detect/secret_detectors.h"

#include "filters/detect/detect_chars.h"
#include "filters/detect/detect_names.h"
#include "filters/detect/wrapping.h"

#define HEADER_LOOK    1024 /* characters of a token's header that are decoded */
#define LABEL_MAX      48
#define BASIC_MAX      1024
#define BLANKS_MAX     4 /* after the name of a scheme */
#define RANDOM_LEAST   12
#define JOIN_MAX       24 /* characters between a name and its value: escaped quotes in JSON in JSON are many */
#define TOKEN68_BEFORE 256
#define RANDOM_BEFORE  64
/* In 1024th of a bit a character: of any text, of hexadecimal digits (which have at most four), of letters without digits. */
#define RANDOM_ANY     3584
#define RANDOM_HEX     3072
#define RANDOM_LETTERS 3891

/* Returns the end of the token characters at |at|. */
static size_t part_end(struct bytes text, size_t at)
{
    while (char_at(text, at, CHAR_TOKEN))
        at++;
    return at;
}

/* Decodes at most |max| bytes of base64, either alphabet. Returns how many bytes that gave. */
static size_t decode_base64(struct bytes run, uint8_t *out, size_t max)
{
    uint32_t held = 0;
    unsigned bits = 0;
    size_t used = 0;
    for (size_t i = 0; i < run.size && used < max; i++) {
        int value = wrapping_base64_value(run.data[i]);
        if (value < 0)
            break;
        held = held << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[used++] = (uint8_t)(held >> bits);
        }
    }
    return used;
}

static bool is_header(struct bytes coded)
{
    uint8_t text[HEADER_LOOK / 4 * 3];
    size_t size = decode_base64(coded, text, sizeof text);
    return size > 0 && text[0] == '{' && memmem(text, size, "\"alg\"", 5) != NULL;
}

size_t jwt_at(struct bytes text, size_t at)
{
    if (!text_has(text, at, "ey") || !value_starts(text, at))
        return 0;
    size_t header = part_end(text, at);
    if (header - at < 12 || header >= text.size || text.data[header] != '.')
        return 0;
    size_t look = header - at < HEADER_LOOK ? header - at : HEADER_LOOK;
    if (!is_header(bytes_make(text.data + at, look)))
        return 0;
    size_t payload = part_end(text, header + 1);
    if (payload >= text.size || text.data[payload] != '.')
        return 0;
    size_t end = part_end(text, payload + 1);
    if (end < text.size && text.data[end] == '.' && char_at(text, end + 1, CHAR_TOKEN)) {
        size_t cipher = part_end(text, end + 1);
        if (cipher < text.size && text.data[cipher] == '.' && char_at(text, cipher + 1, CHAR_TOKEN))
            return part_end(text, cipher + 1) - at;
    }
    return payload > header + 1 ? end - at : 0;
}

/* Returns the end of "-----BEGIN LABEL-----", where |begin| is its "BEGIN " or "END ", or 0. */
static size_t armour_end(struct bytes text, size_t at, const char *begin)
{
    if (!text_has(text, at, begin))
        return 0;
    size_t end = at + strlen(begin), start = end;
    while (end < text.size && end - start < LABEL_MAX && text.data[end] != '-')
        end++;
    return text_has(text, end, "-----") ? end + 5 : 0;
}

size_t private_key_at(struct bytes text, size_t at)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    size_t head = armour_end(text, at, begin);
    if (head == 0 || !memmem(text.data + at, head - at, "PRIVATE KEY", 11))
        return 0;
    const uint8_t *found = memmem(text.data + head, text.size - head, end, sizeof end - 1);
    size_t tail = found ? armour_end(text, (size_t)(found - text.data), end) : 0;
    return (tail ? tail : text.size) - at;
}

size_t scheme_token_end(struct bytes text, size_t at)
{
    while (at < text.size &&
           (char_is(text.data[at], CHAR_BASE64) || text.data[at] == '.' || text.data[at] == '~'))
        at++;
    while (at < text.size && text.data[at] == '=')
        at++;
    return at;
}

/* Whether |coded| is a user and a password. */
static bool is_basic(struct bytes coded)
{
    uint8_t text[BASIC_MAX];
    if (coded.size > BASIC_MAX)
        return false;
    size_t size = decode_base64(coded, text, sizeof text);
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] == 0x7f)
            return false;
    return size > 0 && memchr(text, ':', size) != NULL;
}

/* Whether |token| is more than a word of a sentence. */
static bool is_token(struct bytes token)
{
    bool digits = false;
    for (size_t i = 0; i < token.size && !digits; i++)
        digits = char_is(token.data[i], CHAR_DIGIT);
    return digits ? token.size >= 6 : token.size >= 24;
}

/* Schemes with one token, with parameters, and Basic. */
#define SCHEME(name, kind)                                                                                   \
    {                                                                                                        \
        name, sizeof(name) - 1, kind                                                                         \
    }
#define SCHEME_LONGEST 16

static const struct {
    const char *name;
    size_t size;
    enum scheme kind;
} schemes[] = {
    SCHEME("basic", SCHEME_BASIC),
    SCHEME("bearer", SCHEME_TOKEN),
    SCHEME("negotiate", SCHEME_TOKEN),
    SCHEME("ntlm", SCHEME_TOKEN),
    SCHEME("token", SCHEME_TOKEN),
    SCHEME("apikey", SCHEME_TOKEN),
    SCHEME("dpop", SCHEME_TOKEN),
    SCHEME("privatetoken", SCHEME_TOKEN),
    SCHEME("splunk", SCHEME_TOKEN),
    SCHEME("digest", SCHEME_PARAMETERS),
    SCHEME("hawk", SCHEME_PARAMETERS),
    SCHEME("aws4-hmac-sha256", SCHEME_PARAMETERS),
    SCHEME("signature", SCHEME_PARAMETERS),
    SCHEME("oauth", SCHEME_PARAMETERS),
    SCHEME("scram-sha-256", SCHEME_PARAMETERS),
    SCHEME("mac", SCHEME_PARAMETERS),
    SCHEME("gnap", SCHEME_PARAMETERS),
};

enum scheme scheme_before(struct bytes text, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start <= SCHEME_LONGEST && char_is(text.data[start - 1], CHAR_TOKEN))
        start--;
    start = word_begin(text, start, at); /* "\nBasic" */
    struct bytes word = bytes_make(text.data + start, at - start);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (word.size == schemes[i].size &&
            bytes_equal_nocase(word, bytes_make(schemes[i].name, schemes[i].size)))
            return schemes[i].kind;
    return SCHEME_NONE;
}

/* Whether the value of a parameter begins at |at|, and not the quote that ends a JSON string. */
static bool begins_value(struct bytes text, size_t at)
{
    if (at >= text.size || char_is(text.data[at], CHAR_WORD))
        return at < text.size;
    return text.data[at] == '"' && at + 1 < text.size && !detect_parts[text.data[at + 1]];
}

enum scheme scheme_token_at(struct bytes text, size_t at, size_t *ret_size)
{
    size_t before = at;
    while (before > 0 && at - before < BLANKS_MAX && text.data[before - 1] == ' ')
        before--;
    if (before == at || at >= text.size)
        return SCHEME_NONE;
    enum scheme scheme = scheme_before(text, before);
    if (scheme != SCHEME_BASIC && scheme != SCHEME_TOKEN)
        return SCHEME_NONE;
    size_t end = scheme_token_end(text, at);
    *ret_size = end - at;
    if (scheme == SCHEME_BASIC)
        return is_basic(bytes_make(text.data + at, end - at)) ? SCHEME_BASIC : SCHEME_NONE;
    if (end > at && text.data[end - 1] == '=' && begins_value(text, end))
        return SCHEME_NONE; /* of a parameter, not of a token */
    while (end > at && text.data[end - 1] == '.')
        end--;
    *ret_size = end - at;
    return is_token(bytes_make(text.data + at, end - at)) ? SCHEME_TOKEN : SCHEME_NONE;
}

size_t scheme_token_start(struct bytes text, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < TOKEN68_BEFORE &&
           (char_is(text.data[start - 1], CHAR_BASE64) || text.data[start - 1] == '.' ||
            text.data[start - 1] == '~'))
        start--;
    return start;
}

/* Returns the end of a parameter's value at |at|: a quoted string or a token. */
static size_t parameter_end(struct bytes text, size_t at)
{
    if (at < text.size && text.data[at] == '"') {
        size_t end = at + 1;
        while (end < text.size && text.data[end] != '"' && text.data[end] >= ' ')
            end += text.data[end] == '\\' && end + 1 < text.size ? 2 : 1;
        return end < text.size && text.data[end] == '"' ? end + 1 : end;
    }
    while (at < text.size && !char_is(text.data[at], CHAR_STOP) && text.data[at] != ',')
        at++;
    return at;
}

size_t scheme_parameters_around(struct bytes text, size_t equals, size_t *ret_offset)
{
    size_t start = equals;
    while (start > 0 && equals - start < 24 && char_is(text.data[start - 1], CHAR_TOKEN))
        start--;
    if (start == equals || start < 4 || text.data[start - 1] != ' ')
        return 0;
    if (scheme_before(text, start - 1) != SCHEME_PARAMETERS)
        return 0;
    size_t end = equals + 1;
    for (;;) {
        end = parameter_end(text, end);
        size_t next = end;
        while (next < text.size && (text.data[next] == ',' || text.data[next] == ' '))
            next++;
        size_t name = next;
        while (char_at(text, next, CHAR_TOKEN))
            next++;
        if (name == end || next == name || next >= text.size || text.data[next] != '=')
            break;
        end = next + 1;
    }
    *ret_offset = start;
    return end > equals + 1 ? end - start : 0;
}

bool entropy_is_at_least(struct bytes value, unsigned bits)
{
    /* n log2 n in 1024th of a bit. */
    static const uint32_t products[65] = {
        0,      0,      2048,   4869,   8192,   11888,  15882,  20123,  24576,  29214,  34017,
        38967,  44052,  49260,  54582,  60010,  65536,  71155,  76860,  82648,  88513,  94452,
        100462, 106539, 112680, 118883, 125145, 131463, 137836, 144263, 150740, 157266, 163840,
        170460, 177125, 183834, 190584, 197376, 204207, 211078, 217986, 224931, 231913, 238929,
        245980, 253065, 260182, 267331, 274512, 281724, 288965, 296237, 303537, 310866, 318222,
        325606, 333017, 340454, 347917, 355406, 362919, 370458, 378020, 385606, 393216};
    uint8_t counts[256] = {0};
    uint32_t size = value.size < 64 ? (uint32_t)value.size : 64, sum = 0;
    for (uint32_t i = 0; i < size; i++)
        sum += products[counts[value.data[i]] + 1] - products[counts[value.data[i]]], counts[value.data[i]]++;
    return products[size] - sum >= size * bits;
}

/* Whether the name of a key, and what joins a name and its value, stand before |at|. */
static bool key_before(struct bytes text, size_t at)
{
    size_t end = at;
    bool joined = false;
    for (; end > 0 && at - end < JOIN_MAX; end--) {
        uint8_t byte = text.data[end - 1];
        bool joins = byte == ':' || byte == '=' || byte == '>';
        if (!joins && byte != ' ' && byte != '\t' && byte != '"' && byte != '\'' && byte != '\\')
            break;
        joined = joined || joins;
    }
    size_t start = end;
    while (start > 0 && end - start < 40 &&
           (char_is(text.data[start - 1], CHAR_TOKEN) || text.data[start - 1] == '.'))
        start--;
    return joined && start < end &&
           (detect_name_hints(bytes_make(text.data + start, end - start)) & HINT_KEY);
}

size_t random_around(struct bytes text, size_t at, bool named, size_t *ret_offset, size_t *ret_end)
{
    size_t start = at, end = at;
    uint8_t kinds = 0, all = 0xff;
    while (start > 0 && at - start < RANDOM_BEFORE && !detect_parts[text.data[start - 1]])
        start--;
    for (end = start; end < text.size && (end < at || !detect_parts[text.data[end]]); end++) {
        kinds |= detect_chars[text.data[end]];
        all &= detect_chars[text.data[end]];
    }
    while (end < text.size && text.data[end] == '=')
        end++; /* padding */
    *ret_end = end;
    struct bytes value = bytes_make(text.data + start, end - start);
    bool digits = kinds & CHAR_DIGIT, cases = kinds & CHAR_UPPER && kinds & CHAR_LOWER;
    if (value.size < RANDOM_LEAST || !(digits ? kinds & (CHAR_UPPER | CHAR_LOWER) : cases) ||
        !(named || key_before(text, start)))
        return 0;
    unsigned bits = !digits ? RANDOM_LETTERS : all & CHAR_HEX ? RANDOM_HEX : RANDOM_ANY;
    *ret_offset = start;
    return entropy_is_at_least(value, bits) ? value.size : 0;
}
