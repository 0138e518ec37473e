#include "filters/verbs/explain.h"

#include "common/exchange_codec.h"
#include "common/json_text.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/segment/merge.h"
#include "common/select.h"
#include "common/stop.h"
#include "filters/exchange_json.h"
#include "filters/value_place.h"
#include "filters/value_set.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX 72 /* characters of a replacement in text */

struct explaining {
    const struct explain_options *options;
    struct select *select; /* of the policy; NULL: it keeps all */
    struct sanitizer *sanitizer;
    struct keys *keys; /* owned; NULL where they are given */
    struct exchange exchange;
    struct value_set *made; /* replacements of the exchange at hand */
    struct detector detector;
    struct buffer out;
    uint64_t *touched; /* values, by the number of the rule */
    uint64_t faked[FAKE_TYPES];
    uint64_t shown, damaged;
    bool empty; /* nothing was touched in the exchange at hand */
};

/* What became of something, in a word. */
static const char *outcome_of(const struct explaining *run, const struct sanitize_event *event)
{
    switch (event->step) {
    case SANITIZE_LINE:
        return "left-out";
    case SANITIZE_REMOVED:
        return "removed";
    case SANITIZE_BODY:
        return event->reason == BODY_REASON_NONE    ? "preserved"
               : event->reason == BODY_REASON_PARTS ? "cut"
                                                    : "dropped";
    case SANITIZE_VALUE:
        break;
    }
    if (event->strategy == STRATEGY_PRESERVE)
        return "preserved";
    if (!bytes_equal(event->value, event->replacement))
        return "replaced";
    return sanitizer_is_ours(run->sanitizer, event->value) ? "kept-pseudonym" : "kept";
}

/* Appends what decided on a value, and of what class it is for that: "rule json:$.a (line 4)", "name: credential", "look: email in base64". */
static void append_cause(struct explaining *run, const struct sanitize_event *event)
{
    struct buffer *out = &run->out;
    const struct policy_rule *rule = policy_written_rule(run->options->policy, event->decision.rule);
    if (event->found)
        buffer_printf(out, "look: %s", detect_class_name(event->found->class));
    if (event->found && event->found->wrapping != WRAPPING_NONE)
        buffer_printf(out, " in %s", wrapping_name(event->found->wrapping));
    if (rule)
        buffer_printf(out, "%srule %s", event->found ? ", " : "", rule->location);
    if (rule && rule->line > 0)
        buffer_printf(out, " (line %u)", rule->line);
    if (rule || event->found)
        return;
    if (event->step == SANITIZE_BODY)
        buffer_append_text(out, body_reason_name(event->reason));
    else if (event->step == SANITIZE_LINE)
        buffer_append_text(out, "no line of a message");
    else if (event->unclear)
        buffer_append_text(out, "cannot be told apart");
    else
        buffer_printf(out, "name: %s", policy_class_name(event->decision.class));
}

/* Appends |text| for a terminal, cut. */
static void append_shown(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size && i < SHOWN_MAX; i++) {
        if (text.data[i] >= 0x20 && text.data[i] < 0x7f)
            buffer_append_byte(out, text.data[i]);
        else
            buffer_printf(out, "\\x%02x", text.data[i]);
    }
    if (text.size > SHOWN_MAX)
        buffer_append_text(out, "...");
}

/* Appends |text|, padded to |width| since |from|, and two blanks. */
static void pad(struct buffer *out, size_t from, size_t width)
{
    while (out->size - from < width)
        buffer_append_byte(out, ' ');
    buffer_append_text(out, "  ");
}

/* Appends the name of a strategy, of a fake with its type, as a column. */
static void put_strategy(struct buffer *out, enum strategy_kind kind, enum fake_type fake)
{
    size_t from = out->size;
    buffer_append_text(out, strategy_kind_name(kind));
    if (kind == STRATEGY_FAKE)
        buffer_printf(out, " %s", fake_type_name(fake));
    pad(out, from, 8);
}

/* The same as members of JSON. */
static void put_strategy_json(struct buffer *out, enum strategy_kind kind, enum fake_type fake)
{
    buffer_printf(out, ",\"strategy\":\"%s\"", strategy_kind_name(kind));
    if (kind == STRATEGY_FAKE)
        buffer_printf(out, ",\"type\":\"%s\"", fake_type_name(fake));
}

static bool is_whole(const struct sanitize_event *event)
{
    return event->step == SANITIZE_LINE || event->step == SANITIZE_BODY;
}

static void put_text(struct explaining *run, const struct sanitize_event *event)
{
    struct buffer *out = &run->out;
    buffer_append_text(out, "  ");
    size_t from = out->size;
    value_place_text(&run->detector, event, is_whole(event), out);
    pad(out, from, 36);
    from = out->size;
    append_cause(run, event);
    pad(out, from, 36);
    if (event->step == SANITIZE_VALUE && !bytes_equal(event->value, event->replacement)) {
        put_strategy(out, event->strategy, event->fake);
        append_shown(out, event->replacement);
        while (out->data[out->size - 1] == ' ')
            out->size--;
    } else {
        buffer_append_text(out, outcome_of(run, event));
    }
    buffer_append_byte(out, '\n');
}

