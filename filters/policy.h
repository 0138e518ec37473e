/* The policy: which names are sensitive, where, and what becomes of their values. Today there is the built-in
 * one, compiled from the tables in policy_tables.c; a policy read from a file would compile to the same
 * struct. Its text form goes into the header of every segment, with its hash.
 *
 * Names are compared as keys: letters and digits only, without case, so "X-Api-Key", "api_key" and "apiKey"
 * are one. Of a compound name ("user[password]", "card.cvc") the last part counts too. Rules come as whole
 * names and as stems (found anywhere in a name); an exemption beats a stem. */
#ifndef FILTERS_POLICY_H
#define FILTERS_POLICY_H

#include "common/buffer.h"
#include "common/segment/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* What kind of value it is. */
enum policy_class {
    POLICY_PUBLIC,     /* not sensitive: kept */
    POLICY_CREDENTIAL, /* tokens, keys, session ids: pseudonym; noted as a link, tells users apart */
    POLICY_PASSWORD,   /* passwords and one-time codes: pseudonym; noted as a link, tells nobody apart */
    POLICY_PERSONAL,   /* personal data, numbers of cards and accounts: pseudonym */
    POLICY_EMPTIED,    /* CVV, PIN, track data: emptied, never hashed */
};

/* Where a name stands; a bit each, so that a rule can hold in several. */
enum policy_place {
    POLICY_IN_HEADER = 1,
    POLICY_IN_QUERY = 2, /* also path parameters and fragments */
    POLICY_IN_FORM = 4,
    POLICY_IN_JSON = 8,
};

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

struct policy_header {
    enum policy_class class;
    enum policy_shape shape;
};

struct policy;

/* Returns the built-in policy, made on the first call; static, never freed. Call before threads start. */
const struct policy *policy_builtin(void);
/* Returns what the policy says in full, one rule a line. Borrowed from the policy. */
const char *policy_text(const struct policy *policy);
/* Returns SEGMENT_HASH_SIZE bytes: BLAKE2b of the text. */
const uint8_t *policy_hash(const struct policy *policy);

/* Returns what a header called |name| is. */
struct policy_header policy_of_header(const struct policy *policy, struct bytes name);
/* Returns the class of a query parameter, form field or JSON member called |name| (decoded).
 * |ret_scalar_only| (may be NULL): whether that holds for a plain value only and not for everything inside an
 * object. */
enum policy_class policy_of_name(const struct policy *policy, enum policy_place place, struct bytes name,
                                 bool *ret_scalar_only);

#endif
