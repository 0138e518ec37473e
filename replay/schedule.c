#include "replay/schedule.h"

#include "common/units.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define REQUEST UINT64_C(1000000000000000) /* one request, in units of rate * nanoseconds */

#define RAMP_UP_FROM 10 /* part of the pace that a ramp-up begins with */

typedef unsigned __int128 wide;

static uint64_t per_million_of(double per_s)
{
    return (uint64_t)llround(per_s * 1e6);
}

void schedule_plan_rate(struct schedule_plan *plan, double per_s)
{
    assert(per_s >= SCHEDULE_RATE_MIN && per_s <= SCHEDULE_RATE_MAX);
    plan->mode = SCHEDULE_RATE;
    plan->last_per_million_s = per_million_of(per_s);
}

/* Copies |text| up to |end| and reads it as a rate, which may be 0 where |zero|. */
static int read_rate(const char *option, const char *text, const char *end, bool zero, uint64_t *ret_rate,
                     struct error *err)
{
    char number[64];
    double value;
    size_t size = (size_t)(end - text);
    if (size >= sizeof number)
        return error_set(err, ERROR_USAGE, "%s: not a rate: '%.20s...'", option, text);
    memcpy(number, text, size);
    number[size] = '\0';
    if (!units_parse_number(number, &value) || value > SCHEDULE_RATE_MAX ||
        (value < SCHEDULE_RATE_MIN && !(zero && value == 0)))
        return error_set(err, ERROR_USAGE, "%s: '%s' is not a rate between %g and %g", option, number,
                         SCHEDULE_RATE_MIN, SCHEDULE_RATE_MAX);
    *ret_rate = per_million_of(value);
    return 0;
}

static int read_length(const char *option, const char *text, uint64_t *ret_ns, struct error *err)
{
    if (!units_parse_duration(text, ret_ns) || !*ret_ns || *ret_ns > SCHEDULE_PHASE_NS_MAX)
        return error_set(err, ERROR_USAGE, "%s: '%s' is not a time above 0", option, text);
    return 0;
}

int schedule_plan_ramp(struct schedule_plan *plan, const char *text, struct error *err)
{
    const char *dots = strstr(text, ".."), *slash = strrchr(text, '/');
    struct schedule_phase *phase = &plan->phases[0];
    if (!dots || !slash || slash < dots)
        return error_set(err, ERROR_USAGE, "--ramp: '%s' is not A..B/T, as in 100..1000/5m", text);
    if (read_rate("--ramp", text, dots, true, &phase->from_per_million_s, err) ||
        read_rate("--ramp", dots + 2, slash, false, &phase->to_per_million_s, err) ||
        read_length("--ramp", slash + 1, &phase->length_ns, err))
        return -1;
    plan->mode = SCHEDULE_RATE;
    plan->phase_count = 1;
    plan->last_per_million_s = phase->to_per_million_s;
    return 0;
}

int schedule_plan_steps(struct schedule_plan *plan, const char *text, struct error *err)
{
    const char *slash = strrchr(text, '/');
    uint64_t length_ns;
    if (!slash)
        return error_set(err, ERROR_USAGE, "--steps: '%s' is not A,B,C/T, as in 100,200,400/1m", text);
    if (read_length("--steps", slash + 1, &length_ns, err))
        return -1;
    for (const char *at = text; at <= slash;) {
        const char *end = memchr(at, ',', (size_t)(slash - at));
        uint64_t rate;
        if (!end)
            end = slash;
        if (read_rate("--steps", at, end, false, &rate, err))
            return -1;
        if (plan->phase_count == SCHEDULE_PHASES_MAX)
            return error_set(err, ERROR_USAGE, "--steps: more than %d", SCHEDULE_PHASES_MAX);
        plan->phases[plan->phase_count++] = (struct schedule_phase){rate, rate, length_ns};
        plan->last_per_million_s = rate;
        at = end + 1;
    }
    plan->mode = SCHEDULE_RATE;
    return 0;
}

double schedule_plan_first_rate(const struct schedule_plan *plan)
{
    uint64_t first = plan->phase_count ? plan->phases[0].from_per_million_s : plan->last_per_million_s;
    return plan->mode == SCHEDULE_RATE ? (double)first / 1e6 : 0;
}

void schedule_plan_ramp_up(struct schedule_plan *plan, uint64_t length_ns)
{
    assert(plan->mode != SCHEDULE_MAX && length_ns && length_ns <= SCHEDULE_PHASE_NS_MAX &&
           !plan->ramp_up_ns);
    plan->ramp_up_ns = length_ns;
    if (plan->mode != SCHEDULE_RATE)
        return;
    uint64_t first = plan->phase_count ? plan->phases[0].from_per_million_s : plan->last_per_million_s;
    memmove(&plan->phases[1], &plan->phases[0], plan->phase_count * sizeof plan->phases[0]);
    plan->phases[0] = (struct schedule_phase){first / RAMP_UP_FROM, first, length_ns};
    plan->phase_count++;
}

