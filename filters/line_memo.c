#include "filters/line_memo.h"

#include "common/fast_hash.h"
#include "filters/detect/detect.h"
#include "filters/head_text.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Returns how many digits |text| begins with. */
static size_t digits_at(struct bytes text)
{
    size_t count = 0;
    while (count < text.size && is_digit(text.data[count]))
        count++;
    return count;
}

static bool is_folded(struct bytes fields, size_t size)
{
    return size < fields.size && (fields.data[size] == ' ' || fields.data[size] == '\t');
}

/* Returns the size of the line at the front of |fields| if it is the one of |entry|, else 0. */
static size_t matched(const struct line_memo_entry *entry, struct bytes fields)
{
    size_t size = entry->size;
    if (size == 0 || size > fields.size || entry->kind == LINE_MEMO_START ||
        memcmp(entry->line, fields.data, size) != 0)
        return 0;
    if (entry->kind == LINE_MEMO_WHOLE)
        return size;
    struct bytes rest = bytes_make(fields.data + size, fields.size - size);
    size_t digits = digits_at(rest);
    if (digits == 0 || digits >= DETECT_DIGITS_MIN || rest.size - digits < 2 || rest.data[digits] != '\r' ||
        rest.data[digits + 1] != '\n')
        return 0;
    return size + digits + 2;
}

/* Returns the size of the part of |line| that does not change where its value is a short number, else 0. */
static size_t number_prefix(struct bytes line)
{
    if (line.size < 4 || line.data[line.size - 2] != '\r' || !is_digit(line.data[line.size - 3]))
        return 0;
    size_t start = line.size - 3;
    while (start > 0 && is_digit(line.data[start - 1]))
        start--;
    if (line.size - 2 - start >= DETECT_DIGITS_MIN)
        return 0;
    size_t colon = start > 0 && line.data[start - 1] == ' ' ? start - 1 : start;
    bool first = colon > 1 && line.data[colon - 1] == ':' && !memchr(line.data, ':', colon - 1);
    return first ? start : 0;
}

void line_memo_begin(struct line_memo *memo)
{
    memo->begun = false;
}

/* Where the line that is expected next is noted. */
static uint16_t *expected(struct line_memo *memo)
{
    return memo->begun ? &memo->entries[memo->last].next : &memo->first;
}

/* Goes on to |entry|, which is known. */
static void follow(struct line_memo *memo, const struct line_memo_entry *entry)
{
    uint16_t index = (uint16_t)(entry - memo->entries);
    *expected(memo) = index;
    memo->last = index;
    memo->begun = true;
}

/* Sets |look| to |kept|, what is remembered of its line, and returns whether its slot holds that. */
static bool look_up(struct line_memo *memo, struct bytes kept, enum line_memo_kind kind,
                    struct line_memo_look *look)
{
    if (kept.size == 0 || kept.size > LINE_MEMO_LINE_SIZE)
        return false;
    look->kind = kind;
    look->size = kept.size;
    look->slot = &memo->entries[(fast_hash(kept) + kind) >> 20 & (LINE_MEMO_SLOTS - 1)];
    return look->slot->size == kept.size && look->slot->kind == kind &&
           memcmp(look->slot->line, kept.data, kept.size) == 0;
}

bool line_memo_find(struct line_memo *memo, struct bytes fields, struct line_memo_look *ret_look)
{
    struct line_memo_entry *next = &memo->entries[*expected(memo)];
    size_t size = matched(next, fields);
    *ret_look = (struct line_memo_look){0};
    if (size > 0 && !is_folded(fields, size)) {
        ret_look->line = bytes_make(fields.data, size);
        ret_look->slot = next;
        follow(memo, next);
        return true;
    }
    size = head_text_line_size(fields);
    if (is_folded(fields, size))
        return false;
    struct bytes line = bytes_make(fields.data, size);
    size_t prefix = number_prefix(line);
    ret_look->line = line;
    if (!look_up(memo, prefix > 0 ? bytes_make(line.data, prefix) : line,
                 prefix > 0 ? LINE_MEMO_NUMBER : LINE_MEMO_WHOLE, ret_look))
        return false;
    follow(memo, ret_look->slot);
    return true;
}

bool line_memo_find_start(struct line_memo *memo, struct bytes line, struct line_memo_look *ret_look)
{
    *ret_look = (struct line_memo_look){.line = line};
    return look_up(memo, line, LINE_MEMO_START, ret_look);
}

void line_memo_learn(struct line_memo *memo, const struct line_memo_look *look, bool noted)
{
    struct line_memo_entry *entry = look->slot;
    if (!entry)
        return;
    entry->size = (uint8_t)look->size;
    entry->kind = (uint8_t)look->kind;
    entry->noted = noted;
    memcpy(entry->line, look->line.data, look->size);
    if (look->kind != LINE_MEMO_START)
        follow(memo, entry);
}
