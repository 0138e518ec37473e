#include "capture/tcp/reassembly.h"

#include "capture/tcp/fingerprint.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that the snaplen cut are as good as lost. That they were seen is noted for so many places between stored pieces:
 * the work for a packet is bounded by the bytes that were captured of it, not by what it says that it had. */
#define CUT_PARTS_MAX 16

/* A stored piece: in a list in order of offset, and in a treap, a search tree by offset that is a heap by
 * priority. */
struct reassembly_stored {
    struct reassembly_stored *next;
    struct reassembly_stored *previous;
    struct reassembly_stored *left;
    struct reassembly_stored *right;
    struct reassembly_piece piece;
    uint32_t priority;
    uint8_t data[];
};
static_assert(sizeof(struct reassembly_stored) + BUDGET_BLOCK_BYTES <= REASSEMBLY_PIECE_OVERHEAD, "");

static uint64_t piece_end(const struct reassembly_piece *piece)
{
    return piece->offset + piece->data.size + piece->cut_bytes;
}

void reassembly_start(struct reassembly *direction, uint32_t sequence)
{
    assert(!direction->first);
    *direction = (struct reassembly){
        .started = true,
        .next = (UINT64_C(1) << 32) + sequence, /* room below, for copies of bytes before the start */
        .fin = REASSEMBLY_NO_FIN,
    };
    direction->highest = direction->next;
    direction->acked = direction->next;
}

void reassembly_done(struct reassembly *direction, struct reassembly_shared *shared)
{
    while (direction->first)
        reassembly_pop(direction, shared);
}

uint64_t reassembly_offset(const struct reassembly *direction, uint32_t sequence)
{
    int32_t distance = (int32_t)(sequence - (uint32_t)direction->next);
    return direction->next + (uint64_t)(int64_t)distance;
}

static bool differs_from_delivered(const struct reassembly *direction, const struct reassembly_piece *segment)
{
    uint64_t end = segment->offset + segment->data.size;
    for (uint32_t i = 0; i < REASSEMBLY_FINGERPRINTS && i < direction->fingerprint_count; i++) {
        const struct reassembly_fingerprint *print = &direction->fingerprints[i];
        if (print->offset < segment->offset || print->offset + print->size > end)
            continue;
        struct bytes copy = {segment->data.data + (print->offset - segment->offset), print->size};
        if (fingerprint(copy) != print->fingerprint)
            return true;
    }
    return false;
}

/* Returns the last stored piece that begins at or before |offset|, NULL where there is none. */
static struct reassembly_stored *find_before(const struct reassembly *direction,
                                             struct reassembly_shared *shared, uint64_t offset)
{
    if (direction->last && direction->last->piece.offset <= offset)
        return direction->last;
    struct reassembly_stored *found = NULL;
    for (struct reassembly_stored *at = direction->root; at;) {
        shared->steps++;
        if (at->piece.offset <= offset)
            found = at;
        at = at->piece.offset <= offset ? at->right : at->left;
    }
    return found;
}

static bool differs_from_stored(const struct reassembly *direction, struct reassembly_shared *shared,
                                const struct reassembly_piece *segment)
{
    uint64_t end = segment->offset + segment->data.size;
    const struct reassembly_stored *stored = find_before(direction, shared, segment->offset);
    if (!stored)
        stored = direction->first;
    for (; stored && stored->piece.offset < end; stored = stored->next) {
        shared->steps++;
        const struct reassembly_piece *piece = &stored->piece;
        uint64_t stored_end = piece->offset + piece->data.size;
        uint64_t from = piece->offset > segment->offset ? piece->offset : segment->offset;
        uint64_t to = stored_end < end ? stored_end : end;
        if (from < to && memcmp(piece->data.data + (from - piece->offset),
                                segment->data.data + (from - segment->offset), to - from) != 0)
            return true;
    }
    return false;
}

