#include "filters/detect/detect_scan.h"

#include "filters/detect/detect_chars.h"
#include "filters/detect/national_ids.h"
#include "filters/detect/net_detectors.h"
#include "filters/detect/number_detectors.h"
#include "filters/detect/provider_tokens.h"
#include "filters/detect/secret_detectors.h"
#include "filters/detect/triggers.h"

#define UUID_SIZE 36
#define JWT_WITHIN                                                                                           \
    24 /* characters of a run after whose dashes one may begin: each try looks at the whole run */

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
    if (coded && scan_is_ours(scan, DETECT_URL_CREDENTIAL, WRAPPING_PERCENT, part))
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

/* A character reference may be part of a value, but for those of HTML's own syntax, which can only stand beside one. */
static void reference(struct scan *scan, size_t at)
{
    uint8_t bytes[WRAPPING_UNIT_MAX];
    size_t count = 0, size = wrapping_unit(WRAPPING_HTML, scan->text, at, bytes, &count);
    if (size == 1 || (count == 1 && memchr("&<>\"", bytes[0], 4)))
        return;
    /* Of a blank that is in every page only what stands between digits or capitals. */
    if (count == 1 && bytes[0] == ' ' &&
        (at == 0 || !char_is(scan->text.data[at - 1], CHAR_DIGIT | CHAR_UPPER)))
        return;
    unwrap_region(scan, WRAPPING_HTML, at);
}

/* An '=' that is of quoted-printable, and not of a parameter: an escape of something printable, or at the end of a line. */
static void equals_sign(struct scan *scan, size_t at)
{
    uint8_t bytes[WRAPPING_UNIT_MAX];
    size_t count = 0, size = wrapping_unit(WRAPPING_QUOTED_PRINTABLE, scan->text, at, bytes, &count);
    /* In JSON as it stands the end of a line is an escape. */
    if (!scan->detector && (text_has(scan->text, at + 1, "\\r") || text_has(scan->text, at + 1, "\\n")))
        scan->stopped = true;
    if (size == 1 || (count > 0 && (bytes[0] < ' ' || bytes[0] >= 0x7f)))
        return;
    unwrap_region(scan, WRAPPING_QUOTED_PRINTABLE, at);
    if (count == 0)
        unwrap_region(scan, WRAPPING_SOFT_BREAKS, at);
}

/* The kinds that all characters of [from, to) are of. */
static uint8_t kinds_of_all(struct bytes text, size_t from, size_t to)
{
    uint8_t kinds = 0xff;
    for (size_t i = from; i < to; i++)
        kinds &= detect_chars[text.data[i]];
    return kinds;
}

/* Whether the '+' at |at| may be a blank: between the groups of a number, the words of an armour or the first two groups of an IBAN, or after the
 * name of a scheme. */
static bool is_form_blank(struct bytes text, size_t at)
{
    size_t before = at, after = at + 1;
    while (before > 0 && at - before < 17 && char_is(text.data[before - 1], CHAR_TOKEN))
        before--;
    before = word_begin(text, before, at);
    if (at - before < 3 || at - before > 16)
        return false;
    while (after - at < 10 && char_at(text, after, CHAR_WORD))
        after++;
    if (after - at < 3)
        return false;
    uint8_t both = kinds_of_all(text, before, at) & kinds_of_all(text, at + 1, after);
    bool iban = at - before == 4 && after - at == 5 && char_is(text.data[before], CHAR_UPPER | CHAR_LOWER) &&
                char_is(text.data[before + 2], CHAR_DIGIT);
    return (both & (CHAR_DIGIT | CHAR_UPPER)) || iban || scheme_before(text, at) != SCHEME_NONE;
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
        if (hex)
            unwrap_region(scan, WRAPPING_PERCENT, at);
        /* A phone number in a form: what parts its digits is a '+'. */
        if (hex && text.data[at + 1] == '2' && char_lower(text.data[at + 2]) == 'b' &&
            char_at(text, at + 3, CHAR_DIGIT))
            unwrap_region(scan, WRAPPING_FORM, at);
        break;
    case '+':
        found(scan, DETECT_PHONE, at, phone_at(text, at));
        if (is_form_blank(text, at))
            unwrap_region(scan, WRAPPING_FORM, at);
        break;
    case '&':
        if (at + 1 < text.size &&
            (text.data[at + 1] == '#' || char_is(text.data[at + 1], CHAR_UPPER | CHAR_LOWER)))
            reference(scan, at);
        break;
    case '\\':
        if (at + 1 < text.size && (text.data[at + 1] == 'u' || text.data[at + 1] == 'x') &&
            char_at(text, at + 2, CHAR_HEX))
            unwrap_region(scan, WRAPPING_JSON, at);
        break;
    case '=':
        equals_sign(scan, at);
        size = at < scan->schemes_done ? 0 : scheme_parameters_around(text, at, &offset);
        if (found(scan, DETECT_AUTH, offset, size))
            scan->schemes_done = offset + size;
        break;
    default:
        zero_byte(scan, at);
    }
}

