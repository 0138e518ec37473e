/* Secrets by their shape: JSON web tokens, private keys, credentials after an authentication scheme, random text.
 *
 * Functions that return a size return 0 where there is nothing. */
#ifndef FILTERS_DETECT_SECRET_DETECTORS_H
#define FILTERS_DETECT_SECRET_DETECTORS_H

#include "common/buffer.h"

#include <stdbool.h>

/* A JWS or JWE in compact form (RFC 7515 §7.1, RFC 7516 §7.1) at |at|: its header decodes to JSON with an "alg". */
size_t jwt_at(struct bytes text, size_t at);
/* A private key in PEM or OpenPGP armour at |at|, where "-----B" stands, to the end of its armour or, where that is missing, of the
 * text. */
size_t private_key_at(struct bytes text, size_t at);

/* What stands after an authentication scheme (RFC 9110 §11). */
enum scheme {
    SCHEME_NONE,
    SCHEME_BASIC,      /* user and password in base64 (RFC 7617) */
    SCHEME_TOKEN,      /* one token: Bearer, Negotiate, NTLM, ... */
    SCHEME_PARAMETERS, /* names and values: Digest, Hawk, AWS4-HMAC-SHA256, ... */
};
/* Returns the kind of the scheme whose name ends before |at|. */
enum scheme scheme_before(struct bytes text, size_t at);
/* Looks whether a scheme with a token, and a blank, stand before the token at |at|. Returns which kind, and the size of the token. Plain words are none, nor
 * is what does not decode after "Basic". */
enum scheme scheme_token_at(struct bytes text, size_t at, size_t *ret_size);
/* Returns where the characters of the token around |at| begin, which may be parted by dots and slashes; looks a bounded way back. */
size_t scheme_token_start(struct bytes text, size_t at);
/* Returns where they end, padding included. */
size_t scheme_token_end(struct bytes text, size_t at);
/* The parameters of a scheme (Digest, Hawk, AWS4-HMAC-SHA256, ...), where the first "name=" of them has its '=' at |equals|: their size, and
 * where they begin. */
size_t scheme_parameters_around(struct bytes text, size_t equals, size_t *ret_offset);

/* Random text around |at|, beside the name of a key: in |text| itself ("api_key: ...") or, where |named|, by the name of the field.
 * At least twelve characters with letters and digits and 3.5 bits a character; 3.0 of hexadecimal digits, which have at most four, and 3.8 where
 * there are letters of both cases only. Returns its size and where it begins; |ret_end| is where what stands around |at| ends, in any case. */
size_t random_around(struct bytes text, size_t at, bool named, size_t *ret_offset, size_t *ret_end);
/* Returns whether |value| has at least |bits|, in 1024th of a bit, a character (Shannon, of its first 64). */
bool entropy_is_at_least(struct bytes value, unsigned bits);

#endif
