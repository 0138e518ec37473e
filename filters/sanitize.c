#include "filters/sanitize.h"

#include "common/byte_set.h"
#include "common/coding.h"
#include "common/http1_head.h"
#include "common/mem.h"
#include "filters/head_text.h"
#include "filters/ids.h"
#include "filters/line_memo.h"
#include "filters/links.h"
#include "filters/locate/body_locator.h"
#include "filters/locate/header_locator.h"
#include "filters/locate/urlencoded.h"
#include "filters/personal.h"
#include "filters/pseudonym_memo.h"
#include "filters/rekey.h"
#include "filters/stale.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DECODED_MAX   (16u << 20) /* of a body without its content coding */
#define LARGE_BODY    (16u << 20) /* once sanitized: it may not fit in a record, and be dropped after all */
#define BEGINNING_MAX (1u << 20)  /* likewise, of one that was cut */
#define COPIED_MAX    16384

struct sanitizer {
    const struct policy *policy;
    const struct keys *keys;
    struct locator locator;
    struct exchange *exchange; /* the one being worked on */
    struct message *message;   /* of it */
    enum link_kind kind;
    bool links_only;
    struct bytes subject; /* whose dates these are; empty: not known */
    uint8_t subject_tag[LINK_TAG_SIZE];
    struct stale stale;   /* of that message */
    struct ids ids;       /* of that exchange */
    struct buffer text;   /* a head, trailers or a body as they come out */
    struct buffer plain;  /* a body without content coding */
    struct buffer joined; /* a header value without folds */
    enum media media;     /* of the body, as the head says it once it is sanitized */
    struct buffer boundary;
    struct buffer coding;      /* the body's content codings, likewise */
    struct line_memo lines[2]; /* by link_kind: rules may be of one side only */
    /* Of header lines, where a session repeats its credentials, and of all else, where values differ and would crowd them out. */
    struct pseudonym_memo sessions, others;
    struct keys_digest *digest;
    bool digests[2];       /* of bodies that are dropped, by link_kind */
    const uint8_t *former; /* recognition key; NULL: none */
    struct personal personal;
    struct buffer rekeyed, scratch; /* the first: a value that was a pseudonym under it */
    sanitize_observer_fn *observer;
    void *observer_arg;
    bool gone;               /* something was removed */
    enum sanitize_part part; /* for the observer: what is worked on */
    struct bytes field;
};

static void tell(const struct sanitizer *sanitizer, struct sanitize_event event)
{
    if (!sanitizer->observer)
        return;
    event.side = sanitizer->kind;
    event.part = sanitizer->part;
    event.field = sanitizer->field;
    sanitizer->observer(sanitizer->observer_arg, &event);
}

/* Tells what became of |atom|. */
static void tell_atom(const struct sanitizer *sanitizer, const struct atom *atom,
                      const struct policy_rule *rule, struct bytes replacement)
{
    bool emptied = atom->decision.class == POLICY_EMPTIED;
    tell(sanitizer, (struct sanitize_event){
                        .step = SANITIZE_VALUE,
                        .name = atom->name,
                        .value = atom->value,
                        .place = atom->place,
                        .decision = atom->decision,
                        .strategy = rule      ? rule->strategy.kind
                                    : emptied ? STRATEGY_NULL
                                              : STRATEGY_HASH,
                        .fake = rule ? rule->strategy.fake : FAKE_EMAIL,
                        .found = sanitizer->locator.found,
                        .unclear = sanitizer->locator.unclear,
                        .replacement = replacement,
                    });
}

