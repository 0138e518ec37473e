#include "filters/auditor.h"

#include "common/http1_head.h"
#include "common/mem.h"
#include "filters/detect/detect.h"
#include "filters/policy/policy_yaml.h"
#include "filters/value_set.h"

#include <stdlib.h>
#include <string.h>

#define FOUND_MAX 64 /* findings of one look over a text; then the look goes on behind them */

struct auditor {
    uint8_t recognition_key[SEGMENT_KEY_SIZE];
    uint8_t policy_hash[SEGMENT_HASH_SIZE];
    bool sanitized;
    struct keys *keys;
    const struct policy *policy;
    struct policy *recorded;    /* owned; NULL where there is none, or it is |policy| */
    struct sanitizer *wanted;   /* by |policy| */
    struct sanitizer *promised; /* by |recorded|; NULL as it */
    struct detector detector;
    struct value_set *accepted;  /* values that stand where the recorded policy has put them */
    struct value_set *preserved; /* places */
    struct value_set *reported;  /* places with values */
    struct value_set *values;    /* values that were reported, of the message at hand */
    struct buffer key, plain;
    audit_fn *report;
    void *arg;
    size_t found;
    uint64_t unread;
    bool guessing; /* the sanitizer looks into text of which it is not known what it is */
};

/* What the detectors are to let be. */
static bool is_ours_as(void *arg, enum detect_class class, struct bytes value)
{
    const struct auditor *auditor = arg;
    return sanitizer_is_ours_as(auditor->wanted, class, value);
}

static bool is_ours(const struct auditor *auditor, struct bytes value)
{
    return sanitizer_is_ours(auditor->wanted, value);
}

static void add_part(struct buffer *key, struct bytes part)
{
    buffer_append(key, &part.size, sizeof part.size);
    buffer_append_bytes(key, part);
}

/* Returns what tells the place of |event| from others, borrowed until the next call. */
static struct bytes place_key(struct auditor *auditor, const struct sanitize_event *event)
{
    struct buffer *key = &auditor->key;
    bool unnamed = event->place == LINK_PLACE_HEADER && event->name.size == 0;
    buffer_clear(key);
    buffer_append_byte(key, (uint8_t)event->side);
    buffer_append_byte(key, (uint8_t)event->part);
    buffer_append_byte(key, (uint8_t)event->place);
    add_part(key, event->field);
    add_part(key, unnamed ? event->field : event->name);
    return buffer_bytes(key);
}

/* Reports |finding|, of |value|, unless it was. */
static void report(struct auditor *auditor, struct audit_finding *finding, struct bytes value)
{
    finding->preserved = value_set_has(auditor->preserved, place_key(auditor, finding->event));
    buffer_append_byte(&auditor->key, finding->in_name);
    add_part(&auditor->key, value);
    if (!value_set_add(auditor->reported, buffer_bytes(&auditor->key)))
        return;
    value_set_add(auditor->values, value);
    auditor->found++;
    auditor->report(auditor->arg, finding);
}

/* Reports what the detectors find in |text|, which stands somewhere at |event| under no name, or is a name itself. What was reported of this message is left
 * out where |repeats|. */
static void look_at(struct auditor *auditor, const struct sanitize_event *event, struct bytes text,
                    bool in_name, bool repeats)
{
    struct detection found[FOUND_MAX];
    size_t count = FOUND_MAX + 1;
    while (count > FOUND_MAX && text.size > 0 && detect_may_find(text)) {
        count = detect_find(&auditor->detector, text, (struct bytes){0}, DETECT_ALL, found, FOUND_MAX);
        size_t end = 0;
        for (size_t i = 0; i < count && i < FOUND_MAX; i++) {
            struct bytes value = bytes_make(text.data + found[i].offset, found[i].size);
            end = found[i].offset + found[i].size;
            buffer_clear(&auditor->plain);
            if (found[i].wrapping != WRAPPING_NONE && wrapping_is_local(found[i].wrapping)) {
                wrapping_decode(found[i].wrapping, value, &auditor->plain);
                value = buffer_bytes(&auditor->plain);
            }
            if (repeats && value_set_has(auditor->values, value))
                continue;
            struct audit_finding finding = {.event = event,
                                            .whole = !in_name,
                                            .class = detect_class_name(found[i].class),
                                            .by = "look",
                                            .wrapping = found[i].wrapping,
                                            .in_name = in_name};
            report(auditor, &finding, value);
        }
        text = bytes_make(text.data + end, text.size - end);
    }
}

