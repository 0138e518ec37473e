/* Header lines, and start lines of responses, that sanitizing leaves as they are, as they were seen lately: traffic repeats a few lines
 * endlessly, and in the same order. One slot a hash, the latest line wins: bounded, and whoever sends lines that collide only gets
 * them looked at each time. Of a line whose value is a short number, about which nothing but the name decides, all numbers are one line.
 * Holds nothing sensitive. Zero-initialised is empty; not shared between threads. */
#ifndef FILTERS_LINE_MEMO_H
#define FILTERS_LINE_MEMO_H

#include "common/buffer.h"

#include <stdbool.h>

#define LINE_MEMO_SLOTS     512 /* a power of two */
#define LINE_MEMO_LINE_SIZE 187 /* longer lines are not remembered */

enum line_memo_kind {
    LINE_MEMO_WHOLE,  /* a header line */
    LINE_MEMO_NUMBER, /* one whose value is a short number, which is left out */
    LINE_MEMO_START,  /* a start line */
};

struct line_memo_entry {
    uint8_t size; /* 0: the slot is empty */
    uint8_t kind;
    bool noted; /* what was said when it was learned */
    uint8_t line[LINE_MEMO_LINE_SIZE];
    uint16_t next; /* which line came after it, the last time */
};

struct line_memo {
    struct line_memo_entry entries[LINE_MEMO_SLOTS];
    uint16_t first; /* which line came first, the last time */
    bool begun;     /* |last| is a line */
    uint16_t last;
};

/* What was looked up: where it stands and may be learned. */
struct line_memo_look {
    struct bytes
        line; /* borrowed from what was looked up, with its LF; empty: it ends elsewhere, or nowhere */
    struct line_memo_entry *slot; /* NULL: it is not to be learned */
    enum line_memo_kind kind;
    size_t size; /* of the line as it is remembered */
};

/* Begins with the next head or trailers. */
void line_memo_begin(struct line_memo *memo);
/* Looks for the header line at the front of |fields|. Returns whether it is known; |ret_look| is then the line, and in any case what line_memo_learn
 * takes. A line with folds is never known. */
bool line_memo_find(struct line_memo *memo, struct bytes fields, struct line_memo_look *ret_look);
/* The same for a start line. */
bool line_memo_find_start(struct line_memo *memo, struct bytes line, struct line_memo_look *ret_look);
/* Remembers the line that was looked up, if it can be. |noted| is given back with it. */
void line_memo_learn(struct line_memo *memo, const struct line_memo_look *look, bool noted);

#endif
