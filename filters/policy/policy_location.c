#include "filters/policy/policy_location.h"

#include <string.h>

static const struct {
    const char *prefix;
    unsigned places;
} kinds[] = {
    {"header.", POLICY_IN_HEADERS},
    {"request.header.", POLICY_IN_HEADER},
    {"response.header.", POLICY_IN_RESPONSE_HEADER},
    {"cookie.", POLICY_IN_COOKIE},
    {"query.", POLICY_IN_QUERY},
    {"form.", POLICY_IN_FORM},
    {"multipart.", POLICY_IN_MULTIPART | POLICY_IN_PART_HEAD},
    {"field.", POLICY_IN_QUERY | POLICY_IN_FORM | POLICY_IN_MULTIPART | POLICY_IN_JSON},
};

static bool begins(struct bytes text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static struct bytes after(struct bytes text, size_t size)
{
    return bytes_make(text.data + size, text.size - size);
}

/* Names of which one side never has a header. */
static bool never_there(unsigned places, struct bytes name)
{
    static const char *const of_requests[] = {"Cookie", "Authorization", "Referer", "User-Agent", "Host"};
    static const char *const of_responses[] = {"Set-Cookie", "Server", "WWW-Authenticate", "Location",
                                               "ETag"};
    const char *const *names = places == POLICY_IN_HEADER ? of_responses : of_requests;
    if (places != POLICY_IN_HEADER && places != POLICY_IN_RESPONSE_HEADER)
        return false;
    for (size_t i = 0; i < 5; i++)
        if (bytes_equal_nocase(name, bytes_of(names[i])))
            return true;
    return false;
}

/* What is in bodies only (JSON may stand in a query as well). */
#define POLICY_IN_BODIES (POLICY_IN_FORM | POLICY_IN_MULTIPART | POLICY_IN_PART_HEAD)

/* Returns a rule where rules locate all header fields with cookies. */
static uint16_t cookies_located(const struct policy *policy)
{
    uint16_t sent = policy_located_by(policy, POLICY_IN_HEADER, BYTES_LITERAL("Cookie"));
    uint16_t set = policy_located_by(policy, POLICY_IN_RESPONSE_HEADER, BYTES_LITERAL("Set-Cookie"));
    return sent == POLICY_NO_RULE || set == POLICY_NO_RULE ? POLICY_NO_RULE : sent > set ? sent : set;
}

/* Returns a rule where rules locate all bodies. */
static uint16_t bodies_located(const struct policy *policy)
{
    uint16_t sent = policy->bodies[false].rule, got = policy->bodies[true].rule;
    return sent == POLICY_NO_RULE || got == POLICY_NO_RULE ? POLICY_NO_RULE : sent > got ? sent : got;
}

static int covered(const struct policy *policy, uint16_t earlier, struct error *err)
{
    return error_set(err, ERROR_USAGE, "can never match: the rule in line %u locates the same before",
                     policy->rules[earlier - 1].line);
}

static int add_name(struct policy *policy, uint16_t number, unsigned places, struct bytes name,
                    struct error *err)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, true, key);
    if (size == 0)
        return error_set(err, ERROR_USAGE, "no name: names are compared by their letters and digits");
    if (never_there(places, name))
        return error_set(err, ERROR_USAGE, "can never match: '%.*s' is a header of %s", (int)name.size,
                         (const char *)name.data, places == POLICY_IN_HEADER ? "responses" : "requests");
    if ((places & POLICY_IN_HEADERS) && policy_is_framing(bytes_make((const uint8_t *)key, size)))
        return error_set(err, ERROR_USAGE, "'%.*s' frames the message: it always stays", (int)name.size,
                         (const char *)name.data);
    uint16_t earlier = policy_located_by(policy, places, name);
    if (earlier == POLICY_NO_RULE && places == POLICY_IN_COOKIE)
        earlier = cookies_located(policy);
    if (earlier == POLICY_NO_RULE && (places & ~(unsigned)POLICY_IN_BODIES) == 0)
        earlier = bodies_located(policy);
    if (earlier != POLICY_NO_RULE)
        return covered(policy, earlier, err);
    if (!policy_build_name_rule(policy, number, places, name))
        return error_set(err, ERROR_USAGE, "more than %d names with '*'", POLICY_GLOBS_MAX);
    return 0;
}

/* Returns whether an earlier rule has the very same location. */
static const struct policy_rule *same_before(const struct policy *policy, uint16_t number,
                                             struct bytes location)
{
    for (uint16_t i = 0; i + 1 < number; i++)
        if (bytes_equal(bytes_of(policy->rules[i].location), location))
            return &policy->rules[i];
    return NULL;
}

static bool is_in_bodies(struct bytes location)
{
    return begins(location, "json:") || begins(location, "form.") || begins(location, "multipart.") ||
           begins(location, "field.");
}

