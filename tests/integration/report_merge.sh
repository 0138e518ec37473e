#!/bin/bash
# Claims: a report of several runs has the figures of one run of all; equal input gives equal bytes, whatever the order; a
# regression is the finding and the exit status; none is none; -o and standard output hold the same; gates decide; the
# ledger balances.
. "$(dirname "$0")/lib.sh"
make_run=$REHEARSE_BUILD/tests/integration/make_run

"$make_run" "$work/whole" 1 2000
"$make_run" "$work/even" 1 2000 0 2
"$make_run" "$work/odd" 1 2000 1 2
"$make_run" "$work/fine" 2 2000

check_status 1 "$REHEARSE" report "$work/whole" --format json
cp "$work/out" "$work/whole.json"
check_status 1 "$REHEARSE" report "$work/whole" --format json
cmp "$work/out" "$work/whole.json" || fail "equal input, other bytes"
check_status 1 "$REHEARSE" report "$work/whole" --format json -o "$work/file.json"
cmp "$work/file.json" "$work/whole.json" || fail "-o writes something else"
check_status 1 "$REHEARSE" report "$work/even" "$work/odd" --format json
cp "$work/out" "$work/merged.json"
check_status 1 "$REHEARSE" report "$work/odd" "$work/even" --format json
cp "$work/out" "$work/turned.json"

python3 - "$work" <<'EOF'
import json, sys
whole, merged, turned = (json.load(open(f"{sys.argv[1]}/{name}.json")) for name in ("whole", "merged", "turned"))
for report in (merged, turned):
    assert len(report["run"]["runs"]) == 2
    report.pop("run")
assert merged == turned, "the order of runs shows"
assert whole.pop("run")["mode"] == "recorded"
assert whole == merged, "merged runs differ from one run"
assert whole["verdict"] == "fail" and whole["ledger"]["balanced"]
assert [(f["kind"], f["endpoint"], f["original"], f["replayed"], f["affected"], f["of"]) for f in whole["findings"]] == \
    [("status", "GET /items/{id}", 200, 500, 100, 500)], whole["findings"]
assert whole["totals"]["sent"] == 2000 and sum(e["sent"] for e in whole["endpoints"]) == 2000
assert sum(c["count"] for c in whole["statuses"]) == 2000
EOF

check_status 0 "$REHEARSE" report "$work/fine"
grep -q '^PASS' "$work/out" || fail "no verdict on the first line"
grep -q '^No findings' "$work/out" || fail "findings without a regression"
check_status 1 "$REHEARSE" report "$work/fine" --gate 'p99 < 100us'
check_status 0 "$REHEARSE" report "$work/fine" --gate 'p99 < 5ms' --gate 'errors < 1%'
check_status 4 "$REHEARSE" report "$work/fine" --gate '@GET /nothing: p99 < 5ms'
echo "runs merge, gates decide"
