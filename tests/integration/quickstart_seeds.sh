#!/bin/bash
# Claims: one recording of the shop, replayed against ten next releases whose regressions ten seeds picked, is reported as
# exactly the three planted regressions each time (endpoint and kind, from report.json and the shop's planted.json), with
# verdict fail and exit status 1; replayed ten times against a release without regressions it is reported without a
# finding, with verdict pass and exit status 0. The recording holds as many requests as the shop's access log counts, and
# each replay is answered by the next release as often as its own access log says.
source "$(dirname "$0")/lib.sh"
samples=$REHEARSE_BUILD/samples
requests=1200
if ! "$REHEARSE" capture -i lo -p 9 -o "$work/probe" --duration 10ms >"$work/out" 2>"$work/err"; then
    grep -qiE 'permission|privilege|root|CAP_NET' "$work/err" || { cat "$work/err" >&2; fail "capture on lo does not work"; }
    echo "SKIPPED: no privilege to capture on lo"
    exit 77
fi
pids=()
on_exit 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done'

start_shop() { # start_shop PORT USERS OPTIONS...: its process id is in $shop
    "$samples/shop" --port "$1" --users "$2" "${@:3}" 2>"$work/shop.err" &
    shop=$!
    pids=("$shop")
    wait_for_port "$1"
}

stop_shop() {
    local status=0
    kill -TERM "$shop"
    wait "$shop" || status=$?
    pids=()
    [ $status = 0 ] || { cat "$work/shop.err" >&2; fail "the shop ended with $status"; }
}

record() {
    local port i status=0
    port=$(free_port)
    for i in $(seq 40); do echo "user$i:wonder-$((i * 7919))-land"; done >"$work/users"
    start_shop "$port" "$work/users" --access-log "$work/access.log"
    "$REHEARSE" capture -i lo -p "$port" -o "$work/traffic" --new-key-file "$work/key" --ledger "$work/ledger.json" \
        >"$work/capture.log" 2>&1 &
    local capture=$!
    pids+=("$capture")
    for i in $(seq 100); do
        grep -q 'listening on' "$work/capture.log" && break
        kill -0 "$capture" 2>/dev/null || break
        sleep 0.1
    done
    check_status 0 "$samples/shop-drive" --port "$port" --users "$work/users" --requests $requests --rate 200 --think 20
    kill -INT "$capture"
    wait "$capture" || status=$?
    [ $status = 0 ] || { cat "$work/capture.log" >&2; fail "the capture ended with $status"; }
    stop_shop
    [ "$(wc -l <"$work/access.log")" = $requests ] || fail "the shop did not see every request"
    "$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges" || fail "inspect failed"
    [ "$(wc -l <"$work/exchanges")" = $requests ] || fail "not every request was recorded"
    cut -d: -f1 "$work/users" | "$REHEARSE" pseudonym --key-file "$work/key" >"$work/names"
    cut -d: -f2 "$work/users" | "$REHEARSE" pseudonym --key-file "$work/key" >"$work/passwords"
    paste -d: "$work/names" "$work/passwords" >"$work/users.next"
}

# compare_report PLANTED REPORT ACCESS-LOG: the findings are the planted ones; the figures fit the log.
compare_report() {
    python3 - "$@" <<'END'
import json, sys
planted, report = (json.load(open(path)) for path in sys.argv[1:3])
fired = sum(1 for line in open(sys.argv[3]))
found = sorted((f["endpoint"], f["kind"]) for f in report["findings"])
wanted = sorted((p["endpoint"], p["kind"]) for p in planted)
verdict = "fail" if wanted else "pass"
problems = []
if found != wanted:
    problems.append(f"found {found} instead of {wanted}")
if report["verdict"] != verdict:
    problems.append(f"verdict {report['verdict']} instead of {verdict}: {report['reasons']}")
if report["totals"]["answered"] != fired:
    problems.append(f"{report['totals']['answered']} answered, the target's log has {fired}")
for problem in problems:
    print(problem)
sys.exit(bool(problems))
END
}

# was_late: the last run was on a machine so busy that the replayer itself was late, and says that it cannot judge latencies.
was_late() {
    "$REHEARSE" report "$1" --format json -o "$work/report.json" 2>/dev/null || true
    python3 -c 'import json, sys; sys.exit(all(gate["verdict"] != "invalid" for gate in json.load(open(sys.argv[1]))["gates"]))' "$work/report.json"
}

round() { # round SEED WANTED-STATUS NAME
    local try
    for try in 1 2 3 4 5 6; do
        fire "$@" && return
    done
    fail "round $3: the replayer was late six times"
}

fire() { # fire SEED WANTED-STATUS NAME: returns 1 where the replayer was late
    local port run=$work/run.$3 got=0
    rm -rf "$run"
    port=$(free_port)
    start_shop "$port" "$work/users.next" --regressions "$1" --planted "$work/planted.json" --access-log "$work/next.log"
    "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --speed 4 -o "$run" >"$work/out" 2>"$work/err" || got=$?
    stop_shop
    was_late "$run" && return 1
    [ "$got" = "$2" ] || { tail -n 20 "$work/out" "$work/err" >&2; fail "round $3: exit status $got instead of $2"; }
    check_status "$2" "$REHEARSE" report "$run" --format json -o "$work/report.json"
    compare_report "$work/planted.json" "$work/report.json" "$work/next.log" || fail "round $3 (regressions $1)"
    check_status "$2" "$REHEARSE" report "$run"
    rm -rf "$run"
}

record
for i in 1 2 3 4 5 6 7 8 9 10; do
    round "$i" 1 "seed$i"
    round none 0 "none$i"
done
echo "10 seeds and 10 releases without regressions were reported as they are"
