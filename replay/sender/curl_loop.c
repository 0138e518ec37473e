#include "replay/sender/curl_loop.h"

#include "common/mem.h"

#include <assert.h>
#include <event2/event_struct.h>
#include <stdlib.h>

/* What is watched of one socket. */
struct watch {
    struct event event;
    short what;
    struct watch *next; /* among those that are free */
};

struct curl_loop {
    CURLM *multi;
    struct event_base *base;
    struct event timer;
    struct event drain; /* transfers that ended while they were added */
    curl_loop_done_fn done;
    int added;
    struct watch *free_watches;
};

static void drain(struct curl_loop *loop)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &left));) {
        if (message->msg == CURLMSG_DONE)
            loop->done(message->easy_handle, message->data.result);
    }
}

static void act(struct curl_loop *loop, curl_socket_t fd, int what)
{
    int running;
    curl_multi_socket_action(loop->multi, fd, what, &running);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct curl_loop *loop = arg;
    act(loop, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
    drain(loop);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct curl_loop *loop = arg;
    act(loop, CURL_SOCKET_TIMEOUT, 0);
    drain(loop);
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    drain(arg);
}

/* libcurl's word on what to watch. */
static int watch_socket(CURL *transfer, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)transfer;
    struct curl_loop *loop = arg;
    struct watch *watch = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            event_del(&watch->event);
            watch->next = loop->free_watches;
            loop->free_watches = watch;
            curl_multi_assign(loop->multi, fd, NULL);
        }
        return 0;
    }
    short wanted =
        (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
    if (watch && watch->what == wanted)
        return 0;
    if (!watch) {
        watch = loop->free_watches;
        if (watch)
            loop->free_watches = watch->next;
        else
            watch = xcalloc(1, sizeof *watch);
        curl_multi_assign(loop->multi, fd, watch);
    } else {
        event_del(&watch->event);
    }
    watch->what = wanted;
    event_assign(&watch->event, loop->base, fd, wanted, on_socket, loop);
    return event_add(&watch->event, NULL);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct curl_loop *loop = arg;
    if (timeout_ms < 0)
        return event_del(&loop->timer);
    const struct timeval wait = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    return event_add(&loop->timer, &wait);
}

struct curl_loop *curl_loop_create(struct event_base *base, long host_connections, curl_loop_done_fn done)
{
    struct curl_loop *loop = xcalloc(1, sizeof *loop);
    loop->base = base;
    loop->done = done;
    loop->multi = curl_multi_init();
    assert(loop->multi);
    event_assign(&loop->timer, base, -1, 0, on_timer, loop);
    event_assign(&loop->drain, base, -1, 0, on_drain, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(loop->multi, CURLMOPT_MAX_HOST_CONNECTIONS, host_connections);
    return loop;
}

void curl_loop_free(struct curl_loop *loop)
{
    if (!loop)
        return;
    curl_multi_cleanup(loop->multi);
    event_del(&loop->timer);
    event_del(&loop->drain);
    for (struct watch *next; loop->free_watches; loop->free_watches = next) {
        next = loop->free_watches->next;
        free(loop->free_watches);
    }
    free(loop);
}

void curl_loop_add(struct curl_loop *loop, CURL *transfer)
{
    int running;
    CURLMcode code = curl_multi_add_handle(loop->multi, transfer);
    assert(code == CURLM_OK);
    loop->added++;
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    if (running < loop->added)
        event_active(&loop->drain, EV_TIMEOUT, 0);
}

void curl_loop_remove(struct curl_loop *loop, CURL *transfer)
{
    curl_multi_remove_handle(loop->multi, transfer);
    loop->added--;
}
