#include "filters/stale.h"

#include <string.h>

enum kind { DIGEST, SIGNATURE, NEITHER };

#define BODY (STALE_CONTENT | STALE_CODED)
#define ALL  (BODY | STALE_TARGET | STALE_HEAD)

struct mark {
    const char *text;
    size_t size;
    unsigned covers;
};
#define MARK(text, covers)                                                                                   \
    {                                                                                                        \
        text, sizeof(text) - 1, covers                                                                       \
    }

/* An ETag names content, whatever its coding. */
static const struct mark digest_names[] = {
    MARK("etag", STALE_CONTENT),        MARK("digest", BODY),         MARK("content-md5", BODY),
    MARK("repr-digest", BODY),          MARK("content-digest", BODY), MARK("x-goog-hash", BODY),
    MARK("x-amz-content-sha256", BODY),
};
#define CHECKSUM "x-amz-checksum-" /* and the algorithm */

static const struct mark signature_names[] = {
    MARK("dpop", STALE_TARGET),        MARK("signature", ALL), /* RFC 9421, and the drafts before it */
    MARK("stripe-signature", BODY),    MARK("x-hub-signature", BODY),
    MARK("x-hub-signature-256", BODY), MARK("x-slack-signature", BODY),
};
/* Others: what most webhooks sign is the body, some the URL with it. */
static const struct mark signature_endings[] = {
    MARK("signature", BODY | STALE_TARGET),
    MARK("signature-1", BODY | STALE_TARGET),
    MARK("signature-v2", BODY | STALE_TARGET),
    MARK("signature-256", BODY | STALE_TARGET),
    MARK("signature-sha256", BODY | STALE_TARGET),
    MARK("signature-ed25519", BODY | STALE_TARGET),
    MARK("transmission-sig", BODY),
    MARK("hmac", BODY | STALE_TARGET),
    MARK("hmac-sha256", BODY),
};

/* Schemes of Authorization that sign. */
static const struct mark schemes[] = {
    MARK("AWS4-HMAC-SHA256", ALL),
    MARK("AWS4-ECDSA-P256-SHA256", ALL),
    MARK("AWS", ALL),
    MARK("GOOG4-HMAC-SHA256", ALL),
    MARK("TC3-HMAC-SHA256", ALL),
    MARK("ACS3-HMAC-SHA256", ALL),
    MARK("SharedKey", ALL),
    MARK("SharedKeyLite", ALL),
    MARK("HMAC-SHA256", ALL),
    MARK("HMAC", ALL),
    MARK("Signature", ALL),
    MARK("Hawk", BODY | STALE_TARGET),
    MARK("OAuth", BODY | STALE_TARGET), /* of version 1: the fields of a form too */
    MARK("Digest", BODY | STALE_TARGET),
};

/* Names of query fields with a signature of the URL: AWS, Google, both of old and CloudFront, Azure. */
static const char *const query_names[] = {"x-amz-signature", "x-goog-signature", "signature", "sig"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct mark *find(const struct mark *marks, size_t count, struct bytes text)
{
    for (size_t i = 0; i < count; i++)
        if (marks[i].size == text.size && (text.data[0] | 0x20) == (marks[i].text[0] | 0x20) &&
            bytes_equal_nocase(text, bytes_make(marks[i].text, text.size)))
            return &marks[i];
    return NULL;
}

static const struct mark *find_ending(struct bytes name)
{
    for (size_t i = 0; i < COUNT(signature_endings); i++) {
        const struct mark *ending = &signature_endings[i];
        if (name.size >= ending->size &&
            (name.data[name.size - 1] | 0x20) == (ending->text[ending->size - 1] | 0x20) &&
            bytes_equal_nocase(bytes_make(name.data + name.size - ending->size, ending->size),
                               bytes_make(ending->text, ending->size)))
            return ending;
    }
    return NULL;
}

static bool is_checksum(struct bytes name)
{
    struct bytes start = BYTES_LITERAL(CHECKSUM);
    return name.size > start.size && bytes_equal_nocase(bytes_make(name.data, start.size), start);
}

/* Of Authorization. */
static const struct mark *find_scheme(struct bytes value)
{
    size_t size = 0;
    while (size < value.size && value.data[size] != ' ')
        size++;
    return find(schemes, COUNT(schemes), bytes_make(value.data, size));
}

/* Returns what the header line |name| is, and in |ret_covers| of what. */
static enum kind judge(struct bytes name, struct bytes value, unsigned *ret_covers)
{
    const struct mark *mark = find(digest_names, COUNT(digest_names), name);
    enum kind kind = DIGEST;
    *ret_covers = BODY;
    if (!mark && is_checksum(name))
        return DIGEST;
    if (!mark) {
        kind = SIGNATURE;
        mark = find(signature_names, COUNT(signature_names), name);
    }
    if (!mark)
        mark = find_ending(name);
    if (!mark && bytes_equal_nocase(name, BYTES_LITERAL("Authorization")))
        mark = find_scheme(value);
    if (!mark)
        return NEITHER;
    *ret_covers = mark->covers;
    return kind;
}

bool stale_note_field(struct stale *stale, const struct http1_field *field, struct bytes kept)
{
    unsigned covers;
    enum kind kind = judge(field->name, field->value, &covers);
    if (kind == NEITHER || kept.size == 0)
        return false;
    stale->covered[kind] |= covers;
    stale->rewritten[kind] |= !bytes_equal(kept, field->line);
    return true;
}

void stale_note_target(struct stale *stale, struct bytes target, struct bytes kept)
{
    const uint8_t *mark = target.size ? memchr(target.data, '?', target.size) : NULL;
    if (!bytes_equal(target, kept))
        stale->changed |= STALE_TARGET;
    const uint8_t *end = target.data + target.size;
    for (const uint8_t *at = mark ? mark + 1 : end; at < end;) {
        const uint8_t *next = memchr(at, '&', (size_t)(end - at));
        const uint8_t *stop = next ? next : end, *equals = memchr(at, '=', (size_t)(stop - at));
        struct bytes name = bytes_make(at, (size_t)((equals ? equals : stop) - at));
        for (size_t i = 0; i < COUNT(query_names); i++)
            if (bytes_equal_nocase(name, bytes_of(query_names[i])))
                stale->covered[SIGNATURE] |= STALE_TARGET;
        at = next ? next + 1 : end;
    }
}

bool stale_covers(const struct stale *stale, unsigned parts)
{
    return (stale->covered[DIGEST] | stale->covered[SIGNATURE]) & parts;
}

void stale_note_changed(struct stale *stale, unsigned parts)
{
    stale->changed |= parts;
}

uint64_t stale_flags(const struct stale *stale, bool request)
{
    uint64_t flags = 0;
    if (stale->rewritten[DIGEST] || (stale->covered[DIGEST] & stale->changed))
        flags |= request ? EXCHANGE_FLAG(REQUEST_DIGEST_STALE) : EXCHANGE_FLAG(RESPONSE_DIGEST_STALE);
    if (stale->rewritten[SIGNATURE] || (stale->covered[SIGNATURE] & stale->changed))
        flags |= request ? EXCHANGE_FLAG(REQUEST_SIGNATURE_STALE) : EXCHANGE_FLAG(RESPONSE_SIGNATURE_STALE);
    return flags;
}
