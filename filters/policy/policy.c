#include "filters/policy/policy.h"

#include "filters/policy/policy_build.h"
#include "filters/policy/policy_print.h"
#include "filters/pseudonym.h"

#include <stdlib.h>
#include <string.h>

const struct policy *policy_builtin(void)
{
    static struct policy policy;
    if (policy.whole_count == 0) {
        struct buffer text = {0};
        policy_build_begin(&policy);
        policy_build_default_names(&policy);
        policy_print_default(&text);
        policy_build_end(&policy, buffer_bytes(&text));
        buffer_free(&text);
    }
    return &policy;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->owned_count; i++)
        free(policy->owned[i]);
    free(policy->owned);
    free(policy->whole);
    free(policy->rules);
    free(policy->select);
    free(policy->sample_by);
    rewriter_free(policy->rewrites);
    buffer_free(&policy->text);
    free(policy);
}

const struct rewriter *policy_rewrites(const struct policy *policy)
{
    return policy->rewrites;
}

const char *policy_text(const struct policy *policy)
{
    return (const char *)policy->text.data;
}

const uint8_t *policy_hash(const struct policy *policy)
{
    return policy->hash;
}

/* Returns the name that is all of |key|: of rules or of no rule, as |rule| says; NULL where there is none. */
static const struct policy_name *find_whole(const struct policy *policy, unsigned place, const char *key,
                                            size_t size, bool rule)
{
    const struct policy_name *found = NULL;
    if (policy->slots == 0)
        return NULL;
    uint32_t slot = policy_key_hash(key, size) & (uint32_t)(policy->slots - 1);
    for (; policy->whole[slot].key; slot = (slot + 1) & (uint32_t)(policy->slots - 1)) {
        const struct policy_name *name = &policy->whole[slot];
        if (name->size == size && memcmp(name->key, key, size) == 0 && (name->places & place) &&
            (name->decision.rule != POLICY_NO_RULE) == rule && (!found || name->rank < found->rank))
            found = name;
    }
    return found;
}

/* What is asked about a name. */
struct question {
    const struct policy *policy;
    const uint8_t *recognition_key; /* NULL: nothing in the name is a pseudonym */
    unsigned place;
    struct bytes name;
    const char *key; /* the name as a key, as far as it fits */
    size_t size;
};

/* Lets |found| be the stem of the lowest rank of it and those that begin from |at| to |end| in the |size| bytes of |key|, but for
 * what is in a pseudonym. Returns where to go on. */
static size_t search_stems(const struct question *asked, const char *key, size_t size, size_t at, size_t end,
                           const struct policy_name **found)
{
    const struct policy *policy = asked->policy;
    for (; at < end; at++) {
        if (key[at] == PSEUDONYM_PREFIX[0] && asked->recognition_key &&
            pseudonym_stands(asked->recognition_key, bytes_make((const uint8_t *)key + at, size - at))) {
            at += PSEUDONYM_CORE_SIZE - 1; /* its letters are random */
            continue;
        }
        uint64_t candidates = policy->stem_starts[(uint8_t)key[at]];
        while (candidates) {
            const struct policy_name *stem = &policy->stems[__builtin_ctzll(candidates)];
            candidates &= candidates - 1;
            if (stem->size <= size - at && memcmp(stem->key, key + at, stem->size) == 0 &&
                (stem->places & asked->place) && (!*found || stem->rank < (*found)->rank))
                *found = stem;
        }
    }
    return at;
}

_Static_assert(PSEUDONYM_CORE_SIZE <= POLICY_KEY_MAX,
               "what begins in one half of a window ends in the other");

/* Finds the stem of the lowest rank that stands anywhere in the name, but in a pseudonym. */
static const struct policy_name *find_stem(const struct question *asked)
{
    const struct policy_name *found = NULL;
    if (asked->size < POLICY_KEY_MAX) {
        search_stems(asked, asked->key, asked->size, 0, asked->size, &found);
        return found;
    }
    char window[2 * POLICY_KEY_MAX + 1];
    size_t size = 0, at = 0;
    for (size_t i = 0; i < asked->name.size; i++) {
        size += policy_key_byte(asked->name.data[i], false, &window[size]);
        if (size < 2 * POLICY_KEY_MAX)
            continue;
        at = search_stems(asked, window, size, at, POLICY_KEY_MAX, &found) - POLICY_KEY_MAX;
        size -= POLICY_KEY_MAX;
        memmove(window, window + POLICY_KEY_MAX, size);
    }
    search_stems(asked, window, size, at, size, &found);
    return found;
}

/* Returns whether |name| as a key is of the form |glob|, in which '*' stands for any bytes. Linear but for the stars: the last one that
 * fits is the only one ever gone back to. */
