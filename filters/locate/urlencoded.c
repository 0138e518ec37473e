#include "filters/locate/urlencoded.h"

#include "common/byte_set.h"
#include "common/percent.h"
#include "filters/pseudonym.h"

#include <string.h>

#define NAMED_MIN      7  /* bytes of a value that only its name tells: of a phone number */
#define PATH_RULES_MAX 64 /* segments of a path that rules can locate */

static bool has_byte(struct bytes text, uint8_t byte)
{
    return text.size > 0 && memchr(text.data, byte, text.size) != NULL;
}

/* Returns the offset of |byte| in |text|, or its size. */
static size_t find_byte(struct bytes text, uint8_t byte)
{
    const uint8_t *found = text.size ? memchr(text.data, byte, text.size) : NULL;
    return found ? (size_t)(found - text.data) : text.size;
}

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_make(text.data ? text.data + from : NULL, to - from);
}

/* Appends a replacement: only an email's '@' could need an escape. */
static void append_coded(struct bytes replacement, struct bytes raw, bool userinfo, struct buffer *out)
{
    bool literal = !userinfo && (has_byte(raw, '@') || !has_byte(raw, '%'));
    for (size_t i = 0; i < replacement.size; i++) {
        if (replacement.data[i] == '@' && !literal)
            buffer_append_text(out, "%40");
        else
            buffer_append_byte(out, replacement.data[i]);
    }
}

static void coded_atom(struct locator *locator, struct atom *atom, struct bytes raw, bool plus, bool userinfo,
                       struct buffer *out)
{
    struct buffer *value = locator_take(locator), *replacement = locator_take(locator);
    percent_decode(raw, plus, value);
    atom->value = buffer_bytes(value);
    bool changed = locator_replace(locator, atom, replacement);
    if (changed && atom->decision.rule != POLICY_NO_RULE)
        percent_encode(buffer_bytes(replacement), "", out); /* it may hold any of the value's own bytes */
    else if (changed)
        append_coded(buffer_bytes(replacement), raw, userinfo, out);
    else
        buffer_append_bytes(out, raw);
    locator_give(locator, replacement);
    locator_give(locator, value);
}

void percent_atom(struct locator *locator, enum link_place place, struct policy_decision decision,
                  struct bytes name, struct bytes raw, bool plus, struct buffer *out)
{
    struct atom atom = {.place = place, .decision = decision, .name = name};
    coded_atom(locator, &atom, raw, plus, false, out);
}

/* Appends a value that is not sensitive by its name: what stands inside it may be. */
static void open_value(struct locator *locator, enum link_place place, struct bytes name, struct bytes raw,
                       struct buffer *out)
{
    struct buffer *value = locator_take(locator), *replacement = locator_take(locator);
    percent_decode(raw, true, value);
    if (bytes_equal(buffer_bytes(value), raw)) {
        /* Nothing is escaped: what is found inside goes back as it stands. */
        if (locate_nested(locator, place, name, raw, replacement))
            buffer_append_bytes(out, buffer_bytes(replacement));
        else
            buffer_append_bytes(out, raw);
    } else if (locate_nested(locator, place, name, buffer_bytes(value), replacement)) {
        percent_encode(buffer_bytes(replacement), "", out);
    } else {
        buffer_append_bytes(out, raw);
    }
    locator_give(locator, replacement);
    locator_give(locator, value);
}

/* Decodes a name until it stays the same: "%2574oken" is "token" to a lenient server. */
static void decode_name(struct locator *locator, struct bytes raw, struct buffer *out)
{
    struct buffer *again = locator_take(locator);
    percent_decode(raw, true, out);
    for (int i = 0; i < 3 && has_byte(buffer_bytes(out), '%'); i++) {
        buffer_clear(again);
        percent_decode(buffer_bytes(out), true, again);
        struct buffer swapped = *out;
        *out = *again;
        *again = swapped;
    }
    locator_give(locator, again);
}

