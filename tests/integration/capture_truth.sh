#!/bin/bash
# Claims: of a generated capture (tests/tools/make_pcap.c: hundreds of connections under way at once, pipelining, chunked and
# gzip bodies, 100-continue, reordered, late and retransmitted segments) every exchange is recorded once, in order of time, with
# every byte of its heads and bodies, its four times and its sizes; what is sensitive in it is replaced and nothing else; the
# ledger says that nothing is missing. So for bodies of up to 256 KB, and without bodies.
. "$(dirname "$0")/lib.sh"
tools=$REHEARSE_BUILD/tests/tools

# record_and_check NAME COUNT "MAKE_PCAP OPTIONS" "CHECK_TRUTH OPTIONS" [CAPTURE OPTION...]
record_and_check() {
    local name=$1 count=$2 making=$3 checking=$4
    shift 4
    # shellcheck disable=SC2086
    "$tools/make_pcap" $making "$count" "$work/$name.pcap" "$work/$name.tsv" >/dev/null
    check_status 0 "$REHEARSE" capture -r "$work/$name.pcap" -p 8080 -o "$work/$name" --ledger "$work/$name.json" "$@"
    # shellcheck disable=SC2086
    "$tools/check_truth" $checking "$work/$name.tsv" "$work/$name" || fail "$name: not what was generated"
    python3 - "$work/$name.json" "$count" <<'PYTHON' || fail "$name: the ledger is wrong"
import json, sys
ledger, count = json.load(open(sys.argv[1])), int(sys.argv[2])
assert ledger["balances"] and ledger["loss_pct"] == 0, ledger
assert ledger["requests"]["seen"] == ledger["requests"]["recorded"] == count, ledger["requests"]
assert ledger["responses"]["seen"] == ledger["responses"]["paired"] == count, ledger["responses"]
assert ledger["bytes"]["gap"] == 0 and ledger["bytes"]["reassembled"] == ledger["bytes"]["recorded"], ledger["bytes"]
assert not ledger["bodies"]["cut"] and not set(ledger["bodies"]["dropped"]) - {"not_wanted"}, ledger["bodies"]
PYTHON
}
record_and_check usual 6000 "" ""
record_and_check large 150 "--seed 2 --body 16384-262144 --connections 5" ""
record_and_check none 2000 "--seed 3" --no-bodies --bodies none
record_and_check none-of-large 100 "--seed 4 --body 8192-131072 --connections 5" --no-bodies --bodies none

# The check can fail: the truth of other traffic does not fit.
if "$tools/check_truth" "$work/none.tsv" "$work/usual" >"$work/out"; then
    fail "the check takes other traffic for what was generated"
fi
echo "generated captures are recorded exactly"
