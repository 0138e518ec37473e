/* Property: whatever the bytes, each head is followed by its end, every byte is counted once, body bytes are what the
 * message says; and how a packet is cut changes no event: heads that are read in one pass come to the same as those that
 * are read line by line. */
#include "common/http1.h"
#include "common/http1_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds, const char *claim)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", claim);
        abort();
    }
}

struct run {
    uint64_t body; /* hash of the message's */
    bool open, trailers;
    uint64_t bytes, gap_bytes;
    uint64_t events; /* hash of all */
    uint8_t answers;
};

static uint64_t hash(uint64_t seed, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        seed = (seed ^ bytes[i]) * UINT64_C(0x100000001b3);
    return seed;
}

static void event(struct run *run, uint64_t value)
{
    run->events = hash(run->events, &value, sizeof value);
}

static enum http1_answers on_answers(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    check(!run->open && message->first_ns > 0, "answers is asked between messages");
    return (enum http1_answers)(run->answers & 3);
}

/* The readers of a head that is kept find what lies in it. */
static void read_again(struct bytes head)
{
    struct bytes fields = http1_fields(head), list;
    struct http1_field field, found;
    while (http1_next_field(&fields, &field)) {
        char name[64];
        list = field.value;
        for (struct bytes element; http1_next_element(&list, &element);)
            check(element.size > 0 && element.data >= field.value.data &&
                      element.data + element.size <= field.value.data + field.value.size,
                  "an element lies in its value");
        if (!field.split || field.name.size >= sizeof name || memchr(field.name.data, 0, field.name.size))
            continue;
        memcpy(name, field.name.data, field.name.size);
        name[field.name.size] = '\0';
        check(http1_find_field(head, name, &found) && found.line.data <= field.line.data, "a name is found");
        list = field.value;
        struct bytes element;
        check(http1_next_element(&list, &element) || !http1_list_has(field.value, "chunked"),
              "an empty list has no element");
    }
}

static void on_head(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    check(!run->open, "a head follows an end");
    run->open = true;
    run->trailers = false;
    run->bytes = 0;
    run->body = 0;
    struct bytes fields = http1_fields(message->head);
    struct http1_field field;
    while (http1_next_field(&fields, &field)) {
        check(!field.split || (message->initials >> (field.name.data[0] & 31) & 1),
              "initials hold every name's");
    }
    read_again(message->head);
    event(run, hash(2, message->head.data, message->head.size));
}

static void on_body(void *arg, struct bytes content)
{
    struct run *run = arg;
    check(run->open && !run->trailers && content.size > 0, "content lies between head and end");
    run->bytes += content.size;
    run->body = hash(run->body, content.data, content.size);
}

static void on_body_gap(void *arg, uint64_t bytes)
{
    struct run *run = arg;
    check(run->open, "lost content lies between head and end");
    run->bytes += bytes;
    event(run, bytes);
}

static void on_trailers(void *arg, struct bytes lines)
{
    struct run *run = arg;
    check(run->open && !run->trailers && lines.size > 0, "trailers come once");
    run->trailers = true;
    event(run, hash(3, lines.data, lines.size));
}

static void on_end(void *arg, const struct http1_message *message)
{
    struct run *run = arg;
    check(run->open, "an end follows a head");
    check(message->body_bytes == run->bytes, "content adds up");
    check(message->last_ns >= message->first_ns, "time runs forward");
    run->open = false;
    event(run, run->body);
    event(run, message->defects);
    event(run, (uint64_t)message->complete | (uint64_t)message->gap << 1 | (uint64_t)message->head_cut << 2 |
                   (uint64_t)message->status << 8 | (uint64_t)message->framing << 32);
}

/* How a run cuts and loses. */
struct plan {
    uint8_t flags;
    uint64_t random;
    bool cut; /* packets into parts */
};

static uint64_t next(struct plan *plan)
{
    plan->random ^= plan->random << 13;
    plan->random ^= plan->random >> 7;
    plan->random ^= plan->random << 17;
    return plan->random;
}

static void feed_packet(struct http1 *parser, struct bytes packet, uint64_t time_ns, bool cut, uint64_t seed)
{
    struct plan parts = {.random = seed | 1};
    size_t at = 0;
    while (at < packet.size) {
        size_t size = packet.size - at;
        if (cut && next(&parts) % 3 != 0)
            size = 1 + next(&parts) % (size < 16 ? size : 16);
        uint8_t *copy = malloc(size);
        check(copy != NULL, "memory");
        memcpy(copy, packet.data + at, size);
        http1_feed(parser, bytes_make(copy, size), time_ns, at == 0);
        free(copy);
        at += size;
    }
}

static void run_parser(struct bytes data, struct plan plan, struct run *run)
{
    const struct http1_handler handler = {run,         on_answers,  on_head, on_body,
                                          on_body_gap, on_trailers, on_end};
    const struct http1_limits small = {.head_bytes = 512, .line_bytes = 128, .head_fields = 8};
    run->answers = plan.flags >> 2;
    struct http1 *parser = http1_create(plan.flags & 1 ? HTTP1_RESPONSES : HTTP1_REQUESTS, &handler,
                                        plan.flags & 32 ? &small : NULL);
    if (plan.flags & 2)
        http1_set_midstream(parser);
    uint64_t time_ns = 1, lost = 0;
    for (size_t at = 0; at < data.size; time_ns++) {
        size_t size = plan.flags & 16 ? 1 + next(&plan) % (plan.flags & 64 ? 60 : 200) : data.size;
        if (size > data.size - at)
            size = data.size - at;
        if ((plan.flags & 64) && next(&plan) % 3 == 0) {
            uint64_t bytes = next(&plan) % 3 == 0 ? 0 : 1 + next(&plan) % 100;
            lost += bytes;
            http1_gap(parser, bytes, time_ns);
        }
        feed_packet(parser, bytes_make(data.data + at, size), time_ns, plan.cut, plan.random);
        at += size;
    }
    if ((plan.flags & 128) && next(&plan) % 4 == 0)
        http1_make_opaque(parser);
    event(run, http1_mode(parser));
    event(run, http1_lost_framing(parser));
    const char *protocol = http1_protocol(parser);
    event(run, protocol ? strlen(protocol) : 0);
    http1_finish(parser, plan.flags & 1, time_ns);
    check(!run->open, "every head has its end");
    const struct http1_counts *counts = http1_counts(parser);
    check(counts->bytes_recorded + counts->bytes_skipped + counts->bytes_opaque == data.size, "bytes add up");
    check(counts->bytes_gap == lost, "lost bytes add up");
    event(run, counts->bytes_recorded);
    event(run, counts->bytes_skipped);
    http1_clear(parser);
    check(http1_mode(parser) == HTTP1_READING && http1_counts(parser)->bytes_recorded == 0, "cleared is new");
    http1_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct plan plan = {.flags = data[0], .random = ((uint64_t)data[1] << 8 | data[2]) + 1};
    struct bytes stream = bytes_make(data + 3, size - 3);
    static struct run whole, cut;
    memset(&whole, 0, sizeof whole);
    memset(&cut, 0, sizeof cut);
    run_parser(stream, plan, &whole);
    plan.cut = true;
    run_parser(stream, plan, &cut);
    check(whole.events == cut.events, "cutting packets changes nothing");
    return 0;
}