static enum policy_place place_of(enum link_place place)
{
    return place == LINK_PLACE_FORM ? POLICY_IN_FORM : POLICY_IN_QUERY;
}

static bool lies_in(struct bytes text, struct bytes whole)
{
    uintptr_t at = (uintptr_t)text.data, start = (uintptr_t)whole.data;
    return at >= start && at + text.size <= start + whole.size;
}

/* Notes how much of |text| is calm, unless that is known. Returns what was known before, which is to be put back. */
static struct bytes calm_begin(struct locator *locator, struct bytes text)
{
    struct bytes before = locator->calm;
    if (text.size > 0 && !lies_in(text, before))
        locator->calm = bytes_make(text.data, locator->detects ? detect_calm(text) : 0);
    return before;
}

/* Whether |text|, of a pair, is known to be literal and to hold nothing, whatever its name. */
static bool is_calm(const struct locator *locator, struct bytes text)
{
    if (!lies_in(text, locator->calm))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '=' || text.data[i] == ':' || text.data[i] == '"')
            return false;
    return true;
}

/* Whether nothing in |text| is escaped. */
static bool is_literal(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '%' || text.data[i] == '+')
            return false;
    return true;
}

/* Appends the value |raw| of |name| (decoded), on which the policy decides so. */
static void value_locate(struct locator *locator, enum link_place place, struct policy_decision decision,
                         struct bytes name, struct bytes raw, struct buffer *out)
{
    if (decision.class != POLICY_PUBLIC)
        percent_atom(locator, place, decision, name, raw, true, out);
    else if ((!decision.hinted && is_calm(locator, raw)) ||
             (is_literal(raw) && !locate_may_find(locator, decision, raw)))
        buffer_append_bytes(out, raw);
    else
        open_value(locator, place, name, raw, out);
}

/* Appends a name, or a text that is no pair: nothing tells what it is, but it may look like something. */
static void bare_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out)
{
    struct bytes no_name = {0};
    if (is_calm(locator, text) ||
        (is_literal(text) && !locate_may_find(locator, (struct policy_decision){0}, text)))
        buffer_append_bytes(out, text);
    else
        open_value(locator, place, no_name, text, out);
}

/* Returns what the policy says of values under |raw|, a name as it stands, which is decoded into |scratch| where it has to be. */
static struct policy_decision decide(struct locator *locator, enum link_place place, struct bytes raw,
                                     struct buffer *scratch)
{
    struct bytes name = raw;
    if (!is_literal(raw)) {
        decode_name(locator, raw, scratch);
        name = buffer_bytes(scratch);
    }
    return policy_memo_ask(&locator->memo, locator->policy, place_of(place), name);
}

/* Appends the name that stands before the '=' at |equals| in |text|, which may be padding. */
static void name_locate(struct locator *locator, enum link_place place, struct bytes text, size_t equals,
                        struct buffer *out)
{
    bool before = locator->padded;
    locator->padded = equals > 0 && wrapping_base64_value(text.data[equals - 1]) >= 0;
    bare_locate(locator, place, part_of(text, 0, equals), out);
    locator->padded = before;
}

/* Returns whether the pair |text|, with a name, is to go, and tells so. |end|: of its name. */
static bool pair_goes(struct locator *locator, enum link_place place, struct bytes text, size_t end)
{
    struct buffer *name = locator_take(locator);
    struct bytes raw = part_of(text, 0, end), value = part_of(text, end + (end < text.size), text.size);
    struct policy_decision decision = decide(locator, place, raw, name);
    bool goes = locator_removes(locator, decision);
    if (goes) {
        struct buffer *plain = locator_take(locator);
        percent_decode(value, true, plain);
        locator_remove(locator, &(struct atom){place, decision, is_literal(raw) ? raw : buffer_bytes(name),
                                               buffer_bytes(plain)});
        locator_give(locator, plain);
    }
    locator_give(locator, name);
    return goes;
}

