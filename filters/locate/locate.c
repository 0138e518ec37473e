#include "filters/locate/locate.h"

#include "common/percent.h"
#include "filters/locate/json_locator.h"
#include "filters/locate/label_locator.h"
#include "filters/locate/urlencoded.h"

#include <assert.h>
#include <string.h>

#define DETECTIONS_MAX 64 /* in one value */
#define LOCATE_ROUNDS  4
#define RECODED_GROWTH 8 /* times the size, and ... */
#define RECODED_MORE   256

void locator_done(struct locator *locator)
{
    for (unsigned i = 0; i < LOCATOR_POOL; i++)
        buffer_free(&locator->pool[i]);
    policy_memo_wipe(&locator->memo);
    detector_done(&locator->detector);
}

struct buffer *locator_take(struct locator *locator)
{
    assert(locator->pool_used < LOCATOR_POOL);
    struct buffer *buffer = &locator->pool[locator->pool_used++];
    buffer_clear(buffer);
    return buffer;
}

void locator_give(struct locator *locator, struct buffer *buffer)
{
    assert(locator->pool_used > 0 && buffer == &locator->pool[locator->pool_used - 1]);
    locator->pool_used--;
}

bool locator_replace(struct locator *locator, const struct atom *atom, struct buffer *out)
{
    buffer_clear(out);
    locator->replace(locator->arg, atom, out);
    return !bytes_equal(buffer_bytes(out), atom->value);
}

bool locator_removes(const struct locator *locator, struct policy_decision decision)
{
    const struct policy_rule *rule = policy_rule_of(locator->policy, decision.rule);
    return rule && rule->strategy.kind == STRATEGY_REMOVE;
}

void locator_remove(struct locator *locator, const struct atom *atom)
{
    if (locator->removed && locator->unwrapped == 0 && !locator->removing)
        locator->removed(locator->arg, atom);
}

/* Writes what stands in place of all of |value|, in which too much was found, or nothing that can be read, to |out|: fails closed. */
static bool replace_unclear(struct locator *locator, enum link_place place, struct bytes name,
                            struct bytes value, struct buffer *out)
{
    struct atom atom = {.place = place, .decision = {.class = POLICY_PERSONAL}, .name = name, .value = value};
    locator->unclear = true;
    bool differs = locator_replace(locator, &atom, out);
    locator->unclear = false;
    return differs;
}

/* What a value may hold besides itself. */
struct inside {
    bool json, pairs, url;
    bool labels; /* perhaps */
    bool coded;  /* none of the first three but, perhaps, once its percent escapes are undone */
};

static bool holds(struct bytes value, uint8_t byte)
{
    return memchr(value.data, byte, value.size) != NULL;
}

bool locate_is_padded(struct bytes text)
{
    size_t end = text.size;
    if (end < 12 || end % 4 != 0 || text.data[end - 1] != '=')
        return false;
    end -= text.data[end - 2] == '=' ? 2 : 1;
    for (size_t i = 0; i < end; i++)
        if (wrapping_base64_value(text.data[i]) < 0)
            return false;
    return true;
}

/* Whether |value| holds what parts names from values, or JSON's quotes, in percent escapes. */
static bool has_coded_syntax(struct bytes value)
{
    const uint8_t *end = value.data + value.size;
    for (const uint8_t *at = value.data; end - at >= 3; at++) {
        at = memchr(at, '%', (size_t)(end - at));
        if (!at || end - at < 3)
            return false;
        uint8_t low = at[2] | 0x20;
        if ((at[1] == '3' && (low == 'd' || low == 'a')) || (at[1] == '2' && at[2] == '2'))
            return true;
    }
    return false;
}

/* |value| is trimmed. It claims JSON where it begins as text with members does, so that what cannot be read in it
 * may be one. */
static struct inside look_inside(struct bytes value)
{
    if (value.size < 2)
        return (struct inside){.pairs = value.size > 0 && value.data[0] == '='};
    struct inside inside = {
        .json = (value.data[0] == '{' || value.data[0] == '[') && holds(value, '"'),
        .pairs = holds(value, '=') && !locate_is_padded(value),
        .url = holds(value, ':') && memmem(value.data, value.size, "://", 3) != NULL,
        .labels = labels_may_be(value),
    };
    inside.coded = !inside.json && !inside.pairs && !inside.url && has_coded_syntax(value);
    return inside;
}

/* Digits too few for anything that detectors know by its look; most lengths, counts and ids. */
static bool is_short_number(struct bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    return value.size < DETECT_DIGITS_MIN;
}

