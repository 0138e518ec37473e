/* On which server ports HTTP was seen, and how many requests on each: a small table of fixed size. */
#ifndef CAPTURE_HTTP_PORTS_H
#define CAPTURE_HTTP_PORTS_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_PORTS_MAX 32

/* Zero-initialised is empty and valid. */
struct http_ports {
    struct http_port {
        uint16_t port;
        uint64_t requests;
    } ports[HTTP_PORTS_MAX]; /* those that came first */
    size_t count;
    uint64_t others; /* requests on ports that found no place */
    size_t last;     /* where the last request was counted */
};

/* Counts a request to |port|. */
void http_ports_add(struct http_ports *ports, uint16_t port);
/* Puts the ports with most requests first. */
void http_ports_sort(struct http_ports *ports);
/* Writes the busiest ports for people, "8080 (1234 requests), 9000 (1 request) and 3 others", into |text| of |size|
 * bytes; call http_ports_sort before. Returns |text|. */
char *http_ports_format(const struct http_ports *ports, char *text, size_t size);

#endif
