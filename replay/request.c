#include "replay/request.h"

#include "common/coding.h"
#include "common/http1_head.h"
#include "filters/pseudonym.h"
#include "replay/fresh.h"
#include "replay/state/accounts.h"
#include "replay/state/link_rules.h"
#include "replay/state/url_places.h"

#include <string.h>

#define RUN_HEADER "X-Rehearse-Run"
/* Whether |name| is |text|, a literal. */
#define IS(name, text) bytes_equal_nocase(name, BYTES_LITERAL(text))
#define HEAD_GROWS     256 /* bytes that a head is expected to grow by */

/* What building one request passes around. */
struct build {
    struct request *request;
    const struct request_rules *rules;
    struct linker *linker;
    const struct linker_context *context;
    const struct exchange *exchange;
    struct http1_request_line line;
    struct bytes recorded_host;
    struct bytes host; /* that takes its place; no data: as recorded */
    bool conditional_linked;
    bool authorized;
    bool noted;            /* a field may say something about how the request is to be sent */
    bool scans;            /* the request carries a credential: its parts are searched for pseudonyms */
    const uint8_t *copied; /* as far as the recorded head is in the new one already */
    const struct id_spot *spots;
    size_t spot_count;
    struct linker_context own;         /* with what its account has */
    struct linker_override *overrides; /* room for them */
    struct link_injection injection;
};

/* Appends |text| with the pseudonyms in it replaced. */
static void put_linked(struct build *build, enum link_place place, struct bytes text, struct buffer *out)
{
    if (build->scans)
        linker_replace(build->linker, build->context, place, text, out, &build->request->found);
    else
        buffer_append_bytes(out, text);
}

static bool is_within(const struct id_spot *spot, struct bytes text)
{
    return text.size && spot->value.data >= text.data && spot->value.data < text.data + text.size;
}

/* Appends |text|, a part of the recorded request, with the ids in it replaced. Returns whether any stands in it. */
static bool put_ids(struct build *build, struct bytes text, struct buffer *out)
{
    const uint8_t *copied = text.data;
    bool any = false;
    for (size_t i = 0; i < build->spot_count; i++) {
        const struct id_spot *spot = &build->spots[i];
        if (!is_within(spot, text))
            continue;
        any = true;
        size_t before = out->size;
        buffer_append(out, copied, (size_t)(spot->value.data - copied));
        if (linker_put_id(build->linker, build->context, spot, out)) {
            copied = spot->value.data + spot->value.size;
            build->request->found.linked++;
        } else {
            out->size = before;
            build->request->found.unlinked++;
        }
    }
    if (any)
        buffer_append(out, copied, (size_t)(text.data + text.size - copied));
    return any;
}

/* Appends |target| with what was created in it in its place at the target. Returns false, with nothing appended, where nothing was. */
static bool put_places(struct build *build, struct bytes target, struct buffer *out)
{
    size_t size;
    struct bytes actual, rest;
    if (!linker_place(build->linker, build->context, target, &size, &actual))
        return put_ids(build, target, out);
    build->request->found.linked++;
    buffer_append_bytes(out, actual);
    rest = bytes_make(target.data + size, target.size - size);
    if (!put_ids(build, rest, out))
        buffer_append_bytes(out, rest);
    return true;
}

static bool find_place(void *arg, struct bytes path, size_t *ret_size, struct bytes *ret_actual)
{
    const struct build *build = arg;
    return linker_place(build->linker, build->context, path, ret_size, ret_actual);
}

/* Appends |text|, JSON or pairs, with the URLs in it leading to what was created. Returns false, with nothing appended, where none does. */
static bool put_urls(struct build *build, enum link_place place, struct bytes text, struct buffer *out)
{
    const struct url_places places = {find_place, build, build->recorded_host};
    size_t count = place == LINK_PLACE_JSON ? url_places_in_json(&places, text, out)
                                            : url_places_in_pairs(&places, text, out);
    build->request->found.linked += count;
    return count > 0;
}

static void swap(struct buffer *a, struct buffer *b)
{
    struct buffer kept = *a;
    *a = *b;
    *b = kept;
}

