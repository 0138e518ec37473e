/* Property: any bytes as an expression are refused with a printable line and a place within it, or compile. Then, on any
 * bytes as the heads of an exchange: it answers yes or no once all is known, the same again; what it answers early it
 * answers in the end; and its negation answers the opposite. Input: the expression, a newline, the request's head,
 * and after an empty line the response's. */
#include "common/select.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct select *compile(const char *text)
{
    struct select *select = NULL;
    struct select_span span;
    struct error err = {0};
    if (select_compile(text, &select, &span, &err) == 0)
        return select;
    assert(err.kind == ERROR_USAGE && err.text[0]);
    assert(span.start <= strlen(text) && span.size <= strlen(text) - span.start + 1);
    for (const char *c = err.text; *c; c++)
        assert(*c >= 0x20 && *c < 0x7f);
    return NULL;
}

static void make_exchange(struct exchange *exchange, const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memmem(data, size, "\n\r\n", 3) : NULL;
    size_t request = end ? (size_t)(end - data) + 3 : size;
    buffer_append(&exchange->request.head, data, request);
    buffer_append(&exchange->response.head, data + request, size - request);
    exchange->status = size ? (uint16_t)(data[0] * 3) : 0;
    exchange->server = (struct address){.family = size % 2 ? AF_INET : AF_INET6, .port = (uint16_t)size};
    memcpy(exchange->server.ip, data, size < 16 ? size : 16);
    exchange->flags = size % (1u << EXCHANGE_FLAG_COUNT);
    exchange->request.defects = size;
    exchange->request.first_ns = exchange->request.last_ns = 1000;
    exchange->response.first_ns = exchange->status ? 1000 + size * 1000000 : 0;
    exchange->response.last_ns = exchange->status ? 2000 + size * 1000000 : 0;
}

static void judge(struct select *select, const char *text, const struct exchange *exchange)
{
    enum select_verdict early = select_judge(select, exchange, SELECT_KNOWN_HEAD);
    uint64_t gave_up = select_gave_up(select);
    enum select_verdict verdict = select_judge(select, exchange, SELECT_KNOWN_ALL);
    assert(verdict != SELECT_LATER);
    assert(early == SELECT_LATER || early == verdict);
    assert(early != SELECT_LATER || !select_by_head(select));
    assert(select_judge(select, exchange, SELECT_KNOWN_ALL) == verdict);
    size_t size = strlen(text);
    char *negation = malloc(size + 4);
    if (!negation)
        abort();
    negation[0] = '!';
    negation[1] = '(';
    memcpy(negation + 2, text, size);
    memcpy(negation + 2 + size, ")", 2);
    struct select *opposite = compile(negation); /* too long or deep now, perhaps */
    if (opposite && gave_up == 0)
        assert(select_judge(opposite, exchange, SELECT_KNOWN_ALL) ==
               (verdict == SELECT_YES ? SELECT_NO : SELECT_YES));
    select_free(opposite);
    free(negation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t length = newline ? (size_t)(newline - data) : size;
    char *text = malloc(length + 1);
    if (!text)
        abort();
    if (length)
        memcpy(text, data, length);
    text[length] = '\0';
    struct select *select = compile(text);
    if (select) {
        struct exchange exchange = {0};
        size_t from = newline ? length + 1 : size;
        make_exchange(&exchange, data + from, size - from);
        judge(select, text, &exchange);
        exchange_free(&exchange);
    }
    select_free(select);
    free(text);
    return 0;
}
