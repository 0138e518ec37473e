/* An exchange comes back from its record as it was; anything else is refused without harm. */
#include "common/exchange_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void set(struct buffer *buffer, const char *text)
{
    buffer_clear(buffer);
    buffer_append_text(buffer, text);
}

static void fill(struct exchange *exchange)
{
    exchange_clear(exchange);
    exchange->id = UINT64_C(0xfedcba9876543210);
    exchange->connection = 7;
    exchange->client = 8;
    exchange->server = (struct address){.family = AF_INET, .ip = {192, 0, 2, 1}, .port = 8080};
    exchange->tls = true;
    exchange->status = 201;
    exchange->interim = 2;
    exchange->flags = EXCHANGE_FLAG(INTERIM) | EXCHANGE_FLAG(UNSANITIZED);
    set(&exchange->request.head, "POST /x HTTP/1.1\r\nHost: a\r\n\r\n");
    set(&exchange->request.trailers, "A: b\r\n");
    set(&exchange->request.body.content, "request body");
    exchange->request.body.state = BODY_KEPT;
    exchange->request.body.framing = BODY_FRAMING_CHUNKED;
    exchange->request.body.wire_bytes = 12;
    exchange->request.defects = MESSAGE_DEFECT(BARE_LF) | MESSAGE_DEFECT(NO_STATUS_LINE);
    exchange->request.first_ns = UINT64_C(1763629200123456789);
    exchange->request.last_ns = UINT64_C(1763629200123456790);
    exchange->request.withheld_lines = 3;
    exchange->request.withheld_bytes = 99;
    set(&exchange->response.head, "HTTP/1.1 201 Created\r\n\r\n");
    set(&exchange->response.body.content, "{}");
    exchange->response.body.state = BODY_CUT;
    exchange->response.body.reason = BODY_REASON_GAP;
    exchange->response.body.framing = BODY_FRAMING_CLOSE;
    exchange->response.body.wire_bytes = 5000000000;
    exchange->response.body.coded = true;
    exchange->response.body.digested = true;
    memcpy(exchange->response.body.digest, "0123456789abcdef", BODY_DIGEST_SIZE);
    exchange->response.first_ns = UINT64_C(1763629200223456789);
    exchange->response.last_ns = UINT64_C(1763629200323456789);
    const uint8_t tag[LINK_TAG_SIZE] = {1, 2, 3, 255};
    exchange_add_link(exchange, LINK_ISSUES, LINK_PLACE_JSON, "access_token", tag)->identity = true;
    exchange_add_link(exchange, LINK_USES, LINK_PLACE_COOKIE, "sid", tag);
}

static void expect_message(const struct message *a, const struct message *b)
{
    assert_true(bytes_equal(buffer_bytes(&a->head), buffer_bytes(&b->head)));
    assert_true(bytes_equal(buffer_bytes(&a->trailers), buffer_bytes(&b->trailers)));
    assert_true(bytes_equal(buffer_bytes(&a->body.content), buffer_bytes(&b->body.content)));
    assert_int_equal(a->body.framing, b->body.framing);
    assert_int_equal(a->body.state, b->body.state);
    assert_int_equal(a->body.reason, b->body.reason);
    assert_int_equal(a->body.coded, b->body.coded);
    assert_int_equal(a->body.digested, b->body.digested);
    assert_memory_equal(a->body.digest, b->body.digest, BODY_DIGEST_SIZE);
    assert_true(a->body.wire_bytes == b->body.wire_bytes);
    assert_true(a->defects == b->defects);
    assert_true(a->first_ns == b->first_ns && a->last_ns == b->last_ns);
    assert_int_equal(a->withheld_lines, b->withheld_lines);
    assert_int_equal(a->withheld_bytes, b->withheld_bytes);
}

static void test_codec_round_trip(void **state)
{
    (void)state;
    struct exchange one = {0}, back = {0};
    struct buffer meta = {0}, payload = {0};
    for (int family = 0; family < 3; family++) {
        fill(&one);
        one.server.family = family == 0 ? AF_INET : family == 1 ? AF_INET6 : 0;
        if (family == 1)
            memset(one.server.ip, 0xab, sizeof one.server.ip);
        if (family == 2)
            memset(one.server.ip, 0, sizeof one.server.ip);
        buffer_clear(&meta);
        buffer_clear(&payload);
        exchange_encode(&one, &meta, &payload);
        if (family == 1) {
            assert_true(exchange_decode(buffer_bytes(&meta), &back));
        } else {
            assert_true(exchange_decode_borrowed(buffer_bytes(&meta), &back));
            assert_true(back.request.head.data > meta.data && back.request.head.data < meta.data + meta.size);
        }
        assert_int_equal(back.request.body.content.size, one.request.body.content.size);
        assert_int_equal(back.response.body.content.size, 0);
        assert_false(exchange_request_in_payload(&back));
        assert_true(exchange_decode_payload(buffer_bytes(&payload), &back));
        assert_true(back.id == one.id && back.connection == one.connection && back.client == one.client);
        assert_memory_equal(&back.server, &one.server, sizeof one.server);
        assert_true(back.tls == one.tls && back.flags == one.flags);
        assert_int_equal(back.status, one.status);
        assert_int_equal(back.interim, one.interim);
        expect_message(&back.request, &one.request);
        expect_message(&back.response, &one.response);
        assert_int_equal(back.link_count, 2);
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(back.links[i].kind, one.links[i].kind);
            assert_int_equal(back.links[i].place, one.links[i].place);
            assert_int_equal(back.links[i].identity, one.links[i].identity);
            assert_memory_equal(back.links[i].tag, one.links[i].tag, LINK_TAG_SIZE);
            assert_string_equal(back.links[i].name, one.links[i].name);
        }
    }
    exchange_free(&one);
    exchange_free(&back);
    buffer_free(&meta);
    buffer_free(&payload);
}