/* Returns false where a rewrite failed. */
static bool put_target(struct build *build)
{
    struct request *request = build->request;
    struct buffer *head = &request->head, *linked = &request->target[1], *rewritten = &request->target[2];
    struct bytes target = build->line.target, authority, rest;
    if (target.size && target.data[0] != '/' && target.data[0] != '*' &&
        url_split(target, &authority, &rest)) {
        buffer_append_text(head, build->rules->base_path);
        if (!rest.size || rest.data[0] != '/')
            buffer_append_byte(head, '/');
        target = rest;
    } else if (target.size && target.data[0] == '/') {
        buffer_append_text(head, build->rules->base_path);
    }
    for (size_t i = 0; i < 3; i++)
        buffer_clear(&request->target[i]);
    if (put_places(build, target, &request->target[0]))
        target = buffer_bytes(&request->target[0]);
    const uint8_t *query = linker_knows_places(build->linker) ? memchr(target.data, '?', target.size) : NULL;
    if (query) {
        size_t before = (size_t)(query + 1 - target.data);
        buffer_append(rewritten, target.data, before);
        if (put_urls(build, LINK_PLACE_FORM, bytes_make(query + 1, target.size - before), rewritten))
            target = buffer_bytes(rewritten);
    }
    put_linked(build, LINK_PLACE_QUERY, target, linked);
    buffer_clear(rewritten);
    struct rewriter *rewriters[] = {build->injection.rewriter, build->rules->rewriter};
    for (size_t i = 0; i < 2; i++) {
        if (!rewriters[i])
            continue;
        enum rewrite_verdict verdict = rewriter_target(rewriters[i], buffer_bytes(linked), rewritten);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED) {
            swap(linked, rewritten);
            buffer_clear(rewritten);
        }
    }
    buffer_append_bytes(head, buffer_bytes(linked));
    return true;
}

/* Finds out which host is sent. Returns false where a rewrite failed. */
static bool choose_host(struct build *build)
{
    struct buffer *made = &build->request->host;
    const struct request_rules *rules = build->rules;
    buffer_clear(made);
    if (rules->host)
        build->host = bytes_of(rules->host);
    if (!rules->rewriter || !build->recorded_host.size)
        return true;
    enum rewrite_verdict verdict = rewriter_host(rules->rewriter, build->recorded_host, made);
    if (verdict == REWRITE_CHANGED)
        build->host = buffer_bytes(made);
    return verdict != REWRITE_FAILED;
}

/* Connection without the option close; nothing appended says that nothing is left of it. */
static void put_connection(struct bytes value, struct buffer *out)
{
    struct bytes element;
    size_t before = out->size;
    while (http1_next_element(&value, &element)) {
        if (IS(element, "close"))
            continue;
        if (out->size > before)
            buffer_append_text(out, ", ");
        buffer_append_bytes(out, element);
    }
}

static void put_origin(struct build *build, struct bytes value, struct buffer *out)
{
    struct bytes authority, rest;
    if (build->host.data && build->recorded_host.size && url_split(value, &authority, &rest) &&
        bytes_equal_nocase(url_plain_authority(authority), url_plain_authority(build->recorded_host))) {
        if (build->rules->scheme)
            buffer_printf(out, "%s://", build->rules->scheme);
        else
            buffer_append(out, value.data, (size_t)(authority.data - value.data));
        buffer_append_bytes(out, build->host);
        size_t size;
        struct bytes actual;
        if (linker_place(build->linker, build->context, rest, &size, &actual)) {
            build->request->found.linked++;
            buffer_append_bytes(out, actual);
            rest = bytes_make(rest.data + size, rest.size - size);
        }
        put_linked(build, LINK_PLACE_QUERY, rest, out);
        return;
    }
    put_linked(build, LINK_PLACE_QUERY, value, out);
}

static void put_validators(struct build *build, struct bytes name, struct bytes value, struct buffer *out)
{
    struct bytes element, issued, rest = value;
    bool is_list = IS(name, "If-None-Match") || IS(name, "If-Match");
    bool linked = false;
    const uint8_t *copied = value.data;
    while (is_list ? http1_next_element(&rest, &element) : rest.size > 0) {
        if (!is_list) {
            element = rest;
            rest.size = 0;
        }
        if (!linker_validator(build->linker, build->context, build->line.target, element, &issued))
            continue;
        buffer_append(out, copied, (size_t)(element.data - copied));
        buffer_append_bytes(out, issued);
        copied = element.data + element.size;
        linked = true;
    }
    buffer_append(out, copied, (size_t)(value.data + value.size - copied));
    if (IS(name, "If-None-Match") || IS(name, "If-Modified-Since")) {
        build->request->conditional = true;
        build->conditional_linked = build->conditional_linked || linked;
    }
}