static bool glob_matches(const char *glob, size_t glob_size, struct bytes name, bool stars)
{
    size_t at = 0, in = 0, star = SIZE_MAX, mark = 0;
    while (at < name.size) {
        char byte;
        if (!policy_key_byte(name.data[at], stars, &byte)) {
            at++;
        } else if (in < glob_size && glob[in] == '*') {
            star = in++;
            mark = at;
        } else if (in < glob_size && glob[in] == byte) {
            in++;
            at++;
        } else if (star != SIZE_MAX) {
            in = star + 1;
            at = ++mark;
        } else {
            return false;
        }
    }
    while (in < glob_size && glob[in] == '*')
        in++;
    return in == glob_size;
}

/* Returns the first rule that locates |name|, whose key is given, too, POLICY_NO_RULE where none does. |stars|: '*' in the name is one of a location. */
static uint16_t find_rule(const struct policy *policy, unsigned place, struct bytes name, bool stars,
                          const char *key, size_t size)
{
    const struct policy_name *found = find_whole(policy, place, key, size, true);
    for (size_t i = 0; i < policy->glob_count; i++) {
        const struct policy_name *glob = &policy->globs[i];
        if ((glob->places & place) && (!found || glob->rank < found->rank) &&
            glob_matches(glob->key, glob->size, name, stars))
            found = glob;
    }
    return found ? found->decision.rule : POLICY_NO_RULE;
}

/* Returns the last part of a compound name ("user[password]", "a.b", "x;y") that is not empty. */
static struct bytes last_part(struct bytes name)
{
    size_t end = name.size;
    while (end > 0 && strchr("[].;:/?#&, ", name.data[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && !strchr("[].;:/?#&, ", name.data[start - 1]))
        start--;
    return bytes_make(name.data + start, end - start);
}

/* What the names say, without rules. */
static struct policy_decision by_names(const struct question *asked)
{
    char part_key[POLICY_KEY_MAX];
    const struct policy *policy = asked->policy;
    const struct policy_name *found = find_whole(policy, asked->place, asked->key, asked->size, false);
    if (!found && !(asked->place & POLICY_IN_HEADERS)) {
        struct bytes part = last_part(asked->name);
        if (part.size > 0 && part.size < asked->name.size)
            found = find_whole(policy, asked->place, part_key, policy_key(part, false, part_key), false);
    }
    if (!found)
        found = find_stem(asked);
    return found ? found->decision : policy->otherwise;
}

/* What frames a message and says what its body is: nothing but that, and of no use replaced. */
bool policy_is_framing(struct bytes key)
{
    static const char *const names[] = {"host",          "contenttype",
                                        "contentlength", "contentencoding",
                                        "connection",    "transferencoding",
                                        "expect",        "upgrade",
                                        "trailer",       "te",
                                        "keepalive",     "contentdisposition"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_equal(key, bytes_of(names[i])))
            return true;
    return false;
}

struct policy_decision policy_of_header(const struct policy *policy, const uint8_t *recognition_key,
                                        enum policy_place place, struct bytes name)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, false, key);
    unsigned named = place == POLICY_IN_PART_HEAD ? POLICY_IN_HEADER : place;
    struct policy_decision decision =
        by_names(&(struct question){policy, recognition_key, named, name, key, size});
    bool framing = policy_is_framing(bytes_make((const uint8_t *)key, size));
    if (framing && decision.rule != POLICY_NO_RULE)
        decision = (struct policy_decision){0}; /* what is otherwise so is not so for these */
    uint16_t rule = framing ? POLICY_NO_RULE : find_rule(policy, place, name, false, key, size);
    if (rule == POLICY_NO_RULE)
        return decision;
    struct policy_decision ruled = policy_build_decision(policy, rule, decision.class);
    /* Pseudonyms stand for atoms, so that the grammar of the header holds; all else is for the whole value. */
    if (policy->rules[rule - 1].strategy.kind == STRATEGY_HASH)
        ruled.shape = decision.shape;
    return ruled;
}

struct policy_decision policy_of_name(const struct policy *policy, const uint8_t *recognition_key,
                                      enum policy_place place, struct bytes name)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, false, key);
    if (name.size == 0)
        return policy->otherwise;
    uint16_t rule = find_rule(policy, place, name, false, key, size);
    if (rule == POLICY_NO_RULE && place == POLICY_IN_COOKIE)
        return (struct policy_decision){.class = POLICY_CREDENTIAL};
    struct policy_decision decision =
        by_names(&(struct question){policy, recognition_key, place, name, key, size});
    return rule == POLICY_NO_RULE ? decision : policy_build_decision(policy, rule, decision.class);
}

const struct policy_rule *policy_rule_of(const struct policy *policy, uint16_t rule)
{
    return rule == POLICY_NO_RULE ? NULL : &policy->rules[rule - 1];
}

uint16_t policy_rule_count(const struct policy *policy)
{
    return (uint16_t)policy->written_count;
}

