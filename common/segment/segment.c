#include "common/segment/segment.h"

#include <stdlib.h>

void segment_header_free(struct segment_header *header)
{
    free(header->writer);
    free(header->policy);
    *header = (struct segment_header){0};
}

const char *segment_kind_name(enum segment_kind kind)
{
    switch (kind) {
    case SEGMENT_EXCHANGES:
        return "traffic";
    case SEGMENT_RESULTS:
        return "a run";
    }
    return "something unknown";
}
