#include "filters/locate/header_locator.h"

#include "filters/locate/cookie_locator.h"
#include "filters/locate/urlencoded.h"

#include <sodium.h>
#include <string.h>

static struct bytes part_of(struct bytes text, size_t from, size_t to)
{
    return bytes_make(text.data ? text.data + from : NULL, to - from);
}

/* Appends |raw| replaced as one atom. */
static void whole(struct locator *locator, struct policy_decision decision, struct bytes name,
                  struct bytes raw, struct buffer *out)
{
    if (raw.size == 0)
        return;
    struct buffer *replacement = locator_take(locator);
    struct atom atom = {LINK_PLACE_HEADER, decision, name, raw};
    locator_replace(locator, &atom, replacement);
    buffer_append_bytes(out, buffer_bytes(replacement));
    locator_give(locator, replacement);
}

typedef bool locate_fn(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                       struct buffer *out);

/* Appends |value| with what |locate| finds in it replaced. */
static void put_located(struct locator *locator, locate_fn *locate, struct bytes name, struct bytes value,
                        struct buffer *out)
{
    struct buffer *replacement = locator_take(locator);
    bool differs = locate(locator, LINK_PLACE_HEADER, name, value, replacement);
    buffer_append_bytes(out, differs ? buffer_bytes(replacement) : value);
    locator_give(locator, replacement);
}

/* Appends text between the parts of a header that are told apart: no name makes it sensitive, but it may look so. */
static void looked_at(struct locator *locator, struct bytes name, struct bytes value, struct buffer *out)
{
    put_located(locator, locate_looks, name, value, out);
}

/* As whole, or looked at where nothing makes it sensitive, leaving surrounding quotes. */
static void unquoted(struct locator *locator, struct policy_decision decision, struct bytes name,
                     struct bytes raw, struct buffer *out)
{
    bool quoted = raw.size >= 2 && raw.data[0] == '"' && raw.data[raw.size - 1] == '"';
    if (quoted)
        buffer_append_byte(out, '"');
    raw = quoted ? part_of(raw, 1, raw.size - 1) : raw;
    if (decision.class == POLICY_PUBLIC)
        looked_at(locator, name, raw, out);
    else
        whole(locator, decision, name, raw, out);
    if (quoted)
        buffer_append_byte(out, '"');
}

/* Undoes base64 of any common variant into |out| and tells which it was. */
static bool base64_decode(struct bytes text, struct buffer *out, int *ret_variant)
{
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                                   sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    buffer_reserve(out, text.size);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        size_t size = 0;
        if (sodium_base642bin(out->data, text.size, (const char *)text.data, text.size, NULL, &size, NULL,
                              variants[i]) == 0) {
            out->size = size;
            *ret_variant = variants[i];
            return size > 0;
        }
    }
    return false;
}

static void base64_encode(struct bytes data, int variant, struct buffer *out)
{
    size_t size = sodium_base64_encoded_len(data.size, variant);
    buffer_reserve(out, size);
    sodium_bin2base64((char *)out->data + out->size, size, data.data, data.size, variant);
    out->size += size - 1;
}

/* Returns |rule| for a value that is known to be of |class|. */
static struct policy_decision as(struct policy_decision rule, enum policy_class class)
{
    rule.class = class;
    return rule;
}

/* Basic (RFC 7617): user and password are an atom each. */
static void basic(struct locator *locator, struct policy_decision rule, struct bytes name, struct bytes token,
                  struct buffer *out)
{
    struct buffer *plain = locator_take(locator), *changed = locator_take(locator);
    int variant = 0;
    const uint8_t *colon = NULL;
    if (base64_decode(token, plain, &variant))
        colon = memchr(plain->data, ':', plain->size);
    if (!colon) {
        whole(locator, rule, name, token, out);
    } else {
        size_t user = (size_t)(colon - plain->data);
        struct bytes pair = buffer_bytes(plain);
        whole(locator, as(rule, POLICY_PERSONAL), name, part_of(pair, 0, user), changed);
        buffer_append_byte(changed, ':');
        whole(locator, as(rule, POLICY_PASSWORD), name, part_of(pair, user + 1, pair.size), changed);
        if (bytes_equal(buffer_bytes(changed), pair))
            buffer_append_bytes(out, token);
        else
            base64_encode(buffer_bytes(changed), variant, out);
    }
    locator_give(locator, changed);
    locator_give(locator, plain);
}