static int add_body(struct policy *policy, uint16_t number, bool requests, bool responses, struct error *err)
{
    switch (policy->rules[number - 1].strategy.kind) {
    case STRATEGY_PRESERVE:
    case STRATEGY_REMOVE:
    case STRATEGY_NULL:
        break;
    case STRATEGY_MASK:
    case STRATEGY_HASH:
    case STRATEGY_FAKE:
        return error_set(err, ERROR_USAGE, "a body is preserved or removed; locate values in it to do else");
    }
    uint16_t decided = requests && responses ? bodies_located(policy) : policy->bodies[responses].rule;
    if (decided != POLICY_NO_RULE)
        return covered(policy, decided, err);
    for (uint16_t i = 0; i + 1 < number; i++)
        if (is_in_bodies(bytes_of(policy->rules[i].location)))
            return error_set(err, ERROR_USAGE,
                             "the rule in line %u locates values in bodies, and would not where a body is "
                             "preserved or removed as a whole: leave out one of them",
                             policy->rules[i].line);
    for (unsigned response = 0; response < 2; response++)
        if ((response ? responses : requests) && policy->bodies[response].rule == POLICY_NO_RULE)
            policy->bodies[response] = policy_build_decision(policy, number, POLICY_PUBLIC);
    return 0;
}

static int add_path(struct policy *policy, uint16_t number, struct bytes path, struct error *err)
{
    switch (policy->rules[number - 1].strategy.kind) {
    case STRATEGY_NULL:
    case STRATEGY_REMOVE:
        return error_set(
            err, ERROR_USAGE,
            "a segment of a path cannot be empty or go: the path would be another; hash or mask it");
    case STRATEGY_PRESERVE:
    case STRATEGY_MASK:
    case STRATEGY_HASH:
    case STRATEGY_FAKE:
        break;
    }
    uint16_t earlier = path_templates_covering(&policy->templates, path);
    if (path_templates_add(&policy->templates, path, number, err) != 0)
        return -1;
    return earlier == 0 ? 0 : covered(policy, earlier, err);
}

/* Goes along a path and looks for an earlier rule that locates what it leads to. */
struct covering {
    const struct policy *policy;
    uint64_t states;
    const struct policy_rule *rule; /* NULL: none so far */
};

/* json_step_fn. Inside what is preserved, later rules hold. */
static bool look_for_earlier(void *arg, const struct json_step *step, bool last)
{
    struct covering *covering = arg;
    const struct policy *policy = covering->policy;
    uint16_t by_path = POLICY_NO_RULE, by_name = POLICY_NO_RULE;
    covering->states = json_paths_step(&policy->paths, covering->states, step, &by_path);
    if (step->kind == JSON_STEP_NAME)
        by_name = policy_located_by(policy, POLICY_IN_JSON, step->name);
    const uint16_t rules[] = {by_path, by_name};
    for (unsigned i = 0; i < 2 && !covering->rule; i++) {
        const struct policy_rule *rule = policy_rule_of(policy, rules[i]);
        if (rule && (last || rule->strategy.kind != STRATEGY_PRESERVE))
            covering->rule = rule;
    }
    return !covering->rule;
}

static int add_json(struct policy *policy, uint16_t number, struct bytes path, struct error *err)
{
    struct bytes name = json_path_name_only(path);
    struct covering covering = {policy, policy_json_root(policy), NULL};
    if (name.size > 0)
        return add_name(policy, number, POLICY_IN_JSON, name, err);
    json_path_tell(path, look_for_earlier, &covering);
    if (covering.rule)
        return error_set(err, ERROR_USAGE, "can never match: the rule in line %u locates the same before",
                         covering.rule->line);
    return json_paths_add(&policy->paths, path, number, err);
}

int policy_location_add(struct policy *policy, uint16_t number, struct bytes location, struct error *err)
{
    const struct policy_rule *same = same_before(policy, number, location);
    if (same)
        return error_set(err, ERROR_USAGE, "can never match: the rule in line %u has the same location",
                         same->line);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (begins(location, kinds[i].prefix))
            return add_name(policy, number, kinds[i].places, after(location, strlen(kinds[i].prefix)), err);
    if (begins(location, "json:"))
        return add_json(policy, number, after(location, 5), err);
    if (begins(location, "path:"))
        return add_path(policy, number, after(location, 5), err);
    bool request = bytes_equal(location, bytes_of("request.body")),
         response = bytes_equal(location, bytes_of("response.body"));
    bool both = bytes_equal(location, bytes_of("body"));
    if (request || response || both)
        return add_body(policy, number, request || both, response || both, err);
    return error_set(
        err, ERROR_USAGE,
        "no location; there is request.header.NAME, response.header.NAME, header.NAME, cookie.NAME, "
        "query.NAME, "
        "form.NAME, multipart.NAME, field.NAME, json:$.PATH, path:/a/{b}, body, request.body, response.body");
}
