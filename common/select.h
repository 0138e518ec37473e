/* Selecting exchanges: the expression of --select, the same for every verb.
 *
 *     method == POST && path ~ '^/api/' && (status == 5xx || latency > 100ms)
 *
 * An expression joins tests by && || ! (or: and, or, not) and parentheses; ! binds tightest, then &&, then ||.
 * A test is a field (SELECT_FIELDS in select_field.h), an operator and a value:
 *
 *     == !=           equal. A value may stand for several: 5xx for statuses, 10.0.0.0/8 for addresses
 *     < <= > >=       numbers, sizes (512, 4K, 1M) and durations (250us, 100ms, 1.5s)
 *     ~ !~            a regular expression (pcre2pattern(3)) that is found anywhere in the value
 *     in (A, B, ...)  equal to one of them; not in: to none
 *
 * or a field alone: the exchange has it. Values are words, or stand in single or double quotes, in which every byte
 * stands for itself but for a quote after a backslash. A field that the exchange does not have equals nothing. Where
 * it has several values (a header field twice), one that fits is enough; != and !~ and not in are the exact
 * opposites of == and ~ and in, so that they ask that none fits.
 *
 * It is compiled once into a flat program (tests, and instructions in postfix order with short cuts); judging
 * allocates nothing once warm. Of what is known early (the request's head), it judges early: SELECT_LATER means that
 * the answer depends on what is not known yet. */
#ifndef COMMON_SELECT_H
#define COMMON_SELECT_H

#include "common/error.h"
#include "common/exchange.h"

#include <stdbool.h>
#include <stdint.h>

#define SELECT_TEXT_MAX 8192 /* bytes of an expression */
#define SELECT_TEST_MAX 256  /* tests in it, and values in it beyond those */
#define SELECT_DEPTH    32   /* parentheses and negations in each other */

enum select_verdict { SELECT_NO, SELECT_YES, SELECT_LATER };

/* How much of an exchange is known. */
enum select_known {
    SELECT_KNOWN_HEAD, /* the request's head, server, connection and client */
    SELECT_KNOWN_ALL,
};

/* Where in an expression something is wrong, in bytes. */
struct select_span {
    size_t start;
    size_t size;
};

/* One thread at a time. */
struct select;

/* Compiles |text|. On failure |err| names the column and says what to write instead, and |ret_span| is the place. */
int select_compile(const char *text, struct select **ret_select, struct select_span *ret_span,
                   struct error *err);
/* Judges |exchange|, of which |known| is known. Never SELECT_LATER with SELECT_KNOWN_ALL. */
enum select_verdict select_judge(struct select *select, const struct exchange *exchange,
                                 enum select_known known);
/* Returns whether the head of the request alone always decides. */
bool select_by_head(const struct select *select);
/* Returns how many regular expressions hit their limits; each was taken as not found. */
uint64_t select_gave_up(const struct select *select);
/* NULL is allowed. */
void select_free(struct select *select);

#endif
