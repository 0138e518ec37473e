/* alignment.h: which pairs of two sequences with holes are certain, in named cases, and in random ones held against all ways in which the
 * holes can hide a few messages. */
#include "capture/alignment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEN_MAX  3
#define PLACE_MAX 10 /* enough for all that is seen of both sides, and for more that is lost of both */

/* Which response may answer which request. */
struct matrix {
    bool may[ALIGNMENT_MAX][ALIGNMENT_MAX];
};

static bool may_pair(const void *arg, size_t request, size_t response)
{
    const struct matrix *matrix = arg;
    return matrix->may[request][response];
}

static bool anything(const void *arg, size_t request, size_t response)
{
    (void)arg;
    (void)request;
    (void)response;
    return true;
}

/* Reads a side: 'm' a message, '?' one that may be none, '~' a hole before the next, '#' one that hides at least one. */
static struct alignment_side side_of(const char *text)
{
    struct alignment_side side = {0};
    struct alignment_message before = {0};
    for (; *text; text++) {
        before.hole |= *text == '~' || *text == '#';
        before.hidden |= *text == '#';
        if (*text != 'm' && *text != '?')
            continue;
        before.optional = *text == '?';
        side.messages[side.count++] = before;
        before = (struct alignment_message){0};
    }
    side.hole = before.hole;
    side.hidden = before.hidden;
    return side;
}

struct named_case {
    const char *requests, *responses;
    const char *expected; /* of each response: the number of its request, or '-' */
};

static const struct named_case named_cases[] = {
    {"mmm", "mmm", "012"}, {"mmm", "m~m", "02"},     {"mmm", "#m#", "1"},      {"mmmm", "#m#", "-"},
    {"mmm", "~m~", "-"},   {"~m#m", "mmmm", "---1"}, {"#m#m", "mmmm", "-0-1"}, {"#mm", "mm", "--"},
    {"#m#", "mmm", "-0-"}, {"~m", "m", "0"},         {"m~", "~m", "-"},        {"~m", "~mm", "-0"},
    {"m~m", "m~m", "01"},  {"m", "mm", "--"},        {"mm", "m", "-"},         {"m?", "m", "0"},
    {"m?m", "mm", "02"},   {"m?m", "~m", "2"},       {"", "~m", "-"},
};

static void test_named_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof named_cases / sizeof *named_cases; i++) {
        const struct named_case *c = &named_cases[i];
        struct alignment_side requests = side_of(c->requests), responses = side_of(c->responses);
        size_t found[ALIGNMENT_MAX];
        char text[SEEN_MAX + 3] = "";
        alignment_find(&requests, &responses, anything, NULL, found);
        for (size_t j = 0; j < responses.count; j++)
            text[j] = found[j] == ALIGNMENT_NONE ? '-' : (char)('0' + found[j]);
        if (strcmp(text, c->expected) != 0)
            fail_msg("%s beside %s: %s, not %s", c->requests, c->responses, text, c->expected);
    }
}

/* ---- all ways ---- */

/* A way to lay a side out: which message stands at each place, or none. */
struct layout {
    int8_t at[PLACE_MAX];
};

struct layouts {
    struct layout all[4096];
    size_t count;
};

/* Lays out the messages from |next| on from |place| on, of |places| in all; |hidden|: so many were lost right before. */
static void lay_out(const struct alignment_side *side, size_t next, size_t place, size_t places,
                    size_t hidden, struct layout *layout, struct layouts *ret_layouts)
{
    bool hole = next < side->count ? side->messages[next].hole : side->hole;
    bool met = hidden > 0 || !(next < side->count ? side->messages[next].hidden : side->hidden);
    if (next == side->count && place == places && met) {
        assert_true(ret_layouts->count < sizeof ret_layouts->all / sizeof *ret_layouts->all);
        ret_layouts->all[ret_layouts->count++] = *layout;
    }
    if (next < side->count && met && side->messages[next].optional)
        lay_out(side, next + 1, place, places, 0, layout, ret_layouts);
    if (place == places)
        return;
    if (next < side->count && met) {
        layout->at[place] = (int8_t)next;
        lay_out(side, next + 1, place + 1, places, 0, layout, ret_layouts);
    }
    if (hole) {
        layout->at[place] = -1;
        lay_out(side, next, place + 1, places, hidden + 1, layout, ret_layouts);
    }
}