bool locate_may_find(const struct locator *locator, struct policy_decision decision, struct bytes value)
{
    if (!decision.hinted && is_short_number(value))
        return false;
    struct inside inside = look_inside(bytes_trim(value));
    return inside.json || inside.pairs || inside.url || inside.labels || inside.coded ||
           (locator->detects && (decision.hinted || detect_may_find(value)));
}

bool locate_in_name(struct locator *locator, struct bytes name)
{
    struct detection found;
    uint32_t classes = locator->detects & ~DETECT_BIT(DETECT_NAMES);
    return detect_find(&locator->detector, name, (struct bytes){0}, classes, &found, 1) > 0;
}

/* Makes no fake of a run that only holds, in base64, what is faked: one of its class would not be in its form. */
static void unfake(const struct policy *policy, struct policy_decision *decision)
{
    const struct policy_rule *rule = policy_rule_of(policy, decision->rule);
    if (rule && rule->strategy.kind == STRATEGY_FAKE)
        decision->rule = POLICY_NO_RULE;
}

static bool locate_syntax(struct locator *locator, enum link_place place, struct bytes name,
                          struct bytes value, struct buffer *out);

/* Looks for another syntax inside |value| with its percent escapes undone. */
static void locate_coded(struct locator *locator, enum link_place place, struct bytes name,
                         struct bytes value, struct buffer *out)
{
    struct buffer *plain = locator_take(locator), *replaced = locator_take(locator);
    percent_decode(value, false, plain);
    if (locate_syntax(locator, place, name, buffer_bytes(plain), replaced))
        percent_encode(buffer_bytes(replaced), "", out);
    else
        buffer_append_bytes(out, value);
    locator_give(locator, replaced);
    locator_give(locator, plain);
}

/* Puts |text| in place of what |out| holds. */
static void put_text(struct buffer *out, const struct buffer *text)
{
    buffer_clear(out);
    buffer_append_bytes(out, buffer_bytes(text));
}

/* Replaces what labels in |out| name. */
static void locate_labels(struct locator *locator, enum link_place place, struct buffer *out)
{
    struct buffer *labelled = locator_take(locator);
    if (labels_locate(locator, place, buffer_bytes(out), labelled))
        put_text(out, labelled);
    locator_give(locator, labelled);
}

/* Looks for another syntax inside |value|. */
static bool locate_syntax(struct locator *locator, enum link_place place, struct bytes name,
                          struct bytes value, struct buffer *out)
{
    buffer_clear(out);
    struct bytes inner = bytes_trim(value);
    struct inside inside = look_inside(inner);
    if (!inside.json && !inside.pairs && !inside.url && !inside.labels && !inside.coded)
        return false;
    if (locator->depth >= LOCATOR_DEPTH_MAX) /* deeper than anyone looks */
        return replace_unclear(locator, place, name, value, out);
    locator->depth++;
    bool failed = false;
    if (inside.json)
        failed = json_locate(locator, inner, JSON_LOCATE_ONE, out) != JSON_LOCATED;
    else if (inside.coded)
        locate_coded(locator, place, name, value, out);
    else if ((inside.pairs || inside.url) && url_has_start(value))
        url_locate(locator, value, false, out);
    else if (inside.pairs || inside.url)
        pairs_locate(locator, place, value, out); /* also what follows a '?' in a relative URL */
    else
        buffer_append_bytes(out, value);
    if (inside.labels && !inside.json)
        locate_labels(locator, place, out);
    locator->depth--;
    if (failed)
        return replace_unclear(locator, place, name, value, out);
    return !bytes_equal(buffer_bytes(out), inside.json ? inner : value);
}

static bool locate_detected(struct locator *locator, enum link_place place, struct bytes name,
                            struct bytes value, struct buffer *out);

/* What became of a coded run. */
enum recoding {
    RECODE_NEVER, /* it cannot be coded again: all of it goes */
    RECODE_SAME,  /* nothing in it changes */
    RECODE_DONE,
};

/* Writes the decoded |plain| of a run of base64 with all that is sensitive in it replaced to |out|, by way of |between|. */
static enum recoding replace_unwrapped(struct locator *locator, const struct atom *run, struct bytes plain,
                                       struct buffer *between, struct buffer *out)
{
    bool by_name = locate_syntax(locator, run->place, run->name, plain, between);
    struct bytes text = by_name ? buffer_bytes(between) : plain;
    if (!locate_detected(locator, run->place, run->name, text, out)) {
        buffer_clear(out);
        buffer_append_bytes(out, text);
    }
    if (bytes_equal(buffer_bytes(out), plain))
        return RECODE_SAME;
    bool ends = !locate_syntax(locator, run->place, run->name, buffer_bytes(out), between);
    return ends ? RECODE_DONE : RECODE_NEVER;
}

