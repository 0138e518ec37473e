#include "replay/survey.h"

#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/keymap.h"
#include "common/mem.h"
#include "replay/judge.h"
#include "replay/state/lineage.h"

#include <stdlib.h>
#include <string.h>

#define TALLIES_LIMIT 1000000

/* What is known of a session. Sessions form groups: the root of a group counts for it. */
struct tally {
    struct tally *parent; /* NULL: a root */
    uint64_t group_jobs;
    bool placed;
    unsigned thread;
};

/* Which session issued a value, or held a connection first. */
struct survey {
    struct keymap sessions;
    struct keymap connection_holder; /* tallies of sessions */
    struct keymap issuers;           /* tallies of sessions */
    uint64_t overflow;
    unsigned threads;
    uint64_t *load; /* a thread */
};

bool survey_method_listed(const char *methods, const struct exchange *exchange)
{
    struct http1_request_line line;
    struct bytes list = bytes_of(methods ? methods : ""), element;
    if (!methods)
        return true;
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line))
        return false;
    while (http1_next_element(&list, &element))
        if (bytes_equal_nocase(element, line.method))
            return true;
    return false;
}

static struct tally *root_of(struct tally *tally)
{
    while (tally->parent) {
        if (tally->parent->parent)
            tally->parent = tally->parent->parent;
        tally = tally->parent;
    }
    return tally;
}

static void unite(struct tally *a, struct tally *b)
{
    a = root_of(a);
    b = root_of(b);
    if (a == b)
        return;
    b->parent = a;
    a->group_jobs += b->group_jobs;
}

static struct tally *tally_of(struct survey *survey, struct keymap *map, struct keymap_key key)
{
    struct tally *tally = keymap_get(map, key);
    if (tally)
        return tally;
    if (map->count >= TALLIES_LIMIT) {
        survey->overflow++;
        return NULL;
    }
    tally = xcalloc(1, sizeof *tally);
    keymap_set(map, key, tally);
    return tally;
}

/* Joins |session| with whoever stands under |key| in |map|; takes the place where nobody does. */
static void join(struct survey *survey, struct keymap *map, struct keymap_key key, struct tally *session)
{
    struct tally *known = keymap_get(map, key);
    if (known)
        unite(known, session);
    else if (map->count < TALLIES_LIMIT)
        keymap_set(map, key, session);
    else
        survey->overflow++;
}

/* |pooled|: the connection is none of the session's own. */
static void note(struct survey *survey, const struct survey_options *options, uint64_t session, bool pooled,
                 const struct exchange *exchange)
{
    struct tally *tally = tally_of(survey, &survey->sessions, keymap_key(session, 0));
    if (!tally || !survey_method_listed(options->methods, exchange) ||
        judge_exchange(exchange, options->wishes, NULL) != UNSENT_NONE)
        return;
    root_of(tally)->group_jobs++;
    if (!options->pooled && !pooled)
        join(survey, &survey->connection_holder, keymap_key(exchange->connection, 0), tally);
    for (size_t i = 0; i < exchange->link_count; i++)
        join(survey, &survey->issuers, keymap_tag_key(exchange->links[i].tag, 0), tally);
}

struct survey *survey_make(struct merge *merge, const struct survey_options *options)
{
    struct survey *survey = xcalloc(1, sizeof *survey);
    struct sessions *sessions = sessions_create(options->mode, options->session_name, 0);
    struct exchange exchange = {0};
    struct merge_record record;
    survey->threads = options->threads;
    survey->load = xcalloc(options->threads, sizeof *survey->load);
    struct lineage *lineage = lineage_create(0);
    while (merge_next(merge, &record) == MERGE_RECORD) {
        if (!exchange_decode(record.meta, &exchange))
            continue;
        uint64_t session = sessions_of(sessions, &exchange);
        lineage_follow(lineage, session, &exchange);
        note(survey, options, session, sessions_pooled(sessions), &exchange);
    }
    survey->overflow += sessions_overflow(sessions);
    lineage_free(lineage);
    exchange_free(&exchange);
    sessions_free(sessions);
    merge_rewind(merge);
    return survey;
}

static void free_tallies(struct keymap *map)
{
    struct tally *tally;
    for (size_t at = 0; (tally = keymap_next(map, &at));)
        free(tally);
    keymap_free(map);
}

void survey_free(struct survey *survey)
{
    if (!survey)
        return;
    free_tallies(&survey->sessions);
    keymap_free(&survey->connection_holder);
    keymap_free(&survey->issuers);
    free(survey->load);
    free(survey);
}

unsigned survey_thread(struct survey *survey, uint64_t session)
{
    struct tally *tally = keymap_get(&survey->sessions, keymap_key(session, 0));
    if (!tally || survey->threads < 2)
        return 0;
    tally = root_of(tally);
    if (!tally->placed) {
        for (unsigned i = 1; i < survey->threads; i++)
            if (survey->load[i] < survey->load[tally->thread])
                tally->thread = i;
        tally->placed = true;
        survey->load[tally->thread] += tally->group_jobs;
    }
    return tally->thread;
}

uint64_t survey_overflow(const struct survey *survey)
{
    return survey->overflow;
}
