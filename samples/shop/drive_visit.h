/* Carries out a plan against the shop: visits start at their instants, each sends its steps one after the
 * other. */
#ifndef SAMPLES_SHOP_DRIVE_VISIT_H
#define SAMPLES_SHOP_DRIVE_VISIT_H

#include "samples/shop/drive_plan.h"

#include <stdio.h>

#define DRIVE_STATUSES 600
#define DRIVE_POOL_MAX 256

struct event_base;
struct evhttp_connection;
struct visitor;

/* A drive: what to do (set by the caller) and what came of it. One thread. */
struct drive {
    struct plan plan;
    struct {
        char *name;
        char *password;
    } * users;
    size_t user_count;
    uint16_t port;
    size_t pool_size;

    struct event_base *base;
    struct evhttp_connection *pool[DRIVE_POOL_MAX];
    size_t pool_next;
    struct visitor **visitors; /* of the plan's visits, NULL where not under way */
    size_t open_visits;

    size_t counts[ENDPOINT_COUNT][DRIVE_STATUSES]; /* 0: no answer */
    size_t sent;
    size_t unexpected; /* answers with another status than the plan expects */
    size_t failed;     /* requests without an answer */
};

/* Runs the plan to its end, or for |duration_s| seconds. */
void drive_run(struct drive *drive, uint32_t duration_s);

#endif
