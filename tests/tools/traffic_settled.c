#include "tests/tools/traffic_settled.h"

#include <string.h>

#define EMPTY_MAX   4  /* bytes behind a request that may be empty lines */
#define INTERIM_MAX 64 /* bytes behind a response that may be an interim one */

/* Whether all of [begin, end) is content of one chunk of |message|. */
static bool in_one_chunk(const struct turn *turn, unsigned side, const struct turn_message *message,
                         uint64_t begin, uint64_t end)
{
    const uint8_t *stream = turn->stream[side].data;
    for (uint64_t at = message->head_end; at < message->end;) {
        uint64_t size = 0;
        for (uint8_t byte; (byte = stream[at - turn->base[side]]) != '\r'; at++)
            size = size * 16 + (uint64_t)(byte <= '9' ? byte - '0' : byte - 'a' + 10);
        at += 2;
        if (begin >= at && end <= at + size)
            return true;
        at += size + 2;
    }
    return false;
}

/* Whether a hole leaves it known where the messages of |side| end. */
static bool keeps_framing(const struct turn *turn, unsigned side, uint64_t begin, uint64_t end)
{
    for (size_t i = 0; i < turn->exchange_count; i++) {
        const struct turn_message *message = &turn->exchanges[i].message[side];
        if (begin >= message->head_end && end <= message->end)
            return !message->chunked || in_one_chunk(turn, side, message, begin, end);
    }
    return false;
}

/* How many messages a hole that takes the framing along must hide. */
static unsigned least_of(const struct turn *turn, unsigned side, uint64_t begin, uint64_t end)
{
    uint64_t beyond = end - begin;
    for (size_t i = 0; i < turn->exchange_count; i++) {
        const struct turn_message *message = &turn->exchanges[i].message[side];
        if (begin > message->begin && begin < message->head_end)
            return 1; /* the one that it cuts */
        if (begin >= message->head_end && begin < message->end) {
            if (message->chunked)
                return 0;
            beyond = end - message->end;
        }
    }
    return beyond > (side == TURN_CLIENT ? EMPTY_MAX : INTERIM_MAX);
}

static bool overlaps_head(const struct turn_message *message, uint64_t begin, uint64_t end)
{
    return begin < message->head_end && end > message->begin;
}

static void look_at_side(const struct turn *turn, unsigned side, struct settled_side *ret_side)
{
    size_t count = turn->exchange_count, next = 0; /* message that begins at or behind what was looked at */
    unsigned least[TURN_DEPTH_MAX + 1] = {0};      /* of the hole that takes message i along, or the end */
    bool holes[TURN_DEPTH_MAX + 1] = {false}, lost = false;
    *ret_side = (struct settled_side){0};
    for (size_t i = 0; i < count; i++)
        ret_side->found[i] = true;
    for (size_t s = 0; s < turn->segment_count[side]; s++) {
        const struct turn_segment *segment = &turn->segments[side][s];
        uint64_t begin = segment->offset, end = begin + segment->size;
        ret_side->open = !segment->captured;
        for (; next < count && turn->exchanges[next].message[side].begin < begin; next++)
            ;
        if (segment->captured) {
            if (next < count && turn->exchanges[next].message[side].begin == begin)
                lost = false;
            for (size_t i = next; lost && i < count && turn->exchanges[i].message[side].begin < end; i++) {
                ret_side->found[i] = false;
                ret_side->shadowed[i] = true;
            }
            continue;
        }
        for (size_t i = 0; i < count; i++)
            if (overlaps_head(&turn->exchanges[i].message[side], begin, end))
                ret_side->found[i] = false;
        uint64_t hole_end = end;
        for (size_t more = s + 1; more < turn->segment_count[side] && !turn->segments[side][more].captured;
             more++)
            hole_end += turn->segments[side][more].size;
        if (lost || keeps_framing(turn, side, begin, hole_end))
            continue;
        lost = true;
        size_t at = next > 0 && begin < turn->exchanges[next - 1].message[side].head_end ? next - 1 : next;
        if (!holes[at])
            least[at] = least_of(turn, side, begin, hole_end);
        holes[at] = true;
    }
    for (size_t i = 0, place; i <= count; i++) {
        for (place = i; place < count && !ret_side->found[place]; place++)
            ;
        bool first = holes[i] && !ret_side->hole[place].is;
        ret_side->hole[place].is |= holes[i] || (i < count && !ret_side->found[i]);
        ret_side->hole[place].hidden += i < count && !ret_side->found[i];
        if (first)
            ret_side->hole[place].least = least[i];
    }
}

void settled_look(const struct turn *turn, const struct settled_turn *before, struct settled_turn *ret_turn)
{
    *ret_turn = (struct settled_turn){.count = turn->exchange_count};
    for (size_t i = 0; i < turn->exchange_count; i++)
        ret_turn->numbers[i] = turn->exchanges[i].number;
    for (unsigned side = 0; side < 2; side++)
        look_at_side(turn, side, &ret_turn->side[side]);
    /* Where a request that was lost ends is not known; nor, right behind lost answers, whose turn it is of. */
    struct settled_side *client = &ret_turn->side[TURN_CLIENT];
    bool requests_lost = before->count > 0 && before->side[TURN_CLIENT].hole[before->count].is;
    bool answers_lost = before->count > 0 && before->side[TURN_SERVER].open;
    client->hole[0].is |= requests_lost && answers_lost;
    if (!requests_lost && !answers_lost)
        return;
    for (size_t place = 0; place <= turn->exchange_count; place++) {
        client->hole[place].least = 0;
        if (place < turn->exchange_count && client->found[place])
            return;
    }
}

static bool has_hole(const struct settled_turn *turn, size_t from, size_t to)
{
    for (size_t place = from; place <= to; place++)
        if (turn->side[TURN_CLIENT].hole[place].is || turn->side[TURN_SERVER].hole[place].is)
            return true;
    return false;
}

/* Whether all holes of |side| hide what they must, and those of the other side are none. |unsure|: the last one of the
 * server's may reach into the next turn. */
static bool holes_are_known(const struct settled_turn *turn, unsigned side, bool unsure)
{
    for (size_t place = 0; place <= turn->count; place++) {
        unsigned least = turn->side[side].hole[place].least;
        if (side == TURN_SERVER && place == turn->count && unsure)
            least = 0;
        if (turn->side[!side].hole[place].is || turn->side[side].hole[place].hidden != least)
            return false;
    }
    return true;
}

bool settled_is(const struct settled_turn *turn, size_t i, const struct settled_turn *next, bool ended)
{
    bool lost_next = next && !next->side[TURN_CLIENT].found[0];
    if (!has_hole(turn, 0, i) && !turn->start_lost)
        return true;
    if (!has_hole(turn, 0, turn->count) && !lost_next)
        return true;
    bool unsure = lost_next && turn->side[TURN_SERVER].open;
    if (!next && !ended)
        return false; /* cut off: the rest may have been answered or not */
    if (lost_next && !next->side[TURN_SERVER].found[0])
        return false; /* which of the answers that are lost there were to this turn is not known */
    if (!has_hole(turn, i + 1, turn->count))
        return true;
    return !turn->start_lost &&
           (holes_are_known(turn, TURN_CLIENT, unsure) || holes_are_known(turn, TURN_SERVER, unsure));
}
