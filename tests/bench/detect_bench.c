/* Speed and quality of the detectors. Quality: of generated values of each class (tests/unit/filters/detect_kit) how many are found plain and in
 * codings, and how many values that are no secret are taken for one. Speed: MB/s of detect_may_find and detect_find over bodies of several kinds, beside memchr for a byte that is not there.
 * `detect_bench [BODY]` runs each for about a third of a second. */
#include "filters/detect/detect.h"
#include "tests/unit/filters/detect_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BODY_SIZE (256u << 10)
#define FINDINGS  4096

static uint64_t state = 42;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static const char *word(void)
{
    static const char *const words[] = {"wooden",   "table",     "garden",      "chair",         "oak",
                                        "outdoor",  "lamp",      "with",        "the",           "sale",
                                        "delivery", "available", "description", "international", "product",
                                        "small",    "and",       "for",         "customers",     "blue"};
    return words[draw(sizeof words / sizeof words[0])];
}

static void words(struct buffer *body, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buffer_printf(body, i ? " %s" : "%s", word());
}

/* An entry of a shop's catalogue: words, prices, dates. */
static void add_plain(struct buffer *body, unsigned i)
{
    buffer_printf(body, "{\"id\":%u,\"name\":\"", 10000 + i);
    words(body, 3);
    buffer_printf(body,
                  "\",\"price\":%u.%02u,\"in_stock\":%s,\"created_at\":\"2026-%02u-%02uT%02u:%02u:%02uZ\","
                  "\"description\":\"",
                  draw(900), draw(100), draw(2) ? "true" : "false", draw(12) + 1, draw(28) + 1, draw(24),
                  draw(60), draw(60));
    words(body, 12);
    buffer_printf(body, "\",\"tags\":[\"%s\",\"%s\"],\"ratings\":[%u,%u,%u]},\n", word(), word(), draw(5),
                  draw(5), draw(500));
}

static void add_hex(struct buffer *body, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buffer_append_byte(body, (uint8_t) "0123456789abcdef"[draw(16)]);
}

/* The same with the ids that APIs give out: UUIDs, digests, numbers of sixteen digits, times in milliseconds, versions. */
static void add_ids(struct buffer *body, unsigned i)
{
    buffer_append_text(body, "{\"uuid\":\"");
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    for (unsigned g = 0; g < 5; g++) {
        if (g)
            buffer_append_byte(body, '-');
        add_hex(body, groups[g]);
    }
    buffer_append_text(body, "\",\"etag\":\"");
    add_hex(body, 40);
    buffer_printf(body, "\",\"order\":%u%08u%07u,\"at\":17327732%05u,\"api\":\"%u.%u.%u\",", draw(9) + 1,
                  draw(100000000), draw(10000000), draw(100000), draw(9), draw(20), draw(30));
    buffer_append_text(body, "\"entry\":");
    add_plain(body, i);
}

/* People: something to find in each entry. */
static void add_people(struct buffer *body, unsigned i)
{
    buffer_printf(body,
                  "{\"name\":\"%s\",\"contact\":\"%s.%s%u@example.org\",\"from\":\"10.%u.%u.%u\",\"note\":\"",
                  word(), word(), word(), i, draw(256), draw(256), draw(256));
    words(body, 8);
    buffer_append_text(body, "\"},\n");
}

static void add_html(struct buffer *body, unsigned i)
{
    buffer_printf(body,
                  "<div class=\"product-card item-%u\"><a href=\"/products/%s-%s?page=%u&amp;sort=price\">",
                  i, word(), word(), draw(20));
    words(body, 3);
    buffer_printf(body, "</a> <span style=\"color:#%06x\">%u.%02u&nbsp;EUR</span></div>\n", draw(1u << 24),
                  draw(900), draw(100));
}

/* An image in base64, as a data URL. */
static void add_image(struct buffer *body, unsigned i)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buffer_printf(body, "{\"image%u\":\"data:image/png;base64,", i);
    for (unsigned n = 0; n < 16384; n++)
        buffer_append_byte(body, (uint8_t)alphabet[draw(64)]);
    buffer_append_text(body, "\"},\n");
}