/* Appends what stands in place of |atom|, on which |rule| decides where there is one, and notes the link. */
static void put_replacement(struct sanitizer *sanitizer, const struct atom *atom,
                            const struct policy_rule *rule, struct buffer *out)
{
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    if (rule && rule->strategy.kind != STRATEGY_HASH) {
        strategy_apply(&rule->strategy, sanitizer->keys, atom->value, sanitizer->subject, out);
        return;
    }
    if (atom->decision.class == POLICY_EMPTIED)
        return;
    bool session = atom->place == LINK_PLACE_HEADER || atom->place == LINK_PLACE_COOKIE;
    pseudonym_memo_make(session ? &sanitizer->sessions : &sanitizer->others, sanitizer->keys, atom->value,
                        out, tag);
    if (sanitizer->locator.unwrapped == 0)
        links_note(sanitizer->exchange, sanitizer->kind, atom, tag);
    else if (links_is_noted(atom))
        sanitizer->locator.linked = true;
}

/* atom_fn */
static void replace_atom(void *arg, const struct atom *atom, struct buffer *out)
{
    struct sanitizer *sanitizer = arg;
    if (sanitizer->locator.removing)
        return;
    const struct policy_rule *rule = policy_rule_of(sanitizer->policy, atom->decision.rule);
    struct atom known = *atom;
    size_t before = out->size;
    if (sanitizer->former && pseudonym_is(sanitizer->former, atom->value)) {
        struct buffer *value = &sanitizer->rekeyed; /* as in base64 */
        buffer_clear(value);
        buffer_append_bytes(value, atom->value);
        rekey_text(sanitizer->former, sanitizer->keys, value, &sanitizer->scratch);
        known.value = buffer_bytes(value);
    }
    if (!rule)
        rule = personal_put(&sanitizer->personal, &sanitizer->locator, sanitizer->keys, &known, out);
    if (out->size == before) /* no fake */
        put_replacement(sanitizer, &known, rule, out);
    if (sanitizer->observer && sanitizer->locator.unwrapped == 0)
        tell_atom(sanitizer, atom, rule,
                  out->size > before ? bytes_make(out->data + before, out->size - before)
                                     : (struct bytes){0});
}

/* removed_fn */
static void tell_removed(void *arg, const struct atom *atom)
{
    struct sanitizer *sanitizer = arg;
    sanitizer->gone = true;
    tell(sanitizer, (struct sanitize_event){.step = SANITIZE_REMOVED,
                                            .name = atom->name,
                                            .value = atom->value,
                                            .place = atom->place,
                                            .decision = atom->decision,
                                            .strategy = STRATEGY_REMOVE});
}

/* recoded_fn */
static void tell_recoded(void *arg, const struct atom *atom, struct bytes replacement)
{
    struct sanitizer *sanitizer = arg;
    tell_atom(sanitizer, atom, policy_rule_of(sanitizer->policy, atom->decision.rule), replacement);
}

bool sanitizer_is_ours(const struct sanitizer *sanitizer, struct bytes value)
{
    return pseudonym_is(keys_recognition(sanitizer->keys), value);
}

bool sanitizer_is_ours_as(const struct sanitizer *sanitizer, enum detect_class class, struct bytes value)
{
    return strategy_is_ours(keys_recognition(sanitizer->keys), class, value);
}

/* What the detectors are to let be. */
static bool is_ours(void *arg, enum detect_class class, struct bytes value)
{
    return sanitizer_is_ours_as(arg, class, value);
}

struct sanitizer *sanitizer_create(const struct policy *policy, const struct keys *keys)
{
    struct sanitizer *sanitizer = xcalloc(1, sizeof *sanitizer);
    sanitizer->policy = policy;
    sanitizer->keys = keys;
    sanitizer->digest = keys_digest_create();
    sanitizer_set_digests(sanitizer, true, true);
    sanitizer->ids = (struct ids){.keys = keys,
                                  .policy = policy,
                                  .memo = &sanitizer->locator.memo,
                                  .detector = &sanitizer->locator.detector,
                                  .detects = policy_detect_classes(policy)};
    sanitizer->locator.policy = policy;
    sanitizer->locator.memo.recognition_key = keys_recognition(keys);
    sanitizer->locator.replace = replace_atom;
    sanitizer->locator.recoded = tell_recoded;
    sanitizer->locator.removed = tell_removed;
    sanitizer->locator.arg = sanitizer;
    sanitizer->locator.detects = policy_detect_classes(policy) | DETECT_BIT(DETECT_NAMES);
    sanitizer->locator.detector.is_ours = is_ours;
    sanitizer->locator.detector.is_ours_arg = sanitizer;
    return sanitizer;
}

