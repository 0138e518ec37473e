#include "capture/file/link_filters.h"

#include "capture/packet_filter.h"
#include "common/mem.h"

#include <stdint.h>
#include <stdlib.h>

#define LINKS_MAX 64
#define SNAPLEN   262144

struct link {
    int dlt;
    struct bpf_program program; /* bf_insns is NULL where the expression does not compile */
};

struct link_filters {
    const char *expression;
    struct link links[LINKS_MAX];
    size_t count;
    struct link *last; /* of the frame before: most often the next one's */
};

struct link_filters *link_filters_create(const char *expression)
{
    struct link_filters *filters = xcalloc(1, sizeof *filters);
    filters->expression = expression;
    return filters;
}

static struct link *find(struct link_filters *filters, int dlt)
{
    for (size_t i = 0; i < filters->count; i++)
        if (filters->links[i].dlt == dlt)
            return &filters->links[i];
    return NULL;
}

/* Adds |dlt|; there is room for it. */
static struct link *add(struct link_filters *filters, int dlt, struct error *err)
{
    struct link *link = &filters->links[filters->count++];
    *link = (struct link){.dlt = dlt};
    pcap_t *handle = pcap_open_dead(dlt, SNAPLEN);
    if (!handle)
        abort(); /* out of memory, as in xmalloc */
    (void)packet_filter_compile(handle, filters->expression, filters->expression, &link->program, err);
    pcap_close(handle);
    return link;
}

int link_filters_compile(struct link_filters *filters, int dlt, struct error *err)
{
    if (find(filters, dlt) || filters->count == LINKS_MAX)
        return 0;
    return add(filters, dlt, err)->program.bf_insns ? 0 : -1;
}

bool link_filters_match(struct link_filters *filters, const struct net_frame *frame)
{
    struct link *link = filters->last;
    if (!link || link->dlt != frame->dlt) {
        link = find(filters, frame->dlt);
        if (!link && filters->count == LINKS_MAX)
            return false;
        if (!link)
            link = add(filters, frame->dlt, NULL);
        filters->last = link;
    }
    if (!link->program.bf_insns)
        return false;
    uint32_t wire = frame->wire_bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)frame->wire_bytes;
    return bpf_filter(link->program.bf_insns, frame->bytes.data, wire, (uint32_t)frame->bytes.size) != 0;
}

void link_filters_free(struct link_filters *filters)
{
    if (!filters)
        return;
    for (size_t i = 0; i < filters->count; i++)
        pcap_freecode(&filters->links[i].program);
    free(filters);
}