/* Removes the first |bytes| of the span of |piece|. */
static void trim_front(struct reassembly_piece *piece, uint64_t bytes)
{
    if (bytes == 0)
        return;
    piece->offset += bytes;
    piece->segment_start = false;
    if (bytes >= piece->data.size) {
        piece->cut_bytes -= bytes - piece->data.size;
        piece->data.data += piece->data.size;
        piece->data.size = 0;
    } else {
        piece->data.data += bytes;
        piece->data.size -= bytes;
    }
}

/* Makes |piece| end at |end|, which lies inside it. */
static void trim_back(struct reassembly_piece *piece, uint64_t end)
{
    if (end <= piece->offset + piece->data.size) {
        piece->data.size = end - piece->offset;
        piece->cut_bytes = 0;
    } else {
        piece->cut_bytes = end - piece->offset - piece->data.size;
    }
}

/* A keep-alive probe repeats the last byte that was sent, or sends any byte in its place (RFC 9293 §3.8.4). */
static bool is_probe(const struct reassembly *direction, const struct reassembly_piece *segment)
{
    uint64_t end = piece_end(segment);
    return end - segment->offset <= 1 &&
           (end == direction->next || (direction->last && end == piece_end(&direction->last->piece)));
}

enum reassembly_verdict reassembly_offer(struct reassembly *direction, struct reassembly_shared *shared,
                                         const struct reassembly_piece *segment,
                                         struct reassembly_piece *ret_rest, bool *ret_conflict)
{
    uint64_t end = piece_end(segment);
    uint64_t distance = segment->offset > direction->next ? segment->offset - direction->next
                                                          : direction->next - segment->offset;
    *ret_conflict = false;
    if (distance > REASSEMBLY_DISTANCE_MAX)
        return REASSEMBLY_OUTSIDE;
    if (is_probe(direction, segment))
        return REASSEMBLY_DUPLICATE;
    if (segment->offset < direction->next)
        *ret_conflict = differs_from_delivered(direction, segment);
    if (!*ret_conflict && direction->last)
        *ret_conflict = differs_from_stored(direction, shared, segment);
    if (end <= direction->next)
        return REASSEMBLY_DUPLICATE;
    if (end > direction->highest)
        direction->highest = end;
    *ret_rest = *segment;
    if (segment->offset < direction->next)
        trim_front(ret_rest, direction->next - segment->offset);
    bool clear = !direction->first || direction->first->piece.offset >= end;
    return clear && ret_rest->offset == direction->next ? REASSEMBLY_IN_ORDER : REASSEMBLY_EARLY;
}

/* xorshift64 */
static uint32_t draw(struct reassembly_shared *shared)
{
    uint64_t state = shared->random;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    shared->random = state;
    return (uint32_t)(state >> 32);
}

/* Descends to where |stored| belongs by its priority, and parts what lies below there by its offset. */
static void tree_insert(struct reassembly *direction, struct reassembly_shared *shared,
                        struct reassembly_stored *stored)
{
    uint64_t offset = stored->piece.offset;
    struct reassembly_stored **link = &direction->root;
    while (*link && (*link)->priority >= stored->priority) {
        shared->steps++;
        link = offset < (*link)->piece.offset ? &(*link)->left : &(*link)->right;
    }
    struct reassembly_stored *below = *link, **left = &stored->left, **right = &stored->right;
    *link = stored;
    while (below) {
        shared->steps++;
        if (below->piece.offset < offset) {
            *left = below;
            left = &below->right;
        } else {
            *right = below;
            right = &below->left;
        }
        below = below->piece.offset < offset ? below->right : below->left;
    }
    *left = *right = NULL;
}

/* Inserts a copy of |piece| after |previous| (NULL: at the front). */
static struct reassembly_stored *insert(struct reassembly *direction, struct reassembly_shared *shared,
                                        struct reassembly_stored *previous,
                                        const struct reassembly_piece *piece)
{
    struct reassembly_stored *stored = xmalloc(sizeof *stored + piece->data.size);
    stored->piece = *piece;
    if (piece->data.size)
        memcpy(stored->data, piece->data.data, piece->data.size);
    stored->piece.data.data = stored->data;
    stored->priority = draw(shared);
    stored->previous = previous;
    stored->next = previous ? previous->next : direction->first;
    *(previous ? &previous->next : &direction->first) = stored;
    *(stored->next ? &stored->next->previous : &direction->last) = stored;
    tree_insert(direction, shared, stored);
    direction->pieces++;
    direction->bytes += (uint32_t)piece->data.size + REASSEMBLY_PIECE_OVERHEAD;
    budget_charge(shared->budget, piece->data.size + REASSEMBLY_PIECE_OVERHEAD);
    return stored;
}