void sanitizer_free(struct sanitizer *sanitizer)
{
    if (!sanitizer)
        return;
    locator_done(&sanitizer->locator);
    buffer_free(&sanitizer->text);
    buffer_free(&sanitizer->plain);
    buffer_free(&sanitizer->joined);
    buffer_free(&sanitizer->boundary);
    buffer_free(&sanitizer->coding);
    buffer_free(&sanitizer->rekeyed);
    buffer_free(&sanitizer->scratch);
    keys_digest_free(sanitizer->digest);
    personal_done(&sanitizer->personal);
    pseudonym_memo_wipe(&sanitizer->sessions);
    pseudonym_memo_wipe(&sanitizer->others);
    free(sanitizer);
}

/* carry_fn: texts were carried over as they stand, but not what is in two codings. */
static void carry(void *arg, struct bytes value, struct buffer *out)
{
    struct sanitizer *sanitizer = arg;
    buffer_append_bytes(out, value);
    rekey_text(sanitizer->former, sanitizer->keys, out, &sanitizer->scratch);
}

void sanitizer_set_former(struct sanitizer *sanitizer, const uint8_t *recognition_key)
{
    sanitizer->former = recognition_key;
    sanitizer->locator.carry = recognition_key ? carry : NULL;
}

void sanitizer_set_digests(struct sanitizer *sanitizer, bool requests, bool responses)
{
    sanitizer->digests[LINK_USES] = requests;
    sanitizer->digests[LINK_ISSUES] = responses;
}

void sanitizer_observe(struct sanitizer *sanitizer, sanitize_observer_fn *observer, void *arg)
{
    sanitizer->observer = observer;
    sanitizer->observer_arg = arg;
}

static void withhold(struct sanitizer *sanitizer, struct bytes line, uint64_t defect)
{
    tell(sanitizer, (struct sanitize_event){.step = SANITIZE_LINE, .value = line});
    if (sanitizer->links_only)
        return;
    sanitizer->message->withheld_lines++;
    sanitizer->message->withheld_bytes += (uint32_t)line.size;
    sanitizer->message->defects |= defect;
}

static void start_line(struct sanitizer *sanitizer, struct bytes head, struct buffer *out)
{
    struct bytes line = bytes_make(head.data, head_text_line_size(head));
    struct http1_request_line request;
    bool is_request = sanitizer->kind == LINK_USES;
    struct line_memo *memo = &sanitizer->lines[sanitizer->kind];
    struct line_memo_look look;
    if (!is_request && line_memo_find_start(memo, line, &look)) {
        buffer_append_bytes(out, line);
        return;
    }
    if (!head_text_is_whole(line) ||
        !(is_request ? head_text_request_line(line, &request) : head_text_status_line(line))) {
        if (line.size == 2 && line.data[0] == '\r') {
            buffer_append_bytes(out, line);
            return;
        }
        withhold(sanitizer, line, 0);
        buffer_append_text(out, "\r\n");
        return;
    }
    if (!is_request) {
        buffer_append_bytes(out, line);
        line_memo_learn(memo, &look, false);
        return;
    }
    size_t start = (size_t)(request.target.data - line.data);
    buffer_append(out, line.data, start);
    url_locate(&sanitizer->locator, request.target, request.target.data[0] != '*', out);
    ids_note_target(&sanitizer->ids, request.target);
    stale_note_target(&sanitizer->stale, request.target, bytes_make(out->data + start, out->size - start));
    size_t end = start + request.target.size;
    buffer_append(out, line.data + end, line.size - end);
}

