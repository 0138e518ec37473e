#include "replay/engine/retry.h"

#include "common/clock.h"
#include "common/http1_head.h"
#include "common/mem.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DOUBLINGS_MAX 20

/* Reads seconds or a date. Returns false where |value| is neither. */
static bool take_retry_after(struct bytes value, uint64_t now_wall_ns, uint64_t *ret_wait_ns)
{
    char text[64];
    struct tm date = {0};
    if (value.size == 0 || value.size >= sizeof text)
        return false;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    size_t digits = strspn(text, "0123456789");
    if (digits == value.size) {
        *ret_wait_ns = digits > 9 ? UINT64_MAX : (uint64_t)strtoul(text, NULL, 10) * NS_PER_S;
        return true;
    }
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (!end || *end)
        return false;
    time_t at_s = timegm(&date);
    uint64_t at_ns = at_s > 0 ? (uint64_t)at_s * NS_PER_S : 0;
    *ret_wait_ns = at_ns > now_wall_ns ? at_ns - now_wall_ns : 0;
    return true;
}

static bool is_worth_it(const struct sender_outcome *outcome, uint16_t original, bool repeatable)
{
    switch (outcome->error) {
    case TRANSPORT_NONE:
        return repeatable && (outcome->status == 429 || outcome->status == 503) &&
               original != outcome->status;
    case TRANSPORT_CONNECT_REFUSED:
    case TRANSPORT_CONNECT_TIMEOUT:
    case TRANSPORT_CONNECT_FAILED:
    case TRANSPORT_TLS_TIMEOUT:
        return true;
    case TRANSPORT_SEND:
    case TRANSPORT_SEND_TIMEOUT:
    case TRANSPORT_RESET:
    case TRANSPORT_CLOSED:
    case TRANSPORT_TIMEOUT:
        return outcome->response_bytes_seen == 0 && (repeatable || outcome->sent_first_mono_ns == 0);
    case TRANSPORT_TLS: /* which would be the same again */
    case TRANSPORT_INCOMPLETE:
    case TRANSPORT_MALFORMED:
    case TRANSPORT_BODY_TIMEOUT:
    case TRANSPORT_ERROR_COUNT:
        break;
    }
    return false;
}

enum retry_verdict retry_judge(const struct retry_policy *policy, const struct sender_outcome *outcome,
                               uint16_t original, bool repeatable, unsigned attempts, uint64_t now_wall_ns,
                               uint64_t *ret_wait_ns)
{
    struct http1_field field;
    if (attempts > policy->most || !is_worth_it(outcome, original, repeatable || policy->all_methods))
        return RETRY_NO;
    unsigned doublings = attempts > 1 ? attempts - 1 : 0;
    uint64_t wait_ns = RETRY_FIRST_WAIT_NS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    bool said = outcome->error == TRANSPORT_NONE && http1_find_field(outcome->head, "Retry-After", &field) &&
                take_retry_after(field.value, now_wall_ns, &wait_ns);
    if (wait_ns > policy->longest_wait_ns) {
        if (said)
            return RETRY_TOO_LONG;
        wait_ns = policy->longest_wait_ns;
    }
    *ret_wait_ns = wait_ns;
    return RETRY_YES;
}

bool retry_is_repeatable(const struct exchange *exchange)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    struct http1_request_line line;
    if (!http1_request_line(buffer_bytes(&exchange->request.head), &line))
        return false;
    for (size_t i = 0; i < 5; i++)
        if (bytes_equal(line.method, bytes_of(methods[i])))
            return true;
    return false;
}

bool retry_spend(struct engine_counts *counts)
{
    uint64_t most = RETRY_BUDGET_FLOOR + atomic_load(&counts->sent) / RETRY_BUDGET_SHARE;
    if (atomic_fetch_add(&counts->retries, 1) < most)
        return true;
    atomic_fetch_sub(&counts->retries, 1);
    atomic_fetch_add(&counts->retries_withheld, 1);
    return false;
}

static void set_timer(struct retry *retry)
{
    uint64_t now = clock_mono_ns();
    uint64_t wait_ns = retry->due_mono_ns > now ? retry->due_mono_ns - now : 0;
    const struct timeval wait = {.tv_sec = (time_t)(wait_ns / NS_PER_S),
                                 .tv_usec = (suseconds_t)(wait_ns % NS_PER_S / NS_PER_US)};
    event_add(&retry->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct retry *retry = arg;
    if (clock_mono_ns() < retry->due_mono_ns) { /* the loop's own clock is coarse */
        set_timer(retry);
        return;
    }
    retry->waits = false;
    retry->due(retry->job, retry->arg);
}

void retry_wait(struct job *job, struct event_base *base, uint64_t wait_ns, const struct result *result,
                retry_due_fn due, void *arg)
{
    struct retry *retry = job->retry;
    if (!retry) {
        retry = job->retry = xcalloc(1, sizeof *retry);
        *retry = (struct retry){.job = job,
                                .due = due,
                                .arg = arg,
                                .first_sent_ns = result->sent_first_ns,
                                .first_error = result->transport,
                                .first_status = result->status};
        event_assign(&retry->timer, base, -1, 0, on_timer, retry);
    }
    retry->attempts++;
    retry->waits = true;
    retry->due_mono_ns = clock_mono_ns() + wait_ns;
    retry->last = *result;
    set_timer(retry);
}

void retry_end(struct job *job, struct result *result)
{
    struct retry *retry = job->retry;
    event_del(&retry->timer);
    result->flags |= RESULT_FLAG(RETRIED);
    /* An attempt that was still waited for was none. */
    result->retries = retry->waits ? retry->attempts - 1 : retry->attempts;
    result->first_sent_ns = retry->first_sent_ns;
    result->first_transport = retry->first_error;
    result->first_status = retry->first_status;
    if (result->retries == 0)
        result->flags &= ~RESULT_FLAG(RETRIED);
    job->retry = NULL;
    free(retry);
}
