#include "filters/locate/json_locator.h"

#include "filters/locate/json_escape.h"
#include "filters/locate/json_pair.h"
#include "filters/locate/json_token.h"
#include "filters/policy/pair_names.h"

#include <string.h>

#define BARE_TOKEN_SIZE 16 /* a string this long without a name is taken for a token */

/* Reads a text that ends at |end|. Functions that pass something take where it begins and return where it ends, or NULL where
 * it is not JSON; why then stands here. */
struct reader {
    struct locator *locator;
    const uint8_t *end;
    const uint8_t *copied; /* all before it is in |out| */
    struct buffer *out;
    struct buffer *names; /* member names that were escaped, decoded, from the outermost to the current one */
    unsigned depth;
    bool beginning; /* the text may end inside a value */
    bool ended;     /* the token at |at| is not whole where the text ends */
    const uint8_t *at;
    enum json_locate_result result;
    struct policy_memo_entry *last; /* of the member name before; NULL: none that is remembered */
    const uint8_t *suspect;         /* a value that ends at or before it holds nothing that looks sensitive */
};

/* What is known of the value to come: the class it inherits and its name, a part of the text or of |names|. */
struct slot {
    struct policy_decision decision;
    uint64_t states;   /* of JSON paths, on the way to the value's members or elements; 0: none can match */
    bool name_decoded; /* it is a part of |names|, from |name_start| on */
    enum link_place place;
    const uint8_t *name;
    size_t name_start;
    size_t name_size;
};

/* An object that is being passed, and what its members say of the one that is its value. */
struct object {
    const uint8_t *at; /* its brace, or the end of the object before it */
    bool asked;        /* the next two are known */
    struct policy_decision decision;
    struct bytes name;
    bool cut;  /* what would say so may be cut off */
    bool gone; /* the member that was passed last is to be cut out */
};

/* What was written. */
struct mark {
    const uint8_t *copied;
    size_t out_size;
};

/* What a value is a part of. */
enum position { OUTERMOST, MEMBER, ELEMENT };

static const uint8_t *container_locate(struct reader *reader, const uint8_t *at, const struct slot *slot,
                                       bool siblings);

/* A token that is wrong, or missing, at |at|. |cut|: only because the text ends. */
__attribute__((noinline, cold)) static const uint8_t *not_json(struct reader *reader, const uint8_t *at,
                                                               bool cut)
{
    reader->at = at;
    reader->ended = cut;
    reader->result = JSON_NOT_JSON;
    return NULL;
}

static void copy_until(struct reader *reader, const uint8_t *end)
{
    buffer_append(reader->out, reader->copied, (size_t)(end - reader->copied));
    reader->copied = end;
}

static struct bytes slot_name(const struct reader *reader, const struct slot *slot)
{
    return bytes_make(slot->name_decoded ? reader->names->data + slot->name_start : slot->name,
                      slot->name_size);
}

/* Replaces the value between |start| and |end| by |value| as a string. */
static void put_string(struct reader *reader, const uint8_t *start, const uint8_t *end, struct bytes value)
{
    copy_until(reader, start);
    buffer_append_byte(reader->out, '"');
    json_append_escaped(value, reader->out);
    buffer_append_byte(reader->out, '"');
    reader->copied = end;
}

/* Replaces the number between |start| and |end| by |value|, which is one. */
static void put_raw(struct reader *reader, const uint8_t *start, const uint8_t *end, struct bytes value)
{
    copy_until(reader, start);
    buffer_append_bytes(reader->out, value);
    reader->copied = end;
}

/* Returns whether |text| is a whole number as JSON writes them: what stands in place of one goes without quotes. */
static bool is_number(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0 && (text.data[0] != '0' || text.size == 1);
}

/* Returns whether something may stand inside a string that its name does not tell: parameters, a URL, JSON (which begins
 * with a bracket, perhaps after white space that is escaped). All that marks these is ASCII. */
