#include "capture/advice.h"

#include "capture/hops.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>

/* Returns what most packets were, where none was of TCP; else NULL. Borrowed from the ledger. */
static const char *only_undecoded(const struct ledger *ledger)
{
    uint64_t sum = 0, most = 0;
    const char *name = NULL;
    for (size_t i = 0; i < NET_VERDICT_COUNT + ledger->link_count; i++) {
        bool is_link = i >= NET_VERDICT_COUNT;
        uint64_t count = is_link ? ledger->links[i - NET_VERDICT_COUNT].count : ledger->not_decoded[i];
        sum += i == NET_OTHER_PORT ? 0 : count;
        if (i == NET_OTHER_PORT || count <= most)
            continue;
        most = count;
        name = is_link ? ledger->links[i - NET_VERDICT_COUNT].name : net_verdict_name(i);
    }
    return sum > 0 && sum == ledger->packets_received ? name : NULL;
}

void advice_explain_nothing(const struct ledger *ledger, bool live)
{
    if (ledger->requests_seen > 0)
        return;
    if (ledger->packets_received == 0)
        log_warning("no packet came by: check %s",
                    live ? "--interface, --ports, --server and --filter" : "the file, --server and --filter");
    else if (only_undecoded(ledger))
        log_warning("none of the packets could be decoded as TCP: most are %s", only_undecoded(ledger));
    else if (ledger->not_http_count > 0)
        log_warning("no HTTP request was seen, but %s: capture where requests pass unencrypted",
                    ledger->not_http[0].name);
    else
        log_warning("no HTTP request was seen: check --ports, --server and --filter");
}

void advice_name_ports(const struct ledger *ledger)
{
    char text[512];
    if (ledger->ports.count > 0)
        log_info("HTTP was seen on port%s %s", ledger->ports.count > 1 ? "s" : "",
                 http_ports_format(&ledger->ports, text, sizeof text));
}

void advice_warn_of_hops(const struct recorder *recorder)
{
    struct hops_finding finding;
    char outer[ADDRESS_TEXT_SIZE], inner[ADDRESS_TEXT_SIZE], others[32] = "";
    if (!recorder_find_hops(recorder, &finding))
        return;
    if (finding.inner_count > 1)
        snprintf(others, sizeof others, " and %zu more", finding.inner_count - 1);
    log_warning(
        "%.0f%% of the requests to %s were seen again to %s%s within them: two hops of the same traffic; "
        "narrow with --server or --ports",
        finding.share_pct, address_format(&finding.outer, outer), address_format(&finding.inner, inner),
        others);
}

int advice_judge_loss(const struct ledger *ledger, const struct capture_settings *settings)
{
    uint64_t dropped = ledger->packets_dropped_kernel + ledger->packets_dropped_interface;
    if (ledger->packets_dropped_kernel && settings->interface)
        log_warning("%" PRIu64 " packets were dropped for lack of time; give a larger --buffer or more CPU",
                    ledger->packets_dropped_kernel);
    if (dropped && !settings->interface)
        log_warning("%" PRIu64 " packets were lost when the file was captured, as it says itself", dropped);
    if (ledger->connections_evicted)
        log_warning("%" PRIu64 " connections were given up for lack of memory; raise --memory",
                    ledger->connections_evicted);
    if (settings->select && select_gave_up(settings->select))
        log_warning("--select: a regular expression took too many steps %" PRIu64
                    " times, and was taken as not found",
                    select_gave_up(settings->select));
    double loss_pct = ledger_loss_pct(ledger);
    if (loss_pct <= settings->max_loss_pct)
        return 0;
    log_error("%.2f%% was lost, more than --max-loss %g%%", loss_pct, settings->max_loss_pct);
    return 3;
}
