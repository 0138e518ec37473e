#include "capture/net/defrag.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define DATAGRAM_MAX  65535
#define UNIT          8 /* bytes: offsets are multiples of it */
#define WORDS         ((DATAGRAM_MAX + 1) / UNIT / 64)
#define DATAGRAMS_MIN 16 /* more than one frame can hold in each other */

enum state { STATE_WAITING, STATE_GIVEN_UP, STATE_WHOLE };

struct place {
    TAILQ_ENTRY(place) age;
    struct place *bucket_next; /* also of the unused */
    struct defrag_key key;
    enum state state;
    uint8_t next;
    bool borrowed;
    uint64_t first_ns;
    uint64_t fragments;
    uint32_t size;     /* of the datagram; 0: not known */
    uint32_t highest;  /* end of what is there */
    uint32_t captured; /* bytes before the first one that a snaplen cut off */
    uint32_t units;    /* that are there */
    uint64_t there[WORDS];
    uint8_t *bytes; /* owned, DATAGRAM_MAX + 1 of them */
};

TAILQ_HEAD(place_list, place);

struct defrag {
    struct defrag_settings settings;
    struct defrag_counts counts;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct place **buckets;
    size_t bucket_mask;
    struct place *places; /* owned, datagrams_max of them */
    struct place *unused;
    struct place_list open;  /* oldest first */
    struct place_list whole; /* the longest whole first */
    uint64_t now_ns;         /* largest packet time seen */
};

struct defrag *defrag_create(const struct defrag_settings *settings)
{
    struct defrag *defrag = xcalloc(1, sizeof *defrag);
    defrag->settings = *settings;
    struct defrag_settings *set = &defrag->settings;
    set->datagrams_max = set->datagrams_max ? set->datagrams_max : 4096;
    set->bytes_max = set->bytes_max ? set->bytes_max : UINT64_C(16) << 20;
    uint64_t places = set->bytes_max / (DATAGRAM_MAX + 1 + sizeof *defrag->places);
    if (set->datagrams_max > places)
        set->datagrams_max = (uint32_t)places;
    if (set->datagrams_max < DATAGRAMS_MIN)
        set->datagrams_max = DATAGRAMS_MIN;
    set->timeout_ns = set->timeout_ns ? set->timeout_ns : 30 * NS_PER_S;
    if (settings->hash_key)
        memcpy(defrag->hash_key, settings->hash_key, sizeof defrag->hash_key);
    else
        crypto_shorthash_keygen(defrag->hash_key);
    size_t buckets = 16;
    while (buckets < set->datagrams_max)
        buckets *= 2;
    defrag->bucket_mask = buckets - 1;
    defrag->buckets = xcalloc(buckets, sizeof *defrag->buckets);
    defrag->places = xcalloc(set->datagrams_max, sizeof *defrag->places);
    for (uint32_t i = set->datagrams_max; i-- > 0;) {
        defrag->places[i].bucket_next = defrag->unused;
        defrag->unused = &defrag->places[i];
    }
    TAILQ_INIT(&defrag->open);
    TAILQ_INIT(&defrag->whole);
    return defrag;
}

void defrag_free(struct defrag *defrag)
{
    if (!defrag)
        return;
    for (uint32_t i = 0; i < defrag->settings.datagrams_max; i++)
        free(defrag->places[i].bytes);
    free(defrag->places);
    free(defrag->buckets);
    free(defrag);
}

static struct place **bucket_of(struct defrag *defrag, const struct defrag_key *key)
{
    uint64_t hash;
    static_assert(sizeof hash == crypto_shorthash_BYTES, "");
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key, sizeof *key, defrag->hash_key);
    return &defrag->buckets[hash & defrag->bucket_mask];
}

static struct place *find(struct defrag *defrag, const struct defrag_key *key)
{
    struct place *place = *bucket_of(defrag, key);
    while (place && memcmp(&place->key, key, sizeof *key) != 0)
        place = place->bucket_next;
    return place;
}

static struct place_list *list_of(struct defrag *defrag, const struct place *place)
{
    return place->state == STATE_WHOLE ? &defrag->whole : &defrag->open;
}

static void drop(struct defrag *defrag, struct place *place)
{
    if (place->state == STATE_WAITING) {
        defrag->counts.waiting -= place->fragments;
        defrag->counts.lost += place->fragments;
    }
    struct place **link = bucket_of(defrag, &place->key);
    while (*link != place)
        link = &(*link)->bucket_next;
    *link = place->bucket_next;
    TAILQ_REMOVE(list_of(defrag, place), place, age);
    place->bucket_next = defrag->unused;
    defrag->unused = place;
}

