#include "filters/session.h"

#include "common/http1_head.h"
#include "common/mem.h"
#include "common/prefetch.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE      LINK_TAG_SIZE
#define LIMIT_DEFAULT 1000000
#define USED_MAX      64 /* identities of one exchange that are looked at */

/* One remembered identity or connection. */
struct entry {
    uint8_t key[KEY_SIZE];
    uint64_t session; /* 0: the slot is free */
    uint64_t holder;  /* connection: the session of the first identity that it carried; 0: none yet */
    bool marked;      /* identity: was issued in the traffic; connection: its session has an identity */
    bool pooled;      /* connection: it has carried another identity as well */
};

/* Open addressing, at most half full, grows by doubling up to |limit| entries. */
struct table {
    struct entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
    size_t limit;
};

struct sessions {
    enum session_mode mode;
    char *name;
    struct table identities;
    struct table connections;
    uint64_t last; /* ids are given out from 1 */
    bool pooled;   /* the connection that was asked for last is */
    uint64_t overflow;
    uint64_t seed[2]; /* slots cannot be steered by what traffic holds */
};

/* An identity that an exchange issues or uses. */
struct mention {
    uint8_t tag[KEY_SIZE];
    bool issued;
};
struct mentions {
    struct mention items[USED_MAX];
    size_t count;
};

struct sessions *sessions_create(enum session_mode mode, const char *name, size_t limit)
{
    if (sodium_init() < 0) {
        fputs("rehearse: libsodium cannot be initialised\n", stderr);
        abort();
    }
    struct sessions *sessions = xcalloc(1, sizeof *sessions);
    sessions->mode = mode;
    sessions->name = xstrdup(name ? name : "");
    sessions->identities.limit = sessions->connections.limit = limit ? limit : LIMIT_DEFAULT;
    randombytes_buf(sessions->seed, sizeof sessions->seed);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    free(sessions->name);
    free(sessions->identities.entries);
    free(sessions->connections.entries);
    free(sessions);
}

/* Returns the slot that |key| has where no other took it. */
static size_t home_of(const struct sessions *sessions, const struct table *table, const uint8_t key[KEY_SIZE])
{
    uint64_t parts[2];
    memcpy(parts, key, sizeof parts);
    unsigned __int128 product =
        (unsigned __int128)(parts[0] ^ sessions->seed[0]) * (parts[1] ^ sessions->seed[1]);
    return ((size_t)product ^ (size_t)(product >> 64)) & (table->capacity - 1);
}

static struct entry *slot_of(const struct sessions *sessions, const struct table *table,
                             const uint8_t key[KEY_SIZE])
{
    size_t slot = home_of(sessions, table, key);
    while (table->entries[slot].session && memcmp(table->entries[slot].key, key, KEY_SIZE) != 0)
        slot = (slot + 1) & (table->capacity - 1);
    return &table->entries[slot];
}

static struct entry *table_find(const struct sessions *sessions, const struct table *table,
                                const uint8_t key[KEY_SIZE])
{
    if (table->capacity == 0)
        return NULL;
    struct entry *entry = slot_of(sessions, table, key);
    return entry->session ? entry : NULL;
}

static void table_grow(const struct sessions *sessions, struct table *table)
{
    struct table bigger = {
        .capacity = table->capacity ? table->capacity * 2 : 64, .used = table->used, .limit = table->limit};
    bigger.entries = xcalloc(bigger.capacity, sizeof *bigger.entries);
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].session)
            *slot_of(sessions, &bigger, table->entries[i].key) = table->entries[i];
    free(table->entries);
    *table = bigger;
}

/* Adds |key|, which is not there yet. Returns NULL where the table is full. */
static struct entry *table_add(struct sessions *sessions, struct table *table, const uint8_t key[KEY_SIZE],
                               uint64_t session)
{
    if (table->used >= table->limit) {
        sessions->overflow++;
        return NULL;
    }
    if (table->used * 2 >= table->capacity)
        table_grow(sessions, table);
    struct entry *entry = slot_of(sessions, table, key);
    memcpy(entry->key, key, KEY_SIZE);
    entry->session = session;
    table->used++;
    return entry;
}

static void mention_value(struct mentions *mentions, struct bytes value, bool issued)
{
    if (mentions->count == USED_MAX || value.size == 0)
        return;
    struct mention *mention = &mentions->items[mentions->count++];
    crypto_generichash(mention->tag, KEY_SIZE, value.data, value.size, NULL, 0);
    mention->issued = issued;
}

/* Takes name=value from |pair|; true where it is called |name| (cookie names differ by case). */
static bool cookie_named(struct bytes pair, struct bytes name, struct bytes *ret_value)
{
    const uint8_t *equals = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    if (!equals)
        return false;
    size_t size = (size_t)(equals - pair.data);
    *ret_value = bytes_trim(bytes_make(equals + 1, pair.size - size - 1));
    if (ret_value->size >= 2 && ret_value->data[0] == '"' && ret_value->data[ret_value->size - 1] == '"')
        *ret_value = bytes_make(ret_value->data + 1, ret_value->size - 2);
    return bytes_equal(bytes_trim(bytes_make(pair.data, size)), name);
}

/* Looks for the cookie in a Cookie (all pairs) or Set-Cookie (the first pair) value. */
static void mention_cookie(struct mentions *mentions, struct bytes list, struct bytes name, bool set)
{
    while (list.size > 0) {
        const uint8_t *end = memchr(list.data, ';', list.size);
        size_t size = end ? (size_t)(end - list.data) : list.size;
        struct bytes value;
        if (cookie_named(bytes_make(list.data, size), name, &value))
            mention_value(mentions, value, set);
        if (set || !end)
            return;
        list = bytes_make(list.data + size + 1, list.size - size - 1);
    }
}

