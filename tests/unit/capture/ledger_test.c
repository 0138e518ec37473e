/* ledger.h: what was seen is what was recorded, filtered, sampled out and lost; text and JSON say the same. */
#include "capture/ledger.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct ledger sample(void)
{
    struct ledger ledger = {
        .packets_received = 90,
        .packets_dropped_kernel = 10,
        .bytes_reassembled = 100,
        .bytes_recorded = 70,
        .bytes_skipped = 20,
        .bytes_opaque = 10,
        .requests_seen = 10,
        .requests_recorded = 6,
        .responses_seen = 5,
        .responses_paired = 4,
        .responses_orphaned = 1,
    };
    ledger_add_filtered(&ledger, LEDGER_FILTER_SELECT, 2);
    ledger.lost[LEDGER_LOSS_HTTP09] = 1;
    ledger.lost[LEDGER_LOSS_DISK] = 1;
    ledger.not_decoded[NET_VXLAN] = 3;
    ledger.links[0] = (struct ledger_named){"link_docsis", 2};
    ledger.link_count = 1;
    ledger.decapsulated[NET_TUNNEL_VXLAN] = 7;
    ledger.flags[EXCHANGE_BIT_PIPELINED] = 4;
    ledger.request_defects[MESSAGE_DEFECT_BIT_BARE_LF] = 5;
    ledger.response_defects[MESSAGE_DEFECT_BIT_SURPLUS] = 6;
    for (unsigned i = 0; i < 3; i++)
        http_ports_add(&ledger.ports, 8080);
    ledger_add_protocol(&ledger, "tls");
    ledger_add_protocol(&ledger, "http2");
    ledger_add_protocol(&ledger, "tls");
    return ledger;
}

static void test_ledger_balance_needs_every_part(void **state)
{
    (void)state;
    struct ledger ledger = sample();
    assert_true(ledger_balances(&ledger));
    ledger.lost[LEDGER_LOSS_DISK]--;
    assert_false(ledger_balances(&ledger));
    ledger = sample();
    ledger.filtered[LEDGER_FILTER_REPLAY]++;
    assert_false(ledger_balances(&ledger));
    ledger = sample();
    ledger.responses_orphaned++;
    assert_false(ledger_balances(&ledger));
    ledger = sample();
    ledger.bytes_opaque++;
    assert_false(ledger_balances(&ledger));
}

static void test_ledger_loss_is_the_largest_share(void **state)
{
    (void)state;
    struct ledger ledger = sample();
    assert_int_equal((int)(ledger_loss_pct(&ledger) * 100 + 0.5), 2000); /* 2 of 10 requests */
    memset(ledger.lost, 0, sizeof ledger.lost);
    assert_int_equal((int)(ledger_loss_pct(&ledger) * 100 + 0.5), 1000); /* 10 of 100 packets */
    ledger.bytes_gap = 300;
    assert_int_equal((int)(ledger_loss_pct(&ledger) * 100 + 0.5), 7500);
    assert_true(ledger_loss_pct(&(struct ledger){0}) == 0);
}

static void test_ledger_protocols_have_a_limit(void **state)
{
    (void)state;
    struct ledger ledger = {0};
    uint64_t sum = 0;
    for (unsigned i = 0; i < 3 * LEDGER_PROTOCOLS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "protocol%u", i);
        ledger_add_protocol(&ledger, name);
    }
    assert_int_equal(ledger.not_http_count, LEDGER_PROTOCOLS_MAX);
    for (unsigned i = 0; i < LEDGER_PROTOCOLS_MAX; i++)
        sum += ledger.not_http[i].count;
    assert_int_equal(sum, 3 * LEDGER_PROTOCOLS_MAX);
}

static void test_ledger_text_leaves_out_zeros(void **state)
{
    (void)state;
    struct ledger ledger = sample();
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    ledger_print(&ledger, to);
    fclose(to);
    assert_non_null(
        strstr(text, "packets     received 90, dropped_kernel 10, not_decoded (vxlan 3, link_docsis 2), "
                     "decapsulated (vxlan 7)\n"));
    assert_non_null(strstr(text, "connections seen 0, not_http (tls 2, http2 1)\n"));
    assert_non_null(strstr(text, "requests    seen 10, recorded 6, filtered 2, ports (8080 3), filtered_by "
                                 "(select 2), lost (http09 1, disk 1), "
                                 "flags (pipelined 4), defects (bare_lf 5)\n"));
    assert_non_null(strstr(text, "responses   seen 5, paired 4, orphaned 1, defects (surplus 6)\n"));
    assert_null(strstr(text, "sampled_out"));
    free(text);
}

static void test_ledger_json_holds_all_of_it(void **state)
{
    (void)state;
    struct ledger ledger = sample();
    FILE *file = tmpfile();
    assert_int_equal(ledger_write_json(&ledger, file), 0);
    rewind(file);
    json_t *root = json_loadf(file, 0, NULL);
    fclose(file);
    assert_non_null(root);
    json_t *requests = json_object_get(root, "requests");
    assert_int_equal(json_integer_value(json_object_get(requests, "seen")), 10);
    assert_true(json_is_integer(json_object_get(requests, "sampled_out")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(requests, "lost"), "disk")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(requests, "filtered_by"), "select")),
                     2);
    json_t *packets = json_object_get(root, "packets");
    json_t *not_decoded = json_object_get(packets, "not_decoded");
    assert_int_equal(json_integer_value(json_object_get(not_decoded, "link_docsis")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(packets, "decapsulated"), "vxlan")),
                     7);
    json_t *not_http = json_object_get(json_object_get(root, "connections"), "not_http");
    assert_int_equal(json_integer_value(json_object_get(not_http, "tls")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(requests, "flags"), "pipelined")), 4);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(requests, "defects"), "bare_lf")), 5);
    json_t *responses = json_object_get(root, "responses");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(responses, "defects"), "surplus")),
                     6);
    json_t *ports = json_object_get(requests, "ports");
    assert_int_equal(json_integer_value(json_object_get(ports, "8080")), 3);
    assert_true(json_is_true(json_object_get(root, "balances")));
    json_decref(root);
    FILE *full = fopen("/dev/full", "w");
    assert_int_equal(ledger_write_json(&ledger, full), -1);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger_balance_needs_every_part),
        cmocka_unit_test(test_ledger_loss_is_the_largest_share),
        cmocka_unit_test(test_ledger_protocols_have_a_limit),
        cmocka_unit_test(test_ledger_text_leaves_out_zeros),
        cmocka_unit_test(test_ledger_json_holds_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
