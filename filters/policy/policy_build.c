#include "filters/policy/policy_build.h"

#include "common/mem.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

uint32_t policy_key_hash(const char *text, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

size_t policy_key(struct bytes name, bool glob, char key[POLICY_KEY_MAX])
{
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < POLICY_KEY_MAX; i++)
        size += policy_key_byte(name.data[i], glob, &key[size]);
    return size;
}

const char *policy_class_name(enum policy_class class)
{
    static const char *const names[POLICY_CLASS_COUNT] = {"public",   "credential", "password",
                                                          "personal", "emptied",    "preserved"};
    return names[class];
}

const char *policy_shape_name(enum policy_shape shape)
{
    static const char *const names[POLICY_SHAPE_COUNT] = {"whole",     "list",       "credentials",
                                                          "cookies",   "set-cookie", "parameters",
                                                          "challenge", "url",        "embedded-urls"};
    return names[shape];
}

const char *policy_place_name(unsigned index)
{
    static const char *const names[POLICY_PLACES_COUNT] = {"request.header",  "query",  "form",     "json",
                                                           "response.header", "cookie", "multipart"};
    return names[index];
}

void policy_build_begin(struct policy *policy)
{
    *policy = (struct policy){.sample_pct = 100, .detect_classes = DETECT_ALL};
    for (unsigned i = 0; i < DETECT_CLASSES; i++)
        policy->detects[i] = POLICY_RULE_UNSAID;
}

const char *policy_build_copy(struct policy *policy, struct bytes text)
{
    char *copy = xmalloc(text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    policy->owned = xrealloc(policy->owned, (policy->owned_count + 1) * sizeof *policy->owned);
    policy->owned[policy->owned_count++] = copy;
    return copy;
}

static void put_whole(struct policy_name *whole, size_t slots, const struct policy_name *name)
{
    size_t slot = policy_key_hash(name->key, name->size) & (slots - 1);
    while (whole[slot].key)
        slot = (slot + 1) & (slots - 1);
    whole[slot] = *name;
}

static void add_whole(struct policy *policy, const struct policy_name *name)
{
    if ((policy->whole_count + 1) * 2 >= policy->slots) {
        size_t slots = policy->slots ? policy->slots * 2 : 1024;
        struct policy_name *grown = xcalloc(slots, sizeof *grown);
        for (size_t i = 0; i < policy->slots; i++)
            if (policy->whole[i].key)
                put_whole(grown, slots, &policy->whole[i]);
        free(policy->whole);
        policy->whole = grown;
        policy->slots = slots;
    }
    put_whole(policy->whole, policy->slots, name);
    policy->whole_count++;
}

static bool add_stem(struct policy *policy, const struct policy_name *name)
{
    if (policy->stem_count == POLICY_STEMS_MAX)
        return false;
    policy->stem_starts[(uint8_t)name->key[0]] |= UINT64_C(1) << policy->stem_count;
    policy->stems[policy->stem_count++] = *name;
    return true;
}

bool policy_build_names(struct policy *policy, const struct policy_names *names)
{
    unsigned rank = policy->next_rank++;
    for (const char *at = names->names; *at;) {
        size_t size = strcspn(at, " ");
        struct policy_name name = {
            .key = at,
            .size = size,
            .places = names->places,
            .rank = rank,
            .decision = {.class = names->class, .shape = names->shape, .scalar_only = names->scalar_only}};
        if (names->stem && !add_stem(policy, &name))
            return false;
        if (!names->stem)
            add_whole(policy, &name);
        at += size + strspn(at + size, " ");
    }
    return true;
}

bool policy_build_has_name(const struct policy *policy, const struct policy_names *names, struct bytes key)
{
    const struct policy_name *list = names->stem ? policy->stems : policy->whole;
    size_t count = names->stem ? policy->stem_count : policy->slots;
    for (size_t i = 0; i < count; i++)
        if (list[i].key && list[i].decision.rule == POLICY_NO_RULE &&
            (names->places & ~list[i].places) == 0 &&
            bytes_equal(bytes_make((const uint8_t *)list[i].key, list[i].size), key))
            return true;
    return false;
}

void policy_build_default_names(struct policy *policy)
{
    for (size_t i = 0; i < policy_tables_count; i++) {
        bool added = policy_build_names(policy, &policy_tables[i]);
        assert(added || policy_tables[i].stem);
        (void)added;
    }
}

static uint16_t append_rule(struct policy *policy, const struct policy_rule *rule)
{
    policy->removes = policy->removes || rule->strategy.kind == STRATEGY_REMOVE;
    policy->dates =
        policy->dates || (rule->strategy.kind == STRATEGY_FAKE && rule->strategy.fake == FAKE_DATE);
    policy->rules = xrealloc(policy->rules, (policy->rule_count + 1) * sizeof *policy->rules);
    policy->rules[policy->rule_count++] = *rule;
    return (uint16_t)policy->rule_count;
}

uint16_t policy_build_rule(struct policy *policy, const struct policy_rule *rule)
{
    return policy->rule_count >= POLICY_RULES_MAX ? POLICY_NO_RULE : append_rule(policy, rule);
}

bool policy_build_name_rule(struct policy *policy, uint16_t number, unsigned places, struct bytes name)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, true, key);
    struct policy_name entry = {
        .key = policy_build_copy(policy, bytes_make((const uint8_t *)key, size)),
        .size = size,
        .places = places,
        .rank = number,
        .decision = {.rule = number},
    };
    if (!memchr(key, '*', size)) {
        add_whole(policy, &entry);
        return true;
    }
    if (policy->glob_count == POLICY_GLOBS_MAX)
        return false;
    policy->globs[policy->glob_count++] = entry;
    return true;
}

