#!/bin/bash
# Claims: a replayer that was stopped for a while says how late it was, and its latency gates are invalid (exit status 5), where the
# delay could have decided them; those on statuses hold. A target that is too slow for the rate fails its gate on response times (1), with
# all the waiting counted, and makes nothing invalid; one that stands still is not the replayer's fault either.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_self_check.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
target() { # target MS: sets $port and $target_pid
    port=$(free_port)
    python3 "$kit" serve "$port" "$1" &
    target_pid=$!
    on_exit "kill -KILL $target_pid 2>/dev/null"
    wait_for_port "$port"
}
replay() { # replay RUN OPTION...: in the background, its process in $replay
    local run=$1
    shift
    "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$run" --quiet "$@" >"$work/out" 2>"$work/err" &
    replay=$!
    on_exit "kill -KILL $replay 2>/dev/null"
}
ended() { # ended RUN STATUS...: waits for it; sets $work/report.json
    local run=$1 got=0
    shift
    wait "$replay" || got=$?
    [[ " $* " == *" $got "* ]] || { cat "$work/out" "$work/err"; fail "$run: exit status $got instead of $*"; }
    "$REHEARSE" report "$work/$run" --format json >"$work/report.json" || true
}
says() { # says EXPRESSION: over the report, its gates' verdicts by expression, and its pace
    python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
gates = {gate["expression"]: gate["verdict"] for gate in report["gates"]}
pace, lag, response = report["pace"], report["send_lag_us"], report["response"]
assert eval(sys.argv[2]), (sys.argv[2], gates, pace, lag, response)' "$work/report.json" "$1" || fail "$1"
}

# Stopped for a second of three, the replayer sends a third of the requests up to a second late.
target 0
replay stopped --gate 'response.p99 < 1500ms' --gate 'errors < 1%'
sleep 1
kill -STOP $replay
sleep 1
kill -CONT $replay
ended stopped 5
says 'gates["response.p99 < 1500ms"] == "invalid" and gates["errors < 1%"] == "pass" and gates["default: status findings = 0"] == "pass"'
says 'lag["p99"] > 500000 and pace["planned"] == pace["sent"] == 600 and pace["seconds_off"] > 0'
grep -q 'sender fell behind' "$work/out" || fail "the report does not say that the sender fell behind"

# 100 a second are answered of 200 that are offered: they wait for connections and for those before them.
target 10
replay slow --gate 'response.p99 < 250ms' --gate 'errors < 1%' --rate 200
ended slow 1
says 'gates["response.p99 < 250ms"] == "fail" and gates["errors < 1%"] == "pass" and "invalid" not in gates.values()'
says 'response["max"] > 1000000 and pace["blocked"] + pace["deferred"] > 100'

# A target that stands still for a second: the waiting is in the response times, none of it in the send lag.
target 0
replay frozen --gate 'response.p99 < 250ms' --gate 'errors < 1%' --rate 200
sleep 1
kill -STOP $target_pid
sleep 1
kill -CONT $target_pid
ended frozen 1
says 'gates["response.p99 < 250ms"] == "fail" and gates["errors < 1%"] == "pass" and "invalid" not in gates.values()'
says '800000 < response["max"] < 2000000 and lag["p99"] * 10 < response["p99"]'
