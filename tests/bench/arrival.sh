#!/bin/bash
# How far from the schedule do requests arrive? `rehearse replay --rate` of recorded exchanges, end to end (reading, linking,
# storing), in turn with a bare absolute-schedule pacer; a sink on the other core stamps every arrival.
#     arrival.sh [RATE] [SECONDS] [ROUNDS]
# Prints, for each, the distance of arrivals from the straight line k / RATE and the longest gap between two.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
rate=${1:-1000}
seconds=${2:-5}
rounds=${3:-2}
count=$((rate * seconds))
"$build/tests/tools/make_traffic" "$scratch/traffic" --count $((count * 13 / 10)) --connections 200 --gap-us 100 --server 8080
bench="$build/tests/bench/arrival_bench"
sink() { # sink: in the background, on the other core, ready when it listens
    taskset -c 0 "$bench" sink "$port" "$count" "$rate" >"$scratch/figures" &
    local i
    for i in $(seq 200); do
        ss -Hltn "sport = :$port" | grep -q . && return
        sleep 0.02
    done
    echo "the sink does not listen" >&2
    exit 1
}
for round in $(seq "$rounds"); do
    sink
    rm -rf "$scratch/run"
    taskset -c 1 "$build/rehearse" replay -q "$scratch/traffic" --target "http://127.0.0.1:$port" --rate "$rate" --count "$count" \
        --methods GET -o "$scratch/run" >/dev/null || true
    wait %%
    printf 'rehearse %6s/s  %s\n' "$rate" "$(cat "$scratch/figures")"
    sink
    taskset -c 1 "$bench" bare "$port" "$count" "$rate"
    wait %%
    printf 'bare     %6s/s  %s\n' "$rate" "$(cat "$scratch/figures")"
done
