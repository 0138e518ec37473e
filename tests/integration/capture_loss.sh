#!/bin/bash
# Claims: of a generated capture that lacks 0.1, 1 and 5 % of its packets, chosen at random, each exchange whose bytes are all
# there is recorded right in every byte and time; no exchange carries the answer to another; nothing is made up; a message with a
# hole does not pass for whole. Two kinds are held to less, by rules that tests/tools/traffic_settled.h states and the truth
# applies (few: at most one in a hundred of those that lost something): a message that begins inside a packet, behind a hole that
# took the framing along, may be missing; and where nothing says what answers a request, it is recorded without response or with
# its own. What is missing is at most what the ledger says is lost and orphaned, and the holes that can hide
# a head; the ledger balances, and its bytes of holes are no more than what was left out. Without loss, nothing is missing.
. "$(dirname "$0")/lib.sh"
tools=$REHEARSE_BUILD/tests/tools

lose() { # lose PERCENT SEED COUNT [BODY]
    "$tools/make_pcap" --loss "$1" --seed "$2" --body "${4:-200-2200}" "$3" "$work/in.pcap" "$work/truth.tsv" >/dev/null
    rm -rf "$work/traffic"
    check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 8080 -o "$work/traffic" --ledger "$work/ledger.json"
    "$tools/check_truth" "$work/truth.tsv" "$work/traffic" >"$work/checked" ||
        { cat "$work/checked"; fail "$1 % of the packets left out, seed $2: not what was captured"; }
    python3 - "$work/ledger.json" "$(tail -n 1 "$work/checked")" <<'PYTHON' || fail "$1 %, seed $2: the ledger is wrong"
import json, sys
ledger = json.load(open(sys.argv[1]))
truth = {name: int(value) for name, value in (item.split("=") for item in sys.argv[2].split())}
requests, responses, gap = ledger["requests"], ledger["responses"], ledger["bytes"]["gap"]
lost = sum(requests["lost"].values())
assert ledger["balances"], ledger
assert requests["recorded"] == truth["recorded"] and requests["seen"] == truth["recorded"] + lost, (requests, truth)
assert truth["missing"] <= lost + responses["orphaned"] + truth["holes_hiding_a_head"], (ledger, truth)
assert (gap == 0) == (truth["holes"] == 0) and gap <= truth["bytes_lost"] + 2 * truth["packets_lost"], (gap, truth)
if gap == 0:
    assert truth["missing"] == lost + responses["orphaned"] == 0, (ledger, truth)
assert truth["unsettled"] <= 1 + truth["touched"] / 100, truth
print(f'{truth["packets_lost"]} packets left out: {truth["missing"]} of {truth["exchanges"]} exchanges missing,'
      f' {responses["orphaned"]} orphaned, {truth["touched"]} touched, {truth["unsettled"]} unsettled')
PYTHON
}
lose 0 1 3000
for seed in 2 3; do
    lose 0.1 $seed 6000
    lose 1 $seed 4000
    lose 5 $seed 3000
    lose 5 $seed 3000 64-200
done