static void put_string(struct buffer *out, const char *member, struct bytes text)
{
    buffer_printf(out, ",\"%s\":", member);
    if (json_text_is_utf8(text))
        json_text_append(out, text);
    else
        json_text_append_bytes(out, text);
}

static void put_json(struct explaining *run, const struct sanitize_event *event)
{
    struct buffer *out = &run->out;
    const struct policy_rule *rule = policy_written_rule(run->options->policy, event->decision.rule);
    buffer_printf(out, "{\"id\":\"%016" PRIx64 "\",", run->exchange.id);
    value_place_json(&run->detector, event, is_whole(event), out);
    buffer_printf(out, ",\"outcome\":\"%s\"", outcome_of(run, event));
    if (event->step == SANITIZE_VALUE || event->step == SANITIZE_REMOVED)
        put_strategy_json(out, event->strategy, event->fake);
    if (event->step == SANITIZE_VALUE)
        buffer_printf(out, ",\"by\":\"%s\",\"class\":\"%s\"",
                      event->found     ? "look"
                      : event->unclear ? "unclear"
                      : rule           ? "rule"
                                       : "name",
                      event->found ? detect_class_name(event->found->class)
                                   : policy_class_name(event->decision.class));
    if (event->found)
        buffer_printf(out, ",\"coding\":\"%s\"", wrapping_name(event->found->wrapping));
    if (rule) {
        put_string(out, "rule", bytes_of(rule->location));
        buffer_printf(out, ",\"line\":%u", rule->line);
    }
    if (event->step == SANITIZE_BODY)
        buffer_printf(out, ",\"reason\":\"%s\"", body_reason_name(event->reason));
    if (event->step == SANITIZE_VALUE && !bytes_equal(event->value, event->replacement))
        put_string(out, "replacement", event->replacement);
    buffer_append_text(out, "}\n");
}

/* sanitize_observer_fn */
static void put_event(void *arg, const struct sanitize_event *event)
{
    struct explaining *run = arg;
    if (event->step == SANITIZE_BODY && event->reason == BODY_REASON_NONE &&
        event->decision.class != POLICY_PRESERVED)
        return; /* its values were told of */
    if (event->step == SANITIZE_VALUE) {
        bool stays = bytes_equal(event->value, event->replacement);
        if (stays && value_set_has(run->made, event->value))
            return; /* what was put there just now is looked at again */
        if (!stays)
            value_set_add(run->made, event->replacement);
    }
    if (policy_written_rule(run->options->policy, event->decision.rule))
        run->touched[event->decision.rule]++;
    if (event->step == SANITIZE_VALUE && event->strategy == STRATEGY_FAKE)
        run->faked[event->fake]++;
    run->empty = false;
    if (run->options->json)
        put_json(run, event);
    else
        put_text(run, event);
}

static int put_out(struct explaining *run, struct error *err)
{
    bool written = run->out.size == 0 || fwrite(run->out.data, 1, run->out.size, stdout) == run->out.size;
    buffer_clear(&run->out);
    return written ? 0 : error_set_errno(err, ERROR_IO, errno, "cannot write to standard output");
}

/* Explains the exchange at hand. */
static int explain_one(struct explaining *run, struct error *err)
{
    const struct exchange *exchange = &run->exchange;
    bool json = run->options->json;
    bool wanted = !run->select || select_judge(run->select, exchange, SELECT_KNOWN_ALL) == SELECT_YES;
    if (!json)
        buffer_printf(&run->out, "%016" PRIx64 "\n", exchange->id);
    if (!wanted)
        buffer_printf(&run->out,
                      json ? "{\"id\":\"%016" PRIx64 "\",\"outcome\":\"not-selected\"}\n"
                           : "  not recorded: the policy does not select it\n",
                      exchange->id);
    run->empty = true;
    value_set_clear(run->made);
    if (wanted)
        sanitize_links_only(run->sanitizer, &run->exchange);
    if (wanted && run->empty && !json)
        buffer_append_text(&run->out, "  nothing is touched\n");
    run->shown++;
    return put_out(run, err);
}

/* Makes the sanitizer, under which pseudonyms of |recognition_key| (NULL: of nothing) stay unless keys were given. */
static void set_keys(struct explaining *run, const uint8_t *recognition_key)
{
    const struct keys *keys = run->options->keys;
    if (run->sanitizer && (keys || (recognition_key && memcmp(keys_recognition(run->keys), recognition_key,
                                                              SEGMENT_KEY_SIZE) == 0)))
        return;
    sanitizer_free(run->sanitizer);
    keys_free(run->keys);
    run->keys = keys ? NULL : recognition_key ? keys_of_recognition(recognition_key) : keys_random();
    run->sanitizer = sanitizer_create(run->options->policy, keys ? keys : run->keys);
    sanitizer_observe(run->sanitizer, put_event, run);
}

static bool go_on(const struct explaining *run)
{
    return !stop_requested() && (run->options->limit == 0 || run->shown < run->options->limit);
}