struct policy_decision policy_build_decision(const struct policy *policy, uint16_t rule,
                                             enum policy_class class)
{
    switch (policy->rules[rule - 1].strategy.kind) {
    case STRATEGY_PRESERVE:
        return (struct policy_decision){.class = POLICY_PRESERVED, .rule = rule};
    case STRATEGY_NULL:
    case STRATEGY_REMOVE:
        return (struct policy_decision){.class = POLICY_EMPTIED, .rule = rule};
    case STRATEGY_MASK:
    case STRATEGY_FAKE:
        return (struct policy_decision){.class = POLICY_PERSONAL, .rule = rule};
    case STRATEGY_HASH:
        break;
    }
    bool linked = class == POLICY_CREDENTIAL || class == POLICY_PASSWORD;
    return (struct policy_decision){.class = linked ? class : POLICY_PERSONAL, .rule = rule};
}

/* What detectors find becomes a fake where there is one of its class, unless something else is said. */
static void add_fakes(struct policy *policy)
{
    static const char *const locations[DETECT_CLASSES] = {
        [DETECT_EMAIL] = "detect.email", [DETECT_CARD] = "detect.card",   [DETECT_IBAN] = "detect.iban",
        [DETECT_SSN] = "detect.ssn",     [DETECT_PHONE] = "detect.phone", [DETECT_IPV4] = "detect.ipv4",
        [DETECT_IPV6] = "detect.ipv6",   [DETECT_MAC] = "detect.mac",
    };
    for (unsigned i = 0; i < DETECT_CLASSES; i++) {
        struct policy_rule rule = {.location = locations[i], .strategy = {.kind = STRATEGY_FAKE}};
        if (policy->detects[i] != POLICY_RULE_UNSAID)
            continue;
        policy->detects[i] = strategy_fake_of((enum detect_class)i, &rule.strategy.fake)
                                 ? append_rule(policy, &rule)
                                 : POLICY_NO_RULE;
        assert(policy->detects[i] == POLICY_NO_RULE || rule.location);
    }
}

void policy_build_end(struct policy *policy, struct bytes text)
{
    policy->written_count = policy->rule_count;
    add_fakes(policy);
    const struct policy_rule births = {.location = "names.birth",
                                       .strategy = {.kind = STRATEGY_FAKE, .fake = FAKE_DATE}};
    bool dates = policy->dates; /* those of birth take what is known of their subject */
    policy->births = append_rule(policy, &births);
    policy->dates = dates;
    buffer_append_bytes(&policy->text, text);
    crypto_generichash(policy->hash, sizeof policy->hash, text.data, text.size, NULL, 0);
    buffer_append_byte(&policy->text, 0);
}
