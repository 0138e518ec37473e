/* The verdict: from statistics to findings, gates, a verdict and its reasons. Arithmetic only.
 *
 * Rules (rehearse-report(1) says them to users):
 *   - status finding: at least 3 and more than 1 % of an endpoint's pairs changed class for the worse, with
 *     P[Bin(pairs, own) >= worse] < 0.001, where own is the rate at which the recording itself had bad
 *     answers that the replay did not repeat (pairs that changed for the better, plus one; at least 0.1 %);
 *   - latency finding: an endpoint's service p50 is at least twice the original's and 5 ms above it, over at
 *     least 30 comparable pairs;
 *   - content finding: at least 3 and more than 1 % of an endpoint's answers that were compared differ in type, redirect, cookies or the
 *     shape of JSON; not in values, some of which are new by nature. No default gate counts it: gates on "content" do, with values;
 *   - a latency gate is invalid where the send lag p99 of the requests that it judges exceeds both 1 ms and a tenth of
 *     the difference that it judges, or where its outcome is another once the send lag is taken off; a finding
 *     of latency so judged is none, and the gate invalid; that gate is invalid, too, where it would pass and the send
 *     lag p50 exceeds 1 ms: the load was not what was asked for;
 *   - a gate on counts is invalid where more than 1 % was not sent for a delay of the replayer's own. Waiting that
 *     the target caused is the target's: it makes no gate invalid. In a gate on response latency what was so
 *     given up is slower than every answer;
 *   - invalid: no connection ever succeeded, or more than 1 % of the requests failed for want of local ports, open
 *     files or memory on the replayer's machine;
 *   - fail: a gate failed, the replayer gave the target up, or more than 1 % was not sent because it waited for the
 *     target until --max-lag or the end of the time;
 *   - invalid: a gate is, and what can be trusted passed;
 *   - inconclusive: a gate had too little data, the run was interrupted, did not end or is damaged, nothing
 *     was fired, or more than a fifth of the requests stand in endpoints that could not be judged;
 *   - else pass. The first that applies. */
#ifndef REPLAY_VERDICT_H
#define REPLAY_VERDICT_H

#include "replay/gates.h"
#include "replay/run.h"
#include "replay/stats/stats.h"

enum finding_kind { FINDING_STATUS, FINDING_LATENCY, FINDING_CONTENT };
#define FINDING_KINDS 3
const char *finding_kind_name(enum finding_kind kind);

/* Something that got worse at one endpoint. */
struct finding {
    enum finding_kind kind;
    const char *endpoint;           /* borrowed from the statistics */
    uint64_t original;              /* status that most of the affected had; or service p50 in us */
    uint64_t replayed;              /* status that most of the affected got, 0: none; or service p50 in us */
    enum transport_error transport; /* where |replayed| is 0 */
    enum content_difference difference; /* of contents */
    uint64_t affected; /* pairs that changed for the worse; comparable pairs; or answers that differ */
    uint64_t of;       /* pairs; or answers whose contents were compared */
    double p;          /* status: chance of this by the recording's own rate */
    struct examples examples;
};

/* What became of one gate. */
struct gate_outcome {
    char *expression; /* owned */
    enum verdict verdict;
    bool has_value;
    double value; /* in |unit| */
    enum gate_unit unit;
    char note[160]; /* why it could not be judged, or "" */
};

/* Why an endpoint could not be judged. */
enum unjudged { JUDGED, UNJUDGED_UNREPLAYABLE, UNJUDGED_CREDENTIALS };
enum unjudged verdict_of_endpoint(const struct figures *figures);

/* Owned; judgement_free. */
struct judgement {
    enum verdict verdict;
    struct finding *findings; /* worst first: status before latency before content, then by affected */
    size_t finding_count;
    struct gate_outcome *gates; /* the two default ones first */
    size_t gate_count;
    struct run_texts reasons;
};

/* What is judged; borrowed. */
struct verdict_input {
    struct stats *stats;
    enum run_mode mode;
    bool interrupted;
    bool unfinished;
    const char *aborted; /* or NULL */
    uint64_t damaged;    /* blocks of the run that could not be read */
    const char *const *gates;
    size_t gate_count;
};

/* Judges |input|. Fails only where a gate does not parse. */
int verdict_judge(const struct verdict_input *input, struct judgement *ret_judgement, struct error *err);
void judgement_free(struct judgement *judgement);

/* Decides the verdict of one gate. */
void gate_judge(const struct gate *gate, struct stats *stats, enum run_mode mode,
                struct gate_outcome *outcome);

#endif
