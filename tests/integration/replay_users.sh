#!/bin/bash
# Claims: one user over six connections is one session: what the login issues is used on the five others, though they were recorded pipelined and the target closes
# each every now and then; they are sent one by one, in order, marked as pipelined, on connections that are opened again. 16 connections of a proxy that
# carried 1,000 users are split by user: they are fired at a rate that the 16 in their recorded order could not reach, each user's requests still in order and with
# what was issued to that user, in an open and a closed loop, with one thread and two.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_users.py"
export PYTHONDONTWRITEBYTECODE=1
umask 077

replay() { # replay TRAFFIC OPTIONS...: against a new server, whose account is in $work/account then
    local port server
    port=$(free_port)
    python3 "$kit" serve "$port" "$work/account" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    rm -rf "$work/run"
    timeout 100 "$REHEARSE" replay "$1" --target "http://127.0.0.1:$port" -o "$work/run" --quiet "${@:2}" >"$work/out" 2>"$work/err" || true
    kill $server
    wait $server || fail "the server failed"
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
}

holds() { # holds EXPRESSION: of the server's account a, and the report r
    python3 -c 'import json, sys; a, r = (json.load(open(path)) for path in sys.argv[1:3]); sys.exit(not eval(sys.argv[3]))' \
        "$work/account" "$work/report.json" "$1" || { cat "$work/account" "$work/out" "$work/err"; fail "not so: $1"; }
}

python3 "$kit" packets "$work/one.pcap"
check_status 0 "$REHEARSE" capture -r "$work/one.pcap" -p 80 -o "$work/one" --new-key-file "$work/key"
check_status 0 "$REHEARSE" inspect "$work/one" --format json
[ "$(grep -c '"pipelined"' "$work/out")" -ge 30 ] || fail "the requests are not recorded as pipelined"
[ "$(grep -o '"session":"[0-9a-f]*"' "$work/out" | sort -u | wc -l)" = 1 ] || fail "not one session"
for how in "" "--speed max" "--threads 3 --speed 10"; do
    replay "$work/one" $how
    holds 'a["requests"] >= 41 and a["refused"] == 0 and r["totals"]["answered"] == 41 and r["totals"]["status_changed"] == 0'
    holds 'a["pipelined"] == 0 and a["disordered"] == 0 and r["run"]["sessions"] == 1'
    holds 'a["connections"] >= 1 + 5 * 2'
    holds 'any("opened their recorded connection again" in note for note in r["run"]["notes"])'
done

python3 "$kit" pool | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/pool"
for how in "--rate 2000" "--speed max --concurrency 60 --threads 2"; do
    replay "$work/pool" $how
    holds 'a["requests"] == 5000 and a["refused"] == 0 and r["totals"]["answered"] == 5000 and r["totals"]["status_changed"] == 0'
    # 16 connections, each with a request at a time, have 16 at a time.
    holds 'a["most"] > 16 and a["pipelined"] == 0 and a["disordered"] == 0'
    holds 'a["connections"] < 600'
done
