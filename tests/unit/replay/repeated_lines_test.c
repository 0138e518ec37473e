/* A request is the same whether what was built before it on its connection is used or not, whatever that was. */
#include "filters/pseudonym.h"
#include "replay/repeated_lines.h"
#include "replay/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 20000

static const struct repeated_key plain_key = {.session = 1};

static void test_repeated_lines_are_found_up_to_the_first_other_one(void **state)
{
    (void)state;
    struct repeated_lines lines = {0};
    const struct repeated_end *end;
    assert_null(repeated_lines_find(&lines, &plain_key, BYTES_LITERAL("A: 1\r\nB: 2\r\nC: 3\r\n\r\n")));
    assert_true(repeated_lines_add(&lines, BYTES_LITERAL("A: 1\r\n"), BYTES_LITERAL("A: one\r\n"), 1, 0));
    assert_true(repeated_lines_add(&lines, BYTES_LITERAL("B: 2\r\n"), BYTES_LITERAL(""), 1, 2));
    end = repeated_lines_find(&lines, &plain_key, BYTES_LITERAL("A: 1\r\nB: 2\r\n\r\n"));
    assert_int_equal(end->recorded, 12);
    assert_int_equal(end->built, 8);
    assert_int_equal(end->linked, 1);
    assert_int_equal(end->unlinked, 2);
    end = repeated_lines_find(&lines, &plain_key, BYTES_LITERAL("A: 1\r\nB: 3\r\n\r\n"));
    assert_int_equal(end->recorded, 6);
    end = repeated_lines_find(&lines, &plain_key, BYTES_LITERAL("A: 1\r\nB: 2\r\n\r\n"));
    assert_int_equal(end->recorded, 6); /* what followed was forgotten */
    assert_null(repeated_lines_find(&lines, &plain_key, BYTES_LITERAL("A: 1\r\n folded\r\n\r\n")));
    assert_true(repeated_lines_add(&lines, BYTES_LITERAL("A: 1\r\n"), BYTES_LITERAL("A: 1\r\n"), 0, 0));
    assert_null(
        repeated_lines_find(&lines, &(struct repeated_key){.session = 2}, BYTES_LITERAL("A: 1\r\n\r\n")));
    repeated_lines_free(&lines);
}

static void test_repeated_lines_have_a_cap(void **state)
{
    (void)state;
    struct repeated_lines lines = {0};
    char line[1024] = "A: ";
    size_t kept = 0;
    repeated_lines_find(&lines, &plain_key, (struct bytes){0});
    memset(line + 3, 'x', sizeof line - 5);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    while (repeated_lines_add(&lines, bytes_make(line, sizeof line), bytes_make(line, sizeof line), 0, 0))
        kept++;
    assert_int_equal(kept, REPEATED_LINES_BYTES / sizeof line);
    assert_int_equal(lines.recorded.size, REPEATED_LINES_BYTES);
    repeated_lines_find(&lines, &plain_key, (struct bytes){0});
    for (kept = 0; repeated_lines_add(&lines, BYTES_LITERAL("B:\n"), BYTES_LITERAL("B:\n"), 0, 0);)
        kept++;
    assert_int_equal(kept, REPEATED_LINES_MAX);
    repeated_lines_free(&lines);
}

static const uint8_t recognition_key[SEGMENT_KEY_SIZE] = {7};

/* The pseudonym of user |n|, whose identity is |ret_tag|. */
static void append_pseudonym(unsigned n, struct buffer *out, uint8_t ret_tag[PSEUDONYM_TAG_SIZE])
{
    char core[PSEUDONYM_CORE_SIZE];
    memset(ret_tag, (int)n, PSEUDONYM_TAG_SIZE);
    pseudonym_core(recognition_key, ret_tag, core);
    buffer_append(out, core, sizeof core);
}

static void append_field(unsigned pick, struct buffer *head)
{
    static const char *const fields[] = {
        "Accept: */*\r\n",
        "User-Agent: some\r\n",
        "user-agent: other\r\n folded\r\n",
        "Accept-Language: en\r\n",
        "Connection: keep-alive\r\n",
        "Connection: close\r\n",
        "Content-Length: 4\r\n",
        "Expect: 100-continue\r\n",
        "Referer: http://shop.example/orders/17\r\n",
        "Origin: http://shop.example\r\n",
        "If-None-Match: \"a1\"\r\n",
        "X-Request-Id: 0123456789abcdef\r\n",
        "Idempotency-Key: k1\r\n",
        "Cookie: theme=dark; sid=1\r\n",
        "X-Empty:\r\n",
        "no colon\r\n",
        "X-Rehearse-Run: old\r\n",
        "Host: again.example\n",
    };
    const unsigned count = sizeof fields / sizeof fields[0];
    if (pick < count) {
        buffer_append_text(head, fields[pick]);
        return;
    }
    buffer_append_text(head, pick == count       ? "Authorization: Bearer "
                             : pick == count + 1 ? "Cookie: s="
                                                 : "X-Token: ");
    uint8_t tag[PSEUDONYM_TAG_SIZE];
    append_pseudonym(pick % 3, head, tag);
    buffer_append_text(head, "\r\n");
}