static int explain_traffic(struct explaining *run, struct error *err)
{
    const struct option_texts *paths = run->options->paths;
    struct merge *merge;
    struct merge_record record;
    struct bytes payload;
    if (merge_open(paths->items, paths->count, SEGMENT_EXCHANGES, 0, &merge, err) != 0)
        return -1;
    int status = 0;
    while (status == 0 && go_on(run) && merge_next(merge, &record) == MERGE_RECORD) {
        if (!exchange_decode(record.meta, &run->exchange) || !merge_payload(merge, &payload) ||
            !exchange_decode_payload(payload, &run->exchange)) {
            run->damaged++;
            continue;
        }
        set_keys(run, record.header->recognition_key);
        status = explain_one(run, err);
    }
    const struct merge_damage *damage = merge_damage(merge);
    run->damaged += damage->blocks_damaged + damage->segments_refused;
    merge_close(merge);
    return status;
}

static int explain_input(struct explaining *run, struct error *err)
{
    unsigned line = 0;
    if (isatty(STDIN_FILENO))
        log_info("reading exchanges as JSON from standard input");
    set_keys(run, NULL);
    while (go_on(run)) {
        switch (exchange_json_read(stdin, &line, &run->exchange, err)) {
        case EXCHANGE_JSON_END:
            return 0;
        case EXCHANGE_JSON_FAILED:
            return error_prefix(err, "standard input");
        case EXCHANGE_JSON_READ:
            break;
        }
        if (run->exchange.id == 0)
            run->exchange.id = run->shown + 1;
        if (explain_one(run, err) != 0)
            return -1;
    }
    return 0;
}

/* Says of each type of fake that there was how many there are and how one is recognised. */
static void put_fakes(struct explaining *run)
{
    bool any = false;
    for (unsigned i = 0; i < FAKE_TYPES; i++) {
        enum fake_type type = (enum fake_type)i;
        if (run->faked[i] == 0)
            continue;
        if (run->options->json) {
            buffer_printf(&run->out, "{\"fake\":\"%s\",\"made\":%" PRIu64, fake_type_name(type),
                          run->faked[i]);
            buffer_printf(&run->out, ",\"domain\":\"%s\",\"known_by\":\"%s\"}\n", fake_type_domain(type),
                          fake_type_known_by(type));
            continue;
        }
        if (!any)
            buffer_append_text(
                &run->out,
                "fakes: how many values became one, how many there are, and what one is known by\n");
        any = true;
        buffer_printf(&run->out, "  %8" PRIu64 "  %-8s %s; %s\n", run->faked[i], fake_type_name(type),
                      fake_type_domain(type), fake_type_known_by(type));
    }
}

/* Says what each rule touched: one that touches nothing may not mean what its author thinks. */
static void put_rules(struct explaining *run)
{
    uint16_t count = policy_rule_count(run->options->policy);
    if (count > 0 && !run->options->json)
        buffer_append_text(&run->out, "rules, and how many values each touched\n");
    for (uint16_t number = 1; number <= count; number++) {
        const struct policy_rule *rule = policy_written_rule(run->options->policy, number);
        if (run->options->json) {
            buffer_append_text(&run->out, "{\"rule\":");
            json_text_append(&run->out, bytes_of(rule->location));
            buffer_printf(&run->out, ",\"line\":%u", rule->line);
            put_strategy_json(&run->out, rule->strategy.kind, rule->strategy.fake);
            buffer_printf(&run->out, ",\"touched\":%" PRIu64 "}\n", run->touched[number]);
        } else {
            buffer_printf(&run->out, "  %8" PRIu64 "  ", run->touched[number]);
            put_strategy(&run->out, rule->strategy.kind, rule->strategy.fake);
            buffer_printf(&run->out, "%s (line %u)\n", rule->location, rule->line);
        }
    }
}

int explain(const struct explain_options *options, struct error *err)
{
    struct explaining *run = xcalloc(1, sizeof *run);
    struct select_span span;
    const char *select = policy_select(options->policy);
    run->options = options;
    run->made = value_set_create();
    run->touched = xcalloc((size_t)policy_rule_count(options->policy) + 1, sizeof *run->touched);
    int status = select ? select_compile(select, &run->select, &span, err) : 0;
    if (status == 0)
        status = options->paths->count > 0 ? explain_traffic(run, err) : explain_input(run, err);
    put_rules(run);
    put_fakes(run);
    if (status == 0)
        status = put_out(run, err);
    if (fflush(stdout) != 0 && status == 0)
        status = error_set_errno(err, ERROR_IO, errno, "cannot write to standard output");
    if (status == 0 && run->damaged > 0)
        status = error_set(
            err, ERROR_DATA,
            "%" PRIu64
            " blocks, segments or exchanges are damaged and not explained; rehearse verify says where",
            run->damaged);
    sanitizer_free(run->sanitizer);
    keys_free(run->keys);
    select_free(run->select);
    exchange_free(&run->exchange);
    value_set_free(run->made);
    detector_done(&run->detector);
    buffer_free(&run->out);
    free(run->touched);
    free(run);
    return status;
}
