/* The policy: which values are sensitive, where, and what becomes of them. Built in, or read from a file (policy_yaml.h); either way
 * compiled to this struct, whose text form goes into the header of every segment, with its hash.
 *
 * Who decides on a value, in this order: the rules of a file, the first that locates it; names, whole ones before stems and
 * harmless ones before all others; what the policy says of all others (policy_otherwise).
 *
 * Names are compared as keys: letters and digits only, without case, so "X-Api-Key", "api_key" and "apiKey"
 * are one. Of a compound name ("user[password]", "card.cvc") the last part counts too. Names come whole
 * and as stems (found anywhere in a name); an exemption beats a stem. */
#ifndef FILTERS_POLICY_POLICY_H
#define FILTERS_POLICY_POLICY_H

#include "common/buffer.h"
#include "common/segment/segment.h"
#include "filters/detect/detect.h"
#include "filters/strategy/strategy.h"

#include <stdbool.h>
#include <stdint.h>

/* What kind of value it is. */
enum policy_class {
    POLICY_PUBLIC,     /* not sensitive by its name: kept, as far as nothing inside it is */
    POLICY_CREDENTIAL, /* tokens, keys, session ids: pseudonym; noted as a link, tells users apart */
    POLICY_PASSWORD,   /* passwords and one-time codes: pseudonym; noted as a link, tells nobody apart */
    POLICY_PERSONAL,   /* personal data, numbers of cards and accounts: pseudonym */
    POLICY_EMPTIED,    /* CVV, PIN, track data: emptied, never hashed */
    POLICY_PRESERVED,  /* kept by a rule, whatever is inside */
};
#define POLICY_CLASS_COUNT 6
/* Returns "public", "credential", ... Static. */
const char *policy_class_name(enum policy_class class);

/* Where a name stands; a bit each, so that a rule can hold in several. */
enum policy_place {
    POLICY_IN_HEADER = 1, /* of a request, and its trailers */
    POLICY_IN_QUERY = 2,  /* also path parameters and fragments */
    POLICY_IN_FORM = 4,
    POLICY_IN_JSON = 8,
    POLICY_IN_RESPONSE_HEADER = 16,
    POLICY_IN_COOKIE = 32,
    POLICY_IN_MULTIPART = 64,
    POLICY_IN_PART_HEAD =
        128, /* header fields of parts of multipart bodies: of names, those of POLICY_IN_HEADER are meant */
};
#define POLICY_IN_HEADERS   (POLICY_IN_HEADER | POLICY_IN_RESPONSE_HEADER)
#define POLICY_IN_HEADS     (POLICY_IN_HEADERS | POLICY_IN_PART_HEAD)
#define POLICY_PLACES_COUNT 7 /* of names; rules have one more */

/* How the value of a sensitive or structured header is taken apart. */
enum policy_shape {
    POLICY_WHOLE,         /* one atom */
    POLICY_LIST,          /* each element of a comma-separated list is one */
    POLICY_CREDENTIALS,   /* Authorization: scheme and token */
    POLICY_COOKIES,       /* Cookie */
    POLICY_SET_COOKIE,    /* Set-Cookie */
    POLICY_PARAMETERS,    /* Forwarded: name=value pairs, the known harmless ones stay */
    POLICY_CHALLENGE,     /* WWW-Authenticate: as PARAMETERS, and a token after the scheme */
    POLICY_URL,           /* a URL: userinfo, path parameters, query and fragment are looked at */
    POLICY_EMBEDDED_URLS, /* URLs in <...>, or after "url=" */
};
#define POLICY_SHAPE_COUNT 9

/* A rule of a file. */
struct policy_rule {
    const char *location; /* as it was written */
    unsigned line;        /* in the file */
    struct strategy strategy;
};

/* What a rule's number is: rules are told by numbers from 1, in the order of the file. */
#define POLICY_NO_RULE   0
#define POLICY_RULES_MAX 1024

/* What the policy says of a value. */
struct policy_decision {
    enum policy_class class;
    uint16_t rule;    /* that decided; POLICY_NO_RULE: a name did */
    bool hinted;      /* the name calls for a look at any value under it; told by policy_memo_ask */
    bool paired;      /* of a JSON member: another one may say what it is (pair_names.h); likewise */
    bool named_oddly; /* of a header field: detectors may find something in the name itself; likewise */
    bool scalar_only; /* holds for a plain value only, and not for everything inside an object */
    enum policy_shape shape; /* of a header */
};

struct policy;

