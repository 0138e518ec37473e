/* Header lines that sanitizing leaves as they are, as they were seen lately: traffic repeats a few lines endlessly. One slot a
 * hash, the latest line wins: bounded, and whoever sends lines that collide only gets them looked at each time.
 * Zero-initialised is empty; not shared between threads. */
#ifndef FILTERS_LINE_MEMO_H
#define FILTERS_LINE_MEMO_H

#include "common/buffer.h"

#include <stdbool.h>

#define LINE_MEMO_SLOTS     512 /* a power of two */
#define LINE_MEMO_LINE_SIZE 188 /* longer lines are not remembered */

struct line_memo_entry {
    uint32_t size; /* 0: the slot is empty */
    uint8_t line[LINE_MEMO_LINE_SIZE];
};

struct line_memo {
    struct line_memo_entry entries[LINE_MEMO_SLOTS];
};

/* Returns the slot that |line| would have, NULL where it is too long to be remembered. */
struct line_memo_entry *line_memo_slot(struct line_memo *memo, struct bytes line);
/* Returns whether |entry| (NULL: false) holds |line|. */
bool line_memo_holds(const struct line_memo_entry *entry, struct bytes line);
/* Remembers |line|, which is not empty, in |entry| (NULL: nothing is done). */
void line_memo_learn(struct line_memo_entry *entry, struct bytes line);

#endif
