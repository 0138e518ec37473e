#include "filters/detect/detect_scan.h"

#include "filters/detect/detect_chars.h"
#include "filters/detect/national_ids.h"
#include "filters/detect/net_detectors.h"
#include "filters/detect/number_detectors.h"
#include "filters/detect/provider_tokens.h"
#include "filters/detect/secret_detectors.h"
#include "filters/detect/triggers.h"

/* Adds |size| bytes at |offset|, where there are any. Returns whether. */
static bool found(struct scan *scan, enum detect_class class, size_t offset, size_t size)
{
    if (size > 0)
        scan_add(scan, class, WRAPPING_NONE, offset, size);
    return size > 0;
}

/* User and password of a URL are each a value, and may have percent escapes. */
static void add_userinfo(struct scan *scan, struct bytes part)
{
    if (part.size == 0)
        return;
    bool coded = false;
    for (size_t i = 0; i + 2 < part.size && !coded; i++)
        coded =
            part.data[i] == '%' && char_is(part.data[i + 1], CHAR_HEX) && char_is(part.data[i + 2], CHAR_HEX);
    if (coded && scan_is_ours(scan, WRAPPING_PERCENT, part))
        return;
    scan_add(scan, DETECT_URL_CREDENTIAL, coded ? WRAPPING_PERCENT : WRAPPING_NONE,
             (size_t)(part.data - scan->text.data), part.size);
}

static void at_sign(struct scan *scan, size_t at)
{
    struct bytes user, password;
    if (userinfo_before(scan->text, at, &scan->authority, &user, &password)) {
        add_userinfo(scan, user);
        add_userinfo(scan, password);
        return;
    }
    size_t offset = 0, size = email_around(scan->text, 0, at, &offset);
    found(scan, DETECT_EMAIL, offset, size);
}

/* Whether UTF-16 text of ASCII stands around the zero at |at|: three characters of it. */
static void zero_byte(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    for (unsigned big = 0; big < 2; big++) {
        /* The zero is the second byte of the first unit, or its first. */
        size_t start = big ? at : at - 1;
        bool wide = (big || at > 0) && text.size - start >= 6;
        for (size_t i = 0; i < 6 && wide; i++)
            wide = (i % 2 == (big ? 0u : 1u)) ? text.data[start + i] == 0
                                              : text.data[start + i] >= ' ' && text.data[start + i] < 0x7f;
        if (wide)
            unwrap_region(scan, big ? WRAPPING_UTF16BE : WRAPPING_UTF16LE, start);
    }
}

static void special_byte(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    bool hex = char_at(text, at + 1, CHAR_HEX) && char_at(text, at + 2, CHAR_HEX);
    size_t offset = 0, size;
    switch (text.data[at]) {
    case '@':
        at_sign(scan, at);
        break;
    case '%':
        if (hex) {
            unwrap_region(scan, WRAPPING_PERCENT, at);
            unwrap_region(scan, WRAPPING_FORM, at);
        }
        break;
    case '+':
        found(scan, DETECT_PHONE, at, phone_at(text, at));
        /* A blank between digits, or between the words of an armour. */
        if (at > 0 && char_at(text, at + 1, CHAR_WORD) && char_is(text.data[at - 1], CHAR_DIGIT | CHAR_UPPER))
            unwrap_region(scan, WRAPPING_FORM, at);
        break;
    case '&':
        if (at + 1 < text.size &&
            (text.data[at + 1] == '#' || char_is(text.data[at + 1], CHAR_UPPER | CHAR_LOWER))) {
            uint8_t bytes[WRAPPING_UNIT_MAX];
            size_t count = 0;
            if (wrapping_unit(WRAPPING_HTML, text, at, bytes, &count) > 1)
                unwrap_region(scan, WRAPPING_HTML, at);
        }
        break;
    case '\\':
        if (at + 1 < text.size && (text.data[at + 1] == 'u' || text.data[at + 1] == 'x') &&
            char_at(text, at + 2, CHAR_HEX))
            unwrap_region(scan, WRAPPING_JSON, at);
        break;
    case '=':
        if (hex || (at + 1 < text.size && (text.data[at + 1] == '\r' || text.data[at + 1] == '\n')))
            unwrap_region(scan, WRAPPING_QUOTED_PRINTABLE, at);
        size = scheme_parameters_around(text, at, &offset);
        found(scan, DETECT_AUTH, offset, size);
        break;
    default:
        zero_byte(scan, at);
    }
}

