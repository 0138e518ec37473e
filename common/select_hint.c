#include "common/select_hint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 40

/* What other tools, and people, call things. */
static const struct {
    const char *other;
    const char *ours;
} synonyms[] = {
    {"url", "path"},
    {"uri", "path"},
    {"http.request.uri", "target"},
    {"http.request.uri.path", "path"},
    {"http.request.method", "method"},
    {"request.method", "method"},
    {"http.host", "host"},
    {"http.response.code", "status"},
    {"code", "status"},
    {"response.status", "status"},
    {"response.code", "status"},
    {"statuscode", "status"},
    {"status_code", "status"},
    {"duration", "latency"},
    {"time", "latency"},
    {"http.time", "latency"},
    {"latency_us", "latency"},
    {"ttfb_us", "ttfb"},
    {"request_body_bytes", "request.bytes"},
    {"response_body_bytes", "response.bytes"},
    {"size", "response.bytes"},
    {"length", "response.bytes"},
    {"ip.dst", "server"},
    {"flags", "flag"},
    {"defects", "defect"},
    {"cookie", "cookie.NAME"},
    {"query", "query.NAME"},
    {"parameter", "query.NAME"},
    {"header", "request.header.NAME"},
    {"headers", "request.header.NAME"},
    {"request.headers", "request.header.NAME"},
    {"response.headers", "response.header.NAME"},
    {"request.header", "request.header.NAME"},
    {"response.header", "response.header.NAME"},
};

static const struct {
    const char *other;
    const char *ours;
} operators[] = {
    {"eq", "=="},
    {"is", "=="},
    {"ne", "!="},
    {"lt", "<"},
    {"le", "<="},
    {"gt", ">"},
    {"ge", ">="},
    {"matches", "~"},
    {"contains", "~"},
    {"like", "~"},
    {"startswith", "~ '^...'"},
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Returns how many letters must be put in, taken out, changed or swapped with the next to make |b| of |a|. */
static unsigned distance(struct bytes a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1];
    size_t size = strlen(b);
    if (a.size > WORD_MAX || size > WORD_MAX)
        return WORD_MAX;
    for (unsigned k = 0; k <= size; k++)
        rows[0][k] = k;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned k = 1; k <= size; k++) {
            bool same = tolower(a.data[i - 1]) == b[k - 1];
            row[k] = least(least(row[k - 1], last[k]) + 1, last[k - 1] + !same);
            if (i > 1 && k > 1 && tolower(a.data[i - 1]) == b[k - 2] && tolower(a.data[i - 2]) == b[k - 1])
                row[k] = least(row[k], before[k - 2] + 1);
        }
    }
    return rows[a.size % 3][size];
}

/* Keeps |name| as |best| where it is nearer to |wrong|, and near enough to be meant. */
static void consider(struct bytes wrong, const char *name, const char **best, unsigned *best_distance)
{
    unsigned found = distance(wrong, name);
    if (found < *best_distance && found <= 2 && found * 2 < strlen(name)) {
        *best = name;
        *best_distance = found;
    }
}

char *select_hint_field(struct bytes wrong, char hint[SELECT_HINT_SIZE])
{
    const char *best = NULL;
    unsigned best_distance = WORD_MAX;
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
        if (bytes_equal_nocase(wrong, bytes_of(synonyms[i].other)))
            best = synonyms[i].ours;
    bool known = best != NULL;
    for (unsigned i = 0; i < SELECT_FIELD_COUNT && !known; i++)
        consider(wrong, select_fields[i].name, &best, &best_distance);
    if (best)
        snprintf(hint, SELECT_HINT_SIZE, "; did you mean '%s'?", best);
    else
        snprintf(hint, SELECT_HINT_SIZE,
                 "; there are method, path, host, status, latency, request.header.NAME, ...");
    return hint;
}

char *select_hint_name(struct bytes wrong, enum select_kind kind, char hint[SELECT_HINT_SIZE])
{
    const char *best = NULL;
    unsigned best_distance = WORD_MAX;
    unsigned count = kind == SELECT_FLAG ? (unsigned)EXCHANGE_FLAG_COUNT : (unsigned)MESSAGE_DEFECT_COUNT;
    for (unsigned i = 0; i < count; i++)
        consider(wrong, kind == SELECT_FLAG ? exchange_flag_name(i) : message_defect_name(i), &best,
                 &best_distance);
    if (best)
        snprintf(hint, SELECT_HINT_SIZE, "; did you mean '%s'?", best);
    else
        snprintf(hint, SELECT_HINT_SIZE, "; rehearse-select(7) lists them");
    return hint;
}

const char *select_hint_operator(struct bytes wrong)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (bytes_equal_nocase(wrong, bytes_of(operators[i].other)))
            return operators[i].ours;
    return NULL;
}