static void put_number(size_t number, struct buffer *out)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    buffer_append(out, digits + at, sizeof digits - at);
}

/* Fields that are looked at by name, beside those of fresh.h. */
enum known {
    OTHER,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    COOKIE,
    EXPECT,
    HOST,
    ORIGIN, /* or Referer */
    RUN,
    VALIDATOR,
};

static enum known known_of(struct bytes name)
{
    static const struct {
        struct bytes name;
        enum known known;
    } names[] = {
        {BYTES_LITERAL("Host"), HOST},
        {BYTES_LITERAL("Cookie"), COOKIE},
        {BYTES_LITERAL("Authorization"), AUTHORIZATION},
        {BYTES_LITERAL("Content-Length"), CONTENT_LENGTH},
        {BYTES_LITERAL("Connection"), CONNECTION},
        {BYTES_LITERAL("Expect"), EXPECT},
        {BYTES_LITERAL("Origin"), ORIGIN},
        {BYTES_LITERAL("Referer"), ORIGIN},
        {BYTES_LITERAL("If-None-Match"), VALIDATOR},
        {BYTES_LITERAL("If-Modified-Since"), VALIDATOR},
        {BYTES_LITERAL("If-Match"), VALIDATOR},
        {BYTES_LITERAL("If-Unmodified-Since"), VALIDATOR},
        {BYTES_LITERAL("If-Range"), VALIDATOR},
        {BYTES_LITERAL(RUN_HEADER), RUN},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (name.size == names[i].name.size && bytes_equal_nocase(name, names[i].name))
            return names[i].known;
    return OTHER;
}

static void put_other(struct build *build, const struct http1_field *field, struct buffer *out)
{
    const struct request_rules *rules = build->rules;
    if (!rules->verbatim && fresh_is_header(field->name))
        fresh_append(field->value, rules->run_id, build->context->iteration, out);
    else if (build->scans || IS(field->name, "Cookie"))
        linker_replace_header(build->linker, build->context, field->name, field->value, out,
                              &build->request->found);
    else
        buffer_append_bytes(out, field->value);
}

/* Returns whether a Content-Length stays as it was recorded because it is a defect. Where it said a length, in another way than it is to be
 * said, it stays as long as that is right. */
static bool keeps_length(const struct build *build, struct bytes value)
{
    uint64_t defects = build->exchange->request.defects;
    if (defects & (MESSAGE_DEFECT(LENGTH_CONFLICT) | MESSAGE_DEFECT(LENGTH_INVALID)))
        return true;
    if (!(defects & (MESSAGE_DEFECT(LENGTH_REPEATED) | MESSAGE_DEFECT(LENGTH_ZEROS))))
        return false;
    size_t length = 0, at = 0;
    for (; at < value.size && value.data[at] >= '0' && value.data[at] <= '9' && length < SIZE_MAX / 20; at++)
        length = length * 10 + (size_t)(value.data[at] - '0');
    return at > 0 && length == build->request->body.size;
}

/* Writes the new value of |field| to |out|. */
static void put_value(struct build *build, const struct http1_field *field, enum known known,
                      struct buffer *out)
{
    const struct request_rules *rules = build->rules;
    const struct body *body = &build->exchange->request.body;
    if (build->spot_count && put_ids(build, field->value, out))
        return;
    if (known == CONTENT_LENGTH && keeps_length(build, field->value)) {
        buffer_append_bytes(out, field->value);
    } else if (known == AUTHORIZATION && rules->bearer.data) {
        build->authorized = true;
        buffer_append_bytes(out, rules->bearer);
    } else if (known == HOST) {
        buffer_append_bytes(out, build->host.data ? build->host : field->value);
    } else if (known == CONTENT_LENGTH && body->framing == BODY_FRAMING_LENGTH) {
        put_number(build->request->body.size, out);
    } else if (known == CONNECTION && rules->pooled && http1_list_has(field->value, "close")) {
        put_connection(field->value, out);
    } else if (known == ORIGIN) {
        put_origin(build, field->value, out);
    } else if (known == VALIDATOR) {
        put_validators(build, field->name, field->value, out);
    } else {
        put_other(build, field, out);
    }
}

static bool ends_name(uint8_t byte)
{
    return byte == ':' || byte == ' ' || byte == '\t';
}

/* Returns whether the field at |line|, of which at least 16 bytes can be read, is none of those that are looked at by name: told by
 * its first letter and its size alone, which is enough for what most fields are called. */
static bool stays(const uint8_t *line)
{
    switch (line[0] | 0x20) {
    case 'a': /* Authorization; not Accept and its kin */
    case 'u': /* uber-trace-id; not User-Agent */
        return !ends_name(line[13]);
    case 'c': /* Connection, Content-Length, Cookie, Correlation-Id; not Content-Type, Cache-Control */
        return !ends_name(line[10]) && !ends_name(line[14]) && !ends_name(line[6]);
    case 'd':
    case 'f':
    case 'k':
    case 's':
    case 'v':
    case 'w':
        return true;
    case 'e': /* Expect */
        return !ends_name(line[6]);
    default: /* b3; Host; If-None-Match and its kin, Idempotency-Key; Origin; Proxy-Authorization; Referer, Request-Id; traceparent;
                X-Request-ID and its kin; or what is hardly ever sent */
        return false;
    }
}

/* Passes over the lines at the front of |fields| that stay as they are. |prefix|: where the first pseudonym may begin, if any. */
static void pass_over(const struct build *build, struct bytes *fields, const uint8_t *prefix)
{
    while (!build->spot_count && fields->size > 16 && stays(fields->data)) {
        const uint8_t *lf = memchr(fields->data, '\n', fields->size - 1);
        if (!lf || (prefix && prefix < lf) || lf[1] == ' ' || lf[1] == '\t')
            return;
        *fields = bytes_make(lf + 1, fields->size - (size_t)(lf + 1 - fields->data));
    }
}

/* Copies what stands before |end| in the recorded head, as far as it is not there yet. */
static void copy_up_to(struct build *build, const uint8_t *end)
{
    buffer_append(&build->request->head, build->copied, (size_t)(end - build->copied));
    build->copied = end;
}

static void put_field(struct build *build, const struct http1_field *field)
{
    struct buffer *head = &build->request->head;
    struct rewriter *rewriter = build->rules->rewriter;
    const uint8_t *line_end = field->line.data + field->line.size;
    enum known known = field->split ? known_of(field->name) : OTHER;
    if (known == RUN) {
        copy_up_to(build, field->line.data);
        build->copied = line_end;
        return;
    }
    build->noted |= known == CONNECTION || known == EXPECT;
    if (!field->split || !field->value.size || (rewriter && rewriter_discards(rewriter, field->name)))
        return;
    copy_up_to(build, field->value.data);
    size_t before = head->size;
    put_value(build, field, known, head);
    build->copied = field->value.data + field->value.size;
    if (head->size == before && known == CONNECTION) {
        head->size -= (size_t)(field->value.data - field->line.data);
        build->copied = line_end;
    }
}

/* Notes what |field| says about how the request is to be sent. */
static void note_field(struct build *build, const struct http1_field *field)
{
    struct request *request = build->request;
    if (IS(field->name, "Expect") && IS(field->value, "100-continue"))
        request->expect_continue = request->body.size > 0;
    if (IS(field->name, "Connection") && !build->rules->pooled)
        request->close = request->close || http1_list_has(field->value, "close");
}

/* Rewrites the header lines as they stand in the head. Returns false where a rewrite failed. */
static bool rewrite_fields(struct build *build)
{
    struct request *request = build->request;
    struct buffer *made = &request->scratch[0];
    struct rewriter *rewriters[] = {build->injection.rewriter, build->rules->rewriter};
    for (size_t i = 0; i < 2; i++) {
        if (!rewriters[i])
            continue;
        buffer_clear(made);
        enum rewrite_verdict verdict = rewriter_head(rewriters[i], buffer_bytes(&request->head), made);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED)
            swap(&request->head, made);
    }
    return true;
}