/* Appends one name=value. */
static void pair_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out)
{
    size_t equals = find_byte(text, '=');
    if (equals == text.size || locate_is_padded(text)) {
        bare_locate(locator, place, text, out);
        return;
    }
    if (equals + 1 >= text.size) {
        name_locate(locator, place, text, equals, out);
        buffer_append_bytes(out, part_of(text, equals, text.size));
        return;
    }
    struct bytes raw_name = part_of(text, 0, equals), raw = part_of(text, equals + 1, text.size);
    size_t before = out->size;
    name_locate(locator, place, text, equals, out);
    struct bytes now = out->size > before ? part_of(buffer_bytes(out), before, out->size) : (struct bytes){0};
    struct buffer *name = locator_take(locator);
    struct policy_decision decision = decide(locator, place, raw_name, name);
    if (!bytes_equal(now, raw_name)) {
        /* The name that stands there now decides as well, so that sanitizing again changes nothing. */
        struct buffer *again = locator_take(locator);
        struct policy_decision later = decide(locator, place, now, again);
        if (decision.class == POLICY_PUBLIC || later.class == POLICY_EMPTIED)
            decision = later;
        locator_give(locator, again);
    }
    buffer_append_byte(out, '=');
    value_locate(locator, place, decision, is_literal(raw_name) ? raw_name : buffer_bytes(name), raw, out);
    locator_give(locator, name);
}

void pairs_locate(struct locator *locator, enum link_place place, struct bytes text, struct buffer *out)
{
    struct bytes known = calm_begin(locator, text);
    bool removes = policy_has_removes(locator->policy), any = false;
    while (text.size > 0) {
        size_t end = find_byte(text, '&');
        struct bytes pair = part_of(text, 0, end);
        if (!removes || pair.size == 0 || !pair_goes(locator, place, pair, find_byte(pair, '='))) {
            if (any)
                buffer_append_byte(out, '&');
            any = true;
            pair_locate(locator, place, pair, out);
        }
        if (end == text.size)
            break;
        text = part_of(text, end + 1, text.size);
        if (text.size == 0 && any)
            buffer_append_byte(out, '&');
    }
    locator->calm = known;
}

/* One long name alone is more likely base64 that ends in '=', unless its value is one that is emptied. */
static bool is_lone_token(struct locator *locator, struct bytes text)
{
    if (text.size <= 16 || find_byte(text, '=') != text.size - 1)
        return false;
    struct buffer *name = locator_take(locator);
    decode_name(locator, part_of(text, 0, text.size - 1), name);
    enum policy_class class =
        policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_FORM, buffer_bytes(name)).class;
    locator_give(locator, name);
    return class == POLICY_PUBLIC;
}

bool form_is_plausible(struct locator *locator, struct bytes text)
{
    if (is_lone_token(locator, text))
        return false;
    while (text.size > 0) {
        size_t end = find_byte(text, '&');
        struct bytes pair = part_of(text, 0, end);
        for (size_t i = 0; i < pair.size; i++)
            if (pair.data[i] <= ' ' || pair.data[i] >= 0x7f || strchr("\"<>{}\\^`|", pair.data[i]))
                return false;
        size_t equals = find_byte(pair, '=');
        if (pair.size > 0 && (equals == 0 || equals == pair.size || equals > 256))
            return false; /* a value without a name: nothing tells what it is */
        bool padding = equals + 1 < pair.size;
        for (size_t i = equals + 1; i < pair.size; i++)
            padding = padding && pair.data[i] == '=';
        if (padding)
            return false; /* base64 */
        text = end == text.size ? (struct bytes){0} : part_of(text, end + 1, text.size);
    }
    return true;
}

