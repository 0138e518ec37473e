#include "filters/pseudonym_memo.h"

#include "common/fast_hash.h"

#include <assert.h>
#include <sodium.h>

static bool holds(const struct pseudonym_memo_entry *entry, struct bytes value)
{
    return entry->size == value.size && memcmp(entry->value, value.data, value.size) == 0;
}

void pseudonym_memo_make(struct pseudonym_memo *memo, const struct keys *keys, struct bytes value,
                         struct buffer *out, uint8_t ret_tag[PSEUDONYM_TAG_SIZE])
{
    if (value.size == 0 || value.size > PSEUDONYM_MEMO_VALUE_SIZE) {
        pseudonym_make(keys, value, out, ret_tag);
        return;
    }
    struct pseudonym_memo_entry *pair =
        &memo->entries[fast_hash(value) >> 20 & (PSEUDONYM_MEMO_SLOTS - 1) & ~(uint64_t)1];
    struct pseudonym_memo_entry *entry = holds(pair, value) ? pair : pair + 1;
    if (entry == pair || holds(entry, value)) {
        buffer_append(out, entry->pseudonym, entry->pseudonym_size);
        memcpy(ret_tag, entry->tag, PSEUDONYM_TAG_SIZE);
        return;
    }
    size_t before = out->size;
    pseudonym_make(keys, value, out, ret_tag);
    size_t size = out->size - before;
    assert(size <= PSEUDONYM_MEMO_VALUE_SIZE); /* a value that is a pseudonym itself, or one of known size */
    memo->turn = !memo->turn;
    entry = pair + memo->turn;
    entry->size = (uint8_t)value.size;
    entry->pseudonym_size = (uint8_t)size;
    memcpy(entry->value, value.data, value.size);
    memcpy(entry->pseudonym, out->data + before, size);
    memcpy(entry->tag, ret_tag, PSEUDONYM_TAG_SIZE);
}

void pseudonym_memo_wipe(struct pseudonym_memo *memo)
{
    sodium_memzero(memo, sizeof *memo);
}