/* Digits, blanks and dashes: payment cards in there. */
static void digits_run(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    if (at < scan->digits_done)
        return;
    while (at > scan->digits_done && char_is(text.data[at - 1], CHAR_DIGIT))
        at--;
    while (at < text.size) {
        size_t size = card_at(text, at);
        found(scan, DETECT_CARD, at, size);
        at += size;
        while (char_at(text, at, CHAR_DIGIT))
            at++;
        if (at + 1 >= text.size || (text.data[at] != ' ' && text.data[at] != '-') ||
            !char_is(text.data[at + 1], CHAR_DIGIT))
            break;
        at++;
    }
    scan->digits_done = at;
}

/* A token after an authentication scheme. Returns its size, or 0. */
static size_t scheme_token(struct scan *scan, size_t at)
{
    size_t size = 0;
    switch (scheme_token_at(scan->text, at, &size)) {
    case SCHEME_NONE:
        return 0;
    case SCHEME_TOKEN:
        found(scan, DETECT_AUTH, at, size);
        return size;
    case SCHEME_BASIC:
        if (!scan_is_ours(scan, WRAPPING_BASE64, bytes_make(scan->text.data + at, size)))
            found(scan, DETECT_BASIC, at, size);
        return size;
    }
    return 0;
}

/* A text that begins with a scheme, which the token may be too short to be seen after. */
static void scheme_at_start(struct scan *scan)
{
    size_t at = 0;
    while (at < 16 && char_at(scan->text, at, CHAR_TOKEN))
        at++;
    if (at >= 4 && at < scan->text.size && scan->text.data[at] == ' ')
        scheme_token(scan, at + 1);
}

/* Values that begin at |at| of a run of token characters. Returns the size of one, or 0. */
static size_t token_at(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    size_t size = jwt_at(text, at);
    if (found(scan, DETECT_JWT, at, size))
        return size;
    size = provider_token_at(text, at);
    if (found(scan,
              text.data[at] == 'A' && text_has(text, at, "AGE-SECRET-KEY-") ? DETECT_PRIVATE_KEY
                                                                            : DETECT_PROVIDER_TOKEN,
              at, size))
        return size;
    size = iban_at(text, at);
    if (found(scan, DETECT_IBAN, at, size))
        return size;
    size = mac_at(text, at);
    return found(scan, DETECT_MAC, at, size) ? size : 0;
}

/* Tokens whose prefix ends with a dot or a colon, which are no token characters. */
static size_t dotted_token(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    if (at < 3 || (text.data[at - 1] != '.' && text.data[at - 1] != ':'))
        return 0;
    size_t start = at - 1;
    while (start > 0 && at - start < 12 &&
           (char_is(text.data[start - 1], CHAR_WORD) || text.data[start - 1] == '.'))
        start--;
    size_t size = provider_token_at(text, start);
    return found(scan, DETECT_PROVIDER_TOKEN, start, size) ? start + size - at : 0;
}

