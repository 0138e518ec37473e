#include "samples/shop/drive_visit.h"

#include "common/mem.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_SIZE     64
#define REQUEST_SECONDS 10

/* A visit under way. A visit with connections of its own logs in over the first, which it then closes, and
 * takes the others in turn. */
struct visitor {
    struct drive *drive;
    const struct visit *visit;
    size_t next; /* step */
    struct event *timer;
    struct evhttp_connection *own[3];
    char token[SECRET_SIZE];
    char cookie[SECRET_SIZE];
    char order[SECRET_SIZE];
};

static struct evhttp_connection *connect_new(struct drive *drive)
{
    struct evhttp_connection *connection =
        evhttp_connection_base_new(drive->base, NULL, "127.0.0.1", drive->port);
    evhttp_connection_set_timeout(connection, REQUEST_SECONDS);
    return connection;
}

static struct evhttp_connection *choose_connection(struct visitor *visitor, const struct step *step)
{
    struct drive *drive = visitor->drive;
    if (visitor->visit->pooled)
        return drive->pool[drive->pool_next++ % drive->pool_size];
    size_t index = step->endpoint == ENDPOINT_LOGIN ? 0 : 1 + visitor->next % 2;
    if (!visitor->own[index])
        visitor->own[index] = connect_new(drive);
    return visitor->own[index];
}

static void visitor_free(struct visitor *visitor)
{
    if (!visitor)
        return;
    for (size_t i = 0; i < 3; i++)
        if (visitor->own[i])
            evhttp_connection_free(visitor->own[i]);
    event_free(visitor->timer);
    free(visitor);
}

static void end_visit(struct visitor *visitor)
{
    struct drive *drive = visitor->drive;
    drive->visitors[visitor->visit - drive->plan.visits] = NULL;
    visitor_free(visitor);
    if (--drive->open_visits == 0)
        event_base_loopexit(drive->base, NULL);
}

static void arm(struct event *timer, uint64_t wait_us)
{
    struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                           .tv_usec = (suseconds_t)(wait_us % 1000000)};
    event_add(timer, &wait);
}

static void keep_text(char *place, const char *text, size_t length)
{
    if (text && length < SECRET_SIZE)
        snprintf(place, SECRET_SIZE, "%.*s", (int)length, text);
}

/* Takes what the answer to a login or an order gives for later requests. */
static void keep_issued(struct visitor *visitor, const struct step *step, struct evhttp_request *answer)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(answer);
    struct evbuffer *input = evhttp_request_get_input_buffer(answer);
    size_t size = evbuffer_get_length(input);
    json_t *body = size ? json_loadb((const char *)evbuffer_pullup(input, -1), size, 0, NULL) : NULL;
    if (step->endpoint == ENDPOINT_LOGIN) {
        const char *token = json_string_value(json_object_get(body, "token"));
        const char *cookie = evhttp_find_header(headers, "Set-Cookie");
        keep_text(visitor->token, token, token ? strlen(token) : 0);
        if (cookie && strncmp(cookie, "sid=", 4) == 0)
            keep_text(visitor->cookie, cookie + 4, strcspn(cookie + 4, ";"));
    } else if (step->endpoint == ENDPOINT_ORDER_CREATE) {
        const char *location = evhttp_find_header(headers, "Location");
        if (location && strncmp(location, "/orders/", 8) == 0)
            keep_text(visitor->order, location + 8, strlen(location + 8));
    }
    json_decref(body);
}

static void on_answer(struct evhttp_request *answer, void *context)
{
    struct visitor *visitor = context;
    struct drive *drive = visitor->drive;
    const struct step *step = &visitor->visit->steps[visitor->next++];
    int status = answer ? evhttp_request_get_response_code(answer) : 0;
    if (status < 0 || status >= DRIVE_STATUSES)
        status = 0;
    drive->counts[step->endpoint][status]++;
    if (status == 0)
        drive->failed++;
    else if (status != step->expected)
        drive->unexpected++;
    if (status == step->expected && status < 300)
        keep_issued(visitor, step, answer);
    bool more = status != 0 && visitor->next < visitor->visit->step_count;
    arm(visitor->timer, more ? visitor->visit->steps[visitor->next].think_us : 0);
    if (!more)
        visitor->next = visitor->visit->step_count;
}

/* Writes the request's target to |target| and its body to |body| (empty: none). */
static void describe(const struct visitor *visitor, const struct step *step, char *target, size_t size,
                     struct evbuffer *body)
{
    char search[64];
    const struct drive *drive = visitor->drive;
    const char *name = drive->users[visitor->visit->user].name;
    switch (step->endpoint) {
    case ENDPOINT_LIST:
        snprintf(target, size, "/items?page=%d", step->argument);
        break;
    case ENDPOINT_ITEM:
        snprintf(target, size, "/items/%d", step->argument);
        break;
    case ENDPOINT_SEARCH:
        plan_search(step->argument, search, sizeof search);
        snprintf(target, size, "/search?q=%s", search);
        break;
    case ENDPOINT_LOGIN:
        snprintf(target, size, "/login");
        evbuffer_add_printf(body, "{\"user\":\"%s\",\"password\":\"%s%s\"}", name,
                            drive->users[visitor->visit->user].password,
                            step->expected == 401 ? "-oops" : "");
        break;
    case ENDPOINT_CART_ADD:
        snprintf(target, size, "/cart/items");
        evbuffer_add_printf(body, "{\"item\":%d,\"quantity\":%d}", step->argument, 1 + step->argument % 3);
        break;
    case ENDPOINT_CART_READ:
        snprintf(target, size, "/cart");
        break;
    case ENDPOINT_ORDER_CREATE:
        snprintf(target, size, "/orders");
        evbuffer_add_printf(
            body, "{\"email\":\"%s@mail.example\",\"card\":\"4111111111111111\",\"cvv\":\"123\"}", name);
        break;
    default: /* to read or delete it; what else there is to do stands in no plan */
        snprintf(target, size, "/orders/%s", visitor->order);
        break;
    }
}