/* Writes the head. Returns false where a rewrite failed. */
static bool put_head(struct build *build, struct bytes head)
{
    struct request *request = build->request;
    struct bytes fields = http1_fields(head), target = build->line.target;
    struct http1_field field;
    buffer_reserve(&request->head, head.size + HEAD_GROWS);
    buffer_append(&request->head, head.data, (size_t)(target.data - head.data));
    if (!put_target(build))
        return false;
    build->copied = target.data + target.size;
    const uint8_t *prefix = build->scans ? pseudonym_prefix(fields) : NULL;
    for (;;) {
        pass_over(build, &fields, prefix);
        if (!http1_next_field(&fields, &field))
            break;
        put_field(build, &field);
        if (prefix && prefix < fields.data)
            prefix = pseudonym_prefix(fields);
    }
    copy_up_to(build, fields.data);
    if (build->rules->bearer.data && !build->authorized) {
        buffer_append_text(&request->head, "Authorization: ");
        buffer_append_bytes(&request->head, build->rules->bearer);
        buffer_append_text(&request->head, "\r\n");
    }
    if (!rewrite_fields(build))
        return false;
    fields = http1_fields(buffer_bytes(&request->head));
    while ((build->noted || build->rules->rewriter) && http1_next_field(&fields, &field))
        note_field(build, &field);
    buffer_append_text(&request->head, RUN_HEADER ": ");
    buffer_append_text(&request->head, build->rules->run_id);
    buffer_append_text(&request->head, "\r\n\r\n");
    return true;
}