static inline bool worth_a_look(const struct json_string *string)
{
    if (!string->marked && !string->escaped)
        return false;
    if (string->size <= 2)
        return false;
    if (string->marked || string->hidden)
        return true;
    uint8_t first = *string->start;
    return first == '{' || first == '[' || first == '\\' || first == ' ';
}

/* Returns whether the value that ends at |end| may look sensitive, whatever its name. */
static inline bool is_suspect(const struct reader *reader, const struct slot *slot, const uint8_t *end)
{
    return end > reader->suspect || slot->decision.hinted;
}

/* Looks on for what may look sensitive, once the value that ends at |end| was dealt with. */
static void suspect_pass(struct reader *reader, const uint8_t *end)
{
    if (end > reader->suspect)
        reader->suspect = end + detect_next(bytes_make(end, (size_t)(reader->end - end)), 0);
}

/* Replaces the string from |start| to |end|, or what stands inside it. */
__attribute__((noinline)) static void string_replace(struct reader *reader, const struct slot *slot,
                                                     struct policy_decision decision, const uint8_t *start,
                                                     const uint8_t *end, const struct json_string *string)
{
    struct locator *locator = reader->locator;
    struct buffer *value = locator_take(locator), *replacement = locator_take(locator);
    struct bytes decoded = bytes_make(string->start, string->size);
    if (string->escaped) {
        json_unescape(decoded, value);
        decoded = buffer_bytes(value);
    }
    bool changed;
    if (decision.class == POLICY_PUBLIC) {
        changed = locate_nested(locator, slot->place, slot_name(reader, slot), decoded, replacement);
    } else {
        struct atom atom = {slot->place, decision, slot_name(reader, slot), decoded};
        changed = locator_replace(locator, &atom, replacement);
    }
    if (changed)
        put_string(reader, start, end, buffer_bytes(replacement));
    locator_give(locator, replacement);
    locator_give(locator, value);
}

__attribute__((always_inline)) static inline const uint8_t *
string_locate(struct reader *reader, const uint8_t *at, const struct slot *slot, enum position position)
{
    struct json_string string;
    bool cut;
    const uint8_t *after = json_string_end(at, reader->end, true, &string, &cut);
    if (!after)
        return not_json(reader, at, cut);
    struct policy_decision decision = slot->decision;
    if (position == OUTERMOST && decision.class == POLICY_PUBLIC &&
        (string.size >= BARE_TOKEN_SIZE || string.coded || worth_a_look(&string)))
        decision.class =
            POLICY_CREDENTIAL; /* whole: a shorter one with something inside could grow into a token */
    if (decision.class != POLICY_PUBLIC || worth_a_look(&string) || is_suspect(reader, slot, after)) {
        struct json_string copy = string; /* the other stays in registers */
        string_replace(reader, slot, decision, at, after, &copy);
        suspect_pass(reader, after);
    }
    return after;
}

/* Replaces the plain value from |start| to |end|, where it is sensitive: it becomes a string. */
__attribute__((noinline)) static void plain_replace(struct reader *reader, const struct slot *slot,
                                                    const uint8_t *start, const uint8_t *end)
{
    struct buffer *replacement = locator_take(reader->locator);
    struct bytes value = bytes_make(start, (size_t)(end - start));
    struct atom atom = {slot->place, slot->decision, slot_name(reader, slot), value};
    bool changed;
    if (slot->decision.class == POLICY_PUBLIC)
        changed = locate_nested(reader->locator, slot->place, atom.name, value, replacement);
    else
        changed = locator_replace(reader->locator, &atom, replacement);
    if (changed && is_number(buffer_bytes(replacement)))
        put_raw(reader, start, end, buffer_bytes(replacement));
    else if (changed)
        put_string(reader, start, end, buffer_bytes(replacement));
    locator_give(reader->locator, replacement);
}

