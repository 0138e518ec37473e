#include "filters/ids.h"

#include "common/id_like.h"
#include "filters/links.h"
#include "filters/pseudonym.h"

#include <string.h>

/* Whether |head| may begin with such a method: most begin with another letter. */
static bool may_create(struct bytes head)
{
    size_t at = 0;
    while (at < head.size && (head.data[at] == ' ' || head.data[at] == '\t'))
        at++;
    return at < head.size && head.data[at] == 'P';
}

static bool is_method(struct bytes method)
{
    return bytes_equal(method, BYTES_LITERAL("POST")) || bytes_equal(method, BYTES_LITERAL("PUT")) ||
           bytes_equal(method, BYTES_LITERAL("PATCH"));
}

void ids_begin(struct ids *ids, struct exchange *exchange)
{
    struct http1_request_line line;
    uint16_t status = exchange->status;
    ids->exchange = exchange;
    ids->creates =
        status == 201 ||
        (status >= 200 && status < 400 && may_create(buffer_bytes(&exchange->request.head)) &&
         http1_request_line(buffer_bytes(&exchange->request.head), &line) && is_method(line.method));
}

/* Returns what the detectors make of |value|, which is like an id, where that is a fake, borrowed from |out|; else |value|: a fake is all that is known of its value once that is
 * sanitized. */
static struct bytes looked_at(const struct ids *ids, struct bytes value, struct buffer *out)
{
    struct detection found;
    if (!ids->detects || value.size < DETECT_WORD_MIN || !detect_may_find(value) ||
        detect_find(ids->detector, value, (struct bytes){0}, ids->detects, &found, 1) != 1 ||
        found.size != value.size)
        return value;
    const struct policy_rule *rule =
        policy_rule_of(ids->policy, policy_of_detected(ids->policy, found.class).rule);
    if (!rule || rule->strategy.kind != STRATEGY_FAKE)
        return value;
    strategy_apply(&rule->strategy, ids->keys, value, (struct bytes){0}, out);
    return buffer_bytes(out);
}

/* The identity of the pseudonym that |value| has, or is; of a fake, or what becomes one, that of the fake. */
static void tag_of(const struct ids *ids, struct bytes value, uint8_t tag[LINK_TAG_SIZE])
{
    struct pseudonym_found found;
    if (value.size == PSEUDONYM_CORE_SIZE && pseudonym_find(keys_recognition(ids->keys), value, 0, &found)) {
        memcpy(tag, found.tag, LINK_TAG_SIZE);
        return;
    }
    struct buffer fake = {0};
    keys_map(ids->keys, looked_at(ids, value, &fake), tag);
    buffer_free(&fake);
}

static void note(struct ids *ids, bool request, enum link_place place, struct bytes name, struct bytes value)
{
    uint8_t tag[LINK_TAG_SIZE];
    tag_of(ids, value, tag);
    links_note_id(ids->exchange, request ? LINK_REFERS : LINK_CREATES, place, name,
                  value.size >= ID_LIKE_STRONG, tag);
}

/* Notes a field whose name is like an id's, unless the policy has something to say of it. */
static void note_field(struct ids *ids, bool request, enum link_place place, enum policy_place policy_place,
                       struct bytes name, struct bytes value)
{
    enum policy_class class = policy_memo_ask(ids->memo, ids->policy, policy_place, name).class;
    if (class == POLICY_PUBLIC || class == POLICY_PRESERVED)
        note(ids, request, place, name, value);
}

static void note_pairs(struct ids *ids, struct bytes pairs, enum link_place place,
                       enum policy_place policy_place)
{
    struct bytes name, value;
    while (id_like_next_pair(&pairs, &name, &value))
        if (id_like_name(name) && id_like_value(value))
            note_field(ids, true, place, policy_place, name, value);
}

void ids_note_target(struct ids *ids, struct bytes target)
{
    struct bytes rest = target, segment, before = {0};
    if (target.size > 0 && target.data[0] != '/') { /* absolute */
        const uint8_t *scheme = memmem(target.data, target.size, "://", 3);
        const uint8_t *end = target.data + target.size;
        const uint8_t *path = scheme ? memchr(scheme + 3, '/', (size_t)(end - scheme) - 3) : NULL;
        rest = path ? bytes_make(path, (size_t)(end - path)) : (struct bytes){0};
    }
    while (id_like_next_segment(&rest, &segment)) {
        if (id_like_segment(segment))
            note(ids, true, LINK_PLACE_PATH, before, segment);
        /* What may be a value, or a pseudonym of one, is no name. */
        before =
            id_like_segment(segment) || segment.size == PSEUDONYM_CORE_SIZE ? (struct bytes){0} : segment;
    }
    if (rest.size == 0 || rest.data[0] != '?')
        return;
    const uint8_t *fragment = memchr(rest.data, '#', rest.size);
    size_t size = fragment ? (size_t)(fragment - rest.data) : rest.size;
    note_pairs(ids, bytes_make(rest.data + 1, size - 1), LINK_PLACE_QUERY, POLICY_IN_QUERY);
}

bool ids_note_field(struct ids *ids, const struct http1_field *field, bool request)
{
    struct bytes path, id;
    if (!request && bytes_equal_nocase(field->name, BYTES_LITERAL("Location"))) {
        if (!id_like_in_location(field->value, &path, &id))
            return false;
        if (ids->creates)
            note(ids, false, LINK_PLACE_HEADER, field->name, id);
        return true;
    }
    if (!id_like_header(field->name) || !id_like_value(field->value))
        return false;
    if (request || ids->creates)
        note_field(ids, request, LINK_PLACE_HEADER, POLICY_IN_HEADER, field->name, field->value);
    return true;
}

void ids_note_body(struct ids *ids, enum media media, struct bytes text, bool request)
{
    struct bytes name, value;
    if (!request && !ids->creates)
        return;
    if (media == MEDIA_FORM && request)
        note_pairs(ids, text, LINK_PLACE_FORM, POLICY_IN_FORM);
    if (media != MEDIA_JSON && media != MEDIA_JSON_LINES && media != MEDIA_NONE)
        return;
    for (size_t at = 0; (at = id_like_next_member(text, at, &name, &value)) != 0;)
        note_field(ids, request, LINK_PLACE_JSON, POLICY_IN_JSON, name, value);
}
