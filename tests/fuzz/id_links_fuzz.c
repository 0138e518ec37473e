/* Property: whatever two requests and the answer between them hold, following ids ends, and a target that answers as the recording did is sent what was
 * recorded: target and body of the second request stay as they are, with ids replaced by themselves; so they do with links turned off. Turning back what equals the
 * recording changes nothing.
 *
 * Input: a request, the answer to it, and a later request, each a head and a body, ended by a NUL. */
#include "common/http1_head.h"
#include "filters/key.h"
#include "filters/policy/policy.h"
#include "filters/sanitize.h"
#include "replay/request.h"
#include "replay/state/lineage.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_part(struct bytes *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->data, 0, rest->size) : NULL;
    struct bytes part = end ? bytes_make(rest->data, (size_t)(end - rest->data)) : *rest;
    *rest = end ? bytes_make(end + 1, rest->size - part.size - 1) : (struct bytes){0};
    return part;
}

static void fill(struct message *message, struct bytes text, uint64_t now_ns)
{
    const uint8_t *end = text.size ? memmem(text.data, text.size, "\r\n\r\n", 4) : NULL;
    if (!text.size)
        text = BYTES_LITERAL("");
    size_t head = end ? (size_t)(end - text.data) + 4 : text.size;
    buffer_append(&message->head, text.data, head);
    buffer_append(&message->body.content, text.data + head, text.size - head);
    message->body.wire_bytes = text.size - head;
    message->body.state = text.size > head ? BODY_KEPT : BODY_EMPTY;
    message->body.framing = text.size > head ? BODY_FRAMING_LENGTH : BODY_FRAMING_NONE;
    message->first_ns = message->last_ns = now_ns;
}

/* Builds the request and compares target and body with the recorded ones. */
static void check(const struct request_rules *rules, struct linker *linker,
                  const struct linker_context *context, const struct exchange *exchange, bool same)
{
    struct request made = {0};
    struct http1_request_line recorded, sent;
    struct bytes body = buffer_bytes(&exchange->request.body.content);
    struct http1_field coding;
    if (request_build(&made, rules, linker, context, exchange) == UNSENT_NONE && same) {
        bool had = http1_request_line(buffer_bytes(&exchange->request.head), &recorded);
        bool has = http1_request_line(buffer_bytes(&made.head), &sent);
        assert(had && has);
        if (recorded.target.size && recorded.target.data[0] == '/')
            assert(bytes_equal(recorded.target, sent.target));
        if (!http1_find_field(buffer_bytes(&exchange->request.head), "Content-Encoding", &coding))
            assert(bytes_equal(buffer_bytes(&made.body), body));
    }
    request_free(&made);
}

/* Returns whether an id that |creator| gives out is also a credential of |exchange|, by a link of |kind|. */
static bool is_credential_too(const struct exchange *creator, const struct exchange *exchange,
                              enum link_kind kind)
{
    for (size_t i = 0; i < creator->link_count; i++)
        for (size_t k = 0; k < exchange->link_count; k++)
            if (creator->links[i].kind == LINK_CREATES && exchange->links[k].kind == kind &&
                memcmp(creator->links[i].tag, exchange->links[k].tag, LINK_TAG_SIZE) == 0)
                return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keys *keys;
    static struct sanitizer *sanitizer;
    if (!keys) {
        keys = keys_random();
        sanitizer = sanitizer_create(policy_builtin(), keys);
    }
    struct bytes rest = bytes_make(data, size);
    struct exchange first = {.id = 1}, second = {.id = 2};
    const struct request_rules rules = {.base_path = "", .run_id = "r", .verbatim = true};
    const struct linker_context context = {.session = 1, .recognition_key = keys_recognition(keys)};
    struct linker *linker = linker_create(0, ""), *off = linker_create(0, "");
    struct lineage *lineage = lineage_create(0);
    struct buffer turned = {0};
    fill(&first.request, take_part(&rest), 1);
    fill(&first.response, take_part(&rest), 2);
    fill(&second.request, take_part(&rest), 3);
    first.status = 201;
    sanitize_exchange(sanitizer, &first);
    sanitize_exchange(sanitizer, &second);
    /* Then it is a pseudonym in one message and may stand in clear in another. */
    bool both =
        is_credential_too(&first, &first, LINK_ISSUES) || is_credential_too(&first, &second, LINK_USES);
    lineage_follow(lineage, 1, &first);
    lineage_follow(lineage, 1, &second);
    linker_remember_live(linker);
    linker_turn_off(off);
    struct bytes head = buffer_bytes(&first.response.head), body = buffer_bytes(&first.response.body.content);
    struct http1_field field;
    /* A content coding is undone already in what was recorded, and a cookie may be set anew. */
    bool same = !both && !http1_find_field(head, "Content-Encoding", &field) &&
                !http1_find_field(head, "Set-Cookie", &field);
    check(&rules, linker, &context, &first, same);
    linker_learn(linker, &context, &first, head, body);
    check(&rules, linker, &context, &second, same);
    check(&rules, off, &context, &second, true);
    assert(!same || !linker_turn_back(linker, &context, body, &turned));
    buffer_free(&turned);
    lineage_free(lineage);
    linker_free(linker);
    linker_free(off);
    exchange_free(&first);
    exchange_free(&second);
    return 0;
}