/* A number, true, false or null that begins with |first|. */
__attribute__((always_inline)) static inline const uint8_t *
plain_locate(struct reader *reader, const uint8_t *at, const struct slot *slot, uint8_t first)
{
    bool cut;
    const uint8_t *end = reader->end;
    const uint8_t *after = first == 't'   ? json_word_end(at, end, "true", 4, &cut)
                           : first == 'f' ? json_word_end(at, end, "false", 5, &cut)
                           : first == 'n' ? json_word_end(at, end, "null", 4, &cut)
                                          : json_number_end(at, end, &cut);
    if (!after)
        return not_json(reader, at, cut);
    if (after == end && reader->beginning && (first == '-' || (first >= '0' && first <= '9')))
        return not_json(reader, at, true); /* more digits may come */
    if ((slot->decision.class != POLICY_PUBLIC || is_suspect(reader, slot, after)) && first != 'n') {
        plain_replace(reader, slot, at, after);
        suspect_pass(reader, after);
    }
    return after;
}

/* Every value but objects and arrays is dealt with where it stands; of an element, also the objects after it. */
__attribute__((always_inline)) static inline const uint8_t *
value_locate(struct reader *reader, const uint8_t *at, const struct slot *slot, enum position position)
{
    at = json_skip_space(at, reader->end);
    uint8_t first = json_byte(at, reader->end);
    if (first == '"')
        return string_locate(reader, at, slot, position);
    return first == '{' || first == '[' ? container_locate(reader, at, slot, position == ELEMENT)
                                        : plain_locate(reader, at, slot, first);
}

/* Asks the policy of the name in |slot| and remembers what |joint|, from the comma or brace on, led to. */
static void name_look_up(struct reader *reader, struct slot *slot, struct bytes joint)
{
    struct locator *locator = reader->locator;
    struct bytes name = slot_name(reader, slot);
    struct policy_memo_entry *entry = policy_memo_member(&locator->memo, locator->policy, name);
    if (entry) {
        slot->decision = entry->decision;
        if (reader->last && !slot->name_decoded)
            policy_memo_join(reader->last, entry, joint, (size_t)(slot->name - joint.data));
    } else {
        slot->decision = policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_JSON, name);
    }
    reader->last = entry;
}

/* Looks at the name in |slot|, which stands in |string| and ends at |end|, and replaces what looks sensitive in it. Returns false where
 * nothing can. A name that may hold something is not remembered: it is to be looked at wherever it stands. */
__attribute__((noinline)) static bool name_locate(struct reader *reader, const struct json_string *string,
                                                  const uint8_t *end, struct slot *slot)
{
    struct locator *locator = reader->locator;
    struct bytes name = slot_name(reader, slot), no_name = {0};
    suspect_pass(reader, end);
    if (!locate_may_find(locator, (struct policy_decision){0}, name))
        return false;
    struct buffer *replacement = locator_take(locator);
    slot->decision = policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_JSON, name);
    reader->last = NULL;
    if (locate_nested(locator, slot->place, no_name, name, replacement)) {
        put_string(reader, string->start - 1, end, buffer_bytes(replacement));
        /* The name that stands there now decides as well, so that sanitizing again changes nothing. */
        struct policy_decision later =
            policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_JSON, buffer_bytes(replacement));
        bool paired = slot->decision.paired || later.paired;
        if (slot->decision.class == POLICY_PUBLIC || later.class == POLICY_EMPTIED)
            slot->decision = later;
        slot->decision.paired = paired;
    }
    locator_give(locator, replacement);
    return true;
}

