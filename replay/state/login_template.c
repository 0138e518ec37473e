#include "replay/state/login_template.h"

#include "common/exchange_codec.h"
#include "common/mem.h"
#include "replay/judge.h"
#include "replay/state/accounts.h"
#include "replay/state/lineage.h"

#include <stdlib.h>
#include <string.h>

#define WAYS_MAX     16
#define MOST_DEFAULT 200000

/* What a link that is number |issue| of the login's was shown as. */
struct way {
    enum link_place place;
    char *name;
    size_t issue;
};

struct login_template {
    struct exchange login;
    struct way ways[WAYS_MAX];
    size_t way_count;
};

static void copy_buffer(const struct buffer *from, struct buffer *to)
{
    buffer_clear(to);
    buffer_append_bytes(to, buffer_bytes(from));
}

static void copy_message(const struct message *from, struct message *to)
{
    struct message kept = *to;
    *to = *from;
    to->head = kept.head;
    to->trailers = kept.trailers;
    to->body.content = kept.body.content;
    copy_buffer(&from->head, &to->head);
    copy_buffer(&from->trailers, &to->trailers);
    copy_buffer(&from->body.content, &to->body.content);
}

static void copy(const struct exchange *from, struct exchange *to)
{
    copy_message(&from->request, &to->request);
    copy_message(&from->response, &to->response);
    to->id = from->id;
    to->connection = from->connection;
    to->client = from->client;
    to->server = from->server;
    to->tls = from->tls;
    to->status = from->status;
    to->interim = from->interim;
    to->flags = from->flags;
    to->link_count = 0;
    for (size_t i = 0; i < from->link_count; i++) {
        const struct link *link = &from->links[i];
        struct link *added = exchange_add_link(to, link->kind, link->place, link->name, link->tag);
        added->identity = link->identity;
        added->strong = link->strong;
    }
}

static bool is_login(const struct exchange *exchange)
{
    bool password = false, issues = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        password |= accounts_is_password(&exchange->links[i]);
        issues |= exchange->links[i].kind == LINK_ISSUES && exchange->links[i].identity;
    }
    return password && issues && exchange->status >= 200 && exchange->status < 400 &&
           judge_exchange(exchange, NULL, NULL) == UNSENT_NONE;
}

static const struct way *find_way(const struct login_template *template, const struct link *shown)
{
    for (size_t i = 0; i < template->way_count; i++)
        if (template->ways[i].place == shown->place && strcasecmp(template->ways[i].name, shown->name) == 0)
            return &template->ways[i];
    return NULL;
}

static void add_way(struct login_template *template, enum link_place place, const char *name, size_t issue)
{
    if (template->way_count < WAYS_MAX)
        template->ways[template->way_count++] = (struct way){place, xstrdup(name), issue};
}

/* Notes as what |exchange| shows that which the login gave out. */
static void note_ways(struct login_template *template, const struct exchange *exchange)
{
    const struct exchange *login = &template->login;
    for (size_t i = 0; i < exchange->link_count; i++) {
        const struct link *shown = &exchange->links[i];
        for (size_t k = 0; shown->kind == LINK_USES && k < login->link_count; k++)
            if (login->links[k].kind == LINK_ISSUES &&
                memcmp(login->links[k].tag, shown->tag, LINK_TAG_SIZE) == 0 && !find_way(template, shown))
                add_way(template, shown->place, shown->name, k);
    }
}

struct login_template *login_template_find(struct merge *merge, size_t most)
{
    struct login_template *template = NULL;
    struct exchange exchange = {0};
    struct merge_record record;
    struct bytes payload;
    most = most ? most : MOST_DEFAULT;
    for (size_t left = most; left > 0 && merge_next(merge, &record) == MERGE_RECORD; left--) {
        if (!exchange_decode(record.meta, &exchange))
            continue;
        if (template)
            note_ways(template, &exchange);
        else if (is_login(&exchange) && merge_payload(merge, &payload) &&
                 exchange_decode_payload(payload, &exchange)) {
            template = xcalloc(1, sizeof *template);
            copy(&exchange, &template->login);
            left = most + 1; /* as many behind it */
        }
    }
    exchange_free(&exchange);
    merge_rewind(merge);
    for (size_t i = 0; template && i < template->login.link_count; i++) {
        const struct link *link = &template->login.links[i];
        if (link->kind == LINK_ISSUES && link->place == LINK_PLACE_COOKIE && !find_way(template, link))
            add_way(template, link->place, link->name, i);
    }
    return template;
}

void login_template_free(struct login_template *template)
{
    if (!template)
        return;
    exchange_free(&template->login);
    for (size_t i = 0; i < template->way_count; i++)
        free(template->ways[i].name);
    free(template);
}

bool login_template_make(const struct login_template *template, const struct exchange *shown,
                         struct exchange *ret_login)
{
    bool any = false;
    copy(&template->login, ret_login);
    /* What it gave out to its own user is nobody else's. */
    for (size_t i = 0; i < ret_login->link_count; i++)
        for (size_t k = 0; ret_login->links[i].kind == LINK_ISSUES && k < LINK_TAG_SIZE; k++)
            ret_login->links[i].tag[k] ^= (uint8_t)(0xa5 ^ (shown->id >> (k % 8 * 8)));
    for (size_t i = 0; i < shown->link_count; i++) {
        const struct link *link = &shown->links[i];
        const struct way *way = link->kind == LINK_USES && link->identity && link->rank == LINEAGE_UNISSUED
                                    ? find_way(template, link)
                                    : NULL;
        if (!way)
            continue;
        memcpy(ret_login->links[way->issue].tag, link->tag, LINK_TAG_SIZE);
        any = true;
    }
    ret_login->request.first_ns = ret_login->request.last_ns = shown->request.first_ns;
    ret_login->response.first_ns = ret_login->response.last_ns = shown->request.first_ns;
    return any;
}