/* Codes |replaced| again, to |out|, where nothing is found in what comes out, but names, which were seen to. */
static enum recoding encode_again(struct locator *locator, const struct atom *run, struct bytes replaced,
                                  struct buffer *out)
{
    struct detection one;
    uint32_t classes = locator->detects & ~DETECT_BIT(DETECT_NAMES);
    buffer_clear(out);
    wrapping_encode(locator->found->wrapping, run->value, replaced, out);
    bool found = detect_find(&locator->detector, buffer_bytes(out), run->name, classes, &one, 1) > 0;
    return found ? RECODE_NEVER : RECODE_DONE;
}

/* Writes |run|, in which detectors found something decoded, to |out| with what is in there replaced, coded as before. It goes as it
 * stands where its padding is not known; it is not what its decoded bytes are coded to; it holds something that is to be noted as a link, which is then known by the whole run, since no replay
 * looks inside; it lies too deep, or would become too long; or something would still be found in what comes out. What only has names
 * stays where none of them is sensitive. */
static enum recoding recode(struct locator *locator, const struct atom *run, struct buffer *out)
{
    struct bytes coded = run->value;
    const struct detection *found = locator->found;
    bool names = found->class == DETECT_NAMES;
    if ((locator->padded && !names) || locator->unwrapped >= DETECT_DEPTH_MAX ||
        locator->depth >= LOCATOR_DEPTH_MAX)
        return RECODE_NEVER;
    enum recoding done = RECODE_NEVER;
    bool outer_linked = locator->linked;
    struct buffer *plain = locator_take(locator), *between = locator_take(locator),
                  *replaced = locator_take(locator);
    wrapping_decode(found->wrapping, coded, plain);
    wrapping_encode(found->wrapping, coded, buffer_bytes(plain), out);
    bool exact = bytes_equal(buffer_bytes(out), coded) && !locator->padded;
    if (exact || names) {
        locator->unwrapped++;
        locator->linked = false;
        done = replace_unwrapped(locator, run, buffer_bytes(plain), between, replaced);
        locator->unwrapped--;
        locator->found = found;
        if (done == RECODE_DONE)
            done = exact && !locator->linked && replaced->size <= RECODED_GROWTH * plain->size + RECODED_MORE
                       ? encode_again(locator, run, buffer_bytes(replaced), out)
                       : RECODE_NEVER;
    }
    locator->linked = outer_linked || (locator->unwrapped > 0 && locator->linked);
    locator->found = found;
    locator_give(locator, replaced);
    locator_give(locator, between);
    locator_give(locator, plain);
    return done == RECODE_SAME && !names ? RECODE_NEVER : done;
}

static bool locate_inside(struct locator *locator, enum link_place place, struct bytes name,
                          struct bytes value, struct buffer *out);

/* Writes |run|, whose |plain| text has names, to |out| with what is sensitive under them replaced, coded as before. */
static enum recoding recode_local(struct locator *locator, const struct atom *run, struct bytes plain,
                                  struct buffer *out)
{
    const struct detection *found = locator->found;
    bool outer_linked = locator->linked;
    if (locator->unwrapped >= DETECT_DEPTH_MAX || locator->depth >= LOCATOR_DEPTH_MAX)
        return RECODE_NEVER;
    struct buffer *replaced = locator_take(locator);
    locator->found = NULL;
    locator->linked = false;
    locator->unwrapped++;
    locator->depth++;
    bool differs = locate_inside(locator, run->place, run->name, plain, replaced);
    locator->depth--;
    locator->unwrapped--;
    locator->found = found;
    bool linked = locator->linked;
    locator->linked = outer_linked || (locator->unwrapped > 0 && linked);
    buffer_clear(out);
    if (differs && !linked)
        wrapping_encode(found->wrapping, run->value, buffer_bytes(replaced), out);
    locator_give(locator, replaced);
    return linked ? RECODE_NEVER : differs ? RECODE_DONE : RECODE_SAME;
}