static bool fits(const struct layout *requests, const struct layout *responses, size_t places,
                 const struct matrix *matrix)
{
    for (size_t i = 0; i < places; i++)
        if (requests->at[i] >= 0 && responses->at[i] >= 0 && !matrix->may[requests->at[i]][responses->at[i]])
            return false;
    return true;
}

static void find_slowly(const struct alignment_side *requests, const struct alignment_side *responses,
                        const struct matrix *matrix, size_t ret_request[SEEN_MAX])
{
    static struct layouts ways[2];
    bool possible[SEEN_MAX][SEEN_MAX + 1] = {{false}}; /* the last one: a request that was lost */
    for (size_t places = 0; places <= PLACE_MAX; places++) {
        struct layout layout;
        ways[0].count = ways[1].count = 0;
        lay_out(requests, 0, 0, places, 0, &layout, &ways[0]);
        lay_out(responses, 0, 0, places, 0, &layout, &ways[1]);
        for (size_t i = 0; i < ways[0].count; i++)
            for (size_t j = 0; j < ways[1].count; j++)
                if (fits(&ways[0].all[i], &ways[1].all[j], places, matrix))
                    for (size_t at = 0; at < places; at++)
                        if (ways[1].all[j].at[at] >= 0)
                            possible[ways[1].all[j].at[at]]
                                    [ways[0].all[i].at[at] < 0 ? SEEN_MAX : ways[0].all[i].at[at]] = true;
    }
    for (size_t response = 0; response < responses->count; response++) {
        size_t count = 0, last = SEEN_MAX;
        for (size_t request = 0; request <= SEEN_MAX; request++) {
            count += possible[response][request];
            last = possible[response][request] ? request : last;
        }
        ret_request[response] = count == 1 && last < SEEN_MAX ? last : ALIGNMENT_NONE;
    }
}

static struct alignment_side random_side(bool optional)
{
    struct alignment_side side = {.count = (size_t)rand() % (SEEN_MAX + 1), .hole = rand() % 4 == 0};
    side.hidden = side.hole && rand() % 2;
    for (size_t i = 0; i < side.count; i++) {
        bool hole = rand() % 3 == 0;
        side.messages[i] = (struct alignment_message){hole, hole && rand() % 2, optional && rand() % 8 == 0};
    }
    return side;
}

static void test_a_pair_is_certain_where_it_is_in_every_way(void **state)
{
    (void)state;
    srand(5);
    size_t certain = 0;
    for (unsigned run = 0; run < 1500; run++) {
        struct alignment_side requests = random_side(true), responses = random_side(false);
        struct matrix matrix = {{{false}}};
        for (size_t i = 0; i < SEEN_MAX; i++)
            for (size_t j = 0; j < SEEN_MAX; j++)
                matrix.may[i][j] = rand() % 5 != 0;
        size_t found[ALIGNMENT_MAX], wanted[SEEN_MAX];
        alignment_find(&requests, &responses, may_pair, &matrix, found);
        find_slowly(&requests, &responses, &matrix, wanted);
        for (size_t i = 0; i < responses.count; i++) {
            assert_int_equal(found[i], wanted[i]);
            certain += wanted[i] != ALIGNMENT_NONE;
        }
    }
    assert_true(certain > 200);
}

static void test_a_full_side_is_laid_out(void **state)
{
    (void)state;
    struct alignment_side requests = {.count = ALIGNMENT_MAX}, responses = {.count = ALIGNMENT_MAX - 1};
    responses.messages[60].hole = true;
    size_t found[ALIGNMENT_MAX];
    alignment_find(&requests, &responses, anything, NULL, found);
    for (size_t i = 0; i < responses.count; i++)
        assert_int_equal(found[i], i < 60 ? i : i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_cases),
        cmocka_unit_test(test_a_pair_is_certain_where_it_is_in_every_way),
        cmocka_unit_test(test_a_full_side_is_laid_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
