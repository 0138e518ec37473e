#!/bin/bash
# Claims: without --max-lag all that is scheduled is sent, however late; with it, what a slow target keeps waiting for longer is not
# sent, and counted as that, the ledger balances, it is not taken for the replayer's fault, and the run fails for it, also where its gates
# hold for what was sent; a fast target gets all of it; with
# --pacing spin everything is sent and answered, too. Neither goes with a closed loop.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_self_check.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
target() { # target MS: answers one request at a time, each after that; sets $port
    port=$(free_port)
    python3 "$kit" serve "$port" "$1" &
    on_exit "kill -KILL $! 2>/dev/null"
    wait_for_port "$port"
}
replay() { # replay RUN OPTION...: 200 requests at 200/s; its report in $work/RUN.json
    local run=$1 status=0
    shift
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$run" --quiet --rate 200 --count 200 \
        "$@" >"$work/out" 2>"$work/err" || status=$?
    [ $status != 2 ] && [ $status != 3 ] || { cat "$work/err" >&2; fail "exit status $status: $*"; }
    "$REHEARSE" report "$work/$run" --format json >"$work/$run.json" || true
}
says() { # says RUN EXPRESSION: over the ledger, the totals and the gates' verdicts
    python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
ledger, totals, gates = report["ledger"], report["totals"], [gate["verdict"] for gate in report["gates"]]
assert eval(sys.argv[2]), (sys.argv[2], ledger, totals, gates)' "$work/$1.json" "$2" || fail "$1: $2"
}

target 10
replay waits
says waits 'totals["sent"] == totals["answered"] == 200'
replay gives_up --max-lag 100ms
says gives_up '20 < totals["sent"] < 180 and ledger["read"] == 200 == totals["sent"] + ledger["not_sent"]["max_lag"]'
says gives_up '"invalid" not in gates or report["send_lag_us"]["p99"] > 1000' # a machine too busy to measure on
says gives_up 'report["verdict"] == "fail" and any("they waited for the target" in reason for reason in report["reasons"])'
"$REHEARSE" report "$work/gives_up" --format json --gate 'response.p90 < 10s' >"$work/gated.json" || true
says gated 'gates[-1] == "fail" and "or not sent" in report["gates"][-1]["note"]'
target 0
replay spins --pacing spin --max-lag 10s
says spins 'totals["sent"] == totals["answered"] == 200'

for option in '--max-lag 1s' '--pacing spin'; do
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/never" --speed max $option
    one_error_line 'needs a schedule'
done
