#include "replay/linker.h"

#include "common/coding.h"
#include "common/fast_hash.h"
#include "common/http1_head.h"
#include "common/id_like.h"
#include "common/mem.h"
#include "filters/pseudonym.h"
#include "replay/created.h"
#include "replay/places.h"
#include "replay/state/cookie_jars.h"
#include "replay/state/fifo_map.h"
#include "replay/state/issued_credentials.h"
#include "replay/state/issued_ids.h"
#include "replay/state/lessons.h"
#include "replay/state/live_values.h"
#include "replay/state/plain_credentials.h"
#include "replay/state/told.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define BODY_LIMIT  LINKER_BODY_MAX
#define VALUE_LIMIT ((size_t)16 * 1024)
#define BASIC_LIMIT 4096

/* One thing learned. */
struct entry {
    struct fifo_entry entry;
    enum link_place place; /* where it was found, whose coding |raw| has */
    size_t size;
    uint8_t *raw;
    struct bytes parent; /* of a weak id: the recorded path that it stands under, owned; else no data */
};

struct linker {
    bool off;
    size_t limit;
    uint64_t lesson;
    uint64_t stored; /* values that are new, or other than before */
    uint64_t known;  /* for linker_known: credentials stored, and what was forgotten */
    struct fifo_map values;
    struct cookie_jars *jars;
    struct created *created;
    struct created *ids;      /* strong ids, by what was recorded */
    struct live_values *live; /* NULL: not asked for */
    struct buffer *told;      /* what is learned, for others, borrowed; NULL: there are none */
    struct buffer plain;      /* scratch */
    struct buffer body;
    struct buffer inner;
    struct buffer recorded; /* a body of the recording */
};

/* fifo_map_free_fn */
static void entry_free(void *learned)
{
    struct entry *entry = learned;
    free(entry->raw);
    free((void *)entry->parent.data);
    free(entry);
}

struct linker *linker_create(size_t limit, const char *base_path)
{
    struct linker *linker = xcalloc(1, sizeof *linker);
    linker->limit = limit;
    fifo_map_init(&linker->values, limit, entry_free);
    linker->created = created_create(base_path, limit);
    linker->ids = created_create("", limit);
    linker->jars = cookie_jars_create(limit);
    return linker;
}

void linker_remember_live(struct linker *linker)
{
    linker->live = live_values_create(linker->limit);
}

bool linker_turn_back(const struct linker *linker, const struct linker_context *context, struct bytes body,
                      struct buffer *out)
{
    return linker->live && live_values_turn_back(linker->live, context->iteration, body, out);
}

void linker_turn_off(struct linker *linker)
{
    linker->off = true;
}

void linker_free(struct linker *linker)
{
    if (!linker)
        return;
    fifo_map_done(&linker->values);
    cookie_jars_free(linker->jars);
    created_free(linker->created);
    created_free(linker->ids);
    live_values_free(linker->live);
    buffer_free(&linker->plain);
    buffer_free(&linker->body);
    buffer_free(&linker->inner);
    buffer_free(&linker->recorded);
    free(linker);
}

uint64_t linker_lesson(const struct linker *linker)
{
    return linker->lesson;
}

static struct keymap_key session_key(const struct linker_context *context)
{
    return keymap_key(context->session, context->iteration);
}

uint64_t linker_known(const struct linker *linker, const struct linker_context *context)
{
    return linker->known + cookie_jars_version(linker->jars, session_key(context));
}

uint64_t linker_forgotten(const struct linker *linker)
{
    return linker->values.forgotten + cookie_jars_forgotten(linker->jars) +
           created_forgotten(linker->created) + created_forgotten(linker->ids);
}

static void tell(struct linker *linker, const struct told *told)
{
    if (linker->told)
        told_append(told, linker->told);
}

/* Returns whether |raw| can be kept: what stands in a header as it came must not end or split the header of another request. |parent|: of a weak
 * id, else empty. */