/* What may be remembered of a header line. */
enum same {
    SAME_NEVER, /* it is not kept as it is, or there is something to note */
    SAME_LINE,  /* it is, whatever message it is in */
    SAME_NAME,  /* and whatever its value, as long as that is a short number */
};

/* Sanitizes a header line. Returns what may be remembered of it. */
static enum same field_line(struct sanitizer *sanitizer, const struct http1_field *field, struct buffer *out)
{
    sanitizer->field = field->split ? field->name : (struct bytes){0};
    bool token = field->split && head_text_is_token(field->name);
    if (!token || !head_text_is_whole(field->line)) {
        uint64_t defect = token          ? 0
                          : field->split ? MESSAGE_DEFECT(FIELD_NAME)
                                         : MESSAGE_DEFECT(FIELD_NO_COLON);
        withhold(sanitizer, field->line, defect);
        return SAME_NEVER;
    }
    struct bytes value = field->value;
    if (!head_text_unfold(&value, &sanitizer->joined)) {
        withhold(sanitizer, field->line, MESSAGE_DEFECT(FIELD_VALUE));
        return SAME_NEVER;
    }
    enum policy_place place = sanitizer->kind == LINK_USES ? POLICY_IN_HEADER : POLICY_IN_RESPONSE_HEADER;
    struct policy_decision rule =
        policy_memo_ask(&sanitizer->locator.memo, sanitizer->policy, place, field->name);
    if (locator_removes(&sanitizer->locator, rule)) {
        locator_remove(&sanitizer->locator, &(struct atom){LINK_PLACE_HEADER, rule, field->name, value});
        return SAME_NEVER;
    }
    if (rule.named_oddly && locate_in_name(&sanitizer->locator, field->name)) {
        withhold(sanitizer, field->line, 0);
        return SAME_NEVER;
    }
    if (rule.class == POLICY_PUBLIC && rule.shape == POLICY_WHOLE &&
        !locate_may_find(&sanitizer->locator, rule, value)) {
        buffer_append_bytes(out, field->line);
        return rule.hinted ? SAME_LINE : SAME_NAME;
    }
    size_t start = field->value.size ? (size_t)(field->value.data - field->line.data) : field->line.size;
    size_t line = out->size;
    sanitizer->gone = false;
    buffer_append(out, field->line.data, start);
    size_t before = out->size, links = sanitizer->exchange->link_count;
    header_locate(&sanitizer->locator, rule, field->name, value, out);
    struct bytes result = bytes_make(out->data + before, out->size - before);
    if (sanitizer->gone && result.size == 0) { /* all that stood in it: the field goes too */
        out->size = line;
        return SAME_NEVER;
    }
    bool same = bytes_equal(result, value);
    if (same) {
        out->size = before; /* nothing is sensitive: folds stay as they were */
        buffer_append_bytes(out, field->value);
    }
    size_t end = start + field->value.size;
    buffer_append(out, field->line.data + end, field->line.size - end);
    return same && rule.class == POLICY_PUBLIC && sanitizer->exchange->link_count == links ? SAME_LINE
                                                                                           : SAME_NEVER;
}

/* Takes one more Content-Type of the body. Several that differ are no type. */
static void add_type(struct sanitizer *sanitizer, struct bytes value)
{
    struct body_type type = body_type_of(value);
    struct buffer *boundary = &sanitizer->boundary;
    if (sanitizer->media == MEDIA_NONE && type.media == MEDIA_MULTIPART)
        buffer_append_bytes(boundary, type.boundary);
    if (sanitizer->media == MEDIA_NONE)
        sanitizer->media = type.media;
    else if (sanitizer->media != type.media ||
             (type.media == MEDIA_MULTIPART && !bytes_equal(buffer_bytes(boundary), type.boundary)))
        sanitizer->media = MEDIA_OTHER;
}

/* Whether the header line |name| says something of the body. */
static bool is_type(struct bytes name)
{
    return bytes_equal_nocase(name, BYTES_LITERAL("Content-Type")) ||
           bytes_equal_nocase(name, BYTES_LITERAL("Content-Encoding"));
}