static void test_codec_keeps_a_short_request_with_the_metadata(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, EXCHANGE_INLINE_MAX, EXCHANGE_INLINE_MAX + 1};
    struct exchange one = {0}, back = {0};
    struct buffer meta = {0}, payload = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bool inlined = sizes[i] > 0 && sizes[i] <= EXCHANGE_INLINE_MAX;
        fill(&one);
        buffer_clear(&one.request.body.content);
        buffer_reserve(&one.request.body.content, sizes[i]);
        memset(one.request.body.content.data, 'x', sizes[i]);
        one.request.body.content.size = sizes[i];
        buffer_clear(&meta);
        buffer_clear(&payload);
        exchange_encode(&one, &meta, &payload);
        assert_true(exchange_decode(buffer_bytes(&meta), &back));
        assert_int_equal(back.request.body.content.size, inlined ? sizes[i] : 0);
        assert_int_equal(exchange_request_in_payload(&back), !inlined);
        assert_true(exchange_decode_payload(buffer_bytes(&payload), &back));
        expect_message(&back.request, &one.request);
        expect_message(&back.response, &one.response);
        if (inlined) { /* it may not be told twice */
            assert_true(exchange_decode(buffer_bytes(&meta), &back));
            assert_false(exchange_decode_payload(BYTES_LITERAL("\x01xy"), &back));
        }
    }
    exchange_free(&one);
    exchange_free(&back);
    buffer_free(&meta);
    buffer_free(&payload);
}

static void test_codec_reads_the_layout_without_digests(void **state)
{
    (void)state;
    struct exchange one = {0}, back = {0};
    struct buffer meta = {0}, payload = {0};
    fill(&one);
    buffer_clear(&one.request.body.content);
    one.request.body.state = BODY_EMPTY;
    exchange_encode(&one, &meta, &payload);
    meta.data[0] = 1;
    assert_false(exchange_decode(buffer_bytes(&meta), &back)); /* it has a digest */
    one.response.body.digested = false;
    memset(one.response.body.digest, 0, BODY_DIGEST_SIZE);
    size_t with = meta.size;
    buffer_clear(&meta);
    exchange_encode(&one, &meta, &payload);
    assert_int_equal(meta.size, with - BODY_DIGEST_SIZE);
    for (uint8_t version = 0; version < 5; version++) {
        meta.data[0] = version;
        assert_int_equal(exchange_decode(buffer_bytes(&meta), &back), version >= 1 && version <= 3);
    }
    meta.data[0] = 1;
    assert_true(exchange_decode(buffer_bytes(&meta), &back));
    one.request.body.content.size = one.response.body.content.size = 0;
    expect_message(&back.request, &one.request);
    expect_message(&back.response, &one.response);
    exchange_free(&one);
    exchange_free(&back);
    buffer_free(&meta);
    buffer_free(&payload);
}

static void test_codec_of_an_empty_exchange_has_no_payload(void **state)
{
    (void)state;
    struct exchange one = {0}, back = {0};
    struct buffer meta = {0}, payload = {0};
    exchange_encode(&one, &meta, &payload);
    assert_int_equal(payload.size, 0);
    assert_true(exchange_decode(buffer_bytes(&meta), &back));
    assert_true(exchange_decode_payload(buffer_bytes(&payload), &back));
    exchange_free(&back);
    buffer_free(&meta);
}

static void test_codec_refuses_every_cut_and_survives_every_flip(void **state)
{
    (void)state;
    struct exchange one = {0}, back = {0};
    struct buffer meta = {0}, payload = {0};
    fill(&one);
    exchange_encode(&one, &meta, &payload);
    for (size_t cut = 0; cut < meta.size; cut++)
        assert_false(exchange_decode((struct bytes){meta.data, cut}, &back));
    for (size_t bit = 0; bit < meta.size * 8; bit++) {
        meta.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (exchange_decode(buffer_bytes(&meta), &back))
            exchange_decode_payload(buffer_bytes(&payload), &back);
        meta.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buffer_append_byte(&meta, 0);
    assert_false(exchange_decode(buffer_bytes(&meta), &back));
    exchange_free(&one);
    exchange_free(&back);
    buffer_free(&meta);
    buffer_free(&payload);
}

static void test_codec_refuses_content_where_none_was_kept(void **state)
{
    (void)state;
    struct exchange one = {0};
    fill(&one);
    one.request.body.state = BODY_DROPPED;
    assert_false(exchange_decode_payload(BYTES_LITERAL("\x02xy"), &one));
    assert_false(exchange_decode_payload(BYTES_LITERAL("\x05xy"), &one));
    assert_true(exchange_decode_payload(BYTES_LITERAL("\x00only the response"), &one));
    exchange_free(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec_round_trip),
        cmocka_unit_test(test_codec_keeps_a_short_request_with_the_metadata),
        cmocka_unit_test(test_codec_reads_the_layout_without_digests),
        cmocka_unit_test(test_codec_of_an_empty_exchange_has_no_payload),
        cmocka_unit_test(test_codec_refuses_every_cut_and_survives_every_flip),
        cmocka_unit_test(test_codec_refuses_content_where_none_was_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