static bool remember(struct linker *linker, struct keymap_key key, enum link_place place, struct bytes raw,
                     struct bytes parent)
{
    bool in_header = place == LINK_PLACE_HEADER || place == LINK_PLACE_COOKIE;
    if (!raw.size || raw.size > VALUE_LIMIT || (in_header && places_has_control(raw)))
        return false;
    struct entry *entry = fifo_map_get(&linker->values, key);
    bool wants_parent = parent.size && !(entry && entry->parent.data);
    bool known = entry && entry->place == place && bytes_equal(bytes_make(entry->raw, entry->size), raw);
    if (known && !wants_parent)
        return true;
    if (!entry) {
        entry = xcalloc(1, sizeof *entry);
        linker->known += fifo_map_add(&linker->values, key, &entry->entry);
    }
    linker->stored += !known;
    free(entry->raw);
    entry->raw = xmemdup(raw.data, raw.size);
    entry->size = raw.size;
    entry->place = place;
    if (wants_parent)
        entry->parent = bytes_make(xmemdup(parent.data, parent.size), parent.size);
    tell(linker, &(struct told){TOLD_VALUE, .key = key, .place = place, .recorded = parent, .actual = raw});
    return true;
}

static void add_place(struct linker *linker, uint32_t iteration, struct bytes recorded, struct bytes actual)
{
    created_add(linker->created, iteration, recorded, actual);
    tell(linker, &(struct told){TOLD_PLACE, iteration, .recorded = recorded, .actual = actual});
}

static void add_id(struct linker *linker, uint32_t iteration, struct bytes recorded, struct bytes actual)
{
    created_add(linker->ids, iteration, recorded, actual);
    tell(linker, &(struct told){TOLD_ID, iteration, .recorded = recorded, .actual = actual});
}

static void add_live(struct linker *linker, uint32_t iteration, struct bytes live, struct bytes recorded,
                     bool weak)
{
    if (!linker->live)
        return;
    live_values_add(linker->live, iteration, live, recorded, weak);
    tell(linker, &(struct told){TOLD_LIVE, iteration, .weak = weak, .recorded = recorded, .actual = live});
}

void linker_tell(struct linker *linker, struct buffer *lessons)
{
    linker->told = lessons;
}

void linker_hear(struct linker *linker, struct bytes lessons)
{
    struct buffer *told = linker->told;
    struct told lesson;
    uint64_t stored = linker->stored;
    linker->told = NULL; /* it is known to all */
    while (told_take(&lessons, &lesson)) {
        switch (lesson.kind) {
        case TOLD_VALUE:
            remember(linker, lesson.key, lesson.place, lesson.actual, lesson.recorded);
            break;
        case TOLD_PLACE:
            add_place(linker, lesson.iteration, lesson.recorded, lesson.actual);
            break;
        case TOLD_ID:
            add_id(linker, lesson.iteration, lesson.recorded, lesson.actual);
            break;
        case TOLD_LIVE:
            add_live(linker, lesson.iteration, lesson.actual, lesson.recorded, lesson.weak);
            break;
        }
        linker->lesson++;
    }
    linker->known += linker->stored - stored;
    linker->told = told;
}

bool linker_login_ok(const struct linker *linker, const struct linker_context *context)
{
    return cookie_jars_logged_in(linker->jars, session_key(context));
}

void linker_set_cookie(struct linker *linker, const struct linker_context *context, struct bytes name,
                       struct bytes value)
{
    cookie_jars_set(linker->jars, session_key(context), name, value);
}

size_t linker_wants_body(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if ((link->kind == LINK_ISSUES || link->kind == LINK_CREATES) &&
            (link->place == LINK_PLACE_JSON || link->place == LINK_PLACE_FORM ||
             link->place == LINK_PLACE_QUERY || link->place == LINK_PLACE_BODY))
            return BODY_LIMIT;
    }
    return 0;
}

bool linker_wants_recorded_body(const struct exchange *exchange)
{
    bool in_clear = exchange->flags & EXCHANGE_FLAG(UNSANITIZED);
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        if ((link->kind == LINK_CREATES && link->place == LINK_PLACE_JSON) ||
            (in_clear && link->kind == LINK_ISSUES &&
             (link->place == LINK_PLACE_JSON || link->place == LINK_PLACE_FORM ||
              link->place == LINK_PLACE_QUERY)))
            return true;
    }
    return false;
}