/* Notes what a header line that says something of the body, as it is kept in |line|, says. Returns whether it can be read. */
static bool note_type(struct sanitizer *sanitizer, struct bytes line)
{
    struct http1_field field;
    if (!http1_next_field(&line, &field))
        return false;
    if (bytes_equal_nocase(field.name, BYTES_LITERAL("Content-Type"))) {
        add_type(sanitizer, field.value);
    } else {
        if (sanitizer->coding.size > 0)
            buffer_append_text(&sanitizer->coding, ", ");
        buffer_append_bytes(&sanitizer->coding, field.value);
    }
    return true;
}

/* Takes the lines from |fields| to |out|; what remains is the empty line or nothing. |head|: of a head, not trailers. */
static void field_lines(struct sanitizer *sanitizer, struct bytes *fields, bool head, struct buffer *out)
{
    struct line_memo *memo = &sanitizer->lines[sanitizer->kind];
    line_memo_begin(memo);
    for (;;) {
        struct line_memo_look look = {0}; /* who observes is to see each line */
        if (!sanitizer->observer && line_memo_find(memo, *fields, &look)) {
            struct bytes line = look.line;
            buffer_append_bytes(out, line);
            if (look.slot->noted && head)
                note_type(sanitizer, line);
            *fields = bytes_make(fields->data + line.size, fields->size - line.size);
            continue;
        }
        struct http1_field field;
        if (!http1_next_field(fields, &field))
            return;
        size_t before = out->size;
        enum same same = field_line(sanitizer, &field, out);
        struct bytes kept = {0};
        if (out->size > before)
            kept = bytes_make(out->data + before, out->size - before);
        bool noted = kept.size > 0 && ids_note_field(&sanitizer->ids, &field, sanitizer->kind == LINK_USES);
        noted |= stale_note_field(&sanitizer->stale, &field, kept);
        bool type = head && is_type(field.name) && kept.size > 0 && note_type(sanitizer, kept);
        bool number = look.kind == LINE_MEMO_NUMBER;
        if (head && !noted && (number ? same == SAME_NAME && !type : same != SAME_NEVER))
            line_memo_learn(memo, &look, type);
    }
}

/* Puts |sanitizer->text| in place of |buffer|. It is copied where that is cheap: swapping would mix the memory of heads and bodies until
 * each had the size of the largest. */
static void take_text(struct sanitizer *sanitizer, struct buffer *buffer)
{
    if (sanitizer->links_only)
        return;
    if (sanitizer->text.size <= COPIED_MAX) {
        buffer_clear(buffer);
        buffer_append_bytes(buffer, buffer_bytes(&sanitizer->text));
        return;
    }
    struct buffer swapped = *buffer;
    *buffer = sanitizer->text;
    sanitizer->text = swapped;
}

static void sanitize_trailers(struct sanitizer *sanitizer, struct buffer *trailers)
{
    if (trailers->size == 0)
        return;
    struct bytes fields = buffer_bytes(trailers);
    buffer_clear(&sanitizer->text);
    sanitizer->part = SANITIZE_IN_TRAILER;
    field_lines(sanitizer, &fields, false, &sanitizer->text);
    take_text(sanitizer, trailers);
}

static void sanitize_head(struct sanitizer *sanitizer, struct buffer *head)
{
    sanitizer->stale = (struct stale){0};
    sanitizer->media = MEDIA_NONE;
    buffer_clear(&sanitizer->boundary);
    buffer_clear(&sanitizer->coding);
    if (head->size == 0)
        return;
    struct bytes fields = http1_fields(buffer_bytes(head));
    buffer_clear(&sanitizer->text);
    sanitizer->part = SANITIZE_IN_START_LINE;
    sanitizer->field = (struct bytes){0};
    start_line(sanitizer, buffer_bytes(head), &sanitizer->text);
    sanitizer->part = SANITIZE_IN_HEADER;
    field_lines(sanitizer, &fields, true, &sanitizer->text);
    if (fields.size > 0)
        buffer_append(&sanitizer->text, fields.data, head_text_line_size(fields)); /* the empty line */
    if (stale_covers(&sanitizer->stale, STALE_HEAD) &&
        !bytes_equal(buffer_bytes(head), buffer_bytes(&sanitizer->text)))
        stale_note_changed(&sanitizer->stale, STALE_HEAD);
    take_text(sanitizer, head);
}

