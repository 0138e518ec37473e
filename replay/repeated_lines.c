#include "replay/repeated_lines.h"

static bool same_key(const struct repeated_key *a, const struct repeated_key *b)
{
    return a->session == b->session && a->known == b->known && a->recognition_key == b->recognition_key &&
           a->iteration == b->iteration && a->scans == b->scans;
}

/* Whether the first |size| bytes of |fields| are |recorded| and end a line, which no folded one goes on. */
static bool begins_with(struct bytes fields, const uint8_t *recorded, size_t from, size_t size)
{
    if (fields.size < size || memcmp(fields.data + from, recorded + from, size - from) != 0)
        return false;
    return fields.size == size || (fields.data[size] != ' ' && fields.data[size] != '\t');
}

const struct repeated_end *repeated_lines_find(struct repeated_lines *lines, const struct repeated_key *key,
                                               struct bytes fields)
{
    size_t kept = 0, from = 0;
    if (!same_key(&lines->key, key))
        lines->count = 0;
    lines->key = *key;
    while (kept < lines->count && begins_with(fields, lines->recorded.data, from, lines->ends[kept].recorded))
        from = lines->ends[kept++].recorded;
    lines->count = kept;
    lines->recorded.size = from;
    lines->built.size = kept ? lines->ends[kept - 1].built : 0;
    return kept ? &lines->ends[kept - 1] : NULL;
}

bool repeated_lines_add(struct repeated_lines *lines, struct bytes recorded, struct bytes built,
                        uint32_t linked, uint32_t unlinked)
{
    if (lines->count == REPEATED_LINES_MAX || recorded.size > REPEATED_LINES_BYTES - lines->recorded.size ||
        built.size > UINT32_MAX - lines->built.size)
        return false;
    buffer_append_bytes(&lines->recorded, recorded);
    buffer_append_bytes(&lines->built, built);
    lines->ends[lines->count++] = (struct repeated_end){.recorded = (uint32_t)lines->recorded.size,
                                                        .built = (uint32_t)lines->built.size,
                                                        .linked = linked,
                                                        .unlinked = unlinked};
    return true;
}

void repeated_lines_free(struct repeated_lines *lines)
{
    buffer_free(&lines->recorded);
    buffer_free(&lines->built);
    lines->count = 0;
}
