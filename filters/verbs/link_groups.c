#include "filters/verbs/link_groups.h"

#include "common/keymap.h"
#include "common/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 1000000
#define USERS_MAX     8 /* that are named */

struct group {
    struct group *next; /* in order of the first that gave the value out */
    bool issued;
    bool id; /* else a credential */
    bool strong;
    enum link_place place;
    char *name;
    uint8_t tag[LINK_TAG_SIZE];
    uint64_t issuer;
    uint64_t uses;
    uint64_t last_user;
    uint64_t users[USERS_MAX];
};

struct link_groups {
    struct keymap map;
    struct group *first, **end; /* those that were given out */
    size_t limit;
    uint64_t overflow;
};

struct link_groups *link_groups_create(size_t limit)
{
    struct link_groups *groups = xcalloc(1, sizeof *groups);
    groups->limit = limit ? limit : LIMIT_DEFAULT;
    groups->end = &groups->first;
    return groups;
}

void link_groups_free(struct link_groups *groups)
{
    if (!groups)
        return;
    size_t position = 0;
    for (struct group *group; (group = keymap_next(&groups->map, &position)) != NULL;) {
        free(group->name);
        free(group);
    }
    keymap_free(&groups->map);
    free(groups);
}

static bool is_id(const struct link *link)
{
    return link->kind == LINK_CREATES || link->kind == LINK_REFERS;
}

static bool gives_out(const struct link *link)
{
    return link->kind == LINK_CREATES || link->kind == LINK_ISSUES;
}

/* An id and a credential of one value are two things. */
static struct keymap_key key_of(const struct link *link)
{
    return keymap_tag_key(link->tag, is_id(link));
}

static struct group *group_of(struct link_groups *groups, const struct link *link, bool *ret_new)
{
    struct group *group = keymap_get(&groups->map, key_of(link));
    *ret_new = !group;
    if (group)
        return group;
    if (groups->map.count >= groups->limit) {
        groups->overflow++;
        return NULL;
    }
    group = xcalloc(1, sizeof *group);
    group->id = is_id(link);
    memcpy(group->tag, link->tag, sizeof group->tag);
    keymap_set(&groups->map, key_of(link), group);
    return group;
}

static void add_user(struct link_groups *groups, const struct link *link, uint64_t id)
{
    bool new;
    struct group *group = group_of(groups, link, &new);
    if (!group || !group->issued)
        return;
    if (group->uses > 0 && group->last_user == id)
        return; /* in another place of the same request */
    group->last_user = id;
    if (group->uses < USERS_MAX)
        group->users[group->uses] = id;
    group->uses++;
}

static void add_issuer(struct link_groups *groups, const struct link *link, uint64_t id)
{
    bool new;
    struct group *group = group_of(groups, link, &new);
    if (!group || group->issued || (group->id && !new))
        return;
    group->issued = true;
    group->issuer = id;
    group->strong = link->strong;
    group->place = link->place;
    group->name = xstrdup(link->name);
    *groups->end = group;
    groups->end = &group->next;
}

void link_groups_add(struct link_groups *groups, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->link_count; i++)
        if (!gives_out(&exchange->links[i]))
            add_user(groups, &exchange->links[i], exchange->id);
    for (size_t i = 0; i < exchange->link_count; i++)
        if (gives_out(&exchange->links[i]))
            add_issuer(groups, &exchange->links[i], exchange->id);
}

bool link_groups_issuer(const struct link_groups *groups, const struct link *link, uint64_t *ret_id)
{
    const struct group *group = gives_out(link) ? NULL : keymap_get(&groups->map, key_of(link));
    if (!group || !group->issued)
        return false;
    *ret_id = group->issuer;
    return true;
}

static void print_group(const struct group *group, struct buffer *out)
{
    buffer_printf(out, "    %s %-6s %-30s ", group->id ? "id        " : "credential",
                  link_place_name(group->place), group->name);
    for (size_t k = 0; k < LINK_TAG_SIZE; k++)
        buffer_printf(out, "%02x", group->tag[k]);
    buffer_printf(out, " from %016" PRIx64 ", carried by %" PRIu64 ":", group->issuer, group->uses);
    for (size_t i = 0; i < group->uses && i < USERS_MAX; i++)
        buffer_printf(out, " %016" PRIx64, group->users[i]);
    if (group->uses > USERS_MAX)
        buffer_append_text(out, " ...");
    buffer_append_text(out, group->id && !group->strong ? " (weak: short)\n" : "\n");
}

void link_groups_print(const struct link_groups *groups, struct buffer *out)
{
    uint64_t alone = 0;
    buffer_append_text(out, "links:\n");
    for (const struct group *group = groups->first; group; group = group->next) {
        alone += group->uses == 0;
        if (group->uses > 0)
            print_group(group, out);
    }
    buffer_printf(out, "    %" PRIu64 " %s given out and not carried by a later request\n", alone,
                  alone == 1 ? "value was" : "values were");
}

uint64_t link_groups_overflow(const struct link_groups *groups)
{
    return groups->overflow;
}