struct bytes linker_plain_body(struct linker *linker, struct bytes head, struct bytes body)
{
    struct http1_field coding;
    if (!body.size || !http1_find_field(head, "Content-Encoding", &coding))
        return body;
    if (coding_decode(coding.value, body, BODY_LIMIT * 4, &linker->body) != CODING_OK)
        return (struct bytes){0};
    return buffer_bytes(&linker->body);
}

static void learn_cookies(struct linker *linker, const struct linker_context *context, struct bytes head)
{
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        struct bytes name, value, rest = field.value;
        if (bytes_equal_nocase(field.name, BYTES_LITERAL("Set-Cookie")) &&
            places_next_cookie(&rest, &name, &value) && value.size)
            cookie_jars_set(linker->jars, session_key(context), name, value);
    }
}

/* |recorded| counts as one whether it is weak (W/) or not; the query of |target| does not count. */
static struct keymap_key validator_key(const struct linker_context *context, struct bytes target,
                                       struct bytes recorded)
{
    const struct bytes weak = BYTES_LITERAL("W/");
    const uint8_t *query = target.size ? memchr(target.data, '?', target.size) : NULL;
    if (query)
        target.size = (size_t)(query - target.data);
    if (recorded.size > weak.size && memcmp(recorded.data, weak.data, weak.size) == 0)
        recorded = bytes_make(recorded.data + weak.size, recorded.size - weak.size);
    struct keymap_key key = keymap_text_key(target, context->iteration);
    key.b ^= fast_hash(recorded); /* not compared: at worst, a validator that the target does not know */
    return key;
}

/* Returns whether |recorded| is an entity tag that is long enough to be known by itself. */
static bool is_telling(struct bytes recorded)
{
    return recorded.size >= ID_LIKE_STRONG + 2 && recorded.data[recorded.size - 1] == '"';
}

static void learn_validators(struct linker *linker, const struct linker_context *context,
                             const struct exchange *exchange, struct bytes head)
{
    static const char *const names[] = {"ETag", "Last-Modified"};
    struct http1_request_line line;
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line))
        return;
    for (size_t i = 0; i < 2; i++) {
        struct http1_field recorded, issued;
        if (!http1_find_field(buffer_bytes(&exchange->response.head), names[i], &recorded) ||
            !http1_find_field(head, names[i], &issued))
            continue;
        remember(linker, validator_key(context, line.target, recorded.value), LINK_PLACE_HEADER, issued.value,
                 (struct bytes){0});
        if (is_telling(recorded.value))
            remember(linker, validator_key(context, (struct bytes){0}, recorded.value), LINK_PLACE_HEADER,
                     issued.value, (struct bytes){0});
    }
}

/* Appends the recorded |path| as the target has it: where it begins with a place that was created, and with other ids in it. */
static void put_path(const struct linker *linker, const struct linker_context *context, struct bytes path,
                     struct buffer *out)
{
    size_t size;
    struct bytes actual, segment;
    if (linker_place(linker, context, path, &size, &actual)) {
        buffer_append_bytes(out, actual);
        path = bytes_make(path.data + size, path.size - size);
    }
    while (id_like_next_segment(&path, &segment)) {
        buffer_append_byte(out, '/');
        if (!linker_id(linker, context, segment, &actual) || !places_encode(LINK_PLACE_PATH, actual, out))
            buffer_append_bytes(out, segment);
    }
}

/* Notes where what |link| gave out stands at the target, so that URLs lead there: under the path of its collection. A strong id also names it
 * alone. |recorded| and |value| are as they stand, in the coding of |place|. */
static void learn_place(struct linker *linker, const struct linker_context *context,
                        const struct exchange *exchange, const struct link *link, struct bytes recorded,
                        enum link_place place, struct bytes value)
{
    struct buffer path = {0}, actual = {0};
    buffer_clear(&linker->plain);
    places_decode(place, value, &linker->plain);
    struct bytes plain = buffer_bytes(&linker->plain);
    if (link->strong && !places_has_control(plain))
        add_id(linker, context->iteration, recorded, plain);
    issued_id_collection(exchange, link, &path);
    bool told =
        issued_id_in_location(link) && exchange->status == 201; /* what created_locations knows better */
    if (!told && path.size > 0 && path.data[0] == '/') {
        put_path(linker, context, buffer_bytes(&path), &actual);
        buffer_append_bytes(&path, recorded);
        if (places_encode(LINK_PLACE_PATH, plain, &actual))
            add_place(linker, context->iteration, buffer_bytes(&path), buffer_bytes(&actual));
    }
    buffer_free(&path);
    buffer_free(&actual);
}

