#!/bin/bash
# Claims: at the receiving end each recorded request arrives once and byte for byte as it was recorded (odd methods,
# targets, header order, case and white space, chunked bodies with trailers, binary and coded bodies), apart from the table
# "What a replay changes in a request", which replay_bytes.py applies on its own; with recorded connections, with a pool, in
# two threads, and in the closed loop. The ledger balances.
source "$(dirname "$0")/lib.sh"
oracle="$REHEARSE_SOURCE/tests/integration/replay_bytes.py"
export PYTHONDONTWRITEBYTECODE=1

one() { # one KIND POOLED OPTION...: replays traffic of KIND and checks what arrived
    local kind=$1 pooled=$2 port server
    shift 2
    port=$(free_port)
    rm -rf "$work/run" "$work/arrived"
    python3 "$oracle" serve "$port" "$work/arrived" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    check_replay 0 timeout 120 "$REHEARSE" replay "$work/$kind" --target "http://127.0.0.1:$port" -o "$work/run" --quiet "$@"
    grep -q 'read 300 = 300 fired + 0 filtered' "$work/out" || fail "the ledger does not balance: $(grep Ledger "$work/out")"
    python3 "$oracle" check "$kind" "$work/arrived" "$port" "$pooled" || fail "$kind $pooled $*"
    kill $server
    wait $server 2>/dev/null || true
}

for kind in plain coded; do
    python3 "$oracle" generate $kind | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/$kind" --unsanitized
done
one plain recorded
one coded recorded --speed 3 --threads 2
one plain pooled --rate 1000 --connections 5
one coded pooled --speed max --concurrency 3 --connections 2