static bool known_scheme(struct bytes word)
{
    static const char *const schemes[] = {
        "Basic",    "Bearer",      "Digest",    "Negotiate",     "NTLM",  "Token",  "AWS4-HMAC-SHA256",
        "Hawk",     "HOBA",        "ApiKey",    "Api-Key",       "DPoP",  "GNAP",   "JWT",
        "OAuth",    "Signature",   "SharedKey", "AWS",           "MAC",   "Mutual", "Key",
        "Kerberos", "GoogleLogin", "SSWS",      "SCRAM-SHA-256", "vapid", "Session"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (bytes_equal_nocase(word, bytes_of(schemes[i])))
            return true;
    return false;
}

/* Splits "scheme rest". Returns the offset of the rest, 0 where the first word is no known scheme. */
static size_t scheme_size(struct bytes value)
{
    size_t word = 0;
    while (word < value.size && value.data[word] != ' ' && value.data[word] != '\t')
        word++;
    size_t rest = word;
    while (rest < value.size && (value.data[rest] == ' ' || value.data[rest] == '\t'))
        rest++;
    return rest < value.size && known_scheme(part_of(value, 0, word)) ? rest : 0;
}

static void credentials(struct locator *locator, struct policy_decision rule, struct bytes name,
                        struct bytes value, struct buffer *out)
{
    size_t rest = scheme_size(value);
    struct bytes token = part_of(value, rest, value.size);
    buffer_append_bytes(out, part_of(value, 0, rest));
    if (rest > 5 && bytes_equal_nocase(part_of(value, 0, 5), BYTES_LITERAL("Basic")))
        basic(locator, rule, name, token, out);
    else
        whole(locator, rule, name, token, out);
}

/* Takes up to one of |separators| outside quotes. Returns the size of what is before it. */
static size_t element_size(struct bytes text, const char *separators)
{
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '"')
            quoted = !quoted;
        else if (quoted && byte == '\\')
            i++;
        else if (!quoted && byte && strchr(separators, byte))
            return i;
    }
    return text.size;
}

static bool is_token68(struct bytes text)
{
    size_t end = text.size;
    while (end > 0 && text.data[end - 1] == '=')
        end--;
    for (size_t i = 0; i < end; i++) {
        uint8_t byte = text.data[i];
        bool word =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (!word && (!byte || !strchr("-._~+/", byte)))
            return false;
    }
    return end > 0;
}

static bool harmless_parameter(bool challenge, struct bytes name)
{
    static const char *const of_challenge[] = {
        "realm",    "domain", "qop",   "algorithm",         "stale",    "charset",
        "userhash", "error",  "scope", "error_description", "error_uri"};
    static const char *const of_forwarded[] = {"proto", "host"};
    const char *const *names = challenge ? of_challenge : of_forwarded;
    size_t count = challenge ? sizeof of_challenge / sizeof of_challenge[0]
                             : sizeof of_forwarded / sizeof of_forwarded[0];
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_nocase(name, bytes_of(names[i])))
            return true;
    return false;
}

/* Appends one element of a challenge ("Scheme", "Scheme token", "Scheme name=value", "name=value") or of
 * Forwarded. */
