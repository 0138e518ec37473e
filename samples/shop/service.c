#include "samples/shop/service.h"

#include "common/mem.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX 65536

static const struct route {
    const char *method;
    const char *path;
    uint32_t work_us;
} routes[ENDPOINT_COUNT] = {
#define X(name, method, path, work_us, may_slow) {method, path, work_us},
    SHOP_ENDPOINTS(X)
#undef X
};

/* An answer that waits for its working time to pass. */
struct pending {
    struct shop *shop;
    struct evhttp_request *request;
    struct event *timer;
    struct answer answer;
};

void answer_error(struct answer *answer, int status, const char *text)
{
    answer->status = status;
    answer->body = json_pack("{s:s}", "error", text);
}

static const char *method_name(struct evhttp_request *request)
{
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_PUT:
        return "PUT";
    default:
        return "OTHER";
    }
}

/* Returns whether |path| has the form of |template|, and what stands for {id}. */
static bool path_matches(const char *template, const char *path, const char **ret_id)
{
    size_t fixed = strcspn(template, "{");
    if (!template[fixed])
        return strcmp(template, path) == 0;
    if (strncmp(template, path, fixed) != 0 || !path[fixed] || strchr(path + fixed, '/'))
        return false;
    *ret_id = path + fixed;
    return true;
}

/* Returns the endpoint, or ENDPOINT_COUNT with 404 or 405 in |answer|. */
static enum endpoint find_endpoint(struct call *call, const char *path, struct answer *answer)
{
    const char *method = method_name(call->request);
    bool known = false;
    for (int i = 0; path && i < ENDPOINT_COUNT; i++) {
        if (!path_matches(routes[i].path, path, &call->id))
            continue;
        if (strcmp(routes[i].method, method) == 0)
            return (enum endpoint)i;
        known = true;
    }
    answer_error(answer, known ? 405 : 404, known ? "no such method here" : "no such path");
    return ENDPOINT_COUNT;
}

static void dispatch(struct call *call, enum endpoint endpoint, struct answer *answer)
{
    switch (endpoint) {
    case ENDPOINT_LIST:
        catalogue_list(call, answer);
        break;
    case ENDPOINT_ITEM:
        catalogue_item(call, answer);
        break;
    case ENDPOINT_SEARCH:
        search_answer(call, answer);
        break;
    case ENDPOINT_LOGIN:
        login_answer(call, answer);
        break;
    case ENDPOINT_CART_ADD:
        cart_add(call, answer);
        break;
    case ENDPOINT_CART_READ:
        cart_read(call, answer);
        break;
    case ENDPOINT_ORDER_CREATE:
        orders_create(call, answer);
        break;
    case ENDPOINT_ORDER_READ:
        orders_read(call, answer);
        break;
    case ENDPOINT_ORDER_DELETE:
        orders_delete(call, answer);
        break;
    case ENDPOINT_ORDER_CHANGE:
        orders_change(call, answer);
        break;
    case ENDPOINT_PAY:
        orders_pay(call, answer);
        break;
    case ENDPOINT_PAYMENT_READ:
        orders_read_payment(call, answer);
        break;
    case ENDPOINT_COUNT:
        break;
    }
}

/* Logs |body|: requests with secrets in it are left out. */
static void log_body(const struct call *call)
{
    FILE *log = call->shop->body_log;
    if (!log || json_object_get(call->body, "password"))
        return;
    char *text = json_dumps(call->body, JSON_COMPACT | JSON_SORT_KEYS);
    fprintf(log, "%s %s %s\n", method_name(call->request), evhttp_request_get_uri(call->request), text);
    free(text);
}

/* Reads the JSON object of a POST or PUT. Returns false with 400 or 413 in |answer| where there is none. */
static bool read_body(struct call *call, struct answer *answer)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(call->request);
    if (method != EVHTTP_REQ_POST && method != EVHTTP_REQ_PUT)
        return true;
    struct evbuffer *input = evhttp_request_get_input_buffer(call->request);
    size_t size = evbuffer_get_length(input);
    if (size > BODY_MAX) {
        answer_error(answer, 413, "too much");
        return false;
    }
    const char *text = size ? (const char *)evbuffer_pullup(input, -1) : "";
    call->body = json_loadb(text, size, 0, NULL);
    if (!json_is_object(call->body)) {
        answer_error(answer, 400, "a JSON object is needed");
        return false;
    }
    log_body(call);
    return true;
}

static void log_access(const struct pending *pending)
{
    if (pending->shop->access_log)
        fprintf(pending->shop->access_log, "%s %s %d\n", method_name(pending->request),
                evhttp_request_get_uri(pending->request), pending->answer.status);
}

static void send_answer(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct pending *pending = context;
    struct shop *shop = pending->shop;
    struct evbuffer *body = evbuffer_new();
    log_access(pending);
    if (pending->answer.body) {
        char *text = json_dumps(pending->answer.body, JSON_COMPACT);
        evbuffer_add_printf(body, "%s\n", text);
        free(text);
        json_decref(pending->answer.body);
        evhttp_add_header(evhttp_request_get_output_headers(pending->request), "Content-Type",
                          "application/json");
    }
    evhttp_send_reply(pending->request, pending->answer.status, NULL, body);
    evbuffer_free(body);
    event_free(pending->timer);
    free(pending);
    if (--shop->in_work == 0 && shop->stopping)
        event_base_loopexit(shop->base, &(struct timeval){.tv_usec = 20000}); /* the last bytes go out */
}

/* The same request always takes the same time: its endpoint's, and up to half as much again by its target. */
static uint32_t work_us(const struct shop *shop, enum endpoint endpoint, const char *target)
{
    if (endpoint == ENDPOINT_COUNT)
        return 200;
    uint32_t hash = 2166136261U;
    for (; *target; target++)
        hash = (hash ^ (unsigned char)*target) * 16777619U;
    uint32_t work = routes[endpoint].work_us + hash % (routes[endpoint].work_us / 2);
    if (shop->regressions.planted && shop->regressions.slow == endpoint)
        work += shop->regressions.slow_us;
    return work;
}

void service_request(struct evhttp_request *request, void *context)
{
    struct shop *shop = context;
    struct call call = {.shop = shop, .request = request, .id = ""};
    struct answer answer = {.status = 500};
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *query = evhttp_uri_get_query(uri);
    bool parsed = evhttp_parse_query_str(query ? query : "", &call.query) == 0;
    enum endpoint endpoint = find_endpoint(&call, evhttp_uri_get_path(uri), &answer);
    if (endpoint != ENDPOINT_COUNT && !parsed)
        answer_error(&answer, 400, "the query cannot be read");
    else if (endpoint != ENDPOINT_COUNT && read_body(&call, &answer))
        dispatch(&call, endpoint, &answer);
    evhttp_clear_headers(&call.query);
    json_decref(call.body);

    struct pending *pending = xmalloc(sizeof *pending);
    *pending = (struct pending){.shop = shop, .request = request, .answer = answer};
    uint32_t wait_us = work_us(shop, endpoint, evhttp_request_get_uri(request));
    pending->timer = evtimer_new(shop->base, send_answer, pending);
    evtimer_add(pending->timer, &(struct timeval){.tv_usec = (suseconds_t)wait_us});
    shop->in_work++;
}