static void learn_id(struct linker *linker, const struct linker_context *context,
                     const struct exchange *exchange, const struct link *link, struct bytes head,
                     struct bytes body)
{
    struct bytes value, recorded;
    if (!issued_id_find(exchange, link, head, body, &value) || bytes_equal(value, BYTES_LITERAL("null")))
        return;
    enum link_place place = issued_id_in_location(link) ? LINK_PLACE_PATH : link->place;
    struct buffer parent = {0};
    if (!link->strong)
        issued_id_collection(exchange, link, &parent);
    bool kept =
        remember(linker, keymap_tag_key(link->tag, context->iteration), place, value, buffer_bytes(&parent));
    buffer_free(&parent);
    if (!kept || !issued_id_recorded(exchange, link, &recorded))
        return;
    learn_place(linker, context, exchange, link, recorded, place, value);
    add_live(linker, context->iteration, value, recorded, !link->strong);
}

/* Notes by its value what a credential that the recording shows in clear is at the target; both as they stand in |place|. */
static void learn_plain(struct linker *linker, const struct linker_context *context, enum link_place place,
                        struct bytes recorded, struct bytes value)
{
    struct buffer plain = {0};
    places_decode(place, plain_credential_of(place, recorded), &plain);
    buffer_clear(&linker->plain);
    places_decode(place, plain_credential_of(place, value), &linker->plain);
    if (!places_has_control(buffer_bytes(&linker->plain)))
        add_id(linker, context->iteration, buffer_bytes(&plain), buffer_bytes(&linker->plain));
    buffer_free(&plain);
}

/* Returns |exchange|, or, where the answer in it has a content coding, as unsanitized ones may, one without, which is made in |plain| and borrows from both. */
static const struct exchange *without_coding(struct linker *linker, const struct exchange *exchange,
                                             struct exchange *plain)
{
    struct http1_field coding;
    if (!exchange->response.body.coded || !linker_wants_recorded_body(exchange) ||
        !http1_find_field(buffer_bytes(&exchange->response.head), "Content-Encoding", &coding) ||
        coding_decode(coding.value, buffer_bytes(&exchange->response.body.content), BODY_LIMIT * 4,
                      &linker->recorded) != CODING_OK)
        return exchange;
    *plain = *exchange;
    plain->response.body.content = linker->recorded;
    return plain;
}

bool linker_learn(struct linker *linker, const struct linker_context *context,
                  const struct exchange *exchange, struct bytes head, struct bytes body)
{
    bool credential = false;
    struct exchange plain;
    if (linker->off)
        return false;
    exchange = without_coding(linker, exchange, &plain);
    const struct lessons lessons = lessons_of(head);
    linker->lesson += lessons.places || lessons.cookies || lessons.validators || exchange->link_count;
    struct bytes recorded, actual;
    if (lessons.places &&
        created_locations(linker->created, buffer_bytes(&exchange->response.head), head, &recorded, &actual))
        add_place(linker, context->iteration, recorded, actual);
    if (lessons.cookies)
        learn_cookies(linker, context, head);
    if (lessons.validators)
        learn_validators(linker, context, exchange, head);
    body = linker_plain_body(linker, head, body);
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *link = &exchange->links[i];
        struct bytes value;
        if (link->kind == LINK_CREATES)
            learn_id(linker, context, exchange, link, head, body);
        if (link->kind != LINK_ISSUES ||
            !issued_credential_find(context->recognition_key, exchange, i, head, body, &value) || !value.size)
            continue;
        uint64_t stored = linker->stored;
        remember(linker, keymap_tag_key(link->tag, context->iteration), link->place, value,
                 (struct bytes){0});
        linker->known += linker->stored - stored;
        bool in_clear = exchange->flags & EXCHANGE_FLAG(UNSANITIZED);
        if ((in_clear || linker->live) &&
            issued_credential_find(context->recognition_key, exchange, i,
                                   buffer_bytes(&exchange->response.head),
                                   buffer_bytes(&exchange->response.body.content), &recorded)) {
            add_live(linker, context->iteration, value, recorded, false);
            if (in_clear)
                learn_plain(linker, context, link->place, recorded, value);
        }
        credential = true;
    }
    if (credential)
        cookie_jars_log_in(linker->jars, session_key(context));
    return credential;
}

