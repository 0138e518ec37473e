/* Recall and precision: generated values of each class, plain and in each coding; values that are no secret; and the labelled sentences of the corpus. */
#include "common/json_text.h"
#include "tests/unit/filters/detect_kit.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX 64

static struct detector detector;

/* Returns whether a finding of |class| overlaps [from, to) of |text|, or one of another class covers it: digits may be a card number in hexadecimal. */
static bool finds(struct bytes text, const char *name, enum detect_class class, size_t from, size_t to)
{
    struct detection found[MAX];
    size_t count = detect_find(&detector, text, bytes_of(name), DETECT_ALL, found, MAX);
    assert_true(count <= MAX);
    if (count > 0 && !*name)
        assert_true(detect_may_find(text));
    for (size_t i = 0; i < count; i++) {
        size_t end = found[i].offset + found[i].size;
        if (found[i].class == class ? found[i].offset < to && end > from
                                    : found[i].offset <= from && end >= to)
            return true;
    }
    return false;
}

/* Puts |value| where values stand: alone, in JSON, in a sentence. */
static void carry(struct kit *kit, const char *name, struct bytes value, struct buffer *out, size_t *ret_from)
{
    static const char *const before[] = {"", "{\"x\":\"", "see ", "a=b;c=", "["};
    static const char *const after[] = {"", "\"}", " now.", ";", "]"};
    unsigned way = *name ? 0 : kit_draw(kit, 5);
    buffer_clear(out);
    buffer_append_text(out, before[way]);
    *ret_from = out->size;
    buffer_append_bytes(out, value);
    buffer_append_text(out, after[way]);
}

/* Counts values of |class| in |coding| that are found, of |total|. */
static unsigned recall(struct kit *kit, enum detect_class class, enum kit_coding coding, unsigned total)
{
    struct buffer value = {0}, coded = {0}, text = {0};
    const char *name;
    unsigned found = 0;
    for (unsigned i = 0; i < total; i++) {
        size_t from = 0;
        kit_value(kit, class, &value, &name);
        buffer_clear(&coded);
        kit_wrap(kit, coding, buffer_bytes(&value), &coded);
        if (coding == KIT_UTF16) {
            buffer_clear(&text);
            buffer_append_bytes(&text, buffer_bytes(&coded));
        } else {
            carry(kit, name, buffer_bytes(&coded), &text, &from);
        }
        bool hit = finds(buffer_bytes(&text), name, class, from, from + coded.size);
        if (!hit && getenv("REHEARSE_SHOW"))
            printf("missed %s, %s: %s = %.*s\n", detect_class_name(class), kit_coding_name(coding), name,
                   (int)text.size, text.data);
        found += hit;
    }
    buffer_free(&value);
    buffer_free(&coded);
    buffer_free(&text);
    return found;
}

static void test_generated_values_are_found_plain(void **state)
{
    (void)state;
    struct kit kit = {20261128};
    for (int class = 0; class < DETECT_CLASSES; class ++) {
        unsigned found = recall(&kit, (enum detect_class) class, KIT_PLAIN, 2000);
        printf("%-16s plain: %u of 2000\n", detect_class_name((enum detect_class) class), found);
        if (found < 1998)
            fail_msg("%s: %u of 2000", detect_class_name((enum detect_class) class), found);
    }
}

static void test_generated_values_are_found_in_each_coding(void **state)
{
    (void)state;
    struct kit kit = {42};
    for (int coding = KIT_PLAIN + 1; coding < KIT_CODINGS; coding++) {
        unsigned all = 0;
        for (int class = 0; class < DETECT_CLASSES; class ++) {
            unsigned found = recall(&kit, (enum detect_class) class, (enum kit_coding)coding, 200);
            all += found;
            if (found < 198)
                fail_msg("%s in %s: %u of 200", detect_class_name((enum detect_class) class),
                         kit_coding_name((enum kit_coding)coding), found);
        }
        printf("%-18s %u of %u\n", kit_coding_name((enum kit_coding)coding), all, 200 * DETECT_CLASSES);
    }
}