static enum link_place body_place(struct bytes head)
{
    struct http1_field type;
    if (!http1_find_field(head, "Content-Type", &type))
        return LINK_PLACE_BODY;
    if (memmem(type.value.data, type.value.size, "json", 4))
        return LINK_PLACE_JSON;
    if (memmem(type.value.data, type.value.size, "x-www-form-urlencoded", 21))
        return LINK_PLACE_FORM;
    return LINK_PLACE_BODY;
}

/* Puts into a form, which is in scratch 1, what is to be put there. */
static void inject_form(struct build *build)
{
    struct buffer *plain = &build->request->scratch[1], *made = &build->request->scratch[2], query = {0};
    buffer_append_text(&query, "/?");
    buffer_append_bytes(&query, buffer_bytes(plain));
    buffer_clear(made);
    if (rewriter_target(build->injection.form, buffer_bytes(&query), made) == REWRITE_CHANGED &&
        made->size >= 2) {
        buffer_clear(plain);
        buffer_append(plain, made->data + 2, made->size - 2);
    }
    buffer_free(&query);
}

/* Rewrites JSON, which is in scratch 1. Returns false where a rewrite failed. */
static bool rewrite_body(struct build *build)
{
    struct buffer *plain = &build->request->scratch[1], *made = &build->request->scratch[2];
    struct rewriter *rewriters[] = {build->injection.rewriter, build->rules->rewriter};
    for (size_t i = 0; i < 2; i++) {
        if (!rewriters[i] || !rewriter_wants_json(rewriters[i]))
            continue;
        buffer_clear(made);
        enum rewrite_verdict verdict = rewriter_json(rewriters[i], buffer_bytes(plain), made);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED)
            swap(plain, made);
    }
    return true;
}

/* Appends the trailers to the body. Returns false where a rewrite failed. */
static bool put_trailers(struct build *build)
{
    struct request *request = build->request;
    struct bytes trailers = buffer_bytes(&build->exchange->request.trailers);
    struct buffer *lines = &request->scratch[1], *made = &request->scratch[2];
    struct rewriter *rewriters[] = {build->injection.rewriter, build->rules->rewriter};
    buffer_clear(lines);
    put_linked(build, LINK_PLACE_HEADER, trailers, lines);
    for (size_t i = 0; i < 2 && trailers.size > 0; i++) {
        if (!rewriters[i])
            continue;
        buffer_clear(made);
        enum rewrite_verdict verdict = rewriter_trailers(rewriters[i], buffer_bytes(lines), made);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED)
            swap(lines, made);
    }
    buffer_append_bytes(&request->body, buffer_bytes(lines));
    return true;
}