/* Reports the value of |event|, which would be replaced under |policy|. */
static void report_value(struct auditor *auditor, const struct policy *policy,
                         const struct sanitize_event *event)
{
    const struct policy_rule *rule = policy_written_rule(policy, event->decision.rule);
    struct audit_finding finding = {
        .event = event,
        .class = event->found     ? detect_class_name(event->found->class)
                 : event->unclear ? "unclear"
                                  : policy_class_name(event->decision.class),
        .by = event->found || event->unclear ? "look"
              : rule                         ? "rule"
                                             : "name",
        .rule = rule ? rule->location : NULL,
        .wrapping = event->found ? event->found->wrapping : WRAPPING_NONE,
    };
    report(auditor, &finding, event->value);
}

static bool begins_as_json(struct bytes text)
{
    size_t at = 0;
    while (at < text.size && memchr(" \t\r\n\xef\xbb\xbf", text.data[at], 7))
        at++;
    return at < text.size && (text.data[at] == '{' || text.data[at] == '[');
}

/* Looks at a body that the sanitizer would not keep: as what it may be, line by line, and as it stands. */
static void look_at_unlocated(struct auditor *auditor, const struct sanitize_event *event)
{
    struct bytes rest = event->value, line;
    bool json = begins_as_json(rest);
    auditor->unread += event->reason != BODY_REASON_PARTS && event->reason != BODY_REASON_INCOMPLETE;
    auditor->guessing = true;
    while (rest.size > 0) {
        const uint8_t *end = json ? NULL : memchr(rest.data, '\n', rest.size);
        bytes_take(&rest, end ? (size_t)(end - rest.data) + 1 : rest.size, &line);
        sanitizer_look_into(auditor->wanted, line);
    }
    auditor->guessing = false;
    look_at(auditor, event, event->value, false, true);
}

/* sanitize_observer_fn under the policy that the audit goes by. */
static void see_wanted(void *arg, const struct sanitize_event *event)
{
    struct auditor *auditor = arg;
    switch (event->step) {
    case SANITIZE_VALUE:
        if (!bytes_equal(event->value, event->replacement) && !(event->unclear && auditor->guessing) &&
            !is_ours(auditor, event->value) && !value_set_has(auditor->accepted, event->value))
            report_value(auditor, auditor->policy, event);
        return;
    case SANITIZE_LINE:
        auditor->unread++;
        look_at(auditor, event, event->value, false, false);
        return;
    case SANITIZE_BODY:
        if (event->reason != BODY_REASON_NONE || event->decision.class != POLICY_PUBLIC)
            look_at_unlocated(auditor, event);
        return;
    case SANITIZE_REMOVED:
        return; /* the audit's own policy demands it of later recordings */
    }
}

/* sanitize_observer_fn under the policy that the exchange was recorded with. */
static void see_promised(void *arg, const struct sanitize_event *event)
{
    struct auditor *auditor = arg;
    if (event->step == SANITIZE_REMOVED) {
        const struct policy_rule *rule = policy_written_rule(auditor->recorded, event->decision.rule);
        struct audit_finding finding = {
            .event = event, .class = "not-removed", .by = "rule", .rule = rule ? rule->location : NULL};
        report(auditor, &finding, event->value);
    }
    if (event->step != SANITIZE_VALUE || is_ours(auditor, event->value))
        return;
    if (!bytes_equal(event->value, event->replacement))
        report_value(auditor, auditor->recorded, event);
    else if (event->strategy == STRATEGY_PRESERVE)
        value_set_add(auditor->preserved, place_key(auditor, event));
    else
        value_set_add(auditor->accepted, event->value);
}