/* Tells digests and signatures what became of the body |seen|: |plain| without its content coding, and sanitized in |sanitizer->text|,
 * which of one that was cut is its beginning. */
static void compare_body(struct sanitizer *sanitizer, enum body_extent extent, struct bytes seen,
                         struct bytes plain)
{
    if (plain.data != seen.data)
        stale_note_changed(&sanitizer->stale, STALE_CODED);
    if (extent == BODY_BEGINNING && sanitizer->text.size < plain.size)
        plain.size = sanitizer->text.size;
    bool covered = stale_covers(&sanitizer->stale, STALE_CONTENT) || sanitizer->message->trailers.size > 0;
    if (covered && !bytes_equal(plain, buffer_bytes(&sanitizer->text)))
        stale_note_changed(&sanitizer->stale, STALE_CONTENT | STALE_CODED);
}

/* Undoes the content coding and locates; |sanitizer->text| is what may be kept. Returns why nothing may, or NONE. */
static enum body_reason clean_body(struct sanitizer *sanitizer, const struct body *body,
                                   enum body_extent extent)
{
    struct bytes plain = buffer_bytes(&body->content);
    struct body_type type = {.media = sanitizer->media, .boundary = buffer_bytes(&sanitizer->boundary)};
    if (type.media == MEDIA_OTHER || type.media == MEDIA_TEXT)
        return BODY_REASON_TYPE;
    if (body->coded && sanitizer->coding.size > 0) {
        struct bytes list = buffer_bytes(&sanitizer->coding);
        enum coding_result decoded =
            extent == BODY_WHOLE ? coding_decode(list, plain, DECODED_MAX, &sanitizer->plain)
                                 : coding_decode_beginning(list, plain, BEGINNING_MAX, &sanitizer->plain);
        if (decoded != CODING_OK)
            return decoded == CODING_LIMIT ? BODY_REASON_LIMIT : BODY_REASON_CODING;
        plain = buffer_bytes(&sanitizer->plain);
    }
    if (plain.size > DECODED_MAX) {
        if (extent == BODY_WHOLE)
            return BODY_REASON_LIMIT;
        plain.size = DECODED_MAX;
    }
    buffer_clear(&sanitizer->text);
    ids_note_body(&sanitizer->ids, type.media, plain, sanitizer->kind == LINK_USES);
    enum body_reason reason = body_locate(&sanitizer->locator, type, extent, plain, &sanitizer->text);
    if (reason == BODY_REASON_NONE || reason == BODY_REASON_PARTS)
        compare_body(sanitizer, extent, buffer_bytes(&body->content), plain);
    return reason;
}

/* Takes |body| as it is but for its content coding: a rule preserves it. */
static enum body_reason plain_body(struct sanitizer *sanitizer, const struct body *body)
{
    struct bytes list = buffer_bytes(&sanitizer->coding);
    buffer_clear(&sanitizer->text);
    if (!body->coded || list.size == 0) {
        buffer_append_bytes(&sanitizer->text, buffer_bytes(&body->content));
        return BODY_REASON_NONE;
    }
    enum coding_result decoded =
        coding_decode(list, buffer_bytes(&body->content), DECODED_MAX, &sanitizer->text);
    stale_note_changed(&sanitizer->stale, STALE_CODED);
    return decoded == CODING_OK      ? BODY_REASON_NONE
           : decoded == CODING_LIMIT ? BODY_REASON_LIMIT
                                     : BODY_REASON_CODING;
}

