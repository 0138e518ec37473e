/* What the driver's users will do: sessions of steps, computed ahead from a seed alone, so that the same seed
 * asks for the same things whatever the service answers. */
#ifndef SAMPLES_SHOP_DRIVE_PLAN_H
#define SAMPLES_SHOP_DRIVE_PLAN_H

#include "samples/shop/endpoints.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_STEPS_MAX 40

/* One request. */
struct step {
    enum endpoint endpoint;
    int argument;      /* page, item, or number of the search */
    uint32_t think_us; /* pause before it */
    int expected;      /* status */
    bool anonymous;    /* sent without credentials */
};

/* One user's visit: its steps follow each other. */
struct visit {
    uint64_t start_us;
    size_t user;
    bool
        pooled; /* all its requests go over connections shared with others; else over connections of its own */
    bool cookie; /* shows its cookie, else its bearer token */
    size_t step_count;
    struct step steps[PLAN_STEPS_MAX];
};

struct plan {
    struct visit *visits;
    size_t count;
    size_t requests;
};

/* What the plan is made from. */
struct plan_settings {
    uint64_t seed;
    size_t requests;   /* in all, exactly */
    size_t users;      /* whose numbers visits take */
    uint32_t per_s;    /* mean rate of requests */
    uint32_t think_us; /* mean pause between the requests of a visit */
};

/* Fills |plan|, which owns its visits until plan_done. */
void plan_init(struct plan *plan, const struct plan_settings *settings);
void plan_done(struct plan *plan);

/* Writes the search number |argument| as a query ("tall+lamp"). */
void plan_search(int argument, char *text, size_t size);

#endif
