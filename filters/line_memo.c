#include "filters/line_memo.h"

#include "common/fast_hash.h"

struct line_memo_entry *line_memo_slot(struct line_memo *memo, struct bytes line)
{
    if (line.size == 0 || line.size > LINE_MEMO_LINE_SIZE)
        return NULL;
    return &memo->entries[fast_hash(line) >> 20 & (LINE_MEMO_SLOTS - 1)];
}

bool line_memo_holds(const struct line_memo_entry *entry, struct bytes line)
{
    return entry && entry->size == line.size && memcmp(entry->line, line.data, line.size) == 0;
}

void line_memo_learn(struct line_memo_entry *entry, struct bytes line)
{
    if (!entry)
        return;
    entry->size = (uint32_t)line.size;
    memcpy(entry->line, line.data, line.size);
}