static enum unsent_reason put_body(struct build *build, struct bytes head)
{
    const struct body *body = &build->exchange->request.body;
    struct request *request = build->request;
    struct buffer *plain = &request->scratch[1], *coded = &request->scratch[2];
    struct bytes content = buffer_bytes(&body->content);
    struct http1_field coding;
    enum link_place place = content.size ? body_place(head) : LINK_PLACE_BODY;
    struct rewriter *injected = build->injection.rewriter;
    bool rewrites =
        content.size && place == LINK_PLACE_JSON &&
        (rewriter_wants_json(build->rules->rewriter) || (injected && rewriter_wants_json(injected)));
    if (rewrites && body->coded)
        return UNSENT_REWRITE_FAILED;
    if (content.size && !body->coded) {
        buffer_clear(plain);
        buffer_clear(coded);
        if (put_ids(build, content, coded))
            content = buffer_bytes(coded);
        buffer_clear(&request->scratch[0]);
        if (place != LINK_PLACE_BODY && linker_knows_places(build->linker) &&
            put_urls(build, place, content, &request->scratch[0]))
            content = buffer_bytes(&request->scratch[0]);
        put_linked(build, place, content, plain);
        if (place == LINK_PLACE_FORM && build->injection.form)
            inject_form(build);
        if (rewrites && !rewrite_body(build))
            return UNSENT_REWRITE_FAILED;
        content = buffer_bytes(plain);
        if (http1_find_field(head, "Content-Encoding", &coding)) {
            if (coding_encode(coding.value, content, coded) != CODING_OK)
                return UNSENT_BODY_DROPPED;
            content = buffer_bytes(coded);
        }
    }
    if (body->framing != BODY_FRAMING_CHUNKED) {
        buffer_append_bytes(&request->body, content);
        return UNSENT_NONE;
    }
    if (content.size) {
        buffer_printf(&request->body, "%zx\r\n", content.size);
        buffer_append_bytes(&request->body, content);
        buffer_append_text(&request->body, "\r\n");
    }
    buffer_append_text(&request->body, "0\r\n");
    if (!put_trailers(build))
        return UNSENT_REWRITE_FAILED;
    buffer_append_text(&request->body, "\r\n");
    return UNSENT_NONE;
}

/* Finds out what of the request is linked. */
static void find_linked(struct build *build, struct id_spot spots[ID_SPOTS_MAX])
{
    const struct exchange *exchange = build->exchange;
    bool ids = false;
    for (size_t i = 0; i < exchange->link_count; i++) {
        build->scans |= exchange->links[i].kind == LINK_USES;
        ids |= exchange->links[i].kind == LINK_REFERS;
    }
    if (build->scans && build->rules->accounts) {
        build->own.override_count = accounts_apply(build->rules->accounts, build->own.account, exchange,
                                                   build->own.recognition_key, build->overrides);
        build->own.overrides = build->overrides;
        build->context = &build->own;
    }
    build->spots = spots;
    build->spot_count = ids ? id_spots_carried(exchange, spots) : 0;
}

enum unsent_reason request_build(struct request *request, const struct request_rules *rules,
                                 struct linker *linker, const struct linker_context *context,
                                 const struct exchange *exchange)
{
    struct build build = {.request = request,
                          .rules = rules,
                          .linker = linker,
                          .context = context,
                          .exchange = exchange,
                          .own = *context};
    struct bytes head = buffer_bytes(&exchange->request.head);
    struct http1_field field;
    struct id_spot spots[ID_SPOTS_MAX];
    struct linker_override overrides[ACCOUNTS_OVERRIDES_MAX];
    build.overrides = overrides;
    buffer_clear(&request->head);
    buffer_clear(&request->body);
    request->expect_continue = request->conditional = request->close = false;
    request->found = (struct linker_found){0};
    if (rules->rewriter)
        rewriter_begin(rules->rewriter);
    if (!http1_request_line(head, &build.line))
        return UNSENT_BODY_DROPPED;
    find_linked(&build, spots);
    if (rules->values && link_values_injection(rules->values, context, head, &build.injection)) {
        struct rewriter *injected[] = {build.injection.rewriter, build.injection.form};
        for (size_t i = 0; i < 2; i++)
            if (injected[i])
                rewriter_begin(injected[i]);
        request->found.linked++;
    }
    request->method_is_head = bytes_equal(build.line.method, BYTES_LITERAL("HEAD"));
    struct bytes fields = http1_fields(head);
    bool first = http1_next_field(&fields, &field) && field.split && IS(field.name, "Host");
    if (first || http1_find_field(head, "Host", &field))
        build.recorded_host = field.value;
    enum unsent_reason reason = put_body(&build, head);
    if (reason != UNSENT_NONE)
        return reason;
    if (!choose_host(&build) || !put_head(&build, head))
        return UNSENT_REWRITE_FAILED;
    request->conditional = request->conditional && !build.conditional_linked;
    if (rules->rewriter)
        rewriter_count_request(rules->rewriter);
    return UNSENT_NONE;
}

void request_free(struct request *request)
{
    buffer_free(&request->head);
    buffer_free(&request->body);
    for (size_t i = 0; i < 3; i++)
        buffer_free(&request->scratch[i]);
    for (size_t i = 0; i < 3; i++)
        buffer_free(&request->target[i]);
    buffer_free(&request->host);
}