/* Appends the value of |entry| in the coding of |place|. */
static bool put_value(struct linker *linker, const struct entry *entry, enum link_place place,
                      struct buffer *out)
{
    struct bytes raw = bytes_make(entry->raw, entry->size);
    if (entry->place == place) {
        buffer_append_bytes(out, raw);
        return true;
    }
    buffer_clear(&linker->plain);
    places_decode(entry->place, raw, &linker->plain);
    return places_encode(place, buffer_bytes(&linker->plain), out);
}

static const struct linker_override *find_override(const struct linker_context *context, const uint8_t *tag)
{
    for (size_t i = 0; i < context->override_count; i++)
        if (memcmp(context->overrides[i].tag, tag, LINK_TAG_SIZE) == 0)
            return &context->overrides[i];
    return NULL;
}

void linker_replace(struct linker *linker, const struct linker_context *context, enum link_place place,
                    struct bytes text, struct buffer *out, struct linker_found *found)
{
    size_t from = 0;
    struct pseudonym_found name;
    while (pseudonym_find(context->recognition_key, text, from, &name)) {
        buffer_append(out, text.data + from, name.offset - from);
        const struct entry *entry =
            fifo_map_get(&linker->values, keymap_tag_key(name.tag, context->iteration));
        const struct linker_override *override = find_override(context, name.tag);
        if (override ? places_encode(place, override->value, out)
                     : entry && put_value(linker, entry, place, out)) {
            found->linked++;
        } else {
            found->unlinked++;
            buffer_append(out, text.data + name.offset, name.size);
        }
        from = name.offset + name.size;
    }
    if (text.size > from)
        buffer_append(out, text.data + from, text.size - from);
}

/* Each cookie: its pseudonym, else what the target set under that name, else as recorded. */
static void replace_cookies(struct linker *linker, const struct linker_context *context, struct bytes value,
                            struct buffer *out, struct linker_found *found)
{
    const uint8_t *copied = value.data;
    struct bytes rest = value, name, cookie;
    while (places_next_cookie(&rest, &name, &cookie)) {
        struct linker_found here = {0};
        buffer_append(out, copied, (size_t)(cookie.data - copied));
        copied = cookie.data + cookie.size;
        size_t before = out->size;
        linker_replace(linker, context, LINK_PLACE_COOKIE, cookie, out, &here);
        const char *set = here.linked ? NULL : cookie_jars_get(linker->jars, session_key(context), name);
        if (set) {
            out->size = before;
            buffer_append_text(out, set);
            here = (struct linker_found){.linked = 1};
        }
        found->linked += here.linked;
        found->unlinked += here.unlinked;
    }
    buffer_append(out, copied, (size_t)(value.data + value.size - copied));
}

static bool decode_base64(struct bytes coded, struct buffer *out)
{
    if (!coded.size || coded.size > BASIC_LIMIT || coded.size % 4)
        return false;
    buffer_clear(out);
    buffer_reserve(out, coded.size);
    int size = EVP_DecodeBlock(out->data, coded.data, (int)coded.size);
    if (size < 0)
        return false;
    size -= (coded.data[coded.size - 1] == '=') + (coded.data[coded.size - 2] == '=');
    out->size = (size_t)size;
    return true;
}