static void expire(struct defrag *defrag, uint64_t now_ns)
{
    if (now_ns > defrag->now_ns)
        defrag->now_ns = now_ns;
    struct place_list *lists[] = {&defrag->open, &defrag->whole};
    for (unsigned i = 0; i < 2; i++) {
        struct place *place;
        while ((place = TAILQ_FIRST(lists[i])) && !place->borrowed &&
               defrag->now_ns - place->first_ns > defrag->settings.timeout_ns)
            drop(defrag, place);
    }
}

/* Those that are borrowed are the last of |whole|, and fewer than there are places. */
static void make_room(struct defrag *defrag)
{
    struct place *victim = TAILQ_FIRST(&defrag->whole);
    if (!victim || victim->borrowed)
        victim = TAILQ_FIRST(&defrag->open);
    assert(victim);
    drop(defrag, victim);
}

/* Makes |place| an empty one, for a new datagram. */
static void begin(struct defrag *defrag, struct place *place)
{
    place->state = STATE_WAITING;
    place->next = 0;
    place->borrowed = false;
    place->first_ns = defrag->now_ns;
    place->fragments = 0;
    place->size = 0;
    place->highest = 0;
    place->captured = DATAGRAM_MAX + 1;
    place->units = 0;
    memset(place->there, 0, sizeof place->there);
    TAILQ_INSERT_TAIL(&defrag->open, place, age);
}

static struct place *create(struct defrag *defrag, const struct defrag_key *key)
{
    if (!defrag->unused)
        make_room(defrag);
    struct place *place = defrag->unused;
    defrag->unused = place->bucket_next;
    if (!place->bytes)
        place->bytes = xmalloc(DATAGRAM_MAX + 1);
    place->key = *key;
    struct place **bucket = bucket_of(defrag, key);
    place->bucket_next = *bucket;
    *bucket = place;
    begin(defrag, place);
    return place;
}

/* The bits of word |word| that stand for units |first| to |last|. */
static uint64_t bits_of(uint32_t word, uint32_t first, uint32_t last)
{
    uint64_t bits = UINT64_MAX;
    if (word == first / 64)
        bits &= UINT64_MAX << first % 64;
    if (word == last / 64)
        bits &= UINT64_MAX >> (63 - last % 64);
    return bits;
}

static uint32_t count_there(const struct place *place, uint32_t first, uint32_t last)
{
    uint32_t count = 0;
    for (uint32_t word = first / 64; word <= last / 64; word++)
        count += (uint32_t)__builtin_popcountll(place->there[word] & bits_of(word, first, last));
    return count;
}

static void cut_at(struct place *place, uint32_t end)
{
    if (end < place->captured)
        place->captured = end;
}

/* Takes all of a fragment, of which nothing is there yet. */
static void fill(struct place *place, const struct fragment *fragment, uint32_t first, uint32_t last)
{
    memcpy(place->bytes + fragment->offset_bytes, fragment->bytes.data, fragment->bytes.size);
    if (fragment->bytes.size < fragment->wire_bytes)
        cut_at(place, fragment->offset_bytes + (uint32_t)fragment->bytes.size);
    for (uint32_t word = first / 64; word <= last / 64; word++)
        place->there[word] |= bits_of(word, first, last);
    place->units += last - first + 1;
}

/* Takes those units of a fragment that are not there yet. */
static void fill_gaps(struct place *place, const struct fragment *fragment, uint32_t first, uint32_t last)
{
    for (uint32_t unit = first; unit <= last; unit++) {
        if (place->there[unit / 64] >> unit % 64 & 1)
            continue;
        size_t from = (size_t)(unit - first) * UNIT;
        size_t wanted = fragment->wire_bytes - from < UNIT ? (size_t)fragment->wire_bytes - from : UNIT;
        struct fragment part = *fragment;
        part.offset_bytes += (uint32_t)from;
        part.wire_bytes = wanted;
        size_t captured = fragment->bytes.size > from ? fragment->bytes.size - from : 0;
        part.bytes =
            bytes_make(fragment->bytes.data + (captured ? from : 0), captured < wanted ? captured : wanted);
        fill(place, &part, unit, unit);
    }
}

/* Whether what was captured of |fragment| is what the place holds there. */
static bool is_copy(const struct place *place, const struct fragment *fragment)
{
    size_t size = fragment->bytes.size;
    size_t known = place->captured > fragment->offset_bytes ? place->captured - fragment->offset_bytes : 0;
    size = size < known ? size : known;
    return size == 0 || memcmp(place->bytes + fragment->offset_bytes, fragment->bytes.data, size) == 0;
}

