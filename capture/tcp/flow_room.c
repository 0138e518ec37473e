/* What goes when memory runs out. */
#include "capture/tcp/flow_state.h"

#define QUIET_SHARE 16 /* half-open connections may keep this part of the memory, even where it is used up */

/* The answered connection that did nothing for the longest time. One that was active since it was queued gets a
 * second chance, so that packets need not move their connection each time. */
static uint32_t least_recent(struct flow_table *table)
{
    const struct flow_list_ends *list = &table->index.lists[LIST_ANSWERED];
    for (uint32_t left = list->count; left > 0; left--) {
        const struct flow_entry *entry = flow_index_at(&table->index, list->oldest);
        if (entry->last_tick == entry->queued_tick)
            break;
        uint32_t last_tick = entry->last_tick, number = list->oldest;
        flow_index_move(&table->index, number, LIST_ANSWERED);
        flow_index_at(&table->index, number)->queued_tick = last_tick;
    }
    return list->oldest;
}

/* Whether those that wait for an answer take more than those that have it: what is held at all (streams out of order,
 * heads and bodies) is held for them. */
static bool awaiting_take_more(const struct flow_table *table)
{
    const struct flow_index *index = &table->index;
    uint64_t fixed = (uint64_t)index->count * FLOW_QUIET_BYTES_MAX +
                     (uint64_t)table->flow_count * (sizeof(struct flow) + table->settings.connection_bytes);
    uint64_t used = table->budget->used_bytes;
    uint64_t held = used > fixed ? used - fixed : 0;
    return held > table->keep_bytes / 2 ||
           index->lists[LIST_AWAITING].count > index->lists[LIST_ANSWERED].count;
}

bool flow_room_give_up(struct flow_table *table)
{
    const struct flow_list_ends *lists = table->index.lists;
    if (lists[LIST_CLOSED].count > 0) {
        flow_drop(table, lists[LIST_CLOSED].oldest);
        return true;
    }
    bool quiet = (uint64_t)lists[LIST_QUIET].count * FLOW_QUIET_BYTES_MAX > table->keep_bytes / QUIET_SHARE;
    bool others = lists[LIST_AWAITING].count + lists[LIST_ANSWERED].count > 0;
    if (lists[LIST_QUIET].count > 0 && (quiet || !others)) {
        table->counts.connections_evicted_half_open++;
        flow_drop(table, lists[LIST_QUIET].oldest);
        return true;
    }
    if (!others)
        return false;
    bool awaiting =
        lists[LIST_ANSWERED].count == 0 || (lists[LIST_AWAITING].count > 0 && awaiting_take_more(table));
    table->counts.connections_evicted++;
    flow_drop(table, awaiting ? lists[LIST_AWAITING].oldest : least_recent(table));
    return true;
}

void flow_room_make(struct flow_table *table)
{
    while (table->budget->used_bytes > table->keep_bytes && flow_room_give_up(table))
        ;
}