static bool replace_basic(struct linker *linker, const struct linker_context *context, struct bytes value,
                          struct buffer *out, struct linker_found *found)
{
    const struct bytes scheme = BYTES_LITERAL("Basic ");
    if (value.size <= scheme.size || !bytes_equal_nocase((struct bytes){value.data, scheme.size}, scheme) ||
        !decode_base64(bytes_trim((struct bytes){value.data + scheme.size, value.size - scheme.size}),
                       &linker->inner))
        return false;
    struct buffer replaced = {0};
    struct linker_found here = {0};
    linker_replace(linker, context, LINK_PLACE_HEADER, buffer_bytes(&linker->inner), &replaced, &here);
    if (here.linked) {
        buffer_append(out, value.data, scheme.size);
        buffer_reserve(out, replaced.size / 3 * 4 + 5);
        out->size += (size_t)EVP_EncodeBlock(out->data + out->size, replaced.data, (int)replaced.size);
    } else {
        buffer_append_bytes(out, value);
    }
    found->linked += here.linked;
    found->unlinked += here.unlinked;
    buffer_free(&replaced);
    return true;
}

void linker_replace_header(struct linker *linker, const struct linker_context *context, struct bytes name,
                           struct bytes value, struct buffer *out, struct linker_found *found)
{
    if (bytes_equal_nocase(name, BYTES_LITERAL("Cookie"))) {
        replace_cookies(linker, context, value, out, found);
        return;
    }
    if ((bytes_equal_nocase(name, BYTES_LITERAL("Authorization")) ||
         bytes_equal_nocase(name, BYTES_LITERAL("Proxy-Authorization"))) &&
        replace_basic(linker, context, value, out, found))
        return;
    bool is_url = bytes_equal_nocase(name, BYTES_LITERAL("Referer"));
    linker_replace(linker, context, is_url ? LINK_PLACE_QUERY : LINK_PLACE_HEADER, value, out, found);
}

bool linker_validator(const struct linker *linker, const struct linker_context *context, struct bytes target,
                      struct bytes recorded, struct bytes *ret_value)
{
    const struct entry *entry = fifo_map_get(&linker->values, validator_key(context, target, recorded));
    if (!entry && is_telling(recorded))
        entry = fifo_map_get(&linker->values, validator_key(context, (struct bytes){0}, recorded));
    if (!entry)
        return false;
    *ret_value = bytes_make(entry->raw, entry->size);
    return true;
}

bool linker_place(const struct linker *linker, const struct linker_context *context, struct bytes target,
                  size_t *ret_size, struct bytes *ret_actual)
{
    return created_find(linker->created, context->iteration, target, ret_size, ret_actual);
}

bool linker_id(const struct linker *linker, const struct linker_context *context, struct bytes recorded,
               struct bytes *ret_actual)
{
    return created_exact(linker->ids, context->iteration, recorded, ret_actual);
}

bool linker_knows_places(const struct linker *linker)
{
    return created_any(linker->created);
}

bool linker_knows_ids(const struct linker *linker)
{
    return created_any(linker->ids);
}

static bool is_number(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0 && (text.size == 1 || text.data[0] != '0');
}

static bool put_spot(struct linker *linker, const struct linker_context *context, const struct id_spot *spot,
                     struct buffer *out)
{
    struct bytes actual;
    if (!spot->link) {
        buffer_clear(&linker->plain);
        places_decode(spot->place, spot->value, &linker->plain);
        return linker_id(linker, context, buffer_bytes(&linker->plain), &actual) &&
               places_encode(spot->place, actual, out);
    }
    const struct entry *entry =
        fifo_map_get(&linker->values, keymap_tag_key(spot->link->tag, context->iteration));
    return entry && (spot->link->strong || bytes_equal(entry->parent, spot->parent)) &&
           put_value(linker, entry, spot->place, out);
}

bool linker_put_id(struct linker *linker, const struct linker_context *context, const struct id_spot *spot,
                   struct buffer *out)
{
    size_t before = out->size;
    if (!put_spot(linker, context, spot, out)) {
        out->size = before;
        return false;
    }
    size_t size = out->size - before;
    if (spot->bare && !is_number(bytes_make(out->data + before, size))) {
        /* What was a number in JSON may be a text at the target. */
        buffer_append_text(out, "\"\"");
        memmove(out->data + before + 1, out->data + before, size);
        out->data[before] = '"';
    }
    return true;
}
