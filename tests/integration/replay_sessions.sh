#!/bin/bash
# Claims: what the target issues (a token in JSON, a session cookie; other ones at each login) takes the place of the
# recorded pseudonym in every later request that carries it, in headers, Basic, cookies, queries, forms and JSON, on whatever
# connection, also one that all users share; a request waits for the answer that issues what it uses. Where the logins fail,
# the refusals are set apart as credentials that the target does not know.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_sessions.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"

serve() { # serve [deny]: sets $port
    port=$(free_port)
    python3 "$kit" serve "$port" "$@" &
    on_exit "kill $! 2>/dev/null"
    wait_for_port "$port"
}

number() { # number EXPRESSION: a figure of the report of $work/run
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 -c 'import json, sys; report = json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"report": report}))' \
        "$work/report.json" "$1"
}

serve
for how in "" "--speed 5 --threads 2" "--connections 3" "--speed max --concurrency 2" "--rate 2000" "--loop 2 --speed 4" \
    "--threads 4 --speed max --concurrency 8" "--threads 3 --connections 3 --speed 5"; do
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet $how \
        >"$work/out" 2>"$work/err" || true # a slow login is a finding, and too little data for others
    wanted=$((12 * 8))
    [[ $how != *loop* ]] || wanted=$((2 * wanted))
    [ "$(number 'report["totals"]["answered"]')" = $wanted ] || fail "not all were answered with '$how'"
    [ "$(number 'report["totals"]["status_changed"]')" = 0 ] || { cat "$work/out"; fail "some were refused with '$how'"; }
done

serve deny
rm -rf "$work/run"
timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet >"$work/out" 2>&1 || true
grep -qi 'credentials' "$work/out" || { cat "$work/out"; fail "refusals without a login are not set apart"; }