/* Some write "\\/". */
static void escape_slashes(struct buffer *json, size_t from)
{
    struct buffer text = {0};
    buffer_append(&text, json->data + from, json->size - from);
    json->size = from;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '/')
            buffer_append_byte(json, '\\');
        buffer_append_byte(json, text.data[i]);
    }
    buffer_free(&text);
}

/* Whatever the detectors find in a value, detect_next names it in the JSON that the value stands in as it is written there. */
static void test_what_is_found_in_a_value_is_seen_in_raw_json(void **state)
{
    (void)state;
    struct kit kit = {99};
    struct buffer value = {0}, coded = {0}, json = {0};
    for (unsigned i = 0; i < 40000; i++) {
        enum detect_class class = (enum detect_class)kit_draw(&kit, DETECT_CLASSES);
        enum kit_coding coding = (enum kit_coding)kit_draw(&kit, KIT_CODINGS);
        struct detection found[MAX];
        const char *name;
        kit_value(&kit, class, &value, &name);
        buffer_clear(&coded);
        buffer_append_text(&coded, kit_draw(&kit, 2) ? "" : kit_draw(&kit, 2) ? "see\n" : "\"x\"\t/");
        kit_wrap(&kit, coding, buffer_bytes(&value), &coded);
        buffer_append_text(&coded, kit_draw(&kit, 2) ? "" : "\\ \"");
        if (detect_find(&detector, buffer_bytes(&coded), (struct bytes){0}, DETECT_ALL, found, MAX) == 0)
            continue;
        buffer_clear(&json);
        buffer_append_text(&json, "{\"some name\":\"plain words\",\"other\":");
        size_t from = json.size;
        json_text_append_bytes(&json, buffer_bytes(&coded));
        if (kit_draw(&kit, 2))
            escape_slashes(&json, from);
        size_t to = json.size;
        buffer_append_text(&json, ",\"last\":\"plain words\"}");
        size_t at = detect_next(buffer_bytes(&json), from);
        if (at < from || at >= to)
            fail_msg("%s, %s: %.*s", detect_class_name(class), kit_coding_name(coding), (int)json.size,
                     json.data);
    }
    buffer_free(&value);
    buffer_free(&coded);
    buffer_free(&json);
}

static void test_values_that_are_no_secret_are_left_alone(void **state)
{
    (void)state;
    struct kit kit = {7};
    struct buffer value = {0}, text = {0};
    unsigned wrong = 0;
    for (unsigned kind = 0; kind < KIT_CONTROLS; kind++) {
        unsigned hits = 0;
        for (unsigned i = 0; i < 1000; i++) {
            struct detection found[MAX];
            const char *name;
            size_t from;
            kit_control(&kit, kind, &value, &name);
            carry(&kit, name, buffer_bytes(&value), &text, &from);
            size_t count =
                detect_find(&detector, buffer_bytes(&text), bytes_of(name), DETECT_ALL, found, MAX);
            hits += count > 0;
            if (count > 0 && getenv("REHEARSE_SHOW"))
                printf("wrong: %s in %.*s\n", detect_class_name(found[0].class), (int)text.size, text.data);
        }
        printf("%-28s %u wrong of 1000\n", kit_control_name(kind), hits);
        /* Of sixteen random digits a tenth passes Luhn, and a third of those has a first digit and length that issuers give out. */
        if (hits > (kind == 7 ? 40u : 10u))
            fail_msg("%s: %u of 1000", kit_control_name(kind), hits);
        wrong += hits;
    }
    assert_true(wrong <= KIT_CONTROLS * 1000 / 100);
    buffer_free(&value);
    buffer_free(&text);
}

/* Whether a finding is of |class|, or also an address of the other kind. */
static bool is_of(enum detect_class class, const struct detection *found)
{
    return found->class == class || (class == DETECT_IPV4 && found->class == DETECT_IPV6);
}

/* What the corpus calls the classes, and the floor of its README: labelled spans found at least, and wrong ones at most. */
static const struct {
    const char *type;
    enum detect_class class;
    unsigned labelled, found, wrong;
} floors[] = {
    {"EMAIL_ADDRESS", DETECT_EMAIL, 49, 49, 0}, {"US_SSN", DETECT_SSN, 16, 16, 0},
    {"IP_ADDRESS", DETECT_IPV4, 14, 14, 0},     {"IBAN_CODE", DETECT_IBAN, 21, 21, 0},
    {"CREDIT_CARD", DETECT_CARD, 136, 134, 2},
};

