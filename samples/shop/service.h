/* The service: routes a request to its endpoint, answers after the endpoint's working time, keeps the access
 * log. */
#ifndef SAMPLES_SHOP_SERVICE_H
#define SAMPLES_SHOP_SERVICE_H

#include "samples/shop/endpoints.h"
#include "samples/shop/login.h"
#include "samples/shop/orders.h"
#include "samples/shop/regressions.h"

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The running shop; one thread. |base| is made and freed by main. */
struct shop {
    struct event_base *base;
    struct evhttp *http;
    FILE *access_log; /* NULL: none */
    FILE *body_log;   /* likewise */
    struct logins *logins;
    struct orders *orders;
    struct regressions regressions;
    size_t in_work; /* requests between arrival and answer */
    bool stopping;
};

/* One request being looked at; lives until its handler returns. */
struct call {
    struct shop *shop;
    struct evhttp_request *request;
    const char *id;         /* what stands for {id} in the path, else "" */
    struct evkeyvalq query; /* decoded */
    json_t *body;           /* of a POST or PUT, an object; else NULL */
};

/* What a handler decides; the body is owned here and may be NULL. */
struct answer {
    int status;
    json_t *body;
};

/* Sets |answer| to |status| and {"error": text}. */
void answer_error(struct answer *answer, int status, const char *text);

/* Takes a request of evhttp; |context| is the shop. */
void service_request(struct evhttp_request *request, void *context);

/* The handlers that have no header of their own. */
void catalogue_list(struct call *call, struct answer *answer);
void catalogue_item(struct call *call, struct answer *answer);
void search_answer(struct call *call, struct answer *answer);
void cart_add(struct call *call, struct answer *answer);
void cart_read(struct call *call, struct answer *answer);

/* Appends to |list| item |number|, as every endpoint shows it. */
void catalogue_append(json_t *list, int number);
/* Returns the number that |text| writes, or -1 where it is not one from 0 to 1,000,000. */
int catalogue_number(const char *text);

#endif