/* Groups of eight, four, four, four and twelve characters: a UUID holds nothing. */
static bool is_uuid(struct bytes text, size_t at, size_t end)
{
    const uint8_t *data = text.data + at;
    return end - at == UUID_SIZE && data[8] == '-' && data[13] == '-' && data[18] == '-' && data[23] == '-';
}

/* Whether the digits at |at| are of a UUID, groups of which may look like those of a number. */
static bool is_in_uuid(struct bytes text, size_t at)
{
    size_t start = at, end = at;
    while (start > 0 && at - start < UUID_SIZE && char_is(text.data[start - 1], CHAR_TOKEN))
        start--;
    while (end - start <= UUID_SIZE && char_at(text, end, CHAR_TOKEN))
        end++;
    for (size_t i = start; i < end; i++)
        if (!char_is(text.data[i], CHAR_HEX) && text.data[i] != '-')
            return false;
    return is_uuid(text, start, end);
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
        if (size > 0 && !is_in_uuid(text, at))
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
    case SCHEME_PARAMETERS:
        return 0;
    case SCHEME_TOKEN:
        found(scan, DETECT_AUTH, at, size);
        return size;
    case SCHEME_BASIC:
        if (!scan_is_ours(scan, DETECT_BASIC, WRAPPING_BASE64, bytes_make(scan->text.data + at, size)))
            found(scan, DETECT_BASIC, at, size);
        return size;
    }
    return 0;
}

/* A token after "Basic" or "Bearer", which begin at |at|. */
static void scheme(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    at += char_lower(text.data[at + 1]) == 'a' ? 5 : 6;
    for (unsigned blanks = 0; blanks < 4 && at < text.size && text.data[at] == ' '; blanks++)
        at++;
    if (at >= scan->schemes_done)
        scheme_token(scan, at);
}

/* Values that begin at |at| of a run of token characters; a JWT only at the |first| of them. Returns the size of one, or 0. */
static size_t token_at(struct scan *scan, size_t at, bool first)
{
    struct bytes text = scan->text;
    size_t size = provider_token_at(text, at);
    bool age = size > 0 && text_has(text, at, "AGE-SECRET-KEY-");
    if (found(scan, age ? DETECT_PRIVATE_KEY : DETECT_PROVIDER_TOKEN, at, size) ||
        char_is(text.data[at], CHAR_DIGIT))
        return size;
    size = first ? jwt_at(text, at) : 0;
    if (found(scan, DETECT_JWT, at, size))
        return size;
    size = iban_at(text, at);
    return found(scan, DETECT_IBAN, at, size) ? size : 0;
}

/* Tokens whose prefix ends with a dot or a colon, which are no token characters. */
static size_t dotted_token(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    if (at < 3 || (text.data[at - 1] != '.' && text.data[at - 1] != ':'))
        return 0;
    size_t start = at - 1;
    while (start > 0 && at - start < 48 &&
           (char_is(text.data[start - 1], CHAR_WORD) || text.data[start - 1] == '.'))
        start--;
    start = word_begin(text, start, at);
    size_t size = provider_token_at(text, start);
    return found(scan, DETECT_PROVIDER_TOKEN, start, size) ? start + size - at : 0;
}

/* Whether the value of a member begins at |at|: what its name says is known, or will be. */
static bool is_member(struct bytes text, size_t at)
{
    if (at < 3 || text.data[at - 1] != '"')
        return false;
    size_t colon = text.data[at - 2] == ' ' ? at - 3 : at - 2;
    return colon > 1 && text.data[colon] == ':' && text.data[colon - 1] == '"' &&
           text.data[colon - 2] != '\\';
}

/* Random text beside the name of a key, around |at|. */
static void token_random(struct scan *scan, size_t at)
{
    if (at < scan->random_done || (scan->members && is_member(scan->text, at)))
        return;
    size_t offset = 0;
    size_t size = random_around(scan->text, at, scan->hints & HINT_KEY, &offset, &scan->random_done);
    found(scan, DETECT_HIGH_ENTROPY, offset, size);
}