/* Appends what stands in place of the |run| of a finding. Returns false where that is the run itself, as nothing in it is sensitive. */
static bool put_detection(struct locator *locator, enum link_place place, struct bytes name,
                          const struct detection *detection, struct bytes run, struct buffer *out)
{
    struct buffer *plain = locator_take(locator), *replacement = locator_take(locator);
    bool local = wrapping_is_local(detection->wrapping),
         coded = local && detection->wrapping != WRAPPING_NONE, names = detection->class == DETECT_NAMES;
    struct atom atom = {.place = place,
                        .decision = policy_of_detected(locator->policy, detection->class),
                        .name = name,
                        .value = run};
    enum recoding done = RECODE_NEVER;
    locator->found = detection;
    if (coded)
        wrapping_decode(detection->wrapping, run, plain);
    if (!local)
        done = recode(locator, &atom, replacement);
    else if (names && coded)
        done = recode_local(locator, &atom, buffer_bytes(plain), replacement);
    if (done == RECODE_DONE && locator->recoded && locator->unwrapped == 0)
        locator->recoded(locator->arg, &atom, buffer_bytes(replacement));
    if (done == RECODE_NEVER) {
        if (coded)
            atom.value = buffer_bytes(plain);
        else if (!local || detection->merged)
            unfake(locator->policy, &atom.decision);
        locator_replace(locator, &atom, replacement);
    }
    locator->found = NULL;
    if (done == RECODE_SAME)
        buffer_append_bytes(out, run);
    else if (done == RECODE_NEVER && coded)
        wrapping_encode(detection->wrapping, run, buffer_bytes(replacement), out);
    else
        buffer_append_bytes(out, buffer_bytes(replacement));
    locator_give(locator, replacement);
    locator_give(locator, plain);
    return done != RECODE_SAME;
}

/* Writes |value| with what the detectors find replaced to |out| (cleared first). Returns whether they found anything,
 * but for names of which none is sensitive. */
static bool locate_detected(struct locator *locator, enum link_place place, struct bytes name,
                            struct bytes value, struct buffer *out)
{
    struct detection found[DETECTIONS_MAX];
    buffer_clear(out);
    if (!locator->detects || value.size == 0 ||
        (!detect_may_find(value) && !(detect_name_hints(name) & HINTS_LOOK)))
        return false;
    size_t count = detect_find(&locator->detector, value, name, locator->detects, found, DETECTIONS_MAX);
    if (count > DETECTIONS_MAX) { /* more than fit: all of it goes */
        replace_unclear(locator, place, name, value, out);
        return true;
    }
    size_t at = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        buffer_append(out, value.data + at, found[i].offset - at);
        any |= put_detection(locator, place, name, &found[i],
                             bytes_make(value.data + found[i].offset, found[i].size), out);
        at = found[i].offset + found[i].size;
    }
    buffer_append(out, value.data + at, value.size - at);
    return any;
}

bool locate_looks(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                  struct buffer *out)
{
    struct buffer *again = locator_take(locator);
    bool changed = locate_detected(locator, place, name, value, out), more = changed;
    for (unsigned round = 0; more; round++) {
        more = locate_detected(locator, place, name, buffer_bytes(out), again);
        if (more)
            put_text(out, again);
        if (more && round == LOCATE_ROUNDS) {
            replace_unclear(locator, place, name, value, out);
            break;
        }
    }
    locator_give(locator, again);
    return changed;
}

/* locate_nested for a value that nothing is carried over in. */
static bool locate_inside(struct locator *locator, enum link_place place, struct bytes name,
                          struct bytes value, struct buffer *out)
{
    struct buffer *again = locator_take(locator);
    bool changed = locate_syntax(locator, place, name, value, out), more = true;
    /* Detectors look at what stands between the parts that a syntax has, too. Replacements may make something new of what is left beside
     * them: what does not come to rest goes as a whole. */
    for (unsigned round = 0; more; round++) {
        more = locate_detected(locator, place, name, changed ? buffer_bytes(out) : value, again);
        if (more)
            put_text(out, again);
        changed |= more;
        if (changed && locate_syntax(locator, place, name, buffer_bytes(out), again)) {
            put_text(out, again);
            more = true;
        }
        if (round < LOCATE_ROUNDS || !more)
            continue;
        replace_unclear(locator, place, name, value, out);
        break;
    }
    locator_give(locator, again);
    return changed && !bytes_equal(buffer_bytes(out), value);
}

bool locate_nested(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                   struct buffer *out)
{
    if (!locator->carry)
        return locate_inside(locator, place, name, value, out);
    struct buffer *carried = locator_take(locator);
    locator->carry(locator->arg, value, carried);
    if (!locate_inside(locator, place, name, buffer_bytes(carried), out)) {
        buffer_clear(out);
        buffer_append_bytes(out, buffer_bytes(carried));
    }
    locator_give(locator, carried);
    return !bytes_equal(buffer_bytes(out), value);
}