const struct policy_rule *policy_written_rule(const struct policy *policy, uint16_t rule)
{
    return rule <= policy->written_count ? policy_rule_of(policy, rule) : NULL;
}

struct policy_decision policy_by_rule(const struct policy *policy, uint16_t rule)
{
    return policy_build_decision(policy, rule, POLICY_PERSONAL);
}

/* Returns whether a rule of the file locates what |decision| is on. */
static bool is_located(const struct policy *policy, struct policy_decision decision)
{
    return decision.rule != POLICY_NO_RULE && decision.rule != policy->otherwise.rule;
}

struct policy_decision policy_of_inner(const struct policy *policy, struct policy_decision outer,
                                       struct policy_decision inner)
{
    if (outer.class == POLICY_PUBLIC || outer.scalar_only)
        return inner;
    bool inner_located = is_located(policy, inner);
    bool undecided = inner.class == POLICY_PUBLIC || (inner.rule != POLICY_NO_RULE && !inner_located);
    bool by_rule = outer.class != POLICY_PRESERVED && is_located(policy, outer);
    bool earlier = inner_located && inner.rule < outer.rule;
    bool emptied = inner.class == POLICY_EMPTIED && inner.rule == POLICY_NO_RULE;
    struct policy_decision decision = undecided || (by_rule && !earlier && !emptied) ? outer : inner;
    decision.hinted = inner.hinted;
    decision.paired = inner.paired;
    decision.scalar_only = false;
    return decision;
}

uint64_t policy_json_root(const struct policy *policy)
{
    return policy->paths.roots;
}

uint64_t policy_json_member(const struct policy *policy, uint64_t states, struct bytes name,
                            uint16_t *ret_rule)
{
    return json_paths_member(&policy->paths, states, name, ret_rule);
}

uint64_t policy_json_element(const struct policy *policy, uint64_t states, uint64_t index, uint16_t *ret_rule)
{
    return json_paths_element(&policy->paths, states, index, ret_rule);
}

bool policy_path_rules(const struct policy *policy, struct bytes path, size_t max, uint16_t *ret_rules)
{
    return policy->templates.count > 0 && path_templates_match(&policy->templates, path, max, ret_rules);
}

struct policy_decision policy_of_body(const struct policy *policy, bool response)
{
    return policy->bodies[response];
}

static enum policy_class class_of_detected(enum detect_class class)
{
    switch (class) {
    case DETECT_EMAIL:
    case DETECT_CARD:
    case DETECT_IBAN:
    case DETECT_SSN:
    case DETECT_PHONE:
    case DETECT_IPV4:
    case DETECT_IPV6:
    case DETECT_MAC:
    case DETECT_NATIONAL_ID:
        return POLICY_PERSONAL;
    case DETECT_JWT:
    case DETECT_BASIC:
    case DETECT_AUTH:
    case DETECT_PRIVATE_KEY:
    case DETECT_PROVIDER_TOKEN:
    case DETECT_URL_CREDENTIAL:
    case DETECT_HIGH_ENTROPY:
        break;
    case DETECT_NAMES: /* a password may be in there, or a token */
        return POLICY_PASSWORD;
    }
    return POLICY_CREDENTIAL;
}

struct policy_decision policy_of_detected(const struct policy *policy, enum detect_class class)
{
    uint16_t rule = class == DETECT_NAMES ? POLICY_NO_RULE : policy->detects[class];
    return rule == POLICY_NO_RULE ? (struct policy_decision){.class = class_of_detected(class)}
                                  : policy_build_decision(policy, rule, class_of_detected(class));
}

struct policy_decision policy_otherwise(const struct policy *policy)
{
    return policy->otherwise;
}

uint16_t policy_located_by(const struct policy *policy, unsigned places, struct bytes name)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, true, key);
    uint16_t located = POLICY_NO_RULE;
    for (unsigned i = 0; i < POLICY_PLACES_COUNT + 1; i++) {
        if (!(places & 1u << i))
            continue;
        located = find_rule(policy, 1u << i, name, true, key, size);
        if (located == POLICY_NO_RULE)
            return POLICY_NO_RULE;
    }
    return located;
}

uint32_t policy_detect_classes(const struct policy *policy)
{
    return policy->detect_classes;
}

const struct policy_rule *policy_birth_rule(const struct policy *policy)
{
    return policy_rule_of(policy, policy->births);
}

bool policy_has_dates(const struct policy *policy)
{
    return policy->dates;
}

bool policy_has_removes(const struct policy *policy)
{
    return policy->removes;
}

const char *policy_select(const struct policy *policy)
{
    return policy->select;
}

double policy_sample_pct(const struct policy *policy)
{
    return policy->sample_pct;
}

const char *policy_sample_by(const struct policy *policy)
{
    return policy->sample_by;
}