bool reassembly_store(struct reassembly *direction, struct reassembly_shared *shared,
                      const struct reassembly_piece *piece)
{
    uint64_t cost = piece->data.size + REASSEMBLY_PIECE_OVERHEAD;
    if (direction->pieces >= shared->direction_pieces || direction->bytes + cost > shared->direction_bytes)
        return false;
    struct reassembly_piece rest = *piece;
    uint64_t end = piece_end(piece);
    struct reassembly_stored *before = find_before(direction, shared, rest.offset);
    unsigned cut_parts = 0;
    while (rest.offset < end) {
        shared->steps++;
        if (rest.data.size == 0 && ++cut_parts > CUT_PARTS_MAX)
            break;
        uint64_t covered = before ? piece_end(&before->piece) : 0;
        if (covered >= end)
            break;
        if (covered > rest.offset)
            trim_front(&rest, covered - rest.offset);
        struct reassembly_stored *after = before ? before->next : direction->first;
        struct reassembly_piece part = rest;
        if (after && after->piece.offset < end)
            trim_back(&part, after->piece.offset);
        if (part.data.size + part.cut_bytes > 0) {
            before = insert(direction, shared, before, &part);
            trim_front(&rest, part.data.size + part.cut_bytes);
        }
        if (!after || after->piece.offset >= end)
            break;
        before = after;
    }
    return true;
}

const struct reassembly_piece *reassembly_front(const struct reassembly *direction)
{
    if (!direction->first || direction->first->piece.offset != direction->next)
        return NULL;
    return &direction->first->piece;
}

const struct reassembly_piece *reassembly_first(const struct reassembly *direction)
{
    return &direction->first->piece;
}

void reassembly_advance(struct reassembly *direction, const struct reassembly_piece *piece)
{
    assert(piece->offset == direction->next);
    if (piece->data.size) {
        direction->fingerprints[direction->fingerprint_count % REASSEMBLY_FINGERPRINTS] =
            (struct reassembly_fingerprint){piece->offset, (uint32_t)piece->data.size,
                                            fingerprint(piece->data)};
        direction->fingerprint_count++;
        if (direction->fingerprint_count == 2 * REASSEMBLY_FINGERPRINTS)
            direction->fingerprint_count = REASSEMBLY_FINGERPRINTS;
    }
    direction->next = piece_end(piece);
}

void reassembly_pop(struct reassembly *direction, struct reassembly_shared *shared)
{
    struct reassembly_stored *stored = direction->first;
    uint32_t cost = (uint32_t)stored->piece.data.size + REASSEMBLY_PIECE_OVERHEAD;
    struct reassembly_stored **least = &direction->root;
    for (; (*least)->left; least = &(*least)->left)
        shared->steps++;
    *least = stored->right; /* the first piece is the least of the tree */
    direction->first = stored->next;
    *(stored->next ? &stored->next->previous : &direction->last) = NULL;
    direction->pieces--;
    direction->bytes -= cost;
    budget_release(shared->budget, cost);
    free(stored);
}

uint64_t reassembly_hole(const struct reassembly *direction)
{
    if (direction->first)
        return direction->first->piece.offset - direction->next;
    if (direction->fin != REASSEMBLY_NO_FIN && direction->fin >= direction->next)
        return direction->fin - direction->next;
    if (direction->acked <= direction->next + 1)
        return 0;
    return direction->acked - direction->next;
}

void reassembly_skip(struct reassembly *direction, uint64_t bytes)
{
    assert(!direction->first || direction->next + bytes <= direction->first->piece.offset);
    direction->next += bytes;
    if (direction->highest < direction->next)
        direction->highest = direction->next;
}
