/* Making a policy, from the built-in tables or from a file. The order of the calls is the order in which rules count. */
#ifndef FILTERS_POLICY_POLICY_BUILD_H
#define FILTERS_POLICY_POLICY_BUILD_H

#include "filters/policy/json_path.h"
#include "filters/policy/path_template.h"
#include "filters/policy/policy.h"
#include "filters/policy/policy_tables.h"
#include "filters/rewrite/rewrite.h"

#define POLICY_KEY_MAX   128 /* of a longer name, stems and '*' see all, whole names the first bytes */
#define POLICY_STEMS_MAX 64
#define POLICY_GLOBS_MAX 64
/* What detectors of a class do until something is said of it. */
#define POLICY_RULE_UNSAID UINT16_MAX

/* A name and where it comes from. Of several that fit the one with the lowest rank wins. */
struct policy_name {
    const char *key; /* borrowed from the policy; not NUL-terminated */
    size_t size;
    unsigned places;
    unsigned rank;
    struct policy_decision decision;
};

struct policy {
    struct policy_name *whole; /* open addressing; the same name may stand several times */
    size_t slots;              /* a power of two, over twice the number of names */
    size_t whole_count;
    struct policy_name stems[POLICY_STEMS_MAX];
    size_t stem_count;
    uint64_t stem_starts[256];                  /* bit i: stem i begins with that byte */
    struct policy_name globs[POLICY_GLOBS_MAX]; /* of rules, with one '*' or more in the key */
    size_t glob_count;
    struct policy_rule *rules;
    size_t rule_count;
    size_t written_count; /* of those, the first are of the file */
    unsigned next_rank;
    struct json_paths paths;
    struct path_templates templates;
    struct policy_decision bodies[2]; /* of requests, of responses */
    struct policy_decision otherwise;
    uint16_t detects[DETECT_CLASSES]; /* rules; POLICY_NO_RULE: hash */
    uint32_t detect_classes;
    uint16_t births; /* what becomes of dates of birth by name */
    bool dates;      /* some rule makes fakes of dates */
    bool removes;    /* some rule removes */
    char *select;
    double sample_pct;
    char *sample_by;
    struct rewriter *rewrites; /* NULL: none */
    struct buffer text;
    uint8_t hash[SEGMENT_HASH_SIZE];
    char **owned; /* texts that others point into */
    size_t owned_count;
};

/* Sets what is so unless something else is said: nothing is located, every class is detected. */
void policy_build_begin(struct policy *policy);
/* Returns a copy of |text| with a NUL, owned by |policy|. */
const char *policy_build_copy(struct policy *policy, struct bytes text);
/* Adds the names of |names|, whose text lives as long as the policy. Returns false where there are too many stems. */
bool policy_build_names(struct policy *policy, const struct policy_names *names);
/* Returns whether the name |key| was added before, of the kind and at least for the places of |names|. */
bool policy_build_has_name(const struct policy *policy, const struct policy_names *names, struct bytes key);
/* Adds the built-in names. */
void policy_build_default_names(struct policy *policy);
/* Adds |rule|; returns its number, POLICY_NO_RULE where there are too many. */
uint16_t policy_build_rule(struct policy *policy, const struct policy_rule *rule);
/* Lets the rule |number| locate what is called |name| in |places|; '*' in it stands for any bytes. Returns false where there are too
 * many such. */
bool policy_build_name_rule(struct policy *policy, uint16_t number, unsigned places, struct bytes name);
/* Returns the decision that |rule| means for a value that the names say |class| of. */
struct policy_decision policy_build_decision(const struct policy *policy, uint16_t rule,
                                             enum policy_class class);
/* Settles what detectors do of which nothing was said, and keeps |text| as what the policy says, with its hash. */
void policy_build_end(struct policy *policy, struct bytes text);

/* Returns the first rule that locates |name| in every one of |places|, POLICY_NO_RULE where it is free in one. */
uint16_t policy_located_by(const struct policy *policy, unsigned places, struct bytes name);
/* Returns whether a header with |key| frames messages, so that it always stays. */
bool policy_is_framing(struct bytes key);

/* Writes to |ret_key| what |byte| of a name is in a key; with |glob| '*' stays. Returns false where it is nothing. */
static inline bool policy_key_byte(uint8_t byte, bool glob, char *ret_key)
{
    if (byte >= 'A' && byte <= 'Z')
        byte |= 0x20;
    *ret_key = (char)byte;
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80 ||
           (glob && byte == '*');
}
/* Reduces |name| to letters and digits in lower case; with |glob| '*' stays. Returns its size. */
size_t policy_key(struct bytes name, bool glob, char key[POLICY_KEY_MAX]);
/* Returns the hash that |whole| is addressed by. */
uint32_t policy_key_hash(const char *text, size_t size);
/* The words of the language. */
const char *policy_shape_name(enum policy_shape shape);
const char *policy_place_name(unsigned index); /* of the bit |index| */

#endif