/* Reads "name": at |at| and fills |ret_slot| for the value that follows. |joint|: the comma or brace before. */
__attribute__((noinline)) static const uint8_t *member_name(struct reader *reader, const uint8_t *joint,
                                                            const uint8_t *at, struct slot *ret_slot)
{
    struct json_string string;
    bool cut;
    if (json_byte(at, reader->end) != '"')
        return not_json(reader, at, at == reader->end);
    const uint8_t *name_end = json_string_end(at, reader->end, true, &string, &cut);
    if (!name_end)
        return not_json(reader, at, cut);
    const uint8_t *after = json_skip_space(name_end, reader->end);
    if (json_byte(after, reader->end) != ':')
        return not_json(reader, at, after == reader->end); /* the name was not looked at */
    after = json_skip_space(after + 1, reader->end);
    ret_slot->name_decoded = string.escaped;
    ret_slot->name = string.start;
    ret_slot->name_size = string.size;
    if (string.escaped) {
        ret_slot->name_start = reader->names->size;
        json_unescape(bytes_make(string.start, string.size), reader->names);
        ret_slot->name_size = reader->names->size - ret_slot->name_start;
    }
    bool odd = string.marked || string.escaped || name_end > reader->suspect;
    if (!odd || !name_locate(reader, &string, name_end, ret_slot))
        name_look_up(reader, ret_slot, bytes_make(joint, (size_t)(after - joint)));
    return after;
}

/* Fills |ret_slot| where what is at |at| is what came after the last name the time before. Returns where the value begins,
 * else NULL. */
__attribute__((always_inline)) static inline const uint8_t *
same_joint(struct reader *reader, const uint8_t *at, struct slot *ret_slot)
{
    if (!reader->last || reader->end - at < POLICY_MEMO_JOINT_SIZE)
        return NULL;
    const struct policy_memo_joint *joint = reader->last->joints;
    if (!policy_memo_joint_fits(joint, at) && !policy_memo_joint_fits(++joint, at))
        return NULL;
    if (!joint->known)
        return NULL;
    ret_slot->decision = joint->decision;
    ret_slot->name_decoded = false;
    ret_slot->name = at + joint->name_start;
    ret_slot->name_size = joint->name_size;
    reader->last = joint->to;
    return at + joint->size;
}

/* Passes the value at |at|, of which 17 bytes can be read, if it is a number, a word or a string in which there is nothing to
 * look for. Else returns NULL: it may be anything. What is returned can be read. */
__attribute__((always_inline)) static inline const uint8_t *plain_value_end(const uint8_t *at,
                                                                            const uint8_t *end)
{
    if (*at == '"') {
        bool marked = false;
        at = json_run_end(at + 1, end, &marked);
        return !marked && end - at >= 2 && *at == '"' ? at + 1 : NULL;
    }
    if (*at <= '9')
        return json_number_short_end(at);
    if (memcmp(at, "true", 4) == 0 || memcmp(at, "null", 4) == 0)
        return at + 4;
    return memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
}

/* Notes that |object| ends at |at|. */
static inline void object_end(struct object *object, const uint8_t *at)
{
    object->at = at;
    object->asked = false;
}

/* Passes members as long as each is public, led to as it was the time before, and has a plain value; most are. |at| is at the
 * brace or comma before the first, and what is returned is at that before the next, or at the closing brace. |siblings|: after
 * it another object may come. */
static const uint8_t *plain_members_pass(struct reader *reader, struct object *object, const uint8_t *at,
                                         bool siblings)
{
    const uint8_t *end = reader->end;
    struct policy_memo_entry *last = reader->last;
    if (!last)
        return at;
    while (end - at >= POLICY_MEMO_JOINT_SIZE + 17) {
        const struct policy_memo_joint *joint = last->joints;
        if ((!policy_memo_joint_fits(joint, at) && !policy_memo_joint_fits(++joint, at)) || !joint->public)
            break;
        const uint8_t *after = plain_value_end(at + joint->size, end);
        if (!after || after > reader->suspect)
            break;
        bool whole = *after == '}'; /* the object */
        if (*after != ',' && !whole) {
            after = json_skip_space(after, end);
            uint8_t byte = json_byte(after, end);
            whole = byte == '}';
            if (byte != ',' && !whole)
                break;
        }
        at = after;
        last = joint->to;
        if (whole && !siblings)
            break;
        if (whole)
            object_end(object, after);
    }
    reader->last = last;
    return at;
}