/* Tells the observer that |body| is done with. */
static void tell_body(struct sanitizer *sanitizer, const struct body *body, struct policy_decision decision,
                      enum body_reason reason)
{
    if (!sanitizer->observer || body->content.size == 0)
        return;
    struct bytes list = buffer_bytes(&sanitizer->coding), plain = buffer_bytes(&body->content);
    if (body->coded && list.size > 0 &&
        coding_decode_beginning(list, plain, DECODED_MAX, &sanitizer->plain) == CODING_OK)
        plain = buffer_bytes(&sanitizer->plain);
    tell(sanitizer, (struct sanitize_event){
                        .step = SANITIZE_BODY, .value = plain, .decision = decision, .reason = reason});
}

static void drop_content(struct body *body)
{
    body->coded = false;
    buffer_clear(&body->content);
}

/* Takes the digest of all of |body|, which is about to be dropped. */
static void digest_body(struct sanitizer *sanitizer, struct body *body)
{
    if (!sanitizer->digests[sanitizer->kind] || body->content.size < BODY_DIGEST_MIN)
        return;
    keys_digest_begin(sanitizer->digest, sanitizer->keys);
    keys_digest_add(sanitizer->digest, buffer_bytes(&body->content));
    keys_digest_end(sanitizer->digest, body->digest);
    body->digested = true;
}

/* Keeps what clean_body made of |body|. */
static void take_content(struct sanitizer *sanitizer, struct body *body)
{
    take_text(sanitizer, &body->content);
    body->coded = false;
}

static void sanitize_whole(struct sanitizer *sanitizer, struct body *body)
{
    struct policy_decision decision = policy_of_body(sanitizer->policy, sanitizer->kind == LINK_ISSUES);
    enum body_reason reason = decision.class == POLICY_PRESERVED ? plain_body(sanitizer, body)
                              : decision.class == POLICY_EMPTIED ? BODY_REASON_NOT_WANTED
                                                                 : clean_body(sanitizer, body, BODY_WHOLE);
    tell_body(sanitizer, body, decision, reason);
    if (sanitizer->links_only)
        return;
    if (body->state == BODY_KEPT && (reason != BODY_REASON_NONE || sanitizer->text.size > LARGE_BODY))
        digest_body(sanitizer, body);
    if (reason != BODY_REASON_NONE) {
        body->state = reason == BODY_REASON_PARTS ? BODY_CUT : BODY_DROPPED;
        body->reason = reason;
    }
    if (body->state == BODY_DROPPED)
        drop_content(body);
    else
        take_content(sanitizer, body);
}

/* A body that was cut keeps what is certain of its beginning, which may be nothing. */
static void sanitize_beginning(struct sanitizer *sanitizer, struct body *body)
{
    struct policy_decision decision = policy_of_body(sanitizer->policy, sanitizer->kind == LINK_ISSUES);
    enum body_reason reason = body->content.size == 0 || decision.class == POLICY_EMPTIED
                                  ? BODY_REASON_TYPE
                                  : clean_body(sanitizer, body, BODY_BEGINNING);
    tell_body(sanitizer, body, decision, reason != BODY_REASON_NONE ? reason : BODY_REASON_INCOMPLETE);
    if (sanitizer->links_only)
        return;
    if (reason == BODY_REASON_NONE || reason == BODY_REASON_PARTS)
        take_content(sanitizer, body);
    else
        drop_content(body);
}

/* Drops what is there of a body that cannot be told apart. */
static void leave_out(struct sanitizer *sanitizer, struct body *body, enum body_reason lost)
{
    tell_body(sanitizer, body, policy_of_body(sanitizer->policy, sanitizer->kind == LINK_ISSUES), lost);
    if (!sanitizer->links_only)
        drop_content(body);
}