/* Offsets of the corpus count characters. */
static size_t byte_offset(const char *text, json_int_t characters)
{
    size_t at = 0;
    while (characters > 0 && text[at]) {
        at++;
        while ((text[at] & 0xc0) == 0x80)
            at++;
        characters--;
    }
    return at;
}

static bool overlaps_span(json_t *spans, const char *type, const char *text, const struct detection *found)
{
    size_t i;
    json_t *span;
    json_array_foreach(spans, i, span)
    {
        size_t from = byte_offset(text, json_integer_value(json_object_get(span, "start_position")));
        size_t to = byte_offset(text, json_integer_value(json_object_get(span, "end_position")));
        if (strcmp(json_string_value(json_object_get(span, "entity_type")), type) == 0 &&
            found->offset < to && found->offset + found->size > from)
            return true;
    }
    return false;
}

static void count_sentence(json_t *sentence, size_t floor, unsigned *found, unsigned *labelled,
                           unsigned *wrong)
{
    const char *text = json_string_value(json_object_get(sentence, "full_text"));
    json_t *spans = json_object_get(sentence, "spans"), *span;
    struct detection hits[MAX];
    size_t i, count = detect_find(&detector, bytes_of(text), (struct bytes){0}, DETECT_ALL, hits, MAX);
    assert_true(count <= MAX);
    json_array_foreach(spans, i, span)
    {
        if (strcmp(json_string_value(json_object_get(span, "entity_type")), floors[floor].type) != 0)
            continue;
        size_t from = byte_offset(text, json_integer_value(json_object_get(span, "start_position")));
        size_t to = byte_offset(text, json_integer_value(json_object_get(span, "end_position")));
        bool hit = false;
        for (size_t j = 0; j < count; j++)
            hit = hit || (is_of(floors[floor].class, &hits[j]) && hits[j].offset < to &&
                          hits[j].offset + hits[j].size > from);
        if (!hit && getenv("REHEARSE_SHOW"))
            printf("missed %s: %.*s\n", floors[floor].type, (int)(to - from), text + from);
        *found += hit;
        ++*labelled;
    }
    for (size_t j = 0; j < count; j++)
        if (is_of(floors[floor].class, &hits[j]) &&
            !overlaps_span(spans, floors[floor].type, text, &hits[j])) {
            if (getenv("REHEARSE_SHOW"))
                printf("wrong %s: %.*s in %s\n", floors[floor].type, (int)hits[j].size, text + hits[j].offset,
                       text);
            ++*wrong;
        }
}

static void test_labelled_sentences_are_above_the_floor(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/corpus/pii/synth_dataset_v2.json",
             getenv("REHEARSE_SHARED") ? getenv("REHEARSE_SHARED") : "../shared");
    json_t *sentences = json_load_file(path, 0, NULL);
    if (!sentences) {
        printf("no %s: skipped\n", path);
        skip();
    }
    for (size_t floor = 0; floor < sizeof floors / sizeof floors[0]; floor++) {
        unsigned found = 0, labelled = 0, wrong = 0;
        size_t i;
        json_t *sentence;
        json_array_foreach(sentences, i, sentence)
        {
            count_sentence(sentence, floor, &found, &labelled, &wrong);
        }
        printf("%-14s %u of %u, %u wrong\n", floors[floor].type, found, labelled, wrong);
        assert_int_equal(labelled, floors[floor].labelled);
        assert_true(found >= floors[floor].found && wrong <= floors[floor].wrong);
    }
    json_decref(sentences);
}

static int end(void **state)
{
    (void)state;
    detector_done(&detector);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_values_are_found_plain),
        cmocka_unit_test(test_generated_values_are_found_in_each_coding),
        cmocka_unit_test(test_what_is_found_in_a_value_is_seen_in_raw_json),
        cmocka_unit_test(test_values_that_are_no_secret_are_left_alone),
        cmocka_unit_test(test_labelled_sentences_are_above_the_floor),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
