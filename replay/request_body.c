#include "common/coding.h"
#include "replay/request_build.h"

#include <string.h>

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
            request_build_swap(plain, made);
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
    request_build_linked(build, LINK_PLACE_HEADER, trailers, lines);
    for (size_t i = 0; i < 2 && trailers.size > 0; i++) {
        if (!rewriters[i])
            continue;
        buffer_clear(made);
        enum rewrite_verdict verdict = rewriter_trailers(rewriters[i], buffer_bytes(lines), made);
        if (verdict == REWRITE_FAILED)
            return false;
        if (verdict == REWRITE_CHANGED)
            request_build_swap(lines, made);
    }
    buffer_append_bytes(&request->body, buffer_bytes(lines));
    return true;
}

enum unsent_reason request_body_put(struct build *build, struct bytes head)
{
    const struct body *body = &build->exchange->request.body;
    struct request *request = build->request;
    struct buffer *plain = &request->scratch[1], *coded = &request->scratch[2];
    struct bytes content = buffer_bytes(&body->content);
    struct http1_field coding;
    enum link_place place = content.size ? request_build_body_place(head) : LINK_PLACE_BODY;
    struct rewriter *injected = build->injection.rewriter;
    bool rewrites =
        content.size && place == LINK_PLACE_JSON &&
        (rewriter_wants_json(build->rules->rewriter) || (injected && rewriter_wants_json(injected)));
    if (rewrites && body->coded)
        return UNSENT_REWRITE_FAILED;
    if (content.size && !body->coded) {
        buffer_clear(plain);
        buffer_clear(coded);
        if (request_build_ids(build, content, coded))
            content = buffer_bytes(coded);
        buffer_clear(&request->scratch[0]);
        if (place != LINK_PLACE_BODY && linker_knows_places(build->linker) &&
            request_build_urls(build, place, content, &request->scratch[0]))
            content = buffer_bytes(&request->scratch[0]);
        request_build_linked(build, place, content, plain);
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
