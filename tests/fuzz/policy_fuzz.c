/* Property: any bytes as a policy are refused with a printable line that begins with the file's name, or are one; and then it decides on any name
 * in any place, again the same, with a rule that exists; its paths do on any URL path; and it can be read again from its own text. Input: the policy, a NUL, and
 * what it decides on. */
#include "filters/policy/policy_yaml.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct policy *policy, const struct policy_decision *decision)
{
    assert(decision->class < POLICY_CLASS_COUNT && decision->shape < POLICY_SHAPE_COUNT);
    const struct policy_rule *rule = policy_rule_of(policy, decision->rule);
    assert(!rule || (rule->line > 0 && rule->location[0]));
    assert(decision->class != POLICY_PRESERVED || rule);
}

static void decide(const struct policy *policy, struct bytes name)
{
    uint16_t rules[8], found = POLICY_NO_RULE;
    for (unsigned i = 0; i < POLICY_PLACES_COUNT; i++) {
        enum policy_place place = (enum policy_place)(1u << i);
        bool header = place & POLICY_IN_HEADERS;
        struct policy_decision decision =
            header ? policy_of_header(policy, NULL, place, name) : policy_of_name(policy, NULL, place, name);
        struct policy_decision again =
            header ? policy_of_header(policy, NULL, place, name) : policy_of_name(policy, NULL, place, name);
        check(policy, &decision);
        assert(decision.class == again.class && decision.rule == again.rule);
    }
    uint64_t states = policy_json_member(policy, policy_json_root(policy), name, &found);
    policy_json_element(policy, states, name.size, &found);
    assert(found == POLICY_NO_RULE || policy_rule_of(policy, found));
    if (policy_path_rules(policy, name, 8, rules))
        for (unsigned i = 0; i < 8; i++)
            assert(rules[i] == POLICY_NO_RULE || policy_rule_of(policy, rules[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t text = end ? (size_t)(end - data) : size;
    struct policy *policy = NULL, *again = NULL;
    struct error err = {0};
    if (policy_yaml_read("fuzz.yaml", bytes_make(data, text), &policy, &err) != 0) {
        assert(err.kind == ERROR_USAGE && strncmp(err.text, "fuzz.yaml:", 10) == 0);
        return 0;
    }
    struct bytes rest = bytes_make(end ? end + 1 : data, end ? size - text - 1 : 0);
    decide(policy, rest);
    decide(policy, BYTES_LITERAL("user[password]"));
    assert(policy_yaml_read("fuzz.yaml", bytes_of(policy_text(policy)), &again, &err) == 0);
    policy_free(again);
    policy_free(policy);
    return 0;
}
