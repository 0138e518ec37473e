#!/bin/bash
# Claims: a target never has more requests under way than --max-in-flight or --max-connections allow, whether connections are
# those recorded or a pool, in one thread or two; without the caps it has. No request is dropped for it: all are answered,
# the ledger balances, and the run says how often a cap was met.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_caps.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
port=$(free_port)
python3 "$kit" serve "$port" &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

most() { # prints how many requests were under way at once since the last call
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /most HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&5
    tail -n 1 <&5
    exec 5>&-
}

one() { # one LEAST MOST NOTE OPTION...
    local least=$1 cap=$2 note=$3 seen status=0
    shift 3
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet "$@" \
        >"$work/out" 2>"$work/err" || status=$? # a target this slow is a finding
    [ $status != 3 ] && [ $status != 2 ] || { cat "$work/err" >&2; fail "exit status $status: $*"; }
    seen=$(most)
    [ "$seen" -ge "$least" ] && [ "$seen" -le "$cap" ] || fail "$seen requests under way at once with '$*'"
    grep -q 'read 96 = 96 fired + 0 filtered' "$work/out" || fail "the ledger does not balance with '$*'"
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1]))["totals"]["answered"] != 96)' "$work/report.json" ||
        fail "not all were answered with '$*'"
    [ -z "$note" ] || grep -q -e "$note" "$work/report.json" || fail "the run does not say that the cap was met: '$*'"
}

one 4 8 ''
one 1 2 'at the cap of --max-connections' --max-connections 2
one 1 2 'idle connections were closed' --max-connections 2 --speed 0.02
one 1 4 'at the cap of --max-connections' --max-connections 4 --threads 2 --speed 3
one 1 3 'at the cap of --max-in-flight' --max-in-flight 3
one 1 3 'at the cap of --max-in-flight' --max-in-flight 3 --threads 2
one 1 5 '' --speed max --concurrency 5 --threads 3
one 1 2 '' --connections 4 --max-connections 2
one 1 2 'at the cap of --max-in-flight' --connections 6 --max-in-flight 2 --rate 2000
