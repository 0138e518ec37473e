/* What an expression of select.h can ask of an exchange: the names, and how each is read. Used by select_parse.c
 * and select.c. */
#ifndef COMMON_SELECT_FIELD_H
#define COMMON_SELECT_FIELD_H

#include "common/exchange.h"

#include <stdbool.h>

/* How a field's values are written and compared. */
enum select_kind {
    SELECT_TEXT,     /* bytes; a field may have several */
    SELECT_STATUS,   /* a number, or a class as 5xx */
    SELECT_SIZE,     /* bytes, K, M, G */
    SELECT_DURATION, /* with a unit */
    SELECT_ADDRESS,  /* address_range.h */
    SELECT_ID,       /* 64 bits in hexadecimal */
    SELECT_FLAG,     /* a name of EXCHANGE_FLAGS */
    SELECT_DEFECT,   /* a name of MESSAGE_DEFECTS */
};

/* Fields: name (ending in '.': a name of the user's follows), kind, known from the request's head, what it is. */
#define SELECT_FIELDS(X)                                                                                     \
    X(METHOD, "method", TEXT, true, "GET, POST, ...: with case, as it was sent")                             \
    X(PATH, "path", TEXT, true, "of the request target, without query")                                      \
    X(TARGET, "target", TEXT, true, "the request target as it was sent")                                     \
    X(HOST, "host", TEXT, true, "that the request names, without port; without case")                        \
    X(QUERY, "query.", TEXT, true, "a query parameter, decoded")                                             \
    X(COOKIE, "cookie.", TEXT, true, "a cookie of the request")                                              \
    X(REQUEST_HEADER, "request.header.", TEXT, true, "a header field of the request")                        \
    X(RESPONSE_HEADER, "response.header.", TEXT, false, "a header field of the final response")              \
    X(STATUS, "status", STATUS, false, "of the final response")                                              \
    X(LATENCY, "latency", DURATION, false, "first byte of the request to last byte of the response")         \
    X(TTFB, "ttfb", DURATION, false, "last byte of the request to first byte of the response")               \
    X(REQUEST_BYTES, "request.bytes", SIZE, false, "of the request's body as it was transferred")            \
    X(RESPONSE_BYTES, "response.bytes", SIZE, false, "of the response's body as it was transferred")         \
    X(SERVER, "server", ADDRESS, true, "the server's address")                                               \
    X(CLIENT, "client", ID, true, "the keyed id of the client's address")                                    \
    X(CONNECTION, "connection", ID, true, "the keyed id of the connection")                                  \
    X(FLAG, "flag", FLAG, false, "of the exchange, as inspect shows them")                                   \
    X(DEFECT, "defect", DEFECT, false, "of request or response")

enum select_field {
#define X(id, name, kind, head, help) SELECT_FIELD_##id,
    SELECT_FIELDS(X)
#undef X
        SELECT_FIELD_COUNT
};

struct select_field_info {
    const char *name;
    enum select_kind kind;
    bool known_by_head;
    const char *help;
};
extern const struct select_field_info select_fields[SELECT_FIELD_COUNT];

/* The values of a text field, one after the other. */
struct select_values {
    const struct exchange *exchange;
    enum select_field field;
    struct bytes name;      /* what stands after the '.' */
    struct buffer *scratch; /* for a value that must be decoded; borrowed */
    struct bytes rest;      /* what was not looked at yet */
    struct bytes list;      /* of the header field that is being looked at */
    bool begun;
};

/* Gets the next value of |values|, borrowed until the next call. Returns false where there is no other. */
bool select_next_value(struct select_values *values, struct bytes *ret_value);
/* Gets the figure of a field of kind STATUS, SIZE, DURATION (ns), ID, FLAG or DEFECT (a bit each). Returns false
 * where the exchange has none. */
bool select_figure(const struct exchange *exchange, enum select_field field, uint64_t *ret_figure);

#endif
