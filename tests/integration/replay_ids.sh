#!/bin/bash
# Claims: ids and entity tags that a service gives out, other ones at each start, are what later requests carry, whatever the style: collections below each other
# with short numbers, a page below what was created (202), a header line, a redirect, JSON; in paths, in lists of a query, in a text of GraphQL, under names that
# say nothing; so is the code that a redirect of a login gives out. Every status is the recorded one, nothing is taken for another thing, decoys (quantity 2, page 1) stay; without links fewer than half of
# them are. So it is in open and closed loops, with several threads, and for traffic that was recorded as seen.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_ids.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate >"$work/exchanges"
"$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" <"$work/exchanges"
"$REHEARSE_BUILD/tests/tools/make_recorded" "$work/clear" --unsanitized <"$work/exchanges"

changed() { # changed TRAFFIC OPTIONS...: prints how many statuses are other ones against a new instance, of how many
    local port server
    port=$(free_port)
    python3 "$kit" serve "$port" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$1" --target "http://127.0.0.1:$port" -o "$work/run" --quiet "${@:2}" >"$work/out" 2>"$work/err" || true
    kill $server
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 -c 'import json, sys
t = json.load(open(sys.argv[1]))["totals"]
print(t["status_changed"] + t["credentials_unknown"], t["answered"])' "$work/report.json"
}

total=$((8 * 21 + 4))
for how in "traffic" "traffic --speed max --threads 2" "traffic --rate 400" "clear" "clear --speed max"; do
    got=$(changed "$work/"$how)
    [ "$got" = "0 $total" ] || { cat "$work/out" "$work/err"; fail "with '$how': $got instead of 0 $total"; }
done
read -r other all <<<"$(changed "$work/traffic" --no-links)"
[ "$all" = $total ] && [ $((2 * other)) -gt $total ] || fail "without links $other of $all are other ones"
