#include "samples/shop/drive_plan.h"

#include "common/mem.h"
#include "samples/shop/words.h"

#include <stdio.h>
#include <stdlib.h>

/* The state of one visit's drawing. */
struct draw {
    struct visit *visit;
    uint64_t random;
    uint32_t think_us;
};

static uint32_t below(struct draw *draw, uint32_t limit)
{
    return (uint32_t)(words_random(&draw->random) % limit);
}

static struct step *add(struct draw *draw, enum endpoint endpoint, int argument, int expected)
{
    struct visit *visit = draw->visit;
    struct step *step =
        &visit->steps[visit->step_count < PLAN_STEPS_MAX ? visit->step_count++ : PLAN_STEPS_MAX - 1];
    *step = (struct step){endpoint, argument, draw->think_us / 2 + below(draw, draw->think_us + 1), expected,
                          false};
    return step;
}

/* Looks around: half of it at single items, one in forty of which is gone. */
static void browse(struct draw *draw, bool anonymous)
{
    uint32_t choice = below(draw, 100);
    struct step *step;
    if (choice < 50)
        step = choice == 0 || choice == 1
                   ? add(draw, ENDPOINT_ITEM, SHOP_ITEMS + 1 + (int)below(draw, 50), 404)
                   : add(draw, ENDPOINT_ITEM, 1 + (int)below(draw, SHOP_ITEMS), 200);
    else if (choice < 78)
        step = add(draw, ENDPOINT_SEARCH, (int)below(draw, SHOP_NOUNS * (SHOP_ADJECTIVES + 1)), 200);
    else
        step = add(draw, ENDPOINT_LIST, 1 + (int)below(draw, SHOP_ITEMS / SHOP_PAGE_SIZE), 200);
    step->anonymous = anonymous;
}

static void draw_visit(struct draw *draw)
{
    for (uint32_t i = below(draw, 4); i > 0; i--)
        browse(draw, true);
    if (below(draw, 20) == 0)
        add(draw, ENDPOINT_CART_READ, 0, 401)->anonymous = true;
    if (below(draw, 20) == 0)
        add(draw, ENDPOINT_LOGIN, 0, 401); /* a mistyped password */
    add(draw, ENDPOINT_LOGIN, 0, 200);
    for (uint32_t i = 5 + below(draw, 5); i > 0; i--) {
        browse(draw, false);
        if (below(draw, 5) == 0)
            add(draw, ENDPOINT_CART_ADD, 1 + (int)below(draw, SHOP_ITEMS), 201);
    }
    add(draw, ENDPOINT_CART_ADD, 1 + (int)below(draw, SHOP_ITEMS), 201);
    add(draw, ENDPOINT_CART_READ, 0, 200);
    add(draw, ENDPOINT_ORDER_CREATE, 0, 201);
    for (uint32_t i = 1 + below(draw, 2); i > 0; i--)
        add(draw, ENDPOINT_ORDER_READ, 0, 200);
    if (below(draw, 2) == 0)
        add(draw, ENDPOINT_ORDER_DELETE, 0, 204);
}

void plan_init(struct plan *plan, const struct plan_settings *settings)
{
    size_t room = 64;
    *plan = (struct plan){.visits = xmalloc(room * sizeof *plan->visits)};
    while (plan->requests < settings->requests) {
        if (plan->count == room) {
            room *= 2;
            plan->visits = xrealloc(plan->visits, room * sizeof *plan->visits);
        }
        struct visit *visit = &plan->visits[plan->count];
        struct draw draw = {.visit = visit,
                            .random = settings->seed * UINT64_C(0x100000001b3) + plan->count,
                            .think_us = settings->think_us};
        *visit = (struct visit){.start_us = (uint64_t)plan->requests * 1000000 / settings->per_s};
        visit->user = words_random(&draw.random) % settings->users;
        visit->pooled = below(&draw, 3) != 0;
        visit->cookie = below(&draw, 2) == 0;
        draw_visit(&draw);
        if (visit->step_count > settings->requests - plan->requests)
            visit->step_count = settings->requests - plan->requests;
        plan->requests += visit->step_count;
        plan->count++;
    }
}

void plan_done(struct plan *plan)
{
    free(plan->visits);
    *plan = (struct plan){0};
}

void plan_search(int argument, char *text, size_t size)
{
    size_t noun = (size_t)argument % SHOP_NOUNS, adjective = (size_t)argument / SHOP_NOUNS;
    if (adjective == 0)
        snprintf(text, size, "%s", words_noun(noun));
    else
        snprintf(text, size, "%s+%s", words_adjective(adjective - 1), words_noun(noun));
}
