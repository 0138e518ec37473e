/* What values of the classes have in common, looked for in sixty-four bytes at a time: masks with bit i set where it stands at byte
 * i. With AVX-512, AVX2 or SSE2, or elsewhere in a loop over a table. */
#ifndef FILTERS_DETECT_TRIGGERS_H
#define FILTERS_DETECT_TRIGGERS_H

#include "common/buffer.h"

/* Blocks overlap, so that every trigger lies inside one: its first byte is below TRIGGER_STEP. */
#define TRIGGER_BLOCK 64
#define TRIGGER_STEP  52

/* Offsets at which each may begin. */
struct triggers {
    uint64_t special; /* one of % & + = @ \ NUL */
    uint64_t digits;  /* the first of 12 digits, spaces and dashes */
    uint64_t groups;  /* the first digit of "ddd-dd-d" */
    uint64_t dots;    /* the first of three dots, one to three digits apart */
    uint64_t colons;  /* the first of "::", or of three colons at most four bytes apart */
    uint64_t iban;    /* "AA00 xxxx " */
    uint64_t
        token; /* the first of ten letters, digits, '-', '_', with at least two digits or capitals and two letters; or of 14 letters and
                       digits, which begin with eight digits */
    uint64_t armour;  /* "-----B" */
    uint64_t pairs;   /* the first of four dashes, three bytes apart */
    uint64_t schemes; /* "Basic " and "Bearer ", after which a token may be short */
    uint64_t any;     /* one of these */
};

/* Looks for the first block at or after |from| that has triggers. Returns where it begins, and its triggers, with offsets from there; where there is
 * none, text.size. Where more text follows than one block, |any| has those below TRIGGER_STEP only: the next block begins there. */
size_t triggers_next(struct bytes text, size_t from, struct triggers *ret_triggers);

#endif