static void token_run(struct scan *scan, size_t at)
{
    struct bytes text = scan->text;
    if (at < scan->tokens_done)
        return;
    size_t end = at;
    bool dashes = false;
    while (at > scan->tokens_done && char_is(text.data[at - 1], CHAR_TOKEN))
        at--;
    for (end = at; char_at(text, end, CHAR_TOKEN); end++)
        dashes = dashes || !char_is(text.data[end], CHAR_WORD);
    scan->tokens_done = end;
    if (dashes && is_uuid(text, at, end)) {
        token_random(scan, at);
        return;
    }
    size_t size = dotted_token(scan, at);
    /* After a scheme stands a blank; what parts a token may have a dot or slash before it. */
    bool joined = at > 0 && (char_is(text.data[at - 1], CHAR_BASE64) || memchr(" .~", text.data[at - 1], 3));
    if (size == 0 && joined && at >= scan->schemes_done) {
        size_t start = scheme_token_start(text, at);
        scan->schemes_done = scheme_token_end(text, at);
        size = scheme_token(scan, start);
        size = start + size > at ? start + size - at : 0;
    }
    if (at + size > end)
        scan->tokens_done = at + size;
    bool any = size > 0, escaped = at > 0 && text.data[at - 1] == '\\';
    /* At the beginning, after the letter of an escape ("\n") and after dashes. */
    for (size_t i = at + size; i < end && !scan->stopped; i += size ? size : 1) {
        bool starts =
            i == at || (dashes && !char_is(text.data[i - 1], CHAR_WORD)) || (escaped && i == at + 1);
        size = starts ? token_at(scan, i, i - at < JWT_WITHIN) : 0;
        any = any || size > 0;
        if (i + size > end)
            scan->tokens_done = i + size;
        if (!dashes && !escaped)
            break;
    }
    if (any || scan->stopped)
        return;
    unwrap_run(scan, at, end);
    token_random(scan, at);
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
    if (triggers->groups & bit && (size = ssn_at(scan->text, at)) > 0 && !is_in_uuid(scan->text, at))
        found(scan, DETECT_SSN, at, size);
    if (triggers->dots & bit && !(scan->hints & HINT_VERSION)) {
        size = ipv4_around(scan->text, at, &offset);
        found(scan, DETECT_IPV4, offset, size);
    }
    if (triggers->colons & bit)
        colons(scan, at);
    if (triggers->iban & bit && (size = iban_at(scan->text, at)) > 0 && !is_in_uuid(scan->text, at))
        found(scan, DETECT_IBAN, at, size);
    if (triggers->token & bit)
        token_run(scan, at);
    if (triggers->schemes & bit)
        scheme(scan, at);
    if (triggers->pairs & bit && at >= 2)
        found(scan, DETECT_MAC, at - 2, mac_at(scan->text, at - 2));
}

void scan_named(struct scan *scan)
{
    struct bytes text = scan->text;
    size_t from = 0, to = text.size;
    if (!(scan->hints & HINTS_LOOK) || text.size > 64)
        return;
    /* Blanks, quotes and the like around the value. */
    while (from < to && detect_parts[text.data[from]] && text.data[from] != '(')
        from++;
    while (to > from && detect_parts[text.data[to - 1]])
        to--;
    struct bytes value = bytes_make(text.data + from, to - from);
    if (value.size < 7 || value.size > 40)
        return;
    if ((scan->hints & HINT_SSN) && value.size == 9)
        found(scan, DETECT_SSN, from, ssn_bare_at(value, 0));
    if (national_id_fits(value, scan->hints))
        found(scan, DETECT_NATIONAL_ID, from, value.size);
    if ((scan->hints & HINT_PHONE) && phone_is_plausible(value))
        found(scan, DETECT_PHONE, from, value.size);
}

size_t scan_run(struct scan *scan, size_t from)
{
    struct triggers triggers;
    while ((from = triggers_next(scan->text, from, &triggers)) < scan->text.size) {
        for (uint64_t any = triggers.any; any; any &= any - 1) {
            size_t at = from + (size_t)__builtin_ctzll(any);
            if (at < scan->keys_done)
                continue; /* inside a private key */
            look_at(scan, &triggers, any & -any, at);
            if (scan->stopped)
                return at;
        }
        from += scan->text.size - from > TRIGGER_BLOCK ? TRIGGER_STEP : TRIGGER_BLOCK;
        if (from < scan->keys_done)
            from = scan->keys_done;
    }
    return scan->text.size;
}
