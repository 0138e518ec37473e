#include "replay/sender/curl_waiting.h"

#include "common/clock.h"

#include <event2/event.h>

#define LOOK_US 5000

static bool is_waiting(const struct curl_lane *lane)
{
    return lane->step == CURL_STEP_RUNNING && !lane->established && !lane->made_connection;
}

static struct curl_lane *longest_waiting(const struct curl_line *line)
{
    struct curl_lane *longest = NULL;
    for (struct curl_lane *lane = line->first; lane; lane = lane->next)
        if (is_waiting(lane) && (!longest || lane->fired_mono_ns < longest->fired_mono_ns))
            longest = lane;
    return longest;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_line *line = arg;
    struct curl_lane *lane;
    do {
        lane = longest_waiting(line);
        if (lane)
            curl_lane_begin_again(lane);
    } while (lane && lane->established);
    if (lane)
        curl_waiting_watch(line);
}

void curl_waiting_init(struct curl_line *line)
{
    event_assign(&line->look, line->sender->loop, -1, 0, on_look, line);
}

void curl_waiting_watch(struct curl_line *line)
{
    const struct timeval wait = {.tv_usec = LOOK_US};
    if (!event_pending(&line->look, EV_TIMEOUT, NULL))
        event_add(&line->look, &wait);
}

void curl_waiting_done(struct curl_line *line)
{
    event_del(&line->look);
}
