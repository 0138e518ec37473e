#include "filters/sampling.h"

#include "common/http1_cookie.h"
#include "common/http1_head.h"
#include "filters/links.h"
#include "filters/pseudonym.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define HASH_RANGE 18446744073709551616.0L /* 2^64 */

bool sampling_parse(const char *text, struct sampling *ret_sampling)
{
    static const struct {
        const char *word;
        enum sampling_by by;
        bool named;
    } words[] = {
        {"session", SAMPLING_BY_SESSION, false}, {"connection", SAMPLING_BY_CONNECTION, false},
        {"header:", SAMPLING_BY_HEADER, true},   {"cookie:", SAMPLING_BY_COOKIE, true},
        {"path", SAMPLING_BY_PATH, false},       {"exchange", SAMPLING_BY_EXCHANGE, false},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i].word);
        bool found = words[i].named ? strncmp(text, words[i].word, size) == 0 && text[size]
                                    : strcmp(text, words[i].word) == 0;
        if (!found)
            continue;
        ret_sampling->by = words[i].by;
        ret_sampling->name = words[i].named ? bytes_of(text + size) : (struct bytes){0};
        return true;
    }
    return false;
}

bool sampling_by_head(const struct sampling *sampling)
{
    return sampling->by != SAMPLING_BY_SESSION && sampling->by != SAMPLING_BY_COOKIE;
}

static bool tag_is_in(const struct sampling *sampling, const uint8_t tag[KEYS_TAG_SIZE])
{
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof hash; i++)
        hash |= (uint64_t)tag[i] << (8 * i);
    return (long double)hash < (long double)sampling->pct / 100 * HASH_RANGE;
}

static bool value_is_in(const struct sampling *sampling, struct bytes value)
{
    uint8_t tag[KEYS_TAG_SIZE];
    struct pseudonym_found found;
    /* A pseudonym, of traffic that was recorded before, goes by the value that it stands for. */
    if (!pseudonym_is(keys_recognition(sampling->keys), value) ||
        !pseudonym_find(keys_recognition(sampling->keys), value, 0, &found)) {
        keys_map(sampling->keys, value, tag);
        return tag_is_in(sampling, tag);
    }
    return tag_is_in(sampling, found.tag);
}

static bool id_is_in(const struct sampling *sampling, uint64_t id)
{
    uint8_t value[sizeof id];
    for (size_t i = 0; i < sizeof id; i++)
        value[i] = (uint8_t)(id >> (8 * i));
    return value_is_in(sampling, bytes_make(value, sizeof value));
}

static bool client_is_in(const struct sampling *sampling, const struct exchange *exchange)
{
    struct bytes head = buffer_bytes(&exchange->request.head), address;
    struct http1_field field;
    if (http1_find_field(head, "X-Forwarded-For", &field) && http1_next_element(&field.value, &address))
        return value_is_in(sampling, address);
    if (http1_find_field(head, "X-Real-IP", &field) && field.value.size > 0)
        return value_is_in(sampling, field.value);
    return id_is_in(sampling, exchange->client);
}

/* How surely a cookie's name says that it tells users apart. */
enum standing { STANDING_NONE, STANDING_OTHER, STANDING_SESSION };

static bool holds(struct bytes name, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= name.size; i++)
        if (bytes_equal_nocase(bytes_make(name.data + i, size), bytes_of(word)))
            return true;
    return false;
}

static enum standing standing_of(const struct http1_cookie *cookie)
{
    static const char *const exact[] = {"sid", "connect.sid", "auth", "jwt", "sso"};
    static const char *const parts[] = {"session", "sessid", "auth_", "_auth", "token"};
    static const char *const never[] = {"csrf", "xsrf"};
    if (cookie->value.size == 0)
        return STANDING_NONE;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (holds(cookie->name, never[i]))
            return STANDING_NONE;
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        if (bytes_equal_nocase(cookie->name, bytes_of(exact[i])))
            return STANDING_SESSION;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (holds(cookie->name, parts[i]))
            return STANDING_SESSION;
    bool tracker = cookie->name.size && cookie->name.data[0] == '_';
    return cookie->value.size >= LINKS_IDENTITY_MIN && !tracker ? STANDING_OTHER : STANDING_NONE;
}

/* Finds the first cookie of the highest standing; with a name, that cookie. */
static enum standing find_cookie(const struct sampling *sampling, struct bytes head, struct bytes *ret_value)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    struct http1_cookie cookie;
    enum standing best = STANDING_NONE;
    while (best < STANDING_SESSION && http1_next_field(&fields, &field)) {
        if (!field.split || !bytes_equal_nocase(field.name, BYTES_LITERAL("Cookie")))
            continue;
        while (best < STANDING_SESSION && http1_next_cookie(&field.value, &cookie)) {
            enum standing standing = sampling->name.size == 0                   ? standing_of(&cookie)
                                     : bytes_equal(cookie.name, sampling->name) ? STANDING_SESSION
                                                                                : STANDING_NONE;
            if (standing <= best)
                continue;
            best = standing;
            *ret_value = cookie.value;
        }
    }
    return best;
}

/* Returns whether the response sets a cookie of a session (with a name: that cookie) that is in; |ret_any|: whether it
 * sets one at all. */