static void mention_fields(const struct sessions *sessions, struct mentions *mentions, struct bytes head,
                           bool response)
{
    struct bytes name = bytes_of(sessions->name);
    struct bytes fields = http1_fields(head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        if (!field.split)
            continue;
        if (sessions->mode == SESSION_HEADER) {
            if (bytes_equal_nocase(field.name, name))
                mention_value(mentions, field.value, response);
        } else if (bytes_equal_nocase(field.name, bytes_of(response ? "Set-Cookie" : "Cookie"))) {
            mention_cookie(mentions, field.value, name, response);
        }
    }
}

static void collect(const struct sessions *sessions, const struct exchange *exchange,
                    struct mentions *mentions)
{
    mentions->count = 0;
    if (sessions->mode == SESSION_AUTO) {
        for (size_t i = 0; i < exchange->link_count && mentions->count < USED_MAX; i++) {
            const struct link *link = &exchange->links[i];
            if (!link->identity)
                continue;
            struct mention *mention = &mentions->items[mentions->count++];
            memcpy(mention->tag, link->tag, KEY_SIZE);
            mention->issued = link->kind == LINK_ISSUES;
        }
        return;
    }
    mention_fields(sessions, mentions, buffer_bytes(&exchange->request.head), false);
    if (sessions->mode == SESSION_COOKIE)
        mention_fields(sessions, mentions, buffer_bytes(&exchange->response.head), true);
}

static void connection_key(uint64_t connection, uint8_t key[KEY_SIZE])
{
    memset(key, 0, KEY_SIZE);
    memcpy(key, &connection, sizeof connection);
}

static void fetch(const struct sessions *sessions, const struct table *table, const uint8_t key[KEY_SIZE])
{
    if (table->capacity)
        prefetch_read(&table->entries[home_of(sessions, table, key)], sizeof *table->entries);
}

void sessions_expect(const struct sessions *sessions, const struct exchange *exchange)
{
    uint8_t key[KEY_SIZE];
    connection_key(exchange->connection, key);
    fetch(sessions, &sessions->connections, key);
    for (size_t i = 0; sessions->mode == SESSION_AUTO && i < exchange->link_count; i++)
        if (exchange->links[i].identity)
            fetch(sessions, &sessions->identities, exchange->links[i].tag);
}

/* Returns the connection's entry, made where it is new; NULL where there is no room. */
static struct entry *connection_entry(struct sessions *sessions, uint64_t connection)
{
    uint8_t key[KEY_SIZE];
    connection_key(connection, key);
    struct entry *entry = table_find(sessions, &sessions->connections, key);
    return entry ? entry : table_add(sessions, &sessions->connections, key, ++sessions->last);
}

/* Returns the session of the identities that |mentions| uses: of one issued in the traffic where there is
 * one, since a value that was only ever used may be shared (an API key); 0 where none is known. */
static uint64_t session_of_uses(const struct sessions *sessions, const struct mentions *mentions)
{
    uint64_t session = 0;
    for (size_t i = 0; i < mentions->count; i++) {
        if (mentions->items[i].issued)
            continue;
        const struct entry *entry = table_find(sessions, &sessions->identities, mentions->items[i].tag);
        if (entry && entry->marked)
            return entry->session;
        if (entry && !session)
            session = entry->session;
    }
    return session;
}

/* Lets every identity of |mentions| name |session|. */
static void name_session(struct sessions *sessions, const struct mentions *mentions, uint64_t session)
{
    for (size_t i = 0; i < mentions->count; i++) {
        const struct mention *mention = &mentions->items[i];
        struct entry *entry = table_find(sessions, &sessions->identities, mention->tag);
        if (!entry)
            entry = table_add(sessions, &sessions->identities, mention->tag, session);
        if (!entry)
            continue;
        entry->marked |= mention->issued;
        if (entry->marked) /* one that was only ever used stays with its first session: it may be shared */
            entry->session = session;
    }
}

uint64_t sessions_of(struct sessions *sessions, const struct exchange *exchange)
{
    if (sessions->mode == SESSION_NONE)
        return ++sessions->last;
    if (sessions->mode == SESSION_CONNECTION)
        return exchange->connection;
    struct mentions mentions;
    collect(sessions, exchange, &mentions);
    struct entry *connection = connection_entry(sessions, exchange->connection);
    /* Without room each connection still is one session, apart from all numbered ones. */
    uint64_t own = connection ? connection->session : exchange->connection | UINT64_C(1) << 63;
    sessions->pooled = connection && connection->pooled;
    if (mentions.count == 0)
        return sessions->pooled ? ++sessions->last : own;
    uint64_t session = session_of_uses(sessions, &mentions);
    if (!session)
        session = connection && connection->marked ? ++sessions->last : own;
    if (connection && session == own)
        connection->marked = true;
    if (connection && !connection->holder)
        connection->holder = session;
    if (connection && connection->holder != session)
        sessions->pooled = connection->pooled = true;
    name_session(sessions, &mentions, session);
    return session;
}

bool sessions_pooled(const struct sessions *sessions)
{
    return sessions->pooled;
}

uint64_t sessions_overflow(const struct sessions *sessions)
{
    return sessions->overflow;
}
