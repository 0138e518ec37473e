#include "filters/rekey.h"

#include "filters/pseudonym_search.h"

#include <assert.h>
#include <string.h>

_Static_assert(LINK_TAG_SIZE == PSEUDONYM_TAG_SIZE, "a link's tag is the identity in a pseudonym");

#define CODED_LEAST (PSEUDONYM_CORE_SIZE / 3 * 4) /* characters of base64 that hold a pseudonym */
#define CODED_DEEP  2                             /* base64 in base64 */

/* Replaces what is found. |text| is what is looked at, of which all before |done| is in |out|. */
struct rekeying {
    const uint8_t *former;
    const struct keys *keys;
    enum wrapping coding;
    struct bytes text;
    size_t done;
    struct buffer *out;
};

/* pseudonym_hit_fn */
static void replace(void *arg, const struct pseudonym_hit *hit)
{
    struct rekeying *rekeying = arg;
    struct bytes text = rekeying->text;
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    char core[PSEUDONYM_CORE_SIZE];
    memcpy(tag, hit->tag, sizeof tag);
    rekey_tag(rekeying->former, rekeying->keys, tag);
    pseudonym_core(keys_recognition(rekeying->keys), tag, core);
    buffer_append(rekeying->out, text.data + rekeying->done, hit->offset - rekeying->done);
    struct bytes stands = bytes_make(text.data + hit->offset, hit->size);
    if (rekeying->coding == WRAPPING_NONE) {
        pseudonym_append_like(stands, core, rekeying->out);
    } else {
        uint8_t room[PSEUDONYM_JWT_SIZE];
        struct buffer plain = {.data = room, .capacity = sizeof room};
        if (hit->jwt)
            pseudonym_append_jwt(core, &plain);
        else
            buffer_append(&plain, core, sizeof core);
        wrapping_encode(rekeying->coding, stands, buffer_bytes(&plain), rekeying->out);
    }
    rekeying->done = hit->offset + hit->size;
}

static bool is_base64(uint8_t byte)
{
    return wrapping_base64_value(byte) >= 0;
}

/* Replaces the pseudonyms in |plain| where they stand: theirs are of the same size. Returns whether there are any. */
static bool rekey_plain(const uint8_t *former, const struct keys *keys, struct buffer *plain)
{
    struct pseudonym_found found;
    size_t at = 0;
    for (; pseudonym_find(former, buffer_bytes(plain), at, &found); at = found.offset + found.size) {
        uint8_t room[PSEUDONYM_JWT_SIZE];
        char core[PSEUDONYM_CORE_SIZE];
        struct buffer made = {.data = room, .capacity = sizeof room};
        rekey_tag(former, keys, found.tag);
        pseudonym_core(keys_recognition(keys), found.tag, core);
        pseudonym_append_like(bytes_make(plain->data + found.offset, found.size), core, &made);
        assert(made.size == found.size && made.data == room);
        memcpy(plain->data + found.offset, room, found.size);
    }
    return at > 0;
}

static bool rekey_coded(const uint8_t *former, const struct keys *keys, uint8_t *text, size_t size,
                        unsigned deep);

/* The same in the |run| of base64 characters, which may begin anywhere in a coded text. */
static bool rekey_run(const uint8_t *former, const struct keys *keys, uint8_t *run, size_t size,
                      unsigned deep)
{
    struct buffer plain = {0}, coded = {0};
    bool url = memchr(run, '-', size) || memchr(run, '_', size), any = false;
    for (size_t phase = 0; phase < 4 && size - phase >= CODED_LEAST; phase++) {
        buffer_clear(&plain);
        wrapping_decode(WRAPPING_BASE64, bytes_make(run + phase, size - phase), &plain);
        bool plainly = rekey_plain(former, keys, &plain);
        if (!rekey_coded(former, keys, plain.data, plain.size, deep + 1) && !plainly)
            continue;
        buffer_clear(&coded);
        /* Without padding: there are as many characters as before, or one less. */
        wrapping_encode(WRAPPING_BASE64URL, (struct bytes){0}, buffer_bytes(&plain), &coded);
        for (size_t i = 0; i < coded.size && !url; i++)
            coded.data[i] = coded.data[i] == '-' ? '+' : coded.data[i] == '_' ? '/' : coded.data[i];
        assert(coded.size <= size - phase);
        memcpy(run + phase, coded.data, coded.size);
        any = true;
    }
    buffer_free(&coded);
    buffer_free(&plain);
    return any;
}

/* The same in all runs of base64 of |text|. */
static bool rekey_coded(const uint8_t *former, const struct keys *keys, uint8_t *text, size_t size,
                        unsigned deep)
{
    bool any = false;
    for (size_t at = 0, end; deep < CODED_DEEP && at < size; at = end + 1) {
        for (end = at; end < size && is_base64(text[end]); end++)
            ;
        if (end - at >= CODED_LEAST)
            any |= rekey_run(former, keys, text + at, end - at, deep);
    }
    return any;
}

void rekey_text(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, struct buffer *text,
                struct buffer *scratch)
{
    for (size_t i = 0; i < PSEUDONYM_CODINGS; i++) {
        struct rekeying rekeying = {former, keys, pseudonym_codings[i], buffer_bytes(text), 0, scratch};
        buffer_clear(scratch);
        pseudonym_search(former, rekeying.coding, rekeying.text, replace, &rekeying);
        if (rekeying.done == 0)
            continue;
        buffer_append(scratch, text->data + rekeying.done, text->size - rekeying.done);
        struct buffer swapped = *text;
        *text = *scratch;
        *scratch = swapped;
    }
    rekey_coded(former, keys, text->data, text->size, 0);
}

void rekey_tag(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, uint8_t tag[LINK_TAG_SIZE])
{
    char core[PSEUDONYM_CORE_SIZE];
    pseudonym_core(former, tag, core);
    keys_map(keys, bytes_make(core, sizeof core), tag);
}

static void rekey_message(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, bool sanitized,
                          struct message *message, struct buffer *scratch)
{
    message->body.digested = false;
    if (!sanitized)
        return;
    struct buffer *texts[] = {&message->head, &message->trailers, &message->body.content};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        rekey_text(former, keys, texts[i], scratch);
}

void rekey_exchange(const uint8_t former[SEGMENT_KEY_SIZE], const struct keys *keys, bool sanitized,
                    struct exchange *exchange, struct buffer *scratch)
{
    exchange->connection = keys_opaque_id(keys, &exchange->connection, sizeof exchange->connection);
    exchange->client = keys_opaque_id(keys, &exchange->client, sizeof exchange->client);
    rekey_message(former, keys, sanitized, &exchange->request, scratch);
    rekey_message(former, keys, sanitized, &exchange->response, scratch);
    size_t kept = 0;
    for (size_t i = 0; sanitized && i < exchange->link_count; i++) {
        struct link *link = &exchange->links[i];
        if (link->kind != LINK_ISSUES && link->kind != LINK_USES)
            continue;
        rekey_tag(former, keys, link->tag);
        struct link moved = exchange->links[kept];
        exchange->links[kept++] = *link;
        *link = moved;
    }
    exchange->link_count = kept;
}