static void add_form(struct buffer *body, unsigned i)
{
    buffer_printf(body, "name%u=%s+%s&text=%s%%20%s%%2C%%20%s&amount=%u&", i, word(), word(), word(), word(),
                  word(), draw(900));
}

/* Nothing to find, but every coding at once: whoever looks for values in any of them, and in two, has to decode all of it. */
static void add_codings(struct buffer *body, unsigned i)
{
    static const char hidden[] = "a\0b\0c\0";
    buffer_printf(body, "%s%%4%ux\\u004%u&#6%u;a=4%ub=\r\n", word(), draw(9) + 1, draw(9) + 1, draw(9) + 1,
                  draw(9) + 1);
    buffer_printf(body, "%u%%2B1%u+22+3%u 5-6 ", i % 10, draw(9), draw(9));
    buffer_append(body, hidden, sizeof hidden - 1);
    buffer_append_text(body, "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1w 5468652071756963 ");
}

/* The same without what stands for itself. */
static void add_escapes(struct buffer *body, unsigned i)
{
    (void)i;
    buffer_printf(body, "%%4%u\\u004%u&#6%u;=4%u=4%u", draw(9) + 1, draw(9) + 1, draw(5) + 5, draw(9) + 1,
                  draw(9) + 1);
}

static struct detector detector;
static struct detection findings[FINDINGS];

static size_t use_memchr(struct bytes text)
{
    /* A byte that the compiler does not know, so that it looks each time. */
    static volatile uint8_t byte = 0xff;
    return memchr(text.data, byte, text.size) != NULL;
}

static size_t use_may_find(struct bytes text)
{
    return detect_may_find(text);
}

static size_t use_find(struct bytes text)
{
    return detect_find(&detector, text, (struct bytes){0}, DETECT_ALL, findings, FINDINGS);
}

/* Every string by itself, as a locator would hand them over. */
static size_t use_find_strings(struct bytes text)
{
    size_t count = 0, at = 0;
    const uint8_t *quote;
    while (at < text.size && (quote = memchr(text.data + at, '"', text.size - at))) {
        size_t start = (size_t)(quote - text.data) + 1;
        const uint8_t *end = memchr(text.data + start, '"', text.size - start);
        if (!end)
            break;
        struct bytes value = bytes_make(text.data + start, (size_t)(end - text.data) - start);
        if (detect_may_find(value))
            count += use_find(value);
        at = start + value.size + 1;
    }
    return count;
}

/* The strings that detect_next does not rule out. */
static size_t use_next(struct bytes text)
{
    size_t count = 0, at = 0;
    while ((at = detect_next(text, at)) < text.size) {
        const uint8_t *end = memchr(text.data + at, '"', text.size - at);
        size_t start = at;
        while (start > 0 && text.data[start - 1] != '"')
            start--;
        size_t stop = end ? (size_t)(end - text.data) : text.size;
        count += use_find(bytes_make(text.data + start, stop - start));
        at = stop > at ? stop : at + 1;
    }
    return count;
}

/* CPU time: the machine may have other work. */
static uint64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static volatile size_t sink; /* nothing that is measured may be left out */

static double measure(size_t (*use)(struct bytes text), struct bytes text, size_t *ret_count)
{
    uint64_t start = cpu_ns(), end;
    uint64_t bytes = 0;
    do {
        for (int i = 0; i < 8; i++)
            sink = *ret_count = use(text);
        bytes += 8 * text.size;
        end = cpu_ns();
    } while (end - start < 300000000);
    return (double)bytes * 1e3 / (double)(end - start);
}

/* Returns how many of |total| values of |class| in |coding| are found, by their class or as a whole. */
static unsigned recall(struct kit *kit, enum detect_class class, enum kit_coding coding, unsigned total)
{
    struct buffer value = {0}, coded = {0};
    const char *name;
    unsigned hits = 0;
    for (unsigned i = 0; i < total; i++) {
        kit_value(kit, class, &value, &name);
        buffer_clear(&coded);
        kit_wrap(kit, coding, buffer_bytes(&value), &coded);
        size_t count =
            detect_find(&detector, buffer_bytes(&coded), bytes_of(name), DETECT_ALL, findings, FINDINGS);
        bool hit = false;
        for (size_t j = 0; j < count; j++)
            hit = hit || findings[j].class == class || findings[j].size == coded.size;
        hits += hit;
    }
    buffer_free(&value);
    buffer_free(&coded);
    return hits;
}

