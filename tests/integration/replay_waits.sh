#!/bin/bash
# Claims: a request that carries what another user's request created waits for that one's answer, and then carries what the target gave out; past --link-wait it is sent
# as recorded, marked, and counted in the notes. What one thread learned is known to the others, too, however late it turns out that they need it.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_waits.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
python3 "$kit" far | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/far"
port=$(free_port)
python3 "$kit" serve "$port" &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

traffic=traffic
changed() { # changed OPTIONS...: prints how many statuses are not as recorded, and the notes
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$work/$traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet "$@" >"$work/out" 2>"$work/err" || true
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 -c 'import json, sys; report = json.load(open(sys.argv[1])); print(report["totals"]["status_changed"], *report["run"]["notes"])' "$work/report.json"
}
for how in "" "--speed max" "--threads 2"; do
    got=$(changed $how)
    [ "$got" = 0 ] || fail "not as recorded with $how: $got"
done
got=$(changed --link-wait 200ms)
[[ $got == 3\ *"3 requests waited no longer than --link-wait"* ]] || fail "waited on, or did not tell: $got"
traffic=far
got=$(changed --threads 2 --methods POST,GET --rate 1)
[ "$got" = 0 ] || fail "another thread did not know what was created: $got"
