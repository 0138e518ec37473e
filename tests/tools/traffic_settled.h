/* What a capture with holes still tells: which message begins where, and which response answers which request of a turn. A rule
 * of its own, from the truth alone, to hold a recorder against. No I/O.
 *
 * A hole takes the framing of a direction along where it lies over a head, or over more of a chunked body than the content of one
 * chunk. From there on only a message that begins a packet is found again (content may hold what looks like a message).
 *
 * The messages that are found stand in order; what lies in the holes between them is not known but for this: behind the end of
 * a message whose length is known, a hole hides at least one. So, of a turn that ends with all its requests answered, an
 * exchange of which both messages are found is settled
 *  - where it stands before the first such hole of both directions, or behind the last one, or
 *  - where one direction has no such hole, so that the number of exchanges is known, and the other's holes hide no more than they
 *    must.
 * Where nothing tells how a connection began, and the first request and answer behind its first turn are lost, either hole may be of that turn.
 * Of any other exchange, nothing says which of several requests it is that a response answers. */
#ifndef TESTS_TOOLS_TRAFFIC_SETTLED_H
#define TESTS_TOOLS_TRAFFIC_SETTLED_H

#include "tests/tools/traffic_turn.h"

/* What was found of one direction of a turn. Places count the messages that were found before a hole, or at it. */
struct settled_side {
    bool found[TURN_DEPTH_MAX];    /* all of its head, at a place that is certain */
    bool shadowed[TURN_DEPTH_MAX]; /* all of its head, inside a packet behind a hole */
    struct {
        bool is;
        unsigned hidden, least; /* messages; how many there must be */
    } hole[TURN_DEPTH_MAX + 1]; /* before message i, or behind the last */
    bool open;                  /* nothing was captured behind its last hole */
};

/* What is carried on from turn to turn of a connection. */
struct settled_turn {
    struct settled_side side[2];
    size_t count;
    uint64_t numbers[TURN_DEPTH_MAX];
    bool start_lost; /* the first turn of a connection that was found under way */
};

/* Looks at |turn|, whose segments say whether they were captured. |before| is the connection's turn before, or zero. */
void settled_look(const struct turn *turn, const struct settled_turn *before, struct settled_turn *ret_turn);
/* Returns whether exchange |i|, both messages of which are found, is settled. |next|: the turn that follows, or NULL where none
 * does; |ended|: and then a FIN was captured. */
bool settled_is(const struct settled_turn *turn, size_t i, const struct settled_turn *next, bool ended);

#endif
