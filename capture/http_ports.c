#include "capture/http_ports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN 8

void http_ports_add(struct http_ports *ports, uint16_t port)
{
    if (ports->last < ports->count && ports->ports[ports->last].port == port) {
        ports->ports[ports->last].requests++;
        return;
    }
    size_t at = 0;
    while (at < ports->count && ports->ports[at].port != port)
        at++;
    if (at == HTTP_PORTS_MAX) {
        ports->others++;
        return;
    }
    if (at == ports->count)
        ports->ports[ports->count++].port = port;
    ports->ports[at].requests++;
    ports->last = at;
}

static int by_requests(const void *a, const void *b)
{
    const struct http_port *x = a, *y = b;
    if (x->requests != y->requests)
        return x->requests > y->requests ? -1 : 1;
    return x->port < y->port ? -1 : x->port > y->port;
}

void http_ports_sort(struct http_ports *ports)
{
    qsort(ports->ports, ports->count, sizeof ports->ports[0], by_requests);
    ports->last = 0;
}

char *http_ports_format(const struct http_ports *ports, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ports->count && i < SHOWN && used < size; i++) {
        const struct http_port *port = &ports->ports[i];
        used += (size_t)snprintf(text + used, size - used, "%s%u (%" PRIu64 " request%s)", i ? ", " : "",
                                 port->port, port->requests, port->requests == 1 ? "" : "s");
    }
    if (used < size && (ports->count > SHOWN || ports->others))
        snprintf(text + used, size - used, ports->others ? " and more than %zu others" : " and %zu others",
                 ports->count - SHOWN);
    return text;
}