static bool issues_cookie(const struct sampling *sampling, struct bytes head, bool *ret_any)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    struct http1_cookie cookie;
    *ret_any = false;
    while (http1_next_field(&fields, &field)) {
        if (!field.split || !bytes_equal_nocase(field.name, BYTES_LITERAL("Set-Cookie")) ||
            !http1_next_cookie(&field.value, &cookie))
            continue;
        bool meant = sampling->name.size ? bytes_equal(cookie.name, sampling->name) && cookie.value.size > 0
                                         : standing_of(&cookie) != STANDING_NONE &&
                                               cookie.value.size >= LINKS_IDENTITY_MIN; /* not "deleted" */
        *ret_any |= meant;
        if (meant && value_is_in(sampling, cookie.value))
            return true;
    }
    return false;
}

/* Finds what follows the scheme. */
static bool find_authorization(struct bytes head, struct bytes *ret_value)
{
    struct http1_field field;
    if (!http1_find_field(head, "Authorization", &field))
        return false;
    const uint8_t *blank = field.value.size ? memchr(field.value.data, ' ', field.value.size) : NULL;
    size_t from = blank ? (size_t)(blank - field.value.data) : 0;
    *ret_value = bytes_trim(bytes_make(field.value.data + from, field.value.size - from));
    return ret_value->size > 0;
}

/* Whether a credential may stand in a body or a query. */
static bool may_hold_links(const struct exchange *exchange)
{
    struct http1_request_line line;
    return exchange->request.body.content.size > 0 || exchange->response.body.content.size > 0 ||
           (http1_request_line(buffer_bytes(&exchange->request.head), &line) && line.target.size > 0 &&
            memchr(line.target.data, '?', line.target.size));
}

static enum sampling_verdict verdict_of(bool in)
{
    return in ? SAMPLING_IN : SAMPLING_OUT;
}

static enum sampling_verdict judge_session(const struct sampling *sampling, const struct exchange *exchange)
{
    struct bytes head = buffer_bytes(&exchange->request.head), value = {0}, token;
    bool issues;
    if (issues_cookie(sampling, buffer_bytes(&exchange->response.head), &issues))
        return SAMPLING_IN;
    enum standing standing = find_cookie(sampling, head, &value);
    if (sampling->name.size == 0 && standing != STANDING_SESSION && find_authorization(head, &token))
        return verdict_of(value_is_in(sampling, token));
    if (standing != STANDING_NONE)
        return verdict_of(value_is_in(sampling, value));
    if (issues)
        return SAMPLING_OUT;
    bool in = client_is_in(sampling, exchange);
    if (sampling->name.size || !may_hold_links(exchange))
        return verdict_of(in);
    return in ? SAMPLING_LINKS_OR_IN : SAMPLING_LINKS_OR_OUT;
}

static bool exchange_is_in(const struct sampling *sampling, const struct exchange *exchange)
{
    /* Requests of one packet differ by their heads. */
    uint8_t value[KEYS_TAG_SIZE + 16];
    keys_map(sampling->keys, buffer_bytes(&exchange->request.head), value);
    memcpy(value + KEYS_TAG_SIZE, &exchange->connection, 8);
    memcpy(value + KEYS_TAG_SIZE + 8, &exchange->request.first_ns, 8);
    return value_is_in(sampling, bytes_make(value, sizeof value));
}

static bool path_is_in(const struct sampling *sampling, const struct exchange *exchange)
{
    struct http1_request_line line;
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line))
        return value_is_in(sampling, (struct bytes){0});
    const uint8_t *query = line.target.size ? memchr(line.target.data, '?', line.target.size) : NULL;
    if (query)
        line.target.size = (size_t)(query - line.target.data);
    return value_is_in(sampling, line.target);
}

static bool header_is_in(const struct sampling *sampling, const struct exchange *exchange)
{
    struct bytes fields = http1_fields(buffer_bytes(&exchange->request.head));
    struct http1_field field;
    while (http1_next_field(&fields, &field))
        if (field.split && bytes_equal_nocase(field.name, sampling->name))
            return value_is_in(sampling, field.value);
    return client_is_in(sampling, exchange);
}

enum sampling_verdict sampling_judge(const struct sampling *sampling, const struct exchange *exchange)
{
    switch (sampling->by) {
    case SAMPLING_BY_SESSION:
    case SAMPLING_BY_COOKIE:
        return judge_session(sampling, exchange);
    case SAMPLING_BY_CONNECTION:
        return verdict_of(id_is_in(sampling, exchange->connection));
    case SAMPLING_BY_HEADER:
        return verdict_of(header_is_in(sampling, exchange));
    case SAMPLING_BY_PATH:
        return verdict_of(path_is_in(sampling, exchange));
    case SAMPLING_BY_EXCHANGE:
        return verdict_of(exchange_is_in(sampling, exchange));
    }
    return SAMPLING_IN;
}

bool sampling_keeps_links(const struct sampling *sampling, enum sampling_verdict verdict,
                          const struct exchange *exchange)
{
    static_assert(LINK_TAG_SIZE == KEYS_TAG_SIZE, "a link's tag is the keyed hash of its value");
    assert(verdict == SAMPLING_LINKS_OR_IN || verdict == SAMPLING_LINKS_OR_OUT);
    bool in = verdict == SAMPLING_LINKS_OR_IN, found = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if (!link->identity)
            continue;
        if (link->kind == LINK_ISSUES && tag_is_in(sampling, link->tag))
            return true;
        if (!found) /* the first that is used, in a query or a body, or else that is issued */
            in = tag_is_in(sampling, link->tag);
        found = true;
    }
    return in;
}