/* Returns where the brace of another object stands after the comma that is at |at|, else NULL. */
static inline const uint8_t *sibling_begin(const uint8_t *at, const uint8_t *end)
{
    at = json_skip_space(at, end);
    if (json_byte(at, end) != ',')
        return NULL;
    at = json_skip_space(at + 1, end);
    return json_byte(at, end) == '{' ? at : NULL;
}

/* Lets the paths of rules have their say about the member |name|. */
static void follow_paths(struct reader *reader, uint64_t states, struct bytes name, struct slot *slot)
{
    const struct policy *policy = reader->locator->policy;
    uint16_t rule = POLICY_NO_RULE;
    slot->states = policy_json_member(policy, states, name, &rule);
    if (rule != POLICY_NO_RULE && (slot->decision.rule == POLICY_NO_RULE || rule < slot->decision.rule))
        slot->decision = policy_by_rule(policy, rule);
}

/* Asks the members of |object| what its value is: the first counts whose text is a sensitive name, else the first that hints at something. */
static void pair_ask(struct reader *reader, struct object *object)
{
    struct locator *locator = reader->locator;
    struct buffer *plain = locator_take(locator);
    struct json_string string;
    bool ended;
    *object = (struct object){.at = object->at, .asked = true};
    const uint8_t *at = memchr(object->at, '{', (size_t)(reader->end - object->at));
    for (at++; (at = json_pair_next(at, reader->end, &string, &ended));) {
        struct bytes name = bytes_make(string.start, string.size), decoded = name;
        if (string.escaped) {
            buffer_clear(plain);
            json_unescape(name, plain);
            decoded = buffer_bytes(plain);
        }
        if (!pair_names_is_name(decoded))
            continue;
        struct policy_decision decision =
            policy_memo_ask(&locator->memo, locator->policy, POLICY_IN_JSON, decoded);
        bool sensitive = decision.class != POLICY_PUBLIC;
        if (!sensitive && (!decision.hinted || object->decision.hinted))
            continue;
        object->decision = decision;
        object->name = name;
        if (sensitive)
            break;
    }
    object->cut = !at && !ended;
    locator_give(locator, plain);
}

/* Lets what |object| says of its value decide on |member|. Inside what is sensitive as a whole the names go as well, and only that counts which
 * is never kept. */
__attribute__((noinline)) static void pair_decide(struct reader *reader, const struct slot *outer,
                                                  struct object *object, struct slot *member)
{
    if (!object->asked)
        pair_ask(reader, object);
    struct policy_decision pair = object->decision, own = member->decision;
    bool open = outer->decision.class == POLICY_PUBLIC || outer->decision.class == POLICY_PRESERVED ||
                outer->decision.scalar_only;
    if (!open && pair.class != POLICY_EMPTIED)
        return;
    pair.scalar_only = false; /* it is the value itself that is named */
    member->decision = policy_of_inner(reader->locator->policy, pair, own);
    member->decision.hinted = own.hinted || pair.hinted;
    if (object->name.size > 0 && own.class == POLICY_PUBLIC) {
        member->name_decoded = false;
        member->name = object->name.data;
        member->name_size = object->name.size;
    }
}

/* Passes the value at |at| of a member that goes, whose name ends before. Returns where it ends, with all written since |mark| taken back. */
static const uint8_t *removed_pass(struct reader *reader, const uint8_t *at, const struct slot *member,
                                   const struct mark *mark)
{
    struct locator *locator = reader->locator;
    bool outer = locator->removing;
    locator->removing = true;
    const uint8_t *after = value_locate(reader, at, member, MEMBER);
    locator->removing = outer;
    if (!after)
        return NULL; /* what is left of it has been emptied */
    struct bytes value = bytes_make(at, (size_t)(after - at));
    locator_remove(locator,
                   &(struct atom){member->place, member->decision, slot_name(reader, member), value});
    reader->out->size = mark->out_size;
    reader->copied = mark->copied;
    return after;
}