/* |lost| is why the body is not whole although it was handed over as such, or NONE. */
static void sanitize_body(struct sanitizer *sanitizer, struct body *body, enum body_reason lost)
{
    /* What has parts left out is whole but for them: it was sanitized before. */
    sanitizer->part = SANITIZE_IN_BODY;
    sanitizer->field = (struct bytes){0};
    bool whole = body->state == BODY_KEPT || (body->state == BODY_CUT && body->reason == BODY_REASON_PARTS);
    if (whole && lost == BODY_REASON_NONE) {
        sanitize_whole(sanitizer, body);
        return;
    }
    /* What stands where in a body with a hole that it does not tell of is not known. */
    if (body->state == BODY_CUT || (body->state == BODY_KEPT && lost == BODY_REASON_INCOMPLETE))
        sanitize_beginning(sanitizer, body);
    else
        leave_out(sanitizer, body, lost);
    if (body->state == BODY_KEPT && !sanitizer->links_only) {
        body->state = BODY_CUT;
        body->reason = lost;
    }
}

static enum body_reason lost_reason(uint64_t flags, uint64_t gap, uint64_t incomplete)
{
    return flags & gap ? BODY_REASON_GAP : flags & incomplete ? BODY_REASON_INCOMPLETE : BODY_REASON_NONE;
}

/* The head comes first: what it says of the body once it is sanitized is what a later reader will go by. */
static void sanitize_message(struct sanitizer *sanitizer, struct message *message, enum link_kind kind,
                             enum body_reason lost)
{
    sanitizer->message = message;
    sanitizer->kind = kind;
    sanitize_head(sanitizer, &message->head);
    sanitize_body(sanitizer, &message->body, lost);
    sanitize_trailers(sanitizer, &message->trailers);
    if (!sanitizer->links_only)
        sanitizer->exchange->flags |= stale_flags(&sanitizer->stale, kind == LINK_USES);
}

static void run(struct sanitizer *sanitizer, struct exchange *exchange, bool links_only)
{
    uint64_t flags = exchange->flags;
    sanitizer->exchange = exchange;
    ids_begin(&sanitizer->ids, exchange);
    sanitizer->personal.exchange = exchange;
    sanitizer->links_only = links_only;
    sanitize_message(sanitizer, &exchange->request, LINK_USES,
                     lost_reason(flags, EXCHANGE_FLAG(REQUEST_GAP), EXCHANGE_FLAG(REQUEST_INCOMPLETE)));
    sanitize_message(sanitizer, &exchange->response, LINK_ISSUES,
                     lost_reason(flags, EXCHANGE_FLAG(RESPONSE_GAP), EXCHANGE_FLAG(RESPONSE_INCOMPLETE)));
}

void sanitizer_look_into(struct sanitizer *sanitizer, struct bytes text)
{
    struct buffer *out = locator_take(&sanitizer->locator);
    locate_nested(&sanitizer->locator, LINK_PLACE_BODY, (struct bytes){0}, text, out);
    locator_give(&sanitizer->locator, out);
}

/* Finds whose dates are in |exchange|: those of whoever used its first credential that tells users apart. */
static void find_subject(struct sanitizer *sanitizer, struct exchange *exchange)
{
    sanitize_observer_fn *observer = sanitizer->observer;
    sanitizer->subject = (struct bytes){0};
    if (!policy_has_dates(sanitizer->policy))
        return;
    sanitizer->observer = NULL;
    run(sanitizer, exchange, true);
    sanitizer->observer = observer;
    struct bytes tag = links_subject(exchange);
    if (tag.size > 0)
        memcpy(sanitizer->subject_tag, tag.data, tag.size);
    sanitizer->subject = bytes_make(sanitizer->subject_tag, tag.size);
}

void sanitize_exchange(struct sanitizer *sanitizer, struct exchange *exchange)
{
    find_subject(sanitizer, exchange);
    run(sanitizer, exchange, false);
}

void sanitize_links_only(struct sanitizer *sanitizer, struct exchange *exchange)
{
    run(sanitizer, exchange, true);
}