/* Whether |fragment| and the fragments before it disagree about where the datagram ends. */
static bool contradicts(const struct place *place, const struct fragment *fragment)
{
    uint32_t end = fragment->offset_bytes + (uint32_t)fragment->wire_bytes;
    if (fragment->more)
        return place->size != 0 && end >= place->size;
    return (place->size != 0 && end != place->size) || end < place->highest;
}

static enum net_verdict give_up(struct defrag *defrag, struct place *place)
{
    defrag->counts.waiting -= place->fragments;
    defrag->counts.overlapping += place->fragments + 1;
    place->state = STATE_GIVEN_UP;
    return NET_PENDING;
}

/* Puts |fragment| into |place|, which waits. */
static enum net_verdict put(struct defrag *defrag, struct place *place, const struct fragment *fragment)
{
    bool ipv6 = place->key.family == AF_INET6;
    uint32_t end = fragment->offset_bytes + (uint32_t)fragment->wire_bytes;
    uint32_t first = fragment->offset_bytes / UNIT, last = (end - 1) / UNIT;
    if (contradicts(place, fragment))
        return ipv6 ? give_up(defrag, place) : NET_MALFORMED;
    uint32_t there = count_there(place, first, last);
    if (there == 0)
        fill(place, fragment, first, last);
    else if (ipv6 && (there <= last - first || !is_copy(place, fragment)))
        return give_up(defrag, place);
    else if (there <= last - first)
        fill_gaps(place, fragment, first, last);
    place->fragments++;
    defrag->counts.waiting++;
    if (fragment->offset_bytes == 0 && place->next == 0)
        place->next = fragment->next;
    if (!fragment->more)
        place->size = end;
    if (end > place->highest)
        place->highest = end;
    return place->size != 0 && place->units == (place->size + UNIT - 1) / UNIT ? NET_NEXT : NET_PENDING;
}

static void become_whole(struct defrag *defrag, struct place *place, struct datagram *ret_datagram)
{
    defrag->counts.waiting -= place->fragments;
    defrag->counts.joined += place->fragments;
    TAILQ_REMOVE(&defrag->open, place, age);
    place->state = STATE_WHOLE;
    place->borrowed = true;
    TAILQ_INSERT_TAIL(&defrag->whole, place, age);
    uint32_t captured = place->captured < place->size ? place->captured : place->size;
    *ret_datagram = (struct datagram){{place->bytes, captured}, place->size, place->next};
}

/* Returns whether |fragment| is a late copy of a part of the datagram that |place| holds; else its number is in
 * use again. */
static bool is_late_copy(const struct place *place, const struct fragment *fragment)
{
    uint32_t end = fragment->offset_bytes + (uint32_t)fragment->wire_bytes;
    return (fragment->more ? end < place->size : end == place->size) && is_copy(place, fragment);
}

enum net_verdict defrag_take(struct defrag *defrag, const struct fragment *given,
                             struct datagram *ret_datagram)
{
    struct fragment fragment = *given;
    if (fragment.more && fragment.wire_bytes % UNIT != 0) {
        if (fragment.key.family == AF_INET6)
            return NET_MALFORMED;
        fragment.wire_bytes -= fragment.wire_bytes % UNIT; /* as Linux does */
        if (fragment.bytes.size > fragment.wire_bytes)
            fragment.bytes.size = (size_t)fragment.wire_bytes;
    }
    if (fragment.wire_bytes == 0 || fragment.offset_bytes + fragment.wire_bytes > DATAGRAM_MAX)
        return NET_MALFORMED;
    expire(defrag, fragment.wall_ns);
    struct place *place = find(defrag, &fragment.key);
    if (place && place->state == STATE_GIVEN_UP) {
        defrag->counts.overlapping++;
        return NET_PENDING;
    }
    if (place && place->state == STATE_WHOLE) {
        assert(!place->borrowed);
        if (is_late_copy(place, &fragment)) {
            defrag->counts.joined++;
            return NET_PENDING;
        }
        TAILQ_REMOVE(&defrag->whole, place, age);
        begin(defrag, place);
    }
    if (!place)
        place = create(defrag, &fragment.key);
    enum net_verdict verdict = put(defrag, place, &fragment);
    if (verdict == NET_NEXT)
        become_whole(defrag, place, ret_datagram);
    return verdict;
}

void defrag_release(struct defrag *defrag)
{
    struct place *place;
    TAILQ_FOREACH_REVERSE(place, &defrag->whole, place_list, age)
    {
        if (!place->borrowed)
            return;
        place->borrowed = false;
    }
}

const struct defrag_counts *defrag_counts(const struct defrag *defrag)
{
    return &defrag->counts;
}
