#!/bin/bash
# Claims: a live capture goes on when its interface is deleted and made again, goes down and up, and gets another address, and the ledger
# says how often it was away; SIGHUP begins a new segment and SIGUSR1 prints the ledger so far; where the parent is killed the worker
# seals what it has, and where the worker is killed the capture says so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
. "$(dirname "$0")/netns_kit.sh"
need_namespaces
start_server 8080
"$REHEARSE" capture -i lo -p 1 -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

start_capture "$work/traffic" -i v0 -p 8080 --ledger "$work/ledger.json"
ask http://10.9.0.1:8080/1
ip -n "$near" link del v0
wait_for "grep -q 'interface v0 is down or gone' $work/capture.err" "nothing is said of the interface that is gone"
make_link
wait_for "grep -q 'interface v0 is back' $work/capture.err" "nothing is said of the interface that is back"
ask http://10.9.0.1:8080/2
ip -n "$near" link set v0 down
sleep 0.3
ip -n "$near" link set v0 up
ask http://10.9.0.1:8080/3
ip -n "$near" addr del 10.9.0.1/24 dev v0
ip -n "$near" addr add 10.9.0.7/24 dev v0
ask http://10.9.0.7:8080/4
kill -HUP $capture_pid
wait_for "[ \$(ls $work/traffic | wc -l) = 2 ]" "SIGHUP begins no new segment"
ask http://10.9.0.7:8080/5
sleep 0.3
kill -USR1 $capture_pid
wait_for "grep -q '^requests .*seen 5' $work/capture.err" "SIGUSR1 prints no ledger"
stop_capture
[ "$(grep -c 'interface v0' "$work/capture.err")" = 2 ] || fail "not one message of each kind: $(cat "$work/capture.err")"
[ "$(ls "$work/traffic" | grep -c '\.seg$')" = 2 ] || fail "not two sealed segments: $(ls "$work/traffic")"
"$real_rehearse" verify "$work/traffic" >/dev/null
"$real_rehearse" inspect "$work/traffic" --format json >"$work/exchanges"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
exchanges = [json.loads(line) for line in open(work + "/exchanges")]
assert [e["path"] for e in exchanges] == ["/1", "/2", "/3", "/4", "/5"], exchanges
assert all(e["status"] == 200 for e in exchanges)
ledger = json.load(open(work + "/ledger.json"))
assert ledger["balances"] and ledger["packets"]["interface_lost"] == 2, ledger["packets"]
assert ledger["packets"]["interface_away_ms"] >= 300, ledger["packets"]
PYTHON
echo "the interface came back and nothing else was lost"

start_capture "$work/orphan" -i v0 -p 8080
ask http://10.9.0.7:8080/6
worker=$(pgrep -P $capture_pid)
kill -KILL $capture_pid
wait_for "! kill -0 $worker 2>/dev/null" "the worker outlives its parent"
[ "$(ls "$work/orphan" | grep -c '\.seg$')" = 1 ] || fail "the worker did not seal: $(ls "$work/orphan")"
[ "$("$real_rehearse" inspect "$work/orphan" --format json | wc -l)" = 1 ] || fail "what was taken before the parent's end is not kept"

start_capture "$work/crash" -i v0 -p 8080
kill -KILL "$(pgrep -P $capture_pid)"
got=0; wait $capture_pid || got=$?
[ $got = 137 ] || fail "the worker's end gave $got"
grep -q 'the worker was ended by signal 9' "$work/capture.err" || fail "nothing is said of the worker's end"

# A second signal ends at once, and one to the whole group of processes counts once.
start_capture "$work/twice" -i v0 -p 8080
worker=$(pgrep -P $capture_pid)
kill -TERM $capture_pid "$worker"
got=0; wait $capture_pid || got=$?
[ $got = 0 ] || fail "a signal to both processes gave $got"
echo "neither process outlives the other"