/* Makes a request whose lines are mostly those of the one before. */
static void make_exchange(unsigned *picks, struct exchange *exchange)
{
    buffer_clear(&exchange->request.head);
    buffer_clear(&exchange->request.body.content);
    if (rand() % 2)
        picks[rand() % 6] = (unsigned)rand() % 22;
    buffer_printf(&exchange->request.head, "POST /orders/%d HTTP/1.1\r\nHost: shop.example\r\n", rand() % 20);
    for (size_t i = 0; i < 6; i++)
        append_field(picks[i], &exchange->request.head);
    buffer_append_text(&exchange->request.head, "\r\n");
    buffer_printf(&exchange->request.body.content, "%d", rand() % 100000);
    exchange->request.body.framing = BODY_FRAMING_LENGTH;
    exchange->request.body.state = BODY_KEPT;
    exchange->link_count = 0;
    if (rand() % 4)
        exchange_add_link(exchange, LINK_USES, LINK_PLACE_HEADER, "Authorization",
                          (const uint8_t[LINK_TAG_SIZE]){0});
}

/* Has the target answer with a cookie, a validator, a place, or a credential now and then. */
static void learn(struct linker *linker, const struct linker_context *context)
{
    struct exchange exchange = {.id = 1};
    struct buffer head = {0};
    uint8_t tag[LINK_TAG_SIZE];
    buffer_append_text(&exchange.request.head, "POST /orders/3 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    buffer_append_text(&exchange.response.head,
                       "HTTP/1.1 201 Created\r\nETag: \"a1\"\r\nLocation: /orders/17\r\nX-Token: ");
    buffer_append_text(&head, "HTTP/1.1 201 Created\r\n");
    append_pseudonym(1, &exchange.response.head, tag);
    buffer_append_text(&exchange.response.head, "\r\n\r\n");
    switch (rand() % 8) {
    case 0:
        buffer_printf(&head, "Set-Cookie: sid=%d; Path=/\r\n", rand() % 3);
        break;
    case 1:
        buffer_printf(&head, "ETag: \"b%d\"\r\n", rand() % 3);
        break;
    case 2:
        buffer_printf(&head, "Location: /orders/%d\r\n", rand() % 3 + 90);
        break;
    case 3:
        exchange_add_link(&exchange, LINK_ISSUES, LINK_PLACE_HEADER, "X-Token", tag);
        buffer_printf(&head, "X-Token: token-%d\r\n", rand() % 3);
        break;
    default:
        break;
    }
    buffer_append_text(&head, "\r\n");
    linker_learn(linker, context, &exchange, buffer_bytes(&head), (struct bytes){0});
    buffer_free(&head);
    exchange_free(&exchange);
}

static void test_repeated_lines_change_no_request(void **state)
{
    (void)state;
    struct linker *linker = linker_create(0, "");
    const struct request_rules rules = {
        .host = "target:81", .scheme = "https", .base_path = "", .run_id = "run1", .pooled = true};
    struct request kept = {0};
    struct exchange exchange = {.id = 1};
    unsigned picks[6] = {0, 1, 3, 18, 13, 6};
    uint64_t repeated = 0;
    srand(1);
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct linker_context context = {.session = 1 + (uint64_t)(i / 50 % 2),
                                               .iteration = i / 1000 % 2,
                                               .recognition_key = recognition_key};
        struct request fresh = {0};
        make_exchange(picks, &exchange);
        repeated += kept.lines.count;
        assert_int_equal(request_build(&kept, &rules, linker, &context, &exchange), UNSENT_NONE);
        assert_int_equal(request_build(&fresh, &rules, linker, &context, &exchange), UNSENT_NONE);
        assert_int_equal(kept.head.size, fresh.head.size);
        assert_memory_equal(kept.head.data, fresh.head.data, fresh.head.size);
        assert_memory_equal(&kept.found, &fresh.found, sizeof kept.found);
        assert_int_equal(kept.close, fresh.close);
        assert_int_equal(kept.expect_continue, fresh.expect_continue);
        assert_int_equal(kept.conditional, fresh.conditional);
        request_free(&fresh);
        if (rand() % 3 == 0)
            learn(linker, &context);
    }
    assert_true(repeated > ROUNDS); /* there was something to be repeated */
    exchange_free(&exchange);
    request_free(&kept);
    linker_free(linker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeated_lines_are_found_up_to_the_first_other_one),
        cmocka_unit_test(test_repeated_lines_have_a_cap),
        cmocka_unit_test(test_repeated_lines_change_no_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
