#!/bin/bash
# Claims: a pace above 100/s, the recorded one too, begins with a ramp-up that the plan and the report name; what is sent in it is fired, counted, and judged by nothing.
# --no-ramp and lower paces begin at once.
source "$(dirname "$0")/lib.sh"
unset REHEARSE_NO_RAMP
kit="$REHEARSE_SOURCE/tests/integration/replay_self_check.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
port=$(free_port)
python3 "$kit" serve "$port" 0 &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"
plan() { check_status 0 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --dry-run "$@"; }
has() { grep -q "after a ramp-up of $1" "$work/out" || { cat "$work/out"; fail "no ramp-up of $1"; }; }
has_none() { if grep -q 'ramp-up' "$work/out"; then fail "a ramp-up where there is to be none"; fi; }

plan --rate 200
has '300 ms' # a tenth of a run of 600 requests
plan --rate 200 --loop 0 --duration 10m
has '10 s'
plan --speed 3
has '99.[0-9] ms'
plan --steps 150,300/1s --loop 5
has '200 ms'
plan --rate 200 --no-ramp
has_none
plan --rate 100
has_none
plan
has '\(299\|300\) ms'
plan --speed 0.4
has_none
plan --no-ramp
has_none

check_replay 0 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet --rate 300
has '200 ms'
"$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
python3 - "$work/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
totals, ledger = report["totals"], report["ledger"]
assert 25 < totals["ramp_up"] < 40, totals
assert totals["sent"] == totals["pairs"] == 600 - totals["ramp_up"] == report["service"]["count"], totals
assert ledger["fired"] == 600 and ledger["balanced"], ledger
assert report["pace"]["planned"] == report["pace"]["sent"] == 600, report["pace"]
PY
grep -q 'in the ramp-up, which are not judged' "$work/out" || fail "the report does not count the ramp-up"