/* Appends user and password of |userinfo|, each an atom. */
static void userinfo_locate(struct locator *locator, struct bytes userinfo, struct buffer *out)
{
    size_t colon = find_byte(userinfo, ':');
    struct atom user = {
        .place = LINK_PLACE_PATH, .decision = {.class = POLICY_PERSONAL}, .name = bytes_of("user")};
    struct atom password = {
        .place = LINK_PLACE_PATH, .decision = {.class = POLICY_PASSWORD}, .name = bytes_of("password")};
    coded_atom(locator, &user, part_of(userinfo, 0, colon), false, true, out);
    if (colon == userinfo.size)
        return;
    buffer_append_byte(out, ':');
    coded_atom(locator, &password, part_of(userinfo, colon + 1, userinfo.size), false, true, out);
}

/* Whether |text| begins with a pseudonym, whose letters are random. */
static bool is_pseudonym(const struct locator *locator, struct bytes text)
{
    return locator->memo.recognition_key && pseudonym_stands(locator->memo.recognition_key, text);
}

/* Whether |segment| is such that a name could tell what it is: digits, or random letters. Most are words and short ids. */
static bool may_be_named(struct bytes segment)
{
    for (size_t i = 0; i < segment.size; i++)
        if ((segment.data[i] >= '0' && segment.data[i] <= '9') ||
            (segment.data[i] >= 'A' && segment.data[i] <= 'Z'))
            return segment.size >= NAMED_MIN && find_byte(segment, '=') == segment.size;
    return false;
}

/* Appends a segment of a path. What stands |before| it hints at what it is as a name would ("/reset-token/Zk93...", "/phone/5551234567"). */
static void segment_locate(struct locator *locator, struct bytes before, struct bytes segment,
                           struct buffer *out)
{
    bool named = locator->detects && before.size > 0 && may_be_named(segment) &&
                 !is_pseudonym(locator, before) && (detect_name_hints(before) & HINTS_LOOK);
    if (named)
        open_value(locator, LINK_PLACE_PATH, before, segment, out);
    else
        pair_locate(locator, LINK_PLACE_PATH, segment, out);
}

/* Appends what stands between two slashes of a path, or all of one: what stands after '=' or in a ";name=value" parameter may be
 * sensitive. |before|: the segment before. */
static void segments_locate(struct locator *locator, struct bytes before, struct bytes path,
                            struct buffer *out)
{
    size_t start = 0;
    while (start < path.size) {
        size_t end = start;
        while (end < path.size && path.data[end] != '/' && path.data[end] != ';' && path.data[end] != '&')
            end++;
        struct bytes part = part_of(path, start, end);
        bool parameter = start > 0 && path.data[start - 1] == ';' && out->size > 0;
        if (parameter && part.size > 0 && policy_has_removes(locator->policy) &&
            pair_goes(locator, LINK_PLACE_PATH, part, find_byte(part, '='))) {
            out->size--; /* its semicolon */
            if (end < path.size)
                buffer_append_byte(out, path.data[end++]);
            start = end;
            continue;
        }
        segment_locate(locator, before, part, out);
        before = end < path.size && path.data[end] == '/' ? part : (struct bytes){0};
        if (end < path.size)
            buffer_append_byte(out, path.data[end++]);
        start = end;
    }
}

/* Appends a path, of which rules may locate segments. */
static void path_locate(struct locator *locator, struct bytes path, struct buffer *out)
{
    uint16_t rules[PATH_RULES_MAX];
    if (!policy_path_rules(locator->policy, path, PATH_RULES_MAX, rules)) {
        segments_locate(locator, (struct bytes){0}, path, out);
        return;
    }
    struct bytes before = {0};
    for (size_t i = 0; path.size > 0; i++) { /* it begins with a slash, or no rule would match */
        size_t end = 1 + find_byte(part_of(path, 1, path.size), '/');
        struct bytes segment = part_of(path, 1, end);
        uint16_t rule = i < PATH_RULES_MAX ? rules[i] : POLICY_NO_RULE;
        buffer_append_byte(out, '/');
        if (rule != POLICY_NO_RULE)
            percent_atom(locator, LINK_PLACE_PATH, policy_by_rule(locator->policy, rule),
                         BYTES_LITERAL("path"), segment, false, out);
        else
            segments_locate(locator, before, segment, out);
        before = segment;
        path = part_of(path, end, path.size);
    }
}

