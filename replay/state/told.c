#include "replay/state/told.h"

#include <string.h>

void told_append(const struct told *told, struct buffer *out)
{
    buffer_append_varint(out, told->kind);
    buffer_append_varint(out, told->iteration);
    buffer_append_varint(out, told->place);
    buffer_append_varint(out, told->weak);
    buffer_append(out, &told->key, sizeof told->key);
    buffer_append_varint(out, told->recorded.size);
    buffer_append_bytes(out, told->recorded);
    buffer_append_varint(out, told->actual.size);
    buffer_append_bytes(out, told->actual);
}

static bool take_text(struct bytes *from, struct bytes *ret_text)
{
    uint64_t size;
    return bytes_take_varint(from, &size) && bytes_take(from, (size_t)size, ret_text);
}

bool told_take(struct bytes *lessons, struct told *ret_told)
{
    uint64_t kind, iteration, place, weak;
    struct bytes key;
    if (!bytes_take_varint(lessons, &kind) || !bytes_take_varint(lessons, &iteration) ||
        !bytes_take_varint(lessons, &place) || !bytes_take_varint(lessons, &weak) ||
        !bytes_take(lessons, sizeof ret_told->key, &key))
        return false;
    ret_told->kind = (enum told_kind)kind;
    ret_told->iteration = (uint32_t)iteration;
    ret_told->place = (enum link_place)place;
    ret_told->weak = weak;
    memcpy(&ret_told->key, key.data, sizeof ret_told->key);
    return take_text(lessons, &ret_told->recorded) && take_text(lessons, &ret_told->actual);
}