/* Returns the built-in policy, made on the first call; static, never freed. Call before threads start. */
const struct policy *policy_builtin(void);
/* Frees a policy that policy_yaml_read made; NULL is allowed. */
void policy_free(struct policy *policy);
/* Returns what the policy says in full. Borrowed from the policy. */
const char *policy_text(const struct policy *policy);
/* Returns SEGMENT_HASH_SIZE bytes: BLAKE2b of the text. */
const uint8_t *policy_hash(const struct policy *policy);

/* Returns the decision on a header field called |name|. |place|: POLICY_IN_HEADER, POLICY_IN_RESPONSE_HEADER or POLICY_IN_PART_HEAD. No stem
 * is looked for in what is a pseudonym under |recognition_key|, whose letters are random; NULL: nothing is one. */
struct policy_decision policy_of_header(const struct policy *policy, const uint8_t *recognition_key,
                                        enum policy_place place, struct bytes name);
/* Returns the decision on a query parameter, form field, cookie or JSON member called |name| (decoded), likewise. */
struct policy_decision policy_of_name(const struct policy *policy, const uint8_t *recognition_key,
                                      enum policy_place place, struct bytes name);
/* Returns the rule with the number |rule|, borrowed; NULL for POLICY_NO_RULE. */
const struct policy_rule *policy_rule_of(const struct policy *policy, uint16_t rule);
/* The same; NULL for those too that nobody wrote: what detectors do unless something else is said. */
const struct policy_rule *policy_written_rule(const struct policy *policy, uint16_t rule);

/* Returns how many rules there are: their numbers go from 1 to that. */
uint16_t policy_rule_count(const struct policy *policy);

/* Returns the decision on a member or element on which |inner| is decided by itself, inside an object or array on which |outer| is: what is
 * located is located with all inside, so that of two rules the earlier one holds, and a rule of the file before a name. But inside what a rule preserves, names and
 * rules hold as elsewhere; and what is to be emptied is never anything else. */
struct policy_decision policy_of_inner(const struct policy *policy, struct policy_decision outer,
                                       struct policy_decision inner);

/* Returns the decision that the rule |rule| means where nothing else is known of the value. */
struct policy_decision policy_by_rule(const struct policy *policy, uint16_t rule);

/* JSON paths: the rules whose location is a path from the root. A set of states says how far each path is matched on the
 * way to a value: begin with policy_json_root at the root, step by member or element. 0: no path can match any more. */
uint64_t policy_json_root(const struct policy *policy);
/* Steps into the member |name| (decoded) of an object. |ret_rule| becomes the first rule whose path ends at its value, or stays. */
uint64_t policy_json_member(const struct policy *policy, uint64_t states, struct bytes name,
                            uint16_t *ret_rule);
/* Steps into the element |index| of an array, likewise. */
uint64_t policy_json_element(const struct policy *policy, uint64_t states, uint64_t index,
                             uint16_t *ret_rule);

/* Tells which segments of a URL's |path| ("/users/7/cart", still coded) a rule locates: |ret_rules| gets the number of the rule of
 * each of the first |max| segments, POLICY_NO_RULE where there is none. Returns whether there is any. */
bool policy_path_rules(const struct policy *policy, struct bytes path, size_t max, uint16_t *ret_rules);
/* Returns the decision on whole bodies: POLICY_PUBLIC (they are looked into), POLICY_PRESERVED, or another, which drops them. */
struct policy_decision policy_of_body(const struct policy *policy, bool response);

/* Returns the decision on what detectors of |class| find, which they look for. */
struct policy_decision policy_of_detected(const struct policy *policy, enum detect_class class);
/* Returns the decision on values that have no name: that on all which nothing else locates. */
struct policy_decision policy_otherwise(const struct policy *policy);
/* Returns the classes that are looked for, a bit each. */
uint32_t policy_detect_classes(const struct policy *policy);

/* Returns what becomes of dates of birth that a name tells: a rule that nobody wrote, borrowed. */
const struct policy_rule *policy_birth_rule(const struct policy *policy);
/* Returns whether a rule makes fakes of dates, for which their subject counts. */
bool policy_has_dates(const struct policy *policy);
/* Returns whether a rule of a file removes something. */
bool policy_has_removes(const struct policy *policy);

/* What a replay rewrites, borrowed; NULL: nothing. It is not in policy_text: it may hold credentials of the target. */
struct rewriter;
const struct rewriter *policy_rewrites(const struct policy *policy);

/* Which exchanges are kept at all, for the caller to apply: an expression as of --select; NULL: all. */
const char *policy_select(const struct policy *policy);
/* The share of users to keep in percent, 100: all; and by what, as of --sample-by, NULL: not said. */
double policy_sample_pct(const struct policy *policy);
const char *policy_sample_by(const struct policy *policy);

#endif
