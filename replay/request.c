#include "replay/request.h"

#include "filters/pseudonym.h"
#include "replay/fresh.h"
#include "replay/request_build.h"
#include "replay/state/accounts.h"
#include "replay/state/url_places.h"

#include <string.h>

#define RUN_HEADER "X-Rehearse-Run"
/* Whether |name| is |text|, a literal. */
#define IS(name, text) bytes_equal_nocase(name, BYTES_LITERAL(text))
#define HEAD_GROWS     256 /* bytes that a head is expected to grow by */

/* Appends |target| with what was created in it in its place at the target. Returns false, with nothing appended, where nothing was. */
static bool put_places(struct build *build, struct bytes target, struct buffer *out)
{
    size_t size;
    struct bytes actual, rest;
    if (!linker_place(build->linker, build->context, target, &size, &actual))
        return request_build_ids(build, target, out);
    build->request->found.linked++;
    buffer_append_bytes(out, actual);
    rest = bytes_make(target.data + size, target.size - size);
    if (!request_build_ids(build, rest, out))
        buffer_append_bytes(out, rest);
    return true;
}

/* Returns false where a rewrite failed. */
static bool put_target(struct build *build)
{
    struct request *request = build->request;
    struct buffer *head = &request->head, *linked = &request->target[1], *rewritten = &request->target[2];
    struct bytes target = request->line.target, authority, rest;
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
        if (request_build_urls(build, LINK_PLACE_FORM, bytes_make(query + 1, target.size - before),
                               rewritten))
            target = buffer_bytes(rewritten);
    }
    request_build_linked(build, LINK_PLACE_QUERY, target, linked);
    buffer_clear(rewritten);
    struct rewriter *rewriters[] = {build->injection.rewriter, build->rules->rewriter};
    for (size_t i = 0; i < 2; i++) {
        if (!rewriters[i])
            continue;
        enum rewrite_verdict verdict = rewriter_target(rewriters[i], buffer_bytes(linked), rewritten);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED) {
            request_build_swap(linked, rewritten);
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
        request_build_linked(build, LINK_PLACE_QUERY, rest, out);
        return;
    }
    request_build_linked(build, LINK_PLACE_QUERY, value, out);
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
        if (!linker_validator(build->linker, build->context, build->request->line.target, element, &issued))
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
    if (build->spot_count && request_build_ids(build, field->value, out))
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

/* Returns whether what it wrote depends on nothing but |field|, the settings of the run and what struct repeated_key says. */
static bool put_field(struct build *build, const struct http1_field *field)
{
    struct buffer *head = &build->request->head;
    struct rewriter *rewriter = build->rules->rewriter;
    const uint8_t *line_end = field->line.data + field->line.size;
    enum known known = field->split ? known_of(field->name) : OTHER;
    if (known == RUN) {
        copy_up_to(build, field->line.data);
        build->copied = line_end;
        return true;
    }
    build->noted |= known == CONNECTION || known == EXPECT;
    if (!field->split || !field->value.size || (rewriter && rewriter_discards(rewriter, field->name)))
        return false;
    copy_up_to(build, field->value.data);
    size_t before = head->size;
    put_value(build, field, known, head);
    build->copied = field->value.data + field->value.size;
    if (head->size == before && known == CONNECTION) {
        head->size -= (size_t)(field->value.data - field->line.data);
        build->copied = line_end;
    }
    return known == OTHER || known == HOST || known == COOKIE || known == AUTHORIZATION;
}

/* Returns whether header lines can become what they became in the request before. */
static bool may_repeat(const struct build *build)
{
    return !build->spot_count && !build->rules->rewriter && !build->injection.rewriter &&
           !build->rules->bearer.data && !build->context->override_count;
}

/* Takes from the front of |fields| the lines that were built before, as they were. */
static void put_repeated(struct build *build, struct bytes *fields)
{
    struct request *request = build->request;
    const struct linker_context *context = build->context;
    const struct repeated_key key = {.session = context->session,
                                     .known = linker_known(build->linker, context),
                                     .recognition_key = context->recognition_key,
                                     .iteration = context->iteration,
                                     .scans = build->scans};
    const struct repeated_end *end = repeated_lines_find(&request->lines, &key, *fields);
    if (!end)
        return;
    copy_up_to(build, fields->data);
    buffer_append(&request->head, request->lines.built.data, end->built);
    request->found.linked += end->linked;
    request->found.unlinked += end->unlinked;
    *fields = bytes_make(fields->data + end->recorded, fields->size - end->recorded);
    build->copied = fields->data;
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
            request_build_swap(&request->head, made);
    }
    return true;
}

/* Writes the header lines |fields|, up to where it leaves them. */
static void put_fields(struct build *build, struct bytes *fields)
{
    struct request *request = build->request;
    const struct linker_found before = request->found;
    struct http1_field field;
    bool keeps = may_repeat(build);
    if (keeps)
        put_repeated(build, fields);
    const uint8_t *prefix = build->scans ? pseudonym_prefix(*fields) : NULL;
    for (;;) {
        const uint8_t *from = fields->data;
        size_t built = 0;
        if (keeps) {
            copy_up_to(build, from);
            built = request->head.size;
        }
        pass_over(build, fields, prefix);
        if (fields->data == from) {
            if (!http1_next_field(fields, &field))
                return;
            keeps = put_field(build, &field) && keeps;
        }
        if (keeps) {
            copy_up_to(build, fields->data);
            keeps = repeated_lines_add(&request->lines, bytes_make(from, (size_t)(fields->data - from)),
                                       bytes_make(request->head.data + built, request->head.size - built),
                                       request->found.linked - before.linked,
                                       request->found.unlinked - before.unlinked);
        }
        if (prefix && prefix < fields->data)
            prefix = pseudonym_prefix(*fields);
    }
}

/* Writes the head. Returns false where a rewrite failed. */
static bool put_head(struct build *build, struct bytes head)
{
    struct request *request = build->request;
    struct bytes fields = http1_fields(head), target = request->line.target;
    struct http1_field field;
    buffer_reserve(&request->head, head.size + HEAD_GROWS);
    buffer_append(&request->head, head.data, (size_t)(target.data - head.data));
    if (!put_target(build))
        return false;
    build->copied = target.data + target.size;
    put_fields(build, &fields);
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
    if (build->scans && exchange->flags & EXCHANGE_FLAG(UNSANITIZED))
        request_build_find_credentials(build, spots);
    if (linker_knows_ids(build->linker))
        request_build_find_ids(build, spots, buffer_bytes(&exchange->request.head));
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
    if (!http1_request_line(head, &request->line))
        return UNSENT_BODY_DROPPED;
    find_linked(&build, spots);
    if (rules->values && link_values_injection(rules->values, context, head, &build.injection)) {
        struct rewriter *injected[] = {build.injection.rewriter, build.injection.form};
        for (size_t i = 0; i < 2; i++)
            if (injected[i])
                rewriter_begin(injected[i]);
        request->found.linked++;
    }
    request->method_is_head = bytes_equal(request->line.method, BYTES_LITERAL("HEAD"));
    struct bytes fields = http1_fields(head);
    bool first = http1_next_field(&fields, &field) && field.split && IS(field.name, "Host");
    if (first || http1_find_field(head, "Host", &field))
        build.recorded_host = field.value;
    enum unsent_reason reason = request_body_put(&build, head);
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
    repeated_lines_free(&request->lines);
}
