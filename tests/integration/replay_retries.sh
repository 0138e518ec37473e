#!/bin/bash
# Claims: nothing is tried again without --retry; with it, what found no connection, met no byte of an answer or 429 or 503 is, after what
# Retry-After says or a growing wait, but a method that is not idempotent only with --retry-all-methods, once it was sent. The target sees as many requests
# as the report counts requests and retries. A retried request has the service time of its last attempt, and none of the wait is send lag. A
# target that always fails sees at most a tenth more, and ten. What waits when the run ends keeps its last answer; the ledger balances.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
"$REHEARSE_BUILD/tests/tools/make_traffic" "$work/traffic" --count 240 --connections 20 --gap-us 2000
serve() { # serve KIND
    python3 "$REHEARSE_SOURCE/tests/integration/replay_retries.py" "$port" "$1" "$work/arrived" &
    server=$!
    on_exit "kill $server 2>/dev/null"
}
fire() { # fire NAME OPTION...: at what listens, or will, on $port
    local status=0
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$1" --quiet --abort-if off "${@:2}" \
        >"$work/out" 2>"$work/err" || status=$?
    [ $status != 2 ] && [ $status != 3 ] && [ $status != 124 ] || { cat "$work/err" >&2; fail "$1: exit status $status"; }
    "$REHEARSE" report "$work/$1" --format json >"$work/report.json" || true
    kill $server
    wait $server 2>/dev/null || true
}
one() { # one NAME KIND OPTION...
    port=$(free_port)
    serve "$2"
    wait_for_port "$port"
    fire "$1" "${@:3}"
}
is() { # is NAME EXPRESSION: over report, totals and what arrived
    python3 - "$work/report.json" "$work/arrived" "$2" <<'PY' || { cat "$work/out"; fail "$1: $2"; }
import json, sys
r = json.load(open(sys.argv[1]))
t, arrived = r["totals"], [line.split() for line in open(sys.argv[2])]
notes = " ".join(r["run"]["notes"])
twice = {number for number, _, times in arrived if int(times) > 1}
methods = {method for _, method, times in arrived if int(times) > 1}
assert r["ledger"]["balanced"] and r["ledger"]["read"] == 240, (r["ledger"], t)
assert eval(sys.argv[3]), (t, len(arrived), notes, methods, r["send_lag_us"])
PY
}

one none limits
is none "t['sent'] == 240 and t['retries'] == t['retried'] == 0 and len(arrived) == 240 and t['retry_after'] == 20"
one resets resets --retry 2 --connections 20
is resets "len(arrived) == 240 + t['retries'] and t['retries'] == t['retried'] == t['retried_answered'] == len(twice) > 5"
is resets "'POST' not in methods and t['failed'] == 20 - len(twice)"
is resets "r['response']['max'] > 200000 > r['service']['max'] and r['send_lag_us']['p50'] < 100000"
grep -q 'requests were tried again' "$work/out" || { cat "$work/out"; fail "the report does not tell"; }
one methods resets --retry 1 --retry-all-methods --threads 2
is methods "t['failed'] == 0 and len(arrived) == 260 and t['retries'] == 20 and 'POST' in methods"
one limits limits --retry 2 --retry-all-methods
is limits "len(arrived) == 240 + t['retries'] and t['retries'] >= 20 and t['worse'] == 0 or 'tenth' in notes"
one loop resets --retry 1 --retry-all-methods --speed max --concurrency 4
is loop "t['failed'] == 0 and t['retries'] == 20"
one always always --retry 5 --retry-all-methods
is always "len(arrived) == 240 + t['retries'] and 10 <= t['retries'] <= 34 and 'were not tried again: a run does so' in notes"
one long long --retry 5 --retry-all-methods
is long "t['retries'] == 0 and '20 requests were not tried again: Retry-After asked for more than --retry-wait' in notes"
one ends long --retry 5 --retry-all-methods --retry-wait 2m --timeout 500ms --duration 1s
is ends "t['retries'] == 0 and t['answered'] == t['sent'] == len(arrived) and 5 < t['retry_after'] <= 20 and r['run']['elapsed_us'] < 10000000"

# A target that comes up late.
port=$(free_port)
(sleep 0.4 && exec python3 "$REHEARSE_SOURCE/tests/integration/replay_retries.py" "$port" ok "$work/arrived") &
server=$!
on_exit "kill $server 2>/dev/null"
fire late --count 2 --retry 5
python3 -c "import json; t = json.load(open('$work/report.json'))['totals']; assert t['answered'] == t['retried'] == 2 and t['failed'] == 0, t" ||
    { cat "$work/out"; fail "a target that comes up late"; }
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --retry-all-methods
one_error_line 'retry-all-methods needs --retry'
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --retry 101
one_error_line 'retry: more than 100'
