#include "replay/survey.h"

#include "common/exchange_codec.h"
#include "common/http1_head.h"
#include "common/keymap.h"
#include "common/mem.h"
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
    struct survey_options options;
    struct sessions *session_finder;
    struct lineage *lineage;
    struct exchange exchange; /* looked at now */
    struct keymap sessions;
    struct keymap connection_holder; /* tallies of sessions */
    struct keymap issuers;           /* tallies of sessions */
    uint64_t overflow;
    uint64_t *load; /* a thread: requests of the groups that are placed there */
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

/* Makes one group of two, unless each has its thread already, and not the same. */
static void unite(struct survey *survey, struct tally *a, struct tally *b)
{
    a = root_of(a);
    b = root_of(b);
    if (a == b || (a->placed && b->placed && a->thread != b->thread))
        return;
    if (b->placed && !a->placed) {
        struct tally *placed = b;
        b = a;
        a = placed;
    }
    if (a->placed && !b->placed)
        survey->load[a->thread] += b->group_jobs;
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
        unite(survey, known, session);
    else if (map->count < TALLIES_LIMIT)
        keymap_set(map, key, session);
    else
        survey->overflow++;
}

/* |pooled|: the connection is none of the session's own. */
static void note(struct survey *survey, uint64_t session, bool pooled)
{
    const struct survey_options *options = &survey->options;
    const struct exchange *exchange = &survey->exchange;
    struct tally *tally = tally_of(survey, &survey->sessions, keymap_key(session, 0));
    if (!tally || !survey_method_listed(options->methods, exchange) ||
        judge_exchange(exchange, options->wishes, NULL) != UNSENT_NONE)
        return;
    struct tally *root = root_of(tally);
    root->group_jobs++;
    survey->load[root->thread] += root->placed;
    if (!options->pooled && !pooled)
        join(survey, &survey->connection_holder, keymap_key(exchange->connection, 0), tally);
    for (size_t i = 0; i < exchange->link_count; i++)
        join(survey, &survey->issuers, keymap_tag_key(exchange->links[i].tag, 0), tally);
}

static void begin(struct survey *survey)
{
    survey->session_finder = sessions_create(survey->options.mode, survey->options.session_name, 0);
    survey->lineage = lineage_create(0);
}

static void end(struct survey *survey)
{
    survey->overflow += sessions_overflow(survey->session_finder);
    sessions_free(survey->session_finder);
    lineage_free(survey->lineage);
}

struct survey *survey_create(const struct survey_options *options)
{
    struct survey *survey = xcalloc(1, sizeof *survey);
    survey->options = *options;
    survey->load = xcalloc(options->threads, sizeof *survey->load);
    begin(survey);
    return survey;
}

void survey_look(struct survey *survey, struct bytes meta)
{
    if (!exchange_decode(meta, &survey->exchange))
        return;
    uint64_t session = sessions_of(survey->session_finder, &survey->exchange);
    lineage_follow(survey->lineage, session, &survey->exchange);
    note(survey, session, sessions_pooled(survey->session_finder));
}

void survey_rewind(struct survey *survey)
{
    end(survey);
    begin(survey);
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
    end(survey);
    exchange_free(&survey->exchange);
    free_tallies(&survey->sessions);
    keymap_free(&survey->connection_holder);
    keymap_free(&survey->issuers);
    free(survey->load);
    free(survey);
}

unsigned survey_thread(struct survey *survey, uint64_t session)
{
    struct tally *tally = keymap_get(&survey->sessions, keymap_key(session, 0));
    if (!tally)
        return 0;
    tally = root_of(tally);
    if (!tally->placed) {
        for (unsigned i = 1; i < survey->options.threads; i++)
            if (survey->load[i] < survey->load[tally->thread])
                tally->thread = i;
        tally->placed = true;
        survey->load[tally->thread] += tally->group_jobs;
    }
    return tally->thread;
}

uint64_t survey_overflow(const struct survey *survey)
{
    return survey->overflow + sessions_overflow(survey->session_finder);
}