/* Passes a member that |joint| leads to, where |at| is at the comma or opening brace. Returns where its value ends. |outer|: what is known of the |object|. */
static const uint8_t *member_locate(struct reader *reader, const uint8_t *joint, const uint8_t *name,
                                    const struct slot *outer, struct object *object)
{
    const struct mark mark = {reader->copied, reader->out->size};
    struct slot member = {.place = outer->place};
    object->gone = false;
    size_t names = reader->names->size;
    const uint8_t *at = same_joint(reader, joint, &member);
    if (!at)
        at = member_name(reader, joint, name, &member);
    if (!at)
        return NULL;
    if (outer->states)
        follow_paths(reader, outer->states, slot_name(reader, &member), &member);
    if (member.decision.paired)
        pair_decide(reader, outer, object, &member);
    if (member.decision.paired && object->cut)
        return not_json(reader, json_skip_space(at, reader->end), true);
    if (outer->decision.class != POLICY_PUBLIC)
        member.decision = policy_of_inner(reader->locator->policy, outer->decision, member.decision);
    if (member.decision.rule != POLICY_NO_RULE && locator_removes(reader->locator, member.decision)) {
        object->gone = true;
        at = removed_pass(reader, at, &member, &mark);
    } else {
        at = value_locate(reader, at, &member, MEMBER);
    }
    reader->names->size = names;
    return at;
}

/* Cuts out the member from |name| to |end|, after which |next| stands: with the comma before it, or where it is the first that is left, with that
 * behind it. Returns whether the next member is the first then. */
static bool member_cut(struct reader *reader, const uint8_t *brace, const uint8_t *name, const uint8_t *end,
                       const uint8_t *next, bool first)
{
    first |= *brace == '{';
    copy_until(reader, first ? name : brace);
    bool more = first && *next == ',';
    reader->copied = more ? json_skip_space(next + 1, reader->end) : end;
    return more;
}

/* Passes the object whose brace is at |at|; with |siblings|, as an element of an array, also the objects that follow. */
static const uint8_t *objects_locate(struct reader *reader, const uint8_t *at, const struct slot *slot,
                                     bool siblings)
{
    const uint8_t *end = reader->end;
    bool public = (slot->decision.scalar_only || slot->decision.class == POLICY_PUBLIC) && !slot->states;
    const uint8_t *first_at = NULL; /* the comma here is cut out, with all members before it */
    struct object object = {.at = at};
    for (;;) {
        if (*at == '}')
            object_end(&object, at);
        if (public && (siblings || *at != '}'))
            at = plain_members_pass(reader, &object, at, siblings);
        const uint8_t *joint = at, *brace = at;
        if (*at == '}') {
            brace = siblings ? sibling_begin(at + 1, end) : NULL;
            if (!brace)
                return at + 1;
        }
        const uint8_t *name = json_skip_space(brace + 1, end);
        if (*brace == '{' && json_byte(name, end) == '}') {
            at = name;
            continue;
        }
        at = member_locate(reader, joint, name, slot, &object);
        if (!at)
            return NULL;
        const uint8_t *value_end = at;
        at = json_skip_space(at, end);
        uint8_t byte = json_byte(at, end);
        if (byte != ',' && byte != '}')
            return not_json(reader, at, at == end);
        first_at =
            object.gone && member_cut(reader, brace, name, value_end, at, brace == first_at) ? at : NULL;
    }
}

/* Passes one element that paths of rules may lead to. */
static const uint8_t *element_locate(struct reader *reader, const uint8_t *at, const struct slot *array,
                                     uint64_t index)
{
    const struct policy *policy = reader->locator->policy;
    struct slot element = *array;
    uint16_t rule = POLICY_NO_RULE;
    element.states = policy_json_element(policy, array->states, index, &rule);
    if (rule != POLICY_NO_RULE)
        element.decision = policy_of_inner(policy, array->decision, policy_by_rule(policy, rule));
    return value_locate(reader, at, &element, MEMBER);
}