static void put_rate(uint64_t per_million_s, struct buffer *out)
{
    buffer_printf(out, "%.10g", (double)per_million_s / 1e6);
}

static void put_time(uint64_t ns, struct buffer *out)
{
    char text[UNITS_TEXT_SIZE];
    buffer_append_text(out, units_format_duration(ns, text));
}

static void describe_rates(const struct schedule_plan *plan, struct buffer *out)
{
    size_t first = plan->ramp_up_ns ? 1 : 0;
    for (size_t i = first; i < plan->phase_count; i++) {
        const struct schedule_phase *phase = &plan->phases[i];
        if (i > first)
            buffer_append_text(out, ", ");
        put_rate(phase->from_per_million_s, out);
        if (phase->to_per_million_s != phase->from_per_million_s) {
            buffer_append_text(out, " to ");
            put_rate(phase->to_per_million_s, out);
        }
        buffer_append_text(out, " requests/s in ");
        put_time(phase->length_ns, out);
    }
    if (plan->phase_count > first)
        buffer_append_text(out, plan->ends ? ", then the end" : ", then ");
    if (!plan->ends)
        put_rate(plan->last_per_million_s, out);
    buffer_append_text(out, plan->phase_count > first ? "" : " requests/s");
    if (plan->poisson)
        buffer_printf(out, ", Poisson arrivals with seed %llu", (unsigned long long)plan->seed);
}

uint64_t schedule_plan_length_ns(const struct schedule_plan *plan)
{
    uint64_t length_ns = 0;
    for (size_t i = 0; i < plan->phase_count; i++)
        length_ns += plan->phases[i].length_ns;
    return length_ns;
}

void schedule_plan_describe(const struct schedule_plan *plan, struct buffer *out)
{
    switch (plan->mode) {
    case SCHEDULE_RECORDED:
        buffer_printf(out, "recorded timing x %.10g", plan->speed);
        if (plan->max_gap_ns) {
            buffer_append_text(out, ", silences of at most ");
            put_time(plan->max_gap_ns, out);
        }
        break;
    case SCHEDULE_RATE:
        describe_rates(plan, out);
        break;
    case SCHEDULE_MAX:
        buffer_append_text(out, "maximum");
        break;
    }
    if (plan->ramp_up_ns) {
        buffer_append_text(out, ", after a ramp-up of ");
        put_time(plan->ramp_up_ns, out);
    }
}

void schedule_init(struct schedule *schedule, const struct schedule_plan *plan)
{
    *schedule = (struct schedule){.plan = *plan, .random = plan->seed};
    if (plan->mode == SCHEDULE_RATE)
        assert(plan->last_per_million_s && plan->phase_count <= SCHEDULE_PHASES_MAX + 1);
    if (plan->mode != SCHEDULE_RECORDED)
        return;
    assert(plan->speed >= SCHEDULE_SPEED_MIN && plan->speed <= SCHEDULE_SPEED_MAX);
    schedule->speed_per_million = (uint64_t)llround(plan->speed * 1e6);
    wide gap_ns = (wide)plan->max_gap_ns * schedule->speed_per_million / 1000000;
    schedule->max_gap_ns = gap_ns > INT64_MAX ? INT64_MAX : (uint64_t)gap_ns;
    if (plan->max_gap_ns && !schedule->max_gap_ns)
        schedule->max_gap_ns = 1; /* shorter than a nanosecond as recorded: 0 would mean that silences stay */
}

/* Requests (* REQUEST) that are due in the first |t_ns| of |phase|: a t + (b - a) t^2 / 2T, rounded towards a t. */
static wide due_in_phase(const struct schedule_phase *phase, uint64_t t_ns)
{
    uint64_t a = phase->from_per_million_s, b = phase->to_per_million_s;
    wide square = (wide)t_ns * t_ns, twice = (wide)phase->length_ns * 2, slope = a < b ? b - a : a - b;
    wide bent = slope * (square / twice) + slope * (square % twice) / twice;
    return a < b ? (wide)a * t_ns + bent : (wide)a * t_ns - bent;
}