/* Returns where the authority of |url| begins, or its size where it has none. */
static size_t authority_start(struct bytes url, bool authority)
{
    if (url.size >= 2 && url.data[0] == '/' && url.data[1] == '/')
        return 2;
    size_t at = 0;
    while (at < url.size && (byte_set_has(&byte_set_unreserved, url.data[at]) || url.data[at] == '+'))
        at++;
    if (url.size - at >= 3 && memcmp(url.data + at, "://", 3) == 0)
        return at + 3;
    if (!authority || url.size == 0 || strchr("/?#", url.data[0]))
        return url.size;
    return url.data[0] == '"' ? 1 : 0; /* a quote is not of the user */
}

bool url_has_start(struct bytes text)
{
    return (text.size > 0 && text.data[0] == '/') || authority_start(text, false) < text.size;
}

/* Returns the size of the userinfo at the start of |rest|, or rest.size where there is none. */
static size_t userinfo_size(struct bytes rest, size_t *ret_authority_end)
{
    size_t end = 0;
    while (end < rest.size && !strchr("/?#\\", rest.data[end]))
        end++;
    /* A backslash ends it for a browser, but may begin an escape: where an '@' follows, all before that is the user. */
    if (end < rest.size && rest.data[end] == '\\') {
        size_t behind = end;
        while (behind < rest.size && !strchr("/?#", rest.data[behind]))
            behind++;
        if (memchr(rest.data + end, '@', behind - end))
            end = behind;
    }
    *ret_authority_end = end;
    for (size_t i = end; i > 0; i--)
        if (rest.data[i - 1] == '@') {
            *ret_authority_end = i + find_byte(part_of(rest, i, end), '\\'); /* a host has none */
            return i - 1;
        }
    /* A password with a bare delimiter: "user:pa/ss@host". What follows the colon is then no port. */
    size_t colon = find_byte(part_of(rest, 0, end), ':');
    if (colon + 1 < end && rest.data[0] != '[' && (rest.data[colon + 1] < '0' || rest.data[colon + 1] > '9'))
        for (size_t i = rest.size; i > end; i--)
            if (rest.data[i - 1] == '@') {
                *ret_authority_end = i;
                return i - 1;
            }
    return rest.size;
}

void url_locate(struct locator *locator, struct bytes url, bool authority, struct buffer *out)
{
    size_t start = authority_start(url, authority);
    if (start < url.size) {
        struct bytes rest = part_of(url, start, url.size);
        size_t end = 0, userinfo = userinfo_size(rest, &end);
        buffer_append_bytes(out, part_of(url, 0, start));
        if (userinfo < rest.size) {
            userinfo_locate(locator, part_of(rest, 0, userinfo), out);
            buffer_append_bytes(out, part_of(rest, userinfo, end));
        } else if (end < rest.size && rest.data[end] == '\\') {
            end =
                0; /* no host has one: what stands before it may be a part of what stands behind ("ann\u0061@...") */
        } else {
            buffer_append_bytes(out, part_of(rest, 0, end));
        }
        url = part_of(rest, end, rest.size);
    }
    struct bytes known = calm_begin(locator, url);
    size_t path = 0;
    while (path < url.size && url.data[path] != '?' && url.data[path] != '#')
        path++;
    path_locate(locator, part_of(url, 0, path), out);
    url = part_of(url, path, url.size);
    while (url.size > 0) { /* '?' query, '#' fragment */
        size_t end = 1 + find_byte(part_of(url, 1, url.size), '#');
        size_t before = out->size;
        buffer_append_byte(out, url.data[0]);
        pairs_locate(locator, LINK_PLACE_QUERY, part_of(url, 1, end), out);
        if (out->size == before + 1 && end > 1)
            out->size = before; /* all of it is removed */
        url = part_of(url, end, url.size);
    }
    locator->calm = known;
}