/* Values that are no secret, by kind and by the class that they are taken for. */
static unsigned taken[KIT_CONTROLS], taken_for[DETECT_CLASSES];

static void count_controls(struct kit *kit, unsigned total)
{
    struct buffer value = {0};
    for (unsigned kind = 0; kind < KIT_CONTROLS; kind++)
        for (unsigned i = 0; i < total; i++) {
            const char *name;
            kit_control(kit, kind, &value, &name);
            if (!detect_find(&detector, buffer_bytes(&value), bytes_of(name), DETECT_ALL, findings, FINDINGS))
                continue;
            taken[kind]++;
            taken_for[findings[0].class]++;
        }
    buffer_free(&value);
}

/* Prints recall of |class| plain and in the codings, and its precision: of as many values of it as of controls of all kinds, and as of each kind of control. */
static void print_class(struct kit *kit, enum detect_class class)
{
    unsigned plain = recall(kit, class, KIT_PLAIN, 10000), all = 0, worst = 1000;
    int worst_coding = KIT_PLAIN + 1;
    for (int coding = KIT_PLAIN + 1; coding < KIT_CODINGS; coding++) {
        unsigned hits = recall(kit, class, (enum kit_coding)coding, 1000);
        all += hits;
        worst_coding = hits < worst ? coding : worst_coding;
        worst = hits < worst ? hits : worst;
    }
    double wrong = taken_for[class];
    printf("%-16s %13.2f%% %13.2f%% %11.2f%% %s %12.2f%% %8.2f%%\n", detect_class_name(class), plain / 100.0,
           all / (10.0 * (KIT_CODINGS - 1)), worst / 10.0, kit_coding_name((enum kit_coding)worst_coding),
           100.0 * plain / (plain + wrong / KIT_CONTROLS), 100.0 * plain / (plain + wrong));
}

static void print_quality(void)
{
    struct kit kit = {1};
    count_controls(&kit, 10000);
    printf("\n%-16s %14s %14s %s %s\n", "class", "recall plain", "recall coded", "(worst coding)",
           "precision: as many controls in all, as many of each kind");
    for (int class = 0; class < DETECT_CLASSES; class ++)
        print_class(&kit, (enum detect_class) class);
    unsigned all = 0;
    printf("\n%-28s %s\n", "no secret", "taken for one");
    for (unsigned kind = 0; kind < KIT_CONTROLS; kind++) {
        all += taken[kind];
        printf("%-28s %.2f%%\n", kit_control_name(kind), taken[kind] / 100.0);
    }
    printf("%-28s %.2f%%\n", "all", all / (100.0 * KIT_CONTROLS));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*add)(struct buffer *body, unsigned i);
    } bodies[] = {
        {"JSON, words and prices", add_plain}, {"JSON, with ids", add_ids},
        {"JSON, people", add_people},          {"HTML", add_html},
        {"base64 images", add_image},          {"form", add_form},
        {"every coding", add_codings},         {"every escape", add_escapes},
    };
    printf("%-24s %8s %8s %8s %8s %8s %9s   (MB/s)\n", "body", "memchr", "may_find", "find", "strings",
           "next", "findings");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (argc > 1 && !strstr(bodies[i].name, argv[1]))
            continue;
        struct buffer body = {0};
        for (unsigned n = 0; body.size < BODY_SIZE; n++)
            bodies[i].add(&body, n);
        struct bytes text = buffer_bytes(&body);
        size_t count = 0, strings = 0, next = 0, may = 0;
        double chr = measure(use_memchr, text, &count), ask = measure(use_may_find, text, &may),
               find = measure(use_find, text, &count);
        double each = measure(use_find_strings, text, &strings), with_next = measure(use_next, text, &next);
        printf("%-24s %8.0f %8.0f %8.0f %8.0f %8.0f %9zu%s\n", bodies[i].name, chr, ask, find, each,
               with_next, count, may ? "" : " (rejected)");
        buffer_free(&body);
    }
    if (argc == 1)
        print_quality();
    detector_done(&detector);
    return 0;
}