static void add_headers(const struct visitor *visitor, const struct step *step, struct evkeyvalq *headers,
                        bool has_body)
{
    char text[SECRET_SIZE + 16];
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)visitor->drive->port);
    evhttp_add_header(headers, "Host", text);
    evhttp_add_header(headers, "User-Agent", "shop-drive");
    evhttp_add_header(headers, "Accept", "application/json");
    if (has_body)
        evhttp_add_header(headers, "Content-Type", "application/json");
    if (step->anonymous || !visitor->token[0])
        return;
    snprintf(text, sizeof text, visitor->visit->cookie ? "sid=%s" : "Bearer %s",
             visitor->visit->cookie ? visitor->cookie : visitor->token);
    evhttp_add_header(headers, visitor->visit->cookie ? "Cookie" : "Authorization", text);
}

static enum evhttp_cmd_type method_of(enum endpoint endpoint)
{
    switch (endpoint) {
    case ENDPOINT_LOGIN:
    case ENDPOINT_CART_ADD:
    case ENDPOINT_ORDER_CREATE:
        return EVHTTP_REQ_POST;
    case ENDPOINT_ORDER_DELETE:
        return EVHTTP_REQ_DELETE;
    default:
        return EVHTTP_REQ_GET;
    }
}

/* The visit's timer: sends its next step, or ends it. */
static void on_turn(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct visitor *visitor = context;
    if (visitor->next >= visitor->visit->step_count) {
        end_visit(visitor);
        return;
    }
    const struct step *step = &visitor->visit->steps[visitor->next];
    if (step->endpoint != ENDPOINT_LOGIN && visitor->token[0] && visitor->own[0]) {
        evhttp_connection_free(visitor->own[0]);
        visitor->own[0] = NULL;
    }
    char target[128];
    struct evhttp_request *request = evhttp_request_new(on_answer, visitor);
    struct evbuffer *body = evhttp_request_get_output_buffer(request);
    describe(visitor, step, target, sizeof target, body);
    add_headers(visitor, step, evhttp_request_get_output_headers(request), evbuffer_get_length(body) > 0);
    visitor->drive->sent++;
    evhttp_make_request(choose_connection(visitor, step), request, method_of(step->endpoint), target);
}

/* Waits for the start of the visit that comes next; each start begins the wait for the one after. */
struct starter {
    struct drive *drive;
    struct event *timer;
    struct timeval start;
    size_t next;
};

static uint64_t elapsed_us(const struct starter *starter)
{
    struct timeval now, passed;
    evutil_gettimeofday(&now, NULL);
    evutil_timersub(&now, &starter->start, &passed);
    return (uint64_t)passed.tv_sec * 1000000 + (uint64_t)passed.tv_usec;
}

static void on_start(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct starter *starter = context;
    struct drive *drive = starter->drive;
    uint64_t now_us = elapsed_us(starter);
    for (; starter->next < drive->plan.count && drive->plan.visits[starter->next].start_us <= now_us;
         starter->next++) {
        struct visitor *visitor = xcalloc(1, sizeof *visitor);
        visitor->drive = drive;
        visitor->visit = &drive->plan.visits[starter->next];
        visitor->timer = evtimer_new(drive->base, on_turn, visitor);
        arm(visitor->timer, 0);
        drive->visitors[starter->next] = visitor;
    }
    if (starter->next == drive->plan.count)
        return;
    arm(starter->timer, drive->plan.visits[starter->next].start_us - now_us);
}

void drive_run(struct drive *drive, uint32_t duration_s)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    drive->base = event_base_new_with_config(config);
    event_config_free(config);
    for (size_t i = 0; i < drive->pool_size; i++)
        drive->pool[i] = connect_new(drive);
    drive->open_visits = drive->plan.count;
    drive->visitors = xcalloc(drive->plan.count, sizeof *drive->visitors);
    struct starter starter = {.drive = drive};
    starter.timer = evtimer_new(drive->base, on_start, &starter);
    evutil_gettimeofday(&starter.start, NULL);
    arm(starter.timer, 0);
    event_base_loopexit(drive->base, &(struct timeval){.tv_sec = (time_t)duration_s});
    event_base_dispatch(drive->base);
    event_free(starter.timer);
    for (size_t i = 0; i < drive->pool_size; i++)
        evhttp_connection_free(drive->pool[i]);
    for (size_t i = 0; i < drive->plan.count; i++)
        visitor_free(drive->visitors[i]); /* cut off by the duration */
    free(drive->visitors);
    event_base_free(drive->base);
}
