#include "replay/stats/pace.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static void reach(struct pace *pace, size_t count)
{
    if (count > pace->capacity) {
        size_t capacity = pace->capacity * 2 > count ? pace->capacity * 2 : count + 64;
        pace->seconds = xrealloc(pace->seconds, capacity * sizeof *pace->seconds);
        pace->capacity = capacity;
    }
    if (count > pace->count) {
        memset(pace->seconds + pace->count, 0, (count - pace->count) * sizeof *pace->seconds);
        pace->count = count;
    }
}

/* Returns the index of the second that |instant_ns| lies in. */
static size_t second_of(struct pace *pace, uint64_t instant_ns)
{
    uint64_t second = instant_ns / NS_PER_S;
    if (second >= PACE_SECONDS_MAX)
        second = PACE_SECONDS_MAX - 1;
    reach(pace, (size_t)second + 1);
    return (size_t)second;
}

void pace_plan(struct pace *pace, uint64_t instant_ns)
{
    size_t second = second_of(pace, instant_ns);
    pace->seconds[second].planned++;
}

void pace_send(struct pace *pace, uint64_t instant_ns)
{
    size_t second = second_of(pace, instant_ns);
    pace->seconds[second].sent++;
}

void pace_merge(struct pace *pace, const struct pace *from)
{
    reach(pace, from->count);
    for (size_t i = 0; i < from->count; i++) {
        pace->seconds[i].planned += from->seconds[i].planned;
        pace->seconds[i].sent += from->seconds[i].sent;
    }
}

struct pace_summary pace_summarize(const struct pace *pace, uint64_t stopped_ns)
{
    struct pace_summary summary = {.seconds = pace->count};
    if (stopped_ns && stopped_ns / NS_PER_S + 1 < summary.seconds)
        summary.seconds = stopped_ns / NS_PER_S + 1;
    uint64_t furthest = 0;
    for (size_t i = 0; i < pace->count; i++) {
        uint64_t planned = pace->seconds[i].planned, sent = pace->seconds[i].sent;
        uint64_t distance = planned > sent ? planned - sent : sent - planned;
        summary.planned += planned;
        summary.sent += sent;
        if (i == 0 || i + 1 >= summary.seconds)
            continue;
        summary.off += distance > 1 && distance * 100 > planned;
        if (distance <= furthest)
            continue;
        furthest = distance;
        summary.worst = i;
        summary.worst_planned = planned;
        summary.worst_sent = sent;
    }
    return summary;
}

void pace_free(struct pace *pace)
{
    free(pace->seconds);
    *pace = (struct pace){0};
}
