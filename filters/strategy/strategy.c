#include "filters/strategy/strategy.h"

static const char *const kinds[STRATEGY_KINDS] = {
    [STRATEGY_PRESERVE] = "preserve", [STRATEGY_NULL] = "null", [STRATEGY_REMOVE] = "remove",
    [STRATEGY_MASK] = "mask",         [STRATEGY_HASH] = "hash",
};

const char *strategy_kind_name(enum strategy_kind kind)
{
    return kinds[kind];
}

bool strategy_kind_parse(struct bytes text, enum strategy_kind *ret_kind)
{
    for (unsigned i = 0; i < STRATEGY_KINDS; i++) {
        if (bytes_equal(text, bytes_of(kinds[i]))) {
            *ret_kind = (enum strategy_kind)i;
            return true;
        }
    }
    return false;
}

/* Whether |byte| begins a character of UTF-8, or is one by itself. */
static bool begins_character(uint8_t byte)
{
    return (byte & 0xc0) != 0x80;
}

static void mask(const struct strategy *strategy, struct bytes value, struct buffer *out)
{
    size_t characters = 0, number = 0;
    for (size_t i = 0; i < value.size; i++)
        characters += begins_character(value.data[i]);
    size_t first = strategy->keep_first, last = strategy->keep_last;
    if (first + last >= characters)
        first = last = 0; /* so much of so little would be all of it */
    for (size_t i = 0; i < value.size; i++) {
        bool begins = begins_character(value.data[i]);
        number += begins;
        if (number <= first || number > characters - last)
            buffer_append_byte(out, value.data[i]);
        else if (begins)
            buffer_append_byte(out, '*');
    }
}

void strategy_apply(const struct strategy *strategy, const struct keys *keys, struct bytes value,
                    struct buffer *out, uint8_t ret_tag[PSEUDONYM_TAG_SIZE])
{
    switch (strategy->kind) {
    case STRATEGY_HASH:
        pseudonym_make(keys, value, out, ret_tag);
        return;
    case STRATEGY_PRESERVE:
        buffer_append_bytes(out, value);
        break;
    case STRATEGY_MASK:
        mask(strategy, value, out);
        break;
    case STRATEGY_NULL:
    case STRATEGY_REMOVE:
        break;
    }
    keys_map(keys, value, ret_tag);
}