struct auditor *auditor_create(const struct segment_header *header, const struct policy *policy,
                               bool *ret_understood)
{
    struct auditor *auditor = xcalloc(1, sizeof *auditor);
    struct error err;
    memcpy(auditor->recognition_key, header->recognition_key, SEGMENT_KEY_SIZE);
    memcpy(auditor->policy_hash, header->policy_hash, SEGMENT_HASH_SIZE);
    auditor->sanitized = header->sanitized;
    auditor->keys = keys_of_recognition(header->recognition_key);
    auditor->policy = policy;
    auditor->wanted = sanitizer_create(policy, auditor->keys);
    sanitizer_observe(auditor->wanted, see_wanted, auditor);
    *ret_understood = true;
    if (header->sanitized && header->policy &&
        memcmp(policy_hash(policy), header->policy_hash, SEGMENT_HASH_SIZE) != 0)
        *ret_understood =
            policy_yaml_read("recorded", bytes_of(header->policy), &auditor->recorded, &err) == 0;
    if (auditor->recorded) {
        auditor->promised = sanitizer_create(auditor->recorded, auditor->keys);
        sanitizer_observe(auditor->promised, see_promised, auditor);
    }
    auditor->detector.is_ours = is_ours_as;
    auditor->detector.is_ours_arg = auditor;
    auditor->accepted = value_set_create();
    auditor->preserved = value_set_create();
    auditor->reported = value_set_create();
    auditor->values = value_set_create();
    return auditor;
}

void auditor_free(struct auditor *auditor)
{
    if (!auditor)
        return;
    sanitizer_free(auditor->wanted);
    sanitizer_free(auditor->promised);
    policy_free(auditor->recorded);
    keys_free(auditor->keys);
    detector_done(&auditor->detector);
    value_set_free(auditor->accepted);
    value_set_free(auditor->preserved);
    value_set_free(auditor->reported);
    value_set_free(auditor->values);
    buffer_free(&auditor->key);
    buffer_free(&auditor->plain);
    free(auditor);
}

bool auditor_fits(const struct auditor *auditor, const struct segment_header *header)
{
    return auditor->sanitized == header->sanitized &&
           memcmp(auditor->recognition_key, header->recognition_key, SEGMENT_KEY_SIZE) == 0 &&
           memcmp(auditor->policy_hash, header->policy_hash, SEGMENT_HASH_SIZE) == 0;
}

static void look_at_field_names(struct auditor *auditor, struct sanitize_event *at, struct bytes fields)
{
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        if (!field.split)
            continue;
        at->field = at->name = field.name;
        look_at(auditor, at, field.name, true, false);
    }
}

static void look_at_names(struct auditor *auditor, const struct message *message, enum link_kind side)
{
    struct sanitize_event at = {.side = side, .place = LINK_PLACE_HEADER, .part = SANITIZE_IN_HEADER};
    look_at_field_names(auditor, &at, http1_fields(buffer_bytes(&message->head)));
    at.part = SANITIZE_IN_TRAILER;
    look_at_field_names(auditor, &at, buffer_bytes(&message->trailers));
}

/* Of what is stored of links only the names could tell something. */
static void look_at_link_names(struct auditor *auditor, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        struct sanitize_event at = {
            .side = link->kind == LINK_USES || link->kind == LINK_REFERS ? LINK_USES : LINK_ISSUES,
            .part = link->place == LINK_PLACE_HEADER || link->place == LINK_PLACE_COOKIE ? SANITIZE_IN_HEADER
                    : link->place == LINK_PLACE_QUERY || link->place == LINK_PLACE_PATH
                        ? SANITIZE_IN_START_LINE
                        : SANITIZE_IN_BODY,
            .place = link->place,
            .name = bytes_of(link->name)};
        look_at(auditor, &at, at.name, true, true);
    }
}

uint64_t auditor_unread(const struct auditor *auditor)
{
    return auditor->unread;
}

size_t auditor_look(struct auditor *auditor, struct exchange *exchange, audit_fn *report_fn, void *arg)
{
    auditor->report = report_fn;
    auditor->arg = arg;
    auditor->found = 0;
    value_set_clear(auditor->accepted);
    value_set_clear(auditor->preserved);
    value_set_clear(auditor->reported);
    value_set_clear(auditor->values);
    if (auditor->promised)
        sanitize_links_only(auditor->promised, exchange);
    sanitize_links_only(auditor->wanted, exchange);
    look_at_names(auditor, &exchange->request, LINK_USES);
    look_at_names(auditor, &exchange->response, LINK_ISSUES);
    look_at_link_names(auditor, exchange);
    return auditor->found;
}