static void parameter(struct locator *locator, struct policy_decision rule, struct bytes header,
                      struct bytes element, struct buffer *out)
{
    bool challenge = rule.shape == POLICY_CHALLENGE;
    size_t rest = challenge ? scheme_size(element) : 0;
    buffer_append_bytes(out, part_of(element, 0, rest));
    element = part_of(element, rest, element.size);
    const uint8_t *equals = element.size ? memchr(element.data, '=', element.size) : NULL;
    if (!equals && challenge && rest == 0 && known_scheme(element)) {
        buffer_append_bytes(out, element);
        return;
    }
    if (!equals || (rest > 0 && is_token68(element))) {
        whole(locator, rule, header, element, out);
        return;
    }
    size_t size = (size_t)(equals - element.data);
    struct bytes value = bytes_trim(part_of(element, size + 1, element.size));
    size_t start = value.size ? (size_t)(value.data - element.data) : element.size;
    if (!is_token68(bytes_trim(part_of(element, 0, size)))) {
        whole(locator, rule, header, element, out);
        return;
    }
    buffer_append_bytes(out, part_of(element, 0, start));
    /* What is escaped in a quoted text cannot be looked at. */
    bool escaped = value.size > 0 && memchr(value.data, '\\', value.size);
    if (!escaped && harmless_parameter(challenge, bytes_trim(part_of(element, 0, size))))
        rule = (struct policy_decision){.class = POLICY_PUBLIC};
    unquoted(locator, rule, header, value, out);
}

/* Appends each element between |separators|, treated by |rule|; what separates them stays. */
static void elements(struct locator *locator, struct policy_decision rule, struct bytes name,
                     struct bytes value, const char *separators, struct buffer *out)
{
    while (value.size > 0) {
        size_t size = element_size(value, separators);
        struct bytes element = bytes_trim(part_of(value, 0, size));
        size_t start = element.size ? (size_t)(element.data - value.data) : size;
        buffer_append_bytes(out, part_of(value, 0, start));
        if (element.size > 0 && rule.shape == POLICY_LIST)
            unquoted(locator, rule, name, element, out);
        else if (element.size > 0)
            parameter(locator, rule, name, element, out);
        size_t after = size < value.size ? size + 1 : size;
        buffer_append_bytes(out, part_of(value, start + element.size, after));
        value = part_of(value, after, value.size);
    }
}

/* Appends |value| with the URLs in <...>, or the one after "url=", looked at, and what stands between them. */
static void embedded_urls(struct locator *locator, struct bytes name, struct bytes value, struct buffer *out)
{
    while (value.size > 0) {
        const uint8_t *open = memchr(value.data, '<', value.size);
        size_t start = open ? (size_t)(open - value.data) + 1 : value.size;
        if (!open) {
            const uint8_t *equals = memchr(value.data, '=', value.size);
            if (equals && equals - value.data >= 3 && strncasecmp((const char *)equals - 3, "url", 3) == 0)
                start = (size_t)(equals - value.data) + 1;
        }
        looked_at(locator, name, part_of(value, 0, start), out);
        value = part_of(value, start, value.size);
        const uint8_t *close = open && value.size ? memchr(value.data, '>', value.size) : NULL;
        size_t end = close ? (size_t)(close - value.data) : value.size;
        url_locate(locator, part_of(value, 0, end), false, out);
        value = part_of(value, end, value.size);
    }
}

/* A header that is not sensitive by its name: JSON, URLs and parameters may stand in it all the same. */
static void open_header(struct locator *locator, struct bytes name, struct bytes value, struct buffer *out)
{
    put_located(locator, locate_nested, name, value, out);
}

void header_locate(struct locator *locator, struct policy_decision rule, struct bytes name,
                   struct bytes value, struct buffer *out)
{
    switch (rule.shape) {
    case POLICY_WHOLE:
        if (rule.class == POLICY_PUBLIC)
            open_header(locator, name, value, out);
        else
            whole(locator, rule, name, value, out);
        return;
    case POLICY_LIST:
        elements(locator, rule, name, value, ",", out);
        return;
    case POLICY_CREDENTIALS:
        credentials(locator, rule, name, value, out);
        return;
    case POLICY_COOKIES:
        cookies_locate(locator, value, out);
        return;
    case POLICY_SET_COOKIE:
        set_cookie_locate(locator, value, out);
        return;
    case POLICY_PARAMETERS:
    case POLICY_CHALLENGE:
        elements(locator, rule, name, value, rule.shape == POLICY_CHALLENGE ? "," : ",;", out);
        return;
    case POLICY_URL:
        url_locate(locator, value, true, out);
        return;
    case POLICY_EMBEDDED_URLS:
        embedded_urls(locator, name, value, out);
        return;
    }
}