static const uint8_t *array_locate(struct reader *reader, const uint8_t *at, const struct slot *slot)
{
    const uint8_t *first = json_skip_space(at + 1, reader->end);
    if (json_byte(first, reader->end) == ']')
        return first + 1;
    for (uint64_t index = 0;; index++) {
        at = slot->states ? element_locate(reader, at + 1, slot, index)
                          : value_locate(reader, at + 1, slot, ELEMENT);
        if (!at)
            return NULL;
        at = json_skip_space(at, reader->end);
        uint8_t byte = json_byte(at, reader->end);
        if (byte == ']')
            return at + 1;
        if (byte != ',')
            return not_json(reader, at, at == reader->end);
    }
}

static const uint8_t *container_locate(struct reader *reader, const uint8_t *at, const struct slot *slot,
                                       bool siblings)
{
    if (reader->depth == JSON_LOCATE_DEPTH_MAX) {
        reader->result = JSON_TOO_DEEP;
        return NULL;
    }
    reader->depth++;
    at = *at == '{' ? objects_locate(reader, at, slot, siblings) : array_locate(reader, at, slot);
    reader->depth--;
    return at;
}

/* Passes the values of |text| from |at| on. Returns where what is certain to be whole ends, or NULL where it is not JSON. */
static const uint8_t *texts_locate(struct reader *reader, const uint8_t *begin, const uint8_t *at,
                                   enum json_locate_count count)
{
    struct slot slot = {.place = LINK_PLACE_JSON,
                        .decision = policy_otherwise(reader->locator->policy),
                        .states = policy_json_root(reader->locator->policy)};
    const uint8_t *start, *after;
    const uint8_t *settled = begin; /* where the last value begins that does not touch a number before it */
    const uint8_t *copied = reader->copied; /* what was in |out| then */
    size_t out_size = reader->out->size;
    do {
        start = json_skip_space(at, reader->end);
        if (start == begin || (uint8_t)(start[-1] - '0') > 9) {
            settled = start;
            copied = reader->copied;
            out_size = reader->out->size;
        }
        after = value_locate(reader, start, &slot, OUTERMOST);
        if (after)
            at = json_skip_space(after, reader->end);
    } while (after && count == JSON_LOCATE_MANY && at < reader->end);
    if (after && at == reader->end)
        return at;
    if (after)
        return not_json(reader, at, false);
    if (!reader->beginning || !reader->ended)
        return NULL;
    /* A number that nothing follows any more could go on. */
    reader->result = JSON_LOCATED;
    if (reader->at != start)
        return reader->at;
    reader->copied = copied; /* a number that is given up may have been replaced */
    reader->out->size = out_size;
    return settled;
}

static enum json_locate_result locate(struct locator *locator, struct bytes text,
                                      enum json_locate_count count, bool beginning, struct buffer *out)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* of UTF-8 */
    if (text.size == 0)
        return beginning ? JSON_LOCATED : JSON_NOT_JSON;
    if (beginning && text.size < sizeof mark && memcmp(text.data, mark, text.size) == 0)
        return JSON_LOCATED;
    struct reader reader = {
        .locator = locator,
        .end = text.data + text.size,
        .copied = text.data,
        .out = out,
        .names = locator_take(locator),
        .beginning = beginning,
        .result = JSON_LOCATED,
        .last = &locator->memo.begin,
        .suspect = text.data + (locator->detects ? detect_next(text, 0) : text.size),
    };
    bool marked = text.size >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0;
    const uint8_t *end =
        texts_locate(&reader, text.data, marked ? text.data + sizeof mark : text.data, count);
    if (end)
        copy_until(&reader, end);
    locator_give(locator, reader.names);
    return reader.result;
}

enum json_locate_result json_locate(struct locator *locator, struct bytes text, enum json_locate_count count,
                                    struct buffer *out)
{
    return locate(locator, text, count, false, out);
}

enum json_locate_result json_locate_beginning(struct locator *locator, struct bytes text,
                                              enum json_locate_count count, struct buffer *out)
{
    return locate(locator, text, count, true, out);
}
