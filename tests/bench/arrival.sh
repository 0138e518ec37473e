#!/bin/bash
# How far from the schedule do requests arrive? `rehearse replay --rate` of recorded exchanges, end to end (reading, linking,
# storing), in pairs with a bare absolute-schedule pacer, and with --pacing spin; a sink on the other core stamps every arrival. vegeta and
# wrk2 beside them where they are installed.
#     arrival.sh [SECONDS] [ROUNDS] [RATE...]
# Prints, for each, the distance of arrivals from the straight line k / RATE and the longest gap between two; then the median over the
# rounds of the ratios of a pair (bar: 1.5).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
seconds=${1:-5}
rounds=${2:-5}
rates=("${@:3}")
[ ${#rates[@]} -gt 0 ] || rates=(1000 5000 20000)
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
show() { # show NAME: waits for the sink and shows its figures; appends p50 and p99 to $scratch/NAME.RATE
    wait %%
    printf '%-9s %6s/s  %s\n' "$1" "$rate" "$(cat "$scratch/figures")"
    awk '{for (i = 1; i < NF; i++) if ($i ~ /^p(50|99)$/ && !seen[$i]++) printf "%s ", $(i + 1); print ""}' "$scratch/figures" >>"$scratch/$1.$rate"
}
replay() { # replay NAME OPTION...
    sink
    rm -rf "$scratch/run"
    taskset -c 1 "$build/rehearse" replay -q "$scratch/traffic" --target "http://127.0.0.1:$port" --rate "$rate" --count "$count" \
        --methods GET --abort-if off -o "$scratch/run" "${@:2}" >/dev/null || true
    show "$1"
}
for rate in "${rates[@]}"; do
    count=$((rate * seconds))
    rm -rf "$scratch/traffic"
    "$build/tests/tools/make_traffic" "$scratch/traffic" --count $((count * 13 / 10)) --connections 200 --gap-us 100 --server 8080
    for round in $(seq "$rounds"); do
        replay rehearse
        sink
        taskset -c 1 "$bench" bare "$port" "$count" "$rate"
        show bare
        replay spin --pacing spin
        if command -v vegeta >/dev/null; then
            sink
            echo "GET http://127.0.0.1:$port/items/7" | taskset -c 1 vegeta attack -rate "$rate" -duration "${seconds}s" >/dev/null
            show vegeta
        fi
        if command -v wrk2 >/dev/null; then
            sink
            taskset -c 1 wrk2 -t1 -c64 -R "$rate" -d "$((seconds + 1))s" "http://127.0.0.1:$port/items/7" >/dev/null
            show wrk2
        fi
    done
done
for rate in "${rates[@]}"; do
    for name in rehearse spin; do
        paste -d' ' "$scratch/$name.$rate" "$scratch/bare.$rate" | python3 -c '
import statistics, sys
rows = [[float(word) for word in line.split()] for line in sys.stdin]
middle = lambda at: statistics.median(row[at] for row in rows)
ratio = lambda at: statistics.median(row[at] / row[at + 2] for row in rows)
print(f"{sys.argv[1]:9} {sys.argv[2]:>6}/s  medians us: p50 {middle(0):.1f} of {middle(2):.1f}, p99 {middle(1):.1f} of {middle(3):.1f}; "
      f"ratios: p50 {ratio(0):.2f}, p99 {ratio(1):.2f}")' "$name" "$rate"
    done
done
