#include "filters/policy.h"

#include "filters/policy_tables.h"

#include <assert.h>
#include <ctype.h>
#include <sodium.h>
#include <string.h>

#define SLOTS     2048 /* a power of two, over twice the number of names */
#define STEMS_MAX 64
#define KEY_MAX   128 /* longer names are compared by their first bytes */

/* A name and the rule it comes from; the lowest rule that fits wins. */
struct name {
    const char *text; /* not NUL-terminated */
    size_t size;
    const struct policy_names *rule;
};

struct policy {
    struct name whole[SLOTS]; /* open addressing; the same name may stand several times */
    size_t whole_count;
    struct name stems[STEMS_MAX];
    size_t stem_count;
    uint64_t stem_starts[256]; /* bit i: stem i begins with that byte */
    struct buffer text;
    uint8_t hash[SEGMENT_HASH_SIZE];
};

static uint32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static void add_whole(struct policy *policy, struct name name)
{
    policy->whole_count++;
    assert(policy->whole_count * 2 < SLOTS);
    uint32_t slot = hash_of(name.text, name.size) & (SLOTS - 1);
    while (policy->whole[slot].rule)
        slot = (slot + 1) & (SLOTS - 1);
    policy->whole[slot] = name;
}

static void add_stem(struct policy *policy, struct name name)
{
    assert(policy->stem_count < STEMS_MAX);
    policy->stem_starts[(uint8_t)name.text[0]] |= UINT64_C(1) << policy->stem_count;
    policy->stems[policy->stem_count++] = name;
}

static void describe(struct buffer *text, const struct policy_names *rule)
{
    static const char *const classes[] = {"public", "credential", "password", "personal", "emptied"};
    static const char *const shapes[] = {"whole",     "list",       "credentials",
                                         "cookies",   "set-cookie", "parameters",
                                         "challenge", "url",        "embedded-urls"};
    static const char *const places[] = {"header", "query", "form", "json"};
    buffer_printf(text, "%s: %s, %s, %s in", rule->title, classes[rule->class], shapes[rule->shape],
                  rule->stem ? "stems" : "names");
    for (unsigned i = 0; i < 4; i++)
        if (rule->places & 1u << i)
            buffer_printf(text, " %s", places[i]);
    buffer_printf(text, "%s: %s\n", rule->scalar_only ? " (plain values)" : "", rule->names);
}

static void compile(struct policy *policy)
{
    buffer_append_text(&policy->text, "rehearse built-in policy 1\n"
                                      "bodies: json, urlencoded forms, multipart without files; every "
                                      "other type is dropped\n"
                                      "cookies: every value\n");
    for (size_t i = 0; i < policy_tables_count; i++) {
        const struct policy_names *rule = &policy_tables[i];
        describe(&policy->text, rule);
        for (const char *at = rule->names; *at;) {
            size_t size = strcspn(at, " ");
            struct name name = {.text = at, .size = size, .rule = rule};
            if (rule->stem)
                add_stem(policy, name);
            else
                add_whole(policy, name);
            at += size + strspn(at + size, " ");
        }
    }
    crypto_generichash(policy->hash, sizeof policy->hash, policy->text.data, policy->text.size, NULL, 0);
    buffer_append_byte(&policy->text, 0);
}

const struct policy *policy_builtin(void)
{
    static struct policy policy;
    if (policy.whole_count == 0)
        compile(&policy);
    return &policy;
}

const char *policy_text(const struct policy *policy)
{
    return (const char *)policy->text.data;
}

const uint8_t *policy_hash(const struct policy *policy)
{
    return policy->hash;
}

/* Reduces |name| to letters and digits in lower case. */
static size_t key_of(struct bytes name, char key[KEY_MAX])
{
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < KEY_MAX; i++) {
        uint8_t byte = name.data[i];
        if (byte >= 'A' && byte <= 'Z')
            byte |= 0x20;
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80)
            key[size++] = (char)byte;
    }
    return size;
}

static const struct policy_names *find_whole(const struct policy *policy, unsigned place, const char *key,
                                             size_t size)
{
    const struct policy_names *found = NULL;
    uint32_t slot = hash_of(key, size) & (SLOTS - 1);
    for (; policy->whole[slot].rule; slot = (slot + 1) & (SLOTS - 1)) {
        const struct name *name = &policy->whole[slot];
        if (name->size == size && memcmp(name->text, key, size) == 0 && (name->rule->places & place) &&
            (!found || name->rule < found))
            found = name->rule;
    }
    return found;
}

static const struct policy_names *find_stem(const struct policy *policy, unsigned place, const char *key,
                                            size_t size)
{
    const struct policy_names *found = NULL;
    for (size_t at = 0; at < size; at++) {
        uint64_t candidates = policy->stem_starts[(uint8_t)key[at]];
        while (candidates) {
            const struct name *stem = &policy->stems[__builtin_ctzll(candidates)];
            candidates &= candidates - 1;
            if (stem->size <= size - at && memcmp(stem->text, key + at, stem->size) == 0 &&
                (stem->rule->places & place) && (!found || stem->rule < found))
                found = stem->rule;
        }
    }
    return found;
}

struct policy_header policy_of_header(const struct policy *policy, struct bytes name)
{
    char key[KEY_MAX];
    size_t size = key_of(name, key);
    const struct policy_names *rule = find_whole(policy, POLICY_IN_HEADER, key, size);
    if (!rule)
        rule = find_stem(policy, POLICY_IN_HEADER, key, size);
    return rule ? (struct policy_header){rule->class, rule->shape} : (struct policy_header){0};
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

enum policy_class policy_of_name(const struct policy *policy, enum policy_place place, struct bytes name,
                                 bool *ret_scalar_only)
{
    char key[KEY_MAX], part_key[KEY_MAX];
    if (name.size == 0)
        return POLICY_PUBLIC;
    size_t size = key_of(name, key);
    const struct policy_names *rule = find_whole(policy, place, key, size);
    if (!rule) {
        struct bytes part = last_part(name);
        if (part.size > 0 && part.size < name.size)
            rule = find_whole(policy, place, part_key, key_of(part, part_key));
    }
    if (!rule)
        rule = find_stem(policy, place, key, size);
    if (ret_scalar_only)
        *ret_scalar_only = rule && rule->scalar_only;
    return rule ? rule->class : POLICY_PUBLIC;
}
