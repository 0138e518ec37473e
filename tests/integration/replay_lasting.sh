#!/bin/bash
# Claims: an event stream, and an answer whose body came in trickles, are judged by their first byte: that a target keeps them open does not fail
# them, neither as latency nor at the time-out; they are ended after the recorded time at the pace of the run, or at --timeout, and that is said.
# A first byte that comes late is a finding. Plan and report name them.
source "$(dirname "$0")/lib.sh"
oracle="$REHEARSE_SOURCE/tests/integration/replay_lasting.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$oracle" pcap "$work/in.pcap"
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/traffic" --unsanitized
check_status 0 "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --dry-run
grep -q '^ *42 event streams and long polls, judged by their first byte$' "$work/out" || { cat "$work/out"; fail "the plan"; }

one() { # one NAME SLOW STATUS OPTION...
    local name=$1 slow=$2 wanted=$3 port server i
    port=$(free_port)
    python3 "$oracle" serve "$port" "$slow" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    for i in 1 2 3; do # a machine may be too busy for a while, so that answers of one packet are late, too; not each time
        rm -rf "$work/$name"
        (check_replay "$wanted" timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$name" --quiet "${@:4}") && break
        [ $i != 3 ] || exit 1
    done
    "$REHEARSE" report "$work/$name" --format json >"$work/$name.json" || true
    kill $server
    wait $server 2>/dev/null || true
}

is() { # is NAME EXPRESSION
    python3 - "$work/$1.json" "$2" <<'PY' || { cat "$work/out"; fail "$1: $2"; }
import json, sys
r = json.load(open(sys.argv[1]))
t, e = r["totals"], {e["endpoint"]: e for e in r["endpoints"]}
assert r["ledger"]["balanced"] and eval(sys.argv[2]), (t, r["reasons"])
PY
}

one open 0 0 --speed 80 --timeout 1s
is open "t['answered'] == 82 and t['failed'] == 0 and t['by_ttfb'] == 42 and t['stream_ended'] == 42"
is open "e['GET /events']['by_ttfb'] == 40 and e['GET /plain']['by_ttfb'] == 0"
is open "e['GET /events']['original']['max'] < 100000 and e['GET /events']['service']['p50'] < 100000"
grep -q '^.tGET /events ' "$work/out" || { cat "$work/out"; fail "the table does not mark them"; }
grep -q '42 pairs, of endpoints marked t, are event streams or long polls' "$work/out" || { cat "$work/out"; fail "the report"; }
one whole 0 0 --speed 80 --timeout 5s --threads 2
is whole "t['answered'] == 82 and t['stream_ended'] == 40"
one late 60 1 --speed 80 --timeout 1s
is late "[f['endpoint'] for f in r['findings'] if f['kind'] == 'latency'] == ['GET /events'] or r['verdict'] == 'invalid'"