static void token_run(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    if (at < scan->tokens_done)
        return;
    size_t end = at;
    while (at > scan->tokens_done && char_is(text.data[at - 1], CHAR_TOKEN))
        at--;
    while (char_at(text, end, CHAR_TOKEN))
        end++;
    scan->tokens_done = end;
    size_t size = dotted_token(scan, at), start = scheme_token_start(text, at);
    if (size == 0 && (size = scheme_token(scan, start)) > 0)
        size = start + size > at ? start + size - at : 0;
    /* At the beginning, after the letter of an escape ("\n") and after dashes. */
    for (size_t i = at; i < end && size == 0 && !scan->stopped; i++) {
        bool starts = i == at || !char_is(text.data[i - 1], CHAR_WORD) ||
                      (i == at + 1 && at > 0 && text.data[at - 1] == '\\');
        if (!starts)
            continue;
        size = token_at(scan, i);
        at = size ? i : at;
    }
    if (size > 0) {
        scan->tokens_done = at + size > end ? at + size : end;
        return;
    }
    if (scan->stopped)
        return;
    unwrap_run(scan, at, end);
    size_t offset = 0;
    size = random_around(text, at, scan->hints & HINT_KEY, &offset);
    found(scan, DETECT_HIGH_ENTROPY, offset, size);
}

static void colons(struct scan *scan, size_t at)
{
    if (at < scan->colons_done)
        return;
    size_t offset = 0, size = 0;
    switch (colons_around(scan->text, scan->colons_done, at, &offset, &size, &scan->colons_done)) {
    case COLONS_IPV6:
        found(scan, DETECT_IPV6, offset, size);
        break;
    case COLONS_MAC:
        found(scan, DETECT_MAC, offset, size);
        break;
    case COLONS_NOTHING:
        break;
    }
}

static void look_at(struct scan *scan, const struct triggers *triggers, uint64_t bit, size_t at)
{
    size_t offset = 0, size;
    if (triggers->armour & bit) {
        size = private_key_at(scan->text, at);
        found(scan, DETECT_PRIVATE_KEY, at, size);
        scan->keys_done = at + size;
    }
    if (triggers->special & bit)
        special_byte(scan, at);
    if (triggers->digits & bit)
        digits_run(scan, at);
    if (triggers->groups & bit)
        found(scan, DETECT_SSN, at, ssn_at(scan->text, at));
    if (triggers->dots & bit && !(scan->hints & HINT_VERSION)) {
        size = ipv4_around(scan->text, at, &offset);
        found(scan, DETECT_IPV4, offset, size);
    }
    if (triggers->colons & bit)
        colons(scan, at);
    if (triggers->iban & bit)
        found(scan, DETECT_IBAN, at, iban_at(scan->text, at));
    if (triggers->token & bit)
        token_run(scan, at);
}

void scan_named(struct scan *scan)
{
    struct bytes value = bytes_trim(scan->text);
    size_t offset = value.size ? (size_t)(value.data - scan->text.data) : 0;
    if (value.size < 7 || value.size > 40 || !(scan->hints & HINTS_LOOK))
        return;
    if ((scan->hints & HINT_SSN) && value.size == 9)
        found(scan, DETECT_SSN, offset, ssn_bare_at(value, 0));
    if (national_id_fits(value, scan->hints))
        found(scan, DETECT_NATIONAL_ID, offset, value.size);
    if ((scan->hints & HINT_PHONE) && phone_is_plausible(value))
        found(scan, DETECT_PHONE, offset, value.size);
}

size_t scan_run(struct scan *scan, size_t from)
{
    size_t left;
    if (from == 0)
        scheme_at_start(scan);
    if (scan->stopped)
        return 0;
    for (; from<scan->text.size; from += left> TRIGGER_BLOCK ? TRIGGER_STEP : TRIGGER_BLOCK) {
        left = scan->text.size - from;
        struct triggers triggers = triggers_of(scan->text, from);
        for (uint64_t any = triggers.any; any; any &= any - 1) {
            size_t at = from + (size_t)__builtin_ctzll(any);
            if (at < scan->keys_done)
                continue; /* inside a private key */
            look_at(scan, &triggers, any & -any, at);
            if (scan->stopped)
                return at;
        }
        if (left <= TRIGGER_BLOCK)
            break;
    }
    return scan->text.size;
}