/* The first instant in |phase| by which |due| are due, of which all are due by its end. */
static uint64_t instant_in_phase(const struct schedule_phase *phase, wide due)
{
    uint64_t a = phase->from_per_million_s, b = phase->to_per_million_s;
    if (due == 0)
        return 0;
    if (a == b)
        return (uint64_t)(due / a); /* as at a constant rate: the nanosecond in which it is due */
    long double bend = ((long double)b - (long double)a) / (long double)phase->length_ns;
    long double root = sqrtl((long double)a * (long double)a + 2 * bend * (long double)due);
    long double guess = 2 * (long double)due / ((long double)a + root);
    uint64_t t_ns = !(guess > 0)                             ? 0
                    : guess >= (long double)phase->length_ns ? phase->length_ns
                                                             : (uint64_t)guess;
    while (t_ns > 0 && due_in_phase(phase, t_ns) > due)
        t_ns--;
    while (t_ns < phase->length_ns && due_in_phase(phase, t_ns + 1) <= due)
        t_ns++;
    return t_ns;
}

/* The instant by which |due| are due. */
static uint64_t profile_instant(struct schedule *schedule, wide due)
{
    const struct schedule_plan *plan = &schedule->plan;
    for (; schedule->phase < plan->phase_count; schedule->phase++) {
        const struct schedule_phase *phase = &plan->phases[schedule->phase];
        wide all = due_in_phase(phase, phase->length_ns);
        if (due - schedule->phase_n < all)
            return schedule->phase_ns + instant_in_phase(phase, due - schedule->phase_n);
        schedule->phase_n += all;
        schedule->phase_ns += phase->length_ns;
    }
    wide ns = (due - schedule->phase_n) / plan->last_per_million_s + schedule->phase_ns;
    return ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

/* Sixty-four random bits (SplitMix64). */
static uint64_t next_random(struct schedule *schedule)
{
    uint64_t value = schedule->random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t rate_instant(struct schedule *schedule)
{
    if (!schedule->plan.poisson)
        return profile_instant(schedule, (wide)schedule->k * REQUEST);
    /* 53 bits in (0, 1]: the gap is at most 37. */
    double uniform = (double)((next_random(schedule) >> 11) + 1) / 9007199254740992.0;
    schedule->sum += (wide)(-log(uniform) * (double)REQUEST + 0.5);
    return profile_instant(schedule, schedule->sum);
}

/* The instant of what would be sent at |ns| without a ramp-up, which slows the time down at first: its phase has the time that it has made
 * good, a millionth of a nanosecond each, for requests. */
static uint64_t slow_down(const struct schedule_plan *plan, uint64_t ns)
{
    const struct schedule_phase phase = {1000000 / RAMP_UP_FROM, 1000000, plan->ramp_up_ns};
    if (!plan->ramp_up_ns)
        return ns;
    wide due = (wide)ns * 1000000, all = due_in_phase(&phase, phase.length_ns);
    return due < all ? instant_in_phase(&phase, due) : plan->ramp_up_ns + (uint64_t)((due - all) / 1000000);
}

static uint64_t recorded_instant(struct schedule *schedule, uint64_t recorded_ns)
{
    if (!schedule->in_iteration)
        schedule->first_ns = schedule->before_ns = recorded_ns;
    if (recorded_ns < schedule->before_ns)
        recorded_ns = schedule->before_ns;
    uint64_t gap_ns = recorded_ns - schedule->before_ns;
    if (schedule->max_gap_ns && gap_ns > schedule->max_gap_ns)
        schedule->cut_ns += gap_ns - schedule->max_gap_ns;
    schedule->before_ns = recorded_ns;
    wide ns =
        (wide)(recorded_ns - schedule->first_ns - schedule->cut_ns) * 1000000 / schedule->speed_per_million;
    uint64_t at_ns = ns > INT64_MAX / 2 ? INT64_MAX / 2 : schedule->base_ns + (uint64_t)ns;
    if (at_ns > schedule->recorded_ns)
        schedule->recorded_ns = at_ns;
    return slow_down(&schedule->plan, schedule->recorded_ns);
}

uint64_t schedule_next(struct schedule *schedule, uint64_t recorded_wall_ns)
{
    uint64_t at_ns = 0;
    switch (schedule->plan.mode) {
    case SCHEDULE_RECORDED:
        at_ns = recorded_instant(schedule, recorded_wall_ns);
        break;
    case SCHEDULE_RATE:
        at_ns = rate_instant(schedule);
        break;
    case SCHEDULE_MAX:
        break;
    }
    if (at_ns < schedule->last_ns)
        at_ns = schedule->last_ns;
    schedule->last_ns = at_ns;
    schedule->k++;
    schedule->in_iteration++;
    return at_ns;
}

void schedule_loop(struct schedule *schedule)
{
    if (schedule->in_iteration > 1) {
        uint64_t span_ns = schedule->recorded_ns - schedule->base_ns;
        schedule->base_ns = schedule->recorded_ns + span_ns / (schedule->in_iteration - 1);
    } else {
        schedule->base_ns = schedule->recorded_ns;
    }
    schedule->in_iteration = 0;
    schedule->cut_ns = 0;
}
